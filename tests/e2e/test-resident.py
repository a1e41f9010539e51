#!/usr/bin/env python3
"""The daemon that stays: it walks when it should, through outages, full disks and new keys, and ends
in good order at any moment."""

import json
import os
import random
import re
import signal
import subprocess

from harness import (KEY, Archive, Failed, check, equal, exact, once, run, same, test, verify)
from resident import Resident

SEED = int(os.environ.get("TEST_SEED", "1"))


def finish(daemon, directory, server):
    """When everything is there it is there exactly, and the daemon ends in good order."""
    want = len(server.expected()), len(server.expected_messages())
    while True:
        since = daemon.here()
        archive = Archive(directory)
        if (len(archive.lines("completions")), len(archive.lines("messages"))) >= want:
            break
        daemon.line_of("walk .*: complete|prompts: ", since)
    daemon.terminate()
    done(directory, server)


def done(directory, server):
    exact(directory, server, sealed=False)
    verify(directory)


@test("it is ready, finds what is added meanwhile, and ends with 0 and nothing lost")
def additions(place):
    server = place.standin("--records=120", "--prompts=2")
    directory = place.directory()
    daemon = Resident(place, directory, server)
    daemon.hears("^READY=1$")
    daemon.walks()
    for _ in range(3):
        since = daemon.here()
        server.control("add", n=3)
        daemon.line_of(r"complete .* 3 new", since)
    finish(daemon, directory, server)
    daemon.hears("^STOPPING=1$")
    kinds = [walk["kind"] for walk in Archive(directory).walks()]
    equal(kinds[0], "full", "the first walk")
    equal(set(kinds[1:]), {"new"}, "the others")


@test("full walks come when FullInterval says, also across restarts")
def full_walks(place):
    server = place.standin("--records=30", "--prompts=0")
    directory = place.directory()
    daemon = Resident(place, directory, server, "[Walk]\nInterval=1s\nFullInterval=4s\n")
    daemon.walks(8, 0)
    daemon.terminate()
    kinds = [walk["kind"] for walk in Archive(directory).walks()]
    check("full" in kinds[1:] and "new" in kinds, f"the kinds of walks: {kinds}")
    daemon = Resident(place, directory, server, "[Walk]\nInterval=1h\nFullInterval=1h\n")
    daemon.hears("STATUS=idle")
    daemon.signal(signal.SIGUSR1)
    daemon.walks(1, 0)
    daemon.terminate()
    equal(Archive(directory).walks()[-1]["kind"], "new", "a walk soon after a full one")
    done(directory, server)


@test("SIGUSR1 walks at once, also when one is under way")
def walk_now(place):
    server = place.standin("--records=30", "--prompts=1", "--latency-ms=50")
    directory = place.directory()
    daemon = Resident(place, directory, server, "[Walk]\nInterval=1d\nFullInterval=7d\n")
    since = daemon.walks(1, 0)
    daemon.line_of("prompts: ", since)
    server.control("add", n=2)
    daemon.signal(signal.SIGUSR1)
    daemon.line_of("walk 2: new, begins", since)
    daemon.signal(signal.SIGUSR1)
    daemon.walks(2, since)
    finish(daemon, directory, server)
    equal(len(Archive(directory).walks()), 3, "walks")


@test("minutes of 503 are told once when they begin and once when they end, and nothing is lost")
def outage(place):
    server = place.standin("--records=300", "--prompts=1")
    directory = place.directory()
    server.fault("status", on="any", nth=2, times=1000000, status=503)
    daemon = Resident(place, directory, server)
    daemon.line_of("error: the server is out: .*503")
    daemon.line_of("503.*asking again in", 0, 6)
    server.clear()
    daemon.signal(signal.SIGUSR1)  # ends the back-off
    daemon.line_of("the server is back after")
    finish(daemon, directory, server)
    equal(len(daemon.lines_with("the server is out")), 1, "beginnings")
    equal(len(daemon.lines_with("the server is back")), 1, "ends")


