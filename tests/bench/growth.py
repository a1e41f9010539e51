#!/usr/bin/env python3
"""What grows with an archive, and what must not: looking for what is new, a full walk's cost a
record, a start on a long ledger. $BENCH_LARGEST, in records, makes it shorter.

    make bench-growth"""

import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("srcdir", os.getcwd()), "tests/e2e"))
import measure  # noqa: E402
from forged import Ledger  # noqa: E402
from harness import BUILD, CTL, Archive, environment, equal  # noqa: E402
from walker import Walker, in_place, say  # noqa: E402

LARGEST = int(float(os.environ.get("BENCH_LARGEST", 1e6)))
SIZES = [size for size in (1_000, 100_000, 1_000_000) if size <= LARGEST]
FRAMES = min(100_000, LARGEST)
FRAMES_A_SEGMENT = 64  # as SegmentSize and FrameSize are by default
IN_A_ROW = 20          # short runs are measured together: the kernel counts in hundredths
ROUNDS = 3
OUT = os.path.join(BUILD, "tests/bench")

# A record a second, so that the overlap holds as many whatever the size.
STORE = ["--ties=1", "--spread=1", "--prompts=0"]
CONFIG = "Messages=no\nOverlap=10min\n"


def in_a_row(walker, line):
    """The Cost of one of many."""
    shell = f'for i in $(seq {IN_A_ROW}); do "$@" || exit; done'
    lines = []
    for _ in range(ROUNDS):
        cost = measure.run(["bash", "-c", shell, "-"] + line, env=environment())
        lines.append(measure.Cost(cost.cpu / IN_A_ROW, cost.peak, cost.wall / IN_A_ROW))
    return measure.Cost(*(measure.median(values) for values in zip(*lines)))


def growth(place, records, ids):
    """A row: what the walks of a store of that size cost."""
    walker = Walker(place, STORE + [f"--records={records}", f"--ids={ids}"], more=CONFIG)
    first = walker.walk()
    full = [walker.walk(again=True) for _ in range(ROUNDS)]
    again = measure.Cost(*(measure.median(values) for values in zip(*full)))
    before = walker.stats()["list"]
    news = in_a_row(walker, walker.line("--once=new"))
    requests = (walker.stats()["list"] - before) / IN_A_ROW / ROUNDS
    last = Archive(walker.directory).walks()[-1]
    equal((last["kind"], last["state"], last["new"]), ("new", "complete", 0), "the last walk")
    catalog = os.path.getsize(os.path.join(walker.directory, "catalog.sqlite3"))
    say(f"{records:,} records, ids {ids}: first {first}, again {again}, new {news}, {requests:g} "
        f"requests, {last['seen']} seen")
    return (f"{records:,}, IDs {ids}", f"{requests:g}", f"{last['seen']:,}",
            f"{news.cpu * 1e3:.1f}", f"{news.wall * 1e3:.1f}", f"{first.cpu / records * 1e6:.1f}",
            f"{again.cpu / records * 1e6:.1f}", f"{catalog / records:.0f}"), news


def frame(ledger, directory, number, index):
    """One more frame, of one record, in the segment of that number."""
    path = f"completions/archived=2020-01-01/{number:08}.jsonl"
    full = os.path.join(directory, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    created = 1_500_000_000 + index
    data = (f'{{"object":"chat.completion","id":"chatcmpl-old-{index:09}","created":{created},'
            f'"model":"gpt-4o-mini-2024-07-18"}}\n').encode()
    with open(full, "ab") as file:
        offset = file.tell()
        file.write(data)
    ledger.add("frame", stream="completions", segment=path, offset=offset, length=len(data),
               sha256=hashlib.sha256(data).hexdigest(), records=1, bytes=len(data), walk=1,
               cursors={}, request_id=None, group=ledger.seq + 1)
    return path


def seal(ledger, directory, path):
    full = os.path.join(directory, path)
    with open(full, "rb") as file:
        data = file.read()
    ledger.add("seal", stream="completions", segment=path, length=len(data),
               sha256=hashlib.sha256(data).hexdigest(), group=ledger.seq + 1)
    os.chmod(full, 0o440)


def lengthen(directory, frames):
    """Give an archive that many frames more, of records that were created long ago."""
    ledger, number, path = Ledger(directory), 1, None
    for index in range(frames):
        if index % FRAMES_A_SEGMENT == 0:
            if path:
                seal(ledger, directory, path)
            number += 1
        path = frame(ledger, directory, number, index)
    seal(ledger, directory, path)


def start(place):
    """Rows: a walk that finds nothing new and a status, with a short ledger and with a long one."""
    walker = Walker(place, STORE + ["--records=100"], more=CONFIG)
    walker.walk()
    new, status = walker.line("--once=new"), [CTL, f"--directory={walker.directory}", "status"]
    short = [in_a_row(walker, line) for line in (new, status)]
    lengthen(walker.directory, FRAMES)
    caught_up = measure.run(new, env=environment())
    long = [in_a_row(walker, line) for line in (new, status)]
    measure.run([CTL, f"--directory={walker.directory}", "verify"], env=environment())
    os.unlink(os.path.join(walker.directory, "catalog.sqlite3"))
    anew = measure.run(new, env=environment())
    names = ("`chatarchived --once=new`", "`chatarchivectl status`")
    rows = [(name, *(f"{value:.3f}" for value in (a.cpu, b.cpu, b.cpu - a.cpu, b.wall - a.wall)))
            for name, a, b in zip(names, short, long)]
    for name, cost in (("its first start, when the catalog lacks all of them", caught_up),
                       ("its first start without a catalog", anew)):
        rows.append((name, "–", f"{cost.cpu:.3f}", f"{cost.cpu - short[0].cpu:.3f}",
                     f"{cost.wall - short[0].wall:.3f}"))
    slowest = max(b.wall - a.wall for a, b in zip(short, long))
    return rows, slowest


def targets(news, slowest):
    """A walk for what is new: the largest archive's cost against the smallest one's."""
    rows = []
    for ids, costs in news.items():
        ratio = costs[-1].cpu / costs[0].cpu
        rows.append((f"nothing new, IDs {ids}: CPU of {SIZES[-1]:,} ÷ {SIZES[0]:,}, ≤ 1.1",
                     f"{ratio:.2f}", "held" if ratio <= 1.1 else "MISSED"))
    return rows + [(f"a start with {FRAMES:,} frames, less one without, ≤ 1 s",
                    f"{slowest:.3f} s", "held" if slowest <= 1 else "MISSED")]


def main():
    os.makedirs(OUT, exist_ok=True)
    rows, news = [], {}
    for ids in ("time", "random"):
        for size in SIZES:
            row, cost = in_place(growth, size, ids)
            rows.append(row)
            news.setdefault(ids, []).append(cost)
    starts, slowest = in_place(start)
    text = "\n".join([
        measure.markdown(["completions in the archive", "nothing new: requests", "seen", "CPU, ms",
                          "wall, ms", "first walk: CPU a record, µs", "full walk again, µs",
                          "catalog, bytes a record"], rows),
        f"A start with {FRAMES:,} frames in the ledger, seconds:\n",
        measure.markdown(["", "CPU, few frames", "CPU", "more CPU", "more wall"], starts),
        measure.markdown(["target", "measured", ""], targets(news, slowest))])
    with open(os.path.join(OUT, "results-growth.md"), "w") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
