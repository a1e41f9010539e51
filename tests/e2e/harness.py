"""What the end-to-end tests share: the stand-in server, the program under test, and a reader of
archives that is independent of the project's own code (Python's hashlib and json, the compressors'
command line tools), so that the same mistake cannot hide on both sides.

A test is a function with the decorator @test("a sentence"); run() runs them, several at once, and
speaks TAP."""

import atexit
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
import urllib.request

BUILD = os.environ.get("builddir", os.getcwd())
SOURCE = os.environ.get("srcdir", os.getcwd())
DAEMON = os.path.join(BUILD, "chatarchived")
CTL = os.path.join(BUILD, "chatarchivectl")
STANDIN = os.path.join(BUILD, "tests/standin/standin")
KEY = "sk-test-0123456789abcdefghijKLMNOP"
ZERO = "0" * 64

# `make torture` runs a program whole; without it, the part that belongs into every check.
TORTURE = bool(os.environ.get("TORTURE"))

_tests = []
_figures = {}
_figures_lock = threading.Lock()


def figure(name, count=1):
    """Adds to what this program counts; run() prints each sum as `# figure COUNT NAME`."""
    with _figures_lock:
        _figures[name] = _figures.get(name, 0) + count


def test(sentence):
    def add(function):
        _tests.append((sentence, function))
        return function
    return add


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


def equal(got, expected, what):
    if got != expected:
        raise Failed(f"{what}: got {got!r}, expected {expected!r}")


class Place:
    """A temporary directory, and what was started in it."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="chatarchived-e2e-")
        self.servers = []

    def directory(self, name="archive"):
        return os.path.join(self.path, name)

    def standin(self, *args):
        server = Standin(*args)
        self.servers.append(server)
        return server

    def close(self):
        for server in self.servers:
            server.stop()
        subprocess.run(["chmod", "-R", "u+rwX", self.path], check=False)
        shutil.rmtree(self.path, ignore_errors=True)


class Standin:
    def __init__(self, *args):
        self.process = subprocess.Popen([STANDIN, "--watch-stdin", *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        check(line.startswith("ready "), f"the stand-in did not start: {line!r}")
        self.url = line.split()[1]
        self.root = self.url[:-len("/v1")]

    def control(self, path, data=None, **query):
        query = {key.replace("_", "-") if key in ("visible_after_requests", "same_second") else key:
                 value for key, value in query.items()}
        url = f"{self.root}/_control/{path}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        post = path not in ("expected", "expected-messages", "ids", "requests", "stats")
        request = urllib.request.Request(url, data=(data or b"") if post else None,
                                         method="POST" if post else "GET")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def fault(self, kind, on="list", nth=1, times=1, data=None, **query):
        self.control("fault", data, on=on, nth=nth, times=times, kind=kind, **query)

    def clear(self):
        self.control("fault/clear")

    def expected(self, **query):
        return self.control("expected", **query).decode().split("\n")[:-1]

    def expected_messages(self):
        return self.control("expected-messages").decode().split("\n")[:-1]

    def requests(self):
        return [json.loads(line) for line in self.control("requests").decode().splitlines()]

    def stop(self):
        if self.process:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def environment(extra=None):
    env = {name: value for name, value in os.environ.items()
           if not name.startswith("OPENAI_") and name not in ("CREDENTIALS_DIRECTORY",)}
    env["OPENAI_API_KEY"] = KEY
    env["LC_ALL"] = "C.UTF-8"
    env.update(extra or {})
    return {name: value for name, value in env.items() if value is not None}


FAST = "[Walk]\nRequestsPerMinute=1000000\n"


def fast_config():
    """The default configuration, at the pace of a test."""
    path = os.path.join(tempfile.gettempdir(), f"chatarchived-e2e-{os.getpid()}.conf")
    if not os.path.exists(path):
        with open(path, "w") as file:
            file.write(FAST)
        atexit.register(os.unlink, path)
    return path


def command(directory, url, *args, config=None):
    line = [DAEMON, f"--config={config or fast_config()}"]
    if directory:
        line.append(f"--directory={directory}")
    if url:
        line.append(f"--base-url={url}")
    return line + list(args or ["--once"])


def run_program(line, env=None, timeout=300, **more):
    done = subprocess.run(line, env=environment(env), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **more)
    return Result(done.returncode, done.stdout.decode(errors="replace"),
                  done.stderr.decode(errors="replace"))


def once(directory, server, *args, env=None, config=None, expect=None, timeout=300):
    """Walk once. What it prints never holds the key."""
    url = server if isinstance(server, (str, type(None))) else server.url
    result = run_program(command(directory, url, *args, config=config), env, timeout)
    check(KEY not in result.out + result.err, "the key was printed")
    if expect is not None and result.code != expect:
        raise Failed(f"exit code {result.code}, expected {expect}: {result.err}")
    return result


def verify(directory, expect=0, *args):
    result = run_program([CTL, f"--directory={directory}", "verify", *args])
    if result.code != expect:
        raise Failed(f"verify: exit code {result.code}, expected {expect}: "
                     f"{result.out}{result.err}")
    return result


DECODERS = {".zst": ["zstd", "-dcq"], ".gz": ["gzip", "-dc"], ".xz": ["xz", "-dc"],
            ".lz4": ["lz4", "-dc"]}


def decode(data, path):
    extension = os.path.splitext(path)[1]
    if extension == ".jsonl":
        return data
    done = subprocess.run(DECODERS[extension], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    check(done.returncode == 0, f"{path}: {done.stderr.decode()}")
    return done.stdout


class Archive:
    """Reads an archive by the format's description alone, and believes nothing in it."""

    def __init__(self, directory):
        self.directory = directory
        self.entries = self._ledger()

    def _ledger(self):
        path = os.path.join(self.directory, "ledger.jsonl")
        if not os.path.exists(path):
            return []
        data = open(path, "rb").read()
        lines = data.split(b"\n")[:-1]  # what no newline ends is torn
        entries, prev = [], ZERO
        for number, line in enumerate(lines, 1):
            entry = json.loads(line)
            body = line[:line.rindex(b',"hash":')]
            digest = hashlib.sha256(body).hexdigest()
            check(line == body + b',"hash":"' + digest.encode() + b'"}', f"ledger line {number}")
            check(list(entry)[0:3] == ["seq", "time", "type"] and list(entry)[-2:] ==
                  ["prev", "hash"], f"ledger line {number}: the order of its members")
            equal(entry["seq"], number, "seq")
            equal(entry["prev"], prev, f"prev of line {number}")
            prev = digest
            entries.append(entry)
        while entries and entries[-1].get("group", 0) > entries[-1]["seq"]:
            entries.pop()  # a group without its end
        return entries

    def of_type(self, kind):
        return [entry for entry in self.entries if entry["type"] == kind]

    def walks(self):
        return self.of_type("walk")

    def frames(self, stream=None):
        return [entry for entry in self.of_type("frame")
                if stream is None or entry["stream"] == stream]

    def segment(self, path):
        for name in (path, path + ".open"):
            full = os.path.join(self.directory, name)
            if os.path.exists(full):
                return full
        raise Failed(f"{path} is missing")

    def frame(self, entry):
        with open(self.segment(entry["segment"]), "rb") as file:
            file.seek(entry["offset"])
            data = file.read(entry["length"])
        equal(hashlib.sha256(data).hexdigest(), entry["sha256"], "a frame's digest")
        text = decode(data, entry["segment"])
        equal(len(text), entry["bytes"], "a frame's bytes")
        equal(text.count(b"\n"), entry["records"], "a frame's records")
        check(text.endswith(b"\n"), "a frame's last newline")
        return text

    def lines(self, stream):
        out = []
        for entry in self.frames(stream):
            out += self.frame(entry).decode().split("\n")[:-1]
        return out

    def audit(self, sealed=False):
        """Offsets without holes, seals that are true, no file that nobody knows."""
        ends, seals = {}, {}
        for entry in self.entries:
            if entry["type"] == "frame":
                equal(entry["offset"], ends.get(entry["segment"], 0), "a frame's offset")
                ends[entry["segment"]] = entry["offset"] + entry["length"]
                check(entry["segment"] not in seals, "a frame behind a seal")
            if entry["type"] == "seal":
                seals[entry["segment"]] = entry
                equal(entry["length"], ends[entry["segment"]], "a seal's length")
        for path, entry in seals.items():
            full = os.path.join(self.directory, path)
            data = open(full, "rb").read()
            equal(len(data), entry["length"], f"the length of {path}")
            equal(hashlib.sha256(data).hexdigest(), entry["sha256"], f"the digest of {path}")
            equal(os.stat(full).st_mode & 0o777, 0o440, f"the mode of {path}")
        for path in ends:
            check(os.path.getsize(self.segment(path)) >= ends[path], f"{path} is short")
            if sealed:
                check(path in seals, f"{path} is not sealed")
        for stream in ("completions", "messages", "changes"):
            for folder, _, files in os.walk(os.path.join(self.directory, stream)):
                for name in files:
                    path = os.path.relpath(os.path.join(folder, name), self.directory)
                    known = path in ends or (path.endswith(".open") and path not in seals)
                    check(known, f"{path} is in the tree and not in the ledger")