@test("a server that is not there at all is waited for")
def no_server(place):
    server = place.standin("--records=20", "--prompts=1")
    directory = place.directory()
    url = server.url
    port = url.split(":")[2].split("/")[0]
    server.stop()
    daemon = Resident(place, directory, url)
    daemon.hears("^READY=1$")
    daemon.line_of("error: the server is out: ")
    server = place.standin("--records=20", "--prompts=1", f"--port={port}")
    daemon.signal(signal.SIGUSR1)
    finish(daemon, directory, server)


@test("SIGTERM at any moment of a walk ends it with 0, and the archive is exact after the next one")
def terminations(place):
    server = place.standin("--records=700", "--prompts=2", "--latency-ms=3", "--big-string=2M@350")
    directory = place.directory()
    rng = random.Random(SEED)
    for _ in range(12):
        daemon = Resident(place, directory, server, "[Archive]\nFrameSize=64K\n")
        daemon.hears("^READY=1$")
        try:
            daemon.process.wait(rng.uniform(0, 0.6))
        except subprocess.TimeoutExpired:
            pass
        daemon.terminate()
        daemon.stop()
        verify(directory)
    daemon = Resident(place, directory, server)
    finish(daemon, directory, server)


@test("a key that is revoked is not used again for long; a new KeyFile= and SIGHUP go on")
def revoked(place):
    server = place.standin("--records=400", "--prompts=1")
    directory = place.directory()
    key_file = os.path.join(place.path, "key")
    with open(os.open(key_file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(KEY + "\n")
    server.fault("status", on="any", nth=3, times=1000000, status=401)
    daemon = Resident(place, directory, server,
                      f"[API]\nKeyFile={key_file}\n[Walk]\nMaxConcurrent=1\n",
                      env={"OPENAI_API_KEY": None})
    daemon.line_of("error: the server refuses access: ")
    daemon.hears("STATUS=the server refuses access; idle")
    count = len(server.requests())
    # Two that went well, and of each head and of the prompts the one that was under way.
    check(count <= 2 + 3, f"{count} requests")
    server.clear()
    with open(key_file, "w") as file:
        file.write("sk-another-0123456789abcdef")
    since = daemon.here()
    daemon.signal(signal.SIGHUP)
    daemon.hears("^RELOADING=1$")
    daemon.line_of("the server gives access again", since)
    finish(daemon, directory, server)
    equal(len(daemon.lines_with("the server refuses access")), 1, "beginnings")
    check(not daemon.lines_with("sk-another"), "the new key was told")


FULL_DISK = """
        mount -t tmpfs -o size=12M,mode=700 tmpfs "$AT" || exit 99
        head -c 11900K /dev/zero >"$AT/filler"
        mkdir "$AT/archive"
        "$@" &
        trap 'kill -TERM $!' TERM
        read -r line <"$AT.more" && rm "$AT/filler"
        code=0
        while kill -0 $! 2>/dev/null; do
                wait $! && code=0 || code=$?
        done
        cp -a "$AT/archive" "$AT.kept" || exit 98
        exit $code
"""


@test("a disk that is full in the middle of a walk is told once, and it goes on when there is room")
def full_disk(place):
    server = place.standin("--records=1500", "--prompts=1", "--record-bytes=1500")
    at = os.path.join(place.path, "disk")
    os.mkdir(at)
    os.mkfifo(at + ".more")
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    metrics = os.path.join(place.path, "metrics.prom")
    daemon = Resident(place, at + "/archive", server,
                      f"[Archive]\nFrameSize=64K\n[Metrics]\nTextFile={metrics}\n",
                      env={"AT": at}, wrap=[*unshare, "bash", "-c", FULL_DISK, "full-disk"])
    daemon.line_of("error: the archive cannot be written: .*No space left|disk is full")
    daemon.hears("STATUS=(the archive cannot be written|Waiting: cannot open)")
    before = len(server.requests())
    daemon.line_of("walk .*: failed \\(disk\\)")
    with open(at + ".more", "w") as fifo:
        fifo.write("room\n")
    since = daemon.line_of("the archive can be written again")
    equal(len(daemon.lines_with("cannot be written")), 1, "it was told")
    while True:
        since = daemon.walks(1, since)
        told = open(metrics).read()
        if re.search(r"_completions{.*} 1500\n", told) and re.search("_waiting{.*} 0\n", told):
            break
    daemon.terminate()
    check(before < 100, f"{before} requests until it was told")
    done(at + ".kept", server)


@test("SIGHUP takes a new configuration, and refuses a bad one and keeps the old")
def reload(place):
    server = place.standin("--records=30", "--prompts=0")
    directory = place.directory()
    daemon = Resident(place, directory, server, "[Walk]\nInterval=1d\n")
    daemon.walks(1, 0)
    daemon.configure("[Walk]\nInterval=soon\n")
    daemon.signal(signal.SIGHUP)
    since = daemon.line_of("warning: .*resident.conf.*Interval=.*stays as it was")
    daemon.configure("[Walk]\nInterval=1s\n")
    daemon.signal(signal.SIGHUP)
    since = daemon.line_of("were read again", since)
    since = daemon.walks(2, since)
    daemon.configure("[Walk]\nInterval=1s\nModel=nobody\n[Archive]\nCompression=gzip\n")
    daemon.signal(signal.SIGHUP)
    since = daemon.line_of("were read again", since)
    since = daemon.walks(2, since)
    daemon.terminate()
    walks = Archive(directory).walks()
    equal([walk["kind"] for walk in walks if walk["filter"]][0], "full", "of another scope")
    equal(len([line for line in daemon.told if line == "RELOADING=1"]), 3, "RELOADING=1")
    equal(len([line for line in daemon.told if line == "READY=1"]), 4, "READY=1")
    verify(directory)


@test("a locked archive is waited for")
def locked(place):
    server = place.standin("--records=30", "--prompts=0")
    directory = place.directory()
    first = Resident(place, directory, server)
    first.walks(1, 0)
    second = Resident(place, directory, server)
    second.line_of("warning: .* is locked")
    second.hears("STATUS=Waiting")
    check("READY=1" not in second.told, "it was ready without the archive")
    first.terminate()
    second.hears("^READY=1$")
    second.walks(1, 0)
    second.terminate()
    done(directory, server)


@test("a damaged archive ends it with 3, a bad configuration with 2")
def refusals(place):
    server = place.standin("--records=30", "--prompts=0")
    directory = place.directory()
    once(directory, server, expect=0)
    ledger = os.path.join(directory, "ledger.jsonl")
    data = open(ledger, "rb").read()
    with open(ledger, "wb") as file:
        file.write(data.replace(b'"type":"open"', b'"type":"opem"', 1))
    Resident(place, directory, server).ends(3)
    Resident(place, place.directory("other"), server, "[Walk]\nInterval=0\n").ends(2)
    Resident(place, place.directory("other"), server, env={"OPENAI_API_KEY": None}).ends(2)
    Resident(place, place.directory("no/such"), server).ends(2)


@test("messages that are not there yet are asked for again, and hold nothing else up")
def late_messages(place):
    server = place.standin("--records=60", "--prompts=1")
    directory = place.directory()
    server.fault("status", on="messages", nth=1, times=30, status=404)
    daemon = Resident(place, directory, server)
    finish(daemon, directory, server)
    check(not daemon.lines_with("error: "), "an error was told")
    equal(Archive(directory).lines("changes").count("missing"), 0, "messages given up")


def one_id(server, index=5):
    return json.loads(server.expected()[index])["id"]


@test("one completion whose messages always fail holds nothing else up")
def poison(place):
    server = place.standin("--records=50", "--prompts=1")
    directory = place.directory()
    ids = [one_id(server, index) for index in (3, 4, 5, 6, 7)]
    for name in ids:
        server.fault("status", on="messages", times=1000000, match=name, status=500)
    daemon = Resident(place, directory, server)
    since = daemon.walks(1, 0)
    server.control("add", n=3)
    daemon.signal(signal.SIGUSR1)
    daemon.line_of(r"complete.* 3 new", since)
    while len(Archive(directory).lines("messages")) < len(server.expected_messages()) - len(ids):
        since = daemon.line_of("walk .*: complete|prompts: ", since)
    daemon.terminate()
    same(Archive(directory).lines("completions"), server.expected(), "completions")


@test("a reload in the middle of prompts does not put off the next walk")
def reload_in_prompts(place):
    server = place.standin("--records=400", "--prompts=1", "--latency-ms=100")
    directory = place.directory()
    daemon = Resident(place, directory, server)
    since = daemon.walks(1, 0)
    daemon.hears("STATUS=prompts")
    daemon.signal(signal.SIGHUP)
    daemon.line_of("read again", since)
    daemon.walks(2, since)
    finish(daemon, directory, server)


@test("a server that answers 200 and cuts each body is told to be out, once")
def cut_bodies(place):
    server = place.standin("--records=50", "--prompts=0")
    directory = place.directory()
    server.fault("cut-record", on="list", times=1000000)
    daemon = Resident(place, directory, server)
    daemon.line_of("error: the server is out")
    daemon.line_of("asking again", 0, 5)
    server.clear()
    daemon.signal(signal.SIGUSR1)
    daemon.line_of("the server is back")
    finish(daemon, directory, server)
    equal(len(daemon.lines_with("the server is (out|back)")), 2, "times told")


@test("after SIGUSR1 a key that is refused makes no busy loop")
def no_spin(place):
    server = place.standin("--records=50", "--prompts=1", "--latency-ms=100")
    daemon = Resident(place, place.directory(), server)
    since = daemon.walks(1, 0)
    server.fault("status", on="any", times=1000000, status=401)
    daemon.signal(signal.SIGUSR1)
    daemon.signal(signal.SIGUSR1)
    daemon.line_of("error: the server refuses access", since)
    daemon.hears("STATUS=the server refuses access; idle")
    before = ticks(daemon.process.pid)
    count = len(server.requests())
    seen = len(daemon.told)
    daemon.signal(signal.SIGHUP)  # something to wait for, that changes nothing
    daemon.hears("^READY=1$", seen)
    equal(len(server.requests()), count, "requests")
    check(switches(daemon.process.pid) < 2000, "it turns and turns")
    check(ticks(daemon.process.pid) - before < 50, "it is busy")
    daemon.terminate()


def ticks(pid):
    return sum(int(field) for field in open(f"/proc/{pid}/stat").read().rsplit(")")[1].split()[11:13])


def switches(pid):
    return int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)",
                         open(f"/proc/{pid}/status").read()).group(1))


