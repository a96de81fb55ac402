"""The gradient penalty of Gulrajani et al. (2017), "Improved training of Wasserstein GANs"."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbook.base.distributed import shared_draw
from ganbook.objectives.slope import squared_slope
from ganbook.objectives.wgan import Wasserstein


@dataclass(frozen=True)
class GradientPenalty(Wasserstein):
    """Wasserstein, with a critic that pays for every slope other than 1 between real and fake (eq. 3).

    weight: lambda of eq. 3; 10 is the paper's. The critic must not have BatchNorm (section 4).
    """

    weight: float = 10.0

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss E[D(G(z))] - E[D(x)] + weight * penalty; the mean outputs, the penalty and the mean slope.

        The penalty is E[(||grad D(x_hat)|| - 1)^2] at x_hat = eps x + (1 - eps) G(z), a point of its own for each pair,
        with eps ~ U[0, 1] drawn for each pair from torch's global generator, which `train` starts anew for each step.
        """
        d = super().discriminator(critic, x, x_fake)
        eps = shared_draw(torch.rand, (len(x), *[1] * (x.ndim - 1)), x.device)  # (m, 1, 1, 1), one number a pair
        slope = (squared_slope(critic, eps * x + (1 - eps) * x_fake) + 1e-12).sqrt()  # a root at 0 has no gradient
        penalty = (slope - 1).square().mean()
        return {**d, "loss": d["loss"] + self.weight * penalty, "penalty": penalty, "slope": slope.mean()}
