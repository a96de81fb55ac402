"""Zero-centred gradient penalties: Mescheder et al. (2018), "Which training methods for GANs do actually converge?"."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ganbook.objectives.slope import squared_slope


@dataclass(frozen=True)
class ZeroCentred:
    """Any `objective`, with a D that pays for its slope at real images (R1), at fakes (R2) or at both.

    r1, r2: gamma of eq. 9 and 10; 0 leaves a penalty out, and saves its pass through D.
    At the end of the game D should be flat where the data are; R1 pulls it there, which lets simple games converge that
    otherwise circle for ever (section 4).
    """

    objective: Any
    r1: float = 0.0
    r2: float = 0.0

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """Loss of `objective` + r1/2 E[||grad D(x)||^2] + r2/2 E[||grad D(G(z))||^2]; what the objective reports, and
        the two expectations as "r1" and "r2" where they are used."""
        d = self.objective.discriminator(critic, x, x_fake)
        for name, gamma, at in (("r1", self.r1, x), ("r2", self.r2, x_fake)):
            if gamma:
                d[name] = squared_slope(critic, at).mean()
                d["loss"] = d["loss"] + gamma / 2 * d[name]
        return d

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """The same as that of `objective`."""
        return self.objective.generator(critic, x, x_fake)
