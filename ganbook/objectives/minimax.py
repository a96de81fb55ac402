"""The minimax game of Goodfellow et al. (2014), "Generative adversarial nets".

V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))]   (eq. 1), with D(x) = sigmoid(logit).
Written in logits, log D = -softplus(-logit) and log(1 - D) = -softplus(logit): no probability is ever formed, so
nothing rounds to log 0.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Saturating:
    """The game as eq. 1 states it: D ascends V and G descends it. G's gradient fades where D is sure of a fake.

    average: D's loss is the mean of its two terms instead of their sum (tutorials A and C).
    joint: real and fake go through D as one batch (tutorial C); the same loss, other statistics in a BatchNorm of D.
    """

    average: bool = False
    joint: bool = False

    def discriminator(self, critic: nn.Module, x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss -V(D, G), which descends as Algorithm 1 ascends; D(x), D(G(z)) and the share of images D gets right."""
        if self.joint:
            real, fake = critic(torch.cat([x, x_fake])).split([len(x), len(x_fake)])  # (2m,) -> (m,), (m,)
        else:
            real, fake = critic(x), critic(x_fake)
        loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        right = torch.cat([real > 0, fake <= 0]).float().mean()
        means = {"real": torch.sigmoid(real).mean(), "fake": torch.sigmoid(fake).mean(), "accuracy": right}
        return {"loss": loss / 2 if self.average else loss, **means}

    def generator(self, critic: nn.Module, x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss E_z[log(1 - D(G(z)))]: the part of eq. 1 that depends on G; and D(G(z))."""
        fake = critic(x_fake)
        return {"loss": -F.softplus(fake).mean(), "fake": torch.sigmoid(fake).mean()}


@dataclass(frozen=True)
class NonSaturating(Saturating):
    """G maximises E_z[log D(G(z))] instead (section 3, last paragraph): strong gradients where D is sure of a fake.

    It is another objective for G, not a rewriting of eq. 1; it is also what "train G towards the label 1" means.
    """

    def generator(self, critic: nn.Module, x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss -E_z[log D(G(z))]; and D(G(z))."""
        fake = critic(x_fake)
        return {"loss": F.softplus(-fake).mean(), "fake": torch.sigmoid(fake).mean()}
