#!/usr/bin/env python3
"""chatarchivectl report: its numbers against an independent reader's, its page against a browser."""

import collections
import datetime
import json
import os
import random
import shutil
import time

from forged import rfc3339
from forged_archive import Forged, compact
from harness import CTL, Archive, Failed, check, equal, once, run, run_program, test, tree, verify
from page import Page, chromium, paper, shot

DAY = 86400
BLUE, DARK_BLUE = (0x2a, 0x6f, 0xdb), (0x5b, 0x9b, 0xff)
PAGE, DARK_PAGE = (0xf6, 0xf6, 0xf3), (0x12, 0x12, 0x15)
HOSTILE = ["<script>document.title='owned'</script>", "\"><img src=x onerror=alert(1)>",
           "'><svg onload=alert(1)>", "\u202egpj.exe", "\x1b]0;owned\x07", "</title><b id=owned>",
           "</bdi></details><b id=owned>", "&lt;b&gt;", "a\nb", "\x00", "-->", "]]>"]


def report(directory, expect=0, *args):
    result = run_program([CTL, f"--directory={directory}", "report", *args])
    if result.code != expect:
        raise Failed(f"exit code {result.code}, expected {expect}: {result.err}")
    page = Page(result.out)
    check(not page.tags.keys() & {"script", "img", "iframe", "object", "form"},
          f"tags: {page.tags}")
    for tag, name, value in page.attributes:
        check(not name.startswith("on"), f"{name} of {tag}")
        check(name != "id" or value == "proof", f"id={value}")
        if name in ("href", "src"):
            check(value.startswith("#") or value == "data:,", f"{name}={value}")
    equal(page.tags.get("svg", 0), sum(name in ("role", "aria-hidden") for tag, name, _ in
                                           page.attributes if tag == "svg"), "each svg's role")
    return page


