#!/usr/bin/env python3
"""Peers that mean harm: floods without end, bombs, HTTP that is none, JSON made to hurt, stalls.
Memory stays what it is, and nothing untrue is archived."""

import gzip
import itertools
import subprocess
import threading
import zlib

from peer import SEED, TYPE, Peer, Store, answer, config, kept, whole
from launcher import Launcher
from harness import (CTL, KEY, TORTURE, check, command, environment, equal, figure, once, run,
                     test, verify)

PEAK = 28 * 1024  # KiB; a walk of a small store over TLS takes 15 to 18 MiB
FLOOD = (256 if TORTURE else 48) << 20  # bytes of what has no end by itself
launchers = threading.local()


def is_list(path):
    return path.split("?")[0].endswith("/chat/completions")


def measured(directory, peer, conf):
    if not hasattr(launchers, "own"):
        launchers.own = Launcher()
    code, peak, text = launchers.own.peak_of(command(directory, peer.url, "--once", config=conf))
    check(KEY not in text, "the key was printed")
    check(code in (0, 1), f"it ended with {code}: {text}")
    check(peak < PEAK, f"{peak} KiB at most")
    return code, text


def attack(place, name, send, ends=(1,), reason=None, store=None):
    """One walk with send(request) as the answer to lists, one without."""
    store = store or Store(4)
    hostile = threading.Event()
    hostile.set()

    def behave(request):
        if hostile.is_set() and is_list(request.path):
            send(request)
            request.end("fin")
        else:
            request.serve()
    peer = Peer(place, store, behave)
    directory = place.directory(name)
    conf = config(place, name)
    code, text = measured(directory, peer, conf)
    archive = kept(directory, store)
    walk = archive.walks()[-1]
    check(code in ends, f"{name}: exit code {code}: {text}")
    if code == 0:
        whole(directory, store)
    else:
        equal(walk["state"], "failed", name)
        check(walk["reason"] in (reason or "malformed|network").split("|"),
              f"{name}: the reason is {walk['reason']}: {text}")
    verify(directory)
    hostile.clear()
    once(directory, peer.url, config=conf, expect=0)
    whole(directory, store)
    peer.stop()
    return code


def raw(*pieces):
    """Sends pieces, or what generators make of them, until the client goes."""
    def send(request):
        for piece in pieces:
            for part in [piece] if isinstance(piece, bytes) else piece():
                if not request.send(part):
                    return
    return send


