"""What the daemon does on the disk whose every write is logged: walks, prompts, seals, kills and
recoveries, over a store that changes meanwhile."""

import os
import signal
import subprocess
import time

from device import Device
from harness import FAST, check, command, environment, equal

CONFIG = FAST + """Interval=1h
FullInterval=1d
[Archive]
FrameSize=64K
SegmentSize=256K
MinFree=0
"""
BEGUN = {"MESSAGE": "archiving to"}
WALKED = {"LEDGER_SEQ": "", "WALK": ""}


class Story:
    """One store, and the archive of it on one disk."""

    def __init__(self, place, witness, rng, records):
        self.place, self.witness, self.rng = place, witness, rng
        self.config = os.path.join(place.path, "story.conf")
        with open(self.config, "w") as file:
            file.write(CONFIG)
        self.server = place.standin(f"--records={records}", "--prompts=1", "--record-bytes=8000",
                                    "--ties=4", f"--seed={rng.randrange(1 << 30)}",
                                    f"--start={int(time.time())}")
        self.messages = set()  # that were ever to be had
        self.directory = None
        self.process = None

    def record(self, image, log, options, rounds):
        """Tell it on a disk that begins as the image; returns what was promised."""
        self.witness.begin(log)
        device = Device(self.place, image, log, options)
        self.directory = os.path.join(device.place, "archive")
        try:
            self._tell(rounds)
        finally:
            if self.process:
                self.process.kill()
                self.process.wait()
            device.close()
        return self.witness.promises()

    def _tell(self, rounds):
        self._remember()
        self._killed("--once", 0.2)
        self._once("--once")
        for _ in range(rounds):
            self._change()
            self._once("--once=new")
            self._change()
            self._killed("--once=full", 0.1)
            self._resident(3)
            self._resident(2, killed=True)
        self._once("--once")

    def _remember(self):
        self.messages |= set(self.server.expected_messages())

    def _change(self):
        self.server.control("add", n=self.rng.randrange(2, 9))
        self.server.control("edit", n=self.rng.randrange(1, 5))
        self.server.control("delete", n=self.rng.randrange(1, 3))
        self._remember()

    def _start(self, *args):
        """With a standard error that it must take for the journal's."""
        self.out, into = os.pipe()
        st = os.fstat(into)
        line = command(self.directory, self.server.url, "--once", config=self.config)[:-1]
        self.process = subprocess.Popen(
            [*line, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=into,
            env=environment({"JOURNAL_STREAM": f"{st.st_dev}:{st.st_ino}",
                             "CHATARCHIVED_DEBUG": "1"}))
        os.close(into)

    def _ends(self, *expect):
        code = self.process.wait()
        self.process = None
        with open(self.out, "rb") as file:
            text = file.read().decode()
        check(code in expect, f"exit code {code}: {text}{self.witness.last()}")
        equal(text, "", "what went to standard error, and not to the journal")

    def _once(self, how):
        self._start(how)
        self._ends(0)

    def _killed(self, how, span):
        """SIGKILL some time after it has written something."""
        size = os.stat(self.witness.log).st_size
        self._start(how)
        while os.stat(self.witness.log).st_size == size and self.process.poll() is None:
            time.sleep(0.001)
        try:
            self.process.wait(self.rng.uniform(0, span))
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._ends(0, -signal.SIGKILL)

    def _resident(self, walks, killed=False):
        at = self.witness.here()
        self._start()
        at = self.witness.hears(at, BEGUN, self._alive)
        for _ in range(walks):
            self._change()
            self.process.send_signal(signal.SIGUSR1)
            at = self.witness.hears(at, WALKED, self._alive)
        self.process.send_signal(signal.SIGKILL if killed else signal.SIGTERM)
        self._ends(-signal.SIGKILL if killed else 0)

    def _alive(self):
        return self.process.poll() is None
