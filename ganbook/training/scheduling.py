"""What changes in the course of a training: rates that fall, a penalty that weakens, an average that lengthens.

A schedule of a recipe names settings, and gives for each a function of the progress t in [0, 1), the share of the
recipe's steps that are made. The settings are

    lr       a factor of the learning rates of both optimisers
    beta_2   Adam's second beta, of both
    ema      the decay of G's average, for a recipe that keeps one
    or the name of a field of the objective, a dataclass, such as r1

so `recipe.change(steps=...)` stretches a schedule, and a step draws nothing from the steps before it: a run that is
stopped and continued takes the same values.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch.optim import Optimizer

from ganbook.base import validate
from ganbook.base.description import described
from ganbook.base.errors import InputError
from ganbook.objectives import Objective

Schedule = Mapping[str, Callable[[float], float]]
OF_OPTIMISERS, OF_RUN = ("lr", "beta_2"), ("ema",)


@dataclasses.dataclass(frozen=True)
class Falling:
    """1 until the share `after` of the steps is made, then on a straight line to 0 at the end.

    >>> from ganbook.training.scheduling import Falling
    >>> [Falling(after=0.5)(t) for t in (0.0, 0.5, 0.75, 1.0)]
    [1.0, 1.0, 0.5, 0.0]
    """

    after: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.after < 1:
            raise InputError(f"Expected after in [0, 1), the share of the steps before the fall, got {self.after}.")

    def __call__(self, t: float) -> float:
        return min(1.0, max(0.0, (1 - t) / (1 - self.after)))


@dataclasses.dataclass(frozen=True)
class BurnIn:
    """From `first` to `last` on half a wave of a cosine until the share `until` of the steps is made; then `last`.

    Huang et al. (2024), appendix: the shape of all schedules of R3GAN.
    """

    first: float
    last: float
    until: float

    def __post_init__(self) -> None:
        if not 0 < self.until <= 1:
            raise InputError(f"Expected until in (0, 1], the share of the steps of the burn-in, got {self.until}.")

    def __call__(self, t: float) -> float:
        return self.first + (self.last - self.first) * (1 - math.cos(math.pi * min(1.0, t / self.until))) / 2


@dataclasses.dataclass(frozen=True)
class Every:
    """`every` times `value` at every `every`-th of the `steps`, the first of them included; 0 between.

    On average that is `value`. As schedule of r1 or r2 it is the lazy regularisation of Karras et al. (2020),
    "Analyzing and improving the image quality of StyleGAN", appendix B, without their change of Adam: a penalty of
    weight 0 is left out, so most steps do not pay for it. steps: those of the recipe, which raises InputError for any
    other number. value: a number, or a function of the progress such as BurnIn.

    >>> from ganbook.training.scheduling import Every, at
    >>> [at({"r1": Every(2, steps=4, value=0.5)}, step, 4)["r1"] for step in (1, 2, 3, 4)]
    [1.0, 0.0, 1.0, 0.0]
    """

    every: int
    steps: int
    value: float | Callable[[float], float]

    def __post_init__(self) -> None:
        for name in ("every", "steps"):
            validate.whole(1, name, getattr(self, name))

    def __call__(self, t: float) -> float:
        value = self.value(t) if callable(self.value) else self.value
        return 0.0 if round(t * self.steps) % self.every else self.every * value


def at(schedule: Schedule, step: int, steps: int) -> dict[str, float]:
    """Return the settings of step `step`, counted from 1, of a training of `steps` steps."""
    return {name: float(function(min(1.0, (step - 1) / steps))) for name, function in schedule.items()}


def check(schedule: Schedule, objective: Objective, *, ema: bool, steps: int) -> None:
    """Say so unless every name of `schedule` is a setting, and every value a function that gives a number.

    A function that counts steps, such as Every, must count those of the training.
    """
    if not isinstance(schedule, Mapping):
        raise InputError(f"Expected a schedule such as {{'lr': Falling(0.5)}}, got {validate.got(schedule)}.")
    own = _fields(objective)
    known = [*OF_OPTIMISERS, *(OF_RUN if ema else ()), *own]
    for name, function in schedule.items():
        if name not in known:
            why = " The recipe keeps no average." if name == "ema" else ""
            raise InputError(f"There is no setting {name!r} to schedule.{why} There are {', '.join(known)}.")
        if not callable(function) or not isinstance(function(0.0), int | float):
            raise InputError(
                f"Expected as schedule of {name} a function of the progress from 0 to 1 that gives a number, such as "
                f"Falling(0.5), got {validate.got(function)}."
            )
        if (counted := getattr(function, "steps", steps)) != steps:
            raise InputError(
                f"The schedule of {name} counts {counted:,} steps, and the training has {steps:,}. Give it the steps "
                "of the training."
            )


def in_words(schedule: Schedule, steps: int) -> dict[str, str]:
    """Return each setting of `schedule` with its function, and the steps that it is stretched over."""
    return {name: f"{described(function)} over {steps:,} steps" for name, function in schedule.items()}


def put(settings: Mapping[str, float], objective: Objective, optimisers: Iterable[Optimizer | None]) -> Objective:
    """Set the optimisers to `settings`, in place, and return the objective with them.

    The rates that `lr` is a factor of are kept in the optimiser as "initial_lr", as PyTorch's own schedulers do, so
    they are saved with it.
    """
    for group in (group for optimiser in optimisers if optimiser for group in optimiser.param_groups):
        if "lr" in settings:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * settings["lr"]
        if "beta_2" in settings:
            if "betas" not in group:
                raise InputError("A schedule of beta_2 needs optimisers that have one, such as Adam.")
            group["betas"] = (group["betas"][0], settings["beta_2"])
    fields: dict[str, Any] = {name: value for name, value in settings.items() if name in _fields(objective)}
    return dataclasses.replace(objective, **fields) if fields else objective  # type: ignore[type-var]


def _fields(objective: Objective) -> list[str]:
    """The numbers among the fields of an objective that is a dataclass."""
    if not dataclasses.is_dataclass(objective):
        return []
    values = {field.name: getattr(objective, field.name) for field in dataclasses.fields(objective)}
    return [name for name, value in values.items() if isinstance(value, int | float) and not isinstance(value, bool)]
