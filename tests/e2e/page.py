"""Pages of HTML, as they are written and as Chromium shows them."""

import html.parser
import os
import re
import shutil
import struct
import subprocess
import tempfile
import zlib

from harness import check, equal

VOID = {"meta", "link", "br", "rect", "line"}
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--hide-scrollbars"]


class Page(html.parser.HTMLParser):
    """Every tag is closed by its own; what stands in the tables, the figures and the titles."""

    def __init__(self, text):
        super().__init__()
        self.text, self.stack, self.tags, self.attributes = text, [], {}, []
        self.tables, self.figures, self.titles, self.name = [], {}, [], None
        self.feed(text)
        self.close()
        equal(self.stack, [], "tags that are open at the end")

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "dt":
            self.name = ""
        if tag == "title":
            self.titles.append("")
        if tag not in VOID:
            self.stack.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            check(self.stack and self.stack[-1][0] == tag,
                  f"</{tag}> closes {self.stack[-1:]} at {self.getpos()}")
            self.stack.pop()

    def handle_data(self, data):
        inside = [tag for tag, _ in self.stack]
        if "title" in inside:
            self.titles[-1] += data
        elif "td" in inside or "th" in inside:
            self.tables[-1][-1][-1] += data
        elif "dt" in inside:
            self.name += data
        elif "dd" in inside:
            value = self.figures.setdefault(self.name, [])
            if self.stack[-1] not in (("dd", {}), ("dd", {"class": "v"})) and value:
                value[-1] += data
            else:
                value.append(data)

    def table(self, *heads):
        """The rows of the table that has these heads first."""
        for table in self.tables:
            if table[0][:len(heads)] == list(heads):
                return table[1:]
        raise AssertionError(f"no table has {heads}: {[table[0] for table in self.tables]}")


def chromium(page, *args):
    """What Chromium prints; its profile is its own, and gone afterwards."""
    profile = tempfile.mkdtemp(prefix="chromium-", dir=os.path.dirname(page))
    try:
        done = subprocess.run([*CHROMIUM, f"--user-data-dir={profile}", *args, "file://" + page],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120,
                              env={**os.environ, "HOME": profile, "LC_ALL": "C.UTF-8"})
    finally:
        shutil.rmtree(profile, ignore_errors=True)
    check(done.returncode == 0, f"chromium: {done.returncode}: {done.stderr.decode()[-2000:]}")
    return done.stdout.decode()


class Picture:
    """A PNG of 8-bit RGB or RGBA, as Chromium writes them: rows of (r, g, b)."""

    def __init__(self, path):
        data = open(path, "rb").read()
        check(data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG")
        at, packed = 8, b""
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + length]
            equal(struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0],
                  zlib.crc32(kind + body), "a chunk's sum")
            if kind == b"IHDR":
                self.width, self.height, depth, colour, _, _, lace = struct.unpack(">IIBBBBB", body)
                check(depth == 8 and colour in (2, 6) and lace == 0, f"{depth} {colour} {lace}")
                size = 3 if colour == 2 else 4
            if kind == b"IDAT":
                packed += body
            at += 12 + length
        raw, stride, last = zlib.decompress(packed), self.width * size, bytearray(self.width * size)
        self.rows = []
        for y in range(self.height):
            start = y * (stride + 1)
            row = self._unfilter(raw[start], bytearray(raw[start + 1:start + 1 + stride]), last,
                                 size)
            self.rows.append([tuple(row[x:x + 3]) for x in range(0, stride, size)])
            last = row

    @staticmethod
    def _unfilter(kind, row, up, size):
        for x in range(len(row)):
            a = row[x - size] if x >= size else 0
            b, c = up[x], up[x - size] if x >= size else 0
            if kind == 1:
                row[x] = row[x] + a & 255
            elif kind == 2:
                row[x] = row[x] + b & 255
            elif kind == 3:
                row[x] = row[x] + (a + b) // 2 & 255
            elif kind == 4:
                p = a + b - c
                near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))
                row[x] = row[x] + near[2] & 255
            else:
                break
        return row

    def colours(self):
        out = {}
        for row in self.rows:
            for pixel in row:
                out[pixel] = out.get(pixel, 0) + 1
        return out


def shot(page, width, height, *args):
    path = os.path.join(os.path.dirname(page), f"shot-{width}-{len(args)}.png")
    chromium(page, f"--window-size={width},{height}", f"--screenshot={path}", *args)
    picture = Picture(path)
    equal((picture.width, picture.height), (width, height), "the picture's size")
    return picture


def paper(page):
    """How many pages it takes on paper."""
    path = os.path.join(os.path.dirname(page), "paper.pdf")
    chromium(page, f"--print-to-pdf={path}", "--no-pdf-header-footer")
    return len(re.findall(rb"/Type\s*/Page\b", open(path, "rb").read()))
