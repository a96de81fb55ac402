"""The Wasserstein distance of Arjovsky et al. (2017), "Wasserstein generative adversarial networks"."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from ganbook.base.errors import InputError


@dataclass(frozen=True)
class Wasserstein:
    """D, here called a critic, maximises E[D(x)] - E[D(G(z))] and G minimises it (eq. 2 and 3).

    The maximum is K times the Wasserstein-1 distance if D runs over the K-Lipschitz functions. This file holds D to
    nothing: `clip_weights`, GradientPenalty (wgan_gp) or spectral normalisation (in the model) does.
    """

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss E[D(G(z))] - E[D(x)]; the mean output on real and on fake."""
        real, fake = critic(x).mean(), critic(x_fake).mean()
        return {"loss": fake - real, "real": real, "fake": fake}

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss -E[D(G(z))]; the mean output on fake."""
        fake = critic(x_fake).mean()
        return {"loss": -fake, "fake": fake}


def clip_weights(optimiser: Optimizer, bound: float) -> None:
    """From now on, bring every parameter that `optimiser` holds back to [-bound, bound] after each of its steps.

    Arjovsky et al. (2017), algorithm 1, line 7, with bound 0.01. It is a property of the optimiser's step, so the loop
    knows nothing of it. Raises InputError unless bound > 0.
    """
    if not bound > 0:
        raise InputError(f"Expected a bound above 0, got {bound}.")

    @torch.no_grad()
    def clip(optimiser: Optimizer, args: tuple, kwargs: dict) -> None:
        for group in optimiser.param_groups:
            for p in group["params"]:
                p.clamp_(-bound, bound)

    optimiser.register_step_post_hook(clip)
