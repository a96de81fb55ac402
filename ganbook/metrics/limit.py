"""The Fréchet distance that infinitely many samples would have, from what fewer and fewer of them have."""

import torch
from torch import Tensor

from ganbook.metrics import checks
from ganbook.metrics.frechet import frechet
from ganbook.metrics.kernel import Estimate

PIECE = 129  # rows of a piece, at least: the judge's 128 features and one, so that a covariance has full rank
PIECES = 4  # at most
GROUPS = 10  # of rows, of which the error leaves out one at a time


def frechet_limit(a: Tensor, b: Tensor) -> Estimate:
    """Return the Fréchet distance of features a and b (n, d) for n -> infinity, and its standard error.

    The distance of n rows is too large by about c / n, so a straight line through the distances of several sizes, drawn
    over 1 / n, meets the axis at the limit. Source: Chong and Forsyth (2020), FID_infinity, who draw 15 sizes anew.
    Here the sizes are n, n / 2, n / 3 and n / 4 (of few rows only the first two or three), each the mean over as many
    disjoint pieces, so that a row counts once at each size. The order of the rows must be random. The error is the
    jackknife's: what changes when each tenth of both sets is left out in turn. The limit of equal distributions is 0,
    and the estimate may fall below it.

    Raises ValueError unless both are finite features of one length and one number n >= 20.
    """
    checks.features({"a": a, "b": b}, least=2 * GROUPS)
    if len(a) != len(b):
        raise ValueError(f"Expected sets of one size, got {len(a)} and {len(b)}.")
    rows = torch.arange(len(a), device=a.device)
    pieces = min(max(len(a) // PIECE, 2), PIECES)
    without = torch.tensor([_intercept(a, b, rows[rows * GROUPS // len(a) != g], pieces) for g in range(GROUPS)])
    error = float(((GROUPS - 1) * without.var(correction=0)).sqrt())
    return Estimate(_intercept(a, b, rows, pieces), error)


def _intercept(a: Tensor, b: Tensor, rows: Tensor, pieces: int) -> float:
    """The value at 1 / n = 0 of the line of least squares through the mean distances of 1, 2, ..., `pieces` pieces.

    A row's number says in which piece it is, so that a row stays in its piece when others are left out.
    """
    found = []
    for k in range(1, pieces + 1):
        parts = [rows[rows % k == i] for i in range(k)]
        found.append((k / len(rows), sum(frechet(a[part], b[part]) for part in parts) / k))
    x, y = torch.tensor(found, dtype=torch.float64).T
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return float(y.mean() - slope * x.mean())
