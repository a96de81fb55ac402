"""Discriminators that see more than one image, so that samples which are all alike give themselves away.

`Discrimination` and `Deviation` are layers: each takes features h (m, n) and returns (m, n + extra). With one of them
D(x_i) depends on the batch that x_i is in: real and fake must go through D apart, and a gradient penalty has no
meaning. `Packed` shows D a few images as one.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganbook.base.errors import InputError


class OfBatch(nn.Module):
    """h (m, n) -> (m, n + extra)."""

    extra: int


class Discrimination(OfBatch):
    """Minibatch discrimination: Salimans et al. (2016), "Improved techniques for training GANs", section 3.2.

    Each image gets a matrix M_i = h_i T of `kernels` rows of length `dims`; for each row it is told how near the other
    images of the batch are: o(x_i)_b = sum over j of exp(-||M_ib - M_jb||_1), j = i left out because it adds 1 always.
    """

    def __init__(self, n: int, kernels: int = 16, dims: int = 8) -> None:
        super().__init__()
        self.extra = kernels
        self.T = nn.Linear(n, kernels * dims, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        M = self.T(h).unflatten(1, (self.extra, -1))  # (m, n) -> (m, kernels, dims)
        apart = (M[:, None] - M[None]).abs().sum(-1)  # (m, m, kernels), 0 on the diagonal
        near = torch.exp(-apart).sum(1) - 1  # (m, m, kernels) -> (m, kernels)
        return torch.cat([h, near], dim=1)


class Deviation(OfBatch):
    """Minibatch standard deviation: Karras et al. (2018), "Progressive growing of GANs", section 3.

    One number for the whole batch, the mean over the features of their standard deviation in the batch, is shown to
    every image. It has no parameters.
    """

    extra = 1

    def __init__(self, n: int) -> None:
        super().__init__()

    def forward(self, h: Tensor) -> Tensor:
        spread = (h.var(0, correction=0) + 1e-8).sqrt().mean()  # (m, n) -> (); a root at 0 has no gradient
        return torch.cat([h, spread.expand(len(h), 1)], dim=1)


class Packed(nn.Module):
    """PacGAN: Lin et al. (2018), "PacGAN: the power of two samples in generative adversarial networks", section 2.

    D is asked about `pack` images at once, all real or all fake, laid on top of each other as channels: x (m, c, h, w)
    -> logits (m / pack,), and the same for points (m, c). pack must divide m. The loop reads the attribute `pack`, and
    expects so many logits.
    D: called with the number of channels, gives the discriminator: lambda c: dcgan.Discriminator(channels=c).
    """

    def __init__(self, D: Callable[[int], nn.Module], pack: int = 2, channels: int = 1) -> None:
        super().__init__()
        self.pack, self.D = pack, D(pack * channels)

    def forward(self, x: Tensor) -> Tensor:
        if len(x) % self.pack:
            raise InputError(f"Expected images in packs of {self.pack}, got {len(x)} of them, which do not divide.")
        return self.D(x.unflatten(0, (-1, self.pack)).flatten(1, 2))  # (m, c, ...) -> (m / pack, pack c, ...)
