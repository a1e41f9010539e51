"""chatarchived and a store of the stand-in, for the benchmarks that have no rivals."""

import json
import os
import shutil
import sys
import tempfile

import measure
from front import nginx
from harness import Archive, Place, check, command, environment


class Walker:
    """Walks over HTTP/1.1 or, behind nginx, over TLS and HTTP/2; `more` is configuration."""

    def __init__(self, place, options, tls=False, more=""):
        self.at = tempfile.mkdtemp(prefix="walker-", dir=place.path)
        self.server = place.standin(*options)
        self.url, trust = nginx(place, self.server) if tls else (self.server.url, "")
        self.directory = os.path.join(self.at, "archive")
        self.config = os.path.join(self.at, "walker.conf")
        with open(self.config, "w") as file:
            file.write(f"[Walk]\nRequestsPerMinute=1000000\n{more}{trust}")

    def line(self, *args):
        return command(self.directory, self.url, *args, config=self.config)

    def walk(self, *args, again=False):
        """The Cost of one; of the first one, unless `again`."""
        if not again:
            shutil.rmtree(self.directory, ignore_errors=True)
        cost = measure.run(self.line(*args), env=environment())
        last = Archive(self.directory).walks()[-1]
        check(last["state"] == "complete", f"the walk: {last}")
        return cost

    def stats(self):
        return json.loads(self.server.control("stats"))

    def plain_bytes(self):
        return sum(frame["bytes"] for frame in Archive(self.directory).frames())


def in_place(function, *args, **more):
    """In a place of its own, which holds nothing afterwards."""
    place = Place()
    try:
        return function(place, *args, **more)
    finally:
        place.close()


def say(line):
    print(f"# {line}", file=sys.stderr, flush=True)
