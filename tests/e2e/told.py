"""What chatarchivectl status tells, as text and as JSON, and what always holds of it."""

import json
import re

from harness import CTL, Failed, check, equal, run_program

KEYS = """directory error since base_url project completions versions messages_waiting
messages_missing counted_at oldest_waiting streams walks unfinished failed_since last_failed
failed_full_since last_failed_full next last_complete_full age_seconds too_old writing writer_pid
head uncommitted_bytes damaged""".split()
WALK = """walk kind state reason detail started ended seconds pages seen new changed gone filter
gaps""".split()


def strict(pairs):
    equal(len(dict(pairs)), len(pairs), f"keys that come twice: {pairs}")
    return dict(pairs)


def status(directory, expect=0, *args, program=CTL, **more):
    """Text and JSON, with the same exit code and the same words on stderr; the JSON is checked."""
    where = [] if directory is None else [f"--directory={directory}"]
    text = run_program([program, *where, "status", *args], **more)
    machine = run_program([program, *where, "status", "--json", *args], **more)
    for result in (text, machine):
        if result.code != expect:
            raise Failed(f"exit code {result.code}, expected {expect}: {result.out}{result.err}")
    ages = re.compile(r"( [0-9]+[a-z]+)+ (?=old|ahead)")  # a second may pass between the two
    equal(ages.sub("", machine.err), ages.sub("", text.err), "what goes to stderr")
    check(machine.out.endswith("}\n") and machine.out.count("\n") == 1,
          f"no line of JSON: {machine.out!r}")
    told = json.loads(machine.out, object_pairs_hook=strict)
    equal(list(told), KEYS, "the keys")
    for walk in told["walks"] + [told["last_complete_full"], told["last_failed"],
                                 told["last_failed_full"]]:
        equal(list(walk or WALK), WALK, "a walk's keys")
    equal(list(told["head"]), ["seq", "hash", "offset"], "the head's keys")
    return text.out, told, text.err


def line(text, name):
    found = [one[14:] for one in text.splitlines() if one.startswith(f"{name}:".ljust(14))]
    equal(len(found), 1, f"lines '{name}:' in {text}")
    return found[0]
