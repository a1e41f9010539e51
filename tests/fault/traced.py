"""One run of a program under strace: which system calls it made, and one of them killed or failed;
and what an archive held, to be compared with what it holds later."""

import ast
import collections
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile

from harness import Archive, Failed, check, decode, environment, equal, figure, once, verify

# A kill, and an error that strace makes, need no disk behind the file system, and a sync that waits for
# none takes a fifth of the time.
MEMORY = "/dev/shm"
if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and \
        shutil.disk_usage(MEMORY).free > 256 << 20:
    tempfile.tempdir = MEMORY

LIMIT = 600  # seconds: a guard against hangs, no criterion

# All by which the program changes the disk, or learns of anything from outside. Whatever lies between
# two of them leaves no trace: so a kill before each is also one after each. The last is exit_group.
CALLS = """write pwrite64 writev pwritev pwritev2 read pread64 readv preadv fsync fdatasync rename
    renameat renameat2 ftruncate fallocate copy_file_range unlink unlinkat open openat mkdir mkdirat
    link linkat symlinkat chmod fchmod fchmodat fchown fchownat utimensat flock fcntl close connect
    socket sendto sendmsg recvfrom recvmsg epoll_wait epoll_pwait epoll_ctl poll ppoll timerfd_create
    timerfd_settime getdents64 exit_group""".split()

LINE = re.compile(r"^\d+\s+(\w+)\((.*?)(?:\)\s+= (.*)| <unfinished \.\.\.>)?$")


class Call:
    def __init__(self, name, text, answer):
        self.name, self.text, self.answer = name, text, answer or ""
        self.injected = "(INJECTED)" in self.answer
        self.failed = self.answer.startswith("-1 ")

    def path(self):
        """The path behind the first descriptor."""
        found = re.match(r"\d+<(.*?)>(?:, |$)", self.text)
        return found and found[1]

    def __str__(self):
        return f"{self.name}({self.text[:200]}) = {self.answer}"


class Traced:
    """Runs `line` to its end under strace with these options."""

    def __init__(self, line, log, *options, text=64, env=None, **more):
        done = subprocess.run(["strace", "-f", "-y", "-s", str(text), "-o", log, *options, *line],
                              env=environment(env), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, **more)
        self.code, self.err = done.returncode, done.stderr.decode(errors="replace")
        self.calls = []
        with open(log, errors="surrogateescape") as file:
            for row in file:
                found = LINE.match(row.rstrip("\n"))
                if found:
                    self.calls.append(Call(*found.groups()))
        check(self.calls, f"strace saw nothing: {self.err}")

    def killed(self):
        return self.code == -9

    def injected(self):
        return [call for call in self.calls if call.injected]


def points(traced, directory, names, until=None, all=True):
    """(name, N) for each such call from the first on that concerns the archive, in their order, up to
    the first of the name `until`; not all of them, if only those on the archive are wanted."""
    counts, found, begun = collections.Counter(), [], False
    for call in traced.calls:
        counts[call.name] += 1
        begun = begun or call.name != "execve" and directory in call.text
        if call.name == until:
            break
        if begun and call.name in names and (all or directory in call.text):
            found.append((call.name, counts[call.name]))
    check(found, "no such calls were made")
    return found


def sealing(traced):
    """Those of them from a segment's change of mode to its seal line's sync."""
    counts, found, seals = collections.Counter(), set(), False
    for call in traced.calls:
        counts[call.name] += 1
        seals = seals or call.name == "fchmod" and ".open>" in call.text
        if seals:
            found.add((call.name, counts[call.name]))
        if call.name == "fdatasync" and "ledger.jsonl>" in call.text:
            seals = False
    return found


def sample(found, rng, count):
    """Each kind of call once, and others up to so many; all if count is None."""
    if count is None:
        return found
    by_name = collections.defaultdict(list)
    for point in found:
        by_name[point[0]].append(point)
    chosen = {rng.choice(some) for _, some in sorted(by_name.items())}
    rest = [point for point in found if point not in chosen]
    chosen.update(rng.sample(rest, max(0, min(len(rest), count - len(chosen)))))
    return [point for point in found if point in chosen]


WRITE = re.compile(r'^\d+<([^>]*)>, ("(?:[^"\\]|\\.)*"), (\d+), (\d+)$')


