"""All objectives on the same networks for the same CPU seconds: python -m tools.experiments.objective_runs [--workers
2]

Chapter 10's table. Each variant is trained from three seeds for 120 seconds of one thread's CPU time (judging not
counted), at the best of a few settings, which are compared on a seed of their own for 40 seconds each. Two and a half
hours on one core. Writes ganbook/assets/results/objectives.json, and objectives.png with eight samples of every run.
What stands in the file with the same settings is not repeated, so the command can be stopped and continued.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as changed
from functools import partial
from pathlib import Path

from torch import nn
from torch.optim import Adam, RMSprop

from ganbook.chapters.one_network import Plan
from ganbook.models import dcgan, spectral
from ganbook.models.sampling import sample
from ganbook.objectives import (
    GradientPenalty,
    Hinge,
    LeastSquares,
    NonSaturating,
    Relativistic,
    Saturating,
    Wasserstein,
    ZeroCentred,
)
from ganbook.training.recipes import Recipe
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import LEAST, NEVER, N, Table, distance, floor, measure, settings, spend

SECONDS, TRIAL = sized((120.0, 40.0), (0.5, 0.5))  # of CPU time: a run of the table, and a trial of a setting
SEEDS, TRIAL_SEED = sized([0, 1, 2], [0]), 100
EMA, SHORT_EMA = 0.998, 0.99  # of G; trials, and runs of half the steps or fewer, are too short for the long average


def _recipe(objective, D, opt_g, opt_d, k: int, ema: float, clip: float | None = None) -> Recipe:
    """A recipe of the table: the networks are the same but for D's normalisation.

    D normalises each image by itself (one group of channels: Wu and He, 2018; Ba et al., 2016), which a penalty on its
    slope allows and BatchNorm does not; Gulrajani et al. (2017), section 4, recommend it for that reason.
    """
    return Recipe(
        name="trial",
        title="",
        source="tools/experiments/objective_runs.py",
        G=partial(dcgan.Generator, width=32),
        D=D or partial(dcgan.Discriminator, width=24, norm=partial(nn.GroupNorm, 1)),
        objective=objective,
        opt_g=opt_g,
        opt_d=opt_d,
        m=64,
        steps=NEVER,
        k=k,
        reuse_fakes=True,
        ema=ema,
        clip=clip,
    )


def _rates(objective, D=None, betas=(0.5, 0.99), k: int = 1, ema: float = EMA) -> dict[str, Recipe]:
    """The same with three rates: G's, and D's at 0.4 of it."""

    def adam(lr: float) -> partial:
        return partial(Adam, lr=lr, betas=betas)

    return {
        f"{lr:g}": _recipe(objective, D, adam(lr=lr), adam(lr=round(0.4 * lr, 9)), k, ema) for lr in (5e-4, 1e-3, 2e-3)
    }


def _weights(objective_of, weights, D=None, ema: float = EMA) -> dict[str, Recipe]:
    """The same with three rates and some weights of a penalty."""
    return {
        f"{rate}, {weight:g}": recipe
        for weight in weights
        for rate, recipe in _rates(objective_of(weight), D, ema=ema).items()
    }


def variants() -> dict[str, dict[str, Recipe]]:
    """Name -> the settings to choose from. First the objectives, then what another normalisation of D changes."""

    def both(w: float) -> ZeroCentred:
        return ZeroCentred(Relativistic(), r1=w, r2=w)

    none, batch = (partial(dcgan.Discriminator, width=24, norm=norm) for norm in (nn.Identity, nn.BatchNorm2d))
    return {
        "saturating": _rates(Saturating()),
        "non-saturating": _rates(NonSaturating()),
        "least squares": _rates(LeastSquares()),
        "hinge": _rates(Hinge()),
        "Wasserstein, clipped": {
            f"{lr:g}": _recipe(Wasserstein(), None, *2 * [partial(RMSprop, lr=lr)], 5, SHORT_EMA, clip=0.01)
            for lr in (5e-5, 2e-4, 5e-4)  # the first is that of Arjovsky et al. (2017), algorithm 1
        },
        "Wasserstein, gradient penalty": _rates(GradientPenalty(), None, (0.0, 0.9), 5, SHORT_EMA),
        "non-saturating, R1": _weights(lambda w: ZeroCentred(NonSaturating(), r1=w), (0.02, 0.2)),
        "relativistic": _rates(Relativistic()),
        "relativistic, R1 + R2": _weights(both, (0.02, 0.2), None, SHORT_EMA),
        "non-saturating, BatchNorm": _rates(NonSaturating(), batch),
        "non-saturating, no norm": _rates(NonSaturating(), none),
        "relativistic, R1 + R2, no norm": _weights(both, (0.02, 0.2), none, SHORT_EMA),
        "hinge, spectral norm": _rates(Hinge(), partial(spectral.Discriminator, width=24)),
    }


def trial(name: str, recipe: Recipe | Plan) -> float | None:
    """The Fréchet distance after a short run, of G's average; None if it diverged."""
    run, _, diverged, _ = spend(changed(recipe, ema=SHORT_EMA), TRIAL_SEED, TRIAL)
    return None if diverged else distance(sample(run.sampler, N, seed=1))


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "objectives.json", help="samples of finished runs")
    args = parser.parse_args()
    options = some(variants())
    table = Table("objectives", args.cache, {name: settings(recipes) for name, recipes in options.items()})
    table.report |= {
        "command": "python -m tools.experiments.objective_runs",
        "judged": N,
        "least_share": LEAST,
        "floor": floor(),
    }
    table.report |= {"cpu_seconds": SECONDS, "trial_cpu_seconds": TRIAL, "trial_seed": TRIAL_SEED}
    table.report |= {"ema": EMA, "short_ema": SHORT_EMA}
    with ProcessPoolExecutor(args.workers) as pool:
        best = table.choose(pool, options, trial)
        table.fill(pool, {name: (partial(measure, recipe, seconds=SECONDS), SEEDS) for name, recipe in best.items()})


if __name__ == "__main__":
    main()
