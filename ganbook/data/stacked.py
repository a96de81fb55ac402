"""Stacked MNIST: colour images with a thousand modes."""

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor

from ganbook.base import seeds, validate
from ganbook.base.errors import InputError
from ganbook.data.images import Images


class Stacked:
    """Stacked MNIST: three digits drawn at random in the channels red, green and blue, 10^3 = 1000 modes.

    Metz et al. (2017), section 3.3.1; Srivastava et al. (2017), section 4.1. The three are drawn anew for each image of
    each batch, so the set has no last image, no length and no index: like a Mixture it is Data, and no Images. The
    label of an image is 100 r + 10 g + b, or K^2 r + K g + b for images of K classes.

    Raises InputError if the images are not grey.
    """

    def __init__(self, digits: Images) -> None:
        if digits[:1][0].shape[1] != 1:
            raise InputError(f"Expected grey images to stack, got {digits!r}. Colour images need no stacking.")
        self.digits = digits
        self.fingerprint = f"{digits.fingerprint} stacked"

    def __repr__(self) -> str:
        """What the images are made from, in a line."""
        return f"Stacked: colour images without end, three at random in red, green and blue of {self.digits!r}"

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give x (m, 3, h, w) in [-1, 1] and labels y (m,) for ever; batch t depends on `seed` and t only.

        Raises InputError if `m` is less than 1, or `start` is negative.
        """
        validate.at_least(1, "batch size m", m)
        validate.at_least(0, "start", start)
        places = len(self.digits.classes) ** torch.tensor([2, 1, 0], device=self.digits.labels.device)
        return (self._batch(m, seed, t, places) for t in itertools.count(start))

    def _batch(self, m: int, seed: int, t: int, places: Tensor) -> tuple[Tensor, Tensor]:
        rng = seeds.generator("stacked", seed, t)
        index = torch.randint(len(self.digits), (m, 3), generator=rng).to(self.digits.images.device)
        x, y = self.digits[index]  # (m, 3, 1, h, w) in [-1, 1], (m, 3)
        return x.squeeze(2), (y * places).sum(1)
