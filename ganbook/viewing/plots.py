"""Tensors and Records to matplotlib Axes, in one style: legible on a phone, safe for colour-blind readers."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.rcsetup import cycler
from torch import Tensor

from ganbook.base import validate
from ganbook.base.errors import InputError
from ganbook.base.files import replace
from ganbook.training.loop import Record
from ganbook.viewing.sheet import tile

# Okabe and Ito's palette for colour-blind readers, in the order in which the book uses it: D, G, then others.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
D_COLOUR, G_COLOUR = COLOURS[:2]

STYLE = {
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.labelsize": 12,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.figsize": (6.4, 3.2),
    "font.size": 11,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}


def use_style() -> None:
    """Use the book's style for all figures from here on."""
    mpl.rcParams.update(cast(Any, STYLE))  # matplotlib's types list every setting by name


def show_grid(x: Tensor, columns: int = 8, ax: Axes | None = None, title: str | None = None) -> Axes:
    """Draw images x (n, 1 or 3, h, w) in [-1, 1] in rows of `columns`, each pixel a sharp square.

    Raises InputError if x is not a batch of images in that range.
    """
    picture = tile(x, columns)
    if ax is None:
        h, w = picture.shape[:2]
        width = min(6.4, 0.62 * min(columns, len(x)) + 0.2)
        _, ax = plt.subplots(figsize=(width, width * h / w + (0.3 if title else 0.05)))
    ax.imshow(picture.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[], title=title or "")
    ax.spines[:].set_visible(False)
    return ax


def plot_history(
    history: Sequence[Record], names: Sequence[str] = ("d_loss", "g_loss"), ax: Axes | None = None, smooth: int = 1
) -> Axes:
    """Draw the values `names` of a list of Records against the step; the pale lines are unsmoothed.

    smooth: width of a running mean, in records.

    Raises InputError if there is no record, one lacks one of `names`, or `smooth` is out of range.
    """
    if not history or not 1 <= smooth <= len(history):
        raise InputError(f"Expected records and 1 <= smooth <= their number, got {len(history)} and smooth {smooth}.")
    if not names:
        raise InputError("Expected at least one of the names that the records hold, got none.")
    if missing := {name for name in names if any(name not in record.values for record in history)}:
        raise InputError(f"Expected names that all records hold, got {', '.join(sorted(missing))}.")
    if ax is None:
        _, ax = plt.subplots()
    steps = np.array([record.step for record in history])
    labels = {"d_loss": "loss of D", "g_loss": "loss of G", "d_real": "D(x)", "d_fake": "D(G(z))"}
    for i, name in enumerate(names):
        values = np.array([record[name] for record in history])
        colour = COLOURS[i % len(COLOURS)]
        if smooth > 1:
            ax.plot(steps, values, color=colour, alpha=0.25, linewidth=0.8)
        mean = np.convolve(values, np.ones(smooth) / smooth, mode="valid")
        ax.plot(steps[smooth - 1 :], mean, color=colour, label=labels.get(name, name))
    ax.set_xlabel("step")
    ax.legend(ncols=len(names))
    return ax


def plot_norms(norms: Mapping[str, Mapping[str, float]], ax: Axes | None = None) -> Axes:
    """Draw gradient norms by player and layer, as ganbook.viewing.gradients.gradient_norms gives them, on a
    logarithmic axis.

    norms: player -> {name of a parameter: norm}. A norm of 0 has no place on the axis and is a hollow triangle at the
    bottom; one that is missing (NaN) is a cross there.
    """
    if ax is None:
        _, ax = plt.subplots()
    ax.set_yscale("log")
    bottom = ax.get_xaxis_transform()  # x as the data have it, y from 0 to 1
    place, ticks, labels = 0, list[float](), list[str]()
    for colour, (player, layers) in zip(COLOURS, norms.items()):
        for number, norm in enumerate(layers.values(), start=1):
            if math.isnan(norm):
                ax.plot(place, 0.06, "x", color=colour, transform=bottom, markeredgewidth=2)
            elif norm == 0:
                ax.plot(place, 0.06, "v", color=colour, transform=bottom, markerfacecolor="none")
            else:
                ax.plot(place, norm, "o", color=colour)
            ticks, labels, place = [*ticks, place], [*labels, f"{player}{number}"], place + 1
    ax.set_xticks(ticks, labels)
    ax.set_xlim(-0.6, place - 0.4)
    return ax


def save_png(x: Tensor, path: str | Path, columns: int = 8, scale: int = 3) -> None:
    """Write images x (n, 1 or 3, h, w) in [-1, 1] as one PNG, `scale` screen pixels a pixel; whole or not at all.

    Raises InputError if x is not a batch of images in that range, or the folder cannot be written to.
    """
    validate.at_least(1, "scale", scale)
    picture = tile(x, columns).repeat_interleave(scale, 0).repeat_interleave(scale, 1).numpy()
    with replace(path) as file:
        plt.imsave(file, picture, cmap="gray", vmin=0, vmax=1, format="png")
