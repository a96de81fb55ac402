"""What objectives have in common that change the images on their way to D and leave the rest to another objective."""

from collections.abc import Callable
from typing import Any

from torch import Tensor


class ChangedImages:
    """Any `objective`, with images that D sees changed: real and fake, also when G is updated.

    A subclass is a dataclass with the field `objective` and says in `change` what becomes of images x (m, ...); where
    it has a field `fakes` that is False, the fakes go to D as they are. G's gradient passes through the change, so it
    must be differentiable, and what it draws comes from ganbook.base.distributed.shared_draw.
    """

    objective: Any
    fakes: bool

    def change(self, x: Tensor) -> Tensor:
        """Return what D is shown in the place of images x (m, ...)."""
        raise NotImplementedError

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """What `objective` gives for the changed images."""
        return self.objective.discriminator(critic, *self._changed(x, x_fake))

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """What `objective` gives for the changed images; the gradient reaches G's own through the change."""
        return self.objective.generator(critic, *self._changed(x, x_fake))

    def _changed(self, x: Tensor, x_fake: Tensor) -> tuple[Tensor, Tensor]:
        x = self.change(x)
        return x, self.change(x_fake) if getattr(self, "fakes", True) else x_fake
