#!/usr/bin/env python3
"""list, show and export, as a person and a program meet them: what they say is what was stored,
whatever was stored, and whatever the archive was packed with."""

import json
import os
import pty
import re
import subprocess
import sys
import time

from harness import (CTL, FAST, Archive, check, environment, equal, once, run, run_program, test,
                     verify)

PACKINGS = ("zstd", "gzip", "xz", "lz4", "none")
ESCAPE = "\x1b[31mred\x1b]0;title\x07\x9b2J\x7f\u202e\u2028"
HOSTILE = "c-hostile\u202e\u2028"  # an id may hold no control characters, but these
IMAGE = "data:image/png;base64,iVBORw0KGgo="


def ctl(directory, *args, code=0, env=None, **more):
    result = run_program([CTL, "-D", directory, *args], env=env, **more)
    if result.code != code:
        raise AssertionError(f"{args}: exit code {result.code}, expected {code}: {result.err}")
    return result


def in_terminal(line, env=None):
    """What a person would see: stdout is a terminal. Its exit code, and its bytes."""
    pid, fd = pty.fork()
    if pid == 0:
        try:
            os.execve(line[0], line, environment({"TERM": "xterm", "COLUMNS": "120",
                                                  **(env or {})}))
        finally:
            os._exit(127)
    data = b""
    while True:
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        data += more
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), data.replace(b"\r\n", b"\n").decode()


def config(place, **archive):
    path = os.path.join(place.path, "-".join(archive.values()) + ".conf")
    with open(path, "w") as file:
        file.write(FAST + "[Archive]\n" + "".join(f"{k}={v}\n" for k, v in archive.items()))
    return path


def parsed(line):
    """Numbers stay text; of a key that comes twice the last one counts."""
    return json.loads(line, parse_float=lambda s: ("number", s), parse_int=lambda s: ("number", s))


def without_nulls(value):
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def tuned(message):
    """What is documented of a message in an export, said once more."""
    out = {k: v for k, v in message.items()
           if v is not None and k not in ("completion_id", "id", "annotations", "content_parts")}
    content = message.get("content")
    if isinstance(message.get("content_parts"), list):
        content = message["content_parts"]
    if isinstance(content, list):
        out["content"] = [without_nulls(part) for part in content]
    out.setdefault("role", "assistant")
    return out


def expected_export(completions, messages):
    """Lines by their completion, oldest first; ties in any order."""
    prompts = {}
    for line in messages:
        # The archive's own member comes first; the record may have one of the same name.
        owner = json.loads(line, object_pairs_hook=lambda pairs: pairs)[0][1]
        prompts.setdefault(owner, []).append(tuned(parsed(line)))
    out = []
    for line in completions:
        record = parsed(line)
        tools = {k: record[k] for k in ("tools", "parallel_tool_calls", "functions")
                 if record.get(k) is not None}
        for choice in record["choices"]:
            if record["id"] in prompts:
                out.append((int(record["created"][1]),
                            {"messages": prompts[record["id"]] + [tuned(choice["message"])],
                             **tools}))
    return out


def canonical(value):
    return json.dumps(value, sort_keys=True)


def same_export(text, completions, messages):
    got = [parsed(line) for line in text.split("\n")[:-1]]
    want = expected_export(completions, messages)
    equal(len(got), len(want), "lines")
    equal(sorted(map(canonical, got)), sorted(canonical(line) for _, line in want), "lines")
    by_text = {canonical(line): created for created, line in want}
    order = [by_text[canonical(line)] for line in got]
    if len(by_text) == len(want):
        equal(order, sorted(order), "oldest first")


