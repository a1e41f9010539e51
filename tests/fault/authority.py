"""A certificate authority of a test's own, with openssl(1)."""

import os
import ssl

from nginx import openssl

CONFIG = """
[ca]
default_ca = own
[own]
new_certs_dir = {0}
database = {0}/index
serial = {0}/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
"""


class Authority:
    def __init__(self, place, name="authority"):
        self.place, self.path = place, os.path.join(place.path, name)
        os.mkdir(self.path)
        self.ca = self.file("ca.pem")
        with open(self.file("config"), "w") as file:
            file.write(CONFIG.format(self.path))
        open(self.file("index"), "w").close()
        with open(self.file("serial"), "w") as file:
            file.write("01\n")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-keyout", self.file("ca.key"), "-out", self.ca,
                "-days", "3650")

    def file(self, name):
        return os.path.join(self.path, name)

    def issue(self, name, alternative="IP:127.0.0.1,DNS:localhost", start=None, end=None,
              usage="serverAuth", key="ec"):
        """PATH of PATH.pem and PATH.key; times as YYYYMMDDhhmmssZ."""
        pem, key_file = self.file(name + ".pem"), self.file(name + ".key")
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else \
            ["-newkey", key]
        openssl("req", "-new", *new, "-nodes", "-subj", f"/CN={name}", "-keyout", key_file,
                "-out", self.file(name + ".csr"))
        with open(self.file(name + ".ext"), "w") as file:
            file.write(f"subjectAltName={alternative}\nextendedKeyUsage={usage}\n"
                       "basicConstraints=CA:FALSE\n")
        openssl("ca", "-batch", "-notext", "-config", self.file("config"), "-cert", self.ca,
                "-keyfile", self.file("ca.key"), "-in", self.file(name + ".csr"), "-out", pem,
                "-extfile", self.file(name + ".ext"), "-startdate", start or "20200101000000Z",
                "-enddate", end or "20491231000000Z")
        return self.file(name)

    def self_signed(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-keyout", self.file(name + ".key"),
                "-out", self.file(name + ".pem"), "-days", "30",
                "-addext", "subjectAltName=IP:127.0.0.1")
        return self.file(name)

    def other(self):
        return Authority(self.place, "elsewhere")


def server_side(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate + ".pem", certificate + ".key")
    return context
