#!/usr/bin/env python3
"""What each verb of chatarchivectl costs with a large archive: some years' completions, several
thousand of them with prompts, changed or gone. Beside those that read everything stand the plain
tools that do a part of it. The table is printed, and kept in tests/bench/results-verbs.md.

    make bench-verbs        BENCH_RECORDS=1000000 BENCH_SEED=1"""

import glob
import json
import os
import shlex
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("srcdir", os.getcwd()), "tests/e2e"))
import measure  # noqa: E402
from harness import BUILD, CTL, Archive, check, environment, equal  # noqa: E402
from walker import Walker, in_place, say  # noqa: E402

RECORDS = int(float(os.environ.get("BENCH_RECORDS", 1e6)))
SEED = os.environ.get("BENCH_SEED", "1")
ALTERED = min(5000, RECORDS // 20)  # so many are changed, and so many deleted
ROUNDS = 3                          # of what takes less than a second; the rest is measured once
MIB = 2 ** 20
OUT = os.path.join(BUILD, "tests/bench")

# A record a second, every half a minute.
STORE = [f"--records={RECORDS}", f"--seed={SEED}", "--ids=time", "--ties=1", "--spread=30",
         "--record-bytes=200", "--prompts=2"]
CUSTOMER = "customer=c-07"          # whose prompts are archived
MODEL = "gpt-4o-mini-2024-07-18"    # of every other record or so
WORD = "museum"


def archive(place):
    """An archive with versions and tombstones, and the prompts of some."""
    walker = Walker(place, STORE, more="Messages=no\n")
    plain = walker.config
    walker.config = os.path.join(walker.at, "prompts.conf")
    with open(plain) as have, open(walker.config, "w") as file:
        file.write(have.read().replace("Messages=no\n", f"Metadata={CUSTOMER}\n"))
    say(f"with prompts: {walker.walk()}")
    walker.config = plain
    say(f"all: {walker.walk(again=True)}")
    for verb in ("edit", "delete"):
        equal(json.loads(walker.server.control(verb, n=ALTERED))["n"], ALTERED, verb)
    gone = changed = 0
    while gone < ALTERED:  # a walk asks for some of them only
        say(f"changed and deleted: {walker.walk(again=True)}")
        last = Archive(walker.directory).walks()[-1]
        check(last["gone"] > 0, f"it ends with {gone} gone: {last}")
        gone, changed = gone + last["gone"], changed + last["changed"]
    equal(gone, ALTERED, "gone")
    check(0 < changed <= ALTERED, f"{changed} changed")
    walker.server.stop()
    return walker.directory, changed


def shell(directory, *args):
    return " ".join(map(shlex.quote, [CTL, f"--directory={directory}", *args]))


def output(line):
    """What a shell's line prints."""
    return subprocess.run(["bash", "-o", "pipefail", "-c", line], env=environment(), check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.decode()


def right(directory, changed):
    """The cost of a wrong answer says nothing."""
    for args, lines in ((["list", "-o", "cat"], RECORDS),
                        (["list", "--gone", "-o", "cat"], ALTERED),
                        (["list", "--changed", "-o", "cat"], changed),
                        (["cat"], RECORDS + changed), (["cat", "--latest"], RECORDS)):
        equal(int(output(shell(directory, *args) + " | wc -l")), lines, " ".join(args))
    equal(output(shell(directory, "grep", WORD, "--jobs=1") + " | sha256sum"),
          output(shell(directory, "grep", WORD, "--jobs=2") + " | sha256sum"), "grep of two threads")
    equal(int(output(shell(directory, "grep", WORD, "--count"))),
          int(output(f"{shell(directory, 'cat')} | grep -c {WORD}")), "grep --count")


def cost(line, codes=(0,)):
    costs = [measure.run(line, env=environment(), codes=codes)]
    while costs[0].wall < 1 and len(costs) < ROUNDS:
        costs.append(measure.run(line, env=environment(), codes=codes))
    return measure.Cost(*(measure.median(values) for values in zip(*costs)))


def row(name, line, codes=(0,)):
    value = cost(line, codes)
    say(f"{name}: {value}")
    return name, f"{value.wall:.3f}", f"{value.cpu:.2f}", f"{value.peak / MIB:.1f}"


def named(directory):
    """Records to ask for: the newest one, that in the middle, the first one, one that changed."""
    ids = output(shell(directory, "list", "-o", "cat")).split()
    changed = output(shell(directory, "list", "--changed", "-o", "cat")).split()
    whole = [json.loads(output(shell(directory, "show", "--json", "--", id)).split("\n")[0])
             for id in (ids[0], ids[len(ids) // 2], ids[-1])]
    return whole, changed[len(changed) // 2]


def verbs(directory):
    """(what a person would type, its arguments, the exit statuses that are right)"""
    (newest, middle, first), changed = named(directory)
    since = f"--since=@{newest['created'] - (newest['created'] - first['created']) // 10}"
    single = [
        ["status"], ["list", "--limit=100"], ["list", "-o", "cat"], ["list"],
        ["list", f"--model={MODEL}", "--limit=100"], ["list", "--model=none"],
        ["list", "--metadata=" + CUSTOMER, "--limit=100"],
        ["list", "--gone"], ["list", "--gone", "-o", "cat"],
        ["list", "--changed"], ["list", "--changed", "-o", "cat"]]
    rows = [(" ".join(args), args) for args in single]
    rows += [(f"show ID, {which}", ["show", "--", record["id"]])
             for which, record in (("the first", first), ("in the middle", middle),
                                   ("the newest", newest))]
    rows += [("show ID --version=1", ["show", "--version=1", "--", changed]),
             ("cat --since=TIME, the last tenth", ["cat", since])]
    rows += [(" ".join(args), args) for args in (
        ["cat"], ["cat", "--jobs=1"], ["cat", "--latest"], ["cat", "messages"], ["cat", "changes"])]
    rows += [(f"grep REQUEST-ID --jobs={jobs}", ["grep", middle["request_id"], f"--jobs={jobs}"])
             for jobs in (1, 2)]
    rows += [(" ".join(args), args) for args in (
        ["grep", WORD, "--count"], ["grep", "-i", WORD, "--count"], ["grep", WORD, "--ids"],
        ["export", "--limit=1000"], ["export"], ["walks"], ["report"], ["head"],
        ["verify", "--quick"], ["verify", "--sample=1/7"], ["verify", "--jobs=1"],
        ["verify", "--jobs=2"])]
    return [(name, args, (1,) if "--model=none" in args else (0,)) for name, args in rows], middle


def plain_tools(directory, literal):
    """Rows: the same files without any of ours."""
    files = " ".join(map(shlex.quote, sorted(
        glob.glob(os.path.join(directory, "completions/*/*")))))
    return [row(name, line.format(files)) for name, line in (
        ("`zstd -dc` of the same files", "zstd -dcq {}"),
        ("`zstd -dc \\| grep -F REQUEST-ID`", f"zstd -dcq {{}} | grep -F {literal}"),
        ("`sha256sum` of the same files", "sha256sum {}"))]


def without_catalog(directory):
    """Rows: a temporary catalog is built first."""
    catalog, aside = (os.path.join(directory, name) for name in ("catalog.sqlite3", "aside"))
    os.rename(catalog, aside)
    try:
        return [row(f"{' '.join(args)}, without a catalog", shell(directory, *args))
                for args in (["status"], ["list", "--limit=100"])]
    finally:
        os.rename(aside, catalog)


def measured(place):
    began = time.monotonic()
    directory, changed = archive(place)
    say(f"{time.monotonic() - began:.0f} s for the archive")
    right(directory, changed)
    say(f"{time.monotonic() - began:.0f} s until it was found right")
    lines, middle = verbs(directory)
    rows = [row(name, shell(directory, *args), codes) for name, args, codes in lines]
    rows += without_catalog(directory)
    rows.append(row("reindex", shell(directory, "reindex")))
    rows += plain_tools(directory, middle["request_id"])
    frames = Archive(directory).frames("completions")
    return rows, (f"{RECORDS:,} completions, {changed:,} of them in two versions, {ALTERED:,} gone; "
                  f"{sum(frame['bytes'] for frame in frames) / MIB:,.0f} MiB, stored in "
                  f"{sum(frame['length'] for frame in frames) / MIB:,.0f} MiB:\n")


def main():
    os.makedirs(OUT, exist_ok=True)
    rows, what = in_place(measured)
    text = what + "\n" + measure.markdown(["verb", "wall, s", "CPU, s", "peak, MiB"], rows)
    with open(os.path.join(OUT, "results-verbs.md"), "w") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