@test("an export is what was stored, field by field, for any packing and any valid JSON")
def export_equals(place):
    server = place.standin("--records=400", "--awkward", "--prompts=3", "--odd-ids")
    for packing in PACKINGS:
        directory = place.directory(packing)
        once(directory, server, config=config(place, Compression=packing), expect=0)
        result = ctl(directory, "export")
        same_export(result.out, server.expected(), server.expected_messages())
        with_prompt = len({json.loads(line, object_pairs_hook=lambda p: p)[0][1]
                           for line in server.expected_messages()})
        check(f"left out: {400 - with_prompt} without a prompt" in result.err, result.err)
        for verb in (["list"], ["list", "--json"], ["show", "--", ids(directory)[0]]):
            ctl(directory, *verb)


def ids(directory, *args):
    return ctl(directory, "list", "-o", "cat", *args).out.split("\n")[:-1]


def completion(name, created, choices, **more):
    return {"object": "chat.completion", "id": name, "model": "gpt-4o", "created": created,
            "usage": {"total_tokens": 19, "completion_tokens": 5, "prompt_tokens": 14},
            "seed": -9204369220377073006, "top_p": 1.0, "metadata": {}, "choices": choices, **more}


def choice(content, finish="stop", **more):
    return {"index": 0, "message": {"content": content, "role": "assistant", "tool_calls": None,
                                    "function_call": None, **more}, "finish_reason": finish}


def call(name, arguments):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, "id": "call_1"}


def message(owner, number, role, content, **more):
    return {"id": f"{owner}-{number}", "role": role, "content": content, "content_parts": None,
            "name": None, **more}


TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {}}}]


def chosen():
    """Completions and messages with all that the service may store."""
    empty = {"text": None, "image_url": None, "input_audio": None, "file": None}
    completions = [
        completion("c-tools", 1700000001,
                   [choice(None, "tool_calls",
                           tool_calls=[call("get_weather", '{"at":"\x1b[1m"}')])],
                   tools=TOOLS, parallel_tool_calls=False, metadata={"customer": "a", "b": "c"}),
        completion("c-many", 1700000002,
                   [choice("First"), choice("Second\nline", "length"), choice("Third")]),
        completion("c-image", 1700000003, [choice("A cat.", annotations=[])], model="gpt-4.1"),
        completion("c-old", 1700000004,
                   [choice(None, "function_call", function_call={"name": "f", "arguments": "{}"})],
                   functions=[{"name": "f"}]),
        completion("c-refused", 1700000005, [choice(None, refusal="No.")]),
        completion("c-none", 1700000006, [choice("Nobody asked.")]),
        completion(HOSTILE, 1700000007, [choice(ESCAPE, ESCAPE)], model=ESCAPE,
                   metadata={ESCAPE: ESCAPE}),
    ]
    messages = [
        message("c-tools", 0, "system", "Be brief."),
        message("c-tools", 1, "user", "Weather?", name="Ada"),
        message("c-tools", 2, "assistant", None, tool_calls=[call("get_weather", "{}")]),
        message("c-tools", 3, "tool", "7 degrees", tool_call_id="call_1"),
        message("c-many", 0, "user", "Say it."),
        message("c-image", 0, "user", "What? ", content_parts=[
            {"type": "text", **empty, "text": "What? "},
            {"type": "image_url", **empty, "image_url": {"url": IMAGE, "detail": "low"}},
            {"type": "image_url", **empty, "image_url": {"url": "https://example.com/a.png"}}]),
        message("c-old", 0, "user", "Old."),
        message("c-refused", 0, "user", "Please?"),
        message(HOSTILE, 0, ESCAPE, ESCAPE, name=ESCAPE, content_parts=[
            {"type": ESCAPE, **empty}, {"type": "image_url", **empty, "image_url": {
                "url": f"data:{ESCAPE};base64,QUJD", "detail": ESCAPE}}]),
    ]
    return completions, messages


def serve(place, raw=True):
    """A server of these; `raw`: what may stand unescaped in JSON does."""
    folder = place.directory("served")
    os.mkdir(folder)
    completions, messages = chosen()
    for name, items in (("list-1", completions), ("messages-1", messages)):
        body = {"object": "list", "data": items, "first_id": None, "last_id": None,
                "has_more": False}
        with open(os.path.join(folder, name + ".json"), "w") as file:
            json.dump(body, file, ensure_ascii=not raw, separators=(",", ":"))
    server = place.standin(f"--serve-dir={folder}")
    directory = place.directory()
    once(directory, server, expect=0)
    return server, directory


