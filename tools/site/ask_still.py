"""What the explorable "Ask the discriminator" of chapter 1 has with it: python -m tools.site.ask_still writes

1. book/_static/demos/ask_stored.js: a discriminator trained against noise with seed 0, each weight in a byte;
2. ganbook/assets/diagrams/ask.png: the picture that stands for the explorable in print and outside the site.

Both are made in Chromium by the page's own scripts, so that the stored D is one that a reader could train, and the
picture shows what the page would. Tests compare D's answers with PyTorch's, and the picture with its sources.
"""

import argparse
import base64
import json

import numpy as np

from tools.site import stills
from tools.site.stills import DEMOS, FOLDER, ROOT

STORED, PICTURE = DEMOS / "ask_stored.js", FOLDER / "ask.png"
SCRIPTS = ("random", "inflate", "network", "page", "cells", "ask", "ask_draw", "front_digits")
SEED = 0

TRAIN = """async seed => {
  const data = {digits: await ganbook.greys(ganbook.frontDigits), white: ganbook.frontDigits.white};
  const lesson = new ganbook.ask.Lesson(new ganbook.ask.Classes(data, "noise", seed));
  while (lesson.step < ganbook.ask.PLAN.steps) lesson.learn();
  return lesson.D.layers.flatMap(({weight, bias}) => [[...weight], [...bias]]);
}"""
# What the stored D says about the images that were held out from its training.
LOOK = """async ({seed, stored}) => {
  const data = {digits: await ganbook.greys(ganbook.frontDigits), white: ganbook.frontDigits.white};
  const lesson = new ganbook.ask.Lesson(new ganbook.ask.Classes(data, "noise", seed));
  lesson.D = ganbook.ask.Lesson.stored(stored);
  return {...lesson.look(), step: ganbook.ask.PLAN.steps};
}"""
DIGIT = 9_004  # of front_digits.js: one that no D learns from
SHOW = """async ({seed, digit, steps}) => {
  const {ask} = ganbook, D = ask.Lesson.stored(ganbook.askStored), random = new ganbook.Random(1);
  const seven = ask.shown(ask.imageAt(await ganbook.greys(ganbook.frontDigits), digit), ganbook.frontDigits.white);
  const noise = ask.Classes.generator(seed).draw(1, random);
  let climbed = noise;
  for (let i = 0; i < steps; i++) climbed = ask.climb(D, climbed);
  const images = {"a digit": seven, "noise": noise, "a blank sheet": seven.map(() => -1),
    "shuffled pixels": ask.shuffled(seven, random), [`noise, ${steps} steps up`]: climbed};
  const logits = {};
  for (const [name, x] of Object.entries(images)) {
    const card = document.createElement("div");
    logits[name] = D.forward(x, 1)[0];
    const answer = ask.sigmoid(logits[name]).toFixed(2);
    card.innerHTML = `<canvas></canvas><canvas></canvas><p>${name}<br>D(x) = ${answer}</p>`;
    document.getElementById("still").append(card);
    ganbook.page.paint(card.children[0], x, ask.SIDE);
    ask.drawSlope(card.children[1], D.slopes(x, 1));
  }
  return logits;
}"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
#still { display: flex; gap: 10px; font: 13px/1.35 sans-serif; width: 690px; text-align: center; }
#still div { flex: 1; }
#still canvas { width: 130px; height: 130px; margin-bottom: 6px; image-rendering: pixelated; display: block; }
#still p { margin: 0; }
</style><body style="margin: 0"><div id="still"></div></html>"""
CLIMB = 240


def tables(numbers: list[list[float]]) -> dict:
    """Tables of weights as bytes with a sign, one after the other in base64, and a scale for each table."""
    scales = [float(np.abs(table).max()) / 127 for table in numbers]
    whole = [np.round(np.array(table) / scale).astype(np.int8) for table, scale in zip(numbers, scales)]
    return {"scales": scales, "values": base64.b64encode(np.concatenate(whole).tobytes()).decode()}


def script(stored: dict) -> str:
    """The text of the file."""
    return (
        "/* Written by tools/site/ask_still.py. */\n"
        "globalThis.ganbook = globalThis.ganbook || {};\n"
        f"ganbook.askStored = {json.dumps(stored)};\n"
    )


def fingerprint() -> str:
    """The hash of what the picture is drawn from."""
    return stills.fingerprint(("cells", "ask", "ask_draw", "ask_stored"), __file__)


def description(logits: dict[str, float]) -> str:
    said = "; ".join(f"{name}: D(x) = {1 / (1 + np.exp(-logit)):.2f}" for name, logit in logits.items())
    return (
        f"Top row, five images of 14 by 14 pixels, and below each D's answer: {said}. Bottom row, the slope of D at "
        "each image: a plus where a brighter pixel raises the logit, a minus where a darker one does. At the noise "
        "there are about as many of one as of the other. At the other four images most are minus."
    )


def picture(tab) -> bytes:
    """The picture, as the bytes of a PNG file."""
    stills.open_page(tab, PAGE, (*SCRIPTS, STORED.stem))
    logits = tab.evaluate(SHOW, {"seed": SEED, "digit": DIGIT, "steps": CLIMB})
    title = "Five images, and what a discriminator tells each to change"
    return stills.shot(tab, "#still", title, description(logits), fingerprint())


def main() -> None:
    argparse.ArgumentParser(description="Train the D of an explorable, and draw its picture.").parse_args()
    with stills.chrome() as tab:
        for name in SCRIPTS:
            tab.add_script_tag(path=DEMOS / f"{name}.js")
        found = {"kind": "noise", "seed": SEED, **tables(tab.evaluate(TRAIN, SEED))}
        found["look"] = tab.evaluate(LOOK, {"seed": SEED, "stored": found})
        STORED.write_text(script(found), encoding="utf-8")
        PICTURE.write_bytes(picture(tab))
    for path in (STORED, PICTURE):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
    print(f"the stored D: {found['look']}")


if __name__ == "__main__":
    main()
