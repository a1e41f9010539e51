#!/usr/bin/env python3
"""The shells' completions offer what the programs take: the options of --help, and of each verb
those that it does not refuse."""

import functools
import os
import re
import shutil
import subprocess

from harness import CTL, DAEMON, SOURCE, check, equal, once, run, run_program, test

FILES = os.path.join(SOURCE, "daemon/ctl/completion")
STREAMS = {"completions", "messages", "changes"}
WORDS = {"show": ["x"], "grep": ["x"]}
VALUES = {"output": "json", "since": "today", "until": "today", "metadata": "a=b", "limit": "1",
          "version": "1", "jobs": "1", "sample": "1/2", "head": "1:" + "0" * 64, "max-age": "1h",
          "directory": "/nonexistent", "model": "x"}


def read(name):
    with open(os.path.join(FILES, name)) as file:
        return "".join(line for line in file if not line.lstrip().startswith("#"))


@functools.cache
def helped(program):
    return set(re.findall(r"--([a-z][a-z-]*)", run_program([program, "--help"]).out))


@functools.cache
def verbs():
    return re.findall(r"^  ([a-z]+)\b", run_program([CTL, "--help"]).out.split("Options of")[0],
                      re.M)


@functools.cache
def taken(verb):
    """The program itself says which."""
    out = set()
    for option in helped(CTL) - {"help"}:
        value = "=" + VALUES[option] if option in VALUES else ""
        result = run_program([CTL, "-D", "/nonexistent", verb, f"--{option}{value}",
                              *WORDS.get(verb, [])])
        if "has no option" not in result.err:
            check("usage" not in result.err, f"{verb} --{option}: {result.err}")
            out.add(f"--{option}")
    return out | {"--help"}


@test("each completion has the options of --help, and only those")
def options(_):
    for program in (CTL, DAEMON):
        name = os.path.basename(program)
        equal(set(re.findall(r"--([a-z][a-z-]*)", read(name))), helped(program), "bash")
        equal(set(re.findall(r"(?<![-\w])--([a-z][a-z-]*)", read("_" + name))), helped(program),
              "zsh")
        equal(set(re.findall(r"(?<!set) -l ([a-z-]+)", read(name + ".fish"))), helped(program),
              "fish")
    check(len(verbs()) == 11, repr(verbs()))


SCRIPT = """
source "$1"
compopt() { :; }
shift
function=$1
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$function
printf '%s\\n' "${COMPREPLY[@]}"
"""


def bash(*words, program="chatarchivectl", env=None):
    done = run_program(["bash", "-c", SCRIPT, "bash", os.path.join(FILES, program), "_" + program,
                        program, *words], env=env)
    equal((done.code, done.err), (0, ""), f"bash: {words}")
    return set(done.out.split())


@test("bash: verbs, their options, streams, values")
def in_bash(_):
    equal(bash(""), set(verbs()), "verbs")
    equal(bash("re"), {"report", "reindex"}, "verbs with re")
    equal(bash("-D", "/x", "st"), {"status"}, "behind an option with a value")
    equal(bash("--directory", "=", "/x", "--no-pager", "st"), {"status"}, "behind another")
    equal(bash("--"), {"--directory", "--no-pager", "--help", "--version"}, "without a verb")
    for verb in verbs():
        equal(bash(verb, "--"), taken(verb), verb)
    for words in (["cat", ""], ["grep", "x", ""], ["cat", "-S", "today", ""]):
        equal(bash(*words), STREAMS, repr(words))
    equal(bash("grep", ""), set(), "a pattern")
    equal(bash("cat", "messages", ""), set(), "one stream too many")
    for words in (["list", "-o", ""], ["list", "--output", ""], ["list", "--output", "="],
                  ["list", "--output", "=", ""]):
        equal(bash(*words), {"short", "json", "cat"}, repr(words))
    equal(bash("list", "--output", "=", "j"), {"json"}, "a value that is begun")
    equal(bash("list", "--limit", ""), set(), "a number")
    check("yesterday" in bash("list", "--since", ""), "times")
    equal(bash("--on", program="chatarchived"), {"--once"}, "the daemon's")
    equal(bash("--once", "=", "f", program="chatarchived"), {"full"}, "the daemon's value")
    equal(bash("--", program="chatarchived"), {f"--{name}" for name in helped(DAEMON)}, "all")


@test("bash: the newest ids of the archive")
def ids(place):
    server = place.standin("--records=130")
    directory = place.directory()
    once(directory, server, expect=0)
    env = {"PATH": os.path.dirname(CTL) + ":" + os.environ["PATH"]}
    all_of_them = run_program([CTL, "-D", directory, "list", "-o", "cat"]).out.split()
    for where in (["-D", directory], ["--directory", "=", directory]):
        equal(bash(*where, "show", "", env=env), set(all_of_them[:100]), "ids")
    equal(bash("-D", directory, "show", all_of_them[0][:-1], env=env),
          {name for name in all_of_them[:100] if name.startswith(all_of_them[0][:-1])}, "one id")
    equal(bash("-D", "/nonexistent", "show", "", env=env), set(), "no archive")


def fish(line, env=None):
    script = f"source {FILES}/chatarchivectl.fish; complete -C '{line}'"
    done = run_program(["fish", "--no-config", "-c", script], env=env)
    equal((done.code, done.err), (0, ""), f"fish: {line}")
    return {each.split("\t")[0] for each in done.out.splitlines()}


@test("fish: verbs, their options, streams, values")
def in_fish(place):
    if not shutil.which("fish"):
        print("# no fish here")
        return
    env = {"HOME": place.path, "PATH": os.path.dirname(CTL) + ":" + os.environ["PATH"]}
    equal(fish("chatarchivectl ", env), set(verbs()), "verbs")
    for verb in verbs():
        equal({name.rstrip("=") for name in fish(f"chatarchivectl {verb} --", env)}, taken(verb),
              verb)
    equal(fish("chatarchivectl cat ", env), STREAMS, "streams")
    equal(fish("chatarchivectl list -o ", env), {"short", "json", "cat"}, "modes")
    for name in ("chatarchivectl", "chatarchived"):
        equal(run_program(["fish", "-n", f"{FILES}/{name}.fish"]).err, "", name)


@test("zsh: the syntax is right, and each verb has its own options")
def in_zsh(_):
    text = read("_chatarchivectl").split("argument)\n")[1]
    groups = {"any": ["directory", "no-pager", "help"], "json": ["json", "output"],
              "times": ["since", "until"],
              "records": ["since", "until", "model", "metadata", "gone", "changed", "limit"]}
    for verb, body in re.findall(r"^        ([a-z]+)\)\n(.*?);;", text, re.S | re.M):
        found = set(re.findall(r"(?<![-\w(])--([a-z][a-z-]*)", re.sub(r"'\([^)]*\)'", "", body)))
        for name in re.findall(r"\$([a-z]+)\b", body):
            found |= set(groups.get(name, []))
        equal({f"--{name}" for name in found}, taken(verb), verb)
    if not shutil.which("zsh"):
        print("# no zsh here")
        return
    for name in ("_chatarchivectl", "_chatarchived"):
        done = subprocess.run(["zsh", "-n", os.path.join(FILES, name)], stderr=subprocess.PIPE)
        equal((done.returncode, done.stderr), (0, b""), name)


if __name__ == "__main__":
    run()
