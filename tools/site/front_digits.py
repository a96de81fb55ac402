"""Store the digits on which the front page trains: python -m tools.site.front_digits writes
book/_static/demos/front_digits.js.

COUNT training images of MNIST, each pixel the mean of 2 x 2 of the published ones, in 16 levels of grey. Two levels
make a byte, and the bytes are one zlib stream in base64: a script, because a page opened from a disk may not fetch
data. A test compares the stored file with what would be made now.
"""

import argparse
import base64
import zlib
from pathlib import Path

import torch
from torch import Tensor

from ganbook.data import Digits

PATH = Path(__file__).resolve().parents[2] / "book" / "_static" / "demos" / "front_digits.js"
COUNT = 10_000
SIDE = 14
WHITE = 15  # levels run from 0, black, to this


def levels(images: Tensor) -> Tensor:
    """Return bytes (n, 28, 28) as levels (n, 14, 14) from 0 to WHITE."""
    means = images.view(-1, SIDE, 2, SIDE, 2).float().mean((2, 4))  # (n, 28, 28) -> (n, 14, 14)
    return (means * WHITE / 255).round().byte()


def images(split: str, count: int | None = None) -> Tensor:
    """Return images x (n, 1, 14, 14) in [-1, 1] as the page sees them."""
    return levels(Digits(split).images[:count]).float()[:, None] * 2 / WHITE - 1


def script(count: int = COUNT) -> str:
    """The text of the file."""
    pairs = levels(Digits("train").images[:count]).view(-1, 2)
    content = zlib.compress((16 * pairs[:, 0] + pairs[:, 1]).numpy().tobytes(), 9)
    return (
        "/* Written by tools/site/front_digits.py. MNIST: Yann LeCun and Corinna Cortes, CC BY-SA 3.0. */\n"
        "globalThis.ganbook = globalThis.ganbook || {};\n"
        f'ganbook.frontDigits = {{white: {WHITE}, images: "{base64.b64encode(content).decode()}"}};\n'
    )


def main() -> None:
    argparse.ArgumentParser(description="Store the digits on which the front page trains.").parse_args()
    torch.set_num_threads(1)
    PATH.write_text(script(), encoding="utf-8")
    print(f"{PATH.name}: {PATH.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
