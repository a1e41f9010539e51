#!/usr/bin/env python3
"""The program as its user meets it: command line, configuration, keys, exit codes, big records."""

import fcntl
import json
import os
import subprocess
import sys

from launcher import Launcher
from harness import (FAST, BUILD, CTL, DAEMON, KEY, Archive, check, command, environment, equal, exact,
                     once, run, run_program, same, test, tree, verify)


def config_file(place, text, name="test.conf"):
    path = os.path.join(place.path, name)
    with open(path, "w") as file:
        file.write(text)
    return path


@test("--help and --version go to stdout and need nothing")
def help_and_version(place):
    for option, word in (("--help", "--once"), ("--version", "chatarchived ")):
        result = run_program([DAEMON, option], env={"OPENAI_API_KEY": None})
        equal(result.code, 0, option)
        check(word in result.out, result.out)


@test("usage errors: exit 2")
def usage(place):
    for line in (["--nonsense"], ["--once=sometimes"], ["stray"], ["--config"]):
        result = run_program([DAEMON] + line)
        equal(result.code, 2, str(line))
        check(result.err, "silence")


@test("--check-config: a bad value is told with file and line, exit 2; an unknown key is a warning")
def check_config(place):
    path = config_file(place, "[Walk]\n\nPageSize=101\n")
    result = run_program([DAEMON, f"--config={path}", "--check-config"])
    equal(result.code, 2, "the exit code")
    check(f"{path}:3" in result.err and "PageSize" in result.err, result.err)
    path = config_file(place, "[Walk]\nPagesize=10\n[Nonsense]\nA=b\n")
    result = run_program([DAEMON, f"--config={path}", "--check-config"])
    equal(result.code, 0, "the exit code")
    check(f"{path}:2" in result.err and "Pagesize" in result.err, result.err)
    result = run_program([DAEMON, f"--config={place.path}/none.conf", "--check-config"])
    equal(result.code, 2, "a missing file")


@test("command line over environment over drop-ins over file")
def order(place):
    servers = [place.standin("--records=3", f"--seed={n}") for n in range(4)]
    path = config_file(place, f"[API]\nBaseURL={servers[0].url}\n")
    directory = place.directory("file")
    result = once(directory, None, config=path, expect=0)
    exact(directory, servers[0])
    os.mkdir(path + ".d")
    with open(path + ".d/10.conf", "w") as file:
        file.write(f"[API]\nBaseURL={servers[1].url}\n")
    once(place.directory("dropin"), None, config=path, expect=0)
    exact(place.directory("dropin"), servers[1])
    env = {"OPENAI_BASE_URL": servers[2].url}
    once(place.directory("environment"), None, config=path, env=env, expect=0)
    exact(place.directory("environment"), servers[2])
    once(place.directory("line"), servers[3], config=path, env=env, expect=0)
    exact(place.directory("line"), servers[3])


