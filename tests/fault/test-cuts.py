#!/usr/bin/env python3
"""Answers cut at every byte of their bodies and heads, in each framing, plain and gzip, over TCP and
TLS, ended in each way; and HTTP/2 behind nginx. A short page is never taken for a whole one: it is
asked for again, and what is archived in the end is exact; where it is cut for ever, the walk fails.

`retry-after-ms: 1` in the head that comes before the cut makes thousands of them fast. Under --once
an answer is asked for RETRIES times more."""

import collections
import itertools
import random
import threading

from peer import (FRAMINGS, SEED, Peer, Relay, Store, answer, config, delivered, kept, whole)
from authority import Authority, server_side
from harness import TORTURE, check, equal, figure, once, run, test
from nginx import Nginx

RETRIES = 5
FAST = "retry-after-ms: 1\r\n"
ENDS = {False: ("fin", "rst"), True: ("notify", "fin", "rst")}
WAYS = [(tls, end, framing, coding) for tls in (False, True) for end in ENDS[tls]
        for framing in FRAMINGS for coding in ("", "gzip")]


def sample(positions, share, salt):
    """All of them in a torture; else about one in `share`, others for another seed."""
    if TORTURE:
        return list(positions)
    pick = random.Random(f"{SEED} {salt}")
    return [position for position in positions if pick.randrange(share) == 0]


def kind_of(path, body):
    if "/messages" in path:
        return "messages"
    return "more" if b'"has_more": true' in body else "last"


class Cuts:
    """Answers in one way, cut at one wanted position after the other, a page at most `times` in a
    row; then whole. Positions count from the head's first byte or the body's."""

    def __init__(self, way, wanted, times=RETRIES, heads=False):
        self.tls, self.how, self.framing, self.coding = way
        self.wanted = {kind: collections.deque(positions) for kind, positions in wanted.items()}
        self.times, self.heads = times, heads
        self.lock = threading.Lock()
        self.cut = collections.Counter()
        self.begin()

    def begin(self):
        self.row = collections.Counter()

    def left(self):
        return sum(map(len, self.wanted.values()))

    def take(self, path, body):
        with self.lock:
            positions = self.wanted.get(kind_of(path, body))
            if not positions or self.row[path] == self.times:
                return None
            self.row[path] += 1
            return positions.popleft()

    def __call__(self, request):
        text = request.peer.store.body(request.path)
        head, body = answer(text, self.framing, self.coding, FAST)
        position = self.take(request.path, text)
        if position is None:
            return request.serve(framing=self.framing, coding=self.coding)
        if self.heads:
            request.send((head + body)[:position])
        else:
            request.send(head + body[:position])
            if delivered(body[:position], self.framing, self.coding).rstrip() == text.rstrip():
                self.cut["whole"] += 1
        self.cut[position] += 1
        request.end(self.how)


def lengths(store, way, kinds):
    """Of each kind of body, as framed."""
    _, _, framing, coding = way
    out = {}
    paths = ["/v1/chat/completions?order=desc", "/v1/chat/completions?order=asc"] + \
        [f"/v1/chat/completions/{name}/messages?limit=100" for name in store.completions]
    for path in paths:
        text = store.body(path)
        kind = kind_of(path, text)
        if kind in kinds:
            size = len(answer(text, framing, coding)[1])
            out[kind] = max(out.get(kind, 0), size)
    return out


class Campaign:
    """What the ways have in common: certificates, and a walk for as long as there is to be cut."""

    def __init__(self, place, walk=""):
        self.place, self.number = place, itertools.count()
        self.authority = Authority(place)
        self.certificate = self.authority.issue("good")
        self.config = config(place, api=f"CAFile={self.authority.ca}\n", walk=walk)

    def peer(self, store, way, behave):
        return Peer(self.place, store, behave, server_side(self.certificate) if way[0] else None)

    def directory(self):
        return self.place.directory(f"archive-{next(self.number)}")

    def exhaust(self, store, way, cuts):
        peer = self.peer(store, way, cuts)
        while cuts.left():
            before = cuts.left()
            cuts.begin()
            directory = self.directory()
            once(directory, peer.url, config=self.config, expect=0)
            whole(directory, store)
            check(cuts.left() < before, f"nothing was cut any more: {cuts.wanted}")
        peer.stop()


def name_of(way):
    tls, end, framing, coding = way
    return f"{'TLS' if tls else 'TCP'}, {end}, {framing}{', ' + coding if coding else ''}"


