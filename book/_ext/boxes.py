"""What a diagram that is a map is made of, and how it is read from its file: boxes, arrows, the map itself.

The map is a drawing in letters: a name stands where its box shall be, a dot for an empty place. A network may stand in
several places and is then as long as they are. The colours of the kinds are in book/_static/diagrams.css.
"""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from drawing import SMALL, SYMBOL, width, wrapped

PICTURES = Path(__file__).resolve().parents[1] / "diagrams" / "pictures.txt"


class Kind(NamedTuple):
    """What all boxes of one kind look like: shape, width and height; `inside`: the label stands in the shape."""

    shape: str
    width: float
    height: float
    inside: bool = True


KINDS = {
    "noise": Kind("ellipse", 48, 48),
    "generator": Kind("network", 92, 62),
    "discriminator": Kind("network", 92, 62),
    "data": Kind("stack", 58, 58, inside=False),
    "real": Kind("picture", 58, 58, inside=False),
    "fake": Kind("picture", 58, 58, inside=False),
    "loss": Kind("pill", 62, 50),
    "function": Kind("ellipse", 46, 46),
    "number": Kind("number", 44, 30),
}
STATES = ("moves", "still")  # of a network: its parameters are being changed, or held still


@dataclass
class Box:
    """One thing on the map, and where it is: the centre (x, y) of its shape, half its width and height."""

    name: str
    kind: str
    label: str = ""
    note: str = ""
    picture: str = ""
    state: str = ""
    room: float = 108  # the width of a line of its note
    cells: list[tuple[int, int]] = field(default_factory=list)  # (row, column)
    x: float = 0
    y: float = 0
    w: float = 0
    h: float = 0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"the box {self.name} is a {self.kind!r}; the kit knows {', '.join(KINDS)}")
        if self.state not in ("", *STATES):
            raise ValueError(f"the box {self.name} is {self.state!r}; a network {' or is '.join(STATES)}")
        self.w, self.h = KINDS[self.kind].width / 2, KINDS[self.kind].height / 2
        if KINDS[self.kind].shape == "number":
            self.w = max(self.w, width(self.label, SYMBOL) / 2 + 6)

    @property
    def rows(self) -> tuple[int, int]:
        return min(row for row, _ in self.cells), max(row for row, _ in self.cells)

    @property
    def columns(self) -> tuple[int, int]:
        return min(column for _, column in self.cells), max(column for _, column in self.cells)

    @property
    def long(self) -> bool:
        """A network that stands in several places is as long as they are, and has room for its note."""
        return len(self.cells) > 1 and KINDS[self.kind].shape == "network"

    @property
    def up(self) -> float:
        """How far the shape reaches above its middle; the sheets of a stack stick out above and to the right."""
        return self.h + (8 if KINDS[self.kind].shape == "stack" else 0)

    @property
    def right(self) -> float:
        """How far the shape reaches to the right of its middle."""
        return self.w + (8 if KINDS[self.kind].shape == "stack" else 0)

    def beside(self) -> list[tuple[str, float]]:
        """The lines of text outside the shape, each with its size of type."""
        if self.long:
            return []
        label = [] if KINDS[self.kind].inside or not self.label else [(self.label, SYMBOL)]
        return [*label, *((line, SMALL) for line in wrapped(self.note, self.room))]


class Arrow(NamedTuple):
    """From one box to another. `kind`: "data", "gradient", or "stopped", a gradient that does not get there."""

    start: str
    end: str
    kind: str
    label: str


class Panel(NamedTuple):
    """A map of boxes with their arrows, and the words above it."""

    title: str
    boxes: dict[str, Box]
    arrows: list[Arrow]
    size: tuple[int, int]  # rows and columns of the map


def pictures(path: Path = PICTURES) -> dict[str, list[str]]:
    """Small pictures, a letter a pixel from black to white: . - + #"""
    blocks = [block.split("\n") for block in path.read_text(encoding="utf-8").strip().split("\n\n")]
    return {lines[0].split(":")[0]: lines[1:] for lines in blocks}


def arrows(lines: list[str], boxes: dict[str, Box]) -> list[Arrow]:
    """`z -> G -> fake` carries data, `loss ~> D` a gradient, `D ~| fake` one that is stopped.

    A label follows a colon, and belongs to the first arrow of the chain.
    """
    kinds = {"->": "data", "~>": "gradient", "~|": "stopped"}
    found = []
    for written in lines:
        chain, _, label = written.partition(":")
        names = re.split(r"\s*(->|~>|~\|)\s*", chain.strip())
        if unknown := [name for name in names[::2] if name not in boxes]:
            raise ValueError(f"the arrow {written!r} names {unknown[0]!r}, which is not on the map")
        for n in range(0, len(names) - 2, 2):
            found.append(Arrow(names[n], names[n + 2], kinds[names[n + 1]], label.strip() if n == 0 else ""))
    return found


def panel(part: dict, shared: dict) -> Panel:
    """One entry of `panels`; `shared` are the boxes that all panels have."""
    rows = [line.split() for line in part["map"].strip().split("\n")]
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"the lines of a map have the same number of places, a dot for an empty one:\n{part['map']}")
    named = {**shared, **{name: {**shared.get(name, {}), **more} for name, more in (part.get("boxes") or {}).items()}}
    boxes: dict[str, Box] = {}
    for r, row in enumerate(rows):
        for c, name in enumerate(row):
            if name == ".":
                continue
            if name not in named:
                raise ValueError(f"{name!r} is on a map and not among the boxes")
            boxes.setdefault(name, Box(name, **named[name], cells=[])).cells.append((r, c))
    return Panel(part.get("title", ""), boxes, arrows(part.get("arrows", []), boxes), (len(rows), len(rows[0])))


def turned(one: Panel) -> Panel:
    """The map with rows and columns exchanged; notes then stand beside their boxes, in short lines."""
    boxes = {name: replace(box, cells=[(c, r) for r, c in box.cells], room=76) for name, box in one.boxes.items()}
    return one._replace(boxes=boxes, size=one.size[::-1])
