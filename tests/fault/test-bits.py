#!/usr/bin/env python3
"""A small archive, whole: each of its bits flipped in turn, which `verify` has to find; its ledger and
its growing segments cut at each byte, and lengthened, after which the next start keeps all that was
committed, or says that it is damaged and touches nothing."""

import json
import os
import random
import shutil
import signal
import time

from peer import SEED, config
from harness import (CTL, TORTURE, Archive, check, equal, exact, figure, once, run, run_program,
                     test, tree, verify)
from resident import Resident

LEDGER = "ledger.jsonl"
CATALOG = ("catalog.sqlite3", "catalog.sqlite3-journal")


def some(positions, count, salt):
    positions = list(positions)
    if TORTURE or len(positions) <= count:
        return positions
    return sorted(random.Random(f"{SEED} {salt}").sample(positions, count))


def drop_catalog(directory):
    for name in CATALOG:
        if os.path.exists(os.path.join(directory, name)):
            os.unlink(os.path.join(directory, name))


def slurp(path):
    with open(path, "rb") as file:
        return file.read()


def grown(place, packing, edits=0):
    """Sealed segments of all streams, and growing ones: a walk once, a change, a walk that is killed
    when it is in the ledger. The stand-in, and the archive's directory."""
    server = place.standin("--records=5", "--prompts=1", "--record-bytes=60", f"--seed={SEED}")
    directory = place.directory("original")
    conf = f"Compression={packing}\n"
    once(directory, server, config=config(place, archive=conf), expect=0)
    server.control("add", n=3)
    if edits:
        server.control("edit", n=edits)
    resident = Resident(place, directory, server, conf + "[Walk]\nInterval=1h\n")
    ledger = os.path.join(directory, LEDGER)
    resident.hears("READY=1")
    resident.process.send_signal(signal.SIGUSR1)
    while sum(b'"type":"walk"' in line for line in slurp(ledger).split(b"\n")) < 2:
        check(resident.process.poll() is None, "the daemon ended")
        time.sleep(0.05)
    last = None
    while last != len(slurp(ledger)):  # its prompts may follow
        last = len(slurp(ledger))
        time.sleep(1.5)
    resident.process.send_signal(signal.SIGKILL)
    resident.process.wait()
    archive = Archive(directory)
    archive.audit()
    check(any(name.endswith(".open") for name in tree(directory)), "no segment is growing")
    return server, directory


def parts(directory):
    return sorted(name for name in tree(directory) if name not in CATALOG)