def count(way, cuts):
    cut = sum(cuts.cut.values()) - cuts.cut["whole"]
    figure(f"bodies cut: {'TLS' if way[0] else 'TCP'}, {way[1]}, {way[2]}", cut)
    figure("cut bodies whose text was whole", cuts.cut["whole"])


def each_body(place, ways):
    few = Campaign(place, walk="PageSize=2\n")
    for way in ways:
        for store, kinds, share in ((Store(2), ("last", "messages"), 60),
                                    (Store(40), ("more", "messages"), 7)):
            sizes = lengths(Store(4, limit=2) if "more" in kinds else store, way, kinds)
            if "more" in kinds:
                store.limit = 2
                sizes.pop("messages")
            wanted = {kind: sample(range(size + 1), share, f"{way} {kind}")
                      for kind, size in sizes.items()}
            cuts = Cuts(way, wanted)
            few.exhaust(store, way, cuts)
            count(way, cuts)


for _tls, _end in ((False, "fin"), (False, "rst"), (True, "notify"), (True, "fin"), (True, "rst")):
    def bodies(place, tls=_tls, end=_end):
        each_body(place, [way for way in WAYS if way[:2] == (tls, end)])
    test(f"{'TLS' if _tls else 'TCP'}, ended by {_end}: bodies cut at every byte in each framing are "
         "asked for again, and the archive is exact")(bodies)


@test("a list that is cut at the same byte for ever fails the walk, and the next one is exact")
def list_for_ever(place):
    campaign = Campaign(place)
    store = Store(2)
    for way in WAYS:
        for_ever(campaign, store, way, "last")


@test("messages that are cut for ever are not archived, and the next walk is exact")
def messages_for_ever(place):
    campaign = Campaign(place)
    for way in WAYS:
        # As many as may fail in a row before all are given up.
        for_ever(campaign, Store(3), way, "messages")


class Always:
    """Cuts each of the answers of a kind at its own position, whenever it is asked for."""

    def __init__(self, way, kind):
        _, self.how, self.framing, self.coding = way
        self.kind, self.at, self.whole = kind, {}, 0
        self.positions = iter(())

    def __call__(self, request):
        text = request.peer.store.body(request.path)
        if kind_of(request.path, text) != self.kind:
            return request.serve(framing=self.framing, coding=self.coding)
        head, body = answer(text, self.framing, self.coding, FAST)
        if request.path not in self.at:
            self.at[request.path] = next(self.positions)
        position = self.at[request.path]
        if delivered(body[:position], self.framing, self.coding).rstrip() == text.rstrip():
            self.whole += 1
        request.send(head + body[:position])
        request.end(self.how)


def for_ever(campaign, store, way, kind):
    behave = Always(way, kind)
    peer = campaign.peer(store, way, behave)
    size = lengths(store, way, [kind])[kind]
    positions = sample(range(size), 400, f"for ever {way} {kind}") or [SEED * 7919 % size]
    paths = 1 if kind == "last" else len(store.completions)
    directory = campaign.directory()
    for at in range(0, len(positions), paths):
        some = positions[at:at + paths]
        behave.at, behave.whole = {}, 0
        behave.positions = itertools.chain(some, itertools.repeat(some[-1]))
        result = once(directory, peer.url, config=campaign.config)
        archive = kept(directory, store)
        walk = archive.walks()[-1]
        if behave.whole:
            check(result.code == 1 or exact_is(directory, store), f"{name_of(way)}: {some}")
            if result.code == 0:
                directory = campaign.directory()
            continue
        equal(result.code, 1, f"{name_of(way)}, {some}: {result.err}")
        if kind == "last":
            equal((walk["state"], walk["reason"]), ("failed", "network"), name_of(way))
        else:
            equal(archive.lines("messages"), [], f"{name_of(way)}, {some}")
        figure(f"answers cut for ever: {'list' if kind == 'last' else 'messages'}", len(some))
    behave.kind = None
    once(directory, peer.url, config=campaign.config, expect=0)
    whole(directory, store)
    peer.stop()


def exact_is(directory, store):
    whole(directory, store)
    return True


