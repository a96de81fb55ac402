"""Lays out and draws a diagram that is a map (boxes.py).

Two arrows between the same boxes have a lane each, so that values and gradients run side by side. On a telephone rows
and columns are exchanged: the data flow down instead of to the right.
"""

import html
import re
from typing import NamedTuple

from boxes import KINDS, Arrow, Box, Panel, panel, pictures, turned
from drawing import (
    LETTER,
    LINE,
    NARROW,
    SMALL,
    SYMBOL,
    WIDE,
    Piece,
    Point,
    arrow,
    below_each_other,
    framed,
    line,
    rect,
    shortened,
    text,
    width,
    wrapped,
)

LANE = 17  # gradients run this far beside the data
ALONG, ACROSS = 36.0, 20.0  # the gaps between boxes, along the flow of the data and across it


# ------------------------------------------------------------------------------------------------------- layout


class Extent(NamedTuple):
    """Of each column what stands left and right of its middle, of each row above and below; gaps after each."""

    left: list[float]
    right: list[float]
    up: list[float]
    down: list[float]
    between_columns: list[float]
    between_rows: list[float]


def tall(lines: list[tuple[str, float]]) -> float:
    """The height of lines of text beside a shape, with the gap to it."""
    return 5 + sum(size * 1.2 for _, size in lines) if lines else 0


def reach(box: Box, down: bool) -> tuple[float, float, float, float]:
    """How far a box with its words reaches from its middle: to the left, to the right, up, and down."""
    lines = box.beside()
    w, h = max((width(words, size) for words, size in lines), default=0), tall(lines)
    if down:
        return box.w, box.right + (8 + w if w else 0), max(box.up, h / 2), max(box.h, h / 2)
    return max(box.w, w / 2), max(box.right, w / 2), box.up, box.h + h


def measured(one: Panel, down: bool) -> Extent:
    """How much room each row and column needs. `down`: the data flow downwards, and notes stand on the right."""
    rows, columns = one.size
    extent = Extent(
        left=[0.0] * columns,
        right=[0.0] * columns,
        up=[0.0] * rows,
        down=[0.0] * rows,
        between_columns=[ACROSS / 2 if down else ALONG] * columns,
        between_rows=[ALONG if down else ACROSS] * rows,
    )
    for box in one.boxes.values():
        ends = (box.columns[0], box.columns[1], box.rows[0], box.rows[1])
        for sizes, at, size in zip(extent[:4], ends, reach(box, down)):
            sizes[at] = max(sizes[at], size)
    for each in one.arrows:
        a, b = sorted((one.boxes[each.start], one.boxes[each.end]), key=lambda box: box.columns)
        room = width(each.label, SMALL)
        if room and down:
            c = b.columns[0]
            extent.right[c] = max(extent.right[c], LANE + 15 + room)
        elif room:
            c = a.columns[1]
            free = extent.right[c] - a.w + extent.left[c + 1] - b.w
            extent.between_columns[c] = max(extent.between_columns[c], room + 26 - free)
    return extent


def joined(extents: list[Extent]) -> list[Extent]:
    """Panels with as many columns stand in line, and so do panels with as many rows."""
    columns, rows = ("left", "right", "between_columns"), ("up", "down", "between_rows")
    for names in (columns, rows):
        if len({len(getattr(one, names[0])) for one in extents}) == 1:
            same = {name: [max(sizes) for sizes in zip(*(getattr(one, name) for one in extents))] for name in names}
            extents = [one._replace(**same) for one in extents]
    return extents


def middles(before: list[float], after: list[float], gaps: list[float]) -> tuple[list[float], float]:
    """Where the middle of each row or column lies, and how long all of them are."""
    at, places = 0.0, []
    for a, b, gap in zip(before, after, gaps):
        places.append(at + a)
        at += a + b + gap
    return places, at - gaps[-1]


