#!/usr/bin/env python3
"""Random schedules of creation, lag, edits and deletion while walks go on, against a model that
knows every version of every record and from which request to which it could be seen.

MODEL_SCHEDULES says how many; schedule number i has the seed TEST_SEED + i, and one alone is
repeated with TEST_SEED=SEED MODEL_SCHEDULES=1."""

import collections
import hashlib
import json
import os
import random
import threading
import time
import traceback

from harness import FAST, Archive, Failed, Place, check, equal, once, run, test, verify
from timeline import Timeline

SCHEDULES = int(os.environ.get("MODEL_SCHEDULES", "40"))
SEED = int(os.environ.get("TEST_SEED", "1"))
DAY = 86400
DELETIONS_MAX = 95  # past a hundred it may be a mass disappearance, which other tests are about

tally, tally_lock = collections.Counter(), threading.Lock()


def count(what):
    with tally_lock:
        tally[what] += 1


class Ledgered:
    """The archive as its reader has followed it, walk by walk, each line held against the model."""

    def __init__(self, directory, timeline, world):
        self.directory, self.timeline, self.world = directory, timeline, world
        self.read = 0  # ledger lines
        self.lines = {}  # id: [(value, digest)]
        self.moment = {}  # id: the first request from which its newest line can be
        self.gone = set()
        self.starts = {}  # walk: (its first request, its watermark, the ids that were known)
        self.watermark = None
        self.completed = 0
        self.failed = 0  # of themselves
        self.gaps = set()
        self.prompts = collections.defaultdict(list)
        self.settled = {}  # id: messages-none or messages-missing

    def follow(self, fresh, code, verb, broken):
        """A walk is over: these are its requests."""
        archive = Archive(self.directory)
        archive.audit(sealed=True)
        walk = archive.walks()[-1]
        first, last = fresh[0]["n"], fresh[-1]["n"]
        resumed = walk["walk"] in self.starts
        began = self.starts.setdefault(walk["walk"],
                                       (first, self._newest(first), frozenset(self.lines)))
        span = self.span = Span(walk, began, fresh, last, resumed)
        new, changed, gone = self._read(archive, first, last, fresh)
        self.gaps |= set(walk["gaps"])
        check(walk["kind"] == ("new" if verb == "--once=new" and self.completed else "full"),
              f"its kind: {walk['kind']}")
        equal(code, 0 if walk["state"] == "complete" else 1, "the exit code")
        if walk["state"] == "failed":
            equal(gone, 0, "gone lines of a failed walk")
            self._explain(walk, fresh, broken)
            count("failed: " + walk["reason"])
            self.failed += not any(r["fault"] for r in fresh)
            return
        check(not any(r["fault"] for r in fresh), "complete in spite of a refusal")
        if not resumed:
            equal((walk["new"], walk["changed"], walk["gone"]), (new, changed, gone), "its numbers")
        self._gaps_true(span)
        self._complete(span)
        self.watermark = began[1]
        self.completed += 1
        count("complete " + walk["kind"] + (", resumed" if resumed else ""))

    def _newest(self, first):
        created = [r.created for r in self.timeline.records if r.at(first) is not None]
        return min(max(created, default=self.world.date), self.world.date)

    def _explain(self, walk, fresh, broken):
        """Only a refusal that was ordered may end a walk, or a cursor: one that is gone where the
        server answers such with a page, one that is gone from a second that fills a page, or one
        behind which a page's worth of records came in late."""
        if broken and any(r["fault"] for r in fresh):
            return
        cursors = [self.timeline.by_id[r["after"]] for r in fresh if r["after"]
                   and self.timeline.by_id[r["after"]].at(r["n"]) is None]
        deceived = cursors and self.world.unknown in ("empty", "first")
        full = any(record.created in walk["gaps"] for record in cursors)
        check(walk["reason"] == "cursor" and (deceived or full or self._crowded(fresh)),
              f"it failed: {walk['reason']}, {walk['detail']}")

    def _crowded(self, fresh):
        """Between two pages came so many others that what was to be shown again is not on it."""
        for order in ("asc", "desc"):
            asked = [r["n"] for r in fresh if r["class"] == "list" and r["order"] == order]
            for before, after in zip(asked, asked[1:]):
                if sum(before < r.since <= after for r in self.timeline.records) >= self.world.page:
                    return True
        return False

    def _read(self, archive, first, last, fresh):
        """Each line of this walk is true. How many are new, changed, gone."""
        entries, self.read = archive.entries[self.read:], len(archive.entries)
        text = collections.defaultdict(list)
        for entry in entries:
            if entry["type"] == "frame":
                text[entry["stream"]] += archive.frame(entry).decode().split("\n")[:-1]
        shown = set(self.world.server.expected(versions="all"))
        expected, new = [], 0
        for line in text["completions"]:
            check(line in shown, f"the server never sent {line[:200]}")
            record = json.loads(line)
            before = self.lines.setdefault(record["id"], [])
            self._version(record, line, before, first, last)
            if len(before) > 1:
                expected.append((record["id"], len(before), before[-2][1], before[-1][1]))
            else:
                new += 1
        changes = [json.loads(line) for line in text["changes"]]
        changed = [(c["id"], c["version"], c["sha256_before"], c["sha256"]) for c in changes
                   if c["type"] == "changed"]
        equal(sorted(changed), sorted(expected), "the changed lines")
        for change in changes:
            if change["type"] in ("gone", "returned"):
                self._presence(change, first, last, fresh)
            elif change["type"] != "changed":
                self._settle(change, last)
        for line in text["messages"]:
            self.prompts[json.loads(line)["completion_id"]].append(line)
        return new, len(changed), sum(c["type"] == "gone" for c in changes)

    def _version(self, record, line, before, first, last):
        known = self.timeline.by_id[record["id"]]
        value = record["metadata"].get("v", "")
        check(not before or before[-1][0] != value, f"{known.id}: version {value!r} twice in a row")
        since = max(self.moment.get(known.id, 0), first)
        when = known.first_shown(value, since, last)
        if when is None and since > first and self.span.walk["walk"] == 1:
            # Two heads had it on the way at once, and the older answer came last.
            when = known.first_shown(value, first, last)
            count("versions in the other order")
        check(when is not None, f"{known.id}: version {value!r} was not to be seen from request "
              f"{since} to {last}: {known.values}, {known.since}, {known.absent}")
        self.moment[known.id] = when
        before.append((value, hashlib.sha256(line.encode()).hexdigest()))

    def _presence(self, change, first, last, fresh):
        record = self.timeline.by_id[change["id"]]
        check(record.id in self.lines, f"{change['type']} but never archived: {record.id}")
        if change["type"] == "returned":
            check(record.id in self.gone, f"returned but not gone: {record.id}")
            check(record.over(first, last) != {None}, f"returned but not there: {record.id}")
            self.gone.discard(record.id)
            return
        check(record.id not in self.gone, f"gone twice: {record.id}")
        check(self.span.walk["kind"] == "full", "a gone line of a new walk")
        asked = [r["n"] for r in fresh if r["class"] == "get" and r["id"] == record.id]
        check(any(record.at(n) is None for n in asked), f"gone but there: {record.id}, {asked}, "
              f"{record.absent}")
        equal(change["created"], record.created, "created of a gone line")
        equal(change["expired"], self.world.expired, "whether 30 days have passed")
        self.gone.add(record.id)

    def _settle(self, change, last):
        record = self.timeline.by_id[change["id"]]
        check(self.world.prompts and record.id not in self.settled, f"{change['type']} again")
        check(change["type"] == "messages-none" or any(when <= last for when, _ in record.absent),
              f"messages-missing of one that is there: {record.id}")
        self.settled[record.id] = change["type"]

    def _gaps_true(self, span):
        """Only seconds that may have filled a page are called a gap."""
        for second in span.walk["gaps"]:
            there = [r for r in self.timeline.records if r.created == second]
            full = any(sum(r.at(n) is not None for r in there) >= self.world.page
                       for n in range(span.first, span.last + 1))
            check(full, f"{second} is called a gap, and holds {len(there)}")

    def _complete(self, span):
        """Nothing was missed by a walk that says so."""
        seen = [0, 0]
        for record in self.timeline.records:
            listed = record.over(span.first, span.last_list)
            during = record.over(span.first, span.last)
            known = self.lines.get(record.id)
            seen[0] += None not in listed and record.created not in span.walk["gaps"]
            seen[1] += during != {None}
            if span.full and during == {None} and record.id in span.known:
                check(record.id in self.gone, f"{record.id} is gone and has no gone line: "
                      f"{record.absent}")
            if None in listed:
                continue
            self._seen(span, record, known, during)
        if span.full and not span.resumed:
            check(seen[0] <= span.walk["seen"] <= seen[1],
                  f"seen: {span.walk['seen']}, between {seen}")

    def _seen(self, span, record, known, during):
        """It could be seen whenever a list was asked for."""
        what = f"{record.id} of {record.created}, seen from {record.since}, {record.values}, " \
               f"walk from {span.first} to {span.last}, watermark {self.watermark}"
        if known is None and record.created in self.gaps and self.world.cursor == "t1":
            count("left in a named gap")
            return
        covered = span.full or record.created >= self.watermark - self.world.overlap
        if covered:
            check(known, f"missed: {what}")
        elif not record.absent and self.world.lag(record) <= self.world.overlap:
            check(known, f"missed for ever: {what}")
        if not covered or (record.created in self.gaps and not span.full):
            return
        check(known[-1][0] in during, f"an old version, {known[-1][0]!r}: {what}")
        check(record.id not in self.gone or None in during, f"not returned: {what}")

    def finish(self):
        """The prompts: all of them, or a line that says why not."""
        numbers = {fact["id"]: fact["messages"] for fact in
                   map(json.loads, self.world.server.control("ids").decode().splitlines())}
        true = set(self.world.server.expected_messages())
        for id in self.lines if self.world.prompts else []:
            got = self.prompts.pop(id, [])
            if id in self.settled:
                equal(got, [], f"prompts of {id}, {self.settled[id]}")
                check(self.settled[id] == "messages-missing" or numbers[id] == 0, f"none of {id}")
                continue
            equal([json.loads(line)["id"] for line in got],
                  [f"{id}-{number}" for number in range(numbers[id])], f"prompts of {id}")
            if self.timeline.by_id[id].at(self.timeline.clock() + 0.5) is not None:
                check(set(got) <= true, f"prompts of {id} are not the server's")
        equal(dict(self.prompts), {}, "prompts of strangers")


