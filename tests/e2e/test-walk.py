#!/usr/bin/env python3
"""Walks against a server that works: everything is archived, once, verbatim."""

import glob
import json
import os
import shutil

from harness import (FAST, SOURCE, Archive, Failed, check, equal, exact, once, run, same, test, tree,
                     verify)

AWKWARD = ["--records=1200", "--seed=7", "--ties=8", "--awkward", "--prompts=4"]


def twice(place, *options):
    server = place.standin(*options)
    directory = place.directory()
    once(directory, server, expect=0)
    archive = exact(directory, server)
    verify(directory)
    walk = archive.walks()[-1]
    equal((walk["state"], walk["kind"], walk["seen"]), ("complete", "full", len(server.expected())),
          "the walk")
    files = {name: digest for name, digest in tree(directory).items() if name.endswith(".zst")}
    result = once(directory, server, expect=0)
    archive = exact(directory, server)
    equal({name: digest for name, digest in tree(directory).items() if name.endswith(".zst")},
          files, "the segments after a second walk")
    walk = archive.walks()[-1]
    equal((walk["state"], walk["new"], walk["changed"], walk["seen"]),
          ("complete", 0, 0, len(server.expected())), f"the second walk ({result.err})")
    verify(directory)


@test("1,200 awkward completions with ties: each record once, each prompt once; then nothing new")
def awkward(place):
    twice(place, *AWKWARD)


@test("the same, pretty-printed: the white space between tokens goes, and nothing else")
def pretty(place):
    twice(place, *AWKWARD, "--pretty")


@test("the same over gzip")
def gzipped(place):
    twice(place, *AWKWARD, "--gzip")


@test("the same with bodies that only the connection's end delimits")
def closing(place):
    twice(place, *AWKWARD, "--framing=close")


@test("ids with slashes, quotes, percent signs and letters of all alphabets")
def odd_ids(place):
    twice(place, "--records=300", "--ties=4", "--awkward", "--odd-ids", "--prompts=3")


@test("ids that begin with their second sort as their seconds do, and are found again")
def ids_by_time(place):
    twice(place, "--records=300", "--ids=time", "--odd-ids", "--prompts=2")
    records = [json.loads(line) for line in place.servers[0].expected()]
    records.sort(key=lambda record: record["id"].encode())
    seconds = [record["created"] for record in records]
    equal(seconds, sorted(seconds), "the seconds in the order of their ids")


@test("a server that breaks ties by id and follows cursors exactly")
def exact_cursor(place):
    twice(place, "--records=700", "--ties=8", "--prompts=2", "--cursor=exact")


@test("an empty store is a complete walk without segments")
def empty(place):
    server = place.standin("--records=0")
    once(place.directory(), server, expect=0)
    archive = exact(place.directory(), server)
    equal(archive.frames(), [], "frames")
    equal(archive.walks()[-1]["state"], "complete", "the walk")
    verify(place.directory())


@test("stores of 1, 99, 100, 101 and 200 records")
def sizes(place):
    for count in (1, 99, 100, 101, 200):
        server = place.standin(f"--records={count}", "--ties=1", "--prompts=1")
        once(place.directory(str(count)), server, expect=0)
        exact(place.directory(str(count)), server)


@test("each compression, and none, gives files that its own tool reads")
def compressions(place):
    server = place.standin("--records=300", "--awkward", "--prompts=3")
    for compression in ("zstd", "gzip", "xz", "lz4", "none"):
        config = os.path.join(place.path, f"{compression}.conf")
        with open(config, "w") as file:
            file.write(f"{FAST}[Archive]\nCompression={compression}\nFrameSize=64K\n")
        once(place.directory(compression), server, config=config, expect=0)
        archive = exact(place.directory(compression), server)
        check(len(archive.frames("completions")) > 3, "frames")
        verify(place.directory(compression))


