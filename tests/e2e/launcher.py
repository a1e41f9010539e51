"""Peak memory of a program."""

import json
import subprocess
import sys

from harness import environment


class Launcher:
    """Starts programs from a small process of its own: the kernel counts what the parent had when
    it forked into a child's peak memory, and this one may have had a lot."""

    CODE = """
import json, os, subprocess, sys
for line in sys.stdin:
    job = json.loads(line)
    p = subprocess.Popen(job["line"], env=job["env"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    text = p.stderr.read().decode()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    print(json.dumps([p.returncode, usage.ru_maxrss, text]), flush=True)
"""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-S", "-c", self.CODE], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def peak_of(self, line, env=None):
        """Runs a command; its exit code, peak memory in KiB, and what it said."""
        job = {"line": line, "env": environment(env)}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())
