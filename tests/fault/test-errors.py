#!/usr/bin/env python3
"""An error at each system call on the archive, once and for ever after, and files that may not grow
past a byte. It is told, nothing is lost, no failed sync is believed; without it, one walk makes the
archive exact."""

import errno
import itertools
import os
import re
import signal
import sys
import time

SOURCE = os.environ["srcdir"]
sys.path[:0] = [os.path.join(SOURCE, "tests/e2e"), os.path.join(SOURCE, "tests/fault")]

from harness import (CTL, TORTURE, Failed, check, equal, figure, once, run, run_program, test)
from resident import LIMIT, Resident
from scene import LEFT, SEED, Scene, first, later, leave
from synced import believes
from traced import Committed, compare, copy, points, records, sample

# Which errors a call may meet. EINTR: where a call waits for the disk, or the network behind it.
LOOKS = "newfstatat fstat faccessat faccessat2 getdents64 flock fcntl fchmod fchown unlinkat".split()
ERRORS = dict.fromkeys(LOOKS, ["EIO"])
ERRORS |= dict.fromkeys(["pread64"], ["EIO", "EINTR"])
ERRORS |= dict.fromkeys("openat mkdirat renameat".split(), ["EIO", "ENOSPC", "EDQUOT"])
ERRORS |= dict.fromkeys("pwrite64 ftruncate copy_file_range fsync fdatasync fallocate".split(),
                        ["EIO", "ENOSPC", "EDQUOT", "EINTR"])
WRITES = "openat mkdirat renameat pwrite64 ftruncate copy_file_range fsync fdatasync".split()
ONCE, EVER, DISK = "once", "for ever", "the whole disk"
# TORTURE=3 takes each third of what TORTURE=1 takes, which third by TEST_SEED.
SHARE = int(os.environ["TORTURE"]) if os.environ.get("TORTURE", "").isdigit() else 1
EXTRA = 4000  # how many more calls than without an error are no busy loop: a thousand attempts are


def injection(clean, name, n, error, how):
    """strace's options; for the whole disk, the count at which each other kind of call is by then."""
    if how == ONCE:
        return [f"--inject={name}:error={error}:when={n}"]
    if how == EVER:
        return [f"--inject={name}:error={error}:when={n}+"]
    before = []
    for call in clean.calls:
        if before.count(name) == n - 1 and call.name == name:
            break
        before.append(call.name)
    return [f"--inject={other}:error={error}:when={before.count(other) + 1}+" for other in
            (ERRORS if error == "EIO" else WRITES)]


def told(text, calls, error):
    """The cause, and what it struck: of several, any."""
    cause = os.strerror(getattr(errno, error))
    # A journal that cannot be opened for writing SQLite opens for reading, and fails to write it; a
    # file that it cannot look at is read-only to it.
    check(cause in text or calls[0].name in ("openat", "newfstatat", "fstat") and "catalog: " in text,
          f"the cause is not told: {text}")
    names = ["catalog", "directory", "temporary file", "recover", "segment"]
    names += [os.path.basename(part) for call in calls[:1000]
              for part in re.split('[<>"]', call.text)[:8]]
    check(any(name and name in text for name in names), f"what failed is not told: {text}")


def fail(scene, start, clean, point, error, how, line=None):
    """False if the run ended before that call."""
    name, n = point
    ledger = len(Committed(start).prefix)
    begun = Committed(start)
    run = scene.traced(start, *injection(clean, name, n, error, how), line=line)
    injected = run.injected()
    if not injected:
        equal(run.code, 0, f"the exit code without an error ({run.err})")
        return False
    check(run.code in (0, 1), f"exit code {run.code}: {run.err}")
    if run.code == 1:
        told(run.err, injected, error)
        figure(f"errors told: {how}")
    else:
        if line is None:
            compare(records(scene.work), scene.expected)
        figure(f"errors survived: {how}")
    check(len(run.calls) < len(clean.calls) + EXTRA, f"{len(run.calls)} calls: a busy loop")
    figure("syncs that failed", believes(run.calls, scene.work, ledger))
    begun.stays(scene.work)
    scene.heals()
    return True


