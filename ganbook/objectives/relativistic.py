"""The relativistic pairing loss: Huang et al. (2024), "The GAN is dead; long live the GAN!", after Jolicoeur-Martineau
(2019), "The relativistic discriminator"."""

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Relativistic:
    """D is asked which of a pair is real, not whether one image is: only D(x_i) - D(G(z_i)) counts.

    Huang et al. (2024), eq. 2, with f(t) = -log(1 + e^-t): a fake is judged next to a real image, so one that drops a
    mode of the data has nowhere to hide. With ZeroCentred(Relativistic(), r1=..., r2=...) it is their full objective
    (section 2.3), called R3GAN.
    """

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss E[softplus(-(D(x_i) - D(G(z_i))))]; mean outputs, and the share of pairs that D puts in order."""
        real, fake = critic(x), critic(x_fake)
        right = (real > fake).float().mean()
        return {"loss": F.softplus(fake - real).mean(), "real": real.mean(), "fake": fake.mean(), "accuracy": right}

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss E[softplus(-(D(G(z_i)) - D(x_i)))]: the same with the two exchanged; the mean output on fake."""
        real, fake = critic(x), critic(x_fake)
        return {"loss": F.softplus(real - fake).mean(), "fake": fake.mean()}
