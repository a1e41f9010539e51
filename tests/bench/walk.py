#!/usr/bin/env python3
"""What a whole walk costs, next to other ways to get the same records: CPU time of all processes
that are needed for it (the server's not), peak memory, what it stores, and what is missing in it.

    make bench-walk         BENCH_RECORDS=100000 BENCH_ROUNDS=5 BENCH_SEED=1

Costs are measured with a store in which each record has a second of its own, so that all who take
part fetch the same; losses with one in which several records share a second, as happens. Nobody
fetches prompts. The tables are printed, and kept in tests/bench/results-walk.md."""

import glob
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request

BUILD = os.environ.get("builddir", os.getcwd())
SOURCE = os.environ.get("srcdir", os.getcwd())
sys.path.insert(0, os.path.join(SOURCE, "tests/e2e"))
from front import nginx  # noqa: E402
from harness import (DAEMON, KEY, STANDIN, Archive, Place, check, command,  # noqa: E402
                     decode, environment, same)
from measure import in_turn, markdown, run  # noqa: E402

RECORDS = int(os.environ.get("BENCH_RECORDS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SEED = os.environ.get("BENCH_SEED", "1")
TIED = max(RECORDS // 20, 100)
RIVALS = os.path.join(SOURCE, "tests/bench/rivals")
BUILT = os.path.join(BUILD, "tests/bench/rivals.tmp")
RESULTS = os.path.join(BUILD, "tests/bench/results-walk.md")
PYTHON = "/usr/bin/python3"  # Debian's own, which sees Debian's packages
MIB = 1024 * 1024
TICK = 0.01  # of GNU time

OURS, OURS_TLS = "chatarchived, HTTP/1.1", "chatarchived, TLS and HTTP/2"
OURS_TIME = "chatarchived, HTTP/1.1, IDs in order of time"
ZSTD, CURL = "`zstd -3 --single-thread` alone, from a file", "`curl` alone, to /dev/null"
JQ = "`curl \\| jq -c \\| zstd -3`"
REQUESTS = "Python: requests, json, zstandard level 3"
IJSON = "Python: requests, ijson (yajl2_c), zstandard level 3"
NODE_GZIP = "Node: openai's pager, gzip level 6"
NODE_ZSTD = "Node: openai's pager, `zstd -3`"


def config(place, name, more=""):
    path = os.path.join(place.path, name + ".conf")
    with open(path, "w") as file:
        file.write("[Walk]\nRequestsPerMinute=1000000\nMessages=no\n" + more)
    return path


class Contestant:
    """A command that brings all of a server's records into the file or directory `out`."""

    def __init__(self, place, server, line, out=None):
        self.server, self.line = server, line
        self.out = os.path.join(place.path, out) if out else None

    def __call__(self):
        if self.out and os.path.isdir(self.out):
            shutil.rmtree(self.out)
        return run(self.line, env=environment())

    def files(self):
        if not os.path.isdir(self.out):
            return [self.out]
        return sorted(glob.glob(os.path.join(self.out, "completions/*/*")))

    def size(self):
        return sum(map(os.path.getsize, self.files()))

    def lines(self):
        for path in self.files():
            with open(path, "rb") as file:
                yield from decode(file.read(), path).split(b"\n")[:-1]


def ours(place, server, name, url=None, more=""):
    out = os.path.join(place.path, name)
    line = command(out, url or server.url, config=config(place, name, more))
    return Contestant(place, server, line, name)


def all_of_us(place, server, store):
    """Our rows. A server with IDs in order of time is another one, of the same records."""
    url, trust = nginx(place, server)
    found = {OURS: ours(place, server, "plain"), OURS_TLS: ours(place, server, "tls", url, trust)}
    if "--ids=" in subprocess.run([STANDIN, "--help"], capture_output=True, text=True).stdout:
        found[OURS_TIME] = ours(place, place.standin(*store, "--ids=time"), "time")
    return found


def others(place, server):
    """The rivals, by name; those of Node only where it is there."""
    def shell(text, out):
        words = {"base": server.url, "out": os.path.join(place.path, out), "rivals": RIVALS,
                 "built": BUILT, "python": PYTHON}
        line = text.format_map({name: shlex.quote(word) for name, word in words.items()})
        return Contestant(place, server, line, out)

    found = {JQ: shell("exec bash {rivals}/curl-jq.sh {base} {out}", "jq.zst"),
             REQUESTS: shell("exec {python} -B {rivals}/requests-json.py {base} {out}", "json.zst"),
             IJSON: shell("exec {python} -B {rivals}/requests-ijson.py {base} {out}", "ijson.zst")}
    if node_version():
        found[NODE_GZIP] = shell("exec node {built}/openai.mjs {base} gzip >{out}", "node.gz")
        found[NODE_ZSTD] = shell("node {built}/openai.mjs {base} | zstd -3 -q -f -o {out}",
                                 "node.zst")
    return found


def pinned(name="openai"):
    with open(os.path.join(RIVALS, "package.json")) as file:
        return json.load(file)["dependencies"][name]


def node_version(name="openai"):
    """The version of a package that is installed for the benchmark; None: it is not."""
    try:
        with open(os.path.join(BUILT, "node_modules", name, "package.json")) as file:
            return json.load(file)["version"]
    except FileNotFoundError:
        return None


def install_node():
    """The official package, into the build directory, once."""
    os.makedirs(BUILT, exist_ok=True)
    for name in ("package.json", "openai.mjs"):
        shutil.copy(os.path.join(RIVALS, name), BUILT)
    if node_version() == pinned():
        return
    try:
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                        "--no-package-lock", "--silent"], cwd=BUILT, check=True,
                       stdin=subprocess.DEVNULL)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"walk.py: without the rows of Node: {error}", file=sys.stderr)


