"""Fréchet distance between two sets of features, each taken as a normal distribution."""

import torch
from torch import Tensor

from ganbook.metrics import checks


def frechet(a: Tensor, b: Tensor) -> float:
    """Return ||mu_a - mu_b||^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)) of features a (n, d) and b (k, d).

    Zero for the same mean and covariance. Source: Dowson and Landau (1982); on the features of a classifier, Heusel et
    al. (2017), eq. 6. It depends on n (few samples read as far away), so compare at equal n and quote the distance
    between two sets of real images beside it.

    Raises ValueError unless both are features of one length, 2 rows or more, all finite.
    """
    checks.features({"a": a, "b": b}, least=2)
    (mu_a, s_a), (mu_b, s_b) = _moments(a), _moments(b)
    # tr (S_a S_b)^(1/2) is the sum of the roots of the eigenvalues of S_a^(1/2) S_b S_a^(1/2), which is symmetric:
    # no matrix that is not, and no complex number, is ever formed.
    values, vectors = torch.linalg.eigh(s_a)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ s_b @ root).clamp(min=0).sqrt().sum()
    return float((mu_a - mu_b).square().sum() + s_a.trace() + s_b.trace() - 2 * cross)


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d) in float64, on the CPU."""
    x = x.cpu().double()
    return x.mean(dim=0), torch.cov(x.T)