@test("small frames and segments: many of both, all sealed, the same records")
def small_segments(place):
    config = os.path.join(place.path, "small.conf")
    with open(config, "w") as file:
        file.write(FAST + "[Archive]\nFrameSize=64K\nSegmentSize=64K\n")
    server = place.standin("--records=2000", "--prompts=3")
    once(place.directory(), server, config=config, expect=0)
    archive = exact(place.directory(), server)
    check(len(archive.of_type("seal")) > 5, "seals")
    verify(place.directory())


@test("the recorded pages of the live service, with its tie semantics: nothing lost")
def recorded(place):
    wire = os.path.join(SOURCE, "..", "shared", "wire")
    if not glob.glob(os.path.join(wire, "walk1-page*.json")):
        return
    server = place.standin(f"--serve-dir={wire}")
    config = os.path.join(place.path, "twenty.conf")
    with open(config, "w") as file:
        file.write("[Walk]\nRequestsPerMinute=1000000\nPageSize=20\nMessages=no\n")
    once(place.directory(), server, config=config, expect=0)
    archive = exact(place.directory(), server, messages=False)
    ids = [json.loads(line)["id"] for line in archive.lines("completions")]
    for path in glob.glob(os.path.join(wire, "walk1-page*.json")):
        for record in json.load(open(path))["data"]:
            check(record["id"] in ids, f"{record['id']} is lost")
    equal(len(ids), len(set(ids)), "records")


@test("page sizes of 1, 2, 7 and 20: nothing lost, and full seconds are named as gaps")
def page_sizes(place):
    server = place.standin("--records=120", "--ties=3", "--seed=3")
    expected = server.expected()
    for size in (2, 7, 20):
        config = os.path.join(place.path, f"{size}.conf")
        with open(config, "w") as file:
            file.write(f"[Walk]\nRequestsPerMinute=1000000\nPageSize={size}\nMessages=no\n")
        directory = place.directory(str(size))
        once(directory, server, config=config, expect=0)
        archive = Archive(directory)
        archive.audit(sealed=True)
        missing = set(expected) - set(archive.lines("completions"))
        gaps = archive.walks()[-1]["gaps"]
        for line in missing:
            check(json.loads(line)["created"] in gaps, "a record was lost without a word")
        if size >= 7:
            equal((missing, gaps), (set(), []), f"lost, gaps at {size}")


@test("a second with 90 records at 100 a page: all of them")
def storm(place):
    server = place.standin("--records=500", "--tie-storm=90", "--prompts=0")
    once(place.directory(), server, expect=0)
    archive = exact(place.directory(), server, messages=False)
    equal(archive.walks()[-1]["gaps"], [], "gaps")


@test("a second with 300 records: what can be shown is asked for, and the second is named")
def flood(place):
    server = place.standin("--records=700", "--tie-storm=300", "--prompts=0")
    once(place.directory(), server, expect=0)
    archive = Archive(place.directory())
    archive.audit(sealed=True)
    got = set(archive.lines("completions"))
    walk = archive.walks()[-1]
    equal(len(walk["gaps"]), 1, "gaps")
    lost = [line for line in server.expected() if line not in got]
    for line in lost:
        equal(json.loads(line)["created"], walk["gaps"][0], "a lost record's second")
    check(len(lost) < 150, f"{len(lost)} of 300 were not asked out of it")


@test("two full seconds side by side, in both halves of the store: each is gone into")
def side_by_side(place):
    for behind in (20, 400):
        server = place.standin(f"--records={behind}", "--prompts=0", "--spread=5")
        newest = max(json.loads(line)["created"] for line in server.expected())
        for second in (newest + 10, newest + 11):
            server.control("add", n=130, created=second)
        server.control("add", n=20, created=newest + 30)
        directory = place.directory(str(behind))
        once(directory, server, expect=0)
        walk = exact(directory, server, messages=False).walks()[-1]
        equal(sorted(walk["gaps"]), [newest + 10, newest + 11], "gaps")


