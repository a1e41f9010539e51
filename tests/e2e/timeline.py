"""What the stand-in's store has been at every request: each record with the requests from which on
it existed, could be seen, was deleted, restored or had other metadata. Kept from what the test told
the stand-in to do and from the log of requests, not from what the stand-in says about its records;
that is only compared."""

import json
import math
import re

from harness import check, equal

NEVER = math.inf
METADATA = re.compile(r'"metadata":(\{[^{}]*\})')


class Record:
    """A moment is the number of a request, or half past one for what came between two. A value is
    the "v" of the metadata; "" is the record as it was created."""

    def __init__(self, index, created, since, original=None):
        self.index, self.created, self.original = index, created, original
        self.id = None
        self.since = since  # from here on it can be seen
        self.absent = []  # (moment, whether it was deleted or restored then)
        self.values = [(0, "")]

    def at(self, moment):
        """Its value, or None: it was not to be seen."""
        if moment < self.since or self._last(self.absent, moment, False):
            return None
        return self._last(self.values, moment, "")

    @staticmethod
    def _last(events, moment, otherwise):
        for when, what in reversed(events):
            if when <= moment:
                return what
        return otherwise

    def over(self, first, last):
        """Everything that it was at the requests from first to last."""
        moments = {math.ceil(when) for when, _ in self.absent + self.values if when < NEVER}
        moments |= {math.ceil(self.since)} if self.since < NEVER else set()
        return {self.at(first)} | {self.at(when) for when in moments if first < when <= last}

    def first_shown(self, value, first, last):
        """The first request from first to last that could have been answered with that."""
        return next((when for when in range(math.ceil(first), last + 1) if self.at(when) == value),
                    None)


class Timeline:
    def __init__(self, server):
        self.server = server
        self.records = []
        self.plans = []
        self.requests = []  # [n - 1]
        facts = [json.loads(line) for line in server.control("ids").decode().splitlines()]
        for fact, line in zip(facts, server.expected()):
            equal(json.loads(line)["id"], fact["id"], "the order of expected")
            self.records.append(Record(fact["index"], fact["created"], 0,
                                       METADATA.search(line).group(1)))
            self.records[-1].id = fact["id"]
        self.by_id = {record.id: record for record in self.records}

    def clock(self):
        return len(self.requests)

    def act(self, verb, **how):
        """Now, between two requests."""
        self.server.control(verb, **how)
        self._apply(self.clock() + 0.5, verb, how)
        self._name()

    def plan(self, on, nth, verb, **how):
        """At the nth request of that class, from now."""
        self.server.control("hook", on=on, nth=nth, do=verb, **how)
        self.plans.append((on, nth, verb, how))

    def settle(self):
        """Reads which requests there were since, and what of the plans came true at them. The
        requests."""
        self.server.control("hook/clear")
        before = self.clock()
        self.requests = self.server.requests()
        equal([r["n"] for r in self.requests], list(range(1, self.clock() + 1)), "the log")
        fresh = self.requests[before:]
        due = []
        for order, (on, nth, verb, how) in enumerate(self.plans):
            fits = [r["n"] for r in fresh if on in ("any", r["class"])]
            if nth <= len(fits):
                due.append((fits[nth - 1], order, verb, how))
        for when, _, verb, how in sorted(due, key=lambda item: item[:2]):
            self._apply(when, verb, how)
        self.plans = []
        self._name()
        return fresh

    def _apply(self, when, verb, how):
        if verb == "add":
            since = when
            if how.get("hidden"):
                since = NEVER
            elif "visible_after_requests" in how:
                since = math.floor(when) + how["visible_after_requests"] + 1
            for _ in range(how["n"]):
                self.records.append(Record(len(self.records), how["created"], since))
            return
        if how["index"] >= len(self.records):
            return  # what was to be added before it was not
        record = self.records[how["index"]]
        if verb == "edit":
            value = json.loads(how["metadata"]).get("v", "")
            record.values.append((when, value))
        elif verb == "reveal":
            record.since = min(record.since, when)
        else:
            record.absent.append((when, verb == "delete"))

    def _name(self):
        """The names of those that were added, and whether the stand-in agrees about all."""
        facts = [json.loads(line) for line in self.server.control("ids").decode().splitlines()]
        equal(len(facts), len(self.records), "records of the model and of the stand-in")
        for record, fact in zip(self.records, facts):
            record.id = fact["id"]
            self.by_id[record.id] = record
            told = (record.at(self.clock() + 0.5) is not None, len(record.values) - 1,
                    record.created)
            equal(told, (fact["visible"], fact["version"], fact["created"]),
                  f"the model and the stand-in about {record.id}")
        check(len(self.by_id) == len(facts), "ids")
