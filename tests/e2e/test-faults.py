#!/usr/bin/env python3
"""A server that misbehaves in every way: never a short walk called complete, nothing lost, nothing
twice, and the next walk without the fault is complete."""

import json
import os
import time

from harness import KEY, Archive, Failed, check, equal, exact, once, run, same, test, verify

STORE = ["--records=350", "--ties=6", "--prompts=2", "--seed=11"]


def fails(place, name, reason=None, setup=None, options=(), data=None, nth=2, times=0, **fault):
    """One walk with the fault, one without."""
    server = place.standin(*STORE, *options)
    directory = place.directory(name)
    if setup:
        setup(server)
    else:
        server.fault(nth=nth, times=times, data=data, **fault)
    result = once(directory, server, expect=1)
    archive = Archive(directory)
    archive.audit()
    walk = archive.walks()[-1]
    equal(walk["state"], "failed", f"{name}: the walk")
    check(walk["reason"], f"{name}: no reason is given")
    check(walk["reason"] in result.err, f"{name}: the reason is not told: {result.err}")
    if reason:
        check(walk["reason"] in reason.split("|"), f"{name}: the reason is {walk['reason']}")
    lines = archive.lines("completions")
    equal(len(lines), len(set(lines)), f"{name}: records")
    check(set(lines) <= set(server.expected()), f"{name}: a record that the server never had")
    if nth > 1:
        check(len(lines) >= 90, f"{name}: what was good is not kept: {len(lines)}")
    verify(directory)
    server.clear()
    once(directory, server, expect=0)
    exact(directory, server)
    verify(directory)
    server.stop()


MALFORMED = ["no-has-more", "has-more-string", "has-more-null", "html", "other-list",
             "dup-has-more", "dup-data", "no-id", "dup-id", "int-id", "no-created",
             "string-created", "float-created", "empty-id", "trailing", "bom", "deep", "bad-utf8",
             "bad-escape", "control-char", "join", "has-more-number", "no-data", "null-data",
             "object-data", "scalar-data", "object-page", "array", "null-id", "control-id",
             "long-id", "dup-created", "null-created", "surrogate-utf8", "bad-unicode-escape",
             "newline-in-string", "join-literal", "bad-number", "bad-literal", "bad-space",
             "missing-comma", "extra-comma", "comment"]

for kind in MALFORMED:
    def malformed(place, kind=kind):
        fails(place, kind, reason="malformed", kind=kind)
    test(f"a page that is malformed ({kind}) fails the walk, and the next one is complete")(
        malformed)


@test("unusual pages that are well-formed are taken: other key order, escaped keys, more keys")
def unusual(place):
    for kind in ("no-object", "envelope-order", "envelope-escaped", "envelope-extra"):
        server = place.standin(*STORE)
        server.fault(kind, times=0, nth=1)
        once(place.directory(kind), server, expect=0)
        exact(place.directory(kind), server)


@test("an empty page that says there is more is asked again, then the walk fails")
def empty_more(place):
    fails(place, "empty-has-more", reason="malformed", kind="empty-has-more")


@test("a last_id of null does not matter: the items' own ids are the cursor")
def null_last_id(place):
    server = place.standin(*STORE)
    server.fault("null-last-id", nth=1, times=2)
    once(place.directory(), server, expect=0)
    exact(place.directory(), server)


@test("the same page for ever is a cycle")
def same_page(place):
    fails(place, "same", reason="cycle|order|cursor", kind="same-page")


@test("a page out of order fails the walk")
def disorder(place):
    fails(place, "order", reason="order", kind="bad-order")


@test("a redirect is not followed, and told")
def redirect(place):
    fails(place, "redirect", reason="refused", kind="redirect",
          location="http://127.0.0.1:9/elsewhere")


@test("an empty body, for ever")
def empty_body(place):
    fails(place, "empty", kind="empty")


