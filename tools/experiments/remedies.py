"""Remedies for mode collapse, on a pair that collapses and on one that does not: python -m tools.experiments.remedies

Chapter 8's table. The pair of the first paper on GANs draws good digits, but few kinds of them; chapter 2's repaired
pair draws all. Both are trained as they are and with each remedy, from five seeds, for 1,500 and 2,000 updates of both
players. A remedy may want other rates, so those of both players are searched for every row, one step of factor 2 at
a time, until no neighbour is better; so is the length of imagined steps under Adam. A trial has 400 updates and a seed
of its own, and is judged against training images. About two hours of one core. Writes
ganbook/assets/results/remedies.json, and remedies.png with eight samples of every run. What stands in the file with the
same settings is not repeated, so the command can be stopped and continued.
"""

import argparse
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from torch import nn
from torch.optim import SGD, Adam

from ganbook.models import goodfellow, mlp
from ganbook.models.minibatch import Deviation, Discrimination, Packed
from ganbook.models.sampling import sample
from ganbook.objectives import NonSaturating
from ganbook.objectives.unrolled import Unrolled
from ganbook.training.recipes import Recipe, get
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import LEAST, Grid, N, Table, floor, from_training, measure, settings, spend

STEPS = sized({"collapsing": 1_500, "healthy": 2_000}, {"collapsing": 2, "healthy": 2})  # updates of a run
TRIAL, N_TRIAL = sized((400, 2_000), (2, 200))  # updates of a trial, and samples judged after it
SEEDS, TRIAL_SEED = sized([0, 1, 2, 3, 4], [0]), 100
PACK, AHEAD = 2, 5  # images shown as one; imagined steps of D
PUBLISHED = "collapsing, as published"  # the row without a search


def old(channels: int = 1, minibatch: Callable | None = None) -> nn.Module:
    """D of the first paper on GANs."""
    return goodfellow.Discriminator(channels=channels, minibatch=minibatch)


def repaired(channels: int = 1, minibatch: Callable | None = None) -> nn.Module:
    """D of chapter 2's repaired pair."""
    return mlp.Discriminator((channels, 28, 28), (512, 256), slope=0.2, dropout=0.0, minibatch=minibatch)


PAIRS = {
    "collapsing": (get("goodfellow-2014"), old, partial(SGD, momentum=0.5), 0.05),
    "healthy": (get("mlp"), repaired, partial(Adam, betas=(0.5, 0.999)), 4e-4),
}


def recipe(lr: float, ratio: float, length: float = 0.0, *, pair: str, remedy: str) -> Recipe:
    """A row of the table. lr: the rate of G. ratio: that of D to it. length: of an imagined step; 0 is D's rate."""
    base, D, optimiser, _ = PAIRS[pair]
    lr_d = float(f"{lr * ratio:.3g}")
    changes = {
        "rates only": D,
        "minibatch discrimination": partial(D, minibatch=Discrimination),
        "minibatch deviation": partial(D, minibatch=Deviation),
        "packs of two": partial(Packed, D, PACK),
        "five steps ahead": D,
    }
    ahead = remedy == "five steps ahead"
    return base.change(
        D=changes[remedy],
        objective=Unrolled(NonSaturating(), AHEAD, length or lr_d) if ahead else NonSaturating(),
        opt_g=partial(optimiser, lr=lr),
        opt_d=partial(optimiser, lr=lr_d),
        steps=STEPS[pair],
    )


def variants() -> dict[str, Grid]:
    """Name -> the settings to search."""
    rows = {}
    for pair, (*_, rate) in PAIRS.items():
        axes = {"rate of G": (rate, 2.0), "D's to it": (1.0, 2.0)}
        for remedy in (
            "rates only",
            "minibatch discrimination",
            "minibatch deviation",
            "packs of two",
            "five steps ahead",
        ):
            own = {"length": (0.05, 2.0)} if pair == "healthy" and remedy == "five steps ahead" else {}
            rows[f"{pair}, {remedy}"] = Grid(partial(recipe, pair=pair, remedy=remedy), axes | own)
    return rows


def trial(name: str, recipe: Recipe) -> float | None:
    """The distance from training images after a short run; None if it diverged."""
    run, _, diverged, _ = spend(recipe, TRIAL_SEED, math.inf, steps=TRIAL)
    return None if diverged else from_training(sample(run.G, N_TRIAL, seed=1))


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "remedies.json", help="samples of finished runs")
    args = parser.parse_args()
    grids = some(variants())
    published = get("goodfellow-2014").change(steps=STEPS["collapsing"])
    table = Table(
        "remedies",
        args.cache,
        {PUBLISHED: settings({"": published}), **{name: grid.settings() for name, grid in grids.items()}},
    )
    table.report |= {
        "command": "python -m tools.experiments.remedies",
        "steps": STEPS,
        "trial_steps": TRIAL,
        "trial_seed": TRIAL_SEED,
        "judged": N,
        "least_share": LEAST,
        "floor": floor(),
    }
    with ProcessPoolExecutor(args.workers) as pool:
        best = {PUBLISHED: published} | table.search(pool, grids, trial)
        runs = {name: partial(measure, one, seconds=math.inf, steps=one.steps) for name, one in best.items()}
        table.fill(pool, {name: (run, SEEDS) for name, run in runs.items()})


if __name__ == "__main__":
    main()
