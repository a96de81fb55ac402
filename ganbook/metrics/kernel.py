"""Kernel distance between two sets of features: the maximum mean discrepancy of a cubic kernel, without bias."""

from typing import NamedTuple

import torch
from torch import Tensor

from ganbook.metrics import checks


class Estimate(NamedTuple):
    """A mean and its standard error, None where none is estimated."""

    value: float
    error: float | None


def kernel_distance(a: Tensor, b: Tensor, *, block: int = 1000) -> Estimate:
    """Return the squared maximum mean discrepancy of features a (n, d) and b (k, d), and its standard error.

    The kernel is (x·y / d + 1)^3 and the estimate unbiased, so it does not depend on n and may fall below 0 for equal
    sets: Bińkowski et al. (2018), "Demystifying MMD GANs", section 3, where it is called KID on Inception features.
    The sets are cut, in the order given, into disjoint blocks of `block`; the value is the mean over the blocks and the
    error their standard deviation over the root of their number (NaN for a single block). What fills no block is left
    out. The order must be random: blocks of a sorted set are far from the other set even where the whole is not. (The
    paper draws its blocks at random with replacement.)

    Raises ValueError if a set is smaller than one block, a block has fewer than 2 rows, or the features do not fit.
    """
    checks.features({"a": a, "b": b})
    blocks = min(len(a), len(b)) // block if block >= 2 else 0
    if blocks == 0:
        raise ValueError(f"Expected 2 <= block <= the size of both sets, got {block}, {len(a)} and {len(b)}.")
    pairs = zip(checks.double(a).split(block)[:blocks], checks.double(b).split(block)[:blocks])
    values = torch.stack([_mmd2(x, y) for x, y in pairs])
    return Estimate(float(values.mean()), float(values.std() / blocks**0.5) if blocks > 1 else float("nan"))


def _mmd2(x: Tensor, y: Tensor) -> Tensor:
    """The unbiased estimate for two sets of equal size m, eq. 3 of Gretton et al. (2012): x, y (m, d) -> ()."""
    m, d = x.shape

    def kernel(u: Tensor, v: Tensor) -> Tensor:
        return (u @ v.T / d + 1) ** 3  # (m, d), (m, d) -> (m, m)

    xx, yy = kernel(x, x), kernel(y, y)
    within = (xx.sum() - xx.trace() + yy.sum() - yy.trace()) / (m * (m - 1))  # no point is paired with itself
    return within - 2 * kernel(x, y).mean()
