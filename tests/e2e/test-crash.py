#!/usr/bin/env python3
"""Ends that nobody announced: SIGKILL at any moment, SIGTERM, a full disk. Then one walk: exact."""

import os
import random
import shutil
import signal
import subprocess
import time

from harness import (FAST, DAEMON, Archive, check, command, environment, equal, exact, once, run, same,
                     test, verify)

SEED = int(os.environ.get("TEST_SEED", "1"))


def small_frames(place, more=""):
    path = os.path.join(place.path, "small.conf")
    with open(path, "w") as file:
        file.write(f"{FAST}[Archive]\nFrameSize=64K\nSegmentSize=256K\nMinFree=0\n{more}")
    return path


def start(directory, server, config, *args):
    return subprocess.Popen(command(directory, server.url, *(args or ["--once"]), config=config),
                            env=environment(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def sealed_are_whole(directory):
    if os.path.exists(os.path.join(directory, "ledger.jsonl")):
        Archive(directory).audit()


def kill_many(place, kills, options, config, span):
    server = place.standin(*options)
    directory = place.directory()
    rng = random.Random(SEED)
    finished = 0
    for _ in range(kills):
        process = start(directory, server, config)
        try:
            process.wait(rng.uniform(0, span))
            finished += 1
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        check(process.returncode in (0, -signal.SIGKILL), f"it ended with {process.returncode}")
        sealed_are_whole(directory)
        if os.path.exists(os.path.join(directory, "ledger.jsonl")):
            verify(directory)
    once(directory, server, config=config, expect=0)
    exact(directory, server)
    verify(directory)


@test("SIGKILL at random moments of a first walk, 40 times in a row, then one walk: exact")
def kills_first(place):
    kill_many(place, 40, ["--records=1500", "--prompts=3", "--ties=8", "--latency-ms=4"],
              small_frames(place), 0.5)


@test("the same with the catalog deleted after every kill")
def kills_without_catalog(place):
    server = place.standin("--records=800", "--prompts=3", "--ties=8", "--awkward",
                           "--latency-ms=3")
    directory = place.directory()
    config = small_frames(place)
    rng = random.Random(SEED + 1)
    for _ in range(15):
        process = start(directory, server, config)
        try:
            process.wait(rng.uniform(0.02, 0.4))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        for name in ("catalog.sqlite3", "catalog.sqlite3-journal"):
            if os.path.exists(os.path.join(directory, name)):
                os.unlink(os.path.join(directory, name))
        sealed_are_whole(directory)
    once(directory, server, config=config, expect=0)
    exact(directory, server)
    verify(directory)


@test("an interrupted first walk goes on from its cursor, under its number")
def resumes(place):
    server = place.standin("--records=3000", "--prompts=0", "--latency-ms=30")
    directory = place.directory()
    config = small_frames(place, "[Walk]\nMessages=no\n")
    process = start(directory, server, config)
    while len(server.requests()) < 20 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = {line for line in Archive(directory).lines("completions")}
    check(len(before) > 300, "little was committed")
    server.control("requests/reset")
    once(directory, server, config=config, expect=0)
    archive = exact(directory, server, messages=False)
    walk = archive.walks()[-1]
    equal((walk["walk"], walk["state"]), (1, "complete"), "the walk")
    check(len(server.requests()) < 27, f"{len(server.requests())} requests: it began anew")


@test("SIGTERM in the middle: exit 1, the walk says interrupted, what it has is sealed")
def terminated(place):
    for at in (2, 12):
        server = place.standin("--records=3000", "--prompts=1", "--latency-ms=20")
        directory = place.directory(str(at))
        process = start(directory, server, small_frames(place))
        while len(server.requests()) < at and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM if at == 2 else signal.SIGINT)
        started = time.monotonic()
        process.communicate(timeout=60)
        check(time.monotonic() - started < 10, "it took long to end")
        equal(process.returncode, 1, "the exit code")
        archive = Archive(directory)
        archive.audit(sealed=True)
        walk = archive.walks()[-1]
        equal((walk["state"], walk["reason"]), ("failed", "interrupted"), "the walk")
        verify(directory)
        server.stop()


@test("the disk full in the middle: exit 1 and said so; with space again, nothing lost or twice")
def full_disk(place):
    server = place.standin("--records=1500", "--prompts=2", "--record-bytes=3000")
    out = place.directory("copies")
    os.mkdir(out)
    config = small_frames(place)
    mount = os.path.join(place.path, "mount")
    os.mkdir(mount)
    line = " ".join(command(mount + "/archive", server.url, "--once", config=config))
    script = f"""
        mount -t tmpfs -o size=$SIZE,mode=700 tmpfs {mount} || exit 99
        {line}; echo $? >{out}/first
        cp -a {mount}/archive {out}/full
        {line}; echo $? >{out}/again
        mount -o remount,size=256M {mount}
        {line}; echo $? >{out}/last
        cp -a {mount}/archive {out}/done
    """
    for size in ("180k", "400k", "700k", "1100k"):
        shutil.rmtree(out)
        os.mkdir(out)
        unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        done = subprocess.run(unshare + ["bash", "-c", script], env=environment({"SIZE": size}),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300)
        text = done.stderr.decode()
        check(done.returncode != 99, f"no tmpfs can be mounted here: {text}")
        equal(open(f"{out}/first").read().strip(), "1", f"{size}: the exit code ({text})")
        check("space" in text.lower() or "full" in text.lower(), f"the cause: {text}")
        Archive(f"{out}/full").audit()
        verify(f"{out}/full")
        equal(open(f"{out}/last").read().strip(), "0", f"{size}: with space again ({text})")
        exact(f"{out}/done", server)
        verify(f"{out}/done")


@test("a file size limit in the middle of a commit likewise")
def file_limit(place):
    server = place.standin("--records=600", "--prompts=1", "--record-bytes=2000")
    config = small_frames(place)
    directory = place.directory()
    for blocks in (8, 40, 100, 150):
        line = " ".join(command(directory, server.url, "--once", config=config))
        done = subprocess.run(["bash", "-c", f"ulimit -f {blocks}; exec {line}"],
                              env=environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        equal(done.returncode, 1, f"at {blocks} blocks: {done.stderr.decode()}")
        if os.path.exists(os.path.join(directory, "ledger.jsonl")):
            Archive(directory).audit()
            verify(directory)
    once(directory, server, config=config, expect=0)
    exact(directory, server)


if __name__ == "__main__":
    run()
