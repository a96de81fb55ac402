"""The minimax game of Goodfellow et al. (2014), "Generative adversarial nets".

V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))]   (eq. 1), with D(x) = sigmoid(logit).
Written in logits, log D = -softplus(-logit) and log(1 - D) = -softplus(logit): no probability is ever formed, so
nothing rounds to log 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Saturating:
    """The game as eq. 1 states it: D ascends V and G descends it. G's gradient fades where D is sure of a fake.

    average: D's loss is the mean of its two terms instead of their sum (tutorials A and C).
    joint: real and fake go through D as one batch (tutorial C); the same loss, other statistics in a BatchNorm of D.
    """

    average: bool = False
    joint: bool = False

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss -V(D, G), which descends as Algorithm 1 ascends; D(x), D(G(z)) and the share of images D gets right."""
        real, fake = self._logits(critic, x, x_fake)
        loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        return {"loss": loss / 2 if self.average else loss, **_seen(real, fake)}

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss E_z[log(1 - D(G(z)))]: the part of eq. 1 that depends on G; and D(G(z))."""
        fake = critic(x_fake)
        return {"loss": -F.softplus(fake).mean(), "fake": torch.sigmoid(fake).mean()}

    def _logits(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> tuple[Tensor, Tensor]:
        """The critic's logits (m,) of real and of fake, seen together or apart."""
        if self.joint:
            return critic(torch.cat([x, x_fake])).split([len(x), len(x_fake)])  # (2m,) -> (m,), (m,)
        return critic(x), critic(x_fake)


def _seen(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """D(x), D(G(z)) and the share of images D gets right, for logits (m,)."""
    right = torch.cat([real > 0, fake <= 0]).float().mean()
    return {"real": torch.sigmoid(real).mean(), "fake": torch.sigmoid(fake).mean(), "accuracy": right}


@dataclass(frozen=True)
class NonSaturating(Saturating):
    """G maximises E_z[log D(G(z))] instead (section 3, last paragraph): strong gradients where D is sure of a fake.

    It is another objective for G, not a rewriting of eq. 1; it is also what "train G towards the label 1" means.
    """

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss -E_z[log D(G(z))]; and D(G(z))."""
        fake = critic(x_fake)
        return {"loss": F.softplus(-fake).mean(), "fake": torch.sigmoid(fake).mean()}


@dataclass(frozen=True)
class Smoothed(NonSaturating):
    """NonSaturating with D's label for real images at `real` < 1 and for fakes at `fake` >= 0.

    Label smoothing of Salimans et al. (2016), section 3.4. One-sided smoothing has fake = 0, and then
    D* = real p_data / (p_data + p_g). With fake > 0 the second density enters the numerator too, and where p_data is
    small a wrong sample is no longer driven away: the paper's reason for one side only.
    """

    real: float = 0.9  # Salimans et al. (2016), section 3.4
    fake: float = 0.0

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Cross-entropy with these labels: softplus(l) - t l for a logit l and a label t."""
        real, fake = self._logits(critic, x, x_fake)
        loss = (F.softplus(real) - self.real * real).mean() + (F.softplus(fake) - self.fake * fake).mean()
        return {"loss": loss / 2 if self.average else loss, **_seen(real, fake)}
