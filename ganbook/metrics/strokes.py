"""What can be measured of a drawn digit without knowing which it is: ink, slant, width and height."""

import torch
from torch import Tensor


def properties(x: Tensor) -> dict[str, Tensor]:
    """Measure digits x (n, 1, h, w) in [-1, 1] by the moments of their ink; each property is (n,).

    ink: the mean of all pixels, per cent of a white sheet. slant: degrees that the strokes lean to the right at the
    top. width, height: standard deviations of the ink's place, in pixels; they do not depend on where the digit stands.

    Raises ValueError if x is something else, or lies in [0, 1].
    """
    if x.ndim != 4 or x.shape[1] != 1 or 0 in x.shape:
        raise ValueError(f"Expected grey images x (n, 1, h, w), got {tuple(x.shape)}.")
    if 0 <= x.min() < x.max():
        raise ValueError("Expected images x in [-1, 1], -1 for black, got none below 0, as in [0, 1]: pass 2 * x - 1.")
    ink = ((x + 1) / 2).squeeze(1)  # (n, h, w) in [0, 1]
    total = ink.sum((1, 2)).clamp(min=1e-6)
    rows, columns = (torch.arange(side, dtype=torch.float32, device=x.device) for side in ink.shape[1:])

    def mean(values: Tensor) -> Tensor:
        return (ink * values).sum((1, 2)) / total

    x0, y0 = mean(columns.expand_as(ink)), mean(rows[:, None].expand_as(ink))
    dx, dy = columns - x0[:, None, None], rows[:, None] - y0[:, None, None]
    # The line x = -slope * y through the centre that the ink follows best: to the right at the top is positive.
    slant = torch.atan(-mean(dx * dy) / mean(dy * dy)).rad2deg()
    width, height = mean(dx * dx).sqrt(), mean(dy * dy).sqrt()
    return {"ink": ink.mean((1, 2)) * 100, "slant": slant, "width": width, "height": height}