@test("a damaged gzip body, for ever")
def bad_gzip(place):
    fails(place, "bad-gzip", kind="bad-gzip", options=["--gzip"])


@test("a damaged gzip body with a giant in it: what cannot be taken back alone fails the walk")
def bad_gzip_giant(place):
    server = place.standin("--records=500", "--prompts=0", "--gzip", "--big-string=600000@250",
                           "--big-kind=base64")
    server.fault("bad-gzip", nth=3, times=1)
    directory = place.directory()
    result = once(directory, server)
    archive = Archive(directory)
    archive.audit()
    have, expected = set(archive.lines("completions")), server.expected()
    check(have <= set(expected), "a record that the server never had")
    check(result.code == 1 or len(have) == len(expected), "complete, with records lost")
    once(directory, server, expect=0)
    exact(directory, server, messages=False)


@test("a flood of header fields ends the transfer")
def header_flood(place):
    fails(place, "flood", kind="header-flood")


@test("503 for ever fails the walk after some retries, and says so")
def unavailable(place):
    fails(place, "503", reason="server", kind="status", status=503, retry_after_ms=1)


@test("500, 502, 529, 429, 408 and 409 once each are retried and forgotten")
def passing(place):
    server = place.standin(*STORE)
    for nth, status in enumerate((500, 502, 529, 429, 408, 409), 1):
        server.fault("status", nth=nth * 2, times=1, status=status, retry_after_ms=5)
        once(place.directory(str(status)), server, expect=0)
        server.clear()
        exact(place.directory(str(status)), server)


@test("bodies cut in each framing, once: asked again from the same cursor")
def cut_once(place):
    for framing in ("length", "chunked", "close", "gzip"):
        for at in (1, 777, 20000, 60000):
            server = place.standin(*STORE)
            server.fault("cut", nth=2, times=1, at=at, framing=framing)
            directory = place.directory(f"{framing}-{at}")
            once(directory, server, expect=0)
            exact(directory, server)
            server.stop()


@test("bodies cut for ever, also exactly between two records, never count as the end")
def cut_for_ever(place):
    fails(place, "close", reason="network", kind="cut", at=5000, framing="close")


@test("a body cut exactly between two records, for ever")
def cut_between(place):
    fails(place, "between", reason="network", kind="cut-record", framing="close")


@test("a body cut by a reset, for ever")
def cut_reset(place):
    fails(place, "reset", reason="network", kind="cut", at=30000, framing="length", reset=1)


@test("a body dripped a few bytes at a time arrives whole")
def drip(place):
    server = place.standin("--records=20", "--prompts=0")
    server.fault("drip", nth=1, times=1, bytes=200, usec=2000)
    once(place.directory(), server, expect=0)
    exact(place.directory(), server)


@test("a body that stalls for ever once is given up, and asked for again")
def stall(place):
    server = place.standin(*STORE)
    server.fault("stall", nth=2, times=1, at=3000)
    once(place.directory(), server, expect=0)
    exact(place.directory(), server)


@test("a 401 ends it at once, names the remedy, and never shows the key")
def unauthorized(place):
    server = place.standin(*STORE, "--key=sk-another-key-altogether-0123456789")
    directory = place.directory()
    started = time.monotonic()
    result = once(directory, server, expect=1)
    equal(len([r for r in server.requests()]), 1, "requests")
    check("key" in result.err, "the remedy")
    walk = Archive(directory).walks()[-1]
    equal((walk["state"], walk["reason"]), ("failed", "refused"), "the walk")
    everything = json.dumps(Archive(directory).entries) + result.err + result.out
    for at in range(3, len(KEY) - 5):
        check(KEY[at:at + 6] not in everything, f"a part of the key is shown: {KEY[at:at + 6]}")
    verify(directory)


