"""Looking at what G makes, without disturbing its training."""

import torch
from torch import Tensor, nn

from ganbook import expect, seeds
from ganbook.errors import InputError
from ganbook.models import given


def fixed_noise(G: nn.Module, n: int, *, seed: int = 0) -> Tensor:
    """Return z (n, G.z_dim) ~ N(0, I) that depends on `seed` and `n` only, on G's device.

    Raises InputError if n < 1, or G does not say how long its noise is.
    """
    expect.at_least(1, "n", n)
    expect.generator(G)
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
    expect.at_least(1, "chunk", chunk)
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
        return torch.cat([given(G, labels)(noise) for noise, labels in zip(z.split(chunk), y.split(chunk))])
    finally:
        for module, training in modes.items():
            module.training = training


def tile(x: Tensor, columns: int = 8, gap: int = 1) -> Tensor:
    """Lay images x (n, c, h, w) in [-1, 1] out in rows: one picture (H, W) or (H, W, 3) in [0, 1], gaps at 0.5.

    Raises InputError if x is not a batch of images with 1 or 3 channels, or leaves [-1, 1], or columns < 1.
    """
    x = expect.images(x, 1, 3).cpu()
    expect.at_least(1, "columns", columns)
    expect.at_least(0, "gap", gap)
    n, c, h, w = x.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    sheet = torch.full((rows * columns, c, h + gap, w + gap), 0.0)
    sheet[:n, :, :h, :w] = x
    sheet = sheet.unflatten(0, (rows, columns)).permute(2, 0, 3, 1, 4)  # -> (c, rows, h, columns, w)
    picture = sheet.reshape(c, rows * (h + gap), columns * (w + gap))[:, : -gap or None, : -gap or None]
    picture = (picture + 1) / 2
    return picture[0] if c == 1 else picture.permute(1, 2, 0)
