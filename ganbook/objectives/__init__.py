"""What the two players minimise, one paper a file.

An objective has two methods, `discriminator(critic, x, x_fake)` and `generator(critic, x, x_fake)`. `critic` maps
images to logits (m,). Each method returns a dict of scalar tensors: the player minimises its "loss"; the other
entries are for looking at.

`ZeroCentred` and `InstanceNoise` take another objective and add to it, so remedies can be combined.
"""

from ganbook.objectives.hinge import Hinge
from ganbook.objectives.lsgan import LeastSquares
from ganbook.objectives.minimax import NonSaturating, Saturating, Smoothed
from ganbook.objectives.noise import InstanceNoise
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
    "Relativistic",
    "Saturating",
    "Smoothed",
    "Wasserstein",
    "ZeroCentred",
    "clip_weights",
]
