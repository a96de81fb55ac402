"""Augmentation on the way to D, of real and generated images alike, through which G's gradient passes.

Zhao et al. (2020), "Differentiable augmentation for data-efficient GAN training", section 3.2; the probability is that
of Karras et al. (2020), "Training generative adversarial networks with limited data", section 2.2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganbook.base import validate
from ganbook.base.distributed import shared_draw
from ganbook.base.errors import InputError
from ganbook.objectives.changed_images import ChangedImages

PAPER = -1.0  # what comes in from outside, and what a square is cut out to: black, as in ganbook.data.rotate


def brighten(x: Tensor, by: Tensor) -> Tensor:
    """Add by (m,) to all pixels of images x (m, c, h, w). What leaves [-1, 1] is kept, so it can be undone."""
    validate.one_each(x, "by", by)
    return x + by[:, None, None, None]


def shift(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Move each image of x (m, c, h, w) by its own whole numbers of pixels, int64 (m,); paper comes in from outside."""
    validate.one_each(x, "down", down, whole=True)
    validate.one_each(x, "right", right, whole=True)
    _, c, h, w = x.shape
    rows = torch.arange(h, device=x.device) - down[:, None]  # (m, h): the row that each row is read from
    columns = torch.arange(w, device=x.device) - right[:, None]  # (m, w)
    moved = x.gather(2, rows.clamp(0, h - 1)[:, None, :, None].expand(-1, c, -1, w))
    moved = moved.gather(3, columns.clamp(0, w - 1)[:, None, None, :].expand(-1, c, h, -1))
    inside = _within(rows, 0, h)[:, :, None] & _within(columns, 0, w)[:, None, :]  # (m, h, w)
    return torch.where(inside[:, None], moved, PAPER)


def cut_out(x: Tensor, row: Tensor, column: Tensor, side: int) -> Tensor:
    """Cover a square of `side` pixels around (row, column), int64 (m,), of each image of x (m, c, h, w) with paper.

    What of the square lies outside the image is lost.
    """
    validate.one_each(x, "row", row, whole=True)
    validate.one_each(x, "column", column, whole=True)
    h, w = x.shape[-2:]
    top, left = (row - side // 2)[:, None], (column - side // 2)[:, None]  # (m, 1)
    rows = _within(torch.arange(h, device=x.device), top, top + side)  # (m, h)
    columns = _within(torch.arange(w, device=x.device), left, left + side)  # (m, w)
    return torch.where((rows[:, :, None] & columns[:, None, :])[:, None], PAPER, x)


def _within(i: Tensor, low: int | Tensor, high: int | Tensor) -> Tensor:
    return (i >= low) & (i < high)


def _brightness(x: Tensor, u: Tensor) -> Tensor:
    return brighten(x, u[:, 0] - 0.5)


def _shift(x: Tensor, u: Tensor) -> Tensor:
    down, right = (_whole(a, 2 * (side // 8) + 1) - side // 8 for a, side in zip(u.T, x.shape[-2:]))
    return shift(x, down, right)


def _cutout(x: Tensor, u: Tensor) -> Tensor:
    row, column = (_whole(a, side) for a, side in zip(u.T, x.shape[-2:]))
    return cut_out(x, row, column, min(x.shape[-2:]) // 2)


def _whole(u: Tensor, n: int) -> Tensor:
    """One of 0 ... n - 1 for each u in [0, 1)."""
    return (u * n).long().clamp(max=n - 1)  # u * n may round up to n


# In the order in which they are applied: what each makes of images (m, c, h, w) and of two uniform numbers an image.
# Their strengths are those of Zhao et al.: brightness by up to 0.5, shifts by up to an eighth of the side, squares of
# half the side. They fill with 0, which in [-1, 1] is grey.
KINDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"brightness": _brightness, "shift": _shift, "cutout": _cutout}


def augment(x: Tensor, kinds: Sequence[str] = tuple(KINDS), p: float = 1.0) -> Tensor:
    """Apply each of `kinds` to each of the images x (m, c, h, w) with probability p, each time with numbers of its own.

    The numbers are drawn from torch's global generator, which `train` starts anew for each step. Gradients pass.
    Raises InputError for a kind that is not in KINDS, p outside [0, 1], or an x that is no batch of images.
    """
    _check(kinds, p)
    if x.ndim != 4:
        raise InputError(f"Expected images x (m, c, h, w), got {tuple(x.shape)}.")
    if not kinds or not p:
        return x
    u = shared_draw(torch.rand, (len(x), len(kinds), 3), x.device)
    for i, kind in enumerate(name for name in KINDS if name in kinds):
        chosen = u[:, i, 2] < p  # (m,), one decision an image and kind
        x = torch.where(chosen[:, None, None, None], KINDS[kind](x, u[:, i, :2]), x)
    return x


def _check(kinds: Sequence[str], p: float) -> None:
    if not set(kinds) <= set(KINDS) or not 0 <= p <= 1:
        raise InputError(f"Expected kinds of {', '.join(KINDS)} and p in [0, 1], got {tuple(kinds)} and {p}.")


@dataclass(frozen=True)
class Augmented(ChangedImages):
    """Any `objective`, with all images that D sees augmented: real and fake, also when G is updated.

    kinds, p: see `augment`. fakes: False leaves the fakes as they are. Then G learns to draw augmented images.
    """

    objective: Any
    kinds: tuple[str, ...] = tuple(KINDS)
    p: float = 1.0
    fakes: bool = True

    def __post_init__(self) -> None:
        _check(self.kinds, self.p)

    def change(self, x: Tensor) -> Tensor:
        """Return augment(x, kinds, p)."""
        return augment(x, self.kinds, self.p)


def centres(x: Tensor) -> Tensor:
    """Return where the ink of images x (n, c, h, w) in [-1, 1] has its centre, (n, 2): rows down, columns right.

    In pixels from the middle of the image; an image without ink has (0, 0). MNIST's digits lie with their centre in the
    middle, so the spread of the centres of samples tells whether shifts have leaked.
    Raises InputError if x is no batch of images.
    """
    if x.ndim != 4:
        raise InputError(f"Expected images x (n, c, h, w), got {tuple(x.shape)}.")
    ink = (x + 1).sum(1)  # (n, c, h, w) -> (n, h, w), 0 where there is paper
    total = ink.sum((1, 2)).clamp(min=1e-6)
    places = (torch.arange(side, device=x.device) - (side - 1) / 2 for side in ink.shape[1:])
    return torch.stack([(ink.sum(2 - i) * place).sum(1) / total for i, place in enumerate(places)], dim=1)
