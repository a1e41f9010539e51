#!/usr/bin/env python3
"""The test inside the container that container.sh boots: the installed units under the machine's
own systemd, against the stand-in, from the first start to damage. One story, whose steps stand on
each other; TAP out.

Nothing is waited for by the clock: whatever happens shows in the journal, which is followed."""

import glob
import hashlib
import json
import os
import pwd
import re
import selectors
import signal
import stat
import subprocess
import sys
import time
import traceback

import harness
from harness import KEY, Archive, Failed, Standin, check, equal, exact

UNIT, WORK = "chatarchived.service", "chatarchived@work.service"
DIRECTORY, WORK_DIRECTORY = "/var/lib/chatarchived", "/var/lib/chatarchived-work"
WORK_KEY = "sk-test-work-ZYXWVUTSRQPONMLKJIHGFEDCBA"
BIG_BYTES = 200 << 20
PATIENCE = 40  # seconds until what should have happened long ago counts as not happening
UNIT_FAILED = "d9b373ed55a64feb8242e02dbe79a49c"  # systemd's own, with UNIT_RESULT=

_steps = []


def step(sentence):
    def add(function):
        _steps.append((sentence, function))
        return function
    return add


def run(*line):
    """Exit status and output."""
    done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode, done.stdout


def do(*line):
    code, out = run(*line)
    check(code == 0, f"{' '.join(line)}: exit status {code}: {out}")
    return out


def show(unit, name):
    return do("systemctl", "show", "--value", f"--property={name}", unit).strip()


def expect(unit, **properties):
    for name, value in properties.items():
        equal(show(unit, name), str(value), f"{name}= of {unit}")


def main_pid(unit):
    return int(show(unit, "MainPID"))