def exact(directory, server, messages=True, sealed=True):
    """Every record once, byte for byte; every prompt once."""
    archive = Archive(directory)
    archive.audit(sealed)
    same(archive.lines("completions"), server.expected(), "completions")
    if messages:
        same(archive.lines("messages"), server.expected_messages(), "messages")
    return archive


def same(got, expected, what):
    if sorted(got) == sorted(expected):
        return
    lost = set(expected) - set(got)
    alien = set(got) - set(expected)
    raise Failed(f"{what}: {len(got)} lines, expected {len(expected)}; {len(lost)} lost, "
                 f"{len(alien)} unexpected, {len(got) - len(set(got))} twice; "
                 f"e.g. {str(next(iter(lost), ''))[:200]!r} {str(next(iter(alien), ''))[:200]!r}")


def tree(directory):
    """Every file's name, size and content, to compare."""
    out = {}
    for folder, _, files in os.walk(directory):
        for name in files:
            path = os.path.join(folder, name)
            out[os.path.relpath(path, directory)] = hashlib.sha256(open(path, "rb").read()).digest()
    return out


def _one(item):
    sentence, function = item
    place = Place()
    try:
        function(place)
        return sentence, None
    except Failed as failure:
        return sentence, str(failure) or "not so"
    except Exception:
        return sentence, traceback.format_exc()
    finally:
        place.close()


def run(workers=4):
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    tests = [item for item in _tests if only in item[0]]
    fast_config()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for number, (sentence, failure) in enumerate(pool.map(_one, tests), 1):
            if failure:
                failed += 1
                for line in failure.splitlines():
                    print(f"# {line}")
            print(f"{'not ' if failure else ''}ok {number} - {sentence}", flush=True)
    for name, count in sorted(_figures.items()):
        print(f"# figure {count} {name}")
    print(f"1..{len(tests)}")
    sys.exit(1 if failed else 0)
