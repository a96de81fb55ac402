"""Residual pair without normalisation, after R3GAN: Huang et al. (2024), "The GAN is dead; long live the GAN!".

Their networks have 20 million parameters each; the same parts are put together here for 28x28 pixels and a laptop.
"""

import math
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbook.base.errors import InputError
from ganbook.models import OfNoise
from ganbook.models.pyramid import stages

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)
SLOPE = 0.2  # of all LeakyReLUs
GAIN = math.sqrt(2 / (1 + SLOPE**2))  # keeps the variance of a signal through a LeakyReLU (He et al., 2015)


class Biased(nn.Module):
    """x (m, c, h, w) -> LeakyReLU(x + b), with one b a channel, 0 at first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x + self.bias, SLOPE)


class Block(nn.Module):
    """x (m, c, h, w) -> the same shape: x + conv1x1(act(grouped conv3x3(act(conv1x1(x))))).

    The inner width is `expansion` * c, in groups of `group` channels. The last convolution starts at 0, so at first
    the block changes nothing, and needs no normalisation to be deep (Zhang et al., 2019, "Fixup initialization").
    depth: the number of blocks of the network, by which the first two convolutions are damped.
    """

    def __init__(self, channels: int, depth: int, expansion: int = 2, group: int = 16) -> None:
        super().__init__()
        inner = expansion * channels
        if inner % group:
            raise InputError(f"Expected {expansion} x {channels} channels to be whole groups of {group}.")
        first = nn.Conv2d(channels, inner, 1, bias=False)
        second = nn.Conv2d(inner, inner, 3, padding=1, groups=inner // group, bias=False)
        last = nn.Conv2d(inner, channels, 1, bias=False)
        for conv in (first, second):
            drawn(conv, GAIN * depth**-0.25)
        nn.init.zeros_(last.weight)
        self.layers = nn.Sequential(first, Biased(inner), second, Biased(inner), last)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class Generator(OfNoise):
    """z (m, z_dim) -> x (m, channels, size, size), in [-1, 1] in evaluation mode; in training nothing holds it there.

    There is no tanh: D sees the raw numbers, and what is outside of [-1, 1] is cut off when samples are drawn.

    width: channels at full size, twice as many at half of it, and so on. blocks: at each size. The first map is a
    picture that is learned, whose channels z scales.
    patch: 2 works on a picture of half the size in which each place stands for 2x2 pixels, a quarter of the products.
    """

    def __init__(
        self,
        z_dim: int = 64,
        width: int = 16,
        channels: int = 1,
        size: int = 28,
        blocks: int = 1,
        expansion: int = 2,
        group: int = 16,
        patch: int = 1,
    ) -> None:
        super().__init__(z_dim)
        start, doublings = stages(size // patch)
        c, depth = width * 2**doublings, blocks * (doublings + 1)
        self.basis = nn.Parameter(torch.randn(c, start, start))
        self.scale = drawn(nn.Linear(z_dim, c, bias=False), 1.0)
        layers: list[nn.Module] = [Block(c, depth, expansion, group) for _ in range(blocks)]
        for _ in range(doublings):
            layers += [drawn(nn.Conv2d(c, c // 2, 1, bias=False), 1.0), Twice()]  # side n -> 2n
            c //= 2
            layers += [Block(c, depth, expansion, group) for _ in range(blocks)]
        last = drawn(nn.Conv2d(c, channels * patch**2, 1, bias=False), 1.0)
        self.layers = nn.Sequential(*layers, last, nn.PixelShuffle(patch))

    def forward(self, z: Tensor) -> Tensor:
        x = self.layers(self.basis * self.scale(z)[:, :, None, None])
        return x if self.training else x.clamp(-1, 1)


class Discriminator(nn.Module):
    """x (m, channels, size, size) -> logits (m,): the stages of the generator the other way round.

    Width, blocks, groups and patch as in Generator. It ends in one weighted sum over the smallest map for each channel,
    and a linear layer.
    """

    def __init__(
        self,
        width: int = 16,
        channels: int = 1,
        size: int = 28,
        blocks: int = 1,
        expansion: int = 2,
        group: int = 16,
        patch: int = 1,
    ) -> None:
        super().__init__()
        start, doublings = stages(size // patch)
        c, depth = width, blocks * (doublings + 1)
        first = drawn(nn.Conv2d(channels * patch**2, c, 1, bias=False), 1.0)
        layers: list[nn.Module] = [nn.PixelUnshuffle(patch), first]
        layers += [Block(c, depth, expansion, group) for _ in range(blocks)]
        for _ in range(doublings):
            layers += [Half(), drawn(nn.Conv2d(c, 2 * c, 1, bias=False), 1.0)]  # side 2n -> n
            c *= 2
            layers += [Block(c, depth, expansion, group) for _ in range(blocks)]
        layers += [drawn(nn.Conv2d(c, c, start, groups=c, bias=False), 1.0), nn.Flatten()]  # start -> 1, (m, c)
        self.layers = nn.Sequential(*layers, drawn(nn.Linear(c, 1, bias=False), 1.0), nn.Flatten(0))  # (m,)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Twice(nn.Module):
    """x (m, c, h, w) -> (m, c, 2h, 2w), bilinear."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Half(nn.Module):
    """x (m, c, 2h, 2w) -> (m, c, h, w), bilinear: each pixel is made of 4 in a row, with the weights 1, 3, 3, 1."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=0.5, mode="bilinear", align_corners=False, antialias=True)


def drawn(layer: Layer, gain: float) -> Layer:
    """Draw the weights of a linear or convolutional layer from N(0, gain^2 / its inputs), in place; return it."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    return layer
