"""What nearest neighbours tell: precision, recall, density, coverage, and whether a generator copies."""

from typing import NamedTuple

import torch
from torch import Tensor

from ganbook.metrics import checks

CHUNK = 400  # rows of a distance matrix that are worked on at a time: few enough to stay in a CPU's cache


class PRDC(NamedTuple):
    """Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020)."""

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: Tensor, fake: Tensor, *, k: int = 5) -> PRDC:
    """Compare features real (n, d) and fake (j, d) by balls around each point that reach to its k-th neighbour.

    precision: the share of fakes that lie in the ball of some real point. How many are plausible?
    recall: the share of real points that lie in the ball of some fake. How much of the data is reached?
    density: in how many real balls a fake lies, over k. As precision, but an outlier among the real counts less; it can
        exceed 1.
    coverage: the share of real points whose ball holds a fake. As recall, but an outlier among the fakes counts less.

    Sources: Kynkäänniemi et al. (2019), eq. 1 and 2; Naeem et al. (2020), eq. 3 and 4. A point on the edge is outside.
    All depend on the sizes of the sets, so compare at equal n.

    Raises ValueError unless both sets have more than k points, k >= 1, and are finite features of one length.
    """
    checks.features({"real": real, "fake": fake})
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(f"Expected 1 <= k < the size of both sets, got k {k}, {len(real)} and {len(fake)}.")
    real, fake = checks.double(real), checks.double(fake)
    reach_real, reach_fake = _kth(real, k), _kth(fake, k)  # (n,), (j,)
    precise, dense = [], []
    covered = torch.zeros(len(real), dtype=torch.bool, device=real.device)
    recalled = covered.clone()
    for part, reach in zip(fake.split(CHUNK), reach_fake.split(CHUNK)):
        d2 = squared_distances(part, real)  # (c, n)
        in_real_ball = d2 < reach_real
        precise.append(in_real_ball.any(1))
        dense.append(in_real_ball.sum(1))
        covered |= in_real_ball.any(0)
        recalled |= (d2 < reach[:, None]).any(0)
    return PRDC(
        precision=int(torch.cat(precise).sum()) / len(fake),
        recall=int(recalled.sum()) / len(real),
        density=int(torch.cat(dense).sum()) / len(fake) / k,
        coverage=int(covered.sum()) / len(real),
    )


def nearest(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each row of a (n, d) its distance (n,) to the nearest row of b (k, d), and that row's index (n,).

    Raises ValueError unless both are finite features of one length.
    """
    checks.features({"a": a, "b": b})
    if a.dtype != b.dtype or not a.is_floating_point():
        raise ValueError(f"Expected features a and b of one floating point type, got {a.dtype} and {b.dtype}.")
    found = [squared_distances(part, b).min(dim=1) for part in a.split(CHUNK)]
    return torch.cat([f.values for f in found]).sqrt(), torch.cat([f.indices for f in found])


def copying(fake: Tensor, test: Tensor, train: Tensor) -> float:
    """Return the chance that a fake lies nearer to the training set than an unseen real image does; ties count half.

    fake (n, d), test (k, d), train (j, d). 0.5: the fakes keep the distance that new real images keep. Near 1: they are
    copies, or near them. Near 0: they are farther from all data than real images are, whatever the reason. It is a mean
    over all fakes, so that bad ones hide copies: see `copies`.
    Source: Meehan et al. (2020), "A non-parametric test to detect data-copying in generative models", section 3: the
    Mann-Whitney statistic U over n k, here without their cells.

    Raises ValueError unless all three are finite features of one length.
    """
    checks.features({"fake": fake, "test": test, "train": train})
    return nearer(nearest(fake, train)[0], nearest(test, train)[0])


def nearer(to_fake: Tensor, to_test: Tensor) -> float:
    """Return `copying` from the distances of fakes (n,) and of unseen real images (k,) to their nearest training image.

    Raises ValueError unless both are distances.
    """
    checks.features({"to_fake": to_fake[:, None], "to_test": to_test[:, None]})
    to_test = to_test.sort().values
    below = torch.searchsorted(to_test, to_fake)  # how many test distances are smaller
    up_to = torch.searchsorted(to_test, to_fake, right=True)  # smaller or equal
    return 1 - int((below + up_to).sum()) / len(to_fake) / (2 * len(to_test))


def copies(to_fake: Tensor, to_test: Tensor, cell_fake: Tensor, cell_test: Tensor, *, tail: float = 0.01) -> float:
    """Return the share of fakes that lie nearer to the training set than all but `tail` of the unseen real images do.

    to_fake (n,), to_test (k,): distances to the nearest training image. cell_fake (n,), cell_test (k,): the part of the
    space that each stands in, by whole numbers. A fake is compared with the real images of its own cell, since some
    are crowded: among MNIST's test images the nearest hundredth of all distances are nearly all of ones. It is not
    counted where there is no such image. About `tail` of new real images are counted, and all exact copies are,
    however bad the other fakes.
    The cells are the idea of Meehan et al. (2020), who compare ranks in each; this compares the lower tails.

    Raises ValueError unless the arguments fit together, and 0 < tail < 1.
    """
    checks.features({"to_fake": to_fake[:, None], "to_test": to_test[:, None]})
    if cell_fake.shape != to_fake.shape or cell_test.shape != to_test.shape or not 0 < tail < 1:
        raise ValueError(
            f"Expected a cell for each distance and tail in (0, 1), got {tuple(to_fake.shape)}, "
            f"{tuple(cell_fake.shape)}, {tuple(to_test.shape)}, {tuple(cell_test.shape)} and {tail}."
        )
    found = 0
    for cell in cell_test.unique():
        reach = to_test[cell_test == cell].quantile(tail)
        found += int((to_fake[cell_fake == cell] < reach).sum())
    return found / len(to_fake)


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Return |a_i - b_j|^2 (n, k) for a (n, d) and b (k, d), as |a|^2 + |b|^2 - 2 a·b: one product of matrices.

    Its rounding is some 1e-16 of |a|^2 in float64 and 1e-7 in float32, so equal rows may not come out at exactly 0;
    none comes out below.
    """
    d2 = torch.addmm(b.square().sum(1), a, b.T, alpha=-2)  # (n, d), (k, d) -> (n, k)
    return d2.add_(a.square().sum(1)[:, None]).clamp_(min=0)


def _kth(x: Tensor, k: int) -> Tensor:
    """The squared distance (n,) of each row of x (n, d) to its k-th nearest other row."""
    found = []
    for start in range(0, len(x), CHUNK):
        d2 = squared_distances(x[start : start + CHUNK], x)  # (c, n)
        own = torch.arange(len(d2), device=x.device)
        d2[own, own + start] = torch.inf  # a point is not its own neighbour
        found.append(d2.topk(k, dim=1, largest=False).values[:, -1])
    return torch.cat(found)
