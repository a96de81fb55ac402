"""What the explorable "Stamping" of chapter 3 has with it: python -m tools.site.stamping_still writes

1. book/_static/demos/stamping_shapes.js: the transposed convolutions of the DCGAN's generator, read from the module;
2. ganbook/assets/diagrams/stamping.png: the picture that stands for the explorable in print and outside the site.

The picture is drawn in Chromium by the page's own scripts. Tests compare the shapes with today's module, and the
picture with its sources.
"""

import argparse
import json

import torch
from torch import nn

from ganbook.models import dcgan
from tools.site import stills
from tools.site.stills import DEMOS, FOLDER, ROOT

SHAPES, PICTURE = DEMOS / "stamping_shapes.js", FOLDER / "stamping.png"
SCRIPTS = ("page", "cells", "stamping", "stamping_draw")
SIDE, STRIDE, KERNELS = 4, 2, (3, 4)  # of the picture: two layers that differ in the kernel
STAMP = 5  # the input cell whose stamp has a frame

SHOW = """({side, stride, kernels, stamp: cell}) => {
  const {counts, ones, reach, stamped, table} = ganbook.stamping;
  const frame = (rows, columns) => ({rows, columns});
  const [row, column] = [Math.floor(cell / side), cell % side];
  const add = (title, width, side, values, frames) => {
    const card = document.createElement("div");
    card.innerHTML = `<canvas style="width: ${width}px; height: ${width}px"></canvas><p>${title}</p>`;
    document.getElementById("still").append(card);
    table(card.firstChild, side, values, frames);
  };
  add(`input, ${side} × ${side}<br>all cells 1`, 104, side, ones(side), [frame([row, row], [column, column])]);
  return kernels.map((kernel) => {
    const layer = {side, kernel, stride, padding: 0};
    const frames = [frame(...[row, column].map((i) => stamped(layer, i)))];
    const title = `kernel ${kernel}, stride ${stride}<br>output, ${reach(layer)} × ${reach(layer)}`;
    add(title, 26 * reach(layer), reach(layer), counts(layer), frames);
    return {...layer, values: [...counts(layer)]};
  });
}"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
#still { display: flex; gap: 26px; align-items: center; font: 13px/1.35 sans-serif; width: max-content; }
#still div { text-align: center; }
#still canvas { display: block; }
#still p { margin: 6px 0 0; }
</style><body style="margin: 0"><div id="still"></div></html>"""


def layers(G: nn.Module) -> list[dict]:
    """The transposed convolutions of a generator, with the sides of their inputs, in the order of a batch's way."""
    found: list[dict] = []

    def number(layer: nn.Module, name: str) -> int:
        rows, columns = getattr(layer, name)
        if rows != columns:
            raise SystemExit(
                f"The explorable shows square kernels, and a layer of the generator has {name} {rows, columns}."
            )
        return rows

    def note(layer: nn.Module, inputs: tuple, _) -> None:
        if any(layer.output_padding) or set(layer.dilation) != {1}:
            raise SystemExit("The explorable knows no output padding and no dilation.")
        names = {"kernel": "kernel_size", "stride": "stride", "padding": "padding"}
        found.append({"side": inputs[0].shape[-1], **{ours: number(layer, name) for ours, name in names.items()}})

    hooks = [m.register_forward_hook(note) for m in G.modules() if isinstance(m, nn.ConvTranspose2d)]
    with torch.no_grad():
        G.eval()(torch.zeros(1, G.z_dim))
    for hook in hooks:
        hook.remove()
    return found


def shapes() -> dict[str, list[dict]]:
    """The layers of both forms of the generator."""
    return {"book": layers(dcgan.Generator()), "even": layers(dcgan.Generator(even=True))}


def script(found: dict) -> str:
    """The text of the file."""
    return (
        "/* Written by tools/site/stamping_still.py from ganbook.models.dcgan. */\n"
        "globalThis.ganbook = globalThis.ganbook || {};\n"
        f"ganbook.stampingShapes = {json.dumps(found)};\n"
    )


def fingerprint() -> str:
    """The hash of what the picture is drawn from."""
    return stills.fingerprint(("cells", "stamping", "stamping_draw"), __file__)


def description(drawn: list[dict]) -> str:
    """What the picture shows, in words; the numbers are those on it."""
    said = [f"An input of {SIDE} by {SIDE} cells, all 1, is stamped with stride {STRIDE} by two kernels of ones."]
    for one in drawn:
        side = one["stride"] * (one["side"] - 1) + one["kernel"]
        row = ", ".join(f"{one['values'][side * (side // 2) + i]:.0f}" for i in range(side))
        said.append(f"Kernel {one['kernel']}: an output of {side} by {side}; its middle row is {row}.")
    said.append(
        "Each number counts the stamps that reach the cell. With kernel 3 the numbers inside make a checkerboard. With "
        "kernel 4, which the stride divides, all numbers inside are alike. One input cell and its stamp have a frame."
    )
    return " ".join(said)


def picture(tab) -> bytes:
    """The picture, as the bytes of a PNG file."""
    stills.open_page(tab, PAGE, SCRIPTS)
    drawn = tab.evaluate(SHOW, {"side": SIDE, "stride": STRIDE, "kernels": list(KERNELS), "stamp": STAMP})
    title = "How many stamps reach each cell, with kernel 3 and with kernel 4"
    return stills.shot(tab, "#still", title, description(drawn), fingerprint())


def main() -> None:
    argparse.ArgumentParser(description="Write the shapes that an explorable shows, and draw its picture.").parse_args()
    SHAPES.write_text(script(shapes()), encoding="utf-8")
    print(f"{SHAPES.relative_to(ROOT)}: {SHAPES.stat().st_size / 1000:.0f} kB")
    stills.store(PICTURE, picture)


if __name__ == "__main__":
    main()