def place(one: Panel, extent: Extent) -> tuple[float, float]:
    """Give every box its place; return width and height of the map."""
    xs, total_w = middles(extent.left, extent.right, extent.between_columns)
    ys, total_h = middles(extent.up, extent.down, extent.between_rows)
    for box in one.boxes.values():
        (r, last_r), (c, last_c) = box.rows, box.columns
        box.x, box.y = (xs[c] + xs[last_c]) / 2, (ys[r] + ys[last_r]) / 2
        if box.long:
            box.w += (xs[last_c] - xs[c]) / 2
            box.h += (ys[last_r] - ys[r]) / 2
    return total_w, total_h


# ------------------------------------------------------------------------------------------------------ drawing


def pixels(x: float, y: float, w: float, h: float, rows: list[str]) -> str:
    """A picture on black paper, each level of grey one path."""
    made = rect("paper", x, y, w, h)
    for level, letter in enumerate("-+#", 1):
        runs = [(r, m) for r, row in enumerate(rows) for m in re.finditer(re.escape(letter) + "+", row)]
        path = "".join(f"M{m.start()} {r}h{len(m[0])}v1h-{len(m[0])}z" for r, m in runs)
        moved = f"translate({x:.1f} {y:.1f}) scale({w / len(rows[0]):.4g})"
        made += f'<path class="grey{level}" transform="{moved}" d="{path}"/>' if path else ""
    return made


def outline(box: Box, drawn: dict[str, list[str]]) -> str:
    """A box without its words."""
    x, y, w, h = box.x - box.w, box.y - box.h, 2 * box.w, 2 * box.h
    match KINDS[box.kind].shape:
        case "ellipse":
            return f'<ellipse class="shape" cx="{box.x:.1f}" cy="{box.y:.1f}" rx="{box.w:g}" ry="{box.h:g}"/>'
        case "number":
            return rect("bare", x, y, w, h)
        case "pill":
            return rect("shape", x, y, w, h, box.h)
        case "network":
            return rect("shape", x, y, w, h, 7)
        case "picture":
            return pixels(x, y, w, h, drawn[box.picture]) + rect("shape frame", x, y, w, h)
        case "stack":
            sheets = rect("shape", x + 8, y - 8, w, h) + rect("shape", x + 4, y - 4, w, h)
            return sheets + pixels(x, y, w, h, drawn[box.picture]) + rect("shape frame", x, y, w, h)


def lettering(box: Box, down: bool) -> str:
    """The label and the note of a box."""
    made, kind = "", KINDS[box.kind]
    if kind.inside and box.label:
        lines = wrapped(box.note, 2 * box.w - 12) if box.long else []
        size = LETTER if kind.shape == "network" else SYMBOL
        top = box.y - len(lines) * LINE / 2
        made += text(box.x, top, box.label, size, name="inside")
        for n, words in enumerate(lines):
            made += text(box.x, top + size * 0.62 + LINE * (n + 0.5), words, name="inside")
    beside = box.beside()
    y = box.y - sum(size * 1.2 for _, size in beside) / 2 if down else box.y + box.h + 5
    x, anchor = (box.x + box.right + 8, "start") if down else (box.x, "middle")
    for words, size in beside:
        made += text(x, y + size * 0.6, words, size, anchor)
        y += size * 1.2
    return made


def draw_box(box: Box, down: bool, drawn: dict[str, list[str]]) -> str:
    state = f" {box.state}" if box.state else ""
    name = html.escape(box.name, quote=True)
    return f'<g class="box {box.kind}{state}" data-name="{name}">{outline(box, drawn)}{lettering(box, down)}</g>'


def foot(box: Box, down: bool) -> float:
    """The lower end of a box, with the words that stand below it."""
    return box.y + box.h + (0 if down else tall(box.beside()))


