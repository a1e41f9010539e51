#!/usr/bin/env python3
"""Every verb on archives that someone has written into: arbitrary bytes in ledger, segments and
catalog, names that lead out of the directory. Another seed, other bytes: TEST_SEED; more of them:
HOSTILE_ROUNDS."""

import os
import random
import re
import shutil
import subprocess

from harness import CTL, Archive, check, environment, once, run, test

SEED = int(os.environ.get("TEST_SEED", "1"))
ROUNDS = int(os.environ.get("HOSTILE_ROUNDS", "30"))
VERBS = (["status"], ["status", "--json"], ["list"], ["list", "--changed", "--json"],
         ["show", "ID"], ["show", "ID", "--json"], ["cat"], ["cat", "messages", "--since=2025-01-01"],
         ["cat", "--latest"], ["grep", "e", "--count"], ["export"], ["walks"], ["report"],
         ["verify"], ["verify", "--quick"], ["head"], ["reindex"])


def ask(directory, words, first):
    line = [CTL, f"--directory={directory}"] + [first if word == "ID" else word for word in words]
    return subprocess.run(line, env=environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=120)


def spoil(directory, rng):
    """One of the archive's files, in one of the ways that bytes go wrong."""
    found = [os.path.join(folder, name) for folder, _, names in os.walk(directory)
             for name in names if not name.endswith("-journal")]
    path = rng.choice(sorted(found) + [os.path.join(directory, "ledger.jsonl"),
                                       os.path.join(directory, "catalog.sqlite3")] * 3)
    os.chmod(path, 0o640)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    how = rng.choice(("flip", "cut", "fill", "insert", "twice", "noise"))
    at = rng.randrange(max(1, len(data)))
    if how == "flip" and data:
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif how == "cut":
        del data[at:]
    elif how == "fill":
        data[at:at + 4096] = bytes(rng.choice((0, 0xff, 0x22, 0x5b)) for _ in range(1)) * 4096
    elif how == "insert":
        data[at:at] = rng.randbytes(rng.randint(1, 5000))
    elif how == "twice":
        data += data[at:]
    else:
        data = bytearray(rng.randbytes(rng.randint(0, 20000)))
    with open(path, "wb") as file:
        file.write(data)
    return f"{how} at {at} of {os.path.relpath(path, directory)}"


@test(f"each verb survives arbitrary bytes and says so (seed {SEED}, {ROUNDS} rounds)")
def arbitrary(place):
    server = place.standin("--records=150", "--prompts=2", "--awkward", f"--seed={SEED}")
    whole = place.directory()
    once(whole, server, expect=0)
    server.control("edit", n=5)
    server.control("delete", n=5)
    once(whole, server, expect=0)
    first = re.search('"id":"([^"]*)"', next(iter(Archive(whole).lines("completions")))).group(1)
    for turn in range(ROUNDS):
        rng = random.Random(SEED * 1000 + turn)
        directory = place.directory(f"round-{turn}")
        shutil.copytree(whole, directory)
        did = [spoil(directory, rng) for _ in range(rng.randint(1, 3))]
        for words in VERBS:
            done = ask(directory, words, first)
            check(done.returncode in (0, 1, 2, 3),
                  f"round {turn}: {did}: {words} ended with {done.returncode}: "
                  f"{done.stderr[-300:]}")
            check(b"Sanitizer" not in done.stderr and b"runtime error" not in done.stderr,
                  f"round {turn}: {did}: {words}: {done.stderr[-600:]}")
            check(done.returncode == 0 or done.stderr or done.stdout,
                  f"round {turn}: {did}: {words} ended with {done.returncode} and said nothing")
        shutil.rmtree(directory)


run()
