"""What the two players minimise, one paper a file.

An objective is any object with two methods, `discriminator(critic, x, x_fake)` and `generator(critic, x, x_fake)`, see
Objective: nothing of this package has to be inherited or registered. `critic` maps images to logits (m,). Each method
returns a dict of scalar tensors: the player minimises its "loss"; the other entries are for looking at.

`ZeroCentred`, `InstanceNoise`, `Unrolled` and `augmentation.Augmented` take another objective and add to it, so
remedies can be combined; `changed_images.ChangedImages` is what those have in common that change the images on their
way to D.
"""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from ganbook.objectives.hinge import Hinge
from ganbook.objectives.instance_noise import InstanceNoise
from ganbook.objectives.lsgan import LeastSquares
from ganbook.objectives.minimax import NonSaturating, Saturating, Smoothed
from ganbook.objectives.relativistic import Relativistic
from ganbook.objectives.unrolled import Unrolled
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
    "Unrolled",
    "Wasserstein",
    "ZeroCentred",
    "clip_weights",
]


class Objective(Protocol):
    """What `train` asks of an objective: for each player a dict of scalar tensors, whose "loss" is minimised.

    critic: D as a function of images (m, ...) alone, with the labels filled in where D takes labels; it gives logits
        (m,), numbers without bounds. A sigmoid that makes probabilities of them belongs to the objective.
    x, x_fake: real and generated images (m, ...). For the discriminator x_fake is detached; for the generator the
        gradient of the loss goes through it into G.

    What is drawn comes from torch's global generator, which `train` starts anew in each step. An objective that draws
    and is to be trained by several ranks asks ganbook.base.distributed.shared_draw for it. What a file says of an
    objective is ganbook.base.description.described: its class and its attributes, save those that begin with an
    underscore.

        class Quadratic:
            def __init__(self, weight=0.1):
                self.weight = weight

            def discriminator(self, critic, x, x_fake):
                real, fake = critic(x), critic(x_fake)
                size = real.square().mean() + fake.square().mean()
                return {"loss": fake.mean() - real.mean() + self.weight * size, "size": size}

            def generator(self, critic, x, x_fake):
                return {"loss": -critic(x_fake).mean()}
    """

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]: ...

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]: ...
