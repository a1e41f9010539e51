"""What happens to the stand-in's store and to its answers, all by chance: records come, late too,
change, change back, go and return; requests meet every fault of the wire."""

import bisect
import json
import time
import urllib.request

STATUSES = (500, 502, 503, 529, 408, 409, 429)
FRAMINGS = ("length", "chunked", "close", "gzip")

# Pages that are not well-formed. None of them is a lie in good form, which no client can see.
MALFORMED = ("no-has-more", "has-more-string", "has-more-null", "html", "other-list",
             "dup-has-more", "dup-data", "no-id", "dup-id", "int-id", "no-created",
             "string-created", "float-created", "empty-id", "trailing", "bom", "deep", "bad-utf8",
             "bad-escape", "control-char", "join", "has-more-number", "no-data", "null-data",
             "object-data", "scalar-data", "object-page", "array", "null-id", "control-id",
             "long-id", "dup-created", "null-created", "surrogate-utf8", "bad-unicode-escape",
             "newline-in-string", "join-literal", "bad-number", "bad-literal", "bad-space",
             "missing-comma", "extra-comma", "comment", "empty-has-more", "same-page", "bad-order",
             "empty")
MALFORMED_MESSAGES = ("no-has-more", "html", "bad-utf8", "no-id", "dup-id", "trailing", "join",
                      "has-more-null", "empty")


class Churn:
    """`fixed`: the first records, which stay as they are (those with giant strings)."""

    def __init__(self, server, rng, records, fixed):
        self.server, self.rng, self.fixed = server, rng, fixed
        self.aim = records
        self.alive = list(range(fixed, records))
        self.deleted = []
        self.ever_deleted = set()
        self.total = records
        self.edits = self.ordered = self.met = 0  # the latter two: faults
        # From when on how many, at least, can be seen; and when one was deleted.
        self.since, self.counts = [0.0], [records]
        self.deletions = []

    def store(self):
        """One thing that happens to the store, or a few at once."""
        chance = self.rng.random()
        if chance < 0.38 or len(self.alive) < self.aim // 2:
            self._add()
        elif chance < 0.55 and len(self.alive) > self.aim * 3 // 4:
            for _ in range(self.rng.choice((1, 1, 1, 3, 12))):
                self._delete()
        elif chance < 0.6 and self.deleted:
            self._restore()
        else:
            for _ in range(self.rng.choice((1, 1, 2, 8))):
                self._edit()

    def _count(self, change):
        self.since.append(time.time())
        self.counts.append(self.counts[-1] + change)

    def _add(self):
        n = self.rng.choice((1, 1, 2, 3, 30)) if len(self.alive) < self.aim else 1
        for _ in range(n):
            how = {"n": 1, "created": int(time.time()) - self.rng.choice((0, 0, 1, 60, 1800))}
            late = self.rng.random() < 0.2
            if late:
                how["visible_after_requests"] = self.rng.randint(0, 200)
            self.server.control("add", **how)
            if not late:
                self._count(1)
            self.alive.append(self.total)
            self.total += 1

    def _delete(self):
        at = self.rng.randrange(len(self.alive))
        self.alive[at], self.alive[-1] = self.alive[-1], self.alive[at]
        index = self.alive.pop()
        self._count(-1)
        self.deletions.append(time.time())
        self.server.control("delete", index=index)
        self.deleted.append(index)
        self.ever_deleted.add(index)

    def _restore(self):
        index = self.deleted.pop(self.rng.randrange(len(self.deleted)))
        self.server.control("restore", index=index)
        self.alive.append(index)
        self._count(1)

    def _edit(self):
        """To new metadata, or to some that the record may have had before: A, B, A are three."""
        self.edits += 1
        value = self.rng.choice((str(self.edits), "a", "b"))
        self.server.control("edit", index=self.rng.choice(self.alive),
                            metadata=json.dumps({"v": value}, separators=(",", ":")))

    def fault(self):
        """The next requests, or some soon after, meet this. Whether a person has to act."""
        on = self.rng.choices(("list", "messages", "get"), (6, 3, 1))[0]
        self.ordered += 1
        if self.ordered % 200 == 0:
            self.clear()  # the stand-in holds a thousand
        how = {"on": on, "nth": self.rng.randint(1, 30 if on == "list" else 5),
               "times": self.rng.choice((1, 1, 1, 2, 4))}
        kind, more = self._kind(on)
        self.server.fault(kind, **how, **more)
        return more.get("status") in (401, 403)

    def _kind(self, on):
        rng, chance = self.rng, self.rng.random()
        if chance < 0.25:
            more = {"status": rng.choice(STATUSES)}
            if more["status"] == 429:
                form = rng.choice(("retry_after", "retry_after_ms"))
                more[form] = rng.choice((1, 0.3) if form == "retry_after" else (100, 700))
            if on == "messages" and rng.random() < 0.3:
                more["status"] = 404  # not there yet
            return "status", more
        if chance < 0.27:
            return "status", {"status": rng.choice((401, 403))}
        if chance < 0.29:
            return "redirect", {"location": "http://127.0.0.1:9/elsewhere"}
        if chance < 0.5:
            return "cut", {"at": rng.choice((0, 1, 300, 5000, "50%", "99%")),
                           "framing": rng.choice(FRAMINGS), "reset": rng.choice((0, 0, 1))}
        if chance < 0.55:
            return "cut-record", {"framing": "close"}
        if chance < 0.58:
            # Not "flip": RELIABILITY.md says what a commit amid such a page still does.
            return "bad-gzip", {"mode": rng.choice(("cut", "plain")),
                                "at": f"{rng.randint(1, 99)}%"}
        if chance < 0.63:
            return "hangup", {"reset": rng.choice((0, 1))}
        if chance < 0.65:
            return "drip", {"bytes": 2000, "usec": 500}
        if chance < 0.67:
            return "header-flood", {}
        if chance < 0.68:
            return "stall", {"at": rng.randint(0, 3000)}
        return rng.choice(MALFORMED if on == "list" else MALFORMED_MESSAGES), {}

    def clear(self):
        with urllib.request.urlopen(f"{self.server.root}/_control/fault", timeout=60) as answer:
            self.met += sum(json.loads(line)["fired"] for line in answer.read().splitlines())
        self.server.clear()

    def still(self):
        """No faults any more, and everything that exists can be seen."""
        self.clear()
        self.server.control("release")
        self.server.control("reveal", n=self.total)
        self._count(len(self.alive) + self.fixed - self.counts[-1])

    def surely_seen(self, start, end):
        """How many, at least, a walk from start to end must have seen: those that were there when it
        began, less those deleted since."""
        start -= 0.001
        there = self.counts[bisect.bisect_right(self.since, start) - 1]
        return there - (bisect.bisect_right(self.deletions, end)
                        - bisect.bisect_left(self.deletions, start))
