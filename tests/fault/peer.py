"""A small server of the API that misbehaves to the byte: raw sockets, the ssl module, a thread a
connection. It serves a little store as it should, or whatever the test's function says instead."""

import gzip
import json
import os
import socket
import ssl
import struct
import sys
import tempfile
import threading
import urllib.parse
import zlib

SOURCE = os.environ.get("srcdir", os.getcwd())
sys.path.insert(0, os.path.join(SOURCE, "tests/e2e"))

from harness import Archive, check, equal, same  # noqa: E402

SEED = int(os.environ.get("TEST_SEED", "1"))
GUARD = 300  # seconds after which a peer gives up on a client; only a bug waits so long
LINGER_NONE = struct.pack("ii", 1, 0)

# Thousands of archives: where an fsync costs nothing, if there is such a place.
if os.access("/dev/shm", os.W_OK | os.X_OK) and "TMPDIR" not in os.environ:
    tempfile.tempdir = "/dev/shm"


class Store:
    """Completions of one second each and of one length each, newest first, and their messages."""

    def __init__(self, records=3, messages=1, limit=100):
        self.limit = limit
        self.completions, self.messages, self.texts = {}, {}, {}
        for number in range(records):
            record = {"id": f"chatcmpl-{number:04}", "object": "chat.completion",
                      "created": 1700000000 - number, "seed": -9204369220377073006,
                      "top_p": 1.0, "metadata": {}, "usage": None, "tools": [[], {}],
                      "choices": [{"index": 0, "message": {
                          "role": "assistant",
                          "content": f"é “{number:04}” \U0001f600 }}],\"has_more\":false}}\n\\"}}]}
            self.add(record, [
                {"id": f"chatcmpl-{number:04}-{index}", "role": "user",
                 "content": f"ü \"has_more\":false}}] {number:04}", "name": None}
                for index in range(messages)])

    def add(self, record, messages):
        self.completions[record["id"]] = record
        self.messages[record["id"]] = messages

    def expected(self):
        return [compact(record) for record in self.completions.values()]

    def expected_messages(self):
        return [f'{{"completion_id":"{name}",' + compact(message)[1:]
                for name, messages in self.messages.items() for message in messages]

    def body(self, path):
        """What a GET brings; None: 404."""
        parts = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        names = parts.path.split("/chat/completions", 1)[-1].strip("/").split("/")
        if path in self.texts:
            return self.texts[path]
        if names == [""]:
            text = self.page(list(self.completions.values()), query)
        elif names[0] in self.completions and names[1:] == ["messages"]:
            text = self.page(self.messages[names[0]][::-1], query)
        elif names[0] in self.completions and len(names) == 1:
            text = spaced(self.completions[names[0]])
        else:
            return None
        self.texts[path] = text.encode()
        return self.texts[path]

    def page(self, newest_first, query):
        items = newest_first if query.get("order", "desc") == "desc" else newest_first[::-1]
        ids = [item["id"] for item in items]
        at = ids.index(query["after"]) + 1 if "after" in query else 0
        limit = min(int(query.get("limit", 20)), self.limit)
        shown = items[at:at + limit]
        return spaced({"object": "list", "data": shown,
                       "first_id": shown[0]["id"] if shown else None,
                       "last_id": shown[-1]["id"] if shown else None,
                       "has_more": at + limit < len(items)}) + " \n"


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def spaced(value):
    return json.dumps(value, separators=(", ", ": "), ensure_ascii=False)


FRAMINGS = ("length", "chunked", "close10", "close11")
TYPE = "Content-Type: application/json\r\nx-request-id: req_1\r\n"


def answer(body, framing="length", coding="", fields="", chunk=131, status="200 OK"):
    """(head, body) as they go over the wire."""
    version = "HTTP/1.0" if framing == "close10" else "HTTP/1.1"
    head = f"{version} {status}\r\n{TYPE}{fields}"
    if coding == "gzip":
        body = gzip.compress(body, 6, mtime=0)
        head += "Content-Encoding: gzip\r\n"
    if framing == "length":
        head += f"Content-Length: {len(body)}\r\n"
    elif framing == "chunked":
        head += "Transfer-Encoding: chunked\r\nTrailer: X-End\r\n"
        body = chunked(body, chunk)
    elif framing == "close11":
        head += "Connection: close\r\n"
    return head.encode() + b"\r\n", body


def chunked(body, size):
    out = b""
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        out += b"%x;n=%d\r\n" % (len(piece), at) + piece + b"\r\n"
    return out + b"0\r\nX-End: yes\r\n\r\n"


def unchunked(data):
    """Of chunks that may be cut anywhere: the plain bytes that came."""
    out = b""
    while b"\r\n" in data:
        line, _, data = data.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        out += data[:size]
        data = data[size + 2:]
    return out


def delivered(data, framing, coding):
    """The text within the first bytes of an answer's body."""
    plain = unchunked(data) if framing == "chunked" else data
    return zlib.decompressobj(31).decompress(plain) if coding == "gzip" else plain


