#!/usr/bin/env python3
"""What becomes of completions that change, vanish and come back: versions and tombstones."""

import json
import os
import shutil
import signal
import subprocess
import time

from harness import (FAST, Archive, check, command, environment, equal, exact, once, run, same, test,
                     verify)

DAY = 86400


def young(place, count, *options, spread=30):
    """A store whose newest record is of now; for some tests, of days."""
    return place.standin(f"--records={count}", f"--start={int(time.time())}", "--prompts=0",
                         f"--spread={spread}", *options)


def changes(directory, kind=None):
    lines = [json.loads(line) for line in Archive(directory).lines("changes")]
    return [line for line in lines if line["type"] not in ("messages-none", "messages-missing")
            and kind in (None, line["type"])]


def ids_gone(directory):
    return sorted(line["id"] for line in changes(directory, "gone"))


def named(answer):
    """The ids that an action was done to."""
    return sorted(json.loads(answer)["ids"])


def victims(server, count):
    return named(server.control("delete", n=count))


def last(directory):
    return Archive(directory).walks()[-1]


def asked(server):
    """Completions asked for by id, in that order."""
    return [r["id"] for r in server.requests() if r["class"] == "get"]


@test("a deletion gives one gone line, and a third walk gives nothing more")
def deletion(place):
    server = young(place, 250, "--prompts=1")
    directory = place.directory()
    lines = {json.loads(line)["id"]: json.loads(line) for line in server.expected()}
    once(directory, server, expect=0)
    before = Archive(directory).walks()[-1]
    gone = victims(server, 1)
    once(directory, server, expect=0)
    found = changes(directory)
    equal([(line["type"], line["id"]) for line in found], [("gone", gone[0])], "changes")
    equal(list(found[0]), ["type", "id", "observed_at", "created", "last_seen", "expired"],
          "its members")
    equal((found[0]["created"], found[0]["expired"]), (lines[gone[0]]["created"], False), "them")
    check(before["started"][:19] <= found[0]["last_seen"] <= before["time"], found[0]["last_seen"])
    check(found[0]["observed_at"] > before["time"], found[0]["observed_at"])
    walk = last(directory)
    equal((walk["state"], walk["gone"], walk["seen"]), ("complete", 1, 249), "the walk")
    equal(asked(server), gone, "what was asked for by id")
    server.control("requests/reset")
    once(directory, server, expect=0)
    equal((len(changes(directory)), last(directory)["gone"]), (1, 0), "after a third walk")
    equal(asked(server), [], "what the third walk asked for by id")
    same(Archive(directory).lines("completions"), server.expected(versions="all"), "completions")
    verify(directory)


@test("a failed walk makes no tombstone, nor does a new walk, nor one with a filter")
def not_full(place):
    server = young(place, 90)
    directory = place.directory()
    config = os.path.join(place.path, "filter.conf")
    pages = os.path.join(place.path, "pages.conf")
    for path, text in ((pages, ""), (config, "Model=no-such-model\n")):
        with open(path, "w") as file:
            file.write(f"{FAST}[Walk]\nPageSize=20\n{text}")
    once(directory, server, expect=0)
    gone = victims(server, 3)
    for what in ("failed", "new", "filter"):
        server.control("requests/reset")
        if what == "failed":
            server.fault("status", nth=2, times=0, status=401)
            once(directory, server, config=pages, expect=1)
            server.clear()
        elif what == "new":
            once(directory, server, "--once=new", config=pages, expect=0)
        else:
            once(directory, server, config=config, expect=0)
        equal((changes(directory), asked(server)), ([], []), what)
    once(directory, server, expect=0)
    equal(ids_gone(directory), gone, "after a full walk")


@test("a mass disappearance is held back until the complete full walk after it agrees")
def mass(place):
    server = young(place, 300)
    directory = place.directory()
    once(directory, server, expect=0)
    gone = victims(server, 200)
    result = once(directory, server, expect=0)
    equal((changes(directory), asked(server)), ([], []), "the first walk")
    check("200" in result.err, f"it is not said: {result.err}")
    verify(directory)
    once(directory, server, "--once=new", expect=0)
    server.fault("status", nth=1, times=1, status=401)
    once(directory, server, expect=1)
    equal(changes(directory), [], "after a new and a failed walk")
    once(directory, server, expect=0)
    equal((ids_gone(directory), last(directory)["gone"]), (gone, 200), "the second walk")
    once(directory, server, expect=0)
    equal(len(changes(directory)), 200, "changes after a third")