@test("tool calls, images, several choices, old functions: each in its line, verbatim")
def export_kinds(place):
    server, directory = serve(place)
    result = ctl(directory, "export")
    same_export(result.out, server.expected(), server.expected_messages())
    lines = result.out.split("\n")[:-1]
    equal(len(lines), 8, "lines")
    equal(lines[3], '{"messages":[{"role":"user","content":"Say it."},'
          '{"role":"assistant","content":"Third"}]}', "a line")
    check('"content":[{"type":"text","text":"What? "},{"type":"image_url","image_url":{"url":"'
          + IMAGE + '","detail":"low"}},' in lines[4], lines[4])
    check('],"tools":[{"type":"function","function":{"name":"get_weather","parameters":{}}}],'
          '"parallel_tool_calls":false}' in lines[0], lines[0])
    check('"function_call":{"name":"f","arguments":"{}"}}],"functions":[{"name":"f"}]}' in lines[5],
          lines[5])
    check('{"role":"assistant","refusal":"No."}]}' in lines[6], lines[6])
    equal(result.err, "chatarchivectl: left out: 1 without a prompt\n", "what is left out")
    equal(ctl(directory, "export", "-n1", "--since=@1700000002").out, "\n".join(lines[1:4]) + "\n",
          "one completion")
    equal(ctl(directory, "export", "--model=gpt-4.1").out, lines[4] + "\n", "one model")
    ctl(directory, "export", "--model=none", code=1)
    ctl(directory, "export", "--since=@1700000006", "--until=@1700000006", code=1)


def archived(directory, name):
    stamp = [frame["time"] for frame in Archive(directory).frames("completions")][0]
    return f"{stamp[:10]} {stamp[11:19]} UTC"


@test("show: the conversation as a person reads it")
def shown(place):
    _, directory = serve(place)
    text = ctl(directory, "show", "c-tools").out
    text = re.sub(r", request .*", "", text)
    equal(text, f"""\
  Completion: c-tools
       Model: gpt-4o
     Created: 2023-11-14 22:13:21 UTC
      Tokens: 14 prompt, 5 answer, 19 in all
      Finish: tool_calls
       Tools: get_weather
    Metadata: customer=a
              b=c
    Archived: {archived(directory, "c-tools")}, walk 1

system:
    Be brief.

user (Ada):
    Weather?

assistant:
    call get_weather (call_1)
        {{}}

tool (call_1):
    7 degrees

assistant, ended by tool_calls:
    call get_weather (call_1)
        {{"at":"\\u001b[1m"}}
""", "tools")
    text = ctl(directory, "show", "c-image").out
    check("\nuser:\n    What? \n    [image: image/png, 8B, detail low]\n"
          "    [image: https://example.com/a.png]\n\nassistant:\n    A cat.\n" in text, text)
    text = ctl(directory, "show", "c-many").out
    check("\nassistant, answer 1 of 3:\n    First\nassistant, answer 2 of 3, ended by length:\n"
          "    Second\n    line\nassistant, answer 3 of 3:\n    Third\n" in text, text)
    check("[refusal]\n    No." in ctl(directory, "show", "c-refused").out, "a refusal")
    text = ctl(directory, "show", "c-none").out
    check("There is no prompt: the server has no messages" in text, text)
    equal(ctl(directory, "show", "c-many", "-o", "cat").out,
          "Say it.\nFirst\nSecond\nline\nThird\n", "texts")
    result = ctl(directory, "show", "nobody", code=1)
    equal((result.out, result.err), ("", "chatarchivectl: there is no completion 'nobody'\n"),
          "nobody")


