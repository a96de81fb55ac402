"""What every diagram is drawn with: text with formulas, lines, arrow heads, panels. Plain SVG, and no package but ours.

A formula stands between dollars: `$L_D$`, `$∇L_G$`, `$p_{data}(x)$`. A single letter is a variable and slanted; a word,
as in log, stands upright. The classes of the elements get their colours in book/_static/diagrams.css.
"""

import html
import re
from typing import NamedTuple

WIDE, NARROW = 668, 338  # what a page, and a telephone 390 pixels wide, leave to a diagram
SMALL, SYMBOL, LETTER = 12.5, 18, 28  # sizes of type: words, symbols, the letter of a network
LINE = 15  # from one line of words to the next
GAP, PAD = 16, 14  # between panels, and between the frame of a panel and what is in it

Point = tuple[float, float]


class Piece(NamedTuple):
    """Something drawn, with the room that it takes."""

    width: float
    height: float
    svg: str


# --------------------------------------------------------------------------------------------------------- text


SLIM, BROAD = set("iljtfrI.,:;'()[]|! "), set("mwMW%∇→")


def width(text: str, size: float) -> float:
    """About how wide a line of text is in the widest of the usual fonts (DejaVu Sans, Verdana)."""

    def of(run: str, scale: float) -> float:
        return scale * sum(0.39 if c in SLIM else 0.97 if c in BROAD else 0.7 if c.isupper() else 0.625 for c in run)

    total = 0.0
    for formula, part in pieces(text):
        if formula:
            total += sum(of(run, 0.72 if sub else 1) for sub, run in scripts(part))
        else:
            total += sum(of(run, 1.13 if n % 2 else 1) for n, run in enumerate(part.split("**")))
    return total * size


def wrapped(text: str, room: float, size: float = SMALL) -> list[str]:
    """The text in lines that are at most `room` wide; a line break in the text stays one."""
    lines: list[str] = []
    for part in text.strip().split("\n") if text else []:
        line = ""
        for word in re.findall(r"(?:\$[^$]*\$|[^\s$])+", part):
            if line and width(f"{line} {word}", size) > room:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        lines.append(line)
    return lines


def pieces(text: str) -> list[tuple[bool, str]]:
    """The words and the formulas of a text in order, each with whether it is a formula."""
    return [(bool(n % 2), part) for n, part in enumerate(text.split("$")) if part]


def scripts(formula: str) -> list[tuple[str, str]]:
    """A formula in parts: ("", "L"), ("_", "D"), ..."""
    found = re.findall(r"([_^])(?:\{([^}]*)\}|(.))|([^_^]+)", formula)
    return [(mark, braced or one or run) for mark, braced, one, run in found]


def letters(run: str) -> str:
    """A single letter is a variable and slanted; words such as log, digits and signs stand upright."""
    made = ""
    for part in re.findall(r"[^\W\d_]+|.", run):
        name = "mi" if len(part) == 1 and part.isalpha() and part not in "∇" else "mn"
        made += f'<tspan class="{name}">{html.escape(part)}</tspan>'
    return made


def marked_up(text: str) -> str:
    """The inside of an SVG text element; `$L_D$` looks as the book's formulas do, `**word**` is bold."""
    made = ""
    for formula, part in pieces(text):
        if not formula:
            made += re.sub(r"\*\*(.+?)\*\*", r'<tspan class="new">\1</tspan>', html.escape(part))
            continue
        down = 0.0
        for mark, run in scripts(part):
            shift = {"_": 0.28, "^": -0.4, "": 0.0}[mark]
            move = f' dy="{shift - down:.2f}em"' if shift != down else ""
            small = ' font-size="72%"' if mark else ""
            # dy counts in the size of its own tspan, so the shift is on an outer one in the size of the line.
            made += f"<tspan{move}><tspan{small}>{letters(run)}</tspan></tspan>" if move or mark else letters(run)
            down = shift
        if down:
            made += f'<tspan dy="{-down:.2f}em">\u200b</tspan>'
    return made


