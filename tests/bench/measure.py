"""What the benchmarks share: the cost of a command, several commands in turn, a table.

CPU time is what a command and all its children have used, in user space and in the kernel; peak
memory is the largest resident set of any one of them. Both come from the kernel's accounting at the
end, so nothing is sampled. GNU time stands between: a process inherits the peak of the one that
forked it, and Python's own is of the size that is measured here."""

import collections
import subprocess
import tempfile
import time

Cost = collections.namedtuple("Cost", "cpu peak wall")  # seconds, bytes, seconds


class Broken(Exception):
    """A command that is measured has failed: its figures would say nothing."""


def run(line, env=None, cwd=None, stdout=subprocess.DEVNULL, codes=(0,)):
    """The Cost of one command, an argv or a shell's line. A pipeline counts as a whole: run it by
    `sh -c` and the shell waits for all its parts. Its peak is that of the largest process alone."""
    argv = ["bash", "-o", "pipefail", "-c", line] if isinstance(line, str) else line
    with tempfile.NamedTemporaryFile("r") as report:
        before = time.monotonic()
        done = subprocess.run(["/usr/bin/time", "-f", "%U %S %M", "-o", report.name] + argv, env=env,
                              cwd=cwd, stdin=subprocess.DEVNULL, stdout=stdout,
                              stderr=subprocess.PIPE)
        wall = time.monotonic() - before
        if done.returncode not in codes:
            raise Broken(f"{argv[:4]} ended with {done.returncode}: "
                         f"{done.stderr.decode(errors='replace')[-2000:]}")
        user, system, peak = report.read().split()[-3:]  # a line before them names a failure
    return Cost(float(user) + float(system), int(peak) * 1024, wall)


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def in_turn(contestants, rounds):
    """Each contestant (name: a function that returns a Cost) once a round, so that what else the
    machine does hits all alike; the median of each figure, by name."""
    costs = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, function in contestants.items():
            costs[name].append(function())
    return {name: Cost(*(median(values) for values in zip(*all_of_it)))
            for name, all_of_it in costs.items()}


def markdown(head, rows):
    """A table; the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |",
             "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |"
                              for row in rows]) + "\n"
