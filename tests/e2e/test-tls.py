#!/usr/bin/env python3
"""TLS and HTTP/2, with Debian's nginx before the stand-in: what is trusted, and what never gets the
key."""

import os
import socket
import subprocess
import time

from harness import FAST, Archive, Failed, check, equal, exact, once, run, test, verify

NGINX = "/usr/sbin/nginx"


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def certificate(place, name, subject_alt_name, days="2", ca=None):
    """A certificate and its key, signed by `ca` or by itself."""
    base = os.path.join(place.path, name)
    command = ["req", "-x509" if ca is None else "-new", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
               "-keyout", base + ".key", "-out", base + (".pem" if ca is None else ".csr")]
    if ca is None:
        openssl(*command, "-days", days, "-addext", f"subjectAltName={subject_alt_name}")
        return base
    openssl(*command)
    with open(base + ".ext", "w") as file:
        file.write(f"subjectAltName={subject_alt_name}\n")
    openssl("x509", "-req", "-in", base + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key",
            "-CAcreateserial", "-out", base + ".pem", "-extfile", base + ".ext",
            "-days", days)
    return base


class Nginx:
    def __init__(self, place, server, cert, options="ssl http2", extra=""):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folder = os.path.join(place.path, f"nginx-{self.port}")
        os.mkdir(folder)
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(f"""
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error warn;
{'user root;' if os.geteuid() == 0 else ''}
events {{ }}
http {{
    log_format plain '$server_protocol $connection $uri';
    access_log {folder}/access plain;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{self.port} {options};
        ssl_certificate {cert}.pem; ssl_certificate_key {cert}.key;
        {extra}
        location / {{ proxy_pass {server.root}; proxy_http_version 1.1; proxy_buffering off; }}
    }}
}}
""")
        self.log = os.path.join(folder, "access")
        self.process = subprocess.Popen([NGINX, "-c", path, "-p", folder, "-e", f"{folder}/error"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        place.servers.append(self)
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if self.process.poll() is not None:
                    raise Failed(f"nginx did not start: {self.process.communicate()[1]}")
                time.sleep(0.01)
        self.url = f"https://localhost:{self.port}/v1"

    def requests(self):
        return [line.split() for line in open(self.log).read().splitlines()]

    def stop(self):
        self.process.terminate()
        self.process.wait()


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
