"""An archive as it is followed while it grows: each ledger line and each frame is read once, and
what they say is kept as digests."""

import collections
import hashlib
import json
import os

from harness import ZERO, Archive, check, equal


def digest(line):
    return hashlib.sha256(line.encode()).digest()[:16]


class Follower(Archive):
    def __init__(self, directory):
        self.directory = directory
        self.read, self.seq, self.prev = 0, 0, ZERO  # of the ledger: bytes, lines, the last hash
        self.lines_kept = 0
        self.newest = {}  # id: the digest of its newest version
        self.fresh = []  # digests of the lines since the last look
        self.gone = set()
        self.prompts = collections.defaultdict(list)  # id: digests
        self.settled = {}  # id: messages-none or messages-missing
        self.tally = collections.Counter()

    def follow(self):
        """What was committed since the last time. Its walk lines."""
        walks = []
        self.fresh = []
        for entry in self._more():
            self.tally["ledger lines"] += 1
            if entry["type"] == "walk":
                walks.append(entry)
                self.tally[f"{entry['state']} {entry['kind']} walks"] += 1
            elif entry["type"] == "frame":
                for line in self.frame(entry).decode().split("\n")[:-1]:
                    getattr(self, "_" + entry["stream"])(line)
            else:
                self.tally[entry["type"] + " lines"] += 1
        return walks

    def _more(self):
        with open(os.path.join(self.directory, "ledger.jsonl"), "rb") as file:
            file.seek(self.read)
            lines = file.read().split(b"\n")[:-1]
        entries = [json.loads(line) for line in lines]
        while entries and entries[-1].get("group", 0) > entries[-1]["seq"]:
            entries.pop()  # its end is being written
        for line, entry in zip(lines, entries):
            body = line[:line.rindex(b',"hash":')]
            hash_ = hashlib.sha256(body).hexdigest()
            check(line == body + b',"hash":"' + hash_.encode() + b'"}', f"line {self.seq + 1}")
            equal((entry["seq"], entry["prev"]), (self.seq + 1, self.prev), "the chain")
            self.read += len(line) + 1
            self.seq, self.prev = entry["seq"], hash_
        return entries

    def _completions(self, line):
        id, new = json.loads(line)["id"], digest(line)
        check(self.newest.get(id) != new, f"{id}: the same version twice in a row")
        self.tally["versions" if id in self.newest else "records"] += 1
        self.newest[id] = new
        self.fresh.append(new)

    def _messages(self, line):
        message = json.loads(line)
        id = message["completion_id"]
        check(id in self.newest, f"messages of {id}, which is not archived")
        # The stand-in numbers them: from 0, each once, in order.
        equal(message["id"], f"{id}-{len(self.prompts[id])}", "a message")
        check(id not in self.settled, f"messages of {id} in spite of {self.settled.get(id)}")
        self.prompts[id].append(digest(line))
        self.tally["messages"] += 1

    def _changes(self, line):
        change = json.loads(line)
        kind, id = change["type"], change["id"]
        check(id in self.newest, f"{kind} of {id}, which is not archived")
        self.tally[kind + " lines"] += 1
        if kind == "gone":
            check(id not in self.gone, f"{id} is gone twice")
            self.gone.add(id)
        elif kind == "returned":
            check(id in self.gone, f"{id} returned and was not gone")
            self.gone.discard(id)
        elif kind != "changed":
            check(id not in self.settled and id not in self.prompts, f"{kind} of {id}, once more")
            self.settled[id] = kind