def tear(call, directory, rng):
    """What the write that was killed would have done, had it been killed half-way: a beginning of its
    bytes is in the file. False if it was no write to a file of the archive's."""
    found = WRITE.match(call.text) if call.name == "pwrite64" else None
    if not found or not found[1].startswith(directory + "/") or not os.path.exists(found[1]):
        return False
    data = ast.literal_eval("b" + found[2])
    equal(len(data), int(found[3]), "the bytes that strace shows")
    if len(data) < 2:
        return False
    cuts = [i + 1 for i, byte in enumerate(data[:-1]) if byte == 10]
    cut = rng.choice(cuts) if cuts and rng.random() < 0.3 else rng.randrange(1, len(data))
    fd = os.open(found[1], os.O_WRONLY)
    os.pwrite(fd, data[:cut], int(found[4]))
    os.close(fd)
    return True


_decoded = {}


class Held(Archive):
    """An archive whose frames, many times the same, are decoded once; each is proven each time."""

    def frame(self, entry):
        with open(self.segment(entry["segment"]), "rb") as file:
            file.seek(entry["offset"])
            data = file.read(entry["length"])
        equal(hashlib.sha256(data).hexdigest(), entry["sha256"], "a frame's digest")
        key = entry["sha256"]
        if key not in _decoded:
            if len(_decoded) > 10000:
                _decoded.clear()
            _decoded[key] = decode(data, entry["segment"])
        text = _decoded[key]
        equal(len(text), entry["bytes"], "a frame's bytes")
        equal(text.count(b"\n"), entry["records"], "a frame's records")
        return text


class Committed:
    """The ledger as far as its groups are whole, every frame in it proven."""

    def __init__(self, directory):
        self.prefix = b""
        path = os.path.join(directory, "ledger.jsonl")
        if not os.path.exists(path):
            return
        held = Held(directory)
        held.audit()
        for entry in held.frames():
            held.frame(entry)
        lines = open(path, "rb").read().split(b"\n")[:len(held.entries)]
        self.prefix = b"".join(line + b"\n" for line in lines)

    def stays(self, directory):
        if not self.prefix:
            return
        with open(os.path.join(directory, "ledger.jsonl"), "rb") as file:
            check(file.read(len(self.prefix)) == self.prefix, "what was committed is not there")


def records(directory):
    """Each stream's lines, sorted; of an event its type and id."""
    held = Held(directory)
    found = {name: sorted(held.lines(name)) for name in ("completions", "messages")}
    events = [json.loads(line) for line in held.lines("changes")]
    found["changes"] = sorted(f"{event['type']} {event['id']}" for event in events)
    return found


def compare(got, expected):
    """Lost and twice are counted in any case."""
    for stream, lines in expected.items():
        have, want = collections.Counter(got[stream]), collections.Counter(lines)
        lost, more = list((want - have).elements()), list((have - want).elements())
        figure("records lost", len(lost))
        figure("records twice", len(more))
        check(not lost and not more,
              f"{stream}: {len(have)} lines, {len(lost)} lost, {len(more)} too many, e.g. "
              f"{(lost + more + [''])[0][:120]!r}")


OURS = {"ledger.jsonl", "catalog.sqlite3", "catalog.sqlite3-journal", "completions", "messages",
        "changes", "recovered"}


def leftovers(directory, again):
    """Nothing lies about: what a start cut off is named in the ledger, all else is the archive's. A
    start that was itself killed may have kept a tail that the one after it keeps `again`."""
    check(set(os.listdir(directory)) <= OURS, f"left over: {sorted(os.listdir(directory))}")
    journal = os.path.join(directory, "catalog.sqlite3-journal")
    check(not os.path.exists(journal) or os.path.getsize(journal) == 0, "a journal is left")
    named = {entry["kept"]: entry["length"] for entry in Held(directory).of_type("recover")}
    folder = os.path.join(directory, "recovered")
    found = {f"recovered/{name}": os.path.getsize(os.path.join(folder, name))
             for name in os.listdir(folder)} if os.path.isdir(folder) else {}
    if again:
        found = {name: size for name, size in found.items() if name in named}
    equal(found, named, "what was cut off, and what the ledger says of it")


def heals(directory, server, config, expected, before, again=False):
    """Without faults: one walk, and the archive is exact; what was committed before is in it."""
    once(directory, server, config=config, expect=0)
    before.stays(directory)
    held = Held(directory)
    held.audit(sealed=True)
    compare(records(directory), expected)
    leftovers(directory, again)
    verify(directory)


def copy(source, target):
    shutil.rmtree(target, ignore_errors=True)
    if os.path.exists(source):
        shutil.copytree(source, target)
    return target