def urls(base):
    """Every page's address, learnt beforehand."""
    query, found = "limit=100", []
    while True:
        found.append(f"{base}/chat/completions?{query}")
        request = urllib.request.Request(found[-1], headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request) as answer:
            page = json.load(answer)
        if not page["has_more"]:
            return found
        query = f"limit=100&after={page['last_id']}"


def floors(place, server, archive):
    """What no program can do without: compress the lines, and receive the pages."""
    text = os.path.join(place.path, "lines.jsonl")
    with open(text, "wb") as file:
        for line in archive.lines():
            file.write(line + b"\n")
    pages = os.path.join(place.path, "pages.curl")
    with open(pages, "w") as file:
        file.write(f'header = "Authorization: Bearer {KEY}"\n')
        file.writelines(f'url = "{url}"\n' for url in urls(server.url))
    out = os.path.join(place.path, "lines.zst")
    pack = ["zstd", "-3", "--single-thread", "-q", "-f", text, "-o", out]
    return {ZSTD: Contestant(place, server, pack, "lines.zst"),
            CURL: Contestant(place, server, ["curl", "-sSf", "-K", pages])}


ID = re.compile(rb'"id":"(chatcmpl-[^"]+)"')
SEED_OF = re.compile(rb'"seed":([-+.0-9eE]+|null|"[^"]*")')


def seeds(lines):
    """Each record's seed, its digits as they stand there."""
    return {ID.search(line).group(1): SEED_OF.search(line).group(1) for line in lines}


def losses():
    """Each contestant's lost records and wrong seeds, of a store with ties."""
    place, rows = Place(), {}
    try:
        store = (f"--records={TIED}", f"--seed={SEED}", "--ties=8", "--cursor=t1", "--prompts=0")
        server = place.standin(*store)
        for name, contestant in {**all_of_us(place, server, store),
                                 **others(place, server)}.items():
            contestant()
            sent = seeds(line.encode() for line in contestant.server.expected())
            got = seeds(contestant.lines())
            check(got.keys() <= sent.keys(), f"{name}: records that nobody sent")
            wrong = sum(seed != sent[record] for record, seed in got.items())
            rows[name] = (f"{len(sent) - len(got)} of {len(sent)}", f"{wrong} of {len(got)}")
        return rows
    finally:
        place.close()


def complete(contestants):
    """A contestant that did not bring everything would look cheap."""
    there = {}
    for name, contestant in contestants.items():
        if not contestant.out:
            continue
        server = contestant.server
        if server not in there:
            there[server] = server.expected()
        if os.path.isdir(contestant.out):
            same(Archive(contestant.out).lines("completions"), there[server], name)
        check(sum(1 for _ in contestant.lines()) == len(there[server]), f"{name} is not complete")


def costs(records, size):
    """Medians of all contestants, the sizes of what they store, and of the records as text."""
    place = Place()
    try:
        store = (f"--records={records}", f"--seed={SEED}", "--ties=1", "--prompts=0",
                 f"--record-bytes={size}")
        server = place.standin(*store)
        us = all_of_us(place, server, store)
        us[OURS]()
        contestants = {**us, **floors(place, server, us[OURS]), **others(place, server)}
        medians = in_turn(contestants, ROUNDS)
        complete(contestants)
        sizes = {name: contestant.size() for name, contestant in contestants.items()
                 if contestant.out and contestant.server is server}
        return medians, sizes, os.path.getsize(os.path.join(place.path, "lines.jsonl"))
    finally:
        place.close()


