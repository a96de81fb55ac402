"""What the two players minimise, one paper a file.

An objective has two methods, `discriminator(critic, x, x_fake)` and `generator(critic, x, x_fake)`. `critic` maps
images to logits (m,). Each method returns a dict of scalar tensors: the player minimises its "loss"; the other
entries are for looking at.

`ZeroCentred` and `InstanceNoise` take another objective and add to it, so remedies can be combined.
"""

from typing import Protocol

from torch import Tensor, nn

from ganbook.objectives.hinge import Hinge
from ganbook.objectives.instance_noise import InstanceNoise
from ganbook.objectives.lsgan import LeastSquares
from ganbook.objectives.minimax import NonSaturating, Saturating, Smoothed
from ganbook.objectives.relativistic import Relativistic
from ganbook.objectives.wgan import Wasserstein, clip_weights
from ganbook.objectives.wgan_gp import GradientPenalty
from ganbook.objectives.zero_centred import ZeroCentred

__all__ = [
    "GradientPenalty",
    "Hinge",
    "InstanceNoise",
    "LeastSquares",
    "NonSaturating",
    "Objective",
    "Relativistic",
    "Saturating",
    "Smoothed",
    "Wasserstein",
    "ZeroCentred",
    "clip_weights",
]


class Objective(Protocol):
    """What `train` asks of an objective: for each player a dict whose "loss" is minimised."""

    def discriminator(self, critic: nn.Module, x: Tensor, x_fake: Tensor) -> dict[str, Tensor]: ...

    def generator(self, critic: nn.Module, x: Tensor, x_fake: Tensor) -> dict[str, Tensor]: ...
