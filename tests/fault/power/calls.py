"""A run of the program under strace, as calls with their arguments taken apart."""

import ast
import os
import re
import subprocess

from harness import Failed, check, environment

NAMES = ("open openat mkdir mkdirat rename renameat renameat2 fsync fdatasync write pwrite64 writev "
         "pwritev pwritev2 truncate ftruncate fallocate unlink unlinkat rmdir link linkat symlink "
         "symlinkat copy_file_range sendfile splice chmod fchmod fchmodat sync sync_file_range "
         "syncfs mmap").split()
LINE = re.compile(r"\d+ +(\w+)\((.*)\) += (\S+)")
ARGUMENT = re.compile(r'(?:^|, )("(?:[^"\\]|\\.)*"(?:\.\.\.)?|-?\w+<(?:[^>\\]|\\.)*>|[^,]+)')
HANDLE = re.compile(r"(-?\w+)<(.*)>$", re.S)


class Call:
    """`args` are integers where they are numbers, bytes where strings, (fd, path) where files."""

    def __init__(self, name, args, result):
        self.name, self.args = name, [_value(text) for text in ARGUMENT.findall(args)]
        self.result = _value(result)

    def __str__(self):
        return f"{self.name}({', '.join(str(arg)[:200] for arg in self.args)}) = {self.result}"


def _value(text):
    if text.startswith('"'):
        check(not text.endswith("..."), "strace has cut a string")
        return ast.literal_eval("b" + text)
    if re.fullmatch(r"-?(0x[0-9a-f]+|\d+)", text):
        return int(text, 0 if "x" in text else 8 if re.fullmatch("0[0-7]+", text) else 10)
    found = HANDLE.match(text)
    return (found[1], found[2]) if found else text


def traced(line, log, *options, env=None):
    """(exit code or the negative signal, what it wrote to standard error, its calls that returned)"""
    quick = [] if "-e" in options else ["--seccomp-bpf"]  # with which nothing is injected
    done = subprocess.run(["strace", "-f", *quick, "-y", "-s", "1000000", "-e", f"trace={','.join(NAMES)}",
                           "-e", "signal=none", "-o", log, *options, *line],
                          env=environment(env), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    text = done.stderr.decode(errors="replace")
    check(os.path.exists(log) and os.path.getsize(log) > 0, f"strace saw nothing: {text}")
    return done.returncode, text, list(_calls(log))


def _calls(log):
    """Those of several threads, joined where another came between."""
    open_calls = {}
    with open(log, encoding="ascii") as file:
        for row in file:
            row = row.rstrip("\n")
            thread = row.split(" ", 1)[0]
            if row.endswith("<unfinished ...>"):
                open_calls[thread] = row[:-len("<unfinished ...>")]
                continue
            resumed = re.match(r"\d+ +<\.\.\. \w+ resumed>", row)
            if resumed:
                row = open_calls.pop(thread) + row[resumed.end():]
            found = LINE.match(row)
            if found and found[3] != "?":
                yield Call(*found.groups())
            elif not found and "+++" not in row:
                raise Failed(f"not understood: {row[:200]}")
