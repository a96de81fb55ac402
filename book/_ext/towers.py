"""A diagram of networks, layer by layer: for each network a tower of bars, as wide as its tensors are large.

Layers, shapes and numbers of parameters come from book/diagrams/networks/RECIPE.json, which
`python -m tools.site.draw` writes from the modules themselves.
"""

import json
from math import prod
from pathlib import Path
from typing import NamedTuple

from drawing import GAP, LINE, NARROW, PAD, SMALL, WIDE, Piece, arrow, framed, rect, text, width

NETWORKS = Path(__file__).resolve().parents[1] / "diagrams" / "networks"
TENSOR = 20  # the height of a bar
BAR = 112  # the width of the widest bar
TOWER = (WIDE - GAP) / 2 - 2 * PAD  # two stand side by side on a page


def stored(recipe: str) -> dict:
    """The networks of a recipe, as `python -m tools.site.draw` stored them."""
    path = NETWORKS / f"{recipe}.json"
    if not path.exists():
        raise ValueError(f"{path.name} is missing: run `python -m tools.site.draw`")
    return json.loads(path.read_text(encoding="utf-8"))


def blocks(layers: list[dict]) -> list[dict]:
    """Layers in groups that begin at a layer with weights of its own; norms and reshapes belong to the one before."""
    found: list[dict] = []
    for layer in layers:
        if not found or (layer["main"] and any(one["main"] for one in found[-1]["layers"])):
            found.append({"layers": [], "shape": [], "parameters": 0})
        found[-1]["layers"].append(layer)
        found[-1]["shape"] = layer["shape"]
        found[-1]["parameters"] += layer["parameters"]
    return found


def size_of(shape: list[int]) -> str:
    """[1, 28, 28] -> $(m, 1, 28, 28)$, [] -> $(m,)$"""
    return f"$({', '.join(['m', *map(str, shape)])}{',' if not shape else ''})$"


def listed(names: list[str], known: set[str], room: float) -> list[str]:
    """The names in lines of at most `room`, broken at commas; if `known` holds any, the others are bold."""
    lines: list[str] = []
    for name in names:
        for part in name.split(", "):
            word = part if name in known or not known else f"**{part}**"
            if lines and width(f"{lines[-1]}, {word},", SMALL) <= room:
                lines[-1] += f", {word}"
            else:
                lines.append(word)
    return [*(f"{line}," for line in lines[:-1]), *lines[-1:]]


class Player(NamedTuple):
    """A network's word, and for what goes in and what comes out the kind (as in a map) and the symbol."""

    word: str
    first: tuple[str, str]
    last: tuple[str, str]


PLAYERS = {
    "G": Player("generator", ("noise", "$z$"), ("fake", "$G(z)$")),
    "D": Player("discriminator", ("real", "$x$"), ("discriminator", "$l(x)$")),
}


def tower(letter: str, network: dict, known: set[str]) -> Piece:
    """One network from top to bottom: a bar for each tensor, as wide as the root of its size; the layers between them.

    If `known` holds the words of layers, all others are bold.
    """
    groups, player = blocks(network["layers"]), PLAYERS[letter]
    shapes = [network["input"], *(group["shape"] for group in groups)]
    ends = {0: player.first, len(groups): player.last}
    middle, side, room = BAR / 2, BAR + 14, TOWER - BAR - 14
    made = text(0, 10, f"${letter}$", 22, "start")
    made += text(22, 11, f"{player.word}, {network['parameters']:,} parameters", anchor="start")
    y = 34.0
    for number, shape in enumerate(shapes):
        kind, symbol = ends.get(number, (player.word, ""))
        w = max(4, BAR * (prod(shape) / max(map(prod, shapes))) ** 0.5)
        bar = rect("shape", middle - w / 2, y, w, TENSOR, min(3, w / 2))
        size = text(side, y + TENSOR / 2, f"{symbol} {size_of(shape)}".strip(), 15, "start")
        made += f'<g class="tensor {kind}">{bar}{size}</g>'
        y += TENSOR
        for group in groups[number : number + 1]:  # what happens on the way to the next bar
            lines = listed([layer["words"] for layer in group["layers"]], known, room)
            for n, words in enumerate(lines):
                made += text(side, y + 6 + LINE * (n + 0.5), words, anchor="start")
            if group["parameters"]:
                words = f"{group['parameters']:,} parameters"
                made += text(side, y + 6 + LINE * (len(lines) + 0.5), words, anchor="start", name="quiet")
            high = 12 + LINE * max(2, len(lines) + bool(group["parameters"]))
            made += arrow([(middle, y + 3), (middle, y + high - 3)], "data-arrow")
            y += high
    return Piece(TOWER, y, made)


def networks(content: dict, narrow: bool) -> Piece:
    """Both networks of a recipe; what another recipe, `compared_with`, lacks is bold."""
    pair = stored(content["networks"])
    other = stored(content["compared_with"]) if "compared_with" in content else {}
    known = {player: {layer["words"] for layer in other[player]["layers"]} for player in ("G", "D") if other}
    towers = [tower(player, pair[player], known.get(player, set())) for player in ("G", "D")]
    return framed(["", ""], towers, NARROW if narrow else WIDE)