@test("a mass disappearance that was over for a walk is held back anew")
def mass_over(place):
    server = young(place, 150)
    directory = place.directory()
    once(directory, server, expect=0)
    for _ in range(2):
        victims(server, 140)
        once(directory, server, expect=0)
        server.control("restore", n=140)
        once(directory, server, expect=0)
    equal(changes(directory), [], "changes")
    same(Archive(directory).lines("completions"), server.expected(), "completions")


@test("half of the records, or no more than a hundred, are no mass disappearance")
def no_mass(place):
    for count, doomed in ((240, 120), (120, 100)):
        server = young(place, count)
        directory = place.directory(str(count))
        once(directory, server, expect=0)
        gone = victims(server, doomed)
        once(directory, server, expect=0)
        equal(ids_gone(directory), gone, f"{doomed} of {count}")


@test("the younger ones come first, several at once; those past 30 days last, one at a time")
def expired(place):
    server = young(place, 60, "--latency-ms=20", "--ties=1", spread=DAY)
    directory = place.directory()
    config = os.path.join(place.path, "wide.conf")
    with open(config, "w") as file:
        file.write(FAST + "[Walk]\nMessages=no\nMaxConcurrent=8\n")
    created = {json.loads(line)["id"]: json.loads(line)["created"] for line in server.expected()}
    once(directory, server, config=config, expect=0)
    gone = sorted(victims(server, 50), key=lambda id: -created[id])
    past = [id for id in gone if created[id] + 30 * DAY <= time.time()]
    check(5 < len(past) < 45, f"{len(past)} are past 30 days")
    once(directory, server, config=config, expect=0)
    found = changes(directory)
    equal(sorted(line["id"] for line in found), sorted(gone), "gone")
    equal([line["id"] for line in found if line["expired"]], past, "expired")
    check(all(line["expired"] for line in found[-len(past):]), "they come last")
    equal(asked(server)[-len(past):], past, "the order in which they were asked")
    at_once = {r["id"]: r["in_flight"] for r in server.requests() if r["class"] == "get"}
    check(max(at_once[id] for id in gone if id not in past) > 2, "several at once")
    equal(max(at_once[id] for id in past), 1, "the older ones at once")


@test("what comes back leaves a returned line, what changed meanwhile a changed one; and again")
def returned(place):
    server = young(place, 120)
    directory = place.directory()
    once(directory, server, expect=0)
    one, other = victims(server, 2)
    once(directory, server, expect=0)
    server.control("restore", n=2)
    server.control("edit", id=other)
    once(directory, server, "--once=new", expect=0)
    found = changes(directory)
    equal(sorted((line["type"], line["id"]) for line in found[2:]),
          sorted([("returned", one), ("returned", other), ("changed", other)]), "changes")
    back = [line for line in found if line["type"] == "returned"][0]
    equal(list(back), ["type", "id", "observed_at", "last_seen"], "members of returned")
    once(directory, server, expect=0)
    equal(len(changes(directory)), 5, "changes after one more walk")
    server.control("delete", id=one)
    once(directory, server, expect=0)
    equal(ids_gone(directory), sorted([one, one, other]), "gone in the end")
    same(Archive(directory).lines("completions"), server.expected(versions="all"), "completions")
    verify(directory)


@test("a metadata edit gives one new line and one changed; a third walk nothing")
def edited(place):
    server = young(place, 120)
    directory = place.directory()
    once(directory, server, expect=0)
    id = named(server.control("edit", n=1))[0]
    for _ in range(2):
        once(directory, server, expect=0)
        equal([(line["type"], line["id"]) for line in changes(directory)], [("changed", id)],
              "changes")
        same(Archive(directory).lines("completions"), server.expected(versions="all"), "lines")


@test("what the list did not show but is there counts as seen, and becomes a version if it differs")
def there(place):
    for options in ([], ["--gzip"], ["--framing=close"]):
        server = young(place, 90, *options)
        directory = place.directory(str(options))
        once(directory, server, expect=0)
        hidden = named(server.control("edit", n=2))
        lines = [line for line in server.expected() if json.loads(line)["id"] not in hidden]
        server.fault("body", data=listed(lines))
        once(directory, server, expect=0)
        equal(sorted((line["type"], line["id"]) for line in changes(directory)),
              sorted(("changed", id) for id in hidden), "changes")
        equal((last(directory)["seen"], last(directory)["gone"]), (90, 0), "the walk")
        time.sleep(1.01)  # last_seen has whole seconds
        server.fault("body", data=listed(lines))
        server.fault("cut", on="get", nth=1, times=2, at=300)
        once(directory, server, expect=0)
        equal(len(changes(directory)), 2, "changes after bodies that were cut")
        equal(last(directory)["seen"], 90, "seen then")
        same(Archive(directory).lines("completions"), server.expected(versions="all"), "lines")
        began = last(directory)["started"][:19]
        server.control("delete", id=hidden[0])
        once(directory, server, expect=0)
        equal([line["last_seen"][:19] >= began for line in changes(directory, "gone")], [True],
              "last seen by that walk")