@test("show --json: the lines as they are archived, in their order")
def shown_json(place):
    server, directory = serve(place)
    for line in server.expected():
        name = json.loads(line)["id"]
        own = [each for each in server.expected_messages()
               if json.loads(each)["completion_id"] == name]
        equal(ctl(directory, "show", "--json", name).out.split("\n")[:-1], [line, *own], name)


@test("versions, a tombstone, a return: in list, in show, and by --version")
def history(place):
    server = place.standin("--records=30", f"--start={int(time.time())}", "--prompts=2")
    directory = place.directory()
    once(directory, server, expect=0)
    edited = json.loads(server.control("edit", index=7, metadata='{"edited":"yes"}'))["ids"][0]
    once(directory, server, expect=0)
    gone = json.loads(server.control("delete", index=11))["ids"][0]
    once(directory, server, expect=0)
    equal(ids(directory, "--gone"), [gone], "gone")
    equal(ids(directory, "--changed"), [edited], "changed")
    equal(ids(directory, "--metadata=edited=yes"), [edited], "metadata")
    ctl(directory, "list", "--gone", "--changed", code=1)
    row = [line for line in ctl(directory, "list").out.split("\n") if line.startswith(gone)][0]
    check(" gone " in row, row)
    rows = {row["id"]: row for row in map(json.loads, ctl(directory, "list", "--json").out
                                          .splitlines())}
    equal([rows[edited][k] for k in ("versions", "changed", "gone")], [2, True, False], "edited")
    equal([rows[gone][k] for k in ("versions", "changed", "gone")], [1, False, True], "gone")
    text = ctl(directory, "show", edited).out
    check("Version: 2 of 2\n" in text and "edited=yes" in text, text)
    check(re.search(r"\nHistory:\n    \d.* UTC  changed: version 2; ", text), text)
    text = ctl(directory, "show", edited, "--version=1").out
    check("Version: 1 of 2\n" in text and "edited=yes" not in text, text)
    lines = {json.loads(line)["id"]: line for line in server.expected(versions="all")
             if '"edited"' not in line}
    equal(ctl(directory, "show", edited, "--version=1", "--json").out.split("\n")[0],
          lines[edited], "version 1")
    check("has 2 versions, and no version 3" in
          ctl(directory, "show", edited, "--version=3", code=1).err, "version 3")
    text = ctl(directory, "show", gone).out
    check("State: gone" in text and "gone: the server does not have it any more" in text, text)
    raw = ctl(directory, "show", gone, "--json").out.split("\n")[:-1]
    equal(json.loads(raw[-1])["type"], "gone", "the last line")
    server.control("restore", index=11)
    once(directory, server, expect=0)
    ctl(directory, "list", "--gone", code=1)
    check("returned: " in ctl(directory, "show", gone).out, "a return")
    check(edited in [json.loads(line)["id"] for line in
                     ctl(directory, "show", edited, "--json").out.split("\n")[:1]], "the newest")


