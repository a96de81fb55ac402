"""Looking at what G makes, without disturbing its training."""

import torch
from torch import Tensor, nn

from ganbook.base import seeds, validate
from ganbook.base.errors import InputError
from ganbook.models import with_labels


def fixed_noise(G: nn.Module, n: int, *, seed: int = 0) -> Tensor:
    """Return z (n, G.z_dim) ~ N(0, I) that depends on `seed` and `n` only, on G's device.

    Raises InputError if n < 1, or G does not say how long its noise is.
    """
    validate.at_least(1, "n", n)
    validate.generator(G)
    device = next(G.parameters()).device
    return torch.randn(n, G.z_dim, generator=seeds.generator("sample", seed)).to(device)


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

    G is in evaluation mode meanwhile, so that an image does not depend on its neighbours in the batch (BatchNorm would
    take its statistics from them), and then back in the mode of each of its layers. No random state is touched: a
    training goes on, bit for bit, as if nobody had looked.

    Raises InputError if z or y has another shape, or n or chunk is less than 1.
    """
    validate.at_least(1, "chunk", chunk)
    z = fixed_noise(G, n, seed=seed) if z is None else z
    if z.ndim != 2 or len(z) == 0 or z.shape[1] != getattr(G, "z_dim", z.shape[1]):
        raise InputError(f"Expected noise z (n, {getattr(G, 'z_dim', 'z_dim')}), n >= 1, got {tuple(z.shape)}.")
    z = z.to(next(G.parameters(), z))  # their device and their type
    if y is None:
        y = torch.arange(len(z), device=z.device) % getattr(G, "classes", 1)
    if y.shape != z.shape[:1]:
        raise InputError(f"Expected labels y ({len(z)},), one for each z, got {tuple(y.shape)}.")
    y = y.to(z.device)
    modes = {module: module.training for module in G.modules()}
    G.eval()
    try:
        return torch.cat([with_labels(G, labels)(noise) for noise, labels in zip(z.split(chunk), y.split(chunk))])
    finally:
        for module, training in modes.items():
            module.training = training