def text(x: float, y: float, words: str, size: float = SMALL, anchor: str = "middle", name: str = "") -> str:
    """One line of text; y is the middle of its small letters."""
    named = f' class="{name}"' if name else ""
    return (
        f'<text x="{x:.1f}" y="{y + 0.33 * size:.1f}" font-size="{size:g}" text-anchor="{anchor}"{named}>'
        f"{marked_up(words)}</text>"
    )


def plain(words: str) -> str:
    """Words without the marks of formulas, for places that show text only."""
    return re.sub(r"_\{?(\w+)\}?", r"_\1", words.replace("$", ""))


# -------------------------------------------------------------------------------------------- lines and panels


def shortened(points: list[Point], start: float, end: float) -> list[Point]:
    """The line without its first and its last few pixels."""

    def toward(p: Point, q: Point, by: float) -> Point:
        length = abs(q[0] - p[0]) + abs(q[1] - p[1]) or 1
        return p[0] + by * (q[0] - p[0]) / length, p[1] + by * (q[1] - p[1]) / length

    return [toward(points[0], points[1], start), *points[1:-1], toward(points[-1], points[-2], end)]


def rect(name: str, x: float, y: float, w: float, h: float, corner: float = 0) -> str:
    round_ = f' rx="{corner:g}"' if corner else ""
    return f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"{round_}/>'


def line(points: list[Point], name: str) -> str:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path class="{name}" d="{path}"/>'


def arrow(points: list[Point], name: str) -> str:
    """A line with a head at its end."""
    return line(shortened(points, 0, 7), name) + head(points, name)


def head(points: list[Point], name: str) -> str:
    """The head of an arrow that ends at the last point."""
    (x0, y0), (x, y) = points[-2:]
    length = abs(x - x0) + abs(y - y0) or 1
    ux, uy = (x - x0) / length, (y - y0) / length
    corners = [(x, y), (x - 9 * ux - 4.5 * uy, y - 9 * uy + 4.5 * ux), (x - 9 * ux + 4.5 * uy, y - 9 * uy - 4.5 * ux)]
    return f'<path class="{name} head" d="M{"L".join(f"{a:.1f} {b:.1f}" for a, b in corners)}z"/>'


def at(x: float, y: float, svg: str) -> str:
    return f'<g transform="translate({x:.1f} {y:.1f})">{svg}</g>'


def rows_of(parts: list[Piece], room: float) -> list[list[Piece]]:
    """The parts in rows that fit into `room`."""
    rows: list[list[Piece]] = []
    for part in parts:
        if rows and sum(one.width + GAP for one in rows[-1]) + part.width <= room:
            rows[-1].append(part)
        else:
            rows.append([part])
    return rows


def below_each_other(parts: list[Piece]) -> Piece:
    """The parts in a column, all begin on the left."""
    made, y = "", 0.0
    for part in parts:
        made += at(0, y, part.svg)
        y += part.height + GAP
    return Piece(max(part.width for part in parts), y - GAP, made)


def framed(titles: list[str], parts: list[Piece], room: float) -> Piece:
    """Each part on a panel with its title; panels of a row are equally high, panels below each other equally wide."""
    named = list(zip(titles, parts))
    above = 28 if any(titles) else 0
    rows = rows_of([part._replace(width=part.width + 2 * PAD) for part in parts], room)
    broad = max(part.width for row in rows for part in row)
    made = []
    for row in rows:
        svg, x, high = "", 0.0, max(part.height for part in row) + above + 2 * PAD
        for _ in row:
            title, part = named.pop(0)
            svg += rect("panel", x, 0, broad, high, 8)
            svg += text(x + PAD, PAD + 8, title, 13.5, "start", "title") if title else ""
            svg += at(x + (broad - part.width) / 2, PAD + above, part.svg)
            x += broad + GAP
        made.append(Piece(x - GAP, high, svg))
    return below_each_other(made)