@test("list: newest first, the columns, the last line; and each filter, as Python filters")
def listed(place):
    server = place.standin("--records=300", "--prompts=2", "--ties=3")
    directory = place.directory()
    once(directory, server, expect=0)
    records = [json.loads(line) for line in server.expected()]
    text = ctl(directory, "list").out.split("\n")
    check(re.fullmatch(r"ID +CREATED \(UTC\) +MODEL +VERSIONS PROMPT +STATE ANSWER", text[0]),
          text[0])
    equal(text[-3:], ["", "300 completions listed.", ""], "the end")
    check(all(line == line.rstrip() for line in text), "no spaces at an end")
    created = [line["created"] for line in map(json.loads, ctl(directory, "list", "--json").out
                                               .splitlines())]
    equal(created, sorted((r["created"] for r in records), reverse=True), "newest first")
    equal(ids(directory, "-r"), ids(directory)[::-1], "-r")
    equal(ids(directory, "-n", "7"), ids(directory)[:7], "-n")
    for line in map(json.loads, ctl(directory, "list", "--json").out.splitlines()):
        record = [r for r in records if r["id"] == line["id"]][0]
        equal((line["model"], line["created"]), (record["model"], record["created"]), line["id"])
    first = next(r for r in records if r["id"] == ids(directory)[0])
    check(text[1].startswith(first["id"] + " " + time.strftime(
        "%Y-%m-%d %H:%M:%S", time.gmtime(first["created"])) + "  " + first["model"]), text[1])
    middle = sorted(created)[150]
    day = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(middle))
    for args, keep in (
            (["--since", day], lambda r: r["created"] >= middle),
            (["--until", day], lambda r: r["created"] <= middle),
            ([f"-S@{middle}", f"-U@{middle}"], lambda r: r["created"] == middle),
            (["--model", "gpt-4o-2024-08-06"], lambda r: r["model"] == "gpt-4o-2024-08-06"),
            (["--model", "gpt-4o*"], lambda r: r["model"].startswith("gpt-4o")),
            (["--metadata=sequence=3"], lambda r: r["metadata"].get("sequence") == "3"),
            (["--metadata=sequence=3", "--model=gpt-4o-mini*"],
             lambda r: r["metadata"].get("sequence") == "3" and
             r["model"].startswith("gpt-4o-mini"))):
        want = sorted(r["id"] for r in records if keep(r))
        check(0 < len(want) < 300, f"{args} tells nothing")
        equal(sorted(ids(directory, *args)), want, repr(args))
        equal(ids(directory, *args, "-n2"), ids(directory, *args)[:2], f"{args} -n2")
    for args in (["--model=none"], ["--since=today"], ["--until=2020-01-01"], ["--gone"]):
        result = ctl(directory, "list", *args, code=1)
        equal(result.out, "0 completions listed.\n", repr(args))
        equal(ctl(directory, "list", "--json", *args, code=1).out, "", repr(args))


@test("nothing of a record reaches a terminal raw, nor a pipe as text")
def hostile(place):
    _, directory = serve(place)
    control = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]")
    for args in (["list"], ["show", HOSTILE], ["show", "c-tools"]):
        check(not control.search(ctl(directory, *args).out), f"{args} in a pipe")
    for args in (["list"], ["list", "--json"], ["list", "-o", "cat"], ["show", HOSTILE],
                 ["show", "c-tools"],
                 ["show", HOSTILE, "--json"], ["show", HOSTILE, "-o", "cat"], ["export"]):
        for env in ({"CHATARCHIVE_PAGER": ""}, {"CHATARCHIVE_PAGER": "", "NO_COLOR": "1"}):
            _, seen = in_terminal([CTL, "-D", directory, *args], env)
            ours = re.sub("\x1b\\[[0-9]{1,2}m", "", seen)
            check(not control.search(ours), f"{args} in a terminal: {ours!r}")
            check("\\u009b2J" in ours or "c-tools" in args or args[0] == "list" and
                  "c-hostile\\u202e\\u2028" in ours, f"{args} shows it: {ours!r}")
            check("\x1b[31m" not in seen and "NO_COLOR" not in env or seen == ours,
                  f"{args} with colours")
    seen = in_terminal([CTL, "-D", directory, "list"], {"CHATARCHIVE_PAGER": ""})[1]
    check("red\\u001b]0;title\\u0007\\u009b2J" in ctl(directory, "show", HOSTILE).out, "shown")
    check(all(len(re.sub("\x1b\\[[0-9]{1,2}m", "", line)) <= 120 for line in seen.split("\n")),
          seen)
    equal(ctl(directory, "show", HOSTILE, "-o", "cat").out, ESCAPE + "\n",
          "raw where no terminal reads it")
    for name in (ESCAPE, "x\x1b[2J"):
        check("\x1b" not in ctl(directory, "show", "--", name, code=1).err, "an id that is asked")


