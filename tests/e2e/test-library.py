#!/usr/bin/env python3
"""The catalog as a map of the archive: what it says of versions, prompts and events is where it says,
and `reindex` draws the same map from ledger and segments alone."""

import fcntl
import json
import os
import sqlite3
import subprocess
import time

from harness import CTL, Archive, check, environment, equal, once, run, test, tree, verify
from resident import Resident

# What follows from ledger and segments. What a walk has seen does not, for the most part.
TABLES = [
    "SELECT row, id, created, hex(digest), versions, messages, gone, frame, prompt FROM completion"
    " ORDER BY row",
    "SELECT * FROM version ORDER BY row, version",
    "SELECT * FROM event ORDER BY row, frame",
    "SELECT stream, number, path, sealed, length, frames FROM segment ORDER BY stream, number",
    "SELECT number, full, state, seen, new, changed, gone, newest, oldest, watermark, hex(scope)"
    " FROM walk ORDER BY number",
    "SELECT key, value FROM state WHERE key IN ('head', 'base_url', 'project', 'source_walk')",
]


def catalog(directory):
    db = sqlite3.connect(f"file:{directory}/catalog.sqlite3?mode=ro", uri=True)
    tables = [db.execute(table).fetchall() for table in TABLES]
    db.close()
    return tables


def reindex(directory, expect=0):
    done = subprocess.run([CTL, f"--directory={directory}", "reindex"], env=environment(),
                          capture_output=True, text=True, timeout=120)
    equal(done.returncode, expect, f"reindex: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def frames(directory, stream):
    archive = Archive(directory)
    return [[json.loads(line) for line in archive.frame(entry).decode().splitlines()]
            for entry in archive.frames(stream)]


def history(place):
    """Versions, prompts, tombstones and returns, in several walks."""
    server = place.standin("--records=300", f"--start={int(time.time())}", "--prompts=2")
    directory = place.directory()
    once(directory, server, expect=0)
    edited = json.loads(server.control("edit", n=20))["ids"]
    gone = json.loads(server.control("delete", n=9))["ids"]
    once(directory, server, expect=0)
    server.control("edit", id=edited[0])
    server.control("restore", id=gone[0])
    server.control("add", n=30)
    once(directory, server, expect=0)
    return server, directory


@test("versions, prompts and events lie in the frames that the catalog names")
def named(place):
    _, directory = history(place)
    completions, messages, changes = (frames(directory, stream) for stream in
                                      ("completions", "messages", "changes"))
    rows, versions, events = catalog(directory)[:3]
    ids = {row[0]: row[1] for row in rows}
    where = [(row[1], row[4], row[7]) for row in rows]
    where += [(ids[row], version, frame) for row, version, frame in versions]
    check(len(versions) >= 15 and len(events) >= 20, "so much has happened")
    found = [(record["id"], number) for number, frame in enumerate(completions, 1)
             for record in frame]
    equal(sorted((id, frame) for id, _, frame in where), sorted(found), "versions")
    for id in ids.values():
        mine = sorted((version, frame) for other, version, frame in where if other == id)
        equal([version for version, _ in mine], list(range(1, len(mine) + 1)), f"those of {id}")
        equal([frame for _, frame in mine], sorted(frame for _, frame in mine), "their order")
    equal(sorted((row[1], row[8]) for row in rows if row[8]),
          sorted({(line["completion_id"], number) for number, frame in enumerate(messages, 1)
                  for line in frame}), "prompts")
    equal(sorted((ids[row], frame) for row, frame in events),
          sorted({(line["id"], number) for number, frame in enumerate(changes, 1) for line in frame
                  if line["type"] in ("changed", "gone", "returned")}), "events")


@test("reindex gives the catalog that was there, and the archive goes on with it")
def anew(place):
    server, directory = history(place)
    before = catalog(directory)
    check("330 completions, " in reindex(directory), "what it says")
    equal(catalog(directory), before, "the catalog")
    for spoil in ("missing", "nonsense", "old"):
        path = os.path.join(directory, "catalog.sqlite3")
        if spoil == "missing":
            os.unlink(path)
        elif spoil == "nonsense":
            open(path, "wb").write(os.urandom(5000))
        else:
            db = sqlite3.connect(path)
            db.execute("PRAGMA user_version = 3")
            db.commit()
            db.close()
        reindex(directory)
        equal(catalog(directory), before, f"the catalog after one that was {spoil}")
    once(directory, server, expect=0)
    equal(Archive(directory).walks()[-1]["new"], 0, "new in another walk")
    verify(directory)


@test("frames behind a recover line of their segment are found where they are")
def recovered(place):
    server = place.standin("--records=60", "--prompts=1")
    directory = place.directory()
    resident = Resident(place, directory, server)
    resident.walks(1)
    resident.line_of(r"prompts: \d+ done")
    resident.terminate()
    growing, = (path for path in tree(directory) if path.startswith("completions/"))
    with open(os.path.join(directory, growing), "ab") as file:
        file.write(b"what no ledger line names")
    server.control("add", n=20)
    once(directory, server, expect=0)
    segments = [entry["segment"] for entry in Archive(directory).frames("completions")]
    equal(segments, [growing[:-len(".open")]] * 2, "the frames' segments")
    equal(len(Archive(directory).of_type("recover")), 1, "recover lines")
    listed = subprocess.run([CTL, f"--directory={directory}", "list", "--json"],
                            env=environment(), capture_output=True, text=True, timeout=120)
    equal((listed.returncode, listed.stderr), (0, ""), "list")
    equal(listed.stdout.count("\n"), 80, "completions listed")


@test("reindex waits for nobody: beside a writer it ends with 4 and leaves the catalog")
def locked(place):
    _, directory = history(place)
    before = catalog(directory)
    with open(os.path.join(directory, "ledger.jsonl"), "rb") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        check("somebody writes" in reindex(directory, 4), "what it says")
    equal(catalog(directory), before, "the catalog")


@test("reindex finds a damaged frame, says so, ends with 3, and leaves the catalog")
def damaged(place):
    _, directory = history(place)
    before = catalog(directory)
    path = os.path.join(directory, Archive(directory).frames("messages")[0]["segment"])
    os.chmod(path, 0o640)
    with open(path, "r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 4]))
    check("messages/" in reindex(directory, 3), "what it says")
    equal(catalog(directory), before, "the catalog")
    equal(sorted(os.listdir(directory)), sorted(set(os.listdir(directory)) -
                                                {"catalog.sqlite3.new"}), "nothing half is left")



@test("reindex gives the catalog the ledger's mode, and as root its owner, whatever the umask")
def whose(place):
    _, directory = history(place)
    ledger = os.path.join(directory, "ledger.jsonl")
    if os.geteuid() == 0:
        os.chown(ledger, 65534, 65534)
    before = os.umask(0o022)
    try:
        reindex(directory)
    finally:
        os.umask(before)
    want, got = os.stat(ledger), os.stat(os.path.join(directory, "catalog.sqlite3"))
    equal((got.st_mode & 0o777, got.st_uid, got.st_gid),
          (want.st_mode & 0o777, want.st_uid, want.st_gid), "mode and owner")


run()
