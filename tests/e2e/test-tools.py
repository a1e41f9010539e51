#!/usr/bin/env python3
"""Archives, read by tools that know nothing of them: as the README says, every line of it run as it
stands there. (The script in chatarchive(5) is run by tests/unit/test-format.)"""

import collections
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys

from harness import BUILD, FAST, SOURCE, Archive, check, equal, once, run, same, test

EXTENSIONS = {"zstd": ".zst", "gzip": ".gz"}


def blocks(language):
    """What the README says of other people's tools, in that language."""
    text = open(os.path.join(SOURCE, "README.md"), encoding="utf-8").read()
    part = text[text.index("### With other people's tools"):]
    part = part[:part.index("\n## ")]
    return re.findall(rf"^```{language}\n(.*?)^```$", part, re.M | re.S)


def archive(place, compression, *options, name="archive"):
    """Many segments, with many frames in them; of two days, as the tree says it."""
    server = place.standin("--prompts=2", *options)
    config = os.path.join(place.path, "tools.conf")
    with open(config, "w") as file:
        file.write(f"{FAST}[Archive]\nSegmentSize=96K\nFrameSize=64K\nCompression={compression}\n"
                   "CompressionLevel=1\n")
    directory = place.directory(name)
    once(directory, server, config=config, expect=0)
    reader = Archive(directory)
    counts = {stream: (len({entry["segment"] for entry in reader.frames(stream)}),
                       len(reader.frames(stream))) for stream in ("completions", "messages")}
    check(counts["completions"][0] >= 4 and counts["completions"][1] > counts["completions"][0],
          f"segments and frames: {counts}")
    lines = {stream: reader.lines(stream) for stream in ("completions", "messages")}
    days = collections.Counter()
    for entry in reader.frames("completions"):
        day = entry["segment"].split("/")[1].partition("=")[2]
        if int(entry["segment"].split("/")[2].partition(".")[0]) % 2:
            day = "2025-12-31"
        days[day] += entry["records"]
    folder = os.path.join(directory, "completions")
    os.mkdir(os.path.join(folder, "archived=2025-12-31"))
    for today in os.listdir(folder):
        for name in os.listdir(os.path.join(folder, today)):
            if today != "archived=2025-12-31" and int(name.partition(".")[0]) % 2:
                os.rename(os.path.join(folder, today, name),
                          os.path.join(folder, "archived=2025-12-31", name))
    return directory, lines, dict(days)


def command(words, directory, **more):
    done = subprocess.run(words, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=300, **more)
    equal((done.returncode, done.stderr.decode()[:2000] if done.returncode else ""), (0, ""),
          " ".join(words)[:60])
    return done.stdout.decode("utf-8", "surrogatepass")


@test("zstdcat and jq count the models as they are")
def shell(place):
    directory, lines, _ = archive(place, "zstd", "--records=1500")
    found = blocks("sh")
    equal(len(found), 1, "blocks of sh in the README")
    out = command(["sh", "-euc", found[0]], directory)
    models = collections.Counter(json.loads(line)["model"] for line in lines["completions"])
    equal({line.split()[1]: int(line.split()[0]) for line in out.splitlines()}, dict(models),
          "models")
    text = command(["sh", "-euc", "zstdcat messages/*/*.zst"], directory)
    same(text.split("\n")[:-1], lines["messages"], "messages")


