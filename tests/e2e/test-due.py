#!/usr/bin/env python3
"""chatarchivectl status where it reads the configuration: when the daemon walks next."""

import datetime
import os
import re
import subprocess
import time

from forged import Ledger, rfc3339
from harness import (BUILD, DAEMON, Archive, check, command, environment, equal, run, run_program,
                     test)
from told import line, status

HERE = os.path.join(BUILD, "tests/e2e/chatarchivectl")  # ./chatarchived/chatarchived.conf is its


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def configured(place, text=""):
    """status without --directory, below place.path. A program to call, and the archive's place."""
    directory = place.directory()
    os.makedirs(os.path.join(place.path, "chatarchived"))
    with open(os.path.join(place.path, "chatarchived/chatarchived.conf"), "w") as file:
        file.write(f"[Archive]\nDirectory={directory}\n{text}")
    return directory, lambda expect=0, *args: status(None, expect, *args, program=HERE,
                                                     cwd=place.path)


@test("when the daemon walks next: from the configuration and the starts of walks")
def due(place):
    directory, ask = configured(place, "[Walk]\nInterval=10min\nFullInterval=2d\n")
    now = time.time()
    ledger = Ledger(directory, "https://api.example/v1")

    def told(new, full, since=None):
        """None: now, whenever that is."""
        with ledger.locked():
            text, told, _ = ask()
        for key, expected in (("new", new), ("full", full)):
            at = since or (time.time() if expected is None else now)
            got, expected = moment(told["next"][key]) - at, expected or 0
            check(abs(got - expected) < 10, f"{key}: in {got} s, expected {expected}: {text}")
        return line(text, "Next walk")

    equal(told(None, None), "new now, full now", "before the first walk")
    ledger.add("begin", walk=1, kind="full", started=rfc3339(now - 60))
    told(540, 2 * 86400 - 60)
    ledger.failed(1, started=now - 900, ended=now - 30, reason="interrupted")
    equal(told(None, -30), "new now, full now", "after an interruption")
    ledger.walk(1, started=now - 3600, ended=now - 1800)
    text = told(-1725, 2 * 86400 - 3600)
    check(re.fullmatch(r"new now, full about 20[-0-9]{8} [0-9:]{5} UTC \(in 1d 2[23]h\)", text),
          repr(text))
    ledger.failed(2, started=now - 60, ended=now)
    text = told(-1725, 60)
    check(text.startswith("new now, full about"), repr(text))
    ledger.walk(3, "new", started=now - 100, ended=now - 90)
    text = told(500, 60)
    check(text.startswith("new about 20") and " UTC (in 8min " in text, repr(text))
    for number in (4, 5, 6):
        ledger.failed(number, "new", started=now - 20, ended=now)
    told(240, 60)
    ledger.add("begin", walk=7, kind="new", started=rfc3339(now - 10))
    told(590, 60)
    ledger.walk(7, "new", started=now - 1100, ended=now)
    told(75, 60)
    ledger.walk(8, started=now + 1e9, ended=now + 2e9)
    told(600, 2 * 86400, time.time())


@test("what the daemon says of its next walk is what it does")
def daemon(place):
    server = place.standin("--records=20")
    directory, ask = configured(place, f"[API]\nBaseURL={server.url}\n[Walk]\nInterval=4s\n")
    os.mkdir(directory)
    config = os.path.join(place.path, "chatarchived/chatarchived.conf")
    process = subprocess.Popen([DAEMON, f"--config={config}"], env=environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        while len(Archive(directory).walks()) < 2:
            equal(process.poll(), None, "its exit code")
        _, told, _ = ask()
        while len(Archive(directory).walks()) < 3:
            equal(process.poll(), None, "its exit code")
    finally:
        process.terminate()
        process.wait()
    equal((told["writing"], told["writer_pid"]), (True, process.pid), "the writer")
    early = moment(told["next"]["new"]) - moment(Archive(directory).walks()[2]["started"])
    check(-2 <= early <= 4 / 16 + 0.1, f"it walked {early} s before it was due")


@test("nothing is due where no daemon runs, or only --once; nothing is said without configuration")
def not_due(place):
    server = place.standin("--records=400", "--latency-ms=40")
    directory, ask = configured(place)
    process = subprocess.Popen(command(directory, server.url), env=environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while not server.requests():
        pass
    text, told, _ = ask()
    process.wait()
    check("--once" in line(text, "Next walk"), repr(text))
    equal((told["next"], told["writing"], told["writer_pid"]),
          ({"new": None, "full": None}, True, process.pid), "what is told")
    text, told, _ = ask(0, "--max-age=1d")
    equal(line(text, "Next walk"), "none: no daemon is running", "the line")
    equal((told["next"], told["writing"]), ({"new": None, "full": None}, False), "what is told")
    with Ledger(directory).locked():
        text, told, _ = status(directory)
    check("Next walk:" not in text, repr(text))
    equal((told["next"], told["writing"]), ({"new": None, "full": None}, True), "what is told")


@test("a full walk twice as old as its interval is told, and changes no exit code")
def overdue(place):
    directory, ask = configured(place, "[Walk]\nFullInterval=1h\n")
    ledger = Ledger(directory, "https://api.example/v1")
    for age, late in ((7000, False), (7400, True)):
        ledger.walk(1, ended=time.time() - age)
        equal(line(ask()[0], "Full walk").endswith(" ago, and one is due every 1h"), late, str(age))
        check("due every" not in line(status(directory)[0], "Full walk"), "not configured")
    check("too long" in line(ask(1, "--max-age=1h")[0], "Full walk"), "too old")


@test("a bad configuration: exit 2, told with file and line, not read with --directory")
def bad_config(place):
    directory, _ = configured(place, "[Walk]\nInterval=never\n")
    Ledger(directory, "https://api.example/v1")
    result = run_program([HERE, "status", "--json"], cwd=place.path)
    equal((result.code, result.out), (2, ""), "what comes")
    check("chatarchived.conf:4" in result.err and "--directory" in result.err, repr(result.err))
    result = run_program([HERE, f"--directory={directory}", "status"], cwd=place.path)
    equal((result.code, result.err), (0, ""), "with --directory")


if __name__ == "__main__":
    run()
