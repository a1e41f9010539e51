"""Debian's nginx before a server on loopback, and certificates for it."""

import os
import socket
import subprocess
import time

from harness import Failed

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