class Request:
    def __init__(self, peer, connection, sock):
        self.peer, self.connection, self.sock = peer, connection, sock
        self.head, self.path, self.number, self.last = b"", "", 0, False

    def read(self):
        """The next request's head; False at the connection's end."""
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            got = self.sock.recv(65536)
            self.peer.record(got)
            if not got:
                return False
            self.head += got
        self.path = self.head.split(b" ", 2)[1].decode()
        self.number = self.peer.count()
        return True

    def send(self, *pieces):
        try:
            for piece in pieces:
                self.sock.sendall(piece)
            return True
        except OSError:
            self.last = True
            return False

    def serve(self, **how):
        """As the store has it, and the connection goes on."""
        body = self.peer.store.body(self.path)
        if body is None:
            how["status"], body = "404 Not Found", b'{"error":{"message":"not there"}}'
        head, body = answer(body, **how)
        self.send(head + body)
        self.last = self.last or how.get("framing", "length").startswith("close")
        if self.last:
            self.end("notify")

    def end(self, how):
        """fin, rst, or notify: over TLS a close_notify goes before the fin."""
        self.last = True
        try:
            if how == "rst":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
            elif how == "notify" and isinstance(self.sock, ssl.SSLSocket):
                self.sock.setblocking(False)  # the answer to it is not waited for
                self.sock.unwrap()
        except OSError:
            pass
        self.sock.close()


class Peer:
    """behave(request) answers; without it, the store does. `raw` takes whole connections instead,
    before any TLS."""

    def __init__(self, place, store=None, behave=None, tls=None, raw=None, host="127.0.0.1"):
        self.store, self.behave, self.tls, self.raw = store, behave, tls, raw
        self.requests, self.connections, self.received, self.errors = 0, 0, [], []
        self.lock = threading.Lock()
        self.listener = socket.create_server((host, 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.root = f"http{'s' if tls else ''}://{host}:{self.port}"
        self.url = self.root + "/v1"
        self.open = set()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        place.servers.append(self)

    def record(self, data):
        with self.lock:
            self.received.append(data)

    def seen(self):
        return b"".join(self.received)

    def count(self):
        with self.lock:
            self.requests += 1
            return self.requests - 1

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections - 1
                self.open.add(sock)
            threading.Thread(target=self.connection, args=(sock, number), daemon=True).start()

    def connection(self, sock, number):
        try:
            sock.settimeout(GUARD)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.raw:
                return self.raw(sock, number)
            if self.tls:
                plain, sock = sock, self.tls.wrap_socket(sock, server_side=True)
                with self.lock:
                    self.open.discard(plain)
                    self.open.add(sock)
            request = Request(self, number, sock)
            while not request.last and request.read():
                (self.behave or Request.serve)(request)
        except (OSError, ssl.SSLError) as error:
            self.errors.append(error)
        finally:
            with self.lock:
                self.open.discard(sock)
            sock.close()

    def stop(self):
        if self.listener.fileno() < 0:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            left = list(self.open)
        for sock in left:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Relay(Peer):
    """Passes connections on, as they are, and ends each after as many bytes towards the client as
    limit() said when it began; None: never."""

    def __init__(self, place, port, limit, end="fin", scheme="https", host="127.0.0.1"):
        self.target, self.limit, self.how, self.most = port, limit, end, 0
        super().__init__(place, raw=self.relay)
        self.url = f"{scheme}://{host}:{self.port}/v1"

    def relay(self, client, _):
        left = self.limit()
        server = socket.create_connection(("127.0.0.1", self.target), GUARD)
        thread = threading.Thread(target=self.pump, args=(client, server), daemon=True)
        thread.start()
        done = 0
        try:
            while left is None or done < left:
                data = server.recv(65536 if left is None else min(65536, left - done))
                if not data:
                    break
                client.sendall(data)
                done += len(data)
            self.most = max(self.most, done)
        except OSError:
            pass
        if self.how == "rst":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        for sock in (client, server):
            try:  # close() alone would wait for the other thread's recv()
                if sock is server or self.how != "rst":
                    sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        client.close()
        server.close()

    @staticmethod
    def pump(client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def kept(directory, store):
    """Whatever became of the walks: true records, each at most once."""
    archive = Archive(directory)
    archive.audit()
    for stream, expected in (("completions", store.expected()),
                             ("messages", store.expected_messages())):
        lines = archive.lines(stream)
        equal(len(lines), len(set(lines)), f"{stream}, each once")
        check(set(lines) <= set(expected), f"{stream}: {set(lines) - set(expected)} is not true")
    return archive


def whole(directory, store):
    archive = Archive(directory)
    archive.audit(sealed=True)
    same(archive.lines("completions"), store.expected(), "completions")
    same(archive.lines("messages"), store.expected_messages(), "messages")
    return archive


def config(place, name="peer", api="", walk="", archive="Compression=none\n"):
    path = os.path.join(place.path, name + ".conf")
    with open(path, "w") as file:
        file.write(f"[API]\n{api}[Walk]\nRequestsPerMinute=1000000\n{walk}[Archive]\n{archive}")
    return path
