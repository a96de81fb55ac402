"""Remedies for mode collapse, on a pair that collapses and on one that does not: python -m tools.experiments.remedies

Chapter 8's table. Both are the repaired pair of chapter 2; the collapsing one has no BatchNorm in G, and draws digits,
but few kinds of them. They are trained without a remedy and with each, from five seeds, for 3,000 updates of both
players, on as many images as in chapter 2's comparison. A remedy may want other rates. So those of both players are
searched for every row, one step of factor 2 at a time, until no neighbour is better; so is the length of imagined
steps. A trial has 600 updates and a seed of its own, and is judged against training images. Since what wins there may
lose later, the winner and the rates of the pair as it is meet once more over the full length, on the same seed. Two
hours of one core. Writes ganbook/assets/results/remedies.json, and remedies.png with eight samples of every run. What
stands in the file with the same settings is not repeated, so the command can be stopped and continued.
"""

import argparse
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from torch import nn

from ganbook.models import mlp
from ganbook.models.minibatch import Deviation, Discrimination, Packed
from ganbook.objectives import NonSaturating
from ganbook.objectives.unrolled import Unrolled
from ganbook.training.recipes import Recipe, get
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import LEAST, Grid, N, Table, floor, measure, short_run

STEPS, TRIAL = sized((3_000, 600), (2, 2))  # updates of a run, and of a trial
N_TRIAL = sized(2_000, 200)  # samples judged after a trial
SEEDS, TRIAL_SEED = sized([0, 1, 2, 3, 4], [0]), 100
LEFT_OUT = ("healthy", "five steps ahead")  # its steps take almost five times as long
PACK, AHEAD = 2, 5  # images shown as one; imagined steps of D
PAIRS = {"collapsing": partial(mlp.Generator, slope=0.2), "healthy": partial(mlp.Generator, slope=0.2, norm=True)}


def critic(channels: int = 1, minibatch: Callable | None = None) -> nn.Module:
    """D of chapter 2's repaired pair."""
    return mlp.Discriminator((channels, 28, 28), (512, 256), slope=0.2, dropout=0.0, minibatch=minibatch)


REMEDIES = {
    "no remedy": critic,
    "minibatch discrimination": partial(critic, minibatch=Discrimination),
    "minibatch deviation": partial(critic, minibatch=Deviation),
    "packs of two": partial(Packed, critic, PACK),
    "five steps ahead": critic,
}


def recipe(lr: float, ratio: float, length: float = 0.0, *, G: partial, D: Callable[[], nn.Module]) -> Recipe:
    """A row of the table. lr: the rate of G. ratio: that of D to it. length: of D's imagined steps, if there are any.

    Real and fake go through D apart, because some of these D look at the whole batch.
    """
    objective = Unrolled(NonSaturating(), AHEAD, length) if length else NonSaturating()
    lr_d = float(f"{lr * ratio:.3g}")
    return get("mlp").change(G=G, D=D, objective=objective, lr_g=lr, lr_d=lr_d, steps=STEPS)


def variants() -> dict[str, Grid]:
    """Name -> the settings to search."""
    rows = {}
    for pair, G in PAIRS.items():
        axes = {"rate of G": (4e-4, 2.0), "D's to it": (1.0, 2.0)}
        for remedy, D in REMEDIES.items():
            if (pair, remedy) == LEFT_OUT:
                continue
            more = {"length": (0.05, 2.0)} if remedy == "five steps ahead" else {}
            rows[f"{pair}, {remedy}"] = Grid(partial(recipe, G=G, D=D), axes | more)
    return rows


def trial(name: str, recipe: Recipe, steps: int = TRIAL) -> float | None:
    """The distance from training images after so many steps; None if it diverged."""
    return short_run(recipe, TRIAL_SEED, steps, N_TRIAL)


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "remedies.json", help="samples of finished runs")
    args = parser.parse_args()
    grids = some(variants())
    table = Table("remedies", args.cache, {name: grid.settings() for name, grid in grids.items()})
    report = table.report
    report |= {
        "command": "python -m tools.experiments.remedies",
        "steps": STEPS,
        "trial_steps": TRIAL,
        "trial_seed": TRIAL_SEED,
        "judged": N,
        "least_share": LEAST,
        "floor": floor(),
    }
    with ProcessPoolExecutor(args.workers) as pool:
        table.search(pool, grids, trial)
        best = last_round(pool, table, grids)
        runs = {name: partial(measure, one, seconds=math.inf, steps=STEPS) for name, one in best.items()}
        table.fill(pool, {name: (run, SEEDS) for name, run in runs.items()})


def last_round(pool: ProcessPoolExecutor, table: Table, grids: dict[str, Grid]) -> dict[str, Recipe]:
    """The better of two settings over the full length, for each row: the one that the search chose, and the middle."""
    finals, jobs = table.report.setdefault("finals", {}), {}
    for name, grid in grids.items():
        done = finals[name] = finals.get(name, {}) if name in table.same else {}
        for label in {table.report["chosen"][name], grid.label((0,) * len(grid.axes))} - set(done):
            jobs[pool.submit(trial, name, grid.find(label), STEPS)] = (name, label)
    for job in as_completed(jobs):
        name, label = jobs[job]
        finals[name][label] = job.result()
        table.keep()
        print(f"last round of {name} at {label}: {job.result()}", flush=True)
    return {name: grid.find(grid.best(finals[name])) for name, grid in grids.items()}


if __name__ == "__main__":
    main()
