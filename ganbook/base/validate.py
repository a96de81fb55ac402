"""What arguments have in common: checks at the places where they come in, each with a sentence that names them.

Every function raises InputError. Networks and objectives check nothing: they are plain PyTorch and raise its errors.
"""

import torch
from torch import Tensor, nn

from ganbook.base.errors import InputError


def generator(G: nn.Module) -> None:
    """Say so if `G` does not tell how long its noise is."""
    if not hasattr(G, "z_dim"):
        raise InputError(f"Expected a G with the attribute z_dim, the length of its noise, got a {type(G).__name__}.")


def at_least(least: float, name: str, value: float) -> None:
    """Say so unless `value`, which the caller passed as `name`, is `least` or more; NaN is not."""
    if not value >= least:
        raise InputError(f"Expected {name} of {least} or more, got {value}.")


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