def flips(place, packing):
    _, directory = grown(place, packing, edits=2)
    drop_catalog(directory)
    verify(directory)
    names = parts(directory)
    bits = [(name, bit) for name in names
            for bit in range(os.path.getsize(os.path.join(directory, name)) * 8)]
    missed = 0
    for name, bit in some(bits, 300, packing):
        path = os.path.join(directory, name)
        os.chmod(path, 0o640)
        byte = slurp(path)[bit // 8]
        with open(path, "r+b") as file:
            file.seek(bit // 8)
            file.write(bytes([byte ^ 1 << bit % 8]))
        done = run_program([CTL, f"--directory={directory}", "verify"])
        if done.code != 3 or name.removesuffix(".open") not in done.out + done.err:
            missed += 1
            print(f"# {name}: bit {bit % 8} of byte {bit // 8}: {done.code} {done.out}{done.err}")
        with open(path, "r+b") as file:
            file.seek(bit // 8)
            file.write(bytes([byte]))
    verify(directory)
    figure(f"bits flipped ({packing})", len(some(bits, 300, packing)))
    figure("flips missed", missed)
    equal(missed, 0, "missed")


for _packing in ("zstd", "gzip", "none"):
    def bits(place, packing=_packing):
        flips(place, packing)
    test(f"every bit of an archive ({_packing}) flipped in turn is found by verify")(bits)


def committed(ledger):
    """Of a ledger's bytes, those whose groups are whole."""
    end = at = 0
    for line in ledger.split(b"\n")[:-1]:
        at += len(line) + 1
        entry = json.loads(line)
        if entry["group"] == entry["seq"]:
            end = at
    return ledger[:end]


class Cutting:
    """Copies of one archive, each spoiled at the end of one file."""

    def __init__(self, place, packing="none"):
        self.place, self.number = place, 0
        self.server, self.original = grown(place, packing)
        self.config = config(place, archive=f"Compression={packing}\n")
        self.ledger = slurp(os.path.join(self.original, LEDGER))
        equal(committed(self.ledger), self.ledger, "the original ends with a whole group")

    def copy(self, catalog):
        self.number += 1
        directory = self.place.directory(f"copy-{self.number}")
        shutil.copytree(self.original, directory)
        if not catalog:
            drop_catalog(directory)
        return directory

    def start(self, directory, may_refuse, must_refuse=False):
        """The next start with its walk. True if it called the archive damaged."""
        kept = committed(slurp(os.path.join(directory, LEDGER)))
        before = {name: digest for name, digest in tree(directory).items() if name not in CATALOG}
        result = once(directory, self.server, config=self.config)
        if result.code == 3:
            check(may_refuse or must_refuse, f"taken for damage: {result.err}")
            after = {name: digest for name, digest in tree(directory).items()
                     if name not in CATALOG}
            equal(after, before, "the files of a damaged archive")
            check("damage" in result.err.lower() or "ledger" in result.err, result.err)
        else:
            equal(result.code, 0, result.err)
            check(not must_refuse, f"damage was overlooked: {result.err}")
            now = slurp(os.path.join(directory, LEDGER))
            check(now.startswith(kept), "a committed line of the ledger is gone")
            exact(directory, self.server)
            verify(directory)
        shutil.rmtree(directory)
        return result.code == 3


@test("the ledger cut at every byte, without a catalog: what is left is whole, or named as damage")
def ledger_cuts(place):
    cutting = Cutting(place)
    sealed = [json.loads(line)["seq"] for line in cutting.ledger.splitlines()
              if json.loads(line)["type"] == "seal"]
    ends = [at + 1 for at, byte in enumerate(cutting.ledger) if byte == 10]
    behind = ends[sealed[-1] - 1]
    refused = 0
    for at in some(range(len(cutting.ledger)), 40, "ledger"):
        directory = cutting.copy(False)
        os.truncate(os.path.join(directory, LEDGER), at)
        # A sealed file of which the ledger says nothing any more proves that its end is lost.
        refused += cutting.start(directory, may_refuse=at < behind)
        figure("bytes at which the ledger was cut")
    figure("of them, named as damage", refused)


@test("the ledger cut at every byte under a catalog that knows more: damage, and nothing is touched")
def ledger_behind_catalog(place):
    cutting = Cutting(place)
    for at in some(range(len(cutting.ledger)), 15, "catalog"):
        directory = cutting.copy(True)
        os.truncate(os.path.join(directory, LEDGER), at)
        cutting.start(directory, True, must_refuse=True)
        figure("bytes at which the ledger was cut below its catalog")


@test("the ledger with a torn line behind its end, of every length: cut off, nothing lost")
def ledger_tails(place):
    cutting = Cutting(place)
    line = cutting.ledger.splitlines()[-1].replace(b'{"seq":', b'{"seq":1', 1)
    noise = random.Random(SEED)
    for length in some(range(1, len(line) + 1), 10, "torn"):
        for tail in (line[:length], bytes(length),
                     bytes(noise.choice(range(11, 256)) for _ in range(length))):
            directory = cutting.copy(bool(length % 2))
            with open(os.path.join(directory, LEDGER), "ab") as file:
                file.write(tail)
            cutting.start(directory, may_refuse=False)
            figure("tails behind the ledger")


@test("every growing segment cut at every byte is damage, and nothing is touched")
def segment_cuts(place):
    cutting = Cutting(place)
    for name in [name for name in parts(cutting.original) if name.endswith(".open")]:
        size = os.path.getsize(os.path.join(cutting.original, name))
        for at in some(range(size), 15, name):
            directory = cutting.copy(bool(at % 2))
            os.truncate(os.path.join(directory, name), at)
            cutting.start(directory, True, must_refuse=True)
            figure("bytes at which a growing segment was cut")


@test("every growing segment with bytes behind its last frame, of every length: kept aside")
def segment_tails(place):
    cutting = Cutting(place)
    noise = random.Random(SEED + 1)
    for name in [name for name in parts(cutting.original) if name.endswith(".open")]:
        for length in some(range(1, 600), 12, name + "tail"):
            directory = cutting.copy(bool(length % 2))
            with open(os.path.join(directory, name), "ab") as file:
                file.write(noise.randbytes(length))
            cutting.start(directory, may_refuse=False)
            figure("tails behind growing segments")


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED}")
    run(workers=2)
