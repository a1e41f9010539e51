#!/usr/bin/python3
"""Every stored completion, a line each: requests-json.py BASE-URL OUTPUT.zst

A page is parsed as a whole."""

import json
import os
import sys

import requests
import zstandard


def completions(base):
    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + os.environ["OPENAI_API_KEY"]
    query = {"limit": 100}
    while True:
        answer = session.get(base + "/chat/completions", params=query)
        answer.raise_for_status()
        page = json.loads(answer.content)
        yield from page["data"]
        if not page["has_more"]:
            return
        query["after"] = page["last_id"]


def main(base, output):
    packer = zstandard.ZstdCompressor(level=3)
    with open(output, "wb") as file, packer.stream_writer(file) as packed:
        for record in completions(base):
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
            packed.write(line.encode())


main(*sys.argv[1:])