@test("a first walk that is resumed still names the full seconds that it met before")
def gaps_resumed(place):
    server = place.standin("--records=900", "--tie-storm=130", "--prompts=0")
    directory = place.directory()
    server.fault("status", nth=18, times=0, status=401)
    once(directory, server, expect=1)
    gaps = Archive(directory).walks()[-1]["gaps"]
    equal(len(gaps), 1, "gaps of the first part")
    server.clear()
    for catalog in ("kept", "lost"):
        copy = place.directory(catalog)
        shutil.copytree(directory, copy)
        if catalog == "lost":
            os.unlink(os.path.join(copy, "catalog.sqlite3"))
        once(copy, server, expect=0)
        walk = Archive(copy).walks()[-1]
        equal((walk["walk"], walk["gaps"]), (1, gaps), f"catalog {catalog}")


@test("a new walk finds late arrivals behind the newest, and reads only to the overlap")
def late(place):
    server = place.standin("--records=2000", "--spread=60", "--prompts=1")
    directory = place.directory()
    once(directory, server, expect=0)
    newest = max(json.loads(line)["created"] for line in server.expected())
    server.control("add", n=3, created=newest - 3000)
    server.control("add", n=5)
    server.control("requests/reset")
    once(directory, server, "--once=new", expect=0)
    archive = exact(directory, server)
    walk = archive.walks()[-1]
    equal((walk["kind"], walk["state"], walk["new"]), ("new", "complete", 8), "the walk")
    check(walk["pages"] <= 3, f"{walk['pages']} pages were read")


@test("--once=new on an empty archive walks everything")
def new_is_full(place):
    server = place.standin("--records=250")
    once(place.directory(), server, "--once=new", expect=0)
    archive = exact(place.directory(), server, messages=True)
    equal(archive.walks()[-1]["kind"], "full", "the kind")


@test("another filter, or another base URL, asks for a full walk first")
def scope(place):
    server = place.standin("--records=150", "--prompts=0")
    directory = place.directory()
    once(directory, server, expect=0)
    config = os.path.join(place.path, "filter.conf")
    with open(config, "w") as file:
        file.write(FAST + "[Walk]\nModel=no-such-model\n")
    once(directory, server, "--once=new", config=config, expect=0)
    walks = Archive(directory).walks()
    equal((walks[-1]["kind"], walks[-1]["filter"]["model"]), ("full", "no-such-model"), "the walk")
    once(directory, server, "--once=new", expect=0)
    equal(Archive(directory).walks()[-1]["kind"], "full", "back to no filter")
    once(directory, server, "--once=new", expect=0)
    equal(Archive(directory).walks()[-1]["kind"], "new", "the next one")
    exact(directory, server)


@test("a metadata edit gives a new version and a changed line; a third walk gives nothing")
def versions(place):
    server = place.standin("--records=300", "--prompts=1")
    directory = place.directory()
    once(directory, server, expect=0)
    server.control("edit", index=17)
    once(directory, server, expect=0)
    archive = Archive(directory)
    same(archive.lines("completions"), server.expected(versions="all"), "versions")
    changes = [json.loads(line) for line in archive.lines("changes")]
    changed = [change for change in changes if change["type"] == "changed"]
    equal(len(changed), 1, "changed lines")
    once(directory, server, expect=0)
    equal(len(Archive(directory).lines("completions")), 301, "lines after a third walk")
    verify(directory)


@test("the cursor's record deleted, or all of its page's last second: the walk steps back")
def deleted(place):
    for unknown in ("404", "400"):
        for doomed in (1, 2, 5):
            server = place.standin("--records=600", "--ties=4", "--prompts=0",
                                   f"--unknown-cursor={unknown}")
            directory = place.directory(f"{unknown}-{doomed}")
            ids = server.control("ids").decode().split()
            # the page's end is around the hundredth record from the newest
            for position in range(100 - doomed, 100):
                server.control("hook", on="list", nth=2, do="delete", id=newest(server, position))
            once(directory, server, expect=0)
            have = set(Archive(directory).lines("completions"))
            lost = [line for line in server.expected() if line not in have]
            equal(lost, [], f"lost of {len(ids)}")


def newest(server, position):
    lines = [json.loads(line) for line in server.expected()]
    lines.sort(key=lambda record: -record["created"])
    return lines[position]["id"]


