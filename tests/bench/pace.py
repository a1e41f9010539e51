#!/usr/bin/env python3
"""How fast prompts come, and what the second head of a first walk gains, at 50 ms an answer. Wall
time, against what the latency alone allows: a quiet machine is needed, and nothing here is a test.

    make bench-pace"""

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("srcdir", os.getcwd()), "tests/e2e"))
from front import nginx  # noqa: E402
from harness import Place, check, command, environment, exact  # noqa: E402

LATENCY = 0.05
RUNS = 3
WALK = "[Walk]\nRequestsPerMinute=1000000\n"


def config(place, name, text):
    path = os.path.join(place.path, name + ".conf")
    with open(path, "w") as file:
        file.write(WALK + text)
    return path


def walk(directory, url, path):
    """Seconds that a whole walk takes."""
    shutil.rmtree(directory, ignore_errors=True)
    before = time.monotonic()
    done = subprocess.run(command(directory, url, config=path), env=environment(),
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    check(done.returncode == 0, done.stderr.decode())
    return time.monotonic() - before


def median(function):
    return sorted(function() for _ in range(RUNS))[RUNS // 2]


def busiest(server):
    """The most requests that were under way at once, of all that the stand-in has seen."""
    events = []
    for request in server.requests():
        if "start_us" in request:
            events += [(request["start_us"], 1), (request["end_us"], -1)]
    at_once = most = 0
    for _, change in sorted(events):
        at_once += change
        most = max(most, at_once)
    return most


def prompts(place, concurrent, front=None):
    """Prompts a second: the time with them less the time without."""
    server = place.standin("--records=1500", "--prompts=1", "--latency-ms=50")
    url, more = front(place, server) if front else (server.url, "")
    with_them = config(place, "with", f"MaxConcurrent={concurrent}\n{more}")
    without = config(place, "without", f"Messages=no\n{more}")
    directory = place.directory("prompts")
    list_alone = median(lambda: walk(directory, url, without))
    whole = median(lambda: walk(directory, url, with_them))
    exact(directory, server)
    # The list goes on beside the prompts; only its first page comes before them.
    return 1500 / (whole - LATENCY), whole, list_alone


def two_heads(place):
    """A first walk of 200 pages, and one like it that may use one head only: a full walk later."""
    server = place.standin("--records=2000", "--prompts=0", "--latency-ms=50")
    path = config(place, "heads", "Messages=no\nPageSize=10\n")
    directory = place.directory("heads")

    def first():
        return walk(directory, server.url, path)

    def later():
        before = time.monotonic()
        subprocess.run(command(directory, server.url, config=path), env=environment(), check=True,
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - before

    pairs = [(first(), later()) for _ in range(RUNS)]
    return sorted(a / b for a, b in pairs)[RUNS // 2], pairs


def main():
    place = Place()
    try:
        print("| what | measured | of what the latency allows |\n|---|---|---|")
        rate, whole, _ = prompts(place, 8)
        print(f"| prompts a second, HTTP/1.1 keep-alive, MaxConcurrent=8, 50 ms | {rate:.0f} | "
              f"{rate / (8 / LATENCY):.0%} |", flush=True)
        rate, whole, _ = prompts(place, 50, nginx)
        print(f"| prompts a second, TLS + HTTP/2, MaxConcurrent=50, 50 ms | {rate:.0f} | "
              f"{rate / (50 / LATENCY):.0%} |", flush=True)
        ratio, pairs = two_heads(place)
        print(f"| first walk of 200 pages at 50 ms ÷ the same with one head | {ratio:.2f} | – |")
    finally:
        place.close()


main()