class Journal:
    """Every entry from the beginning on, as they come."""

    def __init__(self):
        self.process = subprocess.Popen(["journalctl", "--follow", "--no-tail", "--all", "--boot",
                                         "--output=json"], stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.rest, self.entries = b"", []

    def wait(self, seconds):
        self.selector.select(seconds)
        while data := self.process.stdout.read(1 << 20):
            self.rest += data
        *lines, self.rest = self.rest.split(b"\n")
        self.entries += [json.loads(line) for line in lines]

    def find(self, since=0, **fields):
        return [entry for entry in self.entries[since:]
                if all(entry.get(name) == value for name, value in fields.items())]

    def now(self):
        """All that was written until now is among the entries; how many they are."""
        mark = f"boot-test reads up to here: {time.monotonic_ns()}"
        subprocess.run(["systemd-cat", "--identifier=boot-test", "echo", mark], check=True)
        eventually(lambda: check(self.find(MESSAGE=mark), "the journal does not go on"))
        return len(self.entries)

    def close(self):
        self.process.kill()
        self.process.wait()


def eventually(function):
    """As soon as the function raises no more. What it looks at shows in the journal, or shortly
    after what shows there; hence also four times a second."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return function()
        except (Failed, OSError):
            if time.monotonic() > deadline:
                raise
        journal.wait(0.25)


def message_ids():
    text = open(os.path.join(harness.SOURCE, "daemon/run/message.h")).read()
    return dict(re.findall(r'#define MESSAGE_(\w+)\s+"([0-9a-f]{32})"', text))


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)


def configure(name, text):
    """A drop-in of the configuration; None takes it away."""
    path = os.path.join(confdir, "chatarchived.conf.d", f"{name}.conf")
    if text is None:
        os.unlink(path)
    else:
        write(path, text)


def drop_in(unit, name, text):
    """One of a unit, likewise."""
    path = f"/run/systemd/system/{unit}.d/{name}.conf"
    if text is None:
        os.unlink(path)
    else:
        write(path, text)
    do("systemctl", "daemon-reload")


def walks(since):
    return journal.find(since, MESSAGE_ID=ids["WALK_COMPLETE"], _SYSTEMD_UNIT=UNIT)


def whole():
    """The archive is the stand-in's store, nothing lost and nothing twice."""
    return eventually(lambda: exact(DIRECTORY, server, sealed=False))


def hang(nth):
    """Waits until a list request, from now on the nth, hangs in the middle of its answer."""
    server.control("requests/reset")
    server.fault("stall", on="list", nth=nth, at=100)

    def hangs():
        check(any(request["fault"] == "stall" and not request["over"]
                  for request in server.requests()), "no request hangs")
    eventually(hangs)


def restarted(pid, restarts):
    def back():
        expect(UNIT, ActiveState="active", SubState="running", NRestarts=restarts + 1)
        check(main_pid(UNIT) not in (0, pid), "it is the same process")
    eventually(back)


def prepare():
    """As the manual page says: user, catalog, key, configuration. The archives lie on a disk, and
    not in the container's own memory, which would count as the daemon's."""
    global confdir, server, work
    unit = do("systemctl", "cat", UNIT)
    confdir = os.path.dirname(re.search(r"^LoadCredential=api-key:(/\S+)", unit, re.M)[1])
    do("systemd-sysusers")
    do("journalctl", "--update-catalog")
    for directory in (DIRECTORY, WORK_DIRECTORY):
        on_disk = os.path.join("/out/disk", os.path.basename(directory))
        os.makedirs(on_disk)
        os.makedirs(directory)
        do("mount", "--bind", on_disk, directory)

    server = Standin(f"--key={KEY}", "--records=150", "--record-bytes=4K",
                     "--prompts=2")
    write(f"{confdir}/api-key", KEY + "\n", 0o600)
    configure("boot", f"[API]\nBaseURL={server.url}\n"
              "[Walk]\nInterval=2s\nRequestsPerMinute=1000000\n")
    work = Standin(f"--key={WORK_KEY}", "--records=20", "--seed=2", "--big-kind=base64",
                   f"--big-string={BIG_BYTES}@5")
    write(f"{confdir}/work.api-key", WORK_KEY + "\n", 0o600)
    write(f"{confdir}/work.conf", f"[API]\nBaseURL={work.url}\n"
          "[Walk]\nInterval=2s\nRequestsPerMinute=1000000\n")
    # A test is not to wait ten seconds for each restart; and what a unit ended with is forgotten
    # when nobody refers to it.
    for unit in (UNIT, WORK):
        drop_in(unit, "boot", "[Service]\nRestartSec=100ms\n[Unit]\nStartLimitIntervalSec=0\n")
    drop_in("boot-test.service", "boot", f"[Unit]\nAfter={UNIT} {WORK} chatarchived-verify.service "
            "chatarchived-verify@work.service\n")


@step("the unit starts, and is ready when systemctl start comes back")
def starts():
    do("systemctl", "start", UNIT)
    expect(UNIT, Type="notify", ActiveState="active", SubState="running", NRestarts=0)
    check(Archive(DIRECTORY).of_type("open"), "it was ready before the archive was")


@step("it runs as its own user, with the archive private to it")
def own_user():
    user = pwd.getpwnam("chatarchived")
    uids = re.search(r"^Uid:\s+(.*)$", open(f"/proc/{main_pid(UNIT)}/status").read(), re.M)[1]
    equal(set(uids.split()), {str(user.pw_uid)}, "the process's user")
    check(user.pw_uid != 0, "it is root")
    found = os.stat(DIRECTORY)
    equal((found.st_uid, stat.S_IMODE(found.st_mode)), (user.pw_uid, 0o750), "the directory")


@step("the key comes by credential, which no other user can read, and the server takes it")
def credential():
    path = f"/proc/{main_pid(UNIT)}/root/run/credentials/{UNIT}/api-key"
    # Where systemd leaves the file to root, it lets the user in by an access list, whose mask is
    # then what shows as the group's rights.
    mode = stat.S_IMODE(os.stat(path).st_mode)
    check(mode in (0o400, 0o440), f"the mode of {path} is {mode:o}")
    equal(open(path).read().strip(), KEY, path)
    code, _ = run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat", path)
    check(code != 0, "anybody can read the credential")

    def asked():
        requests = server.requests()
        check(requests, "the server was not asked")
        check(all(request["key_ok"] for request in requests), "another key was sent")
    eventually(asked)


@step("it archives every record and every prompt, once, byte for byte")
def archives():
    check(whole().of_type("walk"), "no walk was complete")


@step("systemctl status says what a person asks")
def status():
    def says():
        text = show(UNIT, "StatusText")
        check(re.search(r"walk \d", text) and "next walk" in text, f"StatusText={text}")
    eventually(says)


@step("records that are added meanwhile are found by the next walk")
def added():
    server.control("add", n=5)
    equal(len(server.expected()), 155, "records of the stand-in")
    whole()


@step("systemctl reload reads the configuration again, in the same process")
def reload():
    pid = main_pid(UNIT)
    configure("pages", "[Walk]\nPageSize=7\n[Archive]\nFrameSize=64K\n")
    do("systemctl", "reload", UNIT)
    server.control("requests/reset")

    def counts():
        limits = [request["limit"] for request in server.requests() if request["class"] == "list"]
        check(7 in limits, f"pages of {limits} are asked for")
    eventually(counts)
    equal(main_pid(UNIT), pid, "the process")
    whole()


@step("a reload with a bad configuration is refused, and the old one stays")
def bad_reload():
    pid, since = main_pid(UNIT), journal.now()
    configure("bad", "[Walk]\nInterval=never\n")
    run("systemctl", "reload", UNIT)

    def refused():
        check(journal.find(since, MESSAGE_ID=ids["CONFIG_REFUSED"], _SYSTEMD_UNIT=UNIT),
              "nothing in the journal says so")
    eventually(refused)
    since = journal.now()
    eventually(lambda: check(walks(since), "it walks no more"))
    equal(main_pid(UNIT), pid, "the process")
    configure("bad", None)


@step("killed in the middle of a walk, it is started again: nothing lost, nothing twice")
def killed():
    server.control("add", n=60)
    pid, restarts = main_pid(UNIT), int(show(UNIT, "NRestarts"))
    hang(nth=6)
    committed = len(Archive(DIRECTORY).lines("completions"))
    check(155 < committed < 215, f"{committed} records are committed: that proves nothing")
    os.kill(pid, signal.SIGKILL)
    restarted(pid, restarts)
    equal(len(server.expected()), 215, "records of the stand-in")
    whole()


@step("hung, it is killed by its watchdog and started again")
def watchdog():
    drop_in(UNIT, "watchdog", "[Service]\nWatchdogSec=3s\n")
    do("systemctl", "restart", UNIT)
    since = journal.now()

    def fed():
        """It still walks after a time in which it would have been killed."""
        found = [int(entry["__MONOTONIC_TIMESTAMP"]) for entry in walks(since)]
        check(found and found[-1] - found[0] > 3_500_000, "it does not walk on")
    eventually(fed)
    check(not journal.find(since, MESSAGE_ID=UNIT_FAILED, UNIT=UNIT), "killed without a reason")

    pid, restarts = main_pid(UNIT), int(show(UNIT, "NRestarts"))
    since = journal.now()
    os.kill(pid, signal.SIGSTOP)
    restarted(pid, restarts)
    eventually(lambda: check(
        journal.find(since, MESSAGE_ID=UNIT_FAILED, UNIT=UNIT, UNIT_RESULT="watchdog"),
        "it was not the watchdog"))
    drop_in(UNIT, "watchdog", None)
    whole()


@step("systemctl stop ends it clean in the middle of a walk")
def stop():
    server.control("add", n=10)
    since = journal.now()
    hang(nth=2)
    do("systemctl", "stop", UNIT)
    expect(UNIT, ActiveState="inactive", Result="success", ExecMainCode=1, ExecMainStatus=0)
    journal.now()
    failed = journal.find(since, MESSAGE_ID=ids["WALK_FAILED"], _SYSTEMD_UNIT=UNIT)
    equal([entry.get("REASON") for entry in failed], ["interrupted"], "the walk in hand")
    harness.verify(DIRECTORY)
    server.clear()
    do("systemctl", "start", UNIT)
    whole()


@step("journal entries carry their fields, and the ledger's head as it was")
def fields():
    journal.now()
    hashes = {str(entry["seq"]): entry["hash"] for entry in Archive(DIRECTORY).entries}
    found = walks(0)
    check(len(found) > 5, f"{len(found)} walks in the journal")
    for entry in found:
        for name in ("WALK", "PAGE", "RECORDS", "LEDGER_SEQ"):
            check(re.fullmatch(r"\d+", entry.get(name, "")), f"{name}={entry.get(name)}: {entry}")
        equal(entry.get("LEDGER_HEAD"), hashes[entry["LEDGER_SEQ"]], "LEDGER_HEAD=")
    equal(found[0]["RECORDS"], "150", "RECORDS= of the first walk")
    kinds = {entry.get("KIND") for entry in found}
    equal(kinds, {"full", "new"}, "KIND=")


@step("journalctl -x says what an entry means")
def catalog():
    number = walks(0)[-1]["WALK"]
    out = do("journalctl", "--no-pager", "-x", "-u", UNIT, "MESSAGE_ID=" + ids["WALK_COMPLETE"],
             "WALK=" + number)
    check(f"Subject: Walk {number} is complete" in out and "Defined-By: chatarchived" in out, out)
    for name, identity in ids.items():
        text = do("journalctl", "--dump-catalog", identity)
        check("Subject: " in text and len(text) > 200, f"{name}: {text}")


@step("a wrong configuration ends it with status 2, and it is not started again")
def wrong():
    do("systemctl", "stop", UNIT)
    since = journal.now()
    configure("bad", "[Walk]\nInterval=never\n")
    code, _ = run("systemctl", "start", UNIT)
    check(code != 0, "it started")
    expect(UNIT, ActiveState="failed", SubState="failed", Result="exit-code", ExecMainStatus=2,
           NRestarts=0)
    journal.now()
    said = journal.find(since, MESSAGE_ID=ids["CONFIG_REFUSED"], _SYSTEMD_UNIT=UNIT)
    equal(len(said), 1, "entries that say so")
    check("Interval" in said[0]["MESSAGE"] and "bad.conf" in said[0]["MESSAGE"],
          said[0]["MESSAGE"])
    configure("bad", None)
    do("systemctl", "start", UNIT)


@step("the timer's service verifies a live archive, without a network")
def verify():
    unit = "chatarchived-verify.service"
    do("systemctl", "start", "chatarchived-verify.timer")
    expect("chatarchived-verify.timer", ActiveState="active", SubState="waiting", Unit=unit)
    check(show("chatarchived-verify.timer", "NextElapseUSecRealtime"), "the timer is never due")
    since = journal.now()
    drop_in(unit, "boot", "[Service]\nExecStartPre=/usr/bin/readlink /proc/self/ns/net\n")
    do("systemctl", "start", unit)
    expect(unit, Result="success", ExecMainCode=1, ExecMainStatus=0)
    journal.now()
    said = [entry["MESSAGE"] for entry in journal.find(since, _SYSTEMD_UNIT=unit)]
    own = os.readlink("/proc/self/ns/net")
    nets = [text for text in said if text.startswith("net:[")]
    check(len(nets) == 1 and nets != [own], f"its network is {nets}, this one's {own}")
    check(len(said) > 1, "it said nothing")


@step("an instance has its own configuration, key and directory")
def instance():
    do("systemctl", "start", WORK)
    expect(WORK, ActiveState="active", SubState="running")
    expect(UNIT, ActiveState="active", SubState="running")

    def digests(stream):
        out = []
        for frame in Archive(WORK_DIRECTORY).frames(stream):
            lines = archive.frame(frame).split(b"\n")[:-1]
            out += [f"{hashlib.sha256(line).hexdigest()} {len(line)}" for line in lines]
        return sorted(out)

    def walked():
        check(journal.find(MESSAGE_ID=ids["WALK_COMPLETE"], _SYSTEMD_UNIT=WORK), "no walk")
    eventually(walked)
    archive = Archive(WORK_DIRECTORY)
    expected = work.control("expected", sha256=1).decode().splitlines()
    check(max(int(line.split()[1]) for line in expected) > BIG_BYTES, "no string is large")
    equal(digests("completions"), sorted(expected), "completions")
    expected = sorted(work.control("expected-messages", sha256=1).decode().splitlines())
    eventually(lambda: equal(digests("messages"), expected, "messages"))
    check(all(request["key_ok"] for request in work.requests()), "another key was sent")
    whole()


def control_file(unit, *names):
    """The first of these files that the unit's memory controller has; None without any."""
    group = show(unit, "ControlGroup")
    for root in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup"):
        for name in names:
            path = f"{root}{group}/{name}"
            if os.path.exists(path):
                return open(path).read()
    return None


MEMORY = "a string of 200 MB stays under MemoryMax="


@step(MEMORY)
def memory():
    limit = int(show(WORK, "MemoryMax"))
    expect(WORK, NRestarts=0)
    found = re.search(r"^VmHWM:\s+(\d+) kB", open(f"/proc/{main_pid(WORK)}/status").read(), re.M)
    peak = int(found[1]) << 10
    print(f"# peak of the process: {peak >> 20} MiB, MemoryMax={limit >> 20}M")
    check(peak < limit, f"the process had {peak} bytes, of {limit}")
    enforced = control_file(WORK, "memory.limit_in_bytes", "memory.max")
    if enforced is None:
        print("# NO MEMORY CONTROLLER HERE: measured by the process's own peak, not enforced")
        return
    equal(int(enforced), limit, "what the controller enforces")
    most = control_file(WORK, "memory.max_usage_in_bytes", "memory.peak")
    print(f"# peak of its group, page cache included: {int(most or 0) >> 20} MiB")
    events = control_file(WORK, "memory.oom_control", "memory.events")
    equal(re.search(r"^oom_kill (\d+)$", events, re.M)[1], "0", "processes killed")


@step("the verification of a damaged archive fails, with status 3")
def damaged():
    do("systemctl", "stop", WORK)
    path = max(glob.glob(f"{WORK_DIRECTORY}/completions/*/*"), key=os.path.getsize)
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    unit = "chatarchived-verify@work.service"
    code, _ = run("systemctl", "start", unit)
    check(code != 0, "it is clean")
    expect(unit, ActiveState="failed", Result="exit-code", ExecMainStatus=3)


@step("the keys are nowhere but in their files")
def keys():
    journal.now()
    pid = main_pid(UNIT)
    places = {
        "the journal": do("journalctl", "--boot", "--all", "--output=export"),
        "systemctl show": do("systemctl", "show", UNIT, WORK),
        "systemctl status": run("systemctl", "status", "--full", UNIT, WORK)[1],
    }
    for name in ("environ", "cmdline"):
        places[name] = open(f"/proc/{pid}/{name}", errors="replace").read()
    check("CREDENTIALS_DIRECTORY=" in places["environ"], "that is not its environment")
    archive = Archive(DIRECTORY)
    for stream in ("completions", "messages", "changes"):
        places[stream] = "\n".join(archive.lines(stream))
    for path in glob.glob(f"{DIRECTORY}/**", recursive=True):
        if os.path.isfile(path):
            places[path] = open(path, errors="replace").read()
    for place, text in places.items():
        check(KEY not in text and WORK_KEY not in text, f"{place} has a key")
    do("systemctl", "stop", UNIT)


def main():
    global journal, ids
    print(f"1..{len(_steps)}")
    journal, ids = Journal(), message_ids()
    failed = 0
    try:
        prepare()
        for number, (sentence, function) in enumerate(_steps, 1):
            failure = None
            begin = time.monotonic()
            try:
                function()
            except Failed as found:
                failure = str(found)
            except Exception:
                failure = traceback.format_exc()
            if failure:
                failed += 1
                for line in failure.splitlines():
                    print(f"# {line}")
                server.clear()  # what a step sets is not to fail the next
            print(f"{'not ' if failure else ''}ok {number} - {sentence}", flush=True)
            print(f"{time.monotonic() - begin:6.2f} s {sentence}", file=sys.stderr, flush=True)
            if failure and function is starts:
                print("Bail out! without the unit nothing else can be seen")
                break
    finally:
        journal.close()
    sys.exit(1 if failed else 0)


main()