class Span:
    """From which request to which a walk looked, its first part included if it was resumed."""

    def __init__(self, walk, began, fresh, last, resumed):
        self.walk, self.resumed, self.last = walk, resumed, last
        self.first, _, self.known = began
        self.full = walk["kind"] == "full"
        self.last_list = max((r["n"] for r in fresh if r["class"] == "list"), default=last)


class World:
    """A store, and what happens to it: all by chance."""

    def __init__(self, place, seed, **fixed):
        self.place, self.random = place, random.Random(seed)
        pick = self.random.choice
        self.page = fixed.get("page") or self.random.randint(2, 20)
        self.cursor = fixed.get("cursor") or pick(["t1", "t1", "exact"])
        self.unknown = fixed.get("unknown") or pick(["404", "400", "keep", "empty", "first"])
        self.overlap = pick([3600, 3600, 600])
        self.prompts = fixed.get("prompts", False)
        self.busy = fixed.get("busy", False)
        self.refusals = fixed.get("refusals", 0)
        self.expired = pick([False, False, True])
        self.date = int(time.time()) - (400 * DAY if self.expired else pick([0, 20 * DAY]))
        self.count = fixed.get("count") or pick([0, 1, self.page, self.random.randint(2, 90)])
        ties = fixed.get("ties") or self.random.randint(1, min(8, self.page + 1))
        self.deletions = 0
        self.values = 0
        self.dates = [(0, self.date)]
        options = [f"--records={self.count}", f"--ties={ties}", f"--seed={seed}",
                   f"--start={self.date - pick([0, 1, 100])}", f"--spread={pick([1, 30, 300])}",
                   f"--date={self.date}", f"--cursor={self.cursor}", "--record-bytes=60",
                   f"--unknown-cursor={self.unknown}", f"--prompts={2 if self.prompts else 0}"]
        if "storm" in fixed:
            options.append(f"--tie-storm={self.random.randint(*fixed['storm'])}")
        self.server = place.standin(*options)
        self.timeline = Timeline(self.server)
        self.config = os.path.join(place.path, "model.conf")
        with open(self.config, "w") as file:
            file.write(f"{FAST}[Walk]\nPageSize={self.page}\nOverlap={self.overlap}s\n"
                       f"Messages={'yes' if self.prompts else 'no'}\n")

    def lag(self, record):
        """How long after its creation it could be seen, by the server's clock."""
        if record.since == 0:
            return 0
        return [date for since, date in self.dates if since <= record.since][-1] - record.created

    def advance(self):
        self.date += self.random.choice([0, 1, 60, 1800, 7200])
        self.server.control("clock", date=self.date)
        self.dates.append((self.timeline.clock() + 0.25, self.date))

    def _added(self):
        """When a new record was created, and when it can be seen."""
        how = {"n": 1, "created": self.date - self.random.choice([0, 0, 1, 2])}
        if self.random.random() < 0.6:
            how["created"] = self.date - self.random.randint(0, self.overlap)
        if self.random.random() < 0.4 and self.timeline.records:
            tied = self.random.choice(self.timeline.records).created
            how["created"] = min(tied, self.date)
            how["n"] = self.random.randint(1, 3)
        chance = self.random.random()
        if chance < 0.5:
            how["visible_after_requests"] = self.random.randint(0, 3 * self.requests())
        elif chance < 0.6:
            how["hidden"] = 1
        return how

    def requests(self):
        """About as many as a walk takes."""
        return 3 + 3 * len(self.timeline.records) // (2 * self.page)

    def changes(self):
        """One thing that happens, or a few at once."""
        verb = self.random.choices(["add", "delete", "edit", "restore", "reveal"],
                                   [5, 15 if self.busy else 5, 5, 0 if self.prompts else 2, 1])[0]
        total = len(self.timeline.records)
        if verb == "add" or total == 0:
            return [("add", self._added())]
        # Also what the same walk adds, if it does.
        indexes = [self.random.randrange(total + 3)]
        if verb in ("edit", "delete") and self.random.random() < 0.25:
            inline = sorted(self.timeline.records, key=lambda r: r.created)
            start = self.random.randrange(total)
            indexes = [r.index for r in inline[start:start + self.random.randint(2, 12)]]
        return [(verb, {"index": index, **self._how(verb, index)}) for index in indexes
                if verb != "delete" or self._may_delete()]

    def _may_delete(self):
        self.deletions += 1
        return self.deletions <= DELETIONS_MAX

    def _how(self, verb, index):
        """Metadata: new ones mostly, else some that a record had before."""
        if verb != "edit":
            return {}
        chance = self.random.random()
        if chance < 0.2 and index < len(self.timeline.records):
            original = self.timeline.records[index].original
            if original:
                return {"metadata": original}
        self.values += chance < 0.8
        return {"metadata": f'{{"v":"{self.values}"}}'}

    def between(self):
        for _ in range(self.random.choice([0, 0, 1, 3, 8])):
            for verb, how in self.changes():
                if verb == "add" or how["index"] < len(self.timeline.records):
                    self.timeline.act(verb, **how)
        self.advance()

    def plan(self):
        """For the walk that comes."""
        for _ in range(self.random.choice([20, 40] if self.busy else [0, 2, 5, 12, 25])):
            on = self.random.choices(["any", "list", "get"], [6, 3, 1])[0]
            nth = self.random.randint(1, self.requests() if on != "get" else 5)
            for verb, how in self.changes():
                self.timeline.plan(on, nth, verb, **how)

    def refusal(self):
        if self.random.random() >= self.refusals:
            return False
        nth = self.random.randint(1, self.requests())
        self.server.fault("status", on="list", nth=nth, times=0, status=401)
        return True


