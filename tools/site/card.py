"""Draw the picture that others show with a link to the book: python -m tools.site.card writes book/_static/card.png.

1200 by 630 pixels, what sites that show previews ask for. Each row is one noise vector of a stored training, at ten of
its steps from the first to the last.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from ganbook.training import pretrained
from ganbook.viewing.sheet import tile

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "book" / "_static" / "card.png"
PAPER, INK = "#1b4965", "#ffffff"  # the colour of the logo
ROWS = (3, 5, 8)  # noise vectors that end as different digits
COLUMNS = 10


def card() -> Figure:
    """Return the card as a figure of 12 by 6.3 inches."""
    _, film = pretrained.film("a-dcgan")  # (frames, 16, 1, 28, 28)
    frames = [round(i * (len(film) - 1) / (COLUMNS - 1)) for i in range(COLUMNS)]
    picture = tile(film[frames][:, list(ROWS)].transpose(0, 1).flatten(0, 1), COLUMNS)  # a row a noise vector
    figure = Figure(figsize=(12, 6.3), facecolor=PAPER)
    axes = figure.add_axes((0.05, 0.37, 0.90, 0.56))
    axes.imshow(picture.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="equal")
    axes.set_axis_off()
    figure.text(0.05, 0.17, "From Noise to Digits", color=INK, fontsize=44, weight="bold", va="baseline")
    figure.text(0.05, 0.075, "Generative adversarial networks, by running them", color=INK, fontsize=26, va="baseline")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the picture that others show with a link to the book.")
    parser.add_argument("--target", type=Path, default=TARGET, help="a PNG file (default: book/_static/card.png)")
    target = parser.parse_args().target
    with mpl.rc_context({"font.family": "DejaVu Sans"}):
        card().savefig(target, dpi=100, metadata={"Software": None})
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
