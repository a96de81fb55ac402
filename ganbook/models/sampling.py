"""Looking at what G makes, without disturbing its training."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ganbook.base import seeds, validate
from ganbook.base.errors import InputError
from ganbook.models import device_of, takes_labels, with_labels


def fixed_noise(G: nn.Module, n: int, *, seed: int = 0) -> Tensor:
    """Return z (n, G.z_dim) ~ N(0, I) that depends on `seed` and `n` only, on G's device.

    Raises InputError if n < 1, or G does not say how long its noise is.
    """
    n = validate.whole(1, "n", n)
    return torch.randn(n, validate.generator(G), generator=seeds.generator("sample", seed)).to(device_of(G))


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Within the block `network` is in evaluation mode; then each of its layers is in the mode in which it was."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


@torch.no_grad()
def sample(
    G: nn.Module,
    n: int = 64,
    *,
    seed: int = 0,
    z: Tensor | None = None,
    y: Tensor | None = None,
    chunk: int = 500,
) -> Tensor:
    """Return images G(z) (n, c, h, w) in [-1, 1] for fixed noise of `seed`, or for the noise `z` (n, z_dim) given.

    y: labels (n,) for a G that takes labels; without them they are 0, 1, ..., classes - 1, and again from 0.
    chunk: how many images go through G at once.

    G is in evaluation mode meanwhile, so that an image does not depend on its neighbours in the batch (BatchNorm would
    take its statistics from them), and then back in the mode of each of its layers. No random state is touched: a
    training goes on, bit for bit, as if nobody had looked.

    Raises InputError if z or y has another shape, G does not know a label, or n or chunk is less than 1.

    >>> from ganbook import sample
    >>> from ganbook.models import mlp
    >>> sample(mlp.Generator(), 10, seed=3).shape
    torch.Size([10, 1, 28, 28])
    """
    chunk = validate.whole(1, "chunk", chunk)
    if z is None and isinstance(n, Tensor) and n.ndim > 1:
        raise InputError(f"Expected n as a whole number, got {validate.got(n)}. Pass noise as z: sample(G, z=z).")
    z = fixed_noise(G, n, seed=seed) if z is None else z
    if z.ndim != 2 or len(z) == 0 or z.shape[1] != getattr(G, "z_dim", z.shape[1]):
        raise InputError(f"Expected noise z (n, {getattr(G, 'z_dim', 'z_dim')}), n >= 1, got {tuple(z.shape)}.")
    z = z.to(next(G.parameters(), z))  # their device and their type
    y = _labels(G, y, len(z)).to(z.device)
    with evaluating(G):
        return torch.cat([with_labels(G, labels)(noise) for noise, labels in zip(z.split(chunk), y.split(chunk))])


def _labels(G: nn.Module, y: Tensor | None, n: int) -> Tensor:
    """The labels (n,) to ask G for: y, or each class in turn; zeros, which nobody reads, for a G that takes none."""
    classes = getattr(G, "classes", None) if takes_labels(G) else None
    if y is None:
        if takes_labels(G) and classes is None:
            raise InputError("Expected labels y (n,) for a G that takes labels and has no attribute classes.")
        return torch.arange(n) % (classes or 1)
    if len(y.shape) == 0 or len(y) != n:
        raise InputError(f"Expected labels y ({n},), one for each z, got {tuple(y.shape)}.")
    if classes is not None:
        validate.labels(y, n, classes, "G")
    return y


def labels_in_turn(counts: Mapping[int, int], n: int) -> Tensor:
    """Return n labels: those that images have (label -> how many, as `Images.counts`) in turn, again and again.

    A G that was trained on digits 3 and 7 is asked for 3, 7, 3, ...

    Raises InputError if there is no label, or n < 1.
    """
    n = validate.whole(1, "n", n)
    labels = _occurring(counts)
    return labels[torch.arange(n) % len(labels)]


def labels_in_shares(counts: Mapping[int, int], n: int, *, seed: int = 0) -> Tensor:
    """Return n labels, of which each class has its share among images (label -> how many, as `Images.counts`).

    The number of a class is n times its share, rounded down or up. Their order is drawn at random from `seed`.

    Raises InputError if there is no label, or n < 1.
    """
    n = validate.whole(1, "n", n)
    labels = _occurring(counts)
    upto = torch.tensor([counts[y] for y in labels.tolist()]).cumsum(0)  # images of this class and those before it
    middles = (2 * torch.arange(n) + 1) * upto[-1] // (2 * n)  # of n equal pieces of the images, sorted by label
    order = torch.randperm(n, generator=seeds.generator("labels", seed))
    return labels[torch.searchsorted(upto, middles, right=True)][order]


def _occurring(counts: Mapping[int, int]) -> Tensor:
    """The labels that occur, in order."""
    labels = sorted(y for y, count in counts.items() if count > 0)
    if not labels:
        raise InputError(
            f"Expected counts of images by their label, such as {{3: 100, 7: 100}}, got {validate.got(counts)}."
        )
    return torch.tensor(labels)
