#!/usr/bin/env python3
"""TLS and HTTP/2, with Debian's nginx before the stand-in: what is trusted, and what never gets the
key."""

import os

from harness import FAST, Archive, check, equal, exact, once, run, test, verify
from nginx import Nginx, certificate


def front(place, server, cert, **options):
    return Nginx(place, server, cert, **options)


def config(place, ca):
    path = os.path.join(place.path, "tls.conf")
    with open(path, "w") as file:
        file.write(f"[API]\nCAFile={ca}.pem\n{FAST}")
    return path


@test("over TLS and HTTP/2: one connection, the same archive")
def http2(place):
    server = place.standin("--records=700", "--prompts=2", "--awkward", "--gzip")
    cert = certificate(place, "localhost", "DNS:localhost")
    nginx = front(place, server, cert)
    once(place.directory(), nginx.url, config=config(place, cert), expect=0)
    exact(place.directory(), server)
    verify(place.directory())
    requests = nginx.requests()
    check(len(requests) > 300, "requests")
    equal({request[0] for request in requests}, {"HTTP/2.0"}, "protocols")
    equal(len({request[1] for request in requests}), 1, "connections")


@test("over TLS and HTTP/1.1: kept alive, no more connections than are allowed")
def http1(place):
    server = place.standin("--records=700", "--prompts=2")
    cert = certificate(place, "localhost", "DNS:localhost")
    nginx = front(place, server, cert, options="ssl")
    once(place.directory(), nginx.url, config=config(place, cert), expect=0)
    exact(place.directory(), server)
    requests = nginx.requests()
    equal({request[0] for request in requests}, {"HTTP/1.1"}, "protocols")
    check(len({request[1] for request in requests}) <= 10, "connections")


@test("an untrusted, misnamed or outdated peer is refused at once, and gets no key")
def refused(place):
    server = place.standin("--records=50")
    ca = certificate(place, "ca", "DNS:ca.test")
    good = certificate(place, "good", "DNS:localhost", ca=ca)
    cases = {
        "untrusted": (certificate(place, "alone", "DNS:localhost"), {}),
        "misnamed": (certificate(place, "other", "DNS:other.test", ca=ca), {}),
        "outdated": (good, {"extra": "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"}),
    }
    for name, (cert, options) in cases.items():
        nginx = front(place, server, cert, **options)
        directory = place.directory(name)
        result = once(directory, nginx.url, config=config(place, ca), expect=1)
        walk = Archive(directory).walks()[-1]
        equal(walk["state"], "failed", name)
        check(walk["reason"] in ("refused", "network"), f"{name}: {walk['reason']}")
        if name != "outdated":
            equal(walk["reason"], "refused", name)
            check("CAFile" in result.err or "certificate" in result.err, result.err)
    equal(server.requests(), [], "requests that reached the server")
    nginx = front(place, server, good)
    once(place.directory("good"), nginx.url, config=config(place, ca), expect=0)
    exact(place.directory("good"), server)


if __name__ == "__main__":
    run()