def listed(lines):
    """A list of only these records, which says that it is all."""
    lines = sorted(lines, key=lambda line: -json.loads(line)["created"])
    return ('{"object":"list","data":[' + ",".join(lines) + '],"has_more":false}').encode()


@test("an answer with another completion proves nothing")
def another(place):
    server = young(place, 90)
    directory = place.directory()
    once(directory, server, expect=0)
    victims(server, 2)
    other = server.expected()[5]
    server.fault("body", on="get", times=0, data=other.encode())
    once(directory, server)
    walk = last(directory)
    equal((changes(directory), walk["gone"], walk["seen"]), ([], 0, 88), "what came of it")
    same(Archive(directory).lines("completions"), server.expected(versions="all"), "completions")
    server.clear()
    once(directory, server, expect=0)
    equal(len(ids_gone(directory)), 2, "gone in the end")


@test("a refusal in the middle of it: the walk stays complete, and a later one goes on")
def refused(place):
    server = young(place, 120)
    directory = place.directory()
    config = os.path.join(place.path, "single.conf")
    with open(config, "w") as file:
        file.write(FAST + "[Walk]\nMaxConcurrent=1\n")
    once(directory, server, expect=0)
    gone = victims(server, 5)
    server.fault("status", on="get", nth=3, times=0, status=401)
    once(directory, server, config=config)
    walk = last(directory)
    equal((walk["state"], walk["gone"], len(changes(directory))), ("complete", 2, 2), "the walk")
    server.clear()
    once(directory, server, config=config, expect=0)
    equal(ids_gone(directory), gone, "gone in the end")


@test("a key of another project: the walk fails and says so, and nothing is archived or gone")
def stranger(place):
    server = young(place, 120, "--project=proj_one")
    directory = place.directory()
    once(directory, server, expect=0)
    source = Archive(directory).of_type("source")
    equal([entry["project"] for entry in source], ["proj_one"], "the project in the ledger")
    lines = Archive(directory).lines("completions")
    port = server.url.split(":")[2].split("/")[0]
    for records in ("--records=0", "--records=50"):
        server.stop()
        server = place.standin(f"--port={port}", records, "--seed=9", "--project=proj_two",
                               f"--start={int(time.time())}")
        for catalog in ("kept", "lost"):
            if catalog == "lost":
                os.unlink(os.path.join(directory, "catalog.sqlite3"))
            result = once(directory, server, expect=1)
            walk = last(directory)
            equal((walk["state"], walk["reason"]), ("failed", "project"), "the walk")
            check("proj_one" in result.err and "proj_two" in result.err, f"not said: {result.err}")
            equal(len(server.requests()), 1, "requests")
            server.control("requests/reset")
    server.stop()
    server = place.standin(f"--port={port}", "--records=120", "--prompts=0", "--project=proj_one",
                           f"--start={int(time.time()) - 600}")
    equal((changes(directory), Archive(directory).lines("completions")), ([], lines), "the archive")
    equal(len(Archive(directory).of_type("source")), 1, "source lines")


@test("another BaseURL: what was seen on the old server is never gone on the new one")
def moved(place):
    one = young(place, 120, "--seed=1", "--project=proj_one")
    two = young(place, 130, "--seed=2", "--project=proj_two")
    directory = place.directory()
    once(directory, one, expect=0)
    expected = one.expected() + two.expected()
    once(directory, two, expect=0)
    gone = victims(two, 3)
    for catalog in ("kept", "lost"):
        copy = place.directory(catalog)
        shutil.copytree(directory, copy)
        if catalog == "lost":
            os.unlink(os.path.join(copy, "catalog.sqlite3"))
        two.control("requests/reset")
        once(copy, two, expect=0)
        equal((ids_gone(copy), sorted(asked(two))), (gone, gone), f"catalog {catalog}")
        same(Archive(copy).lines("completions"), expected, "completions")
        source = Archive(copy).of_type("source")
        equal([(entry["base_url"], entry["project"], entry["walk"]) for entry in source],
              [(one.url, "proj_one", 0), (two.url, None, 2), (two.url, "proj_two", 2)], "sources")
    once(directory, one, expect=0)
    equal(changes(directory), [], "changes after going back")


