"""What a trace says about syncs: was one taken as good after another had failed, over data that the
kernel may have dropped since; was anything cut off that a good one had made safe?"""

import collections
import os
import re

from harness import check

WROTE = re.compile(r", (\d+), (\d+)$")
COPIED = re.compile(r"\[[^]]*\], \d+<(.*?)>(?:\(deleted\))?, \[(\d+)")
LENGTH = re.compile(r", (\d+)$")
NAMES = re.compile(r'(?:\d+|AT_FDCWD)<(.*?)>, "([^"]*)"')
SEALED = re.compile(r"\d{8}\.jsonl(\.zst)?$")
OPENED = re.compile(r"\d+<(.*)>")


def outside(ranges, start, end):
    """These ranges without the bytes from start to end."""
    parts = [part for a, b in ranges for part in ((a, min(b, start)), (max(a, end), b))]
    return [(a, b) for a, b in parts if a < b]


class Synced:
    """A file: ranges of bytes, a directory: names in it. `dirty` was changed since the last sync, and
    becomes `lost` if that fails; what is lost has to be changed again, or cut off, before a sync of
    it counts."""

    def __init__(self, directory, ledger):
        """`ledger` bytes of the ledger were committed before."""
        self.dirty, self.lost = collections.defaultdict(list), collections.defaultdict(list)
        self.ledger, self.size, self.safe = f"{directory}/ledger.jsonl", ledger, ledger
        self.failures, self.doubtful = 0, []

    def wrote(self, path, start, end):
        self.lost[path] = outside(self.lost[path], start, end)
        self.dirty[path].append((start, end))
        if path == self.ledger:
            self.size = max(self.size, end)

    def cut(self, path, length):
        for ranges in (self.dirty, self.lost):
            ranges[path] = outside(ranges[path], length, 1 << 62)
        if path == self.ledger:
            check(length >= self.safe, f"{self.safe} bytes of the ledger were safe, cut to {length}")
            self.size = length

    def entered(self, path):
        self.gone(path)
        self.dirty[os.path.dirname(path)].append(os.path.basename(path))

    def gone(self, path):
        folder, name = os.path.split(path)
        for names in (self.dirty, self.lost):
            names.pop(path, None)
            names[folder] = [other for other in names[folder] if other != name]

    def moved(self, old, new):
        kept = self.dirty.pop(old, []), self.lost.pop(old, [])
        self.gone(old)
        self.entered(new)
        self.dirty[new], self.lost[new] = kept

    def synced(self, path, failed):
        if failed:
            self.failures += 1
            self.lost[path] += self.dirty.pop(path, [])
            return
        # A sealed name that was not synced: no line may say that it is sealed.
        self.doubtful += [f"{path}/{name}" for name in self.lost[path] if SEALED.match(str(name))]
        self.lost[path] = [what for what in self.lost[path] if not SEALED.match(str(what))]
        check(not self.lost[path],
              f"a sync of {path} was taken as good after one had failed: {self.lost[path][:3]}")
        self.dirty.pop(path, None)
        if path == self.ledger:
            self.safe = self.size

    def take(self, call):
        if call.name in ("fsync", "fdatasync"):
            return self.synced(call.path(), call.failed)
        if call.failed:
            return None
        names = [os.path.join(*found) for found in NAMES.findall(call.text)]
        if call.name == "pwrite64":
            offset = int(WROTE.search(call.text)[2])
            return self.wrote(call.path(), offset, offset + int(call.answer))
        if call.name == "copy_file_range":
            path, offset = COPIED.search(call.text).groups()
            return self.wrote(path, int(offset), int(offset) + int(call.answer))
        if call.name == "ftruncate":
            return self.cut(call.path(), int(LENGTH.search(call.text)[1]))
        if call.name == "mkdirat":
            return self.entered(names[0])
        if call.name == "renameat":
            return self.moved(*names)
        if call.name == "unlinkat":
            return self.gone(names[0])
        if call.name == "openat" and "O_EXCL" in call.text:
            return self.entered(OPENED.match(call.answer)[1])
        if call.name == "openat" and "O_TRUNC" in call.text:
            return self.cut(OPENED.match(call.answer)[1], 0)
        return None


def believes(calls, directory, ledger):
    """How many syncs failed, none of which was forgotten."""
    synced = Synced(directory, ledger)
    for call in calls:
        synced.take(call)
    if synced.doubtful:
        with open(synced.ledger) as file:
            seals = [line for line in file if '"type":"seal"' in line]
        for path in synced.doubtful:
            check(not any(f'"{os.path.relpath(path, directory)}"' in line for line in seals),
                  f"{path} has a seal line, though the sync of its name had failed")
    return synced.failures
