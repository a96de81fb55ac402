"""Many images as one picture."""

import math

import torch
from torch import Tensor

from ganbook.base import validate


def tile(x: Tensor, columns: int = 8, gap: int = 1) -> Tensor:
    """Lay images x (n, c, h, w) in [-1, 1] out in rows: one picture (H, W) or (H, W, 3) in [0, 1], gaps at 0.5.

    Raises InputError if x is not a batch of images with 1 or 3 channels, or leaves [-1, 1], or columns < 1.
    """
    x = validate.images(x, 1, 3).cpu()
    validate.at_least(1, "columns", columns)
    validate.at_least(0, "gap", gap)
    n, c, h, w = x.shape
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    sheet = torch.full((rows * columns, c, h + gap, w + gap), 0.0)
    sheet[:n, :, :h, :w] = x
    sheet = sheet.unflatten(0, (rows, columns)).permute(2, 0, 3, 1, 4)  # -> (c, rows, h, columns, w)
    picture = sheet.reshape(c, rows * (h + gap), columns * (w + gap))[:, : -gap or None, : -gap or None]
    picture = (picture + 1) / 2
    return picture[0] if c == 1 else picture.permute(1, 2, 0)
