"""Instance noise: Sønderby et al. (2017), section 3; Arjovsky and Bottou (2017), section 3."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganbook.base.distributed import shared_draw
from ganbook.objectives.changed_images import ChangedImages


@dataclass(frozen=True)
class InstanceNoise(ChangedImages):
    """Any `objective`, with Gaussian noise on all images that D sees, real and fake, also when G is updated.

    sigma: its standard deviation, where pixels run over [-1, 1]. Two sets of images that share no point overlap once
    both are blurred by the same noise, so no D can be perfect and its gradient stays informative. G's own images are
    clean: the noise is drawn on the way to D, from torch's global generator, which `train` starts anew for each step.
    """

    objective: Any
    sigma: float

    def change(self, x: Tensor) -> Tensor:
        """Return x + sigma * N(0, I)."""
        return x + self.sigma * shared_draw(torch.randn, x.shape, x.device)
