"""The resident daemon under test, seen from where its users are: its lines, and what it tells the
service manager. Nothing here waits for time to pass; it waits for what must come, and a limit, far
beyond what it takes, only ends a test that has failed."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

from harness import DAEMON, KEY, Failed, check, environment, equal

LIMIT = 60


class Resident:
    def __init__(self, place, directory, server, config="", env=None, key=KEY, watchdog=None,
                 wrap=()):
        self.path = os.path.join(place.path, "resident.conf")
        self.configure(config)
        self.line = [*wrap, DAEMON, f"--config={self.path}", f"--directory={directory}",
                     f"--base-url={server if isinstance(server, str) else server.url}"]
        self.address = os.path.join(place.path, "notify")
        if os.path.exists(self.address):
            os.unlink(self.address)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.settimeout(0.2)
        self.lines, self.told = [], []
        self.changed = threading.Condition()
        more = {"NOTIFY_SOCKET": self.address, "OPENAI_API_KEY": key, "CHATARCHIVED_DEBUG": "1"}
        if watchdog:
            more["WATCHDOG_USEC"] = str(watchdog)
        more.update(env or {})
        self.process = subprocess.Popen(self.line, env=environment(more),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True,
                                        start_new_session=True)
        place.servers.append(self)
        self.threads = [threading.Thread(target=self._read), threading.Thread(target=self._hear)]
        for thread in self.threads:
            thread.start()

    def configure(self, text):
        """Fast, and walking often, unless the text says otherwise."""
        with open(self.path + ".new", "w") as file:
            file.write("[Walk]\nInterval=2s\nFullInterval=1h\nRequestsPerMinute=1000000\n"
                       "[Archive]\nMinFree=0\n" + text)
        os.rename(self.path + ".new", self.path)

    def _add(self, where, what):
        with self.changed:
            where.append(what)
            self.changed.notify_all()

    def _read(self):
        for line in self.process.stderr:
            self._add(self.lines, line.rstrip("\n"))

    def _hear(self):
        while True:
            try:
                message = self.socket.recv(4096).decode()
            except TimeoutError:
                if self.process.poll() is not None:
                    return
                continue
            for line in message.split("\n"):
                self._add(self.told, line)

    def _wait(self, where, pattern, since, count):
        end = time.monotonic() + LIMIT
        with self.changed:
            while True:
                found = [i for i in range(since, len(where)) if re.search(pattern, where[i])]
                if len(found) >= count:
                    return found[count - 1] + 1
                if not self.changed.wait(min(1, max(0, end - time.monotonic()))):
                    dead = self.process.poll()
                    if time.monotonic() > end or (dead is not None and not self.changed.wait(0.5)):
                        raise Failed(f"{pattern!r} did not come (exit {dead}): "
                                     + "\n".join(self.lines[-30:] + self.told[-5:]))

    def line_of(self, pattern, since=0, count=1):
        """Wait for a line of the log; returns where to look for the next."""
        return self._wait(self.lines, pattern, since, count)

    def hears(self, pattern, since=0, count=1):
        return self._wait(self.told, pattern, since, count)

    def here(self):
        with self.changed:
            return len(self.lines)

    def lines_with(self, pattern):
        with self.changed:
            return [line for line in self.lines if re.search(pattern, line)]

    def walks(self, count=1, since=None):
        """Wait until so many more walks are complete."""
        since = self.here() if since is None else since
        return self.line_of(r"walk \d+: complete", since, count)

    def signal(self, number):
        self.process.send_signal(number)

    def ends(self, expect=0):
        code = self.process.wait(LIMIT)
        for thread in self.threads:
            thread.join()
        text = "\n".join(self.lines + self.told)
        check(KEY not in text, "the key was told")
        if code != expect:
            raise Failed(f"exit code {code}, expected {expect}: " + "\n".join(self.lines[-20:]))

    def terminate(self, expect=0):
        self.signal(signal.SIGTERM)
        self.ends(expect)

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # what a wrapper has started, too
            self.process.wait()
        for thread in self.threads:
            thread.join()
        self.process.stderr.close()
        self.socket.close()