@test("a wait that the server announced outlives a reload")
def announced(place):
    server = place.standin("--records=50", "--prompts=1")
    directory = place.directory()
    server.fault("status", on="any", times=1, status=429, retry_after=3600)
    daemon = Resident(place, directory, server)
    daemon.line_of("the server limits the rate.* again in 1h|the server limits the rate.*59min")
    daemon.configure("[Walk]\nMaxConcurrent=4\n")
    daemon.signal(signal.SIGHUP)
    since = daemon.line_of("were read again")
    daemon.line_of("walk .*begins|goes on", since)
    daemon.signal(signal.SIGUSR1)
    told = len(daemon.told)
    daemon.signal(signal.SIGHUP)
    daemon.hears("^READY=1$", told)
    equal(len(server.requests()), 1, "requests")
    daemon.terminate()


@test("a walk that was asked for while the archive was locked comes")
def asked_while_locked(place):
    server = place.standin("--records=30", "--prompts=0")
    directory = place.directory()
    slow = "[Walk]\nInterval=1d\nFullInterval=7d\n"
    first = Resident(place, directory, server, slow)
    first.walks(1, 0)
    second = Resident(place, directory, server, slow)
    second.line_of("warning: .* is locked")
    second.signal(signal.SIGUSR1)
    second.line_of("is locked")
    first.terminate()
    second.walks(1, 0)
    second.terminate()
    done(directory, server)


@test("the watchdog is fed while it idles and while it waits out an outage")
def watchdog(place):
    server = place.standin("--records=30", "--prompts=0")
    daemon = Resident(place, place.directory(), server, watchdog=400000)
    daemon.hears("^WATCHDOG=1$", 0, 5)
    server.fault("status", on="any", nth=1, times=1000000, status=503)
    daemon.line_of("asking again", 0, 3)
    daemon.hears("^WATCHDOG=1$", len(daemon.told), 10)
    daemon.terminate()


run()
