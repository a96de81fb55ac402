"""What BatchNorm in D does to a long training: python -m tools.experiments.normalisation [--workers 2]

Trains the networks of the recipe `conditional` for 9,000 steps with D normalised in four ways, at constant rates, and
three of them with rates that fall to 0, from three seeds. On the way the Fréchet distance of 10,000 samples from the
test images is taken, of G as it is and of the average of its weights, and what D answers is noted. A run takes four to
eight minutes of one core, all of them about two hours. Writes ganbook/assets/results/normalisation.json after each run,
and repeats no run that stands there with the same settings.
"""

import argparse
from collections import deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbook.data import Digits
from ganbook.models import conditional, dcgan
from ganbook.models.sampling import labels_in_shares, sample
from ganbook.objectives import Smoothed
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from ganbook.training.scheduling import Falling
from tools.experiments.sizes import sized, some
from tools.experiments.trials import TAIL, N, Table, distance, floor, settings

STEPS = sized(9_000, 6)
LOOKS = sized([1_500, 3_000, 4_500, 6_000, 7_500, 9_000], [3, 6])
SEEDS = sized([0, 1, 2], [0])
ANSWERS = ("d_real", "d_fake", "d_accuracy")  # of the last TAIL steps before a look, averaged


class Together(conditional.Projection):
    """The same D for real and fake in one batch: the labels of the one are those of the other, in the same order."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x, y.repeat(2))  # (2m, 1, 28, 28), (m,) -> (2m,)


@dataclass(frozen=True)
class OneBatch(Smoothed):
    """Real and fake go through D as one batch whenever it looks, also for G, so that both get the same statistics.

    With `joint` alone, G would learn from a D that sees fakes only, which is another function: from seed 0 of this
    measurement it ended at a d² of 2,519.
    """

    joint: bool = True

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        _, fake = self._logits(critic, x, x_fake)
        return {"loss": F.softplus(-fake).mean(), "fake": torch.sigmoid(fake).mean()}


def variants() -> dict[str, Recipe]:
    """The recipes by name: the same networks, objective and data, and D's normalisation or the rates changed.

    Without a normalisation D starts from He's weights, as in the recipe; with one from N(0, 0.02), as Radford et al.
    """
    base = get("conditional").change(schedule={}, steps=STEPS)

    def critic(norm: object, **more: Any) -> Recipe:
        first = dcgan.he if norm is nn.Identity else None
        return base.change(D=partial(conditional.Projection, width=24, norm=norm, first=first), **more)

    falling = {"schedule": {"lr": Falling(0.5)}}
    table = {
        "BatchNorm": critic(nn.BatchNorm2d),
        "none": critic(nn.Identity),
        "BatchNorm, rates fall": critic(nn.BatchNorm2d, **falling),
        "none, rates fall": critic(nn.Identity, **falling),
        "BatchNorm, one batch": base.change(D=partial(Together, width=24), objective=OneBatch(real=0.9)),
        "each by itself": critic(partial(nn.GroupNorm, 1)),
        "each by itself, rates fall": critic(partial(nn.GroupNorm, 1), **falling),
    }
    return some(table)


def measure(recipe: Recipe, seed: int) -> tuple[dict, list]:
    """Train from one seed on one thread; the row has a list for each thing that was looked at, one entry a look."""
    torch.set_num_threads(1)
    run, tail = Run(recipe, seed=seed), deque(maxlen=TAIL)
    y = labels_in_shares(Digits("train").counts, N, seed=1)
    row: dict[str, Any] = {"seed": seed, "step": [], "last": [], "average": [], **{name: [] for name in ANSWERS}}
    for record in run.train(STEPS):
        tail.append(record)
        if record.step in LOOKS:
            row["step"].append(record.step)
            for name, net in (("last", run.G), ("average", run.sampler)):
                row[name].append(distance(sample(net, N, seed=1, y=y)))
            for name in ANSWERS:
                row[name].append(round(sum(r[name] for r in tail) / len(tail), 4))
    return row, []


def main() -> None:
    """Make the runs that are missing, a process a core, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    args = parser.parse_args()
    recipes = variants()
    table = Table("normalisation", None, {name: settings({"": recipe}) for name, recipe in recipes.items()})
    table.report |= {"command": "python -m tools.experiments.normalisation", "steps": STEPS, "judged": N}
    table.report["floor"] = floor()["frechet"]
    with ProcessPoolExecutor(args.workers) as pool:
        table.fill(pool, {name: (partial(measure, recipe), SEEDS) for name, recipe in recipes.items()})
    table.keep()


if __name__ == "__main__":
    main()
