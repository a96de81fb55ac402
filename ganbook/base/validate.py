"""What arguments have in common: checks at the places where they come in, each with a sentence that names them.

Every function raises InputError. Networks and objectives check nothing but the width of the noise
(ganbook.models.OfNoise): they are plain PyTorch and raise its errors.
"""

import operator
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ganbook.base.errors import InputError


def generator(G: nn.Module) -> int:
    """Return the length of G's noise, its attribute z_dim; say so if there is none."""
    if not hasattr(G, "z_dim"):
        raise InputError(f"Expected a G with the attribute z_dim, the length of its noise, got a {type(G).__name__}.")
    return cast(int, G.z_dim)


def got(value: Any) -> str:
    """Return what came, for the end of a message: as it is written, but a tensor or an array by its type and shape."""
    if isinstance(value, Tensor | np.ndarray) and value.ndim:
        return f"{value.dtype} {tuple(value.shape)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 100 else f"{text[:80]}..., a {type(value).__name__}"


def at_least(least: float, name: str, value: float) -> None:
    """Say so unless `value`, which the caller passed as `name`, is `least` or more; NaN is not."""
    if not value >= least:
        raise InputError(f"Expected {name} of {least} or more, got {value}.")


def whole(least: int | None, name: str, value: int) -> int:
    """Return `value`, passed as `name`, as an int; say so unless it is a whole number, of `least` or more if not None.

    Whole numbers of NumPy and PyTorch are some; a float is none, even 100.0, nor is True.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise InputError(f"Expected {name} as a whole number, such as {name}={max(least or 0, 1)}, got {got(value)}.")
    if least is not None:
        at_least(least, name, number)
    return number


def labels(y: Tensor, n: int, classes: int, network: str) -> None:
    """Say so unless y are n labels, int64 (n,), that `network`, which knows `classes` of them, knows; makes a GPU wait.

    network: what the caller calls it, say "G".
    """
    if y.shape != (n,) or y.dtype != torch.int64:
        raise InputError(f"Expected labels y int64 ({n},), one an image, got {y.dtype} {tuple(y.shape)}.")
    low, high = int(y.min()), int(y.max())
    if low < 0:
        raise InputError(f"Expected labels y from 0 up, got {low}.")
    if high >= classes:
        raise InputError(
            f"The labels y run from {low} to {high}, and {network} knows {classes} classes, 0 to {classes - 1}. Build "
            f"G and D for them, with classes={high + 1}."
        )


def one_each(x: Tensor, name: str, values: Tensor, *, whole: bool = False) -> None:
    """Say so unless `values`, passed as `name`, are one number, or whole number (int64), for each of images x."""
    fit = x.ndim == 4 and 0 not in x.shape and values.shape == x.shape[:1] and x.is_floating_point()
    if not fit or (whole and values.dtype != torch.int64):
        raise InputError(
            f"Expected images x (m, c, h, w), floating point, and {name}{' int64' if whole else ''} (m,), one each, "
            f"got {x.dtype} {tuple(x.shape)} and {values.dtype} {tuple(values.shape)}."
        )


def images(x: Tensor, *channels: int) -> Tensor:
    """Return images x (n, c, h, w) in [-1, 1] as float32 without history; c must be one of `channels`, n at least 1."""
    if x.ndim != 4 or 0 in x.shape or x.shape[1] not in channels:
        c = " or ".join(map(str, channels))
        raise InputError(f"Expected images x (n, {c}, h, w), none of these 0, got {tuple(x.shape)}.")
    x = x.detach().float()
    if not (x.min() >= -1 and x.max() <= 1):  # the negation also catches NaN
        raise InputError(f"Expected images x in [-1, 1], got values from {x.min():.3g} to {x.max():.3g}.")
    return x
