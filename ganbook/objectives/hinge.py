"""The hinge loss of Lim and Ye (2017), "Geometric GAN", as Miyato et al. (2018) use it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Hinge:
    """D wants real above 1 and fake below -1 and does not care by how much more; G wants its samples' output high.

    Miyato et al. (2018), eq. 16 and 17; the margin of a support vector machine (Lim and Ye, 2017, section 3).
    """

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]; the mean output on real and on fake."""
        real, fake = critic(x), critic(x_fake)
        loss = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        return {"loss": loss, "real": real.mean(), "fake": fake.mean()}

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss -E[D(G(z))]; the mean output on fake."""
        fake = critic(x_fake).mean()
        return {"loss": -fake, "fake": fake}