@test("the key from the environment, a file, a credential: never in argv, environ, logs or files")
def keys(place):
    server = place.standin("--records=400", "--prompts=1", f"--key={KEY}", "--latency-ms=20")
    file = config_file(place, KEY + "\n", "key")
    os.chmod(file, 0o600)
    credentials = os.path.join(place.path, "credentials")
    os.mkdir(credentials)
    with open(os.path.join(credentials, "api-key"), "w") as out:
        out.write(KEY + "\n")
    with_file = config_file(place, f"[API]\nKeyFile={file}\n", "with-file.conf")
    wrong = {"OPENAI_API_KEY": "sk-wrong-key-wrong-key"}
    for name, env, config in (("environment", {}, None),
                              ("file", {"OPENAI_API_KEY": None}, with_file),
                              ("credential", {**wrong, "CREDENTIALS_DIRECTORY": credentials},
                               None)):
        directory = place.directory(name)
        process = subprocess.Popen(command(directory, server.url, config=config),
                                   env={**environment(env), "CHATARCHIVED_DEBUG": "1"},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        server.control("requests/reset")
        while not server.requests() and process.poll() is None:
            pass
        seen = b""
        for what in ("cmdline", "environ"):
            try:
                seen += open(f"/proc/{process.pid}/{what}", "rb").read()
            except OSError:
                pass
        output = process.communicate()[0]
        equal(process.returncode, 0, f"{name}: {output.decode()}")
        check(KEY.encode() not in seen, f"{name}: the key shows in /proc")
        check(KEY.encode() not in output, f"{name}: the key was printed")
        for folder, _, files in os.walk(directory):
            for one in files:
                check(KEY.encode() not in open(os.path.join(folder, one), "rb").read(),
                      f"{name}: the key is in {one}")
        exact(directory, server)


@test("a key file that others can read, no key, a key with control characters: exit 2")
def bad_keys(place):
    server = place.standin("--records=3")
    file = config_file(place, KEY + "\n", "key")
    config = config_file(place, f"[API]\nKeyFile={file}\n")
    for mode in (0o640, 0o604, 0o644):
        os.chmod(file, mode)
        result = once(place.directory(), server, config=config, env={"OPENAI_API_KEY": None},
                      expect=2)
        check(file in result.err, result.err)
    result = once(place.directory(), server, env={"OPENAI_API_KEY": None}, expect=2)
    check("KeyFile" in result.err or "OPENAI_API_KEY" in result.err, result.err)
    for bad in ("sk-with\x01control", "sk-two\nlines", "   "):
        result = once(place.directory(), server, env={"OPENAI_API_KEY": bad}, expect=2)
        check("sk-" not in result.err, "it shows the key")
    equal(server.requests(), [], "requests")
    check(not os.path.exists(place.directory()), "a directory was made")


@test("http to other hosts than loopback, and user information in a URL, are refused: exit 2")
def bad_urls(place):
    for url in ("http://example.com/v1", "ftp://127.0.0.1/", "https://user:pass@example.com/v1",
                "nonsense", "http://127.0.0.1.example.com/v1"):
        result = once(place.directory(), url, expect=2)
        check("pass" not in result.err, "it shows the password")
    check(not os.path.exists(place.directory()), "a directory was made")


@test("a locked archive: exit 4, nothing touched")
def locked(place):
    server = place.standin("--records=10")
    directory = place.directory()
    once(directory, server, expect=0)
    before = tree(directory)
    with open(os.path.join(directory, "ledger.jsonl"), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        once(directory, server, expect=4)
    equal(tree(directory), before, "the tree")


@test("a directory with something else in it is refused, exit 2; one that lost its ledger, exit 3")
def foreign(place):
    server = place.standin("--records=10")
    directory = place.directory()
    os.mkdir(directory)
    open(os.path.join(directory, "letters.txt"), "w").close()
    once(directory, server, expect=2)
    equal(os.listdir(directory), ["letters.txt"], "the directory")
    once(place.directory("lost"), server, expect=0)
    os.unlink(os.path.join(place.directory("lost"), "ledger.jsonl"))
    before = tree(place.directory("lost"))
    once(place.directory("lost"), server, expect=3)
    equal(tree(place.directory("lost")), before, "the tree")


@test("damage is told, exit 3, nothing touched")
def damage(place):
    server = place.standin("--records=300", "--prompts=1")
    for number, spoil in enumerate((cut_segment, lose_segment, break_chain, cut_ledger)):
        directory = place.directory(str(number))
        once(directory, server, expect=0)
        spoil(directory)
        before = tree(directory)
        result = once(directory, server, expect=3)
        equal(tree(directory), before, "the tree")
        check("damage" in result.err, result.err)
        verify(directory, 3)


def segment_of(directory):
    return os.path.join(directory, Archive(directory).frames("completions")[0]["segment"])


def cut_segment(directory):
    path = segment_of(directory)
    os.chmod(path, 0o600)
    os.truncate(path, os.path.getsize(path) - 1)


def lose_segment(directory):
    os.unlink(segment_of(directory))


def break_chain(directory):
    path = os.path.join(directory, "ledger.jsonl")
    data = open(path, "rb").read().split(b"\n")
    with open(path, "wb") as file:
        file.write(b"\n".join(data[:1] + data[2:]))


def cut_ledger(directory):
    path = os.path.join(directory, "ledger.jsonl")
    data = open(path, "rb").read().split(b"\n")
    with open(path, "wb") as file:
        file.write(b"\n".join(data[:-2]) + b"\n")


@test("the catalog deleted, replaced by garbage, or an older one: rebuilt, nothing archived twice")
def catalog(place):
    server = place.standin("--records=400", "--prompts=2", "--awkward")
    directory = place.directory()
    path = os.path.join(directory, "catalog.sqlite3")
    once(directory, server, expect=0)
    old = open(path, "rb").read()
    server.control("add", n=20)
    once(directory, server, expect=0)
    torn = old[:len(old) // 2]
    holed = old[:8192] + bytes(len(old) - 12288) + old[-4096:]
    for content in (None, b"garbage " * 1000, old, b"", torn, holed):
        os.unlink(path)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content)
        once(directory, server, expect=0)
        archive = exact(directory, server)
        walk = archive.walks()[-1]
        equal((walk["state"], walk["new"], walk["changed"]), ("complete", 0, 0), "the walk")
    verify(directory)


@test("files of the archive are private to owner and group, and sealed ones read-only")
def modes(place):
    server = place.standin("--records=10", "--prompts=1")
    directory = place.directory()
    once(directory, server, expect=0)
    for folder, _, files in os.walk(directory):
        equal(os.stat(folder).st_mode & 0o027, 0, f"the mode of {folder}")
        for name in files:
            mode = os.stat(os.path.join(folder, name)).st_mode & 0o777
            check(mode & 0o027 == 0, f"{name} has mode {mode:o}")


launcher = Launcher()


@test("one string of 100 MB, and a page of 100 MB: the memory of a small page")
def big(place):
    small = place.standin("--records=100", "--prompts=1")
    code, base, text = launcher.peak_of(command(place.directory("small"), small.url))
    equal(code, 0, text)
    string = place.standin("--records=3", "--prompts=1", "--big-string=100000000@1")
    code, peak, text = launcher.peak_of(command(place.directory("string"), string.url))
    equal(code, 0, text)
    check(peak < base + 8192, f"{peak} KiB for the string, {base} KiB for a small page")
    verify(place.directory("string"))
    exact_lengths(place.directory("string"), string)
    page = place.standin("--records=100", "--prompts=1", "--record-bytes=1000000")
    code, peak, text = launcher.peak_of(command(place.directory("page"), page.url))
    equal(code, 0, text)
    check(peak < base + 8192, f"{peak} KiB for the page, {base} KiB for a small page")
    exact(place.directory("page"), page)


def exact_lengths(directory, server):
    import hashlib
    archive = Archive(directory)
    got = sorted(hashlib.sha256(line.encode()).hexdigest() for line in
                 archive.lines("completions"))
    expected = sorted(hashlib.sha256(line.encode()).hexdigest() for line in server.expected())
    equal(got, expected, "digests")


@test("a live archive is read without an error while a walk writes to it")
def live(place):
    server = place.standin("--records=2500", "--prompts=2", "--latency-ms=2")
    directory = place.directory()
    config = config_file(place, FAST + "[Archive]\nFrameSize=64K\nSegmentSize=128K\n")
    process = subprocess.Popen(command(directory, server.url, config=config), env=environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    reads = 0
    while process.poll() is None:
        if os.path.exists(os.path.join(directory, "ledger.jsonl")):
            verify(directory)
            for verb in ("cat", "status"):
                result = run_program([CTL, f"--directory={directory}", verb])
                check(result.code in ((0,) if verb == "cat" else (0, 1)), f"{verb}: {result.err}")
            reads += 1
    process.communicate()
    equal(process.returncode, 0, "the walk")
    check(reads >= 3, f"only {reads} reads")
    exact(directory, server)


if __name__ == "__main__":
    run()
