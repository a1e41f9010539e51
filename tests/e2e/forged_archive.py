"""An archive with any records in it and any history: frames that prove themselves, written without
the project's own code."""

import hashlib
import json
import os
import subprocess

from forged import Ledger, rfc3339
from harness import ZERO


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Forged(Ledger):
    def __init__(self, directory, base_url, when):
        os.makedirs(directory)
        self.path = os.path.join(directory, "ledger.jsonl")
        self.seq, self.prev = 0, ZERO
        self.directory, self.ends = directory, {}
        self.add("open", when=when, format=1, base_url=base_url, project=None)

    def frame(self, stream, lines, when, number=1):
        """A frame at the end of that segment, which stays .open and has the date of `when`."""
        plain = "".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass")
        stored = subprocess.run(["zstd", "-cq"], input=plain, stdout=subprocess.PIPE,
                                check=True).stdout
        path = f"{stream}/archived={rfc3339(when)[:10]}/{number:08}.jsonl.zst"
        full = os.path.join(self.directory, path + ".open")
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "ab") as file:
            file.write(stored)
        offset = self.ends.get(path, 0)
        self.ends[path] = offset + len(stored)
        self.add("frame", when=when, stream=stream, segment=path, offset=offset,
                 length=len(stored), sha256=hashlib.sha256(stored).hexdigest(),
                 records=len(lines), bytes=len(plain), walk=1, cursors={}, request_id=None)
