"""Stacked MNIST: colour images with a thousand modes."""

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor

from ganbook.base import seeds, validate
from ganbook.data.images import Images


class Stacked:
    """Stacked MNIST: three digits drawn at random in the channels red, green and blue, 10^3 = 1000 modes.

    Metz et al. (2017), section 3.3.1; Srivastava et al. (2017), section 4.1. The three are drawn anew for each image of
    each batch, so the set has no last image; the label of an image is 100 r + 10 g + b.
    """

    def __init__(self, digits: Images) -> None:
        self.digits = digits
        self.fingerprint = f"{digits.fingerprint} stacked"

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give x (m, 3, h, w) in [-1, 1] and labels y (m,) from 0 to 999 for ever; batch t depends on `seed`
        and t only.

        Raises InputError if `m` is less than 1, or `start` is negative.
        """
        validate.at_least(1, "batch size m", m)
        validate.at_least(0, "start", start)
        return (self._batch(m, seed, t) for t in itertools.count(start))

    def _batch(self, m: int, seed: int, t: int) -> tuple[Tensor, Tensor]:
        rng = seeds.generator("stacked", seed, t)
        index = torch.randint(len(self.digits), (m, 3), generator=rng).to(self.digits.images.device)
        x, y = self.digits[index]  # (m, 3, 1, h, w) in [-1, 1], (m, 3)
        return x.squeeze(2), (y * torch.tensor([100, 10, 1], device=y.device)).sum(1)