def flood(part):
    return lambda: itertools.repeat(part, FLOOD // len(part))


OK = b"HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n" + TYPE.encode()
FLOODS = {
    "one header of a megabyte": [OK, b"X-A: " + b"a" * (1 << 20) + b"\r\n\r\n{}"],
    "a hundred thousand headers": [OK, b"".join(b"X-%d: y\r\n" % i for i in range(100000)),
                                   b"\r\n{}"],
    "a header without end": [OK, b"X-A: ", flood(b"a" * 65536)],
    "headers without end": [OK, flood(b"X-A: b\r\n" * 8192)],
    "100 Continue without end": [flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 4096)],
    "103 Early Hints without end": [flood(b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" * 2048)],
    "a chunk's extension without end": [OK, b"Transfer-Encoding: chunked\r\n\r\n1;",
                                        flood(b"e" * 65536)],
    "a chunk's length without end": [OK, b"Transfer-Encoding: chunked\r\n\r\n",
                                     flood(b"0" * 65536)],
    "trailers without end": [OK, b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
                             flood(b"X-A: b\r\n" * 8192)],
    "a status line without end": [b"HTTP/1.1 200 ", flood(b"a" * 65536)],
    "white space without end": [OK, b"\r\n{", flood(b" " * 65536)],
}


for _name, _pieces in FLOODS.items():
    def floods(place, name=_name, pieces=_pieces):
        attack(place, name.replace(" ", "-"), raw(*pieces))
        figure("floods")
    test(f"{_name}: the transfer ends, in the usual memory")(floods)


# ---- bodies that unpack to a thousand times their size ----


def squeezed(parts):
    """A gzip body of what the parts are, made piece by piece."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(part) for part in parts) + packer.flush()


SIZE = (1000 if TORTURE else 100) << 20


def sent(body, coding="gzip", fields=b""):
    head = OK + fields + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (
        coding.encode(), len(body))
    return raw(head, body)


@test("a page of white space, packed a thousand to one, is read in the usual memory")
def bomb_of_space(place):
    store = Store(4)
    text = store.body("/v1/chat/completions?order=desc").rstrip()
    pad = [b" " * (1 << 20)] * (SIZE >> 20)
    body = squeezed([text[:-1]] + pad + [b"}"])
    check(len(body) < SIZE / 900, f"{len(body)} bytes are no bomb")
    equal(attack(place, "space", sent(body), ends=(0,), store=store), 0, "the exit code")
    figure("bombs")


@test("a record with a string packed a thousand to one is archived whole, in the usual memory")
def bomb_of_text(place):
    store = Store(2)
    first = b'{"object":"list","data":[{"id":"a","created":1800000000,"s":"'
    body = squeezed([first] + [b"s" * (1 << 20)] * (SIZE >> 20) +
                    [b'"}],"has_more":false}'])
    def send(request):
        if is_list(request.path):
            sent(body)(request)
            request.end("fin")
        else:
            request.send(*answer(b'{"object":"list","data":[],"has_more":false}'))
    peer = Peer(place, store, send)
    directory = place.directory("text")
    code, text = measured(directory, peer, config(place, archive="Compression=zstd\n"))
    equal(code, 0, text)
    verify(directory)
    out = subprocess.run(f"{CTL} --directory={directory} cat | wc -c",
                         shell=True, stdout=subprocess.PIPE, env=environment(), check=True)
    equal(int(out.stdout), SIZE + len('{"id":"a","created":1800000000,"s":""}\n'), "bytes")
    figure("bombs")


DEEP = 10_000_000


def deep_parts(text):
    block = text * (1 << 16)
    whole_blocks, rest = divmod(DEEP * len(text), len(block))
    return [block] * whole_blocks + [block[:rest]]


HURTING = {
    "ten million [": [b'{"data":'] + deep_parts(b"["),
    "ten million [ in a record": [b'{"data":[{"id":"a","created":1,"x":'] + deep_parts(b"["),
    'ten million {"a":': [b'{"x":'] + deep_parts(b'{"a":'),
    "ten million commas": [b'{"data":['] + deep_parts(b","),
    "a number of ten megabytes": [b'{"data":[{"id":"a","created":'] + deep_parts(b"1"),
    "a number of ten megabytes in a record": [b'{"data":[{"id":"a","x":'] + deep_parts(b"1"),
    "an id of ten megabytes": [b'{"data":[{"created":1,"id":"'] + deep_parts(b"a") + [b'"}]}'],
}


for _name, _parts in HURTING.items():
    def hurting(place, name=_name, parts=_parts):
        number = str(list(HURTING).index(name))
        attack(place, "plain" + number, raw(OK + b"Connection: close\r\n\r\n", lambda: parts),
               reason="malformed")
        attack(place, "packed" + number, sent(squeezed(parts)), reason="malformed")
        figure("pages made to hurt", 2)
    test(f"{_name}: malformed at once, in the usual memory, plain and packed")(hurting)


@test("a key of ten megabytes is archived as it is, in the usual memory")
def long_key(place):
    head = b'{"object":"list","data":[{"id":"a","created":1,"'
    parts = [head] + deep_parts(b"k") + [b'":1}],"has_more":false}']

    def send(request):
        if is_list(request.path):
            raw(OK + b"Connection: close\r\n\r\n", lambda: parts)(request)
            request.end("fin")
        else:
            request.send(*answer(b'{"object":"list","data":[],"has_more":false}'))
    peer = Peer(place, Store(1), send)
    code, text = measured(place.directory("key"), peer, config(place))
    equal(code, 0, text)
    verify(place.directory("key"))
    figure("pages made to hurt")


# ---- HTTP that is none, or too much of it ----

PAGE = Store(4).body("/v1/chat/completions?order=desc")
ODD = {
    "gzip twice": (OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n%s",
                   gzip.compress(gzip.compress(PAGE)), (0, 1)),
    "an unknown coding": (OK + b"Content-Encoding: snappy\r\nContent-Length: %d\r\n\r\n%s", PAGE,
                          (1,)),
    "gzip that is none": (OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", PAGE,
                          (1,)),
    "204 with a body": (OK.replace(b"200 OK", b"204 No Content") +
                        b"Content-Length: %d\r\n\r\n%s", PAGE, (1,)),
    "206 with a body": (OK.replace(b"200 OK", b"206 Partial Content") +
                        b"Content-Range: bytes 0-9/10\r\nContent-Length: %d\r\n\r\n%s", PAGE, (1,)),
    "304 with a body": (OK.replace(b"200 OK", b"304 Not Modified") +
                        b"Content-Length: %d\r\n\r\n%s", PAGE, (1,)),
    "201 with a body": (OK.replace(b"200 OK", b"201 Created") + b"Content-Length: %d\r\n\r\n%s",
                        PAGE, (1,)),
    "HTTP/0.9": (b"%.0d%s", PAGE, (1,)),
    "a garbled status line": (b"HTTP/9.9 2OO OK\r\nContent-Length: %d\r\n\r\n%s", PAGE, (1,)),
    "a status of none": (b"HTTP/1.1 \r\nContent-Length: %d\r\n\r\n%s", PAGE, (1,)),
    "another protocol": (b"SSH-2.0-OpenSSH_9 %d\r\n%s", PAGE, (1,)),
    "zero bytes in a header": (OK + b"X-A: \0\0\r\nContent-Length: %d\r\n\r\n%s", PAGE, (0, 1)),
    "chunks and a length": (OK + b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"%x\r\n%s\r\n0\r\n\r\n", PAGE, (0, 1)),
    "a chunk length past 64 bits": (OK + b"Transfer-Encoding: chunked\r\n\r\n"
                                    b"fffffffffffffffff%x\r\n%s\r\n0\r\n\r\n", PAGE, (1,)),
    "a negative chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n-%x\r\n%s\r\n0\r\n\r\n", PAGE,
                         (1,)),
    "a negative length": (OK + b"Content-Length: -%d\r\n\r\n%s", PAGE, (0, 1)),
    "a length past 64 bits": (OK + b"Content-Length: 99999999999999999999%d\r\n\r\n%s", PAGE,
                              (0, 1)),
    "an empty length": (OK + b"Content-Length: \r\nX-A: %d\r\n\r\n%s", PAGE, (0, 1)),
    "two lengths": (OK + b"Content-Length: 5\r\nContent-Length: %d\r\n\r\n%s", PAGE, (0, 1)),
    "a length too large": (OK + b"Content-Length: 1%d\r\n\r\n%s", PAGE, (1,)),
}


for _name, (_form, _body, _ends) in ODD.items():
    def odd(place, name=_name, text=_form % (len(_body), _body), ends=_ends):
        attack(place, "odd" + str(list(ODD).index(name)), raw(text), ends,
               "malformed|network|refused|server")
        figure("odd answers")
    test(f"{_name}: never a short or a strange page")(odd)


@test("a length that is too small never makes a short page")
def too_small(place):
    for length in (0, 1, len(PAGE) // 2, len(PAGE) - 3):
        attack(place, f"short{length}", raw(OK + b"Content-Length: %d\r\n\r\n%s" % (length, PAGE)))
        figure("odd answers")


@test("transfers that stall before, amid and behind the head, and amid the body, are given up")
def stalls(place):
    store = Store(4)
    head, body = answer(PAGE)
    whole_answer = head + body
    points = [0, 1, len(head) - 2, len(head), len(head) + 1, len(whole_answer) // 2,
              len(whole_answer) - 1]
    release = threading.Event()
    failures = []

    def one(point):
        stalled = threading.Event()

        def behave(request):
            if is_list(request.path) and not stalled.is_set():
                stalled.set()
                request.send(whole_answer[:point])
                release.wait(240)
                request.end("fin")
            else:
                request.serve()
        try:
            peer = Peer(place, store, behave)
            directory = place.directory(f"stall{point}")
            once(directory, peer.url, config=config(place, f"stall{point}"), expect=0)
            whole(directory, store)
            check(not release.is_set(), "it waited for the end")
            figure("stalls")
        except Exception as failure:  # told by the test's own thread
            failures.append(f"{point}: {failure}")
    threads = [threading.Thread(target=one, args=(point,)) for point in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    release.set()
    equal(failures, [], "stalls")


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED}")
    run(workers=16)
