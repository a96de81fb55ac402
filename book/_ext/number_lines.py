"""Lays out and draws a diagram whose points lie on a line: a panel is an axis with real points, fakes and moves.

In the file `axis` is the first and the last number, `real` and `fake` list points, and each of `panels` has a title and
either `moves`, from a fake to a real point with a word (`3 -> 4: by 1`), or a `slope`: that of a critic, which is drawn
above the axis, with its gradient at each fake.
"""

import re

from drawing import LINE, NARROW, PAD, WIDE, Piece, arrow, below_each_other, framed, line, rect, text

STEP, RADIUS = 30, 6  # from one whole number to the next; of a point
LOW, HIGH = 30, 62  # how far above the axis a short move passes, and the longest


def number_lines(content: dict, narrow: bool) -> Piece:
    """The panels, and what their points are."""
    parts = content["panels"]
    made = [axis(content, part) for part in parts]
    whole = framed([part["title"] for part in parts], made, NARROW if narrow else WIDE)
    return below_each_other([whole, key()])


def axis(content: dict, part: dict) -> Piece:
    """One axis, with what is above it."""
    first, last = content["axis"]
    high = HIGH + 2 * LINE
    made = line([(0, high), ((last - first + 1) * STEP, high)], "axis")

    def place(number: float) -> float:
        return (number - first + 0.5) * STEP

    for number in range(first, last + 1):
        made += line([(place(number), high - 3), (place(number), high + 3)], "axis")
        made += text(place(number), high + 20, str(number))
    for kind in ("real", "fake"):
        made += "".join(dot(kind, place(number), high) for number in content[kind])
    moves = [re.fullmatch(r"(\d+) -> (\d+): (.+)", move) for move in part.get("moves", [])]
    longest = max((abs(int(move[1]) - int(move[2])) for move in moves), default=1)
    for move in moves:
        start, end = int(move[1]), int(move[2])
        top = high - (HIGH if abs(start - end) == longest else LOW)
        x, to, above = place(start), place(end), high - RADIUS - 2
        made += arrow([(x, above), (x, top), (to, top), (to, above)], "data-arrow") + text(
            (x + to) / 2, top - 9, move[3]
        )
    if "slope" in part:
        made += critic(part["slope"], content["fake"], place, first, last, high)
    return Piece((last - first + 1) * STEP, high + 28, made)


def critic(slope: float, fakes: list[float], place, first: int, last: int, high: float) -> str:
    """A critic as a straight line, drawn a third as steep as it is, and its gradient at the fakes."""
    rise = slope * STEP * (last - first) / 3 / 2
    made = line([(place(first), high - HIGH + rise), (place(last), high - HIGH - rise)], "critic")
    for fake in fakes:
        start, tip, above = place(fake), place(fake) + slope * STEP, high - RADIUS - 8
        made += arrow([(start, above), (tip, above)], "gradient-arrow")
        made += text((start + tip) / 2, above - 11, "$∇D$", name="gradient-arrow-label")
    return made


def dot(kind: str, x: float, y: float) -> str:
    """A point: real ones are round, fakes square."""
    shape = rect("shape", x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS, RADIUS if kind == "real" else 0)
    return f'<g class="box {kind}" data-name="{kind} at {x:g}">{shape}</g>'


def key() -> Piece:
    """What the shapes mean."""
    made, x = "", PAD
    for kind, word, room in (("real", "real", 52), ("fake", "fake", 60)):
        made += dot(kind, x, 10) + text(x + 12, 10, word, anchor="start")
        x += room
    return Piece(x, 20, made)
