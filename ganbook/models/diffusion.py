"""Diffusion: a network that learns to take noise out of images, and draws by taking it out of pure noise.

Ho et al. (2020), with the schedule of Nichol and Dhariwal (2021) and the sampler of Song et al. (2021). An image and
its noise are the two sides of a right angle: at angle phi from 0 (the image) to pi/2 (the noise)

    x_phi = cos(phi) x + sin(phi) eps,    v_phi = d x_phi / d phi = cos(phi) eps - sin(phi) x,

so whoever knows x_phi and v_phi knows image and noise: x = cos(phi) x_phi - sin(phi) v_phi and
eps = sin(phi) x_phi + cos(phi) v_phi (Salimans and Ho, 2022, section 4). The network estimates v.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbook.base.errors import InputError
from ganbook.models import OfNoise


def turn(x: Tensor, v: Tensor, angle: Tensor) -> Tensor:
    """Return cos(angle) x + sin(angle) v for an angle (m,) a row, or one () for all."""
    angle = angle.reshape(-1, *[1] * (x.ndim - 1))  # (m,) -> (m, 1, 1, 1)
    return angle.cos() * x + angle.sin() * v


def silent(layer: nn.Module) -> nn.Module:
    """Return `layer` with all its parameters at 0, so that it gives 0 until it has learned something."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class Block(nn.Module):
    """x (m, c, h, w), time (m, t) -> (m, c, h, w): two convolutions, whose answer is added to x.

    A block begins as the identity, as in the code that Ho et al. (2020) published.
    """

    def __init__(self, c: int, t: int) -> None:
        super().__init__()
        self.time = nn.Linear(t, c)
        self.first = nn.Sequential(nn.GroupNorm(8, c), nn.SiLU(), nn.Conv2d(c, c, 3, padding=1))
        self.second = nn.Sequential(nn.GroupNorm(8, c), nn.SiLU(), silent(nn.Conv2d(c, c, 3, padding=1)))

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        h = self.first(x) + self.time(time)[:, :, None, None]
        return x + self.second(h)


class UNet(nn.Module):
    """x (m, 1, 28, 28), angle (m,) -> v (m, 1, 28, 28): down to 14, 7 and 4 pixels, and up again past the same sizes.

    After Ronneberger et al. (2015) and Ho et al. (2020), appendix B, made for a CPU: no layer works at 28x28, what is
    carried over to the way up is added and not appended, there is no attention, and `width` channels at 14x14.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        if width % 8:
            raise InputError(f"Expected a width that 8 groups of channels divide, got {width}.")
        c, t = width, 4 * width
        self.time = nn.Sequential(nn.Linear(12, t), nn.SiLU(), nn.Linear(t, t), nn.SiLU())
        self.down = nn.ModuleList(
            [
                nn.Conv2d(1, c, 4, 2, 1),  # 28 -> 14
                nn.Conv2d(c, 2 * c, 4, 2, 1),  # 14 -> 7
                nn.Conv2d(2 * c, 4 * c, 3, 2, 1),  # 7 -> 4
            ]
        )
        self.up = nn.ModuleList(
            [
                nn.ConvTranspose2d(4 * c, 2 * c, 3, 2, 1),  # 4 -> 7
                nn.ConvTranspose2d(2 * c, c, 4, 2, 1),  # 7 -> 14
            ]
        )
        self.going = nn.ModuleList(Block(n * c, t) for n in (1, 2, 4))
        self.coming = nn.ModuleList(Block(n * c, t) for n in (2, 1))
        self.out = nn.Sequential(nn.GroupNorm(8, c), nn.SiLU(), silent(nn.ConvTranspose2d(c, 1, 4, 2, 1)))  # 14 -> 28

    def forward(self, x: Tensor, angle: Tensor) -> Tensor:
        waves = angle[:, None] * 2.0 ** torch.arange(6, device=x.device)  # (m,) -> (m, 6)
        time = self.time(torch.cat([waves.sin(), waves.cos()], dim=1))  # (m, 12) -> (m, t)
        kept = []
        for smaller, block in zip(self.down, self.going):
            x = block(smaller(x), time)
            kept.append(x)
        for larger, block, before in zip(self.up, self.coming, (kept[1], kept[0])):
            x = block(larger(x) + before, time)
        return self.out(x)


class Diffusion(OfNoise):
    """z (m, 784) ~ N(0, I) -> x (m, 1, 28, 28) in [-1, 1]; drawn from like any Generator of this package.

    steps: how many times the network looks at a drawing before it is done.
    """

    def __init__(self, width: int = 32, steps: int = 20) -> None:
        super().__init__(28 * 28)
        if steps < 1:
            raise InputError(f"Expected steps >= 1, got {steps}.")
        self.steps = steps
        self.net = UNet(width)

    def loss(self, x: Tensor) -> dict[str, Tensor]:
        """Return "loss", the mean squared error of the velocity estimated in noised images x.

        Salimans and Ho (2022), section 4, "SNR+1 weighting". In place of the velocity's error Ho et al. (2020), eq. 14,
        take that of the noise, which is cos(phi)^2 times as large: 0 at pi/2, where every drawing starts.

        The angle is uniform in [0, pi/2], which is the cosine schedule of Nichol and Dhariwal (2021), eq. 17, with
        their s = 0 and without steps: alpha_bar = cos(angle)^2. The angles of a batch lie at equal distances and are
        shifted together, so that batches differ less (the low-discrepancy sampler of Kingma et al., 2021).
        """
        m = len(x)
        angle = (torch.arange(m, device=x.device) + torch.rand(1, device=x.device)) / m * (math.pi / 2)  # (m,)
        eps = torch.randn_like(x)
        x_angle = turn(x, eps, angle)
        v = turn(eps, -x, angle)  # cos(phi) eps - sin(phi) x
        return {"loss": F.mse_loss(self.net(x_angle, angle), v)}

    def forward(self, z: Tensor) -> Tensor:
        """Turn noise into images, a step at a time, without new noise: Song et al. (2021), eq. 12 with sigma = 0.

        In the plane of x_phi and v_phi their step is a turn back by a small angle.
        """
        x = z.unflatten(1, (1, 28, 28))  # (m, 784) -> (m, 1, 28, 28)
        back = torch.tensor(-math.pi / 2 / self.steps, device=z.device)
        for left in range(self.steps, 0, -1):
            angle = (-back * left).expand(len(x))
            x = turn(x, self.net(x, angle), back)
        return x.clamp(-1, 1)
