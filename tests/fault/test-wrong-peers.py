#!/usr/bin/env python3
"""Peers that must not get the key: wrong certificates, old protocols, garbage for a handshake,
redirects elsewhere, addresses in the clear. No request reaches them, and the cause is named."""

import os
import ssl
import warnings

from peer import SEED, Peer, Store, config, kept, whole
from authority import Authority, server_side
from harness import KEY, check, command, equal, figure, once, run, run_program, test

warnings.simplefilter("ignore", DeprecationWarning)  # of the old protocols that are to be refused


def refusals(authority):
    """Name, server context or raw behaviour, words that name the cause."""
    def context(certificate, **settings):
        made = server_side(certificate)
        for name, value in settings.items():
            setattr(made, name, value)
        return made

    def old(certificate):
        made = server_side(certificate)
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = ssl.TLSVersion.TLSv1
        made.maximum_version = ssl.TLSVersion.TLSv1_1
        return made

    def anonymous(certificate):
        made = server_side(certificate)
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers("ECDHE-RSA-AES128-SHA")  # not for this key
        return made
    good = authority.issue("good")
    return {
        "self-signed": context(authority.self_signed("alone")),
        "of an unknown authority": context(authority.other().issue("elsewhere")),
        "misnamed": context(authority.issue("misnamed", "DNS:other.test")),
        "named like the address, but as a name": context(
            authority.issue("as-name", "DNS:127.0.0.1.test")),
        "expired": context(authority.issue("expired", end="20200102000000Z")),
        "not yet valid": context(authority.issue("early", start="20480101000000Z")),
        "for clients only": context(authority.issue("client", usage="clientAuth")),
        "TLS 1.0 and 1.1 only": old(good),
        "without a common cipher": anonymous(good),
    }


NAMES = ("self-signed", "of an unknown authority", "misnamed",
         "named like the address, but as a name", "expired", "not yet valid", "for clients only",
         "TLS 1.0 and 1.1 only", "without a common cipher")


for _name in NAMES:
    def refused(place, name=_name):
        authority = Authority(place)
        store = Store(4)
        peer = Peer(place, store, tls=refusals(authority)[name])
        result = once(place.directory(), peer.url, expect=1,
                      config=config(place, api=f"CAFile={authority.ca}\n"))
        walk = kept(place.directory(), store).walks()[-1]
        equal(walk["state"], "failed", name)
        check(walk["reason"] in ("refused", "network"), walk["reason"])
        equal((peer.requests, peer.seen()), (0, b""), "what it got")
        check(any(word in result.err.lower() for word in ("certificate", "tls", "ssl")), result.err)
        figure("TLS peers refused")
    test(f"a TLS peer {_name} gets no request, and no key")(refused)


@test("a TLS peer with a good certificate gets both")
def accepted(place):
    authority = Authority(place)
    store = Store(4)
    good = Peer(place, store, tls=server_side(authority.issue("right")))
    once(place.directory(), good.url, config=config(place, api=f"CAFile={authority.ca}\n"), expect=0)
    whole(place.directory(), store)
    check(KEY.encode() in good.seen(), "the test sees no key where there is one")


GARBAGE = (b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03\x03\xff\xff" + b"\0" * 70000,
           b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", bytes(range(256)) * 16, b"")


for _number, _text in enumerate(GARBAGE):
    def garbage(place, text=_text):
        seen = []

        def raw(sock, _):
            try:
                seen.append(sock.recv(65536))
                sock.sendall(text)
            except OSError:
                pass
        peer = Peer(place, raw=raw)
        result = once(place.directory(), peer.url.replace("http:", "https:"), expect=1)
        check(result.err, "nothing was said")
        check(seen, "it did not connect")
        for data in seen:
            check(KEY.encode() not in data and b"Bearer" not in data and b"GET " not in data,
                  "a request in the clear")
        figure("TLS peers refused")
    test(f"a handshake answered by garbage ({_number}) is followed by no request")(garbage)


for _status in (300, 301, 302, 303, 307, 308):
    def redirect(place, status=_status):
        other = Peer(place, Store(4))
        for number, target in enumerate((
                other.url + "/chat/completions", f"//127.0.0.1:{other.port}/v1",
                "http://169.254.169.254/latest", "file:///etc/passwd")):
            def send(request, target=target):
                request.send(f"HTTP/1.1 {status} Moved\r\nLocation: {target}\r\n"
                             "Content-Length: 0\r\n\r\n".encode())
            peer = Peer(place, Store(4), send)
            directory = place.directory(f"to-{number}")
            once(directory, peer.url, expect=1)
            equal(kept(directory, Store(4)).walks()[-1]["reason"], "refused", str(status))
            figure("redirects not followed")
        equal((other.connections, other.seen()), (0, b""), "what the other got")
    test(f"a redirect ({_status}) is not followed: nobody else gets a request")(redirect)


@test("http to a host that is not this one is refused before a packet is sent")
def clear_text(place):
    for url in ("http://192.0.2.1/v1", "http://example.test/v1", "http://[2001:db8::1]/v1",
                "http://127.0.0.1.example.test/v1", "http://localhost.example.test/v1",
                "http://0.0.0.0/v1", "ftp://127.0.0.1/v1"):
        directory = place.directory("clear")
        trace = os.path.join(place.path, "trace")
        line = ["strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-e", "signal=none",
                "-o", trace] + command(directory, url, "--once")
        result = run_program(line)
        equal(result.code, 2, f"{url}: {result.err}")
        calls = open(trace).read()
        check("AF_INET" not in calls, f"{url}: {calls}")
        figure("clear-text addresses refused")


if __name__ == "__main__":
    print(f"# TEST_SEED={SEED}")
    run(workers=12)
