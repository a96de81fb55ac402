"""The Inception Score, here of the judge's class probabilities instead of an Inception network's."""

import torch
from torch import Tensor

from ganbook.metrics import checks


def inception_score(p: Tensor) -> float:
    """Return exp(E_x KL(p(y|x) || p(y))) of class probabilities p (n, c), each row summing to 1.

    From 1 (every image judged alike) to c (every image judged without doubt, all classes equally often).
    Source: Salimans et al. (2016), section 4. Real images are not looked at, so it cannot say how real the samples are.

    Raises ValueError if p is something else.
    """
    checks.features({"p": p})
    if p.min() < 0 or (p.sum(1) - 1).abs().max() > 1e-3:
        raise ValueError(f"Expected probabilities p (n, c), each row summing to 1, got sums from {p.sum(1).min():.3g}.")
    p = checks.double(p)
    marginal = p.mean(dim=0)  # (n, c) -> (c,)
    divergence = torch.special.xlogy(p, p).sum(1) - torch.xlogy(p, marginal).sum(1)  # 0 log 0 is 0
    return float(divergence.mean().exp())
