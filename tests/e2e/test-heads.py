#!/usr/bin/env python3
"""Servers whose ascending list is broken in every way, or whose cursors are: the second head of a
first walk may cost its speed there, and never a record."""

import http.server
import json
import os
import threading
import urllib.parse

from harness import FAST, Archive, check, equal, once, run, test, verify

NEWEST = 1790000000


class Server:
    """An API of its own: what a test breaks is one method."""

    def __init__(self, created):
        self.records = [(second, f"chatcmpl-{number:05}") for number, second in enumerate(created)]
        self.deleted = set()
        self.pages = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                status, body = outer.answer(url.path[len("/v1/chat/completions"):], query)
                body = json.dumps(body, separators=(",", ":")).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *args: None  # a client that hung up is none
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def record(self, created, name):
        return {"object": "chat.completion", "id": name, "created": created}

    def answer(self, path, query):
        if path:
            name = path.strip("/")
            found = [one for one in self.records if one[1] == name and name not in self.deleted]
            return (200, self.record(*found[0])) if found else (404, {"error": {"message": "no"}})
        self.pages += 1
        return self.page(query)

    def page(self, query):
        descending = query["order"] == "desc"
        there = sorted((one for one in self.records if one[1] not in self.deleted),
                       reverse=descending)
        if "after" in query:
            if query["after"] in self.deleted:
                return self.unknown(query)
            second = dict((name, created) for created, name in self.records)[query["after"]]
            there = [one for one in there
                     if (one[0] < second if descending else one[0] > second)]
        return self.list(there, int(query["limit"]))

    def unknown(self, query):
        return 400, {"error": {"message": "no such record"}}

    def list(self, there, limit):
        return 200, {"object": "list", "data": [self.record(*one) for one in there[:limit]],
                     "has_more": len(there) > limit}


def ties(seconds, each):
    return [NEWEST - second for second in range(seconds) for _ in range(each)]


def whole(place, server, page_size=100):
    """Complete with every record, or failed; never complete without one."""
    place.servers.append(server)
    config = os.path.join(place.path, "config")
    with open(config, "w") as file:
        file.write(FAST + f"Messages=no\nPageSize={page_size}\n")
    directory = place.directory()
    for _ in range(3):
        result = once(directory, server.url, config=config)
        if result.code == 0:
            break
    equal(result.code, 0, f"the walk: {result.err}")
    have = {json.loads(line)["id"] for line in Archive(directory).lines("completions")}
    lost = {name for _, name in server.records if name not in server.deleted} - have
    check(not lost, f"{len(lost)} lost of {len(server.records)}")
    verify(directory)


class NoOrder(Server):
    def page(self, query):
        return super().page(dict(query, order="desc"))


@test("a server that knows no order")
def no_order(place):
    whole(place, NoOrder([NEWEST + 1] * 100 + ties(500, 3)))


class LimitThenSort(Server):
    def page(self, query):
        if query["order"] == "desc" or "after" in query:
            return super().page(query)
        status, body = super().page(dict(query, order="desc"))
        body["data"].reverse()
        return status, body


@test("a server that takes the newest page, and puts that in ascending order")
def limit_then_sort(place):
    whole(place, LimitThenSort(ties(500, 3)))


class Refuses(Server):
    def page(self, query):
        if query["order"] == "asc":
            return 400, {"error": {"message": "no such order"}}
        return super().page(query)


@test("a server that refuses the ascending order")
def refuses(place):
    whole(place, Refuses(ties(300, 3)))


class Short(Server):
    """The ascending list ends after a few pages."""
    def page(self, query):
        status, body = super().page(query)
        if query["order"] == "asc" and "after" in query and status == 200:
            body["has_more"] = False
        return status, body


@test("an ascending list that ends early")
def short(place):
    whole(place, Short(ties(500, 3)))


class Empty(Server):
    def page(self, query):
        if query["order"] == "asc":
            return self.list([], 1)
        return super().page(query)


@test("an ascending list that is empty")
def empty(place):
    whole(place, Empty(ties(300, 3)))


class Same(Server):
    def page(self, query):
        if query["order"] == "asc":
            query = {key: value for key, value in query.items() if key != "after"}
        return super().page(query)


@test("an ascending list that gives its first page for ever")
def same(place):
    whole(place, Same(ties(300, 3)))


class Forgets(Server):
    """Deletes the cursor of each third page before it is asked for by it, and then says that the
    list ends there."""
    count = 0

    def page(self, query):
        if "after" in query and query["order"] == "desc":
            self.count += 1
            if self.count % 3 == 0 and len(self.deleted) < 20:
                self.deleted.add(query["after"])
        return super().page(query)

    def unknown(self, query):
        return self.list([], 1)


@test("an empty last page for a cursor that was deleted, where a second fills a page")
def forgets(place):
    for page_size, created in ((1, ties(30, 1)), (10, ties(27, 10)), (100, ties(300, 3))):
        server = Forgets(created)
        inner = type("Place", (), {"servers": place.servers, "path": place.path,
                                   "directory": lambda self=None, size=page_size:
                                   place.directory(f"archive-{size}")})
        whole(inner, server, page_size)


run()
