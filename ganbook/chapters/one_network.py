"""Training without an opponent: one network that brings its own loss, beside the two players of
ganbook.training.run."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from torch.optim import Adam, Optimizer

from ganbook.base import seeds, validate
from ganbook.base.errors import DivergedError, InputError
from ganbook.data import Data, find
from ganbook.models import diffusion, parameters, vae
from ganbook.training import optimisers, scheduling
from ganbook.training.begun import Begun
from ganbook.training.ema import averaged
from ganbook.training.loop import CHECK_EVERY, Record, put_in, training_modes, update


@dataclass(frozen=True)
class Plan:
    """What a Recipe is for a pair: `model()` builds a network with a method loss(x) -> {"loss": ..., ...}.

    The network is a Generator too: it maps noise (m, z_dim) to images, so ganbook.models.sampling and
    ganbook.evaluation.report take it. m: images in a minibatch. opt, ema, steps: as in Recipe; ema 0 keeps no average.
    schedule: as in Recipe, of the rate alone: {"lr": Falling(0.5)}.
    """

    name: str
    title: str
    source: str
    model: Callable[[], nn.Module]
    opt: Callable[[Iterable[nn.Parameter]], Optimizer]
    m: int
    ema: float = 0.0
    steps: int = 1_000
    schedule: scheduling.Schedule = field(default_factory=dict)

    def __post_init__(self) -> None:
        validate.whole(1, "steps", self.steps)
        if others := set(self.schedule) - {"lr"}:
            raise InputError(f"Expected a schedule of lr alone, got one of {', '.join(sorted(others))}.")

    def networks(self, seed: int, device: torch.device | str = "cpu") -> tuple[nn.Module]:
        """Return the new network, alone in a tuple, with weights that depend on `seed` only."""
        with seeds.global_draws("weights", validate.whole(None, "seed", seed), device=torch.device("cpu")):
            network = self.model()
        return (network.to(device).to(memory_format=torch.channels_last),)

    def at(self, step: int) -> dict[str, float]:
        """Return the settings of step `step`, counted from 1, as Recipe.at does."""
        return scheduling.at(self.schedule, step, self.steps)

    def data(self, folder: str | Path | None = None, device: torch.device | str = "cpu") -> Data:
        """Return the training images of `folder`, or MNIST's."""
        return find(folder, device=device)

    def describe(self) -> dict[str, Any]:
        """Return the plan as plain values, ready for JSON."""
        (network,) = self.networks(seed=0)
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "network": type(network).__name__,
            "parameters": parameters(network),
            "optimiser": optimisers.settings(optimisers.build(self.opt, network)),
            "batch": self.m,
            "z": network.z_dim,
            "ema": self.ema,
            **({"schedule": scheduling.in_words(self.schedule, self.steps)} if self.schedule else {}),
        }


class Fit(Begun):
    """One training of `plan` from `seed`, as ganbook.training.run.Run is one of a recipe; the plan is its `recipe`.

    The record of a step holds the entries of the network's loss. Step s draws the same images and the same noise for
    the same seed, whatever happened before. data, folder: as for a Run.
    """

    LONGER = "dataclasses.replace(plan, steps={steps})"
    recipe: Plan

    def __init__(
        self,
        plan: Plan,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
        data: Data | None = None,
        folder: str | Path | None = None,
    ) -> None:
        super().__init__(plan, seed=seed, device=device, data=data, folder=folder)
        (self.G,) = plan.networks(self.seed, self.device)
        self.opt = optimisers.build(plan.opt, self.G)
        self.ema = averaged(self.G, plan.ema) if plan.ema else None

    def train(self, steps: int) -> Iterator[Record]:
        """Train for `steps` more steps and give each step's Record.

        Raises DivergedError within 100 steps of a loss that is not a finite number, InputError for negative steps, and
        for steps after the last of a plan whose rates fall to 0 there.
        """
        validate.at_least(0, "steps", steps)
        self._look_at_schedule(self.step + steps)
        batches = self.data.batches(self.recipe.m, seed=self.seed, start=self.step)
        health = torch.zeros((), device=self.device)
        modes = training_modes(self.G)
        for left in range(steps - 1, -1, -1):
            put_in(modes)
            x, _ = next(batches)
            scheduling.put(self.recipe.at(self.step + 1), cast(Any, self.G), [self.opt])
            with seeds.global_draws("fit", self.seed, self.step + 1, device=self.device):
                entries = cast(Any, self.G).loss(x)
            update(self.opt, entries["loss"])
            if self.ema:
                self.ema.update_parameters(self.G)
            self.step += 1
            values = {name: value.detach() for name, value in entries.items()}
            health += values["loss"]
            if (self.step % CHECK_EVERY == 0 or left == 0) and not health.isfinite():
                raise DivergedError(
                    f"The loss stopped being a finite number by step {self.step}. Start again with a lower rate."
                )
            yield Record(self.step, self.step * self.recipe.m, values)


# Rate, other setting and steps: those of chapter 16's board for 120 seconds (tools/experiments/board.py).
PLANS: dict[str, Plan] = {
    "vae": Plan(
        name="vae",
        title="Variational autoencoder",
        source="Kingma and Welling (2014), with the generator and the convolutions of tutorial A",
        model=partial(vae.VAE, z_dim=16),
        opt=partial(Adam, lr=1e-3),
        m=64,
        ema=0.995,
        steps=6_711,
        schedule={"lr": scheduling.Falling(0.5)},
    ),
    "diffusion": Plan(
        name="diffusion",
        title="Diffusion with a small U-Net, 20 steps of DDIM",
        source="Ho et al. (2020), Song et al. (2021), Salimans and Ho (2022)",
        model=partial(diffusion.Diffusion, width=16),
        opt=partial(Adam, lr=4e-3),
        m=64,
        ema=0.995,
        steps=4_503,
        schedule={"lr": scheduling.Falling(0.5)},
    ),
}
