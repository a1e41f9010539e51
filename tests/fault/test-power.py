#!/usr/bin/env python3
"""The power is cut: a disk that logs every write and flush is rebuilt as it may be found after a cut at
many positions of the log, mounted, and taken over by the daemon. As root only; TEST_SEED makes another
run (of the choices: the order of a disk's writes is the kernel's), POWER_POSITIONS=N cuts at so many
positions of each disk's log. With POWER_KEEP=DIRECTORY the disk of a cut that fails is kept there."""

import concurrent.futures
import os
import random
import shutil
import sys

SOURCE = os.environ.get("srcdir", os.getcwd())
sys.path[:0] = [os.path.join(SOURCE, "tests/e2e"), os.path.join(SOURCE, "tests/fault/power")]

import device
from harness import TORTURE, Failed, check, equal, figure, run, test
from log import FLUSH, VARIANTS, WRITE, ZERO, Disk, Log
from proof import Survivor, Truth, catalog_true, heals
from story import Story
from witness import Witness

SEED = int(os.environ.get("TEST_SEED", "1"))
POSITIONS = int(os.environ.get("POWER_POSITIONS", 340 if TORTURE else 14))
WORKERS = 2


class Recording:
    """A story, the log of its disk, and what the daemon acknowledged at which position of it."""

    def __init__(self, place, name, make=(), mount=(), records=80, rounds=1):
        self.place, self.name = place, name
        self.rng = random.Random(f"{SEED} {name}")
        self.base = device.make(os.path.join(place.path, "base"), *make)
        image, log = os.path.join(place.path, "image"), os.path.join(place.path, "log")
        shutil.copy(self.base, image)
        witness = Witness()
        self.story = Story(place, witness, self.rng, records)
        try:
            heads, sealed = self.story.record(image, log, mount, rounds)
        finally:
            witness.close()
        self.log = Log(log)
        self.heads = [(self.log.behind(size), *told) for size, *told in heads]
        self.sealed = [(self.log.behind(size), path) for size, path in sealed]
        self.truth = Truth(self.story.server, self.story.messages)
        check(self.heads and self.sealed, "nothing was acknowledged")
        check(self.log.count(FLUSH) > 100, "the disk was not told to flush")
        for kind, what in ((WRITE, "writes"), (ZERO, "zeroings"), (FLUSH, "flushes")):
            figure(f"{what} in the logs", self.log.count(kind))

    def promised(self, position):
        return ([told for at, *told in self.heads if at <= position],
                [path for at, path in self.sealed if at <= position])

    def positions(self, count):
        """As soon as something was acknowledged, and behind a flush: at most a third each; and
        anywhere."""
        chosen = set()
        for some, most in (({at for at, *_ in self.heads + self.sealed}, count // 3),
                           (set(self.log.flushed()), 2 * count // 3),
                           (set(range(len(self.log) + 1)), count)):
            rest = sorted(some - chosen)
            chosen.update(self.rng.sample(rest, min(len(rest), most - len(chosen))))
        return sorted(chosen)

    def cut(self, positions, worker):
        disk = Disk(self.base, self.log)
        image = os.path.join(self.place.path, f"cut-{worker}")
        mount = os.path.join(self.place.path, f"mount-{worker}")
        os.mkdir(mount)
        for position in positions:
            disk.advance(position)
            for variant in VARIANTS:
                rng = random.Random(f"{SEED} {self.name} {position} {variant}")
                disk.save(image, variant, rng)
                try:
                    self.judge(image, mount, position, rng)
                except Failed as failure:
                    disk.save(image, variant, random.Random(f"{SEED} {self.name} {position} "
                                                            f"{variant}"))
                    keep(image, f"{self.name}-{position}-{variant}")
                    raise Failed(f"TEST_SEED={SEED}, {self.name}, cut at {position} of "
                                 f"{len(self.log)}, {variant} of {len(disk.pending)} writes: "
                                 f"{failure}") from failure
                figure(f"cuts, {variant} of what was not flushed")

    def judge(self, image, mount, position, rng):
        with device.Mounted(image, mount):
            directory = os.path.join(mount, "archive")
            before = Survivor(directory)
            before.keeps(self.promised(position))
            heals(directory, self.story.config, self.truth, self.story.server, before)
            if rng.random() < 0.3:
                catalog_true(directory)
        device.run("e2fsck", "-fn", image)


def keep(image, name):
    if os.environ.get("POWER_KEEP"):
        shutil.copy(image, os.path.join(os.environ["POWER_KEEP"], name.replace(" ", "-")))


def play(recording):
    positions = recording.positions(POSITIONS)
    share = -(-len(positions) // WORKERS)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(recording.cut, positions[at:at + share], at)
                for at in range(0, len(positions), share)]
        for job in jobs:
            job.result()
    figure("positions", len(positions))


@test("a disk whose power is cut keeps what was synced, and not what was not")
def forgets(place):
    base = device.make(os.path.join(place.path, "base"))
    image, log = os.path.join(place.path, "image"), os.path.join(place.path, "log")
    shutil.copy(base, image)
    disk = device.Device(place, image, log)
    try:
        with open(os.path.join(disk.place, "synced"), "w") as file:
            file.write("kept")
            file.flush()
            os.fsync(file.fileno())
        with open(os.path.join(disk.place, "lost"), "w") as file:
            file.write("lost")
        size = os.stat(log).st_size
    finally:
        disk.close()
    recorded = Log(log)
    cut = Disk(base, recorded)
    cut.advance(recorded.behind(size))
    mount = os.path.join(place.path, "mount")
    os.mkdir(mount)
    for variant in VARIANTS:
        cut.save(image, variant, random.Random(SEED))
        with device.Mounted(image, mount):
            equal(sorted(os.listdir(mount)), ["lost+found", "synced"], f"files, {variant}")
            equal(open(os.path.join(mount, "synced")).read(), "kept", f"the file, {variant}")


@test("after a cut anywhere what was acknowledged is there, and one walk makes the archive exact")
def ordered(place):
    play(Recording(place, "ordered", rounds=3 if TORTURE else 1))


if TORTURE:
    @test("the same where ext4 orders nothing by itself, with small blocks and a small journal")
    def writeback(place):
        play(Recording(place, "writeback", ("-b", "1024", "-J", "size=1"),
                       ("data=writeback", "noauto_da_alloc"), rounds=3))

    @test("the same where blocks are given to files as soon as they are written")
    def undelayed(place):
        play(Recording(place, "undelayed", ("-b", "4096"), ("nodelalloc", "noauto_da_alloc"),
                       rounds=3))


if __name__ == "__main__":
    try:
        device.enter()
    except device.Cannot as why:
        print(f"{sys.argv[0]}: NO POWER CUT TESTED: {why}", file=sys.stderr)
        print(f"1..0 # SKIP {why}")
        sys.exit(0)
    print(f"# TEST_SEED={SEED}", flush=True)
    run(workers=1)
