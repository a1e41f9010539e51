#!/usr/bin/env python3
"""SIGKILL at every system call of a walk, of a start after a kill, of a reindex. After each: what was
committed is there, and one walk makes the archive exact."""

import collections
import os
import sys

SOURCE = os.environ["srcdir"]
sys.path[:0] = [os.path.join(SOURCE, "tests/e2e"), os.path.join(SOURCE, "tests/fault")]

from harness import CTL, TORTURE, equal, figure, run, run_program, test
from scene import LEFT, SEED, explained, first, later, leave
from traced import CALLS, copy, points, sample, sealing, tear

MARGIN = 5  # how many more calls of a kind than in the first run may come


def kill_each(scene, start, found, what, line=None, heals=None, seals=()):
    """A kill before each of these calls; and where that was a write, also in the middle of it."""
    ended = set()
    heals = heals or scene.heals
    for name, n in found:
        ways = (False, True) if name == "pwrite64" else (False,)
        for torn in ways if TORTURE else (scene.rng.choice(ways),):
            if name in ended or not scene.kill(start, name, n, line):
                ended.add(name)
                continue
            if torn and not tear(scene.last, scene.work, scene.rng):
                if TORTURE:
                    continue
                torn = False
            explained(scene, name, n, " torn" if torn else "", heals)
            figure(f"writes torn by a kill: {what}" if torn else f"kills: {what}")
            if (name, n) in seals:
                figure("of these while a segment is sealed")


def behind(found):
    """Where the first run made the last call of a kind, another may make some more."""
    last = collections.Counter()
    for name, n in found:
        last[name] = max(last[name], n)
    return [(name, last[name] + more) for name in sorted(last) for more in range(1, MARGIN + 1)]


def attack(scene, what, count):
    clean = scene.traced(scene.start)
    equal(clean.code, 0, f"the exit code ({clean.err})")
    every = points(clean, scene.work, CALLS)
    found = sample(every, scene.rng, None if TORTURE else count)
    print(f"# {scene.name}: {len(found)} of {len(every)} calls, kinds: "
          f"{' '.join(sorted({name for name, _ in every}))}", flush=True)
    kill_each(scene, scene.start, found, what, seals=sealing(clean))
    if TORTURE:
        kill_each(scene, scene.start, behind(every), what)


@test("killed at each call of a first walk that seals several times, nothing is lost or twice")
def first_walk(place):
    scene = first(place, "first walk", "--big-string=300000@9", "--big-kind=base64")
    attack(scene, "a first walk", 40)


@test("killed at each call of a walk with changed, vanished and new records likewise")
def later_walk(place):
    attack(later(place, "later walk"), "a later walk", 40)


# ---- starts ----

def starts(scene, bare):
    """Each thing that a kill leaves, its catalog removed if `bare`, and the calls of the start behind
    it, up to its first request."""
    for what, *how in LEFT:
        left = leave(scene, *how)
        for name in os.listdir(left) if bare else []:
            if name.startswith("catalog"):
                os.unlink(os.path.join(left, name))
        clean = scene.traced(left)
        equal(clean.code, 0, f"{what}: the exit code ({clean.err})")
        yield what, left, points(clean, scene.work, CALLS, until="connect")


def kill_starts(place, bare):
    scene = first(place, "start")
    kinds = set()
    for what, left, every in starts(scene, bare):
        scene.name = f"start: {what}"
        found = every
        if not TORTURE:
            fresh = sample([point for point in every if point[0] not in kinds], scene.rng, 0)
            found = (fresh[:5] + scene.rng.sample(every, 2))[:5]
            kinds |= {name for name, _ in found}
        kill_each(scene, left, found, "a start after a kill")
        print(f"# {what}: {len(found)} of {len(every)} calls", flush=True)


@test("killed at each call of a start after a kill, likewise")
def recovery(place):
    kill_starts(place, bare=False)


@test("killed at each call of a start after a kill that finds no catalog, likewise")
def recovery_bare(place):
    kill_starts(place, bare=True)


@test("killed in a start, and in the start after that, likewise")
def double(place):
    scene = first(place, "start")
    again = place.directory("again")
    for bare in (False, True):
        for what, left, every in starts(scene, bare):
            scene.name = f"second start: {what}"
            for name, n in scene.rng.sample(every, 10 if TORTURE else 1):
                if not scene.kill(left, name, n):
                    continue
                tear(scene.last, scene.work, scene.rng)
                copy(scene.work, again)
                clean = scene.traced(again)
                equal(clean.code, 0, f"the exit code ({clean.err})")
                second = points(clean, scene.work, CALLS, until="connect")
                found = scene.rng.sample(second, 10 if TORTURE else 2)
                kill_each(scene, again, found, "a start after two kills")


# ---- the tool's only writer ----

@test("killed at each call of a reindex, the ledger and the segments stay, and it can be repeated")
def reindex(place):
    scene = later(place, "reindex")
    line = [CTL, f"--directory={scene.work}", "reindex"]
    whole = run_program([CTL, f"--directory={scene.start}", "reindex"])
    equal(whole.code, 0, whole.err)
    clean = scene.traced(scene.start, line=line)
    every = points(clean, scene.work, CALLS)

    def heals():
        if scene.rng.random() < 0.5:
            equal(run_program(line).code, 0, "the reindex after it")
        scene.heals()

    kill_each(scene, scene.start, sample(every, scene.rng, None if TORTURE else 15), "a reindex",
              line, heals)


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED}", flush=True)
    run(workers=2)
