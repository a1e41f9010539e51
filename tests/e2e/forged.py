"""A ledger whose lines prove themselves, and say whatever a test wants them to."""

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import time

from harness import ZERO, Archive


def rfc3339(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Ledger:
    """Appends to an archive's ledger; with a base URL, to that of a new archive."""

    def __init__(self, directory, base_url=None):
        self.path = os.path.join(directory, "ledger.jsonl")
        self.seq, self.prev = 0, ZERO
        if base_url:
            os.makedirs(directory)
            self.add("open", format=1, base_url=base_url, project=None)
        else:
            last = Archive(directory).entries[-1]
            self.seq, self.prev = last["seq"], last["hash"]

    def add(self, what, when=None, **members):
        self.seq += 1
        line = {"seq": self.seq, "time": rfc3339(when or time.time()), "type": what, **members,
                "prev": self.prev}
        body = json.dumps(line, separators=(",", ":"))[:-1].encode()
        self.prev = hashlib.sha256(body).hexdigest()
        with open(self.path, "ab") as file:
            file.write(body + b',"hash":"' + self.prev.encode() + b'"}\n')

    def walk(self, number, kind="full", state="complete", started=None, ended=None, **more):
        ended = ended or time.time()
        self.add("walk", when=ended, walk=number, kind=kind, state=state, pages=1, seen=0, new=0,
                 changed=0, gone=0, started=rfc3339(started or ended), **more)

    def failed(self, number, kind="full", reason="http", **more):
        self.walk(number, kind, "failed", reason=reason, **more)

    @contextlib.contextmanager
    def locked(self):
        with open(self.path, "rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
