#!/usr/bin/env python3
"""A server that sends the keys of a record in another order each time: versions are made where the
values differ."""

import json
import os

from harness import FAST, Archive, check, equal, once, run, same, test, verify

FEW = 40  # records that get a version more before it is found out


def canon(text):
    """A text for what it says: members sorted by key, those of one key in their order; numbers as
    they are written."""
    def members(pairs):
        return ["{", *sorted(pairs, key=lambda pair: pair[0])]

    value = json.loads(text, object_pairs_hook=members, parse_int=lambda n: ["n", n],
                       parse_float=lambda n: ["n", n])
    return json.dumps(value)


def newest(archive):
    """The last version of each record."""
    return {json.loads(line)["id"]: line for line in archive.lines("completions")}


def holds(archive, server):
    same([canon(line) for line in newest(archive).values()],
         [canon(line) for line in server.expected()], "the newest versions' values")


def changed_lines(archive):
    return [line for line in map(json.loads, archive.lines("changes")) if line["type"] == "changed"]


def walk(directory, server, config=None):
    """A full walk: the archive behind it, and how many versions it made of what was known."""
    before = len(Archive(directory).lines("completions")) if os.path.exists(directory) else 0
    once(directory, server, config=config, expect=0)
    archive = Archive(directory)
    archive.audit(sealed=True)
    row = archive.walks()[-1]
    equal(row["state"], "complete", "the walk")
    equal(len(archive.lines("completions")) - before, row["new"] + row["changed"], "lines")
    return archive, row["changed"]


@test("a server with unstable key order from the start: a few versions at first, then none; an edit makes "
      "one")
def from_the_start(place):
    server = place.standin("--records=700", "--awkward", "--shuffle-keys", "--prompts=1")
    directory = place.directory()
    archive, first = walk(directory, server)
    archive, second = walk(directory, server)
    check(first + second > 0, "the keys were not shuffled: the test shows nothing")
    check(first + second <= 2 * FEW, f"{first} + {second} versions")
    holds(archive, server)
    lines = len(changed_lines(archive))
    equal(lines, first + second, "changed lines")
    for _ in range(2):
        archive, made = walk(directory, server)
        equal(made, 0, "versions of a walk that found nothing")
    server.control("edit", n=1, metadata='{"reviewed":"yes"}')
    archive, made = walk(directory, server)
    equal(made, 1, "versions for an edit")
    equal(len(changed_lines(archive)), lines + 1, "changed lines for an edit")
    line = archive.lines("completions")[-1]
    equal(json.loads(line)["metadata"], {"reviewed": "yes"}, "the edited version")
    equal(changed_lines(archive)[-1]["id"], json.loads(line)["id"], "whose changed line it is")
    holds(archive, server)
    archive, made = walk(directory, server)
    equal(made, 0, "versions after that")
    verify(directory)


@test("a stable server that becomes unstable, and stable again; in small frames and segments")
def turns(place):
    config = os.path.join(place.path, "small.conf")
    with open(config, "w") as file:
        file.write(FAST + "[Archive]\nFrameSize=64K\nSegmentSize=64K\n")
    options = ["--records=600", "--awkward", "--prompts=0", "--big-string=600K@300"]
    server = place.standin(*options)
    port = server.root.rsplit(":", 1)[1]
    directory = place.directory()
    archive, made = walk(directory, server, config)
    check(len(archive.of_type("seal")) > 5, "segments")
    server.stop()

    server = place.standin(*options, "--shuffle-keys", f"--port={port}")
    archive, made = walk(directory, server, config)
    check(20 <= made <= FEW, f"{made} versions when it began")
    holds(archive, server)
    archive, made = walk(directory, server, config)
    equal(made, 0, "versions of the second walk")
    os.unlink(os.path.join(directory, "catalog.sqlite3"))
    archive, made = walk(directory, server, config)
    check(0 < made <= FEW, f"{made} versions when nothing was remembered")
    server.control("edit", n=3, metadata='{"round":"two"}')
    archive, made = walk(directory, server, config)
    equal(made, 3, "versions for three edits")
    holds(archive, server)
    server.stop()

    server = place.standin(*options, f"--port={port}")
    for _ in range(8):  # what was archived in another form comes back to its own, some a walk
        archive, made = walk(directory, server, config)
    equal(made, 0, "versions of a stable server in the end")
    same(list(newest(archive).values()), server.expected(), "its forms again")
    verify(directory)


run()
