#!/usr/bin/env python3
"""chatarchivectl status, as a person and a monitor meet it when something is wrong: the exit code
says it, and --json is one valid object that always has the same keys."""

import contextlib
import datetime
import json
import os
import pty
import re
import shutil
import subprocess
import time

from forged import Ledger
from harness import (CTL, FAST, SOURCE, ZERO, Archive, check, command, environment, equal, once,
                     run, run_program, test, tree)
from told import KEYS, WALK, line, status

UTC = datetime.timezone.utc


@test("no directory, an empty one, a file in its place, a directory of something else: exit 1")
def none(place):
    empty, other = place.directory("empty"), place.directory("other")
    os.mkdir(empty)
    os.mkdir(other)
    open(os.path.join(other, "letters.txt"), "w").close()
    for where in (empty, other, os.path.join(other, "letters.txt"), place.directory("none"),
                  place.directory("\x1b[2Jname")):
        for args in ([], ["--max-age=100w"]):
            text, told, err = status(where, 1, *args)
            equal(text, "", "stdout")
            check("there is no archive in" in told["error"] and "\x1b" not in err, repr(err))
            equal((told["since"], told["completions"], told["too_old"], told["writing"]),
                  (None, None, True if args else None, None), "what is told")
    equal(os.listdir(empty), [], "the empty directory")
    name = os.fsencode(place.path) + b"/\xff\xfe"
    done = subprocess.run([CTL.encode(), b"--directory=" + name, b"status", b"--json"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    check(json.loads(done.stdout.decode("utf-8", "strict"))["directory"].endswith("\ufffd\ufffd"),
          "a name that is no UTF-8")


@test("an archive that lost its ledger: exit 3; of a later format: 2; that may not be read: 1")
def unread(place):
    directory = place.directory()
    Ledger(directory, "https://api.example/v1").walk(1)
    os.mkdir(os.path.join(directory, "completions"))
    later = place.directory("later")
    Ledger(later, "https://api.example/v1")
    path = os.path.join(later, "ledger.jsonl")
    os.unlink(path)
    other = Ledger(later.replace("later", "later2"), "https://api.example/v1")
    other.seq, other.prev, other.path = 0, ZERO, path
    other.add("open", format=99, base_url="https://api.example/v1", project=None)
    _, told, _ = status(later, 2)
    check("format 99" in told["error"], repr(told["error"]))
    pipe = place.directory("pipe")
    os.mkdir(pipe)
    os.mkfifo(os.path.join(pipe, "ledger.jsonl"))
    _, told, _ = status(pipe, 3)
    equal(told["damaged"], 1, "damaged")
    os.unlink(os.path.join(directory, "ledger.jsonl"))
    text, told, _ = status(directory, 3, "--max-age=1d")
    equal((text, told["damaged"], told["too_old"]), ("", 1, True), "what is told")
    os.symlink("ledger.jsonl", os.path.join(directory, "ledger.jsonl"))  # to itself: ELOOP
    _, told, _ = status(directory, 1)
    check("cannot open" in told["error"] and told["damaged"] == 0, repr(told["error"]))


@test("--max-age takes a time span and nothing else")
def spans(place):
    directory = place.directory()
    ledger = Ledger(directory, "https://api.example/v1")
    ledger.walk(1, ended=time.time() - 5400)
    for age, code in (("36h", 0), ("1h 31min", 0), ("2w", 0), ("100000", 0), ("5400000ms", 1),
                      ("1h", 1), ("1.25h", 1), ("0", 1), ("1us", 1)):
        text, told, err = status(directory, code, f"--max-age={age}")
        equal(told["too_old"], code == 1, age)
        equal("too long" in line(text, "Full walk"), code == 1, age)
        equal("is 1h 30min" in err, code == 1, err)
        check(5400 <= told["age_seconds"] < 5500, str(told["age_seconds"]))
    for age in ("infinity", "-1", "-1h", "1y2", "36H", "h", " ", "", "1e3", "99999999999999d",
                "1h\x1b[2J", "nan"):
        result = run_program([CTL, f"--directory={directory}", "status", f"--max-age={age}"])
        equal((result.code, result.out), (2, ""), repr(age))
        check("max-age" in result.err and "\x1b" not in result.err, repr(result.err))
    for args in (["status", "--max-age"], ["status", "--json=yes"], ["--max-age=1h", "verify"]):
        equal(run_program([CTL, f"--directory={directory}", *args]).code, 2, str(args))


@test("a walk that ended in the future is told, and does not keep a monitor quiet")
def future(place):
    directory = place.directory()
    ledger = Ledger(directory, "https://api.example/v1")
    ledger.walk(1, ended=time.time() + 7200)
    text, told, _ = status(directory)
    check(line(text, "Full walk").endswith("still 1h 59min ahead: a clock was wrong"), repr(text))
    check(-7200 <= told["age_seconds"] < -7100, str(told["age_seconds"]))
    status(directory, 0, "--max-age=36h")
    _, told, err = status(directory, 1, "--max-age=1h")
    check(told["too_old"] and "clock" in err, repr(err))
    ledger.walk(2, started=time.time() + 9000, ended=time.time() - 10)
    text, told, _ = status(directory, 0, "--max-age=1h")
    equal(told["walks"][0]["seconds"], 0, "the walk's length")
    check("clock" not in text, repr(text))


@test("a run of failed walks is told with its last reason, and of full ones as well")
def failures(place):
    directory = place.directory()
    ledger = Ledger(directory, "https://api.example/v1")
    ledger.failed(1, reason="interrupted")
    text, told, _ = status(directory, 1, "--max-age=1d")
    equal(line(text, "Full walk"), "none was complete yet", "the full walk")
    check(line(text, "Failed").startswith("1 walk since the last complete one; walk 1, "),
          repr(text))
    ledger.walk(1)
    text, told, _ = status(directory)
    check("Failed:" not in text, repr(text))
    equal((told["failed_since"], told["last_failed"], told["failed_full_since"],
           told["last_failed_full"]), (0, None, 0, None), "nothing failed")
    ledger.failed(2, reason="order", detail="page 3")
    ledger.failed(3, reason="\x1b[31mred", detail="\x1b[2J\nfirst\x7f\u009b")
    for number in range(4, 11):
        ledger.failed(number, "new", reason="http", detail="HTTP 503\x1b]0;x\x07")
    text, told, _ = status(directory)
    equal((told["failed_since"], told["failed_full_since"]), (9, 2), "failed")
    equal((told["last_failed"]["walk"], told["last_failed_full"]["walk"]), (10, 3), "the last")
    lines = [one for one in text.splitlines() if one.startswith("Failed:")]
    check(len(lines) == 2 and lines[0].startswith("Failed:       9 walks since the last") and
          lines[0].endswith(" UTC: http: HTTP 503\\u001b]0;x\\u0007") and
          lines[1].startswith("Failed:       2 full walks since the last complete one; walk 3") and
          lines[1].endswith(": \\u001b[31mred: \\u001b[2J\\u000afirst\\u007f\\u009b"), repr(text))
    ledger.walk(11, "new")
    text, told, _ = status(directory)
    equal((told["failed_since"], told["last_failed"], told["failed_full_since"]), (0, None, 2),
          "a new walk does not make up for a full one")
    check(line(text, "Failed").startswith("2 full walks"), repr(text))
    ledger.walk(12)
    check("Failed:" not in status(directory)[0], "a full walk makes up for all")


@test("a first walk that was killed: cut off, with what waits; the next one has it running")
def killed(place):
    server = place.standin("--records=3000", "--prompts=1", "--latency-ms=5")
    directory = place.directory()
    config = os.path.join(place.path, "small.conf")
    with open(config, "w") as file:
        file.write(FAST + "PageSize=50\n[Archive]\nFrameSize=64K\n")

    def start():
        return subprocess.Popen(command(directory, server.url, config=config), env=environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def begun():
        return any(entry["type"] == "begin" for entry in Archive(directory).entries)

    process = start()
    while process.poll() is None and not begun():
        pass
    text, told, _ = status(directory)
    check("  1  full  running " in text and told["writing"], repr(text))
    process.kill()
    process.wait()
    text, told, _ = status(directory, 1, "--max-age=1d")
    check("  1  full  cut off " in text, repr(text))
    equal((told["unfinished"]["walk"], told["walks"], told["writing"]), (1, [], False), "the walk")
    check(0 < told["messages_waiting"] <= told["completions"] < 3000, str(told))
    archive = Archive(directory)
    settled = {json.loads(one)["completion_id"] for one in archive.lines("messages")}
    settled |= {json.loads(one)["id"] for one in archive.lines("changes")}
    created = [json.loads(one) for one in archive.lines("completions")]
    oldest = min(one["created"] for one in created if one["id"] not in settled)
    equal(told["oldest_waiting"], oldest, "the oldest that waits")
    check(f"{datetime.datetime.fromtimestamp(oldest, UTC):%F %T} UTC, " in line(text, "Waiting"),
          repr(text))
    process = start()
    process.wait()
    text, told, _ = status(directory, 0, "--max-age=1d")
    check("Waiting:" not in text, repr(text))
    equal((told["unfinished"], told["messages_waiting"], told["oldest_waiting"]), (None, 0, None),
          "when it is over")


@test("a creation time that is none is shown as the number that it is")
def created(place):
    server = place.standin("--records=3")
    server.control("add", n=1, created=9000000000000)
    directory, config = place.directory(), os.path.join(place.path, "few.conf")
    with open(config, "w") as file:
        file.write(FAST + "Messages=no\n")
    once(directory, server, config=config, expect=0)
    text, told, _ = status(directory)
    check(line(text, "Completions").endswith(" UTC to 9000000000000"), repr(text))
    equal((told["completions"], told["messages_waiting"]), (4, 4), "counts")


@test("a copy that cannot be written to, without its catalog, or with garbage: the same counts")
def copies(place):
    server = place.standin("--records=50", "--prompts=1")
    directory = place.directory()
    once(directory, server, expect=0)
    _, told, _ = status(directory)
    for number, spoil in enumerate((None, b"", b"garbage" * 100, False)):
        copy = place.directory(f"copy{number}")
        shutil.copytree(directory, copy)
        catalog = os.path.join(copy, "catalog.sqlite3")
        if spoil is None:
            os.unlink(catalog)
        elif spoil is not False:
            with open(catalog, "wb") as file:
                file.write(spoil)
        for folder, _, _ in os.walk(copy, topdown=False):
            os.chmod(folder, 0o500)
        before = tree(copy)
        _, again, _ = status(copy)
        equal(tree(copy), before, "the copy")
        for key in KEYS[1:]:
            if key != "age_seconds":
                equal(again[key], told[key], key)


@test("damage: exit 3 before 1, and what is known all the same")
def damage(place):
    server = place.standin("--records=50", "--prompts=1")
    directory = place.directory()
    once(directory, server, expect=0)
    path = os.path.join(directory, "ledger.jsonl")
    data = open(path, "rb").read()
    with open(path, "wb") as file:
        file.write(data.replace(b'"type":"seal"', b'"type":"sea1"', 1))
    text, told, err = status(directory, 3, "--max-age=0")
    equal((told["completions"], told["too_old"]), (50, True), "what is told")
    check(told["damaged"] >= 1 and "Damage:" in text and "damaged: ledger.jsonl:" in err, repr(err))
    for cut in (len(data) - 1, len(data) // 2, 100, 0):
        with open(path, "wb") as file:
            file.write(data[:cut])
        status(directory, 3)  # the catalog has seen more
    os.unlink(os.path.join(directory, "catalog.sqlite3"))
    for cut in (len(data) - 1, 100, 0):
        with open(path, "wb") as file:
            file.write(data[:cut])
        text, told, _ = status(directory)
        equal(told["uncommitted_bytes"] > 0, cut > 0, "uncommitted")
    with open(path, "wb") as file:
        file.write(data)
    os.unlink(Archive(directory).segment(Archive(directory).frames("completions")[0]["segment"]))
    text, told, err = status(directory, 3)
    check(told["completions"] is None and "is missing" in err, repr(err))


@test("every key of --json stands in the man page")
def manual(place):
    with open(os.path.join(SOURCE, "daemon/ctl/chatarchivectl.1")) as file:
        page = file.read()
    words = set(re.findall(r"[a-z_]+", page[page.index(".It Fl -json"):page.index(".Ss verify")]))
    equal([key for key in KEYS + WALK if key not in words], [], "keys that it lacks")


@test("on a terminal nothing from outside is obeyed")
def terminal(place):
    evil = "\x1b[2J\x9b\u202e\x07"
    directory = place.directory("a\x1b[2Jb")
    ledger = Ledger(directory, f"https://{evil}/v1")
    ledger.add("walk", walk=1, kind="full", state="failed", reason=evil, detail=evil, filter={
        "model": evil}, started="2026-11-22T08:00:00.000000Z")
    for args in ([], ["--json"], ["--max-age=1d"]):
        master, slave = pty.openpty()
        process = subprocess.Popen([CTL, f"--directory={directory}", "status", *args],
                                   stdout=slave, stderr=slave, stdin=subprocess.DEVNULL)
        os.close(slave)
        seen = b""
        with contextlib.suppress(OSError):
            while True:
                seen += os.read(master, 65536)
        os.close(master)
        equal(process.wait(), 1 if "--max-age=1d" in args else 0, "the exit code")
        text = seen.decode().replace("\r\n", "")
        check("\\u001b[2J" in text and text.replace("…", "").isprintable(), repr(text))


if __name__ == "__main__":
    run()
