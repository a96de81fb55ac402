"""Toy data whose density is known: mixtures of Gaussians on a line or in the plane."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbook.base import seeds, validate
from ganbook.base.errors import InputError


@dataclass(frozen=True)
class Mixture:
    """Equal parts of Gaussians N(mean, sd^2 I): `means` (modes, dim). Data for `train`, like ganbook.data.Digits."""

    means: Tensor
    sd: float

    def __post_init__(self) -> None:
        if self.means.ndim != 2 or 0 in self.means.shape or not 0 < self.sd < math.inf:
            raise InputError(
                f"Expected means (modes, dim) and a sd above 0, got {tuple(self.means.shape)} and {self.sd}."
            )
        if not (self.means.is_floating_point() and self.means.isfinite().all()):
            raise InputError(f"Expected means of finite floating point numbers, got {self.means.dtype} or NaN.")

    @property
    def fingerprint(self) -> str:
        """What tells this mixture from another, so that a run is continued on what it was trained on."""
        return f"mixture {self.means.tolist()} sd={self.sd}"

    def sample(self, n: int, *, seed: int = 0, batch: int = 0) -> tuple[Tensor, Tensor]:
        """Return points x (n, dim) and the mode y (n,) each was drawn from. Raises InputError if n is negative."""
        validate.at_least(0, "n", n)
        rng = seeds.generator("points", seed, batch)
        y = torch.randint(len(self.means), (n,), generator=rng)
        return self.means[y] + self.sd * torch.randn(n, self.means.shape[1], generator=rng), y

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give x (m, dim) and y (m,) for ever; batch t depends on `seed` and t only.

        Raises InputError if `m` is less than 1, or `start` is negative.
        """
        validate.at_least(1, "batch size m", m)
        validate.at_least(0, "start", start)
        return (self.sample(m, seed=seed, batch=t) for t in itertools.count(start))

    def log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) (n,) at points x (n, dim), in nats. Raises InputError for points of another dimension."""
        self._check(x)
        squares = (x[:, None] - self.means).square().sum(-1)  # (n, modes)
        each = -squares / (2 * self.sd**2) - self.means.shape[1] / 2 * math.log(2 * math.pi * self.sd**2)
        return each.logsumexp(1) - math.log(len(self.means))

    def coverage(self, x: Tensor, *, within: float = 3.0, least: float = 0.01) -> tuple[int, float]:
        """Return how many modes points x (n, dim) reach, and the share of points near any mode.

        A point is near the closest mode if it is at most `within` standard deviations away; a mode counts as reached if
        it has `least` of all points (Srivastava et al., 2017, section 4, count with three standard deviations).

        Raises InputError if there is no point, or they are of another dimension.
        """
        self._check(x)
        validate.at_least(1, "the number of points x", len(x))
        apart, nearest = torch.cdist(x.to(self.means), self.means).min(1)
        near = apart <= within * self.sd
        counts = nearest[near].bincount(minlength=len(self.means))
        return int((counts >= max(1, least * len(x))).sum()), float(near.float().mean())

    def _check(self, x: Tensor) -> None:
        dim = self.means.shape[1]
        if x.ndim != 2 or x.shape[1] != dim or not x.is_floating_point():
            raise InputError(f"Expected points x (n, {dim}), floating point, got {x.dtype} {tuple(x.shape)}.")


def ring(modes: int = 8, radius: float = 2.0, sd: float = 0.05) -> Mixture:
    """Gaussians at equal distances on a circle (Metz et al., 2017, figure 2: eight modes)."""
    validate.at_least(1, "modes", modes)
    angle = torch.arange(modes) * (2 * math.pi / modes)
    return Mixture(radius * torch.stack([angle.cos(), angle.sin()], dim=1), sd)


def grid(side: int = 5, gap: float = 2.0, sd: float = 0.05) -> Mixture:
    """side x side Gaussians around the origin (Srivastava et al., 2017, section 4.1: 25 modes)."""
    validate.at_least(1, "side", side)
    place = (torch.arange(side) - (side - 1) / 2) * gap
    return Mixture(torch.cartesian_prod(place, place), sd)


def moons(pieces: int = 24, radius: float = 1.5, sd: float = 0.1) -> Mixture:
    """Two half circles that hook into each other, each a string of `pieces` Gaussians so close that no gap is seen."""
    validate.at_least(1, "pieces", pieces)
    angle = torch.linspace(0, math.pi, pieces)
    upper = radius * torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
    return Mixture(torch.cat([upper, -upper]), sd)