@test("an unknown cursor answered with an empty last page, or the first page, is never the end")
def tricked(place):
    for unknown in ("empty", "first"):
        server = place.standin("--records=600", "--ties=4", "--prompts=0",
                               f"--unknown-cursor={unknown}")
        directory = place.directory(unknown)
        for position in range(90, 100):
            server.control("hook", on="list", nth=2, do="delete", id=newest(server, position))
        result = once(directory, server)
        archive = Archive(directory)
        have = set(archive.lines("completions"))
        lost = [line for line in server.expected() if line not in have]
        check(result.code == 1 or not lost, f"complete with {len(lost)} lost")
        once(directory, server, expect=0)
        have = set(Archive(directory).lines("completions"))
        equal([line for line in server.expected() if line not in have], [], "lost in the end")


@test("messages of many pages, none at all, and of a completion that is gone")
def prompts(place):
    server = place.standin("--records=40", "--prompts=250", "--prompt-bytes=60", "--seed=5")
    directory = place.directory()
    once(directory, server, expect=0)
    archive = exact(directory, server)
    settled = [json.loads(line) for line in archive.lines("changes")]
    check(all(line["type"] == "messages-none" for line in settled), "changes")
    with_prompts = {json.loads(line)["completion_id"] for line in archive.lines("messages")}
    equal(len(with_prompts) + len(settled), 40, "settled completions")
    for entry in archive.frames("messages"):
        check(entry["records"] > 0, "an empty frame")


@test("prompts of several pages, each larger than what is kept in memory")
def large_prompts(place):
    server = place.standin("--records=12", "--prompts=330", "--prompt-bytes=4000", "--seed=2")
    once(place.directory(), server, expect=0)
    exact(place.directory(), server)
    verify(place.directory())


@test("messages that fail one like the other are given up soon")
def messages_hopeless(place):
    server = place.standin("--records=300", "--prompts=1")
    server.fault("no-has-more", on="messages", nth=1, times=0)
    once(place.directory(), server, expect=1)
    asked = len([r for r in server.requests() if r["class"] == "messages"])
    check(asked < 40, f"{asked} requests for messages")
    server.clear()
    once(place.directory(), server, expect=0)
    exact(place.directory(), server)


@test("a completion that vanishes between list and messages leaves messages-missing")
def vanished(place):
    server = place.standin("--records=30", "--prompts=2")
    directory = place.directory()
    victim = newest(server, 3)
    server.control("hook", on="messages", nth=1, do="delete", id=victim)
    once(directory, server)
    archive = Archive(directory)
    lines = [json.loads(line) for line in archive.lines("changes")]
    missing = [line["id"] for line in lines if line["type"] == "messages-missing"]
    have = {json.loads(line)["completion_id"] for line in archive.lines("messages")}
    check(missing == [victim] or victim in have, f"{missing}")
    once(directory, server, expect=0)
    verify(directory)


@test("messages that stay away though their completion is there: exit 1, no line, asked again")
def late_messages(place):
    server = place.standin("--records=5", "--prompts=1", "--seed=9")
    directory = place.directory()
    server.fault("status", on="messages", nth=1, times=0, status=404)
    result = once(directory, server, expect=1)
    archive = Archive(directory)
    equal(archive.walks()[-1]["state"], "complete", "the walk")
    equal(archive.lines("changes"), [], "changes")
    server.clear()
    once(directory, server, expect=0)
    exact(directory, server)


@test("cat gives every line of each stream")
def cat(place):
    from harness import CTL, run_program
    server = place.standin(*AWKWARD)
    directory = place.directory()
    once(directory, server, expect=0)
    for stream, lines in (("completions", server.expected()),
                          ("messages", server.expected_messages())):
        result = run_program([CTL, f"--directory={directory}", "cat", stream])
        equal(result.code, 0, "cat's exit code")
        same(result.out.split("\n")[:-1], lines, stream)
    status = run_program([CTL, f"--directory={directory}", "status"])
    equal(status.code, 0, "status's exit code")
    check(Archive(directory).entries[-1]["hash"] in status.out, "the head in status")


if __name__ == "__main__":
    run()
