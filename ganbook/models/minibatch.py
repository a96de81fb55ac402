"""Layers that let a discriminator see a whole minibatch, so that samples which are all alike give themselves away.

Each takes features h (m, n) and returns (m, n + extra). With one of them D(x_i) depends on the batch that x_i is in:
real and fake must go through D apart, and a gradient penalty has no meaning.
"""

import torch
from torch import Tensor, nn


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