def errors_each(scene, start, clean, found, line=None):
    """found: (point, error, how)."""
    for point, error, how in found:
        try:
            fail(scene, start, clean, point, error, how, line)
        except Failed as failure:
            raise Failed(f"{scene.name}: {error} at {point[0]} {point[1]} {how}: "
                         f"{failure}") from None


def target(clean, directory, point):
    """What kind of file the call was about."""
    call = [call for call in clean.calls if call.name == point[0]][point[1] - 1]
    for part in ("ledger", "journal", "catalog", ".recover", "recovered", ".open", ".jsonl"):
        if part in call.text.replace(directory, ""):
            return part
    return "other"


def plan(scene, clean, every, count):
    """All: each call once with EIO, with another error in turn, and for ever; the whole disk at each
    fifth. Of the catalog's locks and looks, which are a third of all calls, each fourth. Else so many,
    each call that changes the disk on each kind of file among them if `count` allows."""
    whole, turn = [], itertools.count()
    for point in every:
        i, errors = next(turn), ERRORS[point[0]]
        if point[0] in ("fcntl", "newfstatat") and i % 4:
            continue
        lasting = [error for error in errors if error != "EINTR"]
        whole += [(point, "EIO", ONCE), (point, lasting[i % len(lasting)], EVER)]
        if len(errors) > 1:
            whole.append((point, errors[1 + i % (len(errors) - 1)], ONCE))
        if i % 5 == 0:
            whole.append((point, ("EIO", "ENOSPC", "EDQUOT")[i // 5 % 3], DISK))
    if TORTURE:
        return whole[SEED % SHARE::SHARE]
    scene.rng.shuffle(whole)
    kinds = {(point[0] in WRITES and how == ONCE, point[0], target(clean, scene.work, point),
              how): (point, error, how) for point, error, how in whole}
    return [kinds[kind] for kind in sorted(kinds, key=lambda kind: not kind[0])][:count]


def attack(scene, start, count, line=None, until=None):
    clean = scene.traced(start, line=line)
    equal(clean.code, 0, f"the exit code ({clean.err})")
    every = [point for point in points(clean, scene.work, ERRORS, until=until, all=False)]
    found = plan(scene, clean, every, count)
    print(f"# {scene.name}: {len(found)} errors at {len(every)} calls, kinds: "
          f"{' '.join(sorted({name for name, _ in every}))}", flush=True)
    errors_each(scene, start, clean, found, line)


@test("an error at each call on the archive in a first walk: told, nothing lost, no sync believed")
def first_walk(place):
    scene = first(place, "first walk", "--big-string=300000@9", "--big-kind=base64")
    attack(scene, scene.start, 45)


@test("the same in a walk with changed, vanished and new records")
def later_walk(place):
    scene = later(place, "later walk")
    attack(scene, scene.start, 30)


@test("the same in a start after a kill")
def starts(place):
    scene = first(place, "start")
    for what, *how in (LEFT[1], LEFT[3], LEFT[6]) if TORTURE else [scene.rng.choice(LEFT)]:
        left = leave(scene, *how)
        scene.name = f"start: {what}"
        attack(scene, left, 15, until="connect")


@test("the same in a reindex")
def reindex(place):
    scene = later(place, "reindex")
    attack(scene, scene.start, 10, [CTL, f"--directory={scene.work}", "reindex"])


# ---- the daemon ----

def injected_at(log):
    with open(log, errors="surrogateescape") as file:
        rows = file.readlines()
    return len(rows), [float(row.split()[1]) for row in rows if "(INJECTED)" in row]


def stay(scene, name, error, when, passes):
    """A daemon whose calls fail from the one on that comes so much behind the first request, or that
    and the two behind it."""
    copy(scene.start, scene.work)
    begun = Committed(scene.work)
    clean = scene.traced(scene.start)
    before = [call.name for call in clean.calls]
    n = before[:before.index("connect")].count(name) + when
    copy(scene.start, scene.work)
    daemon = Resident(scene.place, scene.work, scene.server, config="", wrap=[
        "strace", "-f", "-y", "-ttt", "-o", scene.log,
        f"--inject={name}:error={error}:when={n}" + (f"..{n + 2}" if passes else "+")])
    told = daemon.line_of("error: the archive cannot be written: .*" + os.strerror(
        getattr(errno, error)))
    if passes:
        daemon.walks(1, told)
    else:
        end = time.monotonic() + LIMIT
        pauses = []
        while len(pauses) < 3:
            check(time.monotonic() < end, f"it did not try again: {daemon.lines}")
            time.sleep(0.2)
            count, times = injected_at(scene.log)
            pauses = [b - a for a, b in zip(times, times[1:]) if b - a > 0.5]
        check(pauses[0] < pauses[1] < pauses[2], f"the pauses do not grow: {pauses}")
        check(count < 2 * len(clean.calls) + EXTRA, f"{count} calls: a busy loop")
    tracer = daemon.process.pid
    with open(f"/proc/{tracer}/task/{tracer}/children") as file:
        os.kill(int(file.read().split()[0]), signal.SIGTERM)
    daemon.ends(0)
    figure(f"daemons whose disk failed {'for a while' if passes else 'for ever'}")
    begun.stays(scene.work)
    scene.heals()


@test("a daemon waits ever longer while its disk fails, and goes on when that has passed")
def daemon(place):
    scene = later(place, "daemon")
    plans = [("fdatasync", "EIO"), ("fsync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EDQUOT")]
    for name, error in plans if TORTURE else [scene.rng.choice(plans)]:
        for passes in (True, False):
            stay(scene, name, error, scene.rng.randrange(1, 3), passes)


# ---- files that may not grow ----

def limited(scene, start, size):
    """No file may grow past so many bytes: what is written up to there is."""
    copy(start, scene.work)
    done = run_program(["prlimit", f"--fsize={size}", *scene.walk()])
    check(done.code in (0, 1), f"exit code {done.code}: {done.err}")
    if done.code == 1:
        check(os.strerror(errno.EFBIG) in done.err, f"the cause is not told: {done.err}")
    figure("file sizes limited")
    scene.heals()


def limit_each(scene, start, sizes):
    for size in sizes:
        try:
            limited(scene, start, size)
        except Failed as failure:
            raise Failed(f"{scene.name}: files of {size} bytes: {failure}") from None


@test("files limited to a size, each byte of a ledger's growth: told, nothing lost")
def ledger_bytes(place):
    """A ledger that is longer than the catalog, by walks that found nothing."""
    scene = Scene(place, "ledger", "--records=2", "--prompts=1")
    catalog, ledger = (f"{scene.start}/{name}" for name in ("catalog.sqlite3", "ledger.jsonl"))
    once(scene.start, scene.server, config=scene.config, expect=0)
    while os.path.getsize(ledger) < os.path.getsize(catalog) + 8192:
        once(scene.start, scene.server, "--once=new", config=scene.config, expect=0)
    scene.server.control("add", n=1)
    copy(scene.start, scene.work)
    once(scene.work, scene.server, config=scene.config, expect=0)
    scene.expected = records(scene.work)
    sizes = range(os.path.getsize(ledger), os.path.getsize(f"{scene.work}/ledger.jsonl") + 1)
    check(len(sizes) > 500, "the ledger hardly grew")
    limit_each(scene, scene.start, sizes[SEED % SHARE::SHARE] if TORTURE else scene.rng.sample(sizes, 6))


@test("files limited to a size, of the catalog and the segments: told, nothing lost")
def other_bytes(place):
    scene = first(place, "size")
    largest = max(os.path.getsize(os.path.join(folder, name))
                  for folder, _, names in os.walk(scene.work) for name in names)
    sizes = sorted({*range(0, 4200, 41), *range(4095, largest, 4096), *range(4096, largest, 4096),
                    *range(0, largest, 211)})
    limit_each(scene, scene.start, sizes[SEED % SHARE::SHARE] if TORTURE else scene.rng.sample(sizes, 10))


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED}", flush=True)
    run(workers=2)
