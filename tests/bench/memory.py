#!/usr/bin/env python3
"""Peak memory, against the size of a page, of a string, of a store; beside it the rivals', and the
CPU time that a byte of a long string costs. $BENCH_LARGEST, in bytes, makes it shorter.

    make bench-memory"""

import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("srcdir", os.getcwd()), "tests/e2e"))
import chart  # noqa: E402
import measure  # noqa: E402
import walk  # noqa: E402
from harness import BUILD, KEY, Failed, check, environment  # noqa: E402
from walker import Walker, in_place, say  # noqa: E402

LARGEST = int(float(os.environ.get("BENCH_LARGEST", 10e9)))
SIZES = [int(size) for size in (1e3, 1e6, 16e6, 100e6, 1e9, 10e9) if size <= LARGEST]
TINY = min(10_000_000, LARGEST // 1000)
KNOWN = min(1_000_000, LARGEST // 10_000)
GIANT = min(200_000_000, LARGEST)
IDS = ("time", "random")  # the live service's, and those that land all over an index
PAGE = 100
AT_ONCE = "--latency-ms=500"  # so that none has begun to come when the last one is asked for
TINY_BYTES = 70     # of a record of --tiny
SHELL_BYTES = 720   # of a record less its answer
MIB = 2 ** 20
STREAM_MAX, GIANTS_MAX, FLAT_MAX = 24 * MIB, 32 * MIB, MIB
RIVALS_UP_TO, RIVALS_PEAK = 1e9, 2048 * MIB
PATIENCE = 300  # seconds: a parser may take a square of the size
RIVALS = {walk.JQ: "curl + jq + zstd", walk.REQUESTS: "Python, json",
          walk.IJSON: "Python, ijson", walk.NODE_ZSTD: "Node, openai"}
OUT = os.path.join(BUILD, "tests/bench")


def named(size):
    for unit, name in ((10 ** 9, "GB"), (10 ** 6, "MB"), (1000, "kB")):
        if size >= unit:
            return f"{size // unit:,} {name}"
    return f"{size} bytes"


def mib(peak, unit=""):
    return f"{peak / MIB:,.1f}{unit}" if isinstance(peak, (int, float)) else peak


def page_of(size):
    """A stand-in's options: a page of that size. 1 kB takes records without an answer."""
    answer = size // PAGE - SHELL_BYTES
    if answer <= 0:
        return [f"--records={max(1, min(PAGE, size // TINY_BYTES))}", "--tiny"]
    return [f"--records={PAGE}", "--big-kind=repeating"] + [f"--big-string={answer}@{index}"
                                                            for index in range(PAGE)]


def string_of(size, kind="repeating"):
    return ["--records=1", f"--big-kind={kind}", f"--big-string={size}@0"]


def peak(what, options, tls, more="Messages=no\n", rounds=1, in_flight=None, again=False):
    """The highest of some walks' peaks; a word if the walk fails."""
    def one(place):
        walker = Walker(place, options, tls, more)
        costs = [walker.walk() for _ in range(rounds)]
        if again:
            costs = [walker.walk(again=True)]
        if in_flight:
            seen = walker.stats()["max_in_flight"]
            check(seen >= in_flight, f"{seen} at once, not {in_flight}")
        return costs

    try:
        costs = in_place(one)
    except (measure.Broken, Failed) as failure:
        say(f"{what}, {'TLS' if tls else 'plain'}: {failure}")
        return "fails"
    highest = max(cost.peak for cost in costs)
    say(f"{what}, {'TLS' if tls else 'plain'}: {mib(highest)} MiB, {costs[-1].cpu:.2f} s of CPU, "
        f"{costs[-1].wall:.1f} s")
    return highest


def both(what, options, **more):
    return [peak(what, options, tls, **more) for tls in (False, True)]


def series(what, store):
    """By size: the peak over HTTP/1.1, the peak over TLS and HTTP/2."""
    return {size: both(f"{what} of {named(size)}", store(size), rounds=3 if size <= 1e8 else 1)
            for size in SIZES}


def rival(place, name, options):
    """The peak of one walk, or a word."""
    line = walk.others(place, place.standin(*options))[name].line
    try:
        return measure.run(["timeout", str(PATIENCE), "bash", "-o", "pipefail", "-c", line],
                           env=environment()).peak
    except measure.Broken as failure:
        say(str(failure)[-300:])
        return f"> {PATIENCE // 60} min" if "ended with 124:" in str(failure) else "fails"


def rival_series(name, what, store):
    """Up to where it takes too much, or fails, or 1 GB: by size, a peak or a word."""
    out = {}
    for size in SIZES:
        if size > RIVALS_UP_TO:
            break
        out[size] = in_place(rival, name, store(size))
        say(f"{name}, {what} of {named(size)}: {mib(out[size])}")
        if isinstance(out[size], str) or out[size] > RIVALS_PEAK:
            break
    return out


def throughput(kind, size, rounds):
    """(MB a second of CPU for a string of that kind, the same of `zstd -3` for the same bytes)."""
    def one(place):
        walker = Walker(place, string_of(size, kind))
        file = os.path.join(place.path, "body")
        measure.run(["curl", "-sSf", "-o", file, "-H", f"Authorization: Bearer {KEY}",
                     walker.url + "/chat/completions?limit=100"])
        costs = measure.in_turn({
            "ours": walker.walk,
            "zstd": lambda: measure.run(["zstd", "-3", "--single-thread", "-q", "-c", file]),
        }, rounds)
        check(walker.plain_bytes() > size, "bytes are missing")
        return [size / 1e6 / max(costs[name].cpu, 0.01) for name in ("ours", "zstd")]

    speeds = in_place(one)
    say(f"{kind} of {named(size)}: {speeds[0]:.0f} MB/s, zstd {speeds[1]:.0f} MB/s")
    return speeds


def throughputs():
    largest = min(LARGEST, 10 ** 9)
    return {(kind, size): throughput(kind, size, 3)
            for kind in ("repeating", "base64") for size in sorted({largest // 10, largest})}


def verdict(value, limit):
    if not isinstance(value, (int, float)):
        return "MISSED"
    return "held" if value <= limit else f"MISSED by {mib(value - limit)} MiB"


def spread(peaks):
    numbers = [value for value in peaks if isinstance(value, int)]
    return max(numbers) - min(numbers) if len(numbers) == len(peaks) and peaks else "fails"


def targets(pages, strings, rest, speeds):
    """Rows of what was promised, what was measured, and whether the one holds the other."""
    over_tls = [row[1] for row in [*pages.values(), *strings.values(), rest["known"]]]
    worst = max(over_tls, key=lambda value: value if isinstance(value, int) else float("inf"))
    rows = [("one stream over TLS + HTTP/2, ≤ 24 MiB", mib(worst, " MiB"),
             verdict(worst, STREAM_MAX))]
    for name, value in zip(("HTTP/1.1", "TLS + HTTP/2"), rest["giants"]):
        rows.append((f"eight giants over {name}, ≤ 32 MiB", mib(value, " MiB"),
                     verdict(value, GIANTS_MAX)))
    for ids in IDS:
        value = rest[f"tiny, IDs {ids}"][0]
        rows.append((f"{TINY:,} tiny records, IDs {ids}, HTTP/1.1, ≤ 24 MiB", mib(value, " MiB"),
                     verdict(value, STREAM_MAX)))
    for name, lot in (("page", pages), ("string", strings)) if SIZES[-1] > 16e6 else ():
        for which, front in enumerate(("HTTP/1.1", "TLS + HTTP/2")):
            apart = spread([row[which] for size, row in lot.items() if size >= 16e6])
            rows.append((f"flat from 16 MB to {named(SIZES[-1])}: a {name}, {front}, within 1 MiB",
                         mib(apart, " MiB"), verdict(apart, FLAT_MAX)))
    return rows + speed_targets(speeds) if LARGEST >= 1e9 else rows  # a start counts in short ones


def speed_targets(speeds):
    sizes = sorted({size for _, size in speeds})
    repeating, (base64, zstd) = speeds["repeating", sizes[-1]][0], speeds["base64", sizes[-1]]
    rows = [("repeating text, ≥ 400 MB/s of CPU", f"{repeating:,.0f} MB/s",
             "held" if repeating >= 400 else "MISSED"),
            ("base64, ≥ 0.8 of `zstd -3`'s speed", f"{base64 / zstd:.2f}",
             "held" if base64 >= 0.8 * zstd else "MISSED")]
    for kind in ("repeating", "base64"):
        ratio = speeds[kind, sizes[0]][0] / speeds[kind, sizes[-1]][0]
        rows.append((f"CPU a byte, {kind}: {named(sizes[-1])} ÷ {named(sizes[0])}, ≤ 1.1",
                     f"{ratio:.2f}", "held" if ratio <= 1.1 else "MISSED"))
    return rows


def report(pages, strings, rest, speeds, rivals):
    def ours(lot, name):
        return [(f"{name} of {named(size)}", *map(mib, row)) for size, row in lot.items()]

    others = {
        **{f"one page of {TINY:,} tiny records, IDs {ids}": rest[f"tiny, IDs {ids}"]
           for ids in IDS},
        f"eight prompts of {named(GIANT)} at once": rest["giants"],
        f"full walk, {KNOWN:,} completions known": rest["known"],
    }
    parts = ["Peak memory of `chatarchived --once`, MiB:\n",
             measure.markdown(["walk", "HTTP/1.1", "TLS + HTTP/2"],
                              ours(pages, "a page") + ours(strings, "a string") +
                              [(name, *map(mib, row)) for name, row in others.items()]),
             "CPU time of one long string, MB a second:\n",
             measure.markdown(["string", "chatarchived", "`zstd -3 --single-thread`", "ratio"],
                              [(f"{named(size)} of {kind}", f"{a:,.0f}", f"{b:,.0f}",
                                f"{a / b:.2f}") for (kind, size), (a, b) in speeds.items()]),
             "Peak memory of the rivals over HTTP/1.1, MiB (the largest process of each):\n",
             measure.markdown(["answer", *rivals["page"]],
                              [(f"a {what} of {named(size)}",
                                *(mib(lot.get(size, "–")) for lot in rivals[what].values()))
                               for what in rivals for size in SIZES if size <= RIVALS_UP_TO]),
             measure.markdown(["target", "measured", ""], targets(pages, strings, rest, speeds))]
    return "\n".join(parts)


def line_of(name, lot, ours=False):
    points = [(size, value) for size, value in lot.items() if isinstance(value, int)]
    words = [(size, value) for size, value in lot.items() if isinstance(value, str)]
    return chart.Line(name, points, words[0] if words else None, ours) if points else None


def draw(pages, strings, rivals):
    panels = []
    for title, what, lot in (("A page of 100 completions", "page", pages),
                             ("One string in a completion", "string", strings)):
        lines = [line_of("chatarchived", {size: row[1] for size, row in lot.items()}, True)]
        lines += [line_of(name, series) for name, series in rivals[what].items()]
        panels.append(chart.Panel(title, [one for one in lines if one]))
    with open(os.path.join(OUT, "memory.svg"), "w") as file:
        file.write(chart.svg("Peak memory by the size of what the server sends",
                             "size of the answer", "peak memory", panels))


def main():
    os.makedirs(OUT, exist_ok=True)
    pages, strings = series("a page", page_of), series("a string", string_of)
    giants = [f"--big-prompt={GIANT}@{index}" for index in range(8)]
    rest = {
        "giants": both("giants", ["--records=8", "--ties=1", "--prompts=1", *giants, AT_ONCE],
                       more="MaxConcurrent=8\n", in_flight=8),
        "known": both("known", [f"--records={KNOWN}", "--ids=time"], again=True),
        **{f"tiny, IDs {ids}": [peak(f"tiny, IDs {ids}", [f"--records={TINY}", "--tiny",
                                                          "--ignore-limit", f"--ids={ids}"],
                                     tls=False), "–"] for ids in IDS},
    }
    speeds = throughputs()
    walk.install_node()
    rivals = {what: {short: rival_series(name, f"a {what}", store)
                     for name, short in RIVALS.items()
                     if walk.node_version() or name != walk.NODE_ZSTD}
              for what, store in (("page", page_of), ("string", string_of))}
    text = report(pages, strings, rest, speeds, rivals)
    with open(os.path.join(OUT, "results-memory.md"), "w") as file:
        file.write(text)
    draw(pages, strings, rivals)
    print(text)


if __name__ == "__main__":
    main()
