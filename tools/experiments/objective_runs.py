"""All objectives on the same networks: python -m tools.experiments.objective_runs [--workers 2] [--time]

Chapter 10's table. Each variant is trained from five seeds for 2,000 updates of G and as many of D, with rates that
fall to 0 in the second half. The rates are searched first: that of G, the ratio of D's to it, and the weight of a
penalty or the bound of clipping. Every search starts in the same middle, has a seed of its own, and ends where no
neighbour is better. A trial has the first 500 updates and is judged against training images. Three hours of one core.
Writes ganbook/assets/results/objectives.json, and objectives.png with eight samples of every run. What stands in the
file with the same settings is not repeated, so the command can be stopped and continued. --time measures what one step
costs, on one thread of a machine that does nothing else.
"""

import argparse
import statistics
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.optim import Adam, RMSprop

from ganbook.base.errors import DivergedError
from ganbook.models import dcgan, spectral
from ganbook.models.sampling import sample
from ganbook.objectives import (
    GradientPenalty,
    Hinge,
    LeastSquares,
    NonSaturating,
    Objective,
    Relativistic,
    Saturating,
    Wasserstein,
    ZeroCentred,
)
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from ganbook.training.scheduling import Every, Falling
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import (
    LEAST,
    SHOWN,
    Grid,
    N,
    Table,
    as_bytes,
    distance,
    floor,
    from_training,
    grey,
    judge,
    milliseconds,
)

STEPS, TRIAL = sized((2_000, 500), (4, 2))  # updates of G in a run of the table, and in a trial
LOOKS = sized([500, 1_000, 1_500, 2_000], [2, 4])
N_LOOK = sized(2_000, 200)  # samples judged after a trial, and on the way of a run
SEEDS, TRIAL_SEED = sized([0, 1, 2, 3, 4], [0]), 100
EMA, SHORT_EMA = 0.995, 0.99  # of G, for a run and for a trial
LAZY = 16  # steps between two penalties: Karras et al. (2020), appendix B
RATES = {"rate of G": (1e-3, 2.0), "D's to it": (0.4, 2.5)}
WEIGHT = {"weight": (0.05, 4.0)}

ADAM = partial(Adam, betas=(0.5, 0.99))

plain = partial(dcgan.Discriminator, width=24, norm=nn.Identity, first=dcgan.he)


def recipe(
    lr: float,
    ratio: float,
    weight: float = 0.0,
    *,
    objective: type | partial,
    D: partial = plain,
    optimiser: partial = ADAM,
    lazy: bool = False,
    clipped: bool = False,
) -> Recipe:
    """A recipe of the table. The networks are the same but for D's normalisation."""
    loss: Objective = objective(weight) if weight and not clipped else objective()
    now_and_then = {name: Every(LAZY, STEPS, weight) for name in ("r1", "r2") if lazy and getattr(loss, name, 0)}
    return Recipe(
        name="trial",
        title="",
        source="tools/experiments/objective_runs.py",
        G=partial(dcgan.Generator, width=32),
        D=D,
        objective=loss,
        opt_g=partial(optimiser, lr=lr),
        opt_d=partial(optimiser, lr=float(f"{lr * ratio:.3g}")),
        m=64,
        steps=STEPS,
        reuse_fakes=True,
        ema=EMA,
        clip=weight if clipped else None,
        schedule={"lr": Falling(0.5), **now_and_then},
    )