def schedule(seed, fixed):
    place = Place()
    try:
        world = World(place, seed, **fixed)
        directory = place.directory()
        ledgered = Ledgered(directory, world.timeline, world)
        for number in range(world.random.randint(2, 5)):
            try:
                world.plan()
                broken = world.refusal()
                verb = world.random.choice(["--once", "--once", "--once=new"])
                result = once(directory, world.server, verb, config=world.config)
                world.server.clear()
                ledgered.follow(world.timeline.settle(), result.code, verb, broken)
                verify(directory)
                if world.random.random() < 0.1:
                    os.unlink(os.path.join(directory, "catalog.sqlite3"))
                world.between()
            except Failed as failure:
                raise Failed(f"run {number + 1} ({verb}): {failure}") from None
        ledgered.finish()
        return ledgered.completed, ledgered.failed
    finally:
        place.close()


THEMES = [
    ("small pages, any cursor", {}),
    ("small pages, the live service's cursors, which lose ties", {"cursor": "t1", "ties": 4}),
    ("seconds that fill pages", {"ties": 12, "page": 8}),
    ("up to 90 in a second at 100 a page", {"page": 100, "count": 260, "storm": (20, 90)}),
    ("a deleted cursor is answered with an empty last page",
     {"unknown": "empty", "page": 5, "count": 80, "busy": True}),
    ("a deleted cursor is answered with the first page",
     {"unknown": "first", "page": 5, "count": 80, "busy": True}),
    ("walks refused in their middle, and resumed", {"refusals": 0.4, "page": 4, "count": 60}),
    ("with prompts, several requests at once", {"prompts": True}),
]


def group(theme):
    """The seeds of a theme: each is of one only, so that it can be repeated alone."""
    failures, complete, failed = [], 0, 0
    for seed in range(SEED, SEED + SCHEDULES):
        if seed % len(THEMES) != theme:
            continue
        try:
            here = schedule(seed, THEMES[theme][1])
            complete, failed = complete + here[0], failed + here[1]
        except Exception as failure:
            why = failure if isinstance(failure, Failed) else traceback.format_exc()
            failures.append(f"TEST_SEED={seed} MODEL_SCHEDULES=1: {why}")
        count("schedules")
    check(not failures, "\n".join(failures))
    check(failed <= 3 + complete / 5, f"{failed} walks failed, {complete} were complete")


for number, (sentence, _) in enumerate(THEMES):
    test(f"schedules by chance: {sentence}")(lambda place, theme=number: group(theme))


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED} MODEL_SCHEDULES={SCHEDULES}", flush=True)
    try:
        run()
    finally:
        for what, how_many in sorted(tally.items()):
            print(f"# {how_many} {what}")
