#!/usr/bin/python3
"""Every stored completion, a line each: requests-ijson.py BASE-URL OUTPUT.zst

A page is parsed while it comes. Only its records are taken out, by ijson's fastest means, so the
end is a page without any."""

import json
import os
import sys

import ijson.backends.yajl2_c as ijson
import requests
import zstandard


def completions(base):
    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + os.environ["OPENAI_API_KEY"]
    query = {"limit": 100}
    last = {}
    while last is not None:
        answer = session.get(base + "/chat/completions", params=query, stream=True)
        answer.raise_for_status()
        answer.raw.decode_content = True
        last = None
        for last in ijson.items(answer.raw, "data.item", use_float=True):
            yield last
        if last:
            query["after"] = last["id"]


def main(base, output):
    packer = zstandard.ZstdCompressor(level=3)
    with open(output, "wb") as file, packer.stream_writer(file) as packed:
        for record in completions(base):
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
            packed.write(line.encode())


main(*sys.argv[1:])