@test("a terminal gets the pager and colours, a pipe neither")
def paged(place):
    _, directory = serve(place)
    pager = os.path.join(place.path, "pager")
    with open(pager, "w") as file:
        file.write('#!/bin/sh\necho paged\ncat\nprintf "%s|%s|%s" "$LESS" "$LESSSECURE" "$1"\n')
    os.chmod(pager, 0o755)
    env = {"CHATARCHIVE_PAGER": pager + " -x", "PAGER": "false", "LESS": None}
    for args in (["list"], ["show", "c-many"]):
        code, seen = in_terminal([CTL, "-D", directory, *args], env)
        equal(code, 0, "exit code")
        check(seen.startswith("paged\n") and seen.endswith("FRSXMK|1|-x"), repr(seen))
        check("\x1b[1m" in seen and "\x1b[0m" in seen, "colours")
        for off in ([CTL, "-D", directory, "--no-pager", *args], ):
            code, seen = in_terminal(off, env)
            check("paged" not in seen and "\x1b[1m" in seen and code == 0, repr(seen))
        _, seen = in_terminal([CTL, "-D", directory, *args], {**env, "NO_COLOR": "1"})
        check("\x1b" not in seen and "paged" in seen, repr(seen))
        _, seen = in_terminal([CTL, "-D", directory, *args], {**env, "TERM": "dumb"})
        check("\x1b" not in seen and "paged" in seen, repr(seen))
        out = ctl(directory, *args, env=env).out
        check("paged" not in out and "\x1b" not in out, out)
    code, seen = in_terminal([CTL, "-D", directory, "list", "--model=none"], env)
    equal(code, 1, "exit code behind a pager")
    with open(pager, "w") as file:
        file.write("#!/bin/sh\nread line\n")
    code, _ = in_terminal([CTL, "-D", directory, "list"], env)
    equal(code, 0, "a pager that ends early")


@test("a reader who goes away ends it")
def leaves(place):
    server = place.standin("--records=3000", "--prompts=1")
    directory = place.directory()
    once(directory, server, expect=0)
    for args in ("list", "list --json", "list -o cat", "export"):
        done = subprocess.run(["bash", "-c", f"{CTL} -D {directory} {args} | head -n 1; "
                               "echo ${PIPESTATUS[0]}"], env=environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.stdout.endswith("\n0\n") and "cannot write" not in done.stderr,
              f"{args}: {done.stdout} {done.stderr}")


@test("damage: what is whole is still shown, the damage named, exit 3")
def damaged(place):
    server = place.standin("--records=200", "--prompts=2", "--record-bytes=4K")
    directory = place.directory()
    once(directory, server, config=config(place, FrameSize="64K"), expect=0)
    archive = Archive(directory)
    bad = {}
    oldest = min(map(json.loads, server.expected()), key=lambda record: record["created"])["id"]
    for stream, key in (("completions", "id"), ("messages", "completion_id")):
        frames = [(entry, {json.loads(line)[key] for line in
                           archive.frame(entry).decode().splitlines()})
                  for entry in archive.frames(stream)]
        entry, bad[stream] = frames[1]
        if stream == "completions":
            entry, bad[stream] = next(frame for frame in frames if oldest in frame[1])
        path = os.path.join(directory, entry["segment"])
        os.chmod(path, 0o640)
        with open(path, "r+b") as file:
            file.seek(entry["offset"] + 20)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 4]))
    everything = {json.loads(line)["id"] for line in server.expected()}
    check(0 < len(bad["completions"]) < 200, "one frame of several")
    result = ctl(directory, "list", code=3)
    equal(result.out.count("(damaged)"), len(bad["completions"]), "rows")
    equal(len(re.findall("^damaged: completions/", result.err, re.M)), 1, "told once")
    equal({row["id"] for row in map(json.loads, ctl(directory, "list", "--json", code=3).out
                                    .splitlines()) if row["damaged"]}, bad["completions"], "rows")
    equal(set(ids(directory)), everything, "ids need no record")
    whole = everything - bad["completions"]
    named = {row.split()[0] for row in ctl(directory, "list", "--model=*", code=3).out
             .splitlines() if row.startswith("chatcmpl")}
    equal(named, whole, "by model")
    name = sorted(bad["completions"] - bad["messages"])[0]
    text = ctl(directory, "show", name, code=3).out
    check(f"Completion: {name}\n" in text and "cannot be read" in text, text)
    name = sorted(bad["messages"] - bad["completions"])[0]
    text = ctl(directory, "show", name, code=3).out
    check("The prompt is damaged" in text and "\nassistant" in text, text)
    result = ctl(directory, "export", code=3)
    want = [line for line in server.expected() if json.loads(line)["id"] in whole]
    prompts = [line for line in server.expected_messages()
               if json.loads(line)["completion_id"] not in bad["messages"]]
    same_export(result.out, want, prompts)
    count = str(result.out.count("\n"))
    equal(ctl(directory, "export", "-n", count, code=3).out, result.out, "what is lost counts not")
    verify(directory, 3)