def variants() -> dict[str, Grid]:
    """Name -> the settings to search. First the objectives, then penalties, then what D's normalisation changes."""

    def r1(weight: float) -> ZeroCentred:
        return ZeroCentred(NonSaturating(), r1=weight)

    def pairs(weight: float) -> ZeroCentred:
        return ZeroCentred(Relativistic(), r1=weight, r2=weight)

    def searched(objective: type | partial, more: dict | None = None, **what: object) -> Grid:
        return Grid(partial(recipe, objective=objective, **what), RATES | (more or {}))

    norms = {
        "BatchNorm": partial(dcgan.Discriminator, width=24),
        "GroupNorm": partial(dcgan.Discriminator, width=24, norm=partial(nn.GroupNorm, 1)),
        "spectral norm": partial(spectral.Discriminator, width=24),
    }
    return {
        "saturating": searched(Saturating),
        "non-saturating": searched(NonSaturating),
        "least squares": searched(LeastSquares),
        "hinge": searched(Hinge),
        "relativistic": searched(Relativistic),
        "Wasserstein, clipped": searched(Wasserstein, {"bound": (0.03, 3.0)}, optimiser=partial(RMSprop), clipped=True),
        "Wasserstein, gradient penalty": searched(
            GradientPenalty, {"weight": (1.0, 4.0)}, optimiser=partial(Adam, betas=(0.0, 0.9))
        ),
        "non-saturating, R1": searched(r1, WEIGHT),
        "non-saturating, lazy R1": searched(r1, WEIGHT, lazy=True),
        "relativistic, R1 + R2": searched(pairs, WEIGHT),
        **{f"non-saturating, {name}": searched(NonSaturating, D=D) for name, D in norms.items()},
    }


def train(recipe: Recipe, seed: int, steps: int, looks: list[int]) -> tuple[Run, list, bool]:
    """Train on one thread: the run, [step, d² of N_LOOK samples] on the way, and whether it diverged."""
    torch.set_num_threads(1)
    run, course = Run(recipe, seed=seed), []
    try:
        for record in run.train(steps):
            if record.step in looks:
                course.append([record.step, distance(sample(run.sampler, N_LOOK, seed=1))])
    except DivergedError:
        return run, course, True
    return run, course, False


def trial(name: str, recipe: Recipe) -> float | None:
    """The distance from training images after a short run, of G's average; None if it diverged."""
    run, _, diverged = train(recipe.change(ema=SHORT_EMA), TRIAL_SEED, TRIAL, [])
    return None if diverged else from_training(sample(run.sampler, N_LOOK, seed=1))


def measure(recipe: Recipe, seed: int) -> tuple[dict, list]:
    """Train from one seed; returns the row of the table, and some samples as bytes."""
    run, course, diverged = train(recipe, seed, STEPS, LOOKS)
    row = {"seed": seed, "steps": run.step, "diverged": diverged, "course": course}
    if diverged:
        return {**row, "lost": True}, grey()
    row |= judge(sample(run.sampler, N, seed=1))
    row["frechet_last"] = distance(sample(run.G, N, seed=1))  # without the average
    return row, as_bytes(sample(run.sampler, SHOWN, seed=2))


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--time", action="store_true", help="measure the time of a step, when all runs are there")
    parser.add_argument("--cache", type=Path, default=CACHE / "objectives.json", help="samples of finished runs")
    args = parser.parse_args()
    grids = some(variants())
    table = Table("objectives", args.cache, {name: grid.settings() for name, grid in grids.items()})
    table.report |= {
        "command": "python -m tools.experiments.objective_runs",
        "steps": STEPS,
        "trial_steps": TRIAL,
        "trial_seed": TRIAL_SEED,
        "judged": N,
        "judged_on_the_way": N_LOOK,
        "least_share": LEAST,
        "floor": floor(),
        "ema": EMA,
        "short_ema": SHORT_EMA,
    }
    with ProcessPoolExecutor(args.workers) as pool:
        best = table.search(pool, grids, trial)
        table.fill(pool, {name: (partial(measure, recipe), SEEDS) for name, recipe in best.items()})
    if args.time:
        table.report["ms"] = milliseconds(best)
        table.keep()
        for name, blocks in table.report["ms"].items():
            print(f"{name:32}{statistics.median(blocks):7.1f} ms a step")


if __name__ == "__main__":
    main()