@test("Python's standard library proves the chain and reads gzip, whatever the records hold")
def python(place):
    directory, lines, _ = archive(place, "gzip", "--records=1500", "--awkward")
    found = blocks("python")
    equal(len(found), 1, "blocks of Python in the README")
    out = command([sys.executable, "-c", found[0]], directory,
                  env={**os.environ, "PYTHONIOENCODING": "utf-8:surrogatepass"})
    out = out.split("\n")
    equal(out[0], "head " + Archive(directory).entries[-1]["hash"], "the head")
    records = [json.loads(line) for line in lines["completions"]]
    same(out[1:-1], [f"{record['id']} {record['model']}" for record in records], "records")
    path = os.path.join(directory, "ledger.jsonl")
    data = open(path, "rb").read()
    with open(path, "wb") as file:
        file.write(data.replace(b'"stream":"messages"', b'"stream":"massages"', 1))
    done = subprocess.run([sys.executable, "-c", found[0]], cwd=directory, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    check(done.returncode == 1 and b"AssertionError" in done.stderr, "a changed ledger")


# ---- DuckDB ----

def node():
    """Where DuckDB is installed; once for all tests, and again when another one is wanted."""
    where = os.path.join(BUILD, "tests/tools/installed")
    source = os.path.join(SOURCE, "tests/tools")
    os.makedirs(where, exist_ok=True)
    with open(os.path.join(where, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = open(os.path.join(source, "package.json")).read()
        done = os.path.join(where, "node_modules/done")
        if not os.path.exists(done) or open(done).read() != wanted:
            shutil.rmtree(os.path.join(where, "node_modules"), ignore_errors=True)
            shutil.copyfile(os.path.join(source, "package.json"),
                            os.path.join(where, "package.json"))
            command(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund",
                     "--ignore-scripts", "--loglevel=error"], where)
            with open(done, "w") as file:
                file.write(wanted)
        shutil.copyfile(os.path.join(source, "duckdb.js"), os.path.join(where, "duckdb.js"))
    return os.path.join(where, "duckdb.js")


def duckdb(directory, *queries):
    return json.loads(command(["node", node()], directory, input=json.dumps(queries).encode()))


def of(compression, sql):
    return sql.replace(".zst'", EXTENSIONS[compression] + "'")


def table(place, compression):
    directory, lines, days = archive(place, compression, "--records=1500")
    by_model, joined, texts = blocks("sql")
    every = ("SELECT archived, id, filename FROM read_json('completions/*/*.zst', "
             "format = 'newline_delimited', hive_partitioning = true, filename = true, "
             "columns = {id: 'VARCHAR'})")
    guessed = ("SELECT count(*), count(id), count(created) FROM read_json('completions/*/*.zst', "
               "hive_partitioning = true, union_by_name = true)")
    got = duckdb(directory, *(of(compression, sql) for sql in
                              (by_model, joined, texts, every, guessed)))
    for rows in got:
        check(isinstance(rows, list), rows)
    records = [json.loads(line) for line in lines["completions"]]
    equal(sorted(row[1] for row in got[3]), sorted(record["id"] for record in records), "ids")
    equal(dict(collections.Counter(str(row[0]) for row in got[3])), days, "rows of each day")
    equal({row[2].split("/")[-2] for row in got[3]}, {f"archived={day}" for day in days}, "files")
    equal({str(row[0]): int(row[1]) for row in got[2]}, days, "lines of each day")
    totals = collections.Counter()
    for record in records:
        totals[record["model"]] += record["usage"]["total_tokens"]
    tokens, counts = collections.Counter(), collections.Counter()
    for _, model, count, sum_of in got[0]:
        tokens[model] += int(sum_of)
        counts[model] += int(count)
    equal(dict(tokens), dict(totals), "tokens")
    equal(dict(counts), dict(collections.Counter(r["model"] for r in records)), "models")
    messages = [json.loads(line) for line in lines["messages"]]
    equal(sorted((row[0], row[2], json.loads(row[3])) for row in got[1]),
          sorted((m["completion_id"], m["role"], m["content"]) for m in messages), "messages")
    equal([int(n) for n in got[4][0]], [len(records)] * 3, "as DuckDB guesses the columns")


@test("DuckDB reads zstd segments as one table: all rows of all frames, by day, joined, as text")
def zstd(place):
    table(place, "zstd")


@test("DuckDB reads gzip segments likewise")
def gzip(place):
    table(place, "gzip")


@test("DuckDB and what it does not take: lone surrogates, and records of more than 16 MB")
def limits(place):
    sql = ("SELECT count(*), count(id) FROM read_json('completions/*/*.zst', "
           "format = 'newline_delimited', columns = {{id: 'VARCHAR'}}{})")
    directory, lines, days = archive(place, "zstd", "--records=400", "--awkward")
    stopped, lenient, texts = duckdb(directory, sql.format(""),
                                     sql.format(", ignore_errors = true"), blocks("sql")[2])
    check("surrogate" in stopped, f"without ignore_errors: {stopped}")
    equal(int(lenient[0][0]), len(lines["completions"]), "rows")
    check(0 < int(lenient[0][1]) < len(lines["completions"]), f"ids: {lenient}")
    equal({str(row[0]): int(row[1]) for row in texts}, days, "lines as text")
    directory, lines, days = archive(place, "zstd", "--records=1500", "--big-string=40M@7",
                                     name="giant")
    stopped, all_rows, texts = duckdb(directory, sql.format(""),
                                      sql.format(", maximum_object_size = 67108864"),
                                      blocks("sql")[2])
    check("maximum_object_size" in stopped, f"without maximum_object_size: {stopped}")
    equal([int(n) for n in all_rows[0]], [1500, 1500], "with it")
    equal({str(row[0]): int(row[1]) for row in texts}, days, "lines as text")


if __name__ == "__main__":
    if not shutil.which("npm") or not shutil.which("node"):
        print("1..0 # SKIP npm is not installed")
        sys.exit(0)
    run(2)
