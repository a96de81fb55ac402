"""Convolutional pair whose sides double from layer to layer: tutorial B's at 16x16, the same rule at any other size."""

from torch import Tensor, nn

from ganbook.base.errors import InputError
from ganbook.models import OfNoise


def stages(size: int) -> tuple[int, int]:
    """Return the side of the first map and how often it doubles to reach `size`: 16: (4, 2), 28: (7, 2), 64: (4, 4).

    Raises InputError unless size is 4, 5, 6 or 7 times a power of 2 from 2 on.
    """
    start, doublings = size, 0
    while start > 7 and start % 2 == 0:
        start, doublings = start // 2, doublings + 1
    if not (4 <= start <= 7 and doublings):
        raise InputError(
            f"Expected a size that is 4, 5, 6 or 7 doubled at least once, such as 16, 28 or 32, got {size}."
        )
    return start, doublings


class Generator(OfNoise):
    """z (m, z_dim) -> x (m, channels, size, size) in [-1, 1]; the last hidden layer has `width` channels.

    One transposed convolution makes the first map out of z, each further one doubles the side (k4 s2 p1) and halves the
    channels.
    """

    def __init__(self, z_dim: int = 100, width: int = 64, channels: int = 1, size: int = 16) -> None:
        super().__init__(z_dim)
        start, doublings = stages(size)
        c = width * 2 ** (doublings - 1)
        layers: list[nn.Module] = [nn.Unflatten(1, (z_dim, 1, 1))]  # (m, z_dim) -> (m, z_dim, 1, 1)
        layers += [nn.ConvTranspose2d(z_dim, c, start, 1, 0), nn.BatchNorm2d(c), nn.ReLU()]  # 1 -> start
        for _ in range(doublings - 1):
            layers += [nn.ConvTranspose2d(c, c // 2, 4, 2, 1), nn.BatchNorm2d(c // 2), nn.ReLU()]  # side n -> 2n
            c //= 2
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(width, channels, 4, 2, 1), nn.Tanh())  # size/2 -> size

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Discriminator(nn.Module):
    """x (m, channels, size, size) in [-1, 1] -> logits (m,); the generator's stages the other way round.

    On another size the last convolution leaves more than one number an image, and the linear layer says so: a
    `view(-1, 1)` in its place would turn a 28x28 image into 16 rows without a word, in a network for 16x16.
    """

    def __init__(self, width: int = 64, channels: int = 1, size: int = 16) -> None:
        super().__init__()
        start, doublings = stages(size)
        layers = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]  # size -> size/2
        c = width
        for _ in range(doublings - 1):
            layers += [nn.Conv2d(c, 2 * c, 4, 2, 1), nn.BatchNorm2d(2 * c), nn.LeakyReLU(0.2)]  # side 2n -> n
            c *= 2
        layers += [nn.Conv2d(c, 1, start, 1, 0), nn.Flatten()]  # start -> 1, (m, 1, 1, 1) -> (m, 1)
        self.layers = nn.Sequential(*layers, nn.Linear(1, 1), nn.Flatten(0))  # (m, 1) -> (m,)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
