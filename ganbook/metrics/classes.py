"""Which classes a generator draws, and how often."""

import torch
from torch import Tensor

from ganbook.metrics import checks


def class_shares(y: Tensor, classes: int = 10) -> Tensor:
    """Return the share (classes,) of each label among y (n,), labels from 0 to classes - 1; the shares sum to 1.

    Raises ValueError if there is no label, or one is out of range.
    """
    _look_at(f"labels y (n,), whole numbers from 0 to {classes - 1}", y, classes)
    return checks.double(y.bincount(minlength=classes)) / len(y)


def purity(groups: Tensor, y: Tensor) -> float:
    """Return the share of samples whose label is the most frequent one of their group: 1 if no group mixes labels.

    groups, y: the group and the label of each sample (n,), whole numbers of 0 or more. Groups that are drawn without
    regard to the labels get about the share of the most frequent label. Manning, Raghavan and Schütze (2008),
    "Introduction to Information Retrieval", section 16.3.

    Raises ValueError unless both have one length, of 1 or more, and hold such numbers.

    >>> import torch
    >>> from ganbook.metrics.classes import purity
    >>> purity(torch.tensor([0, 0, 0, 1]), torch.tensor([7, 7, 2, 2]))
    0.75
    """
    _look_at("groups (n,), whole numbers of 0 or more", groups)
    _look_at("y (n,), whole numbers of 0 or more", y)
    if len(groups) != len(y):
        raise ValueError(f"Expected groups and y of one length, got {len(groups)} and {len(y)}.")
    classes = int(y.max()) + 1
    counts = (groups * classes + y).bincount(minlength=(int(groups.max()) + 1) * classes).unflatten(0, (-1, classes))
    return int(counts.max(1).values.sum()) / len(y)


def kl(shares: Tensor, reference: Tensor) -> float:
    """Return KL(shares || reference) = sum p log(p / q) in nats, for shares p (c,) and reference q (c,).

    Infinite if the samples have a class that the reference has not. This direction is that of the mode counts of
    Srivastava et al. (2017), VEEGAN, section 4.1. A lost class does not make it infinite; see `modes` for that.

    Raises ValueError unless both have one length, and nothing in them is negative or NaN.
    """
    if shares.ndim != 1 or shares.shape != reference.shape:
        found = f"{tuple(shares.shape)} and {tuple(reference.shape)}"
        raise ValueError(f"Expected shares and reference (c,), of one length, got {found}.")
    for name, part in (("shares", shares), ("reference", reference)):
        if not (part >= 0).all():
            raise ValueError(f"Expected {name} of 0 or more, got {float(part.min()):.3g}.")
    p, q = checks.double(shares), checks.double(reference)
    return float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum())


def modes(y: Tensor, classes: int = 10, *, least: float | Tensor = 0.02) -> int:
    """Return how many classes hold at least the share `least` of the labels y (n,); never one that is not there.

    least: one share, or one for each class (classes,). With 0 a single sample is enough, as in the counts of 1,000
    modes of Srivastava et al. (2017).

    Raises ValueError as `class_shares` does, or if `least` is neither.
    """
    shares = class_shares(y, classes)
    least = torch.as_tensor(least, device=shares.device)
    if least.ndim and least.shape != shares.shape:
        raise ValueError(f"Expected the share `least`, one or ({classes},) of them, got {tuple(least.shape)}.")
    return int(((shares >= least) & (shares > 0)).sum())


def _look_at(expected: str, y: Tensor, classes: int | None = None) -> None:
    """Say so unless y (n,) are whole numbers of 0 or more, at least one, and below `classes`, if that is given."""
    whole = not y.is_floating_point() and y.dtype != torch.bool
    if not whole or y.ndim != 1 or len(y) == 0 or y.min() < 0 or (classes is not None and y.max() >= classes):
        raise ValueError(
            f"Expected {expected}, at least one, got {y.dtype} {tuple(y.shape)} {y.flatten()[:5].tolist()}..."
        )
