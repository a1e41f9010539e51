#!/usr/bin/env python3
"""The examples of chatarchivectl(1), run as they stand there."""

import os
import re
import subprocess

from harness import BUILD, SOURCE, check, environment, once, run, test

PAGE = os.path.join(SOURCE, "daemon/ctl/chatarchivectl.1")
LIKE_A_PLACE = ("--directory=/mnt/backup/chats", '--directory="$ARCHIVE"')


def examples():
    """Each one is a shell's text; lines of one .Bd belong together."""
    with open(PAGE) as file:
        text = file.read().split(".Sh EXAMPLES\n")[1].split(".Sh ")[0]
    for block, line in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed|^\.Dl ([^\n]*)$", text, re.M | re.S):
        yield re.sub(r"^\$ ", "", block or line, flags=re.M)


@test("each example of the manual page does what it says, on an archive of two days' records")
def the_manual(place):
    server = place.standin("--records=400", "--spread=400", "--prompts=2")
    directory = place.directory()
    once(directory, server, expect=0)
    config = os.path.join(place.path, "examples.sh")
    with open(config, "w") as file:
        file.write(f"""ARCHIVE={directory!r}
chatarchivectl() {{ case $* in *--directory=*) command {BUILD}/chatarchivectl "$@" ;;
*) command {BUILD}/chatarchivectl --directory="$ARCHIVE" "$@" ;; esac; }}
""")
    found = list(examples())
    check(len(found) >= 10, f"only {len(found)} examples")
    for text in found:
        done = subprocess.run(["bash", "-ec", "set -o pipefail; . " + config + "\n" +
                               text.replace(*LIKE_A_PLACE)], cwd=place.path, env=environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        nothing = "yesterday" in text or "failed" in text  # the stand-in's records are older
        check(done.returncode in ((0, 1) if nothing else (0,)) and not done.stderr,
              f"{text!r} ended with {done.returncode}: {done.stderr}")
        check(nothing or done.stdout or ">" in text or "HEAD" in text, f"{text!r} says nothing")


run()
