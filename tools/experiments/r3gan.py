"""A small R3GAN beside the board's DCGAN, in the same seconds: python -m tools.experiments.r3gan [--workers 2]

Residual networks without normalisation (ganbook.models.residual), with the objective and the schedules of Huang et al.
(2024): pairs of a real and a fake, R1 + R2 at every step with a weight that falls to a tenth, beta_1 = 0, beta_2 from
0.9 to 0.99, an average whose half-life ends at a twentieth of the training. Rate and first weight are searched from a
middle, in steps of 2 and of 4, in trials of 60 seconds judged on training images. Then 300 seconds from three seeds,
and as many with the penalties at every 8th step only, at the same setting. A second is one of chapter 16's board: a
step is timed beside those of the board's GANs.

The same on Stacked MNIST, beside the recipe `stacked` of chapter 13. There the trials are judged by the divergence of
the modes from equal shares, and a run has as many steps as take as long as those of chapter 13's runs.

About two hours of one core. Writes r3gan.json and r3gan_stacked.json in ganbook/assets/results after each run, and
repeats no run that stands there with the same settings.
"""

import argparse
import math
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from torch.optim import Adam

from ganbook.chapters import results
from ganbook.evaluation.stacked_modes import names
from ganbook.models import residual
from ganbook.models.sampling import sample
from ganbook.objectives import Relativistic, ZeroCentred
from ganbook.training.recipes import Recipe, get
from ganbook.training.scheduling import BurnIn, Every
from tools.experiments.board import LONG, OURS, TRIAL_SEED, clock, timed, trial
from tools.experiments.sizes import sized
from tools.experiments.stacked_runs import N as N_STACKED
from tools.experiments.stacked_runs import tally
from tools.experiments.trials import (
    Grid,
    N,
    Table,
    floor,
    measure,
    milliseconds,
    spend,
    stored,
)

TRIAL = sized(60.0, 0.2)  # seconds of a trial
SEEDS = sized([0, 1, 2], [0])
BLOCK = sized(10, 1)  # steps that are timed together
BURN_IN = 0.2  # of the steps: 2 of 10 million images (appendix, Stacked MNIST)
HALF_LIFE = 0.05  # of the steps, that of the average: 0.5 of 10 million images
LAZY = 8  # steps between two penalties of the control (appendix E)
ROWS = {"every step": 1, "every 8th step": LAZY}


def r3gan(rate: float, weight: float, steps: int = 1_000, every: int = 1, channels: int = 1) -> Recipe:
    """The recipe for so many steps. weight: gamma at the beginning; every: steps from one penalty to the next."""
    falling = BurnIn(weight, weight / 10, BURN_IN)
    penalty = Every(every, steps, falling) if every > 1 else falling
    return Recipe(
        name="r3gan",
        title="R3GAN, small",
        source="Huang et al. (2024)",
        G=partial(residual.Generator, channels=channels, patch=2),
        D=partial(residual.Discriminator, channels=channels, patch=2),
        objective=ZeroCentred(Relativistic(), r1=weight, r2=weight),
        opt_g=partial(Adam, lr=rate, betas=(0.0, 0.9)),
        opt_d=partial(Adam, lr=rate, betas=(0.0, 0.9)),
        m=64,
        steps=steps,
        channels=channels,
        ema=0.5 ** (1 / (HALF_LIFE * steps)),
        schedule={"r1": penalty, "r2": penalty, "beta_2": BurnIn(0.9, 0.99, BURN_IN)},
    )


def whole(recipe: Recipe, seed: int) -> tuple[dict, list]:
    """Train on digits from one seed to the end of the schedule; returns the row and some samples."""
    return measure(recipe, seed, seconds=math.inf, steps=recipe.steps)


def count(recipe: Recipe, seed: int) -> tuple[dict, list]:
    """Train on Stacked MNIST from one seed; returns a row like those of chapter 13's runs, and no samples."""
    run, seconds, diverged, _ = spend(recipe, seed, math.inf, recipe.steps)
    row = {"seed": seed, "diverged": diverged, "course": []}
    if not diverged:
        found = tally(names(sample(run.sampler, N_STACKED, seed=1)))
        row["course"].append({"seconds": round(seconds, 1), "step": run.step, **found})
    return row, []


def divergence(name: str, recipe: Recipe) -> float | None:
    """The modes' divergence from equal shares after a trial; None if it diverged."""
    row, _ = count(recipe, TRIAL_SEED)
    return None if row["diverged"] else row["course"][-1]["kl"]


def times(channels: int, beside: dict) -> dict[str, list[float]]:
    """Milliseconds of a step in turn: both rows, and what they are set beside."""
    own = {name: r3gan(1e-3, 0.1, every=every, channels=channels) for name, every in ROWS.items()}
    return milliseconds(own | beside, block=BLOCK)


def compared(
    pool: ProcessPoolExecutor,
    table: str,
    report: dict,
    steps: dict[str, int],
    make: Callable[..., Recipe],
    first: tuple[float, float],
    trial: Callable[[str, Recipe], float | None],
    run: Callable[[Recipe, int], tuple[dict, list]],
) -> None:
    """Search from the rate and the weight of `first`, then make the runs that are missing.

    report: what else stands in the table's file. steps: of a long run, by row. make: as r3gan. trial: of the search, as
    in Table. run: makes a row from a recipe and a seed.
    """
    short = max(2, round(steps["every step"] * TRIAL / LONG))
    grid = Grid(partial(make, steps=short), {"rate": (first[0], 2.0), "weight": (first[1], 4.0)})
    rows = Table(table, None, {name: {**grid.settings(), "steps": n} for name, n in steps.items()})
    rows.report |= {"command": "python -m tools.experiments.r3gan", "cpu_seconds": LONG, **report}
    rows.keep()
    rows.search(pool, {"every step": grid}, trial)
    rate, weight = map(float, rows.report["chosen"]["every step"].split(", "))
    rows.fill(pool, {name: (partial(run, make(rate, weight, n, ROWS[name])), SEEDS) for name, n in steps.items()})


def digits(pool: ProcessPoolExecutor) -> None:
    """Beside the board's DCGAN: as many steps as its seconds allow."""
    board = results.load("board")["ms"]
    ms = stored("r3gan").get("ms") or times(1, {name: timed()[name] for name in OURS})
    now = clock(ms, board)
    steps = {name: max(2, round(1_000 * LONG / (statistics.median(ms[name]) * now))) for name in ROWS}
    report = {"ms": ms, "clock": round(now, 3), "judged": N, "floor": floor()}
    compared(pool, "r3gan", report, steps, r3gan, (1e-3, 0.1), trial, whole)


def stacks(pool: ProcessPoolExecutor) -> None:
    """Beside chapter 13's runs on Stacked MNIST: as many steps as take as long as theirs."""
    theirs = statistics.median(row["course"][-1]["step"] for row in results.load("stacked")["variants"]["recipe"])
    ms = stored("r3gan_stacked").get("ms") or times(3, {"stacked": get("stacked")})
    span = theirs * statistics.median(ms["stacked"])
    steps = {name: max(2, sized(round(span / statistics.median(ms[name])), 2)) for name in ROWS}
    report, make = {"ms": ms, "samples": N_STACKED}, partial(r3gan, channels=3)
    compared(pool, "r3gan_stacked", report, steps, make, (4e-3, 6.4), divergence, count)


def main() -> None:
    """Search, then make the runs that are missing, a process a core, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    args = parser.parse_args()
    with ProcessPoolExecutor(args.workers) as pool:
        digits(pool)
        stacks(pool)


if __name__ == "__main__":
    main()
