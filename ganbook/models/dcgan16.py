"""Convolutional pair for 16x16 images with any number of channels: the sizes of tutorial B."""

from torch import Tensor, nn


class Generator(nn.Module):
    """z (m, z_dim) -> x (m, channels, 16, 16) in [-1, 1]."""

    def __init__(self, z_dim: int = 100, width: int = 64, channels: int = 1) -> None:
        super().__init__()
        self.z_dim = z_dim
        self.layers = nn.Sequential(
            nn.Unflatten(1, (z_dim, 1, 1)),  # (m, z_dim) -> (m, z_dim, 1, 1)
            *(nn.ConvTranspose2d(z_dim, 2 * width, 4, 1, 0), nn.BatchNorm2d(2 * width), nn.ReLU()),  # 1 -> 4
            *(nn.ConvTranspose2d(2 * width, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU()),  # 4 -> 8
            *(nn.ConvTranspose2d(width, channels, 4, 2, 1), nn.Tanh()),  # 8 -> 16
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Discriminator(nn.Module):
    """x (m, channels, 16, 16) in [-1, 1] -> logits (m,).

    On another size the last convolution leaves more than one number an image, and the linear layer says so: a
    `view(-1, 1)` in its place would turn a 28x28 image into 16 rows without a word.
    """

    def __init__(self, width: int = 64, channels: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)),  # 16 -> 8
            *(nn.Conv2d(width, 2 * width, 4, 2, 1), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2)),  # 8 -> 4
            *(nn.Conv2d(2 * width, 1, 4, 1, 0), nn.Flatten()),  # 4 -> 1, (m, 1, 1, 1) -> (m, 1)
            *(nn.Linear(1, 1), nn.Flatten(0)),  # (m, 1) -> (m,)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
