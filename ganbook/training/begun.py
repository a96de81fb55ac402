"""What every training has, whoever makes its steps: a recipe, a seed, a device, its images, and how far it has come."""

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ganbook.base import validate
from ganbook.base.devices import choose
from ganbook.base.errors import InputError
from ganbook.data import Data


class Trainable(Protocol):
    """What a recipe tells of its training, that of a pair or that of a single network."""

    @property
    def name(self) -> str: ...
    @property
    def steps(self) -> int: ...
    def at(self, step: int) -> dict[str, float]: ...
    def data(self, folder: str | Path | None, device: torch.device) -> Data: ...


class Begun:
    """A training of `recipe` from `seed`. G: the generator. ema: its moving average, None where the recipe keeps none.

    data, folder: see ganbook.training.run.Run.
    Raises InputError for a seed that is no whole number, a device that is missing, and data and folder together.
    """

    LONGER: ClassVar[str]  # how to give a recipe more steps, in Python
    G: nn.Module
    ema: AveragedModel | None

    def __init__(
        self,
        recipe: Trainable,
        *,
        seed: int,
        device: torch.device | str,
        data: Data | None,
        folder: str | Path | None,
    ) -> None:
        if data is not None and folder is not None:
            raise InputError("Expected data or a folder to take them from, got both. Leave out one of them.")
        self.recipe: Any = recipe
        self.seed = validate.whole(None, "seed", seed)
        self.device = choose(device)
        self.folder = folder
        if data is not None:
            self.data = data
        self.step = 0

    @property
    def sampler(self) -> nn.Module:
        """The generator to sample from: the moving average of G where the recipe keeps one, else G itself."""
        return self.ema.module if self.ema else self.G

    @cached_property
    def data(self) -> Data:
        """The training images."""
        return self.recipe.data(self.folder, self.device)

    def _look_at_schedule(self, last: int) -> None:
        """Refuse steps that would move nothing, because the rates of the recipe have come down to 0 before them."""
        if self.recipe.at(last).get("lr") == 0:
            raise InputError(
                f"The learning rates of recipe {self.recipe.name!r} fall to 0 at its last step, {self.recipe.steps:,}, "
                f"and step {last:,} was asked for: nothing would move after that. For a longer training change the "
                f"recipe before it begins: {self.LONGER.format(steps=last)}."
            )