def saved(place, page, name="report.html"):
    path = os.path.join(place.path, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(page.text)
    return path


def number(text):
    return int(text.replace(",", ""))


@test("the numbers are those of an independent reader, through changes, deletions and failures")
def numbers(place):
    server = place.standin("--records=700", f"--start={int(time.time())}", "--spread=900",
                           "--prompts=1")
    directory = place.directory()
    once(directory, server, expect=0)
    server.control("edit", n=40, metadata='{"a":"1"}')
    server.control("delete", n=6)
    once(directory, server, expect=0)
    server.fault("status", nth=1, times=0, status=401)
    once(directory, server, expect=1)
    server.clear()
    server.control("edit", n=40, metadata='{"a":"2"}')
    once(directory, server, expect=0)
    before = tree(directory)
    page = report(directory)
    equal(tree(directory), before, "the archive after it was read")
    newest = {}
    lines = Archive(directory).lines("completions")
    for line in lines:
        newest[json.loads(line)["id"]] = json.loads(line)
    equal(number(page.figures["Completions"][0]), len(newest), "completions")
    equal(number(page.figures["Earlier versions"][0]), len(lines) - len(newest), "versions")
    equal(number(page.figures["Gone upstream"][0]), 6, "gone")
    models = collections.Counter(record["model"] for record in newest.values())
    rows = page.table("Model", "Completions")
    equal({row[0]: number(row[1]) for row in rows}, dict(models), "models")
    equal(sum(number(row[2]) for row in rows),
          sum(record["usage"]["prompt_tokens"] for record in newest.values()), "tokens")
    days = collections.Counter((datetime.datetime.fromtimestamp(
        record["created"], datetime.timezone.utc).strftime("%Y-%m-%d"), record["model"])
        for record in newest.values())
    chart = next(table for table in page.tables if table[0][0] == "day" and
                 table[0][1] in models)
    got = {(row[0], model): number(value) for row in chart[1:]
           for model, value in zip(chart[0][1:], row[1:]) if value != "0"}
    equal(got, dict(days), "days")
    walks = page.table("Walk", "Began")
    equal([(row[0], row[-1].split()[0]) for row in walks],
          [("4", "complete"), ("3", "failed"), ("2", "complete"), ("1", "complete")], "walks")
    check("4 walks, 4 of them full: 3 complete, 1 failed" in page.text, "the sentence on walks")
    check(page.text.count("Clean") == 1 and "at most" in page.text, "the verdict")


def long_history(place, days=200):
    """Hourly walks, an outage, models whose names are attacks, weeks of charts."""
    rng, now = random.Random(7), int(time.time())
    start = now - days * DAY
    directory = place.directory("long")
    archive = Forged(directory, "https://api.example/\"><b id=owned>", start)
    models = ["gpt-4o-mini"] * 30 + ["gpt-4.1"] * 9 + HOSTILE[:4] * 2 + HOSTILE[4:]
    for day in range(days):
        when = start + day * DAY + 600
        lines = [compact({"id": f"c{day}-{i}", "created": when - rng.randrange(DAY // 2),
                          "model": rng.choice(models),
                          "usage": {"prompt_tokens": 900, "completion_tokens": 80}})
                 for i in range(rng.randrange(5, 40))]
        archive.frame("completions", lines, when)
        if day % 9 == 0:
            archive.frame("changes", [compact({"type": "gone", "id": HOSTILE[0],
                                               "observed_at": rfc3339(when)})], when)
        failed = 90 <= day < 97
        archive.add("walk", when=when + 60, walk=day + 1, kind="full" if day % 3 == 0 else "new",
                    state="failed" if failed else "complete",
                    reason=HOSTILE[0] if failed else None, detail=HOSTILE[1] if failed else None,
                    pages=1, seen=len(lines), new=len(lines), changed=0, gone=0,
                    started=rfc3339(when), gaps=[], filter=None)
    return directory, days


@test("what a record or a ledger says is text: nothing of it becomes a tag, runs, or turns around")
def hostile(place):
    directory, days = long_history(place)
    verify(directory)
    page = report(directory)
    check("\u202e" not in page.text and "\x1b" not in page.text and "\x00" not in page.text, "raw")
    equal(page.tags["title"] > 50 and page.titles[0], "Archive report", "the title")
    names = [row[0] for row in page.table("Model", "Completions")]
    for name in ("<script>document.title='owned'</script>", "\"><img src=x onerror=alert(1)>",
                 "\\u202egpj.exe", "\\u001b]0;owned\\u0007", "a\\u000ab", "\\u0000"):
        check(name in names, f"{name!r} is not in {names}")
    dom = chromium(saved(place, page), "--dump-dom")
    shown = Page(dom)
    check(not shown.tags.keys() & {"script", "img", "iframe", "form"} and
          "id=\"owned\"" not in dom, "the browser found more tags")
    equal(shown.tags, {**page.tags}, "the tags that the browser found")
    equal(shown.titles[0], "Archive report", "the title")
    equal(number(page.figures["Completions"][0]), len(Archive(directory).lines("completions")),
          "completions")
    longest = page.table("Walk", "How long")[0]
    check(longest[1].startswith("8d"), f"the longest pause: {longest}")


@test("no script runs in it and nothing is fetched, whatever gets into it")
def policy(place):
    server = place.standin("--records=10")
    page = report(long_history(place, 3)[0])
    smuggled = (f"<script>document.title='owned'</script><img src='{server.root}/x'>"
                f"<link rel=stylesheet href='{server.root}/y'><b onclick='1'>")
    bad = page.text.replace("</main>", smuggled + "</main>")
    free = bad[:bad.index("<meta http-equiv")] + bad[bad.index("<meta name=\"referrer\""):]
    for text, title, fetched in ((bad, "<title>Archive report</title>", False),
                                 (free, "<title>owned</title>", True)):
        path = os.path.join(place.path, "bad.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        server.control("requests/reset")
        check(title in chromium(path, "--dump-dom"), f"not {title}")
        equal(len(server.requests()) > 0, fetched, "requests")


@test("a browser shows its charts on a desk, on a phone, in the dark and on paper")
def shown(place):
    path = saved(place, report(long_history(place)[0]))
    desk = shot(path, 1280, 1000)
    colours = desk.colours()
    check(colours.get(BLUE, 0) > 3000 and colours.get(PAGE, 0) > 100000 and len(colours) > 100,
          f"on a desk: {colours.get(BLUE)} {colours.get(PAGE)} {len(colours)}")
    phone = shot(path, 390, 1400)
    colours = phone.colours()
    check(colours.get(BLUE, 0) > 800 and len(colours) > 100, f"on a phone: {colours.get(BLUE)}")
    # What is too wide would stand in the margin.
    equal({pixel for row in phone.rows for pixel in row[-10:]}, {PAGE}, "a phone's right margin")
    dark = shot(path, 1280, 1000, "--blink-settings=preferredColorScheme=0").colours()
    check(dark.get(DARK_BLUE, 0) > 3000 and dark.get(DARK_PAGE, 0) > 100000 and
          not dark.get(BLUE) and not dark.get(PAGE), "in the dark")
    pages = paper(path)
    check(3 <= pages <= 8, f"{pages} pages of paper")


@test("damage is on the page and in the exit code; what is whole is counted")
def damaged(place):
    directory, days = long_history(place, 20)
    copy = place.directory("copy")
    shutil.copytree(directory, copy)
    folder = os.path.join(copy, "completions")
    first = os.path.join(folder, sorted(os.listdir(folder))[0])
    name = os.path.join(first, os.listdir(first)[0])
    data = bytearray(open(name, "rb").read())
    data[len(data) // 2] ^= 1
    with open(name, "wb") as file:
        file.write(data)
    page = report(copy, 3)
    check("Damaged" in page.text and "Clean" not in page.text, "the verdict")
    check("<bdi>damaged: completions/archived=" in page.text, "what is damaged")
    frames = Archive(directory).frames("completions")
    equal(number(page.figures["Completions"][0]),
          sum(entry["records"] for entry in frames[1:]), "what is whole")
    os.unlink(os.path.join(copy, "ledger.jsonl"))
    check("lost its ledger" in report(copy, 3).text, "without a ledger")
    result = run_program([CTL, f"--directory={place.directory('none')}", "report"])
    equal((result.code, result.out), (1, ""), "without an archive")


if __name__ == "__main__":
    run()
