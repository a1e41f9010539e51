#!/usr/bin/env python3
"""In which order the daemon makes things durable, by its system calls: a file system may hide what is
missing there for years (ext4 makes a new file's entry durable with its data)."""

import os
import random
import sys
import time

SOURCE = os.environ.get("srcdir", os.getcwd())
sys.path[:0] = [os.path.join(SOURCE, "tests/e2e"), os.path.join(SOURCE, "tests/fault/power")]

from harness import FAST, TORTURE, Archive, Failed, check, command, equal, exact, figure, run, test, verify
from order import Order
from calls import traced

SEED = int(os.environ.get("TEST_SEED", "1"))
KILLS = 60 if TORTURE else 2  # of each kind of call
CONFIG = FAST + "[Archive]\nFrameSize=64K\nSegmentSize=256K\nMinFree=0\n"


class Followed:
    """An archive, all runs on it traced and held against the rules."""

    def __init__(self, place, name="archive", server=None, records=200):
        self.directory = place.directory(name)
        self.config = os.path.join(place.path, "small.conf")
        with open(self.config, "w") as file:
            file.write(CONFIG)
        self.log = os.path.join(place.path, name + ".trace")
        self.server = server or place.standin(f"--records={records}", "--prompts=2",
                                              "--record-bytes=4000", f"--seed={SEED}",
                                              f"--start={int(time.time())}")
        self.order = Order(self.directory)

    def walk(self, *options, expect=0):
        self.order.reconcile()
        line = command(self.directory, self.server.url, "--once", config=self.config)
        code, text, calls = traced(line, self.log, *options, env={"CHATARCHIVED_DEBUG": "1"})
        check(code == expect or code == -9 and options, f"exit code {code}: {text}")
        try:
            self.order.run(calls)
        except Failed as failure:
            raise Failed(f"{os.path.basename(self.directory)}: {failure} ({self.order.call})")
        figure("runs traced")
        return code

    def exact(self):
        check(self.order.text == self.order.safe, "the ledger's end is not durable")
        with open(os.path.join(self.directory, "ledger.jsonl"), "rb") as file:
            equal(self.order.text, file.read(), "the ledger, followed and as it is")
        verify(self.directory)


@test("walks, commits and seals: what the ledger names is durable before it is named")
def walks(place):
    followed = Followed(place)
    followed.walk()
    for _ in range(2):
        for what, n in (("add", 30), ("edit", 6), ("delete", 3)):
            followed.server.control(what, n=n)
        followed.walk()
    followed.exact()
    check(len(Archive(followed.directory).of_type("seal")) >= 6, "little was sealed")
    check(len(Archive(followed.directory).frames()) >= 20, "few frames")
    check(followed.order.commits >= 20, "few commits of the catalog")


@test("recovery: what was cut off is kept, and the cut durable, before anything is appended")
def recovers(place):
    followed = Followed(place)
    followed.walk("-e", "inject=fdatasync:signal=SIGKILL:when=40")
    growing = [entry["segment"] + ".open" for entry in Archive(followed.directory).frames()
               if os.path.exists(os.path.join(followed.directory, entry["segment"] + ".open"))]
    check(growing, "no segment was growing")
    for path, junk in ((growing[-1], b"junk"), ("ledger.jsonl", b'{"seq":')):
        with open(os.path.join(followed.directory, path), "ab") as file:
            file.write(junk)
        followed.order.dirty(path)
    followed.walk()
    followed.exact()
    equal({entry["file"] for entry in Archive(followed.directory).of_type("recover")},
          {growing[-1], "ledger.jsonl"}, "the recover lines")
    exact(followed.directory, followed.server)


@test("killed at a sync, a write, a rename or a cut, and recovered: the same holds all the way")
def killed(place):
    rng = random.Random(SEED)
    server = Followed(place).server
    for name, most in (("fdatasync", 120), ("pwrite64", 300), ("fsync", 16), ("renameat", 5),
                       ("ftruncate", 20), ("openat", 160)):
        for when in sorted({1, *rng.sample(range(1, most + 1), min(most, KILLS))}):
            followed = Followed(place, f"{name}-{when}", server)
            if followed.walk("-e", f"inject={name}:signal=SIGKILL:when={when}") == 0:
                continue
            figure("kills")
            # And again, in the recovery.
            followed.walk("-e", f"inject=fdatasync:signal=SIGKILL:when={rng.randrange(1, 12)}")
            followed.walk()
            followed.exact()
            exact(followed.directory, server)


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED}", flush=True)
    run(workers=2)
