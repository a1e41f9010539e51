"""A file system that makes durable only what it is told to, and the rules in which order the daemon has
to tell it. Each file's data and each directory's entries are durable or not; what the daemon's calls do
to that is followed over all its runs on one archive."""

import json
import os
import re

from harness import check, figure

LEDGER, CATALOG = "ledger.jsonl", "catalog.sqlite3"
JOURNAL = CATALOG + "-journal"
WALKED = re.compile(r"walk (\d+): (complete|failed)")
HEAD = re.compile(r"ledger: head \d+:([0-9a-f]{64})")
SEALED = re.compile(r"sealed (\S+),")


class File:
    """`dirty`: data that is not synced; `loose`: its mode is not synced; `cut`: so long it was left
    when it was cut, and that is not synced."""

    def __init__(self, directory=False):
        self.directory = directory
        self.dirty = self.loose = False
        self.cut = None
        self.entries, self.durable = {}, {}  # of a directory


class Order:
    def __init__(self, directory):
        self.root, self.name = os.path.split(directory)
        self.top = File(True)
        self.text = self.safe = b""  # the ledger's, and as far as it is durable
        self.commits = 0  # of the catalog
        self.effects = {
            "openat": self._open, "mkdirat": self._mkdir, "mkdir": self._mkdir,
            "pwrite64": self._write, "write": self._write, "copy_file_range": self._copy,
            "ftruncate": self._cut, "fallocate": self._touch, "fchmod": self._mode,
            "fsync": self._sync, "fdatasync": self._sync, "renameat": self._rename,
            "rename": self._rename, "unlinkat": self._unlink, "unlink": self._unlink,
        }

    # ---- the tree ----

    def _path(self, *args):
        """A path of the archive's, as its parts; None: it is of something else."""
        path = os.path.join(*(os.fsdecode(arg) if isinstance(arg, bytes) else arg[1]
                              for arg in args))
        path = os.path.relpath(os.path.normpath(path), self.root)
        parts = path.split("/")
        return parts if parts[0] == self.name or path == "." else None

    def _find(self, parts, durable=False):
        at = self.top
        for part in parts if parts != ["."] else []:
            at = at and (at.durable if durable else at.entries).get(part)
        return at

    def _parent(self, parts):
        return self._find(parts[:-1])

    def file(self, path, durable=False):
        return self._find([self.name, *path.split("/")], durable)

    def _stays(self, path, what):
        """After a power cut the file has its name, its directories theirs, and all its data."""
        parts = [self.name, *path.split("/")]
        file = self._find(parts)
        check(file, f"{what}: {path} is not there")
        for end in range(1, len(parts) + 1):
            check(self._find(parts[:end], True) is self._find(parts[:end]),
                  f"{what}: the entry of {'/'.join(parts[:end])} is not durable")
        check(not file.dirty, f"{what}: the data of {path} is not durable")
        return file

    # ---- calls ----

    def run(self, calls):
        for call in calls:
            if isinstance(call.result, int) and call.result < 0:
                continue
            check(call.name not in ("sync", "syncfs", "sync_file_range", "linkat", "truncate"),
                  f"no rule for {call}")
            if call.name in self.effects:
                self.call = call
                self.effects[call.name](call.args, call.result)
                figure("calls followed")

    def _handle(self, arg):
        parts = self._path(arg) if isinstance(arg, tuple) else None
        return (parts, self._find(parts)) if parts else (None, None)

    def _open(self, args, result):
        parts = self._path(result)
        if parts and "O_CREAT" in args[2]:
            self._parent(parts).entries.setdefault(parts[-1], File())
        if parts and "O_TRUNC" in args[2]:
            self._find(parts).dirty = True

    def _mkdir(self, args, _):
        parts = self._path(*args[:-1])
        if parts:
            self._parent(parts).entries[parts[-1]] = File(True)

    def _sync(self, args, _):
        parts, file = self._handle(args[0])
        if not file:
            return
        figure("syncs followed")
        file.dirty, file.cut = False, None
        file.loose = file.loose and self.call.name != "fsync"
        if file.directory:
            file.durable = dict(file.entries)
        if parts == [self.name, LEDGER]:
            self.safe = self.text

    def _touch(self, args, _):
        file = self._handle(args[0])[1]
        if file:
            file.dirty = True

    def _mode(self, args, _):
        file = self._handle(args[0])[1]
        if file:
            file.loose = True

    def _copy(self, args, _):
        self._touch(args[2:], None)

    def _write(self, args, _):
        if self.call.name == "write" and args[0][0] == "2":
            return self._says(args[1].decode(errors="replace"))
        parts, file = self._handle(args[0])
        if not file:
            return
        check(self.call.name == "pwrite64", f"no rule for {self.call}")
        if parts == [self.name, LEDGER]:
            self._ledger(file, args[1], args[3])
        if parts == [self.name, CATALOG]:
            # If the archive's directory goes, both go.
            journal, directory = self.file(JOURNAL), self._parent(parts)
            check(journal and not journal.dirty and directory.durable.get(JOURNAL) is journal,
                  "the catalog is written to before its journal is durable")
        file.dirty = True

    def _cut(self, args, _):
        parts, file = self._handle(args[0])
        if not file:
            return
        if parts == [self.name, LEDGER] and args[1] < len(self.text):
            check(args[1] >= len(_groups(self.safe)[1]), "the ledger is cut within what is durable")
            self.text = self.text[:args[1]]
            file.cut = args[1]
        if parts == [self.name, JOURNAL]:
            self._commit()
        file.dirty = True

    def _rename(self, args, _):
        half = len(args) // 2
        source, target = self._path(*args[:half]), self._path(*args[half:])
        if not source:
            return
        file = self._find(source)
        name = "/".join(target[1:])
        check(not file.dirty, f"{name} gets its name before its data is durable")
        check(name.endswith(".open") or not file.loose,
              f"{name} gets its name before its mode is durable")
        del self._parent(source).entries[source[-1]]
        self._parent(target).entries[target[-1]] = file

    def _unlink(self, args, _):
        parts = self._path(*args[:2] if len(args) > 1 else args)
        if not parts:
            return
        name = "/".join(parts[1:])
        for entry in _groups(self.safe)[0]:
            if entry["type"] == "frame":
                check(not name.startswith(entry["segment"]), f"{name} is removed, and has frames")
        # The journal goes by this way only beside a catalog that is empty: commits cut it.
        del self._parent(parts).entries[parts[-1]]

    # ---- rules ----

    def _ledger(self, file, data, offset):
        old = self.text[offset:offset + len(data)]
        check(offset <= len(self.text) and data.startswith(old), "the ledger is written over")
        new = data[len(old):]
        if not new:
            return
        check(file.cut is None, "the ledger is written to before its cut is durable")
        check(file is self.file(LEDGER, durable=True), "the ledger's own entry is not durable")
        before = len(_groups(self.text)[0])
        self.text += new
        entries = _groups(self.text)[0][before:]
        check(self.text.endswith(b"\n") and entries, "what was written is no group")
        figure("ledger groups checked")
        for entry in entries:
            what = f"line {entry['seq']} ({entry['type']})"
            if entry["type"] == "frame":
                path = entry["segment"]
                self._stays(path if self.file(path) else path + ".open", what)
                figure("frame lines checked")
            elif entry["type"] == "seal":
                check(not self._stays(entry["segment"], what).loose, f"{what}: its mode")
                check(not self.file(entry["segment"] + ".open", durable=True),
                      f"{what}: its other name may come back")
                figure("seal lines checked")
            elif entry["type"] == "recover":
                self._stays(entry["kept"], what)
                self._stays(entry["file"] if self.file(entry["file"]) else
                            entry["file"].removesuffix(".open"), what)
                figure("recover lines checked")

    def _commit(self):
        check(self.safe == self.text, "the catalog commits before the ledger is durable")
        catalog = self.file(CATALOG)
        check(not (catalog and catalog.dirty), "the catalog's journal goes before its data is durable")
        self.commits += 1
        figure("catalog commits checked")

    def _says(self, text):
        """What it tells a person is durable."""
        entries = _groups(self.safe)[0]
        if not self.file(LEDGER, durable=True):
            entries = []
        for number, state in WALKED.findall(text):
            check(any(entry["type"] == "walk" and entry["walk"] == int(number) and
                      entry["state"] == state for entry in entries), f"not yet durable: {text}")
            figure("messages checked")
        for digest in HEAD.findall(text):
            check(entries and entries[-1]["hash"] == digest, f"not yet durable: {text}")
            figure("messages checked")
        for path in SEALED.findall(text):
            check(any(entry["type"] == "seal" and entry["segment"] == path for entry in entries),
                  f"not yet durable: {text}")
            figure("messages checked")

    # ---- between two runs ----

    def reconcile(self):
        """What a killed run may have done besides, and what a test did to the files: there, and not
        durable."""
        self._compare(self.top, self.root)
        path = os.path.join(self.root, self.name, LEDGER)
        text = open(path, "rb").read() if os.path.exists(path) else b""
        if text != self.text:
            self.text = text
            self.file(LEDGER).dirty = True

    def _compare(self, directory, path):
        there = {entry.name: entry for entry in os.scandir(path)
                 if directory is not self.top or entry.name == self.name}
        for name in set(directory.entries) - set(there):
            del directory.entries[name]
        for name, entry in there.items():
            file = directory.entries.setdefault(name, File(entry.is_dir()))
            if file.directory:
                self._compare(file, entry.path)

    def dirty(self, path):
        self.file(path).dirty = True


def _groups(text):
    """The lines up to the last whole group, and their text."""
    lines, entries = text.split(b"\n")[:-1], []
    for line in lines:
        try:
            entries.append(json.loads(line))
        except ValueError:
            break
    while entries and entries[-1]["group"] > entries[-1]["seq"]:
        entries.pop()
    return entries, b"".join(line + b"\n" for line in lines[:len(entries)])
