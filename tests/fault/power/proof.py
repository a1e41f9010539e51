"""What must hold of an archive on a disk whose power was cut: before the daemon has seen it, and after
it has walked once more. Python's hashlib and json and zstd's own tool say so, not the project's code."""

import collections
import functools
import hashlib
import json
import os
import sqlite3
import subprocess

from harness import CTL, Archive, Failed, check, decode, equal, figure, once, verify

ZERO = "0" * 64
_decoded = {}


class Held(Archive):
    """An archive whose frames, many times the same, are decoded once; each is proven each time."""

    def frame(self, entry):
        with open(self.segment(entry["segment"]), "rb") as file:
            file.seek(entry["offset"])
            data = file.read(entry["length"])
        equal(hashlib.sha256(data).hexdigest(), entry["sha256"], f"a frame of {entry['segment']}")
        if entry["sha256"] not in _decoded:
            _decoded[entry["sha256"]] = decode(data, entry["segment"])
        text = _decoded[entry["sha256"]]
        equal(len(text), entry["bytes"], "a frame's bytes")
        equal(text.count(b"\n"), entry["records"], "a frame's records")
        return text


class Survivor(Held):
    """One that nobody has recovered: its ledger counts up to the last whole group, and what comes
    behind may be anything."""

    def _ledger(self):
        path = os.path.join(self.directory, "ledger.jsonl")
        text = open(path, "rb").read() if os.path.exists(path) else b""
        entries, prev, ends = [], ZERO, [0]
        for line in text.split(b"\n")[:-1]:
            body, _, tail = line.rpartition(b',"hash":')
            digest = hashlib.sha256(body).hexdigest()
            if tail != b'"' + digest.encode() + b'"}':
                break
            entry = json.loads(line)
            if entry["seq"] != len(entries) + 1 or entry["prev"] != prev:
                break
            prev = digest
            entries.append(entry)
            ends.append(ends[-1] + len(line) + 1)
        while entries and entries[-1]["group"] > entries[-1]["seq"]:
            entries.pop()
        self.text = text[:ends[len(entries)]]
        self.torn = len(text) > len(self.text)
        return entries

    def keeps(self, promised):
        """What was acknowledged, and each frame of what is in the ledger, acknowledged or not."""
        heads, sealed = promised
        for seq, digest, walk in heads:
            check(len(self.entries) >= seq, f"line {seq} was acknowledged, and the ledger ends at "
                  f"line {len(self.entries)}")
            equal(self.entries[seq - 1]["hash"], digest, f"the hash of line {seq}")
            check(not walk or any(entry["type"] == "walk" and entry["walk"] == int(walk)
                                  for entry in self.entries[:seq]), f"walk {walk} has no line")
        seals = {entry["segment"]: entry for entry in self.of_type("seal")}
        for path in sealed:
            check(path in seals, f"{path} was said to be sealed, and has no line")
        for path, entry in seals.items():
            full = os.path.join(self.directory, path)
            check(os.path.exists(full), f"{path} is sealed, and not there")
            data = open(full, "rb").read()
            equal(hashlib.sha256(data).hexdigest(), entry["sha256"], f"the digest of {path}")
        for entry in self.frames():
            self.frame(entry)
        for entry in self.of_type("recover"):
            kept = os.path.join(self.directory, entry["kept"])
            check(os.path.exists(kept) and os.path.getsize(kept) == entry["length"],
                  f"{entry['kept']} is not there, or not whole")
        figure("acknowledged messages checked", len(heads) + len(sealed))
        figure("frames proven", len(self.frames()))


class Truth:
    """What the store has in the end, and all that it ever showed."""

    def __init__(self, server, messages):
        self.now = set(server.expected())
        self.ever = set(server.expected(versions="all"))
        self.messages = set(server.expected_messages())
        self.messages_ever = messages
        self.present = {name_of(line) for line in self.now}

    def holds(self, archive):
        """No record lost, none twice, none that never was."""
        records = archive.lines("completions")
        _each_once(records, self.now, self.ever, "completions")
        _each_once(archive.lines("messages"), self.messages, self.messages_ever, "messages")
        versions = collections.Counter(map(name_of, records))
        told = collections.Counter((change["type"], change["id"]) for change in
                                   map(json.loads, archive.lines("changes")))
        for name, count in versions.items():
            equal(told[("changed", name)], count - 1, f"changed lines of {name}")
            equal(told[("gone", name)], int(name not in self.present), f"gone lines of {name}")


@functools.lru_cache(None)
def name_of(line):
    return json.loads(line)["id"]


def _each_once(lines, now, ever, what):
    lost, twice = now - set(lines), len(lines) - len(set(lines))
    figure("records lost", len(lost))
    figure("records twice", twice)
    check(not lost, f"{what}: {len(lost)} lost, e.g. {next(iter(lost), '')[:200]}")
    check(not twice, f"{what}: {twice} twice")
    alien = set(lines) - ever
    check(not alien, f"{what}: never sent: {next(iter(alien), '')[:200]}")


def heals(directory, config, truth, server, before):
    """The daemon takes the archive over as the disk left it, and walks; then it is exact."""
    once(directory, server, config=config, expect=0)
    archive = Held(directory)
    if archive.walks()[-1]["walk"] in {entry.get("walk") for entry in before.entries}:
        # It has taken up a walk of before the cut, which need not look again at what it had seen.
        once(directory, server, config=config, expect=0)
        archive = Held(directory)
    with open(os.path.join(directory, "ledger.jsonl"), "rb") as file:
        check(file.read(len(before.text)) == before.text, "what was committed has changed")
    archive.audit(sealed=True)
    truth.holds(archive)
    verify(directory)
    figure("cuts with something to cut off", bool(archive.of_type("recover")[
        len(before.of_type("recover")):]))


def catalog_true(directory):
    """It says what one that is built from ledger and segments says."""
    path = os.path.join(directory, "catalog.sqlite3")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as catalog:
        equal(catalog.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "the catalog")
    catalog.close()
    kept = _list(directory)
    os.rename(path, path + ".away")
    equal(_list(directory) == kept, True, "a catalog built anew lists the same")
    os.rename(path + ".away", path)
    figure("catalogs compared with one built anew")


def _list(directory):
    """All but what the ledger does not say: which walk saw a record last."""
    done = subprocess.run([CTL, f"--directory={directory}", "list", "--json"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failed(f"list: exit code {done.returncode}: {done.stderr.decode(errors='replace')}")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    for record in records:
        del record["last_seen"], record["walk"]
    return records