@test("a 401 that echoes the whole key, masked or escaped, in body and headers")
def echo(place):
    escaped = "".join(f"\\u{ord(c):04x}" for c in KEY)
    for name, text in (("whole", KEY), ("masked", KEY[:8] + "*" * 20 + KEY[-6:]),
                       ("escaped", escaped), ("glued", f"key={KEY},x"), ("upper", f"({KEY})")):
        server = place.standin(*STORE)
        body = '{"error":{"message":"Incorrect API key provided: %s. Find it","code":1}}' % text
        server.fault("status", times=0, data=body.encode(), status=401,
                     header=f"x-request-id: {KEY}")
        directory = place.directory(name)
        result = once(directory, server, expect=1)
        everything = result.err + result.out
        for folder, _, files in os.walk(directory):
            for file in files:
                everything += open(os.path.join(folder, file), "rb").read().decode("latin-1")
        for at in range(3, len(KEY) - 5):
            check(KEY[at:at + 6] not in everything, f"{name}: shown: {KEY[at:at + 6]}")


@test("429 with each form of Retry-After is waited out")
def retry_after(place):
    forms = [{"retry_after": "1"}, {"retry_after": "0.3"}, {"retry_after_ms": "250"}]
    for nth, form in enumerate(forms):
        server = place.standin("--records=50", "--prompts=0")
        server.fault("status", nth=1, times=1, status=429, **form)
        started = time.monotonic()
        once(place.directory(str(nth)), server, expect=0)
        wait = float(form.get("retry_after", 0)) or float(form["retry_after_ms"]) / 1000
        check(time.monotonic() - started >= wait, "it did not wait")
        exact(place.directory(str(nth)), server)


@test("an announced wait over a minute fails at once")
def long_wait(place):
    started = time.monotonic()
    fails(place, "long", reason="limited", kind="status", status=429, retry_after=3600, nth=1)
    check(time.monotonic() - started < 60, "it waited")


@test("insufficient_quota is not retried")
def quota(place):
    body = b'{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}'
    fails(place, "quota", reason="limited", kind="status", status=429, data=body, nth=1)


@test("no server at all: exit 1, with the cause")
def nobody(place):
    result = once(place.directory(), "http://127.0.0.1:9/v1", expect=1)
    check("127.0.0.1" in result.err or "connect" in result.err.lower(), result.err)
    equal(Archive(place.directory()).walks()[-1]["reason"], "network", "the reason")
    verify(place.directory())


@test("faults in the messages: the walk is complete, exit 1, then the rest is fetched")
def messages(place):
    for kind, more in (("no-has-more", {}), ("html", {}), ("bad-utf8", {}), ("no-id", {}),
                       ("same-page", {}), ("cut", {"at": 300, "framing": "close"})):
        server = place.standin("--records=60", "--prompts=3", "--seed=4")
        directory = place.directory(kind)
        times = 0 if kind != "cut" else 4
        if kind == "same-page":
            server.stop()
            continue
        server.fault(kind, on="messages", nth=10, times=times, **more)
        result = once(directory, server, expect=0 if kind == "cut" else 1)
        archive = Archive(directory)
        equal(archive.walks()[-1]["state"], "complete", f"{kind}: the walk")
        lines = archive.lines("messages")
        equal(len(lines), len(set(lines)), f"{kind}: messages")
        server.clear()
        once(directory, server, expect=0)
        exact(directory, server)
        server.stop()


@test("a store full of 500s for single completions still gets all other prompts")
def one_bad(place):
    server = place.standin("--records=60", "--prompts=3", "--seed=4")
    server.fault("no-has-more", on="messages", nth=5, times=1)
    directory = place.directory()
    once(directory, server, expect=1)
    whole = {json.loads(line)["completion_id"] for line in Archive(directory).lines("messages")}
    expected = {json.loads(line)["completion_id"] for line in server.expected_messages()}
    check(len(expected - whole) <= 1, f"{len(expected - whole)} are missing")
    once(directory, server, expect=0)
    exact(directory, server)


if __name__ == "__main__":
    run()
