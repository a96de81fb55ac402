"""Fully connected pair, as in Goodfellow et al. (2014): every pixel is connected to every unit."""

import math
from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

from ganbook.models import OfNoise
from ganbook.models.minibatch import OfBatch


def activation(slope: float) -> nn.Module:
    """ReLU for slope 0 (Glorot et al., 2011), else LeakyReLU (Maas et al., 2013)."""
    return nn.LeakyReLU(slope) if slope else nn.ReLU()


class Generator(OfNoise):
    """z (m, z_dim) -> x (m, *image) in [-1, 1].

    hidden: widths of the hidden layers, from z to x; may be empty (one linear map).
    slope: of the activation for negative inputs; 0 is ReLU.
    norm: BatchNorm after each hidden linear layer (Ioffe and Szegedy, 2015).
    """

    def __init__(
        self,
        z_dim: int = 100,
        hidden: tuple[int, ...] = (256, 512, 1024),
        image: tuple[int, ...] = (1, 28, 28),
        slope: float = 0.0,
        norm: bool = False,
    ) -> None:
        super().__init__(z_dim)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((z_dim, *hidden)):
            layers += [nn.Linear(n_in, n_out)]  # (m, n_in) -> (m, n_out)
            layers += [nn.BatchNorm1d(n_out)] if norm else []
            layers += [activation(slope)]
        last = nn.Linear((z_dim, *hidden)[-1], math.prod(image))
        self.layers = nn.Sequential(*layers, last, nn.Tanh(), nn.Unflatten(1, image))

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Discriminator(nn.Module):
    """x (m, *image) in [-1, 1] -> logits (m,).

    hidden: widths of the hidden layers, from x to the logit; may be empty (logistic regression).
    slope: of the activation for negative inputs; 0 is ReLU.
    dropout: probability of dropping a unit after each hidden layer (Srivastava et al., 2014).
    minibatch: as in ganbook.models.dcgan.Discriminator.
    """

    def __init__(
        self,
        image: tuple[int, ...] = (1, 28, 28),
        hidden: tuple[int, ...] = (1024, 512, 256),
        slope: float = 0.0,
        dropout: float = 0.3,
        minibatch: Callable[[int], OfBatch] | None = None,
    ) -> None:
        super().__init__()
        sizes = (math.prod(image), *hidden)
        layers: list[nn.Module] = [nn.Flatten()]  # (m, *image) -> (m, prod(image))
        for n_in, n_out in pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), activation(slope)]  # (m, n_in) -> (m, n_out)
            layers += [nn.Dropout(dropout)] if dropout else []
        look = minibatch(sizes[-1]) if minibatch else None
        layers += [look] if look else []  # (m, n) -> (m, n + extra)
        last = nn.Linear(sizes[-1] + (look.extra if look else 0), 1)
        self.layers = nn.Sequential(*layers, last, nn.Flatten(0))  # (m, 1) -> (m,)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
