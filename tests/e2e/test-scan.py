#!/usr/bin/env python3
"""cat, grep, walks, head and verify beside a writer, on a damaged archive, with any number of
threads."""

import json
import os
import re
import shutil
import subprocess
import threading
import time

from harness import (CTL, FAST, Archive, check, command, environment, equal, once, run,
                     run_program, same, test)

TRIES = int(os.environ.get("SCAN_TRIES", "1000"))
SECONDS = float(os.environ.get("SCAN_SECONDS", "40"))  # however slow the machine is
SMALL = FAST + "[Archive]\nFrameSize=64K\nSegmentSize=128K\n"


def config_file(place, text):
    path = os.path.join(place.path, "config")
    with open(path, "w") as file:
        file.write(text)
    return path


def ctl(directory, *args, expect=None):
    result = run_program([CTL, f"--directory={directory}", *args])
    if expect is not None:
        check(result.code == expect, f"{args}: exit code {result.code}, expected {expect}: "
                                     f"{result.err}")
    return result


def lines(text):
    return text.split("\n")[:-1]


class Writer:
    """Walks, one after another, over a store that grows and changes, until it is told to stop."""

    def __init__(self, place, server, directory):
        self.server, self.directory, self.over = server, directory, False
        self.config = config_file(place, SMALL + "[Walk]\nOverlap=10min\n")
        self.walks, self.wrong = 0, None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over:
            self.server.control("add", n=20)
            self.server.control("edit", n=5, metadata='{"turn":"%d"}' % self.walks)
            done = subprocess.run(command(self.directory, self.server.url, config=self.config),
                                  env=environment(), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if done.returncode != 0:
                self.wrong = done.stderr.decode(errors="replace")
                return
            self.walks += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


@test("a live archive is read without an error, whatever it is read by")
def live(place):
    server = place.standin("--records=300", "--prompts=2", "--latency-ms=1",
                           f"--start={int(time.time())}")
    directory = place.directory()
    once(directory, server, config=config_file(place, SMALL), expect=0)
    verbs = (["cat"], ["cat", "messages"], ["grep", "--count", '"id"'], ["walks", "--json"],
             ["head"], ["verify"], ["cat", "--latest"], ["verify", "--quick"],
             ["grep", "--ids", "chatcmpl"], ["verify", "--sample=1/3"],
             ["cat", "messages", "--since=2020-01-01"], ["list", "-o", "cat"],
             ["list", "--changed", "--json"], ["report"], ["status"])
    seen, head, tries, until = 0, 0, 0, time.time() + SECONDS
    with Writer(place, server, directory) as writer:
        while tries < TRIES and time.time() < until:
            args = verbs[tries % len(verbs)]
            result = ctl(directory, *args, f"--jobs={1 + tries % 3}" if args[0] in
                         ("cat", "grep", "report", "verify") else "--directory=" + directory, expect=0)
            equal(result.err, "", f"what {args} said")
            tries += 1
            if args == ["cat"]:
                got = len(lines(result.out))
                check(got >= seen, f"{got} lines, and {seen} before")
                seen = got
            elif args == ["cat", "--latest"]:
                ids = [json.loads(line)["id"] for line in lines(result.out)]
                equal(len(ids), len(set(ids)), "ids of the newest versions")
                check(len(ids) >= 300, f"only {len(ids)}")
            elif args == ["head"]:
                check(re.fullmatch(r"\d+:[0-9a-f]{64}\n", result.out), repr(result.out))
                seq, head_hash = result.out.strip().split(":")
                check(int(seq) >= head, "the head went back")
                head = int(seq)
                ctl(directory, "verify", "--quick", f"--head={seq}:{head_hash}", expect=0)
        check(writer.wrong is None, f"a walk failed: {writer.wrong}")
        walks = writer.walks
    print(f"# {tries} tries beside {walks} walks", flush=True)
    check(tries >= min(TRIES, 100) and walks >= 3, f"{tries} tries, {walks} walks")
    newest = {json.loads(line)["id"]: line for line in server.expected()}
    same(lines(ctl(directory, "cat", "--latest", expect=0).out), list(newest.values()), "newest")


def archive_of(place, *options, packing="zstd"):
    server = place.standin("--records=1200", "--prompts=1", *options)
    directory = place.directory(packing)
    config = config_file(place, SMALL + f"Compression={packing}\n")
    once(directory, server, config=config, expect=0)
    server.control("edit", n=200, metadata='{"a":"b"}')
    once(directory, server, config=config, expect=0)
    return server, directory


@test("with any number of threads the same comes out, of each compression")
def same_output(place):
    for packing in ("zstd", "gzip", "xz", "lz4", "none"):
        server, directory = archive_of(place, packing=packing)
        archive = Archive(directory)
        expected = archive.lines("completions")
        equal(lines(ctl(directory, "cat", "--jobs=1", expect=0).out), expected, "cat")
        for args in (["cat"], ["cat", "messages"], ["cat", "--latest"], ["grep", "[aeiou]{3}"],
                     ["grep", "-i", "--count", "THE"], ["grep", "--ids", '"a":"b"'], ["verify"],
                     ["verify", "--sample=2/5"]):
            one = ctl(directory, *args, "--jobs=1", expect=0)
            for jobs in (2, 3, 8):
                many = ctl(directory, *args, f"--jobs={jobs}", expect=0)
                check((many.out, many.err) == (one.out, one.err), f"{packing} {args} {jobs}")
        hits = [line for line in expected if re.search("[aeiou]{3}", line)]
        equal(lines(ctl(directory, "grep", "[aeiou]{3}", expect=0).out), hits, "grep")
        same(lines(ctl(directory, "cat", "--latest", expect=0).out), server.expected(), "newest")
        ctl(directory, "grep", "no such thing", expect=1)
        result = ctl(directory, "grep", "a(", expect=2)
        check("at byte 3" in result.err, result.err)


@test("of a damaged archive what is whole is shown, the damage is named, the exit code is 3")
def damaged(place):
    _, whole = archive_of(place)
    archive = Archive(whole)
    frames = archive.frames("completions")
    check(len(frames) > 10, f"only {len(frames)} frames")
    directory = place.directory("damaged")
    shutil.copytree(whole, directory)
    victim = frames[5]
    path = archive.segment(victim["segment"]).replace(whole, directory)
    os.chmod(path, 0o640)
    with open(path, "r+b") as file:
        file.seek(victim["offset"] + victim["length"] // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 16]))
    left = []
    for frame in frames:
        if frame is not victim:
            left += archive.frame(frame).decode().split("\n")[:-1]
    for jobs in (1, 2, 5):
        told = f"damaged: {victim['segment']}: offset {victim['offset']}: "
        result = ctl(directory, "cat", f"--jobs={jobs}", expect=3)
        equal(lines(result.out), left, "cat")
        check(told in result.err, result.err)
        result = ctl(directory, "grep", "id", f"--jobs={jobs}", expect=3)
        equal(lines(result.out), left, "grep")
        check(told in result.err, result.err)
        check(told in ctl(directory, "verify", f"--jobs={jobs}", expect=3).out, "verify")
    ctl(directory, "head", expect=0)  # the ledger is whole
    found = sum(ctl(directory, "verify", f"--sample={n}/4").code == 3 for n in range(1, 5))
    check(1 <= found <= 2, f"{found} of 4 parts found it")

    head = ctl(whole, "head", expect=0).out.strip()
    path = os.path.join(whole, "ledger.jsonl")
    with open(path, "rb") as file:
        text = file.read().splitlines(keepends=True)
    os.unlink(os.path.join(whole, "catalog.sqlite3"))
    with open(path, "wb") as file:
        file.writelines(text[:-1])
    ctl(whole, "verify", "--quick", expect=0)
    result = ctl(whole, "verify", "--quick", f"--head={head}", expect=3)
    check("the end was cut off" in result.out, result.out)
    with open(path, "wb") as file:
        file.writelines(text[:2] + [text[2].replace(b'"seq":3', b'"seq":4')] + text[3:])
    for args in (["walks", "--json"], ["head"]):
        result = ctl(whole, *args, expect=3)
        check(result.out and "damaged: ledger.jsonl: offset " in result.err, result.err)


@test("a reader that goes away ends it quietly")
def gone(place):
    _, directory = archive_of(place)
    for args in ("cat", "cat --jobs=1", "grep id", "cat --latest"):
        done = subprocess.run(["bash", "-c", f'{CTL} --directory={directory} {args} | head -n1; '
                                             'echo "${PIPESTATUS[0]}"'],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        equal((done.stdout.split("\n")[1], done.stderr), ("0", ""), args)


@test("a walk under way is told as running, one that was killed as cut off")
def walks(place):
    server = place.standin("--records=3000", "--latency-ms=20")
    directory = place.directory()
    process = subprocess.Popen(command(directory, server.url, config=config_file(place, SMALL)),
                               env=environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while ctl(directory, "walks", "--json").out == "":
        check(process.poll() is None, "the walk ended")
    told = [json.loads(line) for line in lines(ctl(directory, "walks", "--json", expect=0).out)]
    equal([(w["walk"], w["state"]) for w in told], [(1, "running")], "under way")
    process.kill()
    process.wait()
    text = ctl(directory, "walks", expect=0).out
    check(re.search(r"\n +1  full  cut off ", text), text)
    server.control("add", n=1)
    once(directory, server, expect=0)
    told = [json.loads(line) for line in lines(ctl(directory, "walks", "--json", expect=0).out)]
    equal([(w["walk"], w["state"]) for w in told], [(1, "complete")], "taken up again")


if __name__ == "__main__":
    run()