@test("prompts wanted from an earlier server are not asked of the next one, nor written off")
def prompts_elsewhere(place):
    one = place.standin("--records=330", "--prompts=1", "--seed=1", "--latency-ms=5")
    two = place.standin("--records=40", "--prompts=1", "--seed=2")
    directory = place.directory()
    config = os.path.join(place.path, "no-messages.conf")
    with open(config, "w") as file:
        file.write(FAST + "Messages=no\n")
    once(directory, one, config=config, expect=0)
    once(directory, two, expect=0)
    equal([line for line in changes(directory) if line["type"] == "messages-missing"], [],
          "written off")
    same(Archive(directory).lines("messages"), two.expected_messages(), "messages")
    once(directory, one, expect=0)
    same(Archive(directory).lines("messages"),
         one.expected_messages() + two.expected_messages(), "messages of both")


@test("prompts go on beside a walk with two heads: not more than MaxConcurrent + 2 at once")
def at_once(place):
    server = young(place, 1500, "--prompts=1", "--latency-ms=20")
    config = os.path.join(place.path, "some.conf")
    with open(config, "w") as file:
        file.write(FAST + "MaxConcurrent=5\nPageSize=20\n")
    once(place.directory(), server, config=config, expect=0)
    exact(place.directory(), server)
    most = json.loads(server.control("stats"))["max_in_flight"]
    check(5 <= most <= 7, f"{most} at once")
    requests = server.requests()
    lists = [number for number, one in enumerate(requests) if "/messages" not in one["path"]]
    first = next(number for number, one in enumerate(requests) if "/messages" in one["path"])
    check(first < lists[len(lists) // 2], "the prompts waited for the list")
    check(any(one["order"] == "asc" and "/messages" not in one["path"] for one in requests),
          "there was one head only")


@test("the catalog lost between walks changes nothing of it")
def catalog_lost(place):
    server = young(place, 200)
    directories = [place.directory(name) for name in ("kept", "lost")]

    def walk(*args):
        for directory in directories:
            once(directory, server, *args, expect=0)
        os.unlink(os.path.join(directories[1], "catalog.sqlite3"))
        found = [sorted((line["type"], line["id"]) for line in changes(directory))
                 for directory in directories]
        equal(found[1], found[0], "changes")
        return found[0]

    walk()
    gone = victims(server, 4)
    equal(len(walk()), 4, "gone")
    server.control("restore", id=gone[0])
    server.control("edit", n=1)
    equal(len(walk()), 6, "and returned, and changed")
    server.control("delete", id=gone[0])
    victims(server, 1)
    equal(len(walk()), 8, "and gone again")
    equal(len(walk()), 8, "and nothing")
    for directory in directories:
        verify(directory)


@test("killed while it asks: what was told stays, and the rest comes with the next walk, once")
def killed(place):
    server = young(place, 300, "--latency-ms=10")
    directory = place.directory()
    config = os.path.join(place.path, "frames.conf")
    with open(config, "w") as file:
        file.write(FAST + "[Walk]\nMessages=no\nMaxConcurrent=2\n")
    once(directory, server, config=config, expect=0)
    gone = victims(server, 90)
    for sign in (signal.SIGKILL, signal.SIGTERM):
        server.control("requests/reset")
        process = subprocess.Popen(command(directory, server.url, config=config),
                                   env=environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(asked(server)) < 20:
            equal(process.poll(), None, "its exit code")
        process.send_signal(sign)
        process.wait()
        verify(directory)
    once(directory, server, config=config, expect=0)
    equal(ids_gone(directory), gone, "gone")
    verify(directory)


@test("giants among them, as long as 30 MB: found changed, each archived once")
def giants(place):
    server = young(place, 40, *[f"--big-string=30M@{index}" for index in (3, 9, 20)])
    directory = place.directory()
    once(directory, server, expect=0)
    for index in (3, 9, 20):
        server.control("edit", index=index)
    hidden = [json.loads(line)["id"] for line in server.expected() if len(line) > 1 << 20]
    equal(len(hidden), 3, "giants")
    lines = [line for line in server.expected() if json.loads(line)["id"] not in hidden]
    server.fault("body", data=listed(lines))
    once(directory, server, expect=0)
    equal(sorted(line["id"] for line in changes(directory, "changed")), sorted(hidden), "changed")
    same(Archive(directory).lines("completions"), server.expected(versions="all"), "completions")
    verify(directory)


if __name__ == "__main__":
    run()
