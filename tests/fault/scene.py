"""An account's store, and the archive of it as a walk, or a kill, left it: what each attack begins
from, and what must come of it."""

import os
import random
import time

from harness import FAST, Failed, check, command, equal, once, same, verify
from traced import Committed, Traced, copy, heals, records, tear

SEED = int(os.environ.get("TEST_SEED", "1"))


class Scene:
    """A store, what an exact archive of it has, and the archive from which each walk begins."""

    def __init__(self, place, name, *options, config="", then=None):
        self.place, self.name = place, name
        self.rng = random.Random(f"{SEED} {name}")
        self.again = name == "start"
        self.server = place.standin(*options)
        self.config = os.path.join(place.path, "scene.conf")
        with open(self.config, "w") as file:
            file.write(f"{FAST}PageSize=5\nMaxConcurrent=2\n"
                       f"[Archive]\nFrameSize=64K\nSegmentSize=64K\nMinFree=0\n{config}")
        self.start = place.directory("start")
        self.work = place.directory("work")
        self.log = place.directory("strace")
        if then:
            once(self.start, self.server, config=self.config, expect=0)
            then(self.server)
        copy(self.start, self.work)
        once(self.work, self.server, config=self.config, expect=0)
        self.expected = records(self.work)
        same(self.expected["completions"], self.server.expected(versions="all"), "completions")

    def walk(self):
        return command(self.work, self.server.url, config=self.config)

    def traced(self, start, *options, line=None, **more):
        copy(start, self.work)
        return Traced(line or self.walk(), self.log, *options, **more)

    def kill(self, start, name, n, line=None):
        """False if it ended before that call."""
        run = self.traced(start, f"--trace={name}", f"--inject={name}:signal=SIGKILL:when={n}",
                          line=line, text=100000 if name == "pwrite64" else 64)
        if not run.killed():
            equal(run.code, 0, f"the exit code of a run that nothing killed ({run.err})")
            return False
        self.last = run.calls[-1]
        return True

    def heals(self):
        before = Committed(self.work)
        if before.prefix:
            verify(self.work)
        heals(self.work, self.server, self.config, self.expected, before, self.again)


def explained(scene, name, n, what, function):
    try:
        return function()
    except Failed as failure:
        raise Failed(f"{scene.name}: {name} {n}{what}: {failure}") from None


def first(place, name, *options):
    return Scene(place, name, "--records=18", "--prompts=2", "--ties=2", "--record-bytes=10000",
                 "--kind=base64", *options, config="Compression=none\n")


def later(place, name):
    def then(server):
        server.control("edit", n=3)
        server.control("delete", n=3)
        server.control("add", n=3)

    return Scene(place, name, "--records=18", "--prompts=2", "--ties=2", f"--start={int(time.time())}",
                 then=then)


# What is left of a walk that was killed before this call, or in the middle of it: the n-th write to
# this file, or the first to it after that call.
LEFT = [("a torn first line of the ledger", "", "ledger.jsonl", 1, True),
        ("a ledger whose group is torn", "", "ledger.jsonl", 4, True),
        ("frames that the ledger does not name", "", "ledger.jsonl", 4, False),
        ("a sealed name without its line", "renameat", "ledger.jsonl", 1, False),
        ("a seal's torn line", "renameat", "ledger.jsonl", 1, True),
        ("a catalog that is behind", "", "catalog.sqlite3-journal", 40, False),
        ("a catalog half written", "", "catalog.sqlite3", 30, True)]


def leave(scene, after, file, nth, torn):
    """An archive as a kill left it."""
    clean = scene.traced(scene.start)
    calls = [call for call in clean.calls]
    begin = next(i for i, call in enumerate(calls) if after in ("", call.name))
    writes = [i for i, call in enumerate(calls) if call.name == "pwrite64" and i >= begin
              and call.path() == f"{scene.work}/{file}"]
    n = sum(call.name == "pwrite64" for call in calls[:writes[nth - 1] + 1])
    for n in range(n, n + 40):
        check(scene.kill(scene.start, "pwrite64", n), f"no write to {file} was found again")
        if scene.last.path() == f"{scene.work}/{file}" and \
                (not torn or tear(scene.last, scene.work, scene.rng)):
            break
    left = scene.place.directory("left")
    return copy(scene.work, left)
