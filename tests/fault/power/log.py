"""What disk.c has logged, and the disks that a power cut may leave of it. A disk keeps all that came
before a flush that it has answered, and of what came since any part: each write or none of it, in
any order, and of each any of its sectors. Only ext4's superblock, which ext4 writes over where it
is, is never torn: there would be no file system left to mount."""

import os
import struct

SECTOR = 512
SUPERBLOCK = range(1024, 2048)
ENTRY = struct.Struct("<4sIQQII")
WRITE, ZERO, FLUSH = 1, 2, 3
VARIANTS = ("none", "all", "torn")


class Log:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.entries = []  # type, offset, length, durable, where its data is
        self.starts = []   # where each begins in the log
        at = 0
        while at < len(self.bytes):
            magic, kind, offset, length, durable, _ = ENTRY.unpack_from(self.bytes, at)
            if magic != b"DISK":
                raise ValueError(f"{path}: no request at {at}")
            self.starts.append(at)
            at += ENTRY.size
            self.entries.append((kind, offset, length, durable, at))
            at += length if kind == WRITE else 0

    def __len__(self):
        return len(self.entries)

    def flushed(self):
        """The positions right behind a flush."""
        return [at for at, entry in enumerate(self.entries, 1) if entry[0] == FLUSH]

    def count(self, kind):
        return sum(entry[0] == kind for entry in self.entries)

    def behind(self, size):
        """The first position at which all is there that was logged when the log had that size."""
        low, high = 0, len(self.starts)
        while low < high:
            middle = (low + high) // 2
            if self.starts[middle] < size:
                low = middle + 1
            else:
                high = middle
        return low

    def data(self, entry):
        kind, _, length, _, at = entry
        return self.bytes[at:at + length] if kind == WRITE else bytes(length)


class Disk:
    """The disk at one position of the log after the other."""

    def __init__(self, base, log):
        with open(base, "rb") as file:
            self.bytes = bytearray(file.read())
        self.log = log
        self.flushed = 0  # so many requests are in self.bytes
        self.pending = []

    def _put(self, entry):
        self.bytes[entry[1]:entry[1] + entry[2]] = self.log.data(entry)

    def advance(self, position):
        """To the moment at which that many requests were logged; never back."""
        entries = self.log.entries
        flush = max((i + 1 for i in range(self.flushed, position) if entries[i][0] == FLUSH),
                    default=self.flushed)
        for entry in entries[self.flushed:flush]:
            if entry[0] != FLUSH:
                self._put(entry)
        self.flushed = flush
        self.pending = entries[flush:position]

    def save(self, path, variant, rng):
        """The disk as a file; a write that had to be durable before it was answered is there."""
        with open(path, "wb", buffering=0) as file:
            file.write(self.bytes)
            for entry in self.pending:
                data = self.log.data(entry)
                if variant == "all" or entry[3]:
                    os.pwrite(file.fileno(), data, entry[1])
                elif variant == "torn":
                    for offset, part in torn(entry[1], data, rng):
                        os.pwrite(file.fileno(), part, offset)


def torn(offset, data, rng):
    """(where, what) of the parts of a write that have come to the disk."""
    how = rng.random()
    if how < 0.4:
        return
    if how < 0.8 or offset < SUPERBLOCK.stop and offset + len(data) > SUPERBLOCK.start:
        yield offset, data
        return
    for at in range(0, len(data), SECTOR):
        if rng.random() < 0.5:
            yield offset + at, data[at:at + SECTOR]
