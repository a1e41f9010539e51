#!/usr/bin/env python3
"""A target's corpus is one file of netstrings: for each input its length in decimal, a colon, its
bytes, a comma; and a newline, so that a text of texts can be read.

corpus.py unpack FILE DIR        an input a file, named by its digest
corpus.py pack [--inputs=N] [--bytes=N] FILE DIR
                                 the other way; the smallest first, at most so many of them
"""
import argparse
import hashlib
import os


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        colon = data.index(b":", at)
        end = colon + 1 + int(data[at:colon])
        if data[end:end + 2] != b",\n":
            raise SystemExit(f"{path}: no netstring at byte {at}")
        yield data[colon + 1:end]
        at = end + 2


def unpack(path, directory):
    os.makedirs(directory, exist_ok=True)
    for one in read(path):
        with open(os.path.join(directory, hashlib.sha1(one).hexdigest()), "wb") as file:
            file.write(one)


def pack(path, directory, inputs, room):
    found = set()
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as file:
            found.add(file.read())
    with open(path, "wb") as file:
        for one in sorted(found, key=lambda one: (len(one), one))[:inputs]:
            if len(one) > room:
                break
            room -= len(one)
            file.write(b"%d:%s,\n" % (len(one), one))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["unpack", "pack"])
    parser.add_argument("--inputs", type=int, default=1 << 30)
    parser.add_argument("--bytes", type=int, default=1 << 30)
    parser.add_argument("file")
    parser.add_argument("directory")
    args = parser.parse_args()
    if args.verb == "unpack":
        unpack(args.file, args.directory)
    else:
        pack(args.file, args.directory, args.inputs, args.bytes)


main()
