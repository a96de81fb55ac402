"""Least squares of Mao et al. (2017), "Least squares generative adversarial networks"."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LeastSquares:
    """D regresses on the targets b for real and a for fake; G moves its samples towards c (eq. 2).

    With a = 0, b = c = 1 (eq. 9, the default) D's output is a label. With a = -1, b = 1, c = 0 (eq. 8) the game
    minimises the Pearson chi-squared divergence between p_data + p_g and 2 p_g (eq. 7). A sample on the right side of
    the boundary but far from it still has a gradient: the square punishes distance, not the side.
    """

    a: float = 0.0
    b: float = 1.0
    c: float = 1.0

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss (E[(D(x) - b)^2] + E[(D(G(z)) - a)^2]) / 2; the mean output on real and on fake."""
        real, fake = critic(x), critic(x_fake)
        loss = ((real - self.b).square().mean() + (fake - self.a).square().mean()) / 2
        return {"loss": loss, "real": real.mean(), "fake": fake.mean()}

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss E[(D(G(z)) - c)^2] / 2; the mean output on fake."""
        fake = critic(x_fake)
        return {"loss": (fake - self.c).square().mean() / 2, "fake": fake.mean()}
