"""What real servers have in front: TLS and HTTP/2, by an nginx of our own on loopback."""

import os
import socket
import subprocess
import tempfile
import time

from harness import check

CONFIG = """
pid {at}/pid; error_log {at}/error.log; daemon off; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
        access_log off; client_body_temp_path {at}/b; proxy_temp_path {at}/p;
        fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
        keepalive_requests 1000000; http2_max_concurrent_streams 256;
        upstream standin {{ server {server}; keepalive 128; }}
        server {{
                listen 127.0.0.1:{port} ssl http2;
                ssl_certificate {at}/cert.pem; ssl_certificate_key {at}/key.pem;
                location / {{
                        proxy_pass http://standin; proxy_http_version 1.1;
                        proxy_set_header Connection ""; proxy_buffering on;
                        proxy_max_temp_file_size 0; # its worker may not write here
                        proxy_read_timeout 10m;
                }}
        }}
}}
"""


class Front:
    def __init__(self, at):
        self.process = subprocess.Popen(["nginx", "-p", at, "-c", f"{at}/nginx.conf"],
                                        stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def certificate(at):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", f"{at}/key.pem", "-out", f"{at}/cert.pem"],
                   check=True, stderr=subprocess.DEVNULL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx(place, server):
    """TLS and HTTP/2 in front of a stand-in: the base URL, and the configuration that trusts it.
    It stops with the place, before the stand-in does."""
    at = tempfile.mkdtemp(prefix="nginx-", dir=place.path)
    certificate(at)
    port = free_port()
    with open(f"{at}/nginx.conf", "w") as file:
        file.write(CONFIG.format(at=at, port=port, server=server.root[len("http://"):]))
    front = Front(at)
    place.servers.insert(0, front)
    deadline = time.monotonic() + 20
    while not os.path.exists(f"{at}/pid") and time.monotonic() < deadline:
        check(front.process.poll() is None, "nginx did not start")
        time.sleep(0.05)
    return f"https://localhost:{port}/v1", f"[API]\nCAFile={at}/cert.pem\n"
