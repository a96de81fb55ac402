"""A small R3GAN beside the board's DCGAN, in the same seconds: python -m tools.experiments.r3gan [--workers 2]

Residual networks without normalisation (ganbook.models.residual), with the objective and the schedules of Huang et al.
(2024): pairs of a real and a fake, R1 + R2 at every step with a weight that falls to a tenth, beta_1 = 0, beta_2 from
0.9 to 0.99, an average whose half-life ends at a twentieth of the training. Rate and first weight are searched from a
middle, in steps of 2 and of 4, in trials of 60 seconds judged on training images. Then 300 seconds from three seeds,
and as many with the penalties at every 8th step only, at the same setting. A second is one of chapter 16's board: a
step is timed beside those of the board's GANs. About an hour of one core. Writes ganbook/assets/results/r3gan.json
after each run, and repeats no run that stands there with the same settings.
"""

import argparse
import math
import statistics
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from torch.optim import Adam

from ganbook.chapters import results
from ganbook.models import residual
from ganbook.objectives import Relativistic, ZeroCentred
from ganbook.training.recipes import Recipe
from ganbook.training.scheduling import BurnIn, Every
from tools.experiments.board import LONG, OURS, clock, timed, trial
from tools.experiments.sizes import sized
from tools.experiments.trials import (
    Grid,
    N,
    Table,
    floor,
    measure,
    milliseconds,
    stored,
)

TRIAL = sized(60.0, 0.2)  # seconds of a trial
SEEDS = sized([0, 1, 2], [0])
BLOCK = sized(10, 1)  # steps that are timed together
BURN_IN = 0.2  # of the steps: 2 of 10 million images (appendix, Stacked MNIST)
HALF_LIFE = 0.05  # of the steps, that of the average: 0.5 of 10 million images
LAZY = 8  # steps between two penalties of the control (appendix E)


def r3gan(rate: float, weight: float, steps: int = 1_000, every: int = 1) -> Recipe:
    """The recipe for so many steps. weight: gamma at the beginning; every: steps from one penalty to the next."""
    falling = BurnIn(weight, weight / 10, BURN_IN)
    penalty = Every(every, steps, falling) if every > 1 else falling
    return Recipe(
        name="r3gan",
        title="R3GAN, small",
        source="Huang et al. (2024)",
        G=partial(residual.Generator, patch=2),
        D=partial(residual.Discriminator, patch=2),
        objective=ZeroCentred(Relativistic(), r1=weight, r2=weight),
        opt_g=partial(Adam, lr=rate, betas=(0.0, 0.9)),
        opt_d=partial(Adam, lr=rate, betas=(0.0, 0.9)),
        m=64,
        steps=steps,
        ema=0.5 ** (1 / (HALF_LIFE * steps)),
        schedule={"r1": penalty, "r2": penalty, "beta_2": BurnIn(0.9, 0.99, BURN_IN)},
    )


def main() -> None:
    """Search, then make the runs that are missing, a process a core, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    args = parser.parse_args()
    board = results.load("board")["ms"]
    ms = stored("r3gan").get("ms") or milliseconds(
        {
            "every step": r3gan(1e-3, 0.1),
            "every 8th step": r3gan(1e-3, 0.1, every=LAZY),
            **{name: timed()[name] for name in OURS},
        },
        block=BLOCK,
    )

    def steps(name: str, seconds: float) -> int:
        return max(2, round(1_000 * seconds / (statistics.median(ms[name]) * clock(ms, board))))

    first = Grid(
        lambda rate, weight: r3gan(rate, weight, steps("every step", TRIAL)),
        {"rate": (1e-3, 2.0), "weight": (0.1, 4.0)},
    )
    described = {name: {**first.settings(), "steps": steps(name, LONG)} for name in ("every step", "every 8th step")}
    table = Table("r3gan", None, described)
    table.report |= {
        "command": "python -m tools.experiments.r3gan",
        "cpu_seconds": LONG,
        "ms": ms,
        "clock": round(clock(ms, board), 3),
        "judged": N,
        "floor": floor(),
    }
    table.keep()
    with ProcessPoolExecutor(args.workers) as pool:
        table.search(pool, {"every step": first}, trial)
        rate, weight = map(float, table.report["chosen"]["every step"].split(", "))
        runs = {
            "every step": r3gan(rate, weight, steps("every step", LONG)),
            "every 8th step": r3gan(rate, weight, steps("every 8th step", LONG), every=LAZY),
        }
        make = {name: partial(measure, one, seconds=math.inf, steps=one.steps) for name, one in runs.items()}
        table.fill(pool, {name: (one, SEEDS) for name, one in make.items()})


if __name__ == "__main__":
    main()
