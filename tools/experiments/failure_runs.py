"""What a GAN is sensitive to, and which remedies help: python -m tools.experiments.failure_runs [--workers 2]

Chapter 8's two tables. Each run gets 30 seconds of one thread's CPU time, three seeds a variant (six of the one that
all others are compared with). An hour on one core. Writes ganbook/assets/results/failures.json, and failures.png with
eight samples of every run. What stands in the file with the same settings is not repeated, so the command can be
stopped and continued.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as changed
from functools import partial
from pathlib import Path

from torch.optim import Adam

from ganbook.chapters.failures import GALLERY
from ganbook.models import dcgan, minibatch
from ganbook.objectives import InstanceNoise, NonSaturating, Smoothed, ZeroCentred
from ganbook.training.recipes import Recipe
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import LEAST, N, Table, floor, measure, settings

SECONDS = sized(30.0, 0.5)
SEEDS, MORE_SEEDS = sized(([0, 1, 2], [0, 1, 2, 3, 4, 5]), ([0], [0]))
BETAS = (0.5, 0.99)

HEALTHY = Recipe(  # tutorial A's pair with half of G's width, which chapter 10 goes on from
    name="trial",
    title="",
    source="tools/experiments/failure_runs.py",
    G=partial(dcgan.Generator, width=32),
    D=partial(dcgan.Discriminator, width=24),
    objective=NonSaturating(),
    opt_g=partial(Adam, lr=2e-3, betas=BETAS),
    opt_d=partial(Adam, lr=8e-4, betas=BETAS),
    m=64,
    steps=0,
    reuse_fakes=True,
    ema=0.995,
)
COLLAPSING = changed(GALLERY["collapse"].failed, ema=0.995)


def sensitivity() -> dict[str, Recipe]:
    """One setting of the healthy pair changed at a time."""
    table = {"as it is": HEALTHY}
    for factor in (1 / 16, 1 / 4, 4, 16):
        table[f"both rates x {factor:g}"] = HEALTHY.change(lr_g=2e-3 * factor, lr_d=8e-4 * factor)
    for m in (8, 256):
        table[f"batch {m}"] = HEALTHY.change(m=m)
    for z_dim in (1, 4, 256):
        table[f"z {z_dim}"] = HEALTHY.change(z_dim=z_dim)
    for beta in (0.0, 0.9):
        opts = {name: partial(getattr(HEALTHY, name), betas=(beta, 0.99)) for name in ("opt_g", "opt_d")}
        table[f"beta_1 {beta:g}"] = changed(HEALTHY, **opts)
    return table


def remedies(base: Recipe) -> dict[str, Recipe]:
    """One remedy at a time for `base`."""
    rate = base.opt_d.keywords["lr"]
    nets = {"minibatch discrimination": minibatch.Discrimination, "minibatch deviation": minibatch.Deviation}
    table = {
        "none": base,
        "one-sided smoothing": changed(base, objective=Smoothed(real=0.9)),
        "two-sided smoothing": changed(base, objective=Smoothed(real=0.9, fake=0.1)),
        "instance noise 0.1": changed(base, objective=InstanceNoise(NonSaturating(), 0.1)),
        "instance noise 0.5": changed(base, objective=InstanceNoise(NonSaturating(), 0.5)),
        **{name: changed(base, D=_with(base.D, layer)) for name, layer in nets.items()},
        "D's rate x 4": base.change(lr_d=rate * 4),
        "D's rate / 4": base.change(lr_d=rate / 4),
    }
    if base is not HEALTHY:  # a penalty needs a D without BatchNorm
        table["R1, 0.2"] = changed(base, objective=ZeroCentred(NonSaturating(), r1=0.2))
    return table


def _with(D: partial | type, layer: type) -> partial:
    """The same discriminator with a layer that sees the batch."""
    return partial(D, minibatch=layer)


def variants() -> dict[str, Recipe]:
    """All rows, "table: variant" -> recipe; a remedy of "none" for the healthy pair is the pair as it is."""
    rows = {f"sensitivity: {name}": recipe for name, recipe in sensitivity().items()}
    for base, recipe in (("healthy", HEALTHY), ("collapsing", COLLAPSING)):
        named = {f"{base}: {name}": remedy for name, remedy in remedies(recipe).items()}
        rows |= {name: remedy for name, remedy in named.items() if remedy is not HEALTHY}
    return rows


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "failures.json", help="samples of finished runs")
    args = parser.parse_args()
    rows = some(variants())
    table = Table("failures", args.cache, {name: settings({"": recipe}) for name, recipe in rows.items()})
    table.report |= {"command": "python -m tools.experiments.failure_runs", "cpu_seconds": SECONDS}
    table.report |= {"judged": N, "least_share": LEAST, "floor": floor()}
    seeds = {name: MORE_SEEDS if recipe is HEALTHY else SEEDS for name, recipe in rows.items()}
    with ProcessPoolExecutor(args.workers) as pool:
        plan = {name: (partial(measure, recipe, seconds=SECONDS), seeds[name]) for name, recipe in rows.items()}
        table.fill(pool, plan)


if __name__ == "__main__":
    main()