@test("heads cut at every byte are asked for again, and the archive is exact")
def heads(place):
    campaign = Campaign(place, walk="MaxConcurrent=64\n")
    store = Store(64 if TORTURE else 24)
    for way in WAYS:
        if way[2:] not in (("length", ""), ("chunked", "gzip")):
            continue
        text = store.body("/v1/chat/completions/chatcmpl-0000/messages?limit=100")
        size = len(answer(text, way[2], way[3], FAST)[0])
        cuts = Cuts(way, {"messages": sample(range(size), 10, f"head {way}")}, 1, heads=True)
        campaign.exhaust(store, way, cuts)
        figure(f"heads cut: {'TLS' if way[0] else 'TCP'}, {way[1]}", sum(cuts.cut.values()))


@test("whole answers dripped a byte at a time, over TLS one byte a record, are exact")
def drips(place):
    campaign = Campaign(place)
    store = Store(2)
    for way in WAYS:
        def drip(request, way=way):
            head, body = answer(store.body(request.path), way[2], way[3])
            figure("bytes dripped", len(head + body))
            request.send(*((head + body)[at:at + 1] for at in range(len(head + body))))
            if way[2].startswith("close"):
                request.end("notify")
        if way[1] == ("notify" if way[0] else "fin"):
            directory = campaign.directory()
            once(directory, campaign.peer(store, way, drip).url, config=campaign.config, expect=0)
            whole(directory, store)


# ---- HTTP/2, and what lies below HTTP ----


@test("HTTP/2: bodies cut behind nginx, in each framing, are asked for again")
def http2_bodies(place):
    campaign = Campaign(place, walk="PageSize=2\n")
    store = Store(40, limit=2)
    for way in WAYS:
        if way[0] or way[2] == "close10":
            continue
        sizes = lengths(Store(4, limit=2), way, ("more", "messages"))
        cuts = Cuts(way, {kind: sample(range(size), 25, f"h2 {way} {kind}")
                          for kind, size in sizes.items()})
        front = Nginx(place, campaign.peer(store, way, cuts), campaign.certificate)
        while cuts.left():
            cuts.begin()
            directory = campaign.directory()
            once(directory, front.url, config=campaign.config, expect=0)
            whole(directory, store)
        equal({request[0] for request in front.requests()}, {"HTTP/2.0"}, "protocols")
        figure("bodies cut: HTTP/2", sum(cuts.cut.values()) - cuts.cut["whole"])
        figure("cut bodies whose text was whole", cuts.cut["whole"])
        front.stop()


def connections(place, campaign, port, host, end, what, store, share):
    """Connections ended after each number of bytes, TLS's own included."""
    directory = campaign.directory()
    relay = Relay(place, port, lambda: None, end, host=host)
    once(directory, relay.url, config=campaign.config, expect=0)
    limits = iter(())
    begun = threading.Lock()

    def limit():
        with begun:
            return next(limits, None)

    relay.limit = limit
    positions = sample(range(relay.most), share, f"{what} {end}")
    # The handshake tells of no wait, and a back-off is half a second: one of those in each walk.
    early = [position for position in positions if position < 2500]
    late = [position for position in positions if position >= 2500]
    runs = [late[at:at + RETRIES] for at in range(0, len(late), RETRIES)]
    for number, position in enumerate(early[::4 if TORTURE else 1]):
        if number == len(runs):
            runs.append([])
        runs[number].append(position)
    for some in runs:
        limits = iter(some[-1:] + some[:RETRIES - 1])
        directory = campaign.directory()
        once(directory, relay.url, config=campaign.config, expect=0)
        whole(directory, store)
        figure(f"connections cut: {what}, {end}", min(len(some), RETRIES))
    relay.stop()


@test("TLS connections cut at every byte, of records and handshake, lose nothing")
def records(place):
    campaign = Campaign(place)
    store = Store(2)
    for framing, end in itertools.product(("close11", "chunked"), ("fin", "rst")):
        peer = campaign.peer(store, (True,), lambda request, framing=framing: (
            request.serve(framing=framing, fields=FAST)))
        connections(place, campaign, peer.port, "127.0.0.1", end, f"TLS, {framing}", store, 400)


@test("HTTP/2 connections cut at every byte lose nothing")
def frames(place):
    campaign = Campaign(place)
    store = Store(4)
    peer = campaign.peer(store, (False,), lambda request: request.serve(fields=FAST))
    front = Nginx(place, peer, campaign.certificate)
    for end in ("fin", "rst"):
        connections(place, campaign, front.port, "localhost", end, "HTTP/2", store, 300)


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED}")
    run(workers=12)
