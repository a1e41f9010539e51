#!/usr/bin/env python3
"""Hours of the resident daemon, walking without a pause, against a store that grows, changes and
deletes, and a server that fails, all by chance. In the rough part it is killed and ended at any
moment; in the long part one process lives on, and its memory and its descriptors must stay flat. At
each checkpoint the faults end and the store is still, and the archive must be exact.

SOAK_SECONDS says how long; `make soak` runs two hours. Chance is from TEST_SEED, but when what
happens is the machine's affair: no run is quite like another."""

import datetime
import json
import os
import random
import re
import signal
import sys
import time
from statistics import median

sys.path.insert(0, os.path.join(os.environ.get("srcdir", os.getcwd()), "tests/e2e"))

import resident
from churn import Churn
from follower import Follower, digest
from harness import TORTURE, Archive, Failed, check, equal, figure, run, test, verify

SECONDS = int(os.environ.get("SOAK_SECONDS", "7200" if TORTURE else "10"))
SEED = int(os.environ.get("TEST_SEED", "1"))
RECORDS = 3000 if SECONDS > 100 else 600
resident.LIMIT = 600  # only ends what hangs

# Of a life: what comes before is its warming up (connections, caches, the allocator's heaps).
WARM = 0.2
# The middle of a quarter's samples, not their peak: that is chance, and as high as whatever was under
# way at one moment (an encoder takes 3 MiB, and two may be at work). In an hour's life of 30,000 list
# requests, so much is 17 bytes for each, or 500 for each walk.
RSS_KIB = 512
PEAK_KIB = 32 * 1024  # at any time
DESCRIPTORS = 3  # connections come and go
MEASURED = 100  # a life shorter than so many seconds proves nothing


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Soak:
    def __init__(self, place):
        self.place, self.rng = place, random.Random(SEED)
        self.server = place.standin(f"--records={RECORDS}", f"--start={int(time.time()) - 60}",
                                    "--spread=20", "--ties=8", "--record-bytes=250", "--prompts=2",
                                    "--prompt-bytes=100", f"--seed={SEED}", "--jitter-ms=1",
                                    "--big-string=600000@3", "--big-string=2M@5")
        self.churn = Churn(self.server, self.rng, RECORDS, fixed=10)
        self.directory = place.directory()
        self.follower = Follower(self.directory)
        self.daemon, self.samples = None, []
        self.ends = time.monotonic() + SECONDS

    # ---- lives ----

    def start(self):
        if self.daemon:
            self.daemon.stop()
            self.place.servers.remove(self.daemon)
            if self.rng.random() < 0.03:
                os.unlink(os.path.join(self.directory, "catalog.sqlite3"))
                figure("catalogs deleted")
        self.daemon = resident.Resident(self.place, self.directory, self.server, self.config(),
                                        env={"CHATARCHIVED_DEBUG": None})
        self.samples = []
        figure("lives")

    def config(self):
        rng = self.rng
        return (f"[Walk]\nInterval=1s\nFullInterval={rng.choice((1, 2, 4))}s\n"
                f"MaxConcurrent={rng.choice((1, 8, 8))}\n[Archive]\n"
                f"FrameSize={rng.choice(('64K', '4M'))}\nSegmentAge={rng.choice((30, 120))}s\n")

    def alive(self):
        code = self.daemon.process.poll()
        if code is not None:
            raise Failed(f"it ended by itself, {code}: " + "\n".join(self.daemon.lines[-30:]))

    def ready(self):
        """Before that, a signal has its default action."""
        return "READY=1" in self.daemon.told

    def end(self):
        self.alive()
        if self.rng.random() < 0.15 and self.ready():
            self.daemon.terminate()
            figure("SIGTERM")
            return
        self.daemon.signal(signal.SIGKILL)
        self.daemon.ends(-signal.SIGKILL)
        figure("kills")

    def sample(self):
        try:
            status = open(f"/proc/{self.daemon.process.pid}/status").read()
            count = len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))
        except (FileNotFoundError, ProcessLookupError):
            return
        found = re.search(r"VmRSS:\s*(\d+)", status)
        if found:
            self.samples.append((int(found.group(1)), count))
            check(int(found.group(1)) <= PEAK_KIB, f"it takes {found.group(1)} KiB")

    # ---- what happens ----

    def turbulence(self, span, faults):
        """For so many seconds. Faults: how likely one is, ten times a second."""
        until = time.monotonic() + span
        sampled = 0
        while (now := time.monotonic()) < until:
            for _ in range(self.rng.choice((0, 1, 1, 2))):
                self.churn.store()
            refused = self.rng.random() < faults and self.churn.fault()
            if refused or self.rng.random() < 0.01:
                self.signal()
            if now - sampled >= 1:
                self.sample()
                sampled = now
            time.sleep(min(0.1, max(0, until - time.monotonic())))

    def signal(self):
        """SIGUSR1 ends a back-off and what a refusal holds back; SIGHUP reads another configuration."""
        if not self.ready():
            return
        if self.rng.random() < 0.3:
            self.daemon.configure(self.config())
            self.daemon.signal(signal.SIGHUP)
            figure("SIGHUP")
        self.daemon.signal(signal.SIGUSR1)
        figure("SIGUSR1")

    # ---- checkpoints ----

    def checkpoint(self, strict):
        """strict: a process that has no request for messages put off."""
        if strict:
            self.daemon.hears("^READY=1$")
            self.daemon.terminate()
            self.start()
        self.daemon.hears("^READY=1$")
        self.churn.still()
        still = time.time()
        where = self.daemon.here()
        walk, fresh = None, []
        while True:
            self.daemon.signal(signal.SIGUSR1)
            where = self.daemon.line_of(r"walk \d+: complete|prompts: ", where)
            for entry in self.follower.follow():
                self.walked(entry)
                if (entry["state"], entry["kind"]) == ("complete", "full") \
                        and seconds(entry["started"]) > still:
                    walk = entry
            fresh += self.follower.fresh
            if walk and (not strict or not self.waiting()):
                break
        self.exact(walk, fresh, strict)
        verify(self.directory)
        figure("checkpoints")
        self.tell()

    def tell(self):
        t = self.follower.tally
        print(f"# {SECONDS - (self.ends - time.monotonic()):.0f} s: {t['records']} records, "
              f"{t['versions']} newer versions, {t['messages']} messages, {t['gone lines']} gone, "
              f"{self.churn.met} faults met, seq {self.follower.seq}, RSS and descriptors "
              f"{self.samples[-1] if self.samples else None}: exact", flush=True)

    def walked(self, walk):
        """No short walk is called complete. A first walk's lines are of several starts."""
        if walk["state"] != "complete" or walk["kind"] != "full" or walk["gaps"] \
                or walk["walk"] == 1:
            return
        least = self.churn.surely_seen(seconds(walk["started"]), seconds(walk["time"]))
        check(walk["seen"] >= least,
              f"walk {walk['walk']} is called complete and has seen {walk['seen']} of {least}")
        figure("complete full walks that saw all")

    def waiting(self):
        """Whose messages are neither archived nor settled."""
        return [id for id in self.follower.newest
                if id not in self.follower.prompts and id not in self.follower.settled]

    def exact(self, walk, fresh, strict):
        f = self.follower
        shown = {digest(line) for line in self.server.expected(versions="all")}
        check(set(fresh) <= shown, "a line that the server never sent")
        facts = [json.loads(line) for line in self.server.control("ids").decode().splitlines()]
        there = {fact["id"] for fact in facts if fact["visible"]}
        now = {json.loads(line)["id"]: digest(line) for line in self.server.expected(visible=1)}
        equal(set(now), there, "what the stand-in shows")
        equal(walk["seen"], len(there), "records seen by a walk over a store at rest")
        lost = {id for id, line in now.items() if f.newest.get(id) != line}
        check(not lost, f"{len(lost)} lost, or their newest version is: {sorted(lost)[:3]}")
        equal(f.gone, set(f.newest) - there, "tombstones")
        self.prompts(facts, strict)

    def prompts(self, facts, strict):
        f = self.follower
        true = {digest(line) for line in self.server.expected_messages()}
        for fact in facts:
            id, ever = fact["id"], fact["index"] in self.churn.ever_deleted
            if id not in f.newest or (id not in f.prompts and id not in f.settled and not strict):
                continue
            word = f.settled.get(id)
            number = 0 if word else fact["messages"]
            check(word != "messages-none" or fact["messages"] == 0, f"messages-none of {id}")
            check(word != "messages-missing" or ever, f"messages-missing of {id}")
            equal(len(f.prompts.get(id, [])), number, f"messages of {id}, {word}")
            check(fact["deleted"] or set(f.prompts.get(id, [])) <= true, f"messages of {id}")

    # ---- the whole ----

    def rough(self, span):
        """Lives of milliseconds to seconds."""
        until = time.monotonic() + span
        looked = time.monotonic()
        while time.monotonic() < until:
            self.turbulence(self.rng.choice((0.02, 0.1, 0.3, 1, 2, 5)) * self.rng.random() * 2, 0.1)
            self.end()
            self.start()
            if time.monotonic() - looked > 60:
                self.checkpoint(True)
                looked = time.monotonic()

    def long(self, span):
        """One life."""
        until = time.monotonic() + span
        while time.monotonic() < until:
            self.turbulence(min(90, until - time.monotonic()), 0.05)
            self.alive()
            self.checkpoint(False)
        self.flat(span)
        self.checkpoint(True)

    def flat(self, span):
        warm = self.samples[int(len(self.samples) * WARM):]
        quarter = max(1, len(warm) // 4)
        first, last = warm[:quarter], warm[-quarter:]
        rss = median(rss for rss, _ in first), median(rss for rss, _ in last)
        peak = max(rss for rss, _ in first), max(rss for rss, _ in last)
        open_ = max(n for _, n in first), max(n for _, n in last)
        print(f"# a life of {span:.0f} s, its first quarter and its last: median RSS {rss[0]:.0f} "
              f"and {rss[1]:.0f} KiB, peak {peak[0]} and {peak[1]} KiB, most descriptors "
              f"{open_[0]} and {open_[1]}", flush=True)
        if span >= MEASURED:
            check(rss[1] <= rss[0] + RSS_KIB, f"its memory grows: {rss}")
            check(open_[1] <= open_[0] + DESCRIPTORS, f"its descriptors grow: {open_}")

    def done(self):
        self.daemon.terminate()
        Archive(self.directory).audit()
        verify(self.directory)
        for name, number in self.follower.tally.items():
            figure(name, number)
        figure("seconds", SECONDS)
        figure("faults met", self.churn.met)
        figure("records lost", 0)
        figure("records twice", 0)


@test("a daemon that walks for hours, through faults and kills, keeps an exact archive in flat memory")
def soak(place):
    s = Soak(place)
    parts = max(1, SECONDS // 3600)
    s.start()
    for _ in range(parts):
        s.rough(SECONDS / parts / 4)
        s.checkpoint(True)
        s.long(SECONDS / parts * 3 / 4)
    s.done()


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED} SOAK_SECONDS={SECONDS}", flush=True)
    run()
