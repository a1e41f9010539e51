"""A chart as plain SVG: a size on x, memory on y, both logarithmic, a line a contestant with its
name at the line's end. It stands alone, runs nothing, and is readable on light and on dark."""

import collections
import math
from xml.sax.saxutils import escape

# Points are (bytes of x, bytes of y). A line may end in a failure, at (bytes of x, a word).
Line = collections.namedtuple("Line", "name points fails ours", defaults=(None, False))
Panel = collections.namedtuple("Panel", "title lines")

LEFT, TOP, BOTTOM, GAP = 76, 46, 46, 38
WIDE, HIGH = 286, 240  # of a panel's field
LABELS = 128           # right of each field
APART = 15             # of two labels' base lines

LIGHT = ["#0969da", "#9a6700", "#8250df", "#1a7f37", "#a40e26"]
DARK = ["#58a6ff", "#d29922", "#bc8cff", "#3fb950", "#ff7b72"]


def style():
    def colours(palette, ink, faint, ground):
        rules = [f"text{{fill:{ink}}}.grid{{stroke:{faint}}}.ground{{fill:{ground}}}"]
        rules += [f".c{i}{{stroke:{c}}}text.c{i}{{fill:{c};stroke:none}}.d{i}{{fill:{c}}}"
                  for i, c in enumerate(palette)]
        return "".join(rules)

    return ("text{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}"
            ".title{font-weight:600;font-size:13px}.small{font-size:11px}"
            ".line{fill:none;stroke-width:1.6;stroke-linejoin:round}.ours{stroke-width:3}"
            "text.ours{font-weight:700;stroke:none}.grid{stroke-width:1}.cross{stroke-width:2}"
            + colours(LIGHT, "#1f2328", "#d8dee4", "#ffffff")
            + "@media (prefers-color-scheme:dark){"
            + colours(DARK, "#e6edf3", "#30363d", "#0d1117") + "}")


def spread(wanted, low, high):
    """Places near the wanted ones, in their order, that are APART."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    at = [0.0] * len(wanted)
    previous = low - APART
    for i in order:
        at[i] = previous = max(wanted[i], previous + APART)
    following = high + APART
    for i in reversed(order):
        at[i] = following = min(at[i], following - APART)
    return at


def ticks(step, units, low, high):
    names = [(float(step) ** (power + 1) * count, f"{count} {unit}")
             for power, unit in enumerate(units) for count in (1, 10, 100)]
    return [(value, name) for value, name in names if low <= value <= high]


class Field:
    def __init__(self, left, x_range, y_range):
        self.left, self.x_range, self.y_range = left, x_range, y_range

    @staticmethod
    def part(value, bounds):
        low, high = (math.log(bound) for bound in bounds)
        return (math.log(min(max(value, bounds[0]), bounds[1])) - low) / (high - low)

    def x(self, value):
        return self.left + WIDE * self.part(value, self.x_range)

    def y(self, value):
        return TOP + HIGH * (1 - self.part(value, self.y_range))


def grid(field, y_names):
    out = []
    for value, name in ticks(1000, ["kB", "MB", "GB"], *field.x_range):
        x = field.x(value)
        out.append(f'<path class="grid" d="M{x:.1f} {TOP}v{HIGH}"/>')
        if name.startswith("1 ") or name == "10 GB":
            out.append(f'<text class="small" x="{x:.1f}" y="{TOP + HIGH + 16}" '
                       f'text-anchor="middle">{name}</text>')
    for value, name in ticks(1024, ["KiB", "MiB", "GiB"], *field.y_range):
        y = field.y(value)
        out.append(f'<path class="grid" d="M{field.left} {y:.1f}h{WIDE}"/>')
        if y_names:
            out.append(f'<text class="small" x="{field.left - 6}" y="{y + 4:.1f}" '
                       f'text-anchor="end">{name}</text>')
    return out


def draw(field, line, colour, label_y):
    thick = " ours" if line.ours else ""
    spots = [(field.x(x), field.y(y)) for x, y in line.points]
    end_x, end_y = spots[-1]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    out = [f'<path class="line c{colour}{thick}" d="M{path}"/>']
    out += [f'<circle class="d{colour}" cx="{x:.1f}" cy="{y:.1f}" r="{3 if thick else 2.2}"/>'
            for x, y in spots]
    name = line.name
    if line.fails:
        name += f": {line.fails[1]}"
        x = field.x(line.fails[0])
        out.append(f'<path class="line c{colour}" stroke-dasharray="3 3" '
                   f'd="M{end_x:.1f} {end_y:.1f}H{x:.1f}"/>')
        out.append(f'<path class="cross c{colour}" d="M{x - 4:.1f} {end_y - 4:.1f}l8 8m0-8l-8 8"/>')
        end_x = x + 4
    out.append(f'<text class="c{colour}{thick}" x="{end_x + 8:.1f}" y="{label_y + 4:.1f}">'
               f'{escape(name)}</text>')
    return out


def svg(title, x_title, y_title, panels, x_range=(1e3, 1e10), y_range=(2 ** 20, 10 * 2 ** 30)):
    """The document. A name has one colour in all panels."""
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    colours = {name: i % len(LIGHT) for i, name in enumerate(names)}
    width = LEFT + len(panels) * (WIDE + LABELS) + (len(panels) - 1) * GAP
    height = TOP + HIGH + BOTTOM
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">',
           f"<title>{escape(title)}</title><style>{style()}</style>",
           f'<rect class="ground" width="{width}" height="{height}" rx="6"/>']
    for number, panel in enumerate(panels):
        field = Field(LEFT + number * (WIDE + LABELS + GAP), x_range, y_range)
        out.append(f'<text class="title" x="{field.left}" y="{TOP - 14}">{escape(panel.title)}'
                   '</text>')
        out += grid(field, True)
        ends = [field.y(line.points[-1][1]) for line in panel.lines]
        for line, label_y in zip(panel.lines, spread(ends, TOP, TOP + HIGH)):
            out += draw(field, line, colours[line.name], label_y)
        out.append(f'<text class="small" x="{field.left + WIDE / 2}" y="{height - 10}" '
                   f'text-anchor="middle">{escape(x_title)}</text>')
    out.append(f'<text class="small" x="14" y="{TOP + HIGH / 2}" text-anchor="middle" '
               f'transform="rotate(-90 14 {TOP + HIGH / 2})">{escape(y_title)}</text>')
    return "\n".join(out) + "\n</svg>\n"
