"""What the explorable "The ladder" of chapter 5 has with it: python -m tools.site.rungs_still writes

1. book/_static/demos/rungs_stored.js: the rows of ganbook/assets/results/ladder.json and, of each, SHOWN of its 10,000
   digits in 16 levels of grey, made again by the tool that measured them (tools/experiments/ladder.py);
2. ganbook/assets/diagrams/rungs.png: the picture that stands for the explorable in print and outside the site.
"""

import argparse
import base64
import json
import zlib

import torch
from torch import Tensor

from ganbook.chapters import results
from ganbook.data import Digits
from tools.experiments import ladder
from tools.site import stills
from tools.site.stills import DEMOS, FOLDER, ROOT

STORED = DEMOS / "rungs_stored.js"
PICTURE = FOLDER / "rungs.png"
SCRIPTS = ("page", "inflate", "rungs_stored", "rungs")
SHOWN = 16  # digits of a row
WHITE = 15  # levels run from 0, black, to this
# What the still shows: the same distance, about, from three kinds of damage, and copies.
CARDS = (("blurred", 0.7), ("speckled", 0.02), ("dropped", 2), ("copied", 1))
SCORES = ("frechet", "precision", "recall", "copies")

SHOW = """async ([cards, scores]) => {
  const {rungs, rungsStored} = ganbook, levels = await ganbook.greys(rungsStored);
  return cards.map(([kind, strength]) => {
    const row = rungsStored.rows.find(one => one.kind === kind && one.strength === strength);
    const card = document.createElement("div"), words = `${rungs.KINDS[kind].name}: ${rungs.words(row)}`;
    const written = scores.map(name => [rungs.SCORES[name].name, rungs.SCORES[name].write(row.scores[name])]);
    card.innerHTML = `<p><b>${words.replace(": ", ":</b><br>")}</p><canvas></canvas>
      <dl>${written.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join("")}</dl>`;
    rungs.draw(card.querySelector("canvas"), row, levels, "#d55e00");
    document.getElementById("still").append(card);
    return {words, written, framed: row.copies.split("1").length - 1};
  });
}"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
#still { display: flex; gap: 20px; font: 15px/1.4 sans-serif; width: 720px; color: #000; }
#still div { flex: 1; min-width: 0; }
#still p { margin: 0 0 4px; }
#still canvas { width: 100%; image-rendering: pixelated; display: block; background: #555; }
#still dl { display: grid; grid-template-columns: 1fr auto; margin: 6px 0 0; }
#still dd { margin: 0; font-weight: 600; }
</style><body style="margin: 0"><div id="still"></div></html>"""


def levels(x: Tensor) -> Tensor:
    """Return images x (n, 1, 28, 28) in [-1, 1] as levels of grey, bytes (n, 784) from 0 to WHITE."""
    return ((x + 1) * WHITE / 2).round().clamp(0, WHITE).byte().flatten(1)


def digits_of(kind: str, strength: float, digits: Digits) -> tuple[Tensor, str]:
    """The first SHOWN digits of a row as levels (SHOWN, 784), and for each a 1 if it is a copy of a training image."""
    index, held = ladder.chosen(kind, strength, digits)
    copied = torch.isin(index[:SHOWN], held, invert=True)
    # What a random draw does to a digit depends on how many there are.
    x = digits[index if kind in ("turned", "speckled") else index[:SHOWN]][0]
    x = ladder.CHANGES[kind](x, strength) if kind in ladder.CHANGES else x
    return levels(x[:SHOWN]), "".join(str(int(one)) for one in copied)


def stored(rows: list[dict], digits: Digits) -> dict:
    """What the page needs of these rows of ladder.json."""
    found = [digits_of(row["kind"], row["strength"], digits) for row in rows]
    pairs = torch.cat([shown for shown, _ in found]).view(-1, 2)
    content = zlib.compress((16 * pairs[:, 0] + pairs[:, 1]).numpy().tobytes(), 9)
    kept = [
        {"kind": row["kind"], "strength": row["strength"], "scores": row["scores"], "copies": copies}
        for row, (_, copies) in zip(rows, found)
    ]
    return {"side": 28, "shown": SHOWN, "white": WHITE, "rows": kept, "images": base64.b64encode(content).decode()}


def script(content: dict) -> str:
    """The text of the file."""
    return (
        "/* Written by tools/site/rungs_still.py. MNIST: Yann LeCun and Corinna Cortes, CC BY-SA 3.0. */\n"
        "globalThis.ganbook = globalThis.ganbook || {};\n"
        f"ganbook.rungsStored = {json.dumps(content)};\n"
    )


def fingerprint() -> str:
    """The hash of what the picture is drawn from."""
    return stills.fingerprint(("rungs_stored", "rungs"), __file__)


def description(cards: list[dict]) -> str:
    said = "; ".join(
        f"{card['words']}: " + ", ".join(f"{name} {value}" for name, value in card["written"]) for card in cards
    )
    return (
        "Four panels of sixteen real digits with four kinds of damage, and below each what was measured on 10,000 such "
        f"digits. {said}. The copies look like any other digits; frames mark them."
    )


def picture(tab) -> bytes:
    """The picture, as the bytes of a PNG file."""
    stills.open_page(tab, PAGE, SCRIPTS)
    cards = tab.evaluate(SHOW, [CARDS, SCORES])
    return stills.shot(tab, "#still", "Four kinds of damage, and their scores", description(cards), fingerprint(), 64)


def main() -> None:
    argparse.ArgumentParser(description="Write the digits that an explorable shows, and draw its picture.").parse_args()
    torch.set_num_threads(1)
    STORED.write_text(script(stored(results.load("ladder")["rows"], Digits("train"))), encoding="utf-8")
    print(f"{STORED.relative_to(ROOT)}: {STORED.stat().st_size / 1000:.0f} kB")
    stills.store(PICTURE, picture)


if __name__ == "__main__":
    main()