def route(a: Box, b: Box, lane: float, down: bool) -> list[Point]:
    """From the edge of one box to the edge of another: straight where they face each other, else with one corner."""
    right, below = b.x > a.x, b.y > a.y
    x0, x1 = a.x + (a.right if right else -a.w), b.x - (b.w if right else -b.right)
    y0, y1 = (foot(a, down), b.y - b.up) if below else (a.y - a.up, foot(b, down))
    for p, q in ((a, b), (b, a)):  # a box beside a long one is reached at its own height
        if abs(p.y - q.y) <= q.h - 12:
            return [(x0, p.y + lane), (x1, p.y + lane)]
    for p, q in ((a, b), (b, a)):
        if abs(p.x - q.x) <= q.w - 12:
            return [(p.x + lane, y0), (p.x + lane, y1)]
    if down:
        return [(a.x + lane, y0), (a.x + lane, b.y + lane), (x1, b.y + lane)]
    return [(x0, a.y + lane), (b.x + lane, a.y + lane), (b.x + lane, y1)]


def draw_arrow(one: Arrow, boxes: dict[str, Box], down: bool) -> tuple[str, list[Point]]:
    """One arrow with its label, and its path."""
    values, stopped = one.kind == "data", one.kind == "stopped"
    name = "data-arrow" if values else "gradient-arrow"
    path = route(boxes[one.start], boxes[one.end], 0 if values else LANE, down)
    points = shortened(path, 3, 3)
    (x0, y0), (x1, y1) = points[0], points[1]
    x, y, flat = (x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0) > abs(y1 - y0)
    if stopped:
        wall = [(x, y - 9), (x, y + 9)] if flat else [(x - 9, y), (x + 9, y)]
        made = line([points[0], (x, y)], name) + line(wall, f"{name} wall")
    else:
        made = arrow(points, name)
    if one.label:  # above or left of the values, below or right of a gradient, clear of a wall
        side, off = -1 if values else 1, 8 if stopped else 0
        if flat:
            made += text(x, y + side * (12 + off), one.label, name=f"{name}-label")
        else:
            anchor = "end" if values else "start"
            made += text(x + side * (8 + off), y, one.label, anchor=anchor, name=f"{name}-label")
    return f'<g class="arrow">{made}</g>', path


def draw_map(one: Panel, extent: Extent, down: bool) -> Piece:
    """Boxes and arrows."""
    w, h = place(one, extent)
    drawn, made, gradients = pictures(), [], []
    for each in one.arrows:
        svg, path = draw_arrow(each, one.boxes, down)
        made.append(svg)
        gradients += [(each, path)] if each.kind != "data" else []
    made += [draw_box(box, down, drawn) for box in one.boxes.values()]
    for entering, path in gradients:  # one that enters a network and leaves it in the same lane runs through it
        for leaving, onward in gradients:
            (x, y), (x2, y2) = path[-1], onward[0]
            network = KINDS[one.boxes[entering.end].kind].shape == "network"
            if network and entering.end == leaving.start and (x == x2) != (y == y2):
                made.append(line([path[-1], onward[0]], "gradient-arrow through"))
    return Piece(w, h, "".join(made))


def legend() -> Piece:
    """What the two kinds of arrow mean."""
    made = ""
    for x, name, words in ((0, "data-arrow", "values"), (96, "gradient-arrow", "gradients")):
        made += arrow([(x, 8), (x + 34, 8)], name) + text(x + 41, 8, words, anchor="start")
    return Piece(210, 16, made)


def maps(content: dict, down: bool) -> Piece:
    """The panels of a diagram that has maps, or its only map."""
    parts = content.get("panels", [content])
    panels = [panel(part, content["boxes"]) for part in parts]
    panels = [turned(one) for one in panels] if down else panels
    extents = joined([measured(one, down) for one in panels])
    made = [draw_map(one, extent, down) for one, extent in zip(panels, extents)]
    titles = [part.get("title", "") for part in parts]
    whole = framed(titles, made, NARROW if down else WIDE) if "panels" in content else made[0]
    gradients = any(each.kind != "data" for one in panels for each in one.arrows)
    return below_each_other([whole, legend()]) if gradients else whole