@test("without a prompt yet: said so, left out, counted")
def waiting(place):
    server = place.standin("--records=20", "--prompts=1", "--seed=4")
    directory = place.directory()
    path = os.path.join(place.path, "none.conf")
    with open(path, "w") as file:
        file.write(FAST + "Messages=no\n")
    once(directory, server, config=path, expect=0)
    result = ctl(directory, "export", code=1)
    equal((result.out, result.err),
          ("", "chatarchivectl: left out: 20 whose prompt is not archived yet\n"), "export")
    check(" waiting " in ctl(directory, "list").out, "list")
    check("not archived yet" in ctl(directory, "show", ids(directory)[0]).out, "show")


@test("a string of 100 MB needs no memory")
def giant(place):
    size = 100 << 20
    server = place.standin("--records=5", "--big-string=100M@2", "--big-prompt=100M@3",
                           "--big-kind=base64", "--prompts=1")
    directory = place.directory()
    once(directory, server, expect=0)
    names = [json.loads(line)["id"] for line in server.control("ids").decode().splitlines()]
    answer, prompt = names[2], names[3]
    limit = ["prlimit", "--data=67108864", CTL, "-D", directory]
    listing = run_program([*limit, "list"])
    equal((listing.code, listing.err), (0, ""), "list")
    check(max(map(len, listing.out.split("\n"))) < 200, "a cut line")
    for args in (["show", answer], ["show", prompt], ["show", answer, "--json"],
                 ["show", prompt, "--json"], ["show", answer, "-o", "cat"], ["export"]):
        with open(os.path.join(place.path, "out"), "wb") as out:
            done = subprocess.run([*limit, *args], stdout=out, stderr=subprocess.PIPE,
                                  env=environment())
        equal((done.returncode, b"damaged" in done.stderr), (0, False), f"{args}: {done.stderr}")
        check(os.path.getsize(os.path.join(place.path, "out")) > size, f"{args}: too little")
    code, seen = in_terminal([CTL, "-D", directory, "--no-pager", "show", answer])
    check(code == 0 and "[cut after 1.0M of 100.0M" in seen and len(seen) < 1200000,
          "on a terminal")


@test("no archive, no such option: exit 1 and 2")
def refused(place):
    for verb in (["list"], ["show", "x"], ["export"]):
        check("there is no archive in" in ctl(place.directory(), *verb, code=1).err, repr(verb))
    for words in (["list", "x"], ["show"], ["show", "a", "b"], ["export", "--json"],
                  ["list", "--since=sometime"], ["list", "-n0"], ["list", "-o", "xml"],
                  ["list", "--until=@1", "--since=@2"], ["list", "--metadata=x"]):
        check("usage: " in ctl(place.directory(), *words, code=2).err, repr(words))


if __name__ == "__main__":
    sys.setrecursionlimit(5000)
    run()
