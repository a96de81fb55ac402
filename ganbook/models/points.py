"""A pair for points in the plane (or on a line): everything a GAN has, small enough to draw."""

from itertools import pairwise

from torch import Tensor, nn

from ganbook.models import OfNoise


def _layers(sizes: tuple[int, ...]) -> nn.Sequential:
    """Linear layers of these sizes with LeakyReLU 0.2 between them."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


class Generator(OfNoise):
    """z (m, z_dim) -> points (m, dim), anywhere; hidden=() is one linear map."""

    def __init__(self, z_dim: int = 2, hidden: tuple[int, ...] = (64, 64), dim: int = 2) -> None:
        super().__init__(z_dim)
        self.layers = _layers((z_dim, *hidden, dim))

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Discriminator(nn.Module):
    """Points (m, dim) -> logits (m,)."""

    def __init__(self, hidden: tuple[int, ...] = (64, 64), dim: int = 2) -> None:
        super().__init__()
        self.layers = nn.Sequential(_layers((dim, *hidden, 1)), nn.Flatten(0))  # (m, 1) -> (m,)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