def ratio_of(cost, base):
    return cost.cpu / max(base.cpu, TICK)


def targets(medians, sizes):
    """(what, at most or at least, target, measured)"""
    def ratio(name, base):
        return ratio_of(medians[name], medians[base]) if name in medians else None

    short = "`zstd -3 --single-thread`"
    return [(f"{OURS} ÷ {short}", "≤", 1.45, ratio(OURS, ZSTD)),
            (f"{OURS_TLS} ÷ {short}", "≤", 1.65, ratio(OURS_TLS, ZSTD)),
            (f"{JQ} ÷ ours", "≥", 16, ratio(JQ, OURS)),
            (f"{NODE_GZIP} ÷ ours", "≥", 5, ratio(NODE_GZIP, OURS)),
            (f"{NODE_ZSTD} ÷ ours", "≥", 2.5, ratio(NODE_ZSTD, OURS)),
            (f"{REQUESTS} ÷ ours", "≥", 1.5, ratio(REQUESTS, OURS)),
            (f"Stored by {OURS} ÷ by one `zstd -3`", "≤", 1.02, sizes[OURS] / sizes[ZSTD])]


def report(records, size, lost):
    medians, sizes, plain = costs(records, size)
    rows = []
    for name, cost in medians.items():
        stored = f"{sizes[name] / sizes[ZSTD]:.3f}" if name in sizes else "–"
        rows.append((name, f"{cost.cpu:.2f}", f"{ratio_of(cost, medians[OURS]):.2f}",
                     f"{cost.peak / MIB:.1f}", stored, *lost.get(name, ("–", "–"))))
    text = (f"### {records:,} completions of {plain / records:,.0f} bytes, "
            f"{plain / MIB:,.0f} MiB in all\n\n")
    text += markdown(("What", "CPU, s", "÷ ours", "peak, MiB", "stored ÷ one zstd -3",
                      "records lost", "seeds wrong"), rows)
    rows = []
    for what, sign, target, got in targets(medians, sizes):
        if got is None:
            continue
        reached = got <= target if sign == "≤" else got >= target
        rows.append((what, f"{sign} {target}", f"{got:.3g}" if got > 10 else f"{got:.2f}",
                     "yes" if reached else "**no**"))
    text += "\n" + markdown(("Target", "", "measured", "reached"), rows)
    if medians[ZSTD].cpu < 50 * TICK:
        text += "\nToo few records: below half a second the 10 ms of the clock are in every ratio.\n"
    return text


def first_line(*argv):
    out = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    return out.splitlines()[0].strip() if out else "?"


def machine():
    """One line of what it was measured on, and with."""
    with open("/proc/cpuinfo") as file:
        info = file.read()
    model = re.search(r"model name\s*: (.*)", info)
    sha = "with" if re.search(r"\bsha_ni\b", info) else "without"
    python = ("import platform, requests, zstandard, ijson;"
              "print('Python', platform.python_version() + ', requests', requests.__version__ +"
              "', zstandard', zstandard.__version__ + ', ijson', ijson.__version__)")
    tools = ["zstd " + re.search(r"v([0-9.]+)", first_line("zstd", "--version")).group(1),
             first_line("jq", "--version").replace("-", " ", 1),
             " ".join(first_line("curl", "--version").split()[:2]),
             first_line(PYTHON, "-c", python)]
    if node_version():
        tools += ["Node " + first_line("node", "--version")[1:], f"openai {node_version()}"]
    kernel = ".".join(platform.release().split(".")[:2])
    return (f"{first_line(DAEMON, '--version')}; {model.group(1) if model else platform.machine()} "
            f"{sha} SHA instructions, {os.cpu_count()} processors, Linux {kernel}; "
            f"{', '.join(tools)}.")


NOTES = """
Median of {rounds}, all in turn. CPU time is that of all processes of a row, in user space and in
the kernel; the server's is not counted. Peak memory is that of the largest process alone. Records
lost and seeds wrong are of another store, of {tied:,} completions of which up to 8 share a second:
lost is what the server has and the output has not; a seed is wrong if its digits, in a record that
was not lost, are not those that were sent.
"""


def main():
    install_node()
    lost = losses()
    text = "## A whole walk\n"
    for records, size in ((RECORDS, 600), (RECORDS // 2, 2500), (RECORDS // 5, 8000)):
        part = "\n" + report(records, size, lost)
        print(part, flush=True)
        text += part
    end = NOTES.format(rounds=ROUNDS, tied=TIED) + "\n" + machine() + "\n"
    print(end)
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    with open(RESULTS, "w") as file:
        file.write(text + end)


if __name__ == "__main__":
    main()
