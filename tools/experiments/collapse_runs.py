"""Remedies for a GAN that draws good digits of few kinds: python -m tools.experiments.collapse_runs [--workers 2]

The specimen of chapter 8 is the pair of the first GAN paper (recipe `goodfellow-2014`). After 1,500 steps about half of
its samples are ones. Each remedy is added to it alone, at one setting, and trained from three seeds for as many steps.
An hour of one core, and as much again for the unrolled row. Writes ganbook/assets/results/collapse.json, and
collapse.png with eight samples of every run. What stands in the file with the same settings is not repeated, so the
command can be stopped and continued.
"""

import argparse
import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as changed
from functools import partial
from pathlib import Path

from ganbook.models import goodfellow, minibatch
from ganbook.objectives import InstanceNoise, NonSaturating, Smoothed, Unrolled, ZeroCentred
from ganbook.training.recipes import Recipe, get
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import LEAST, N, Table, floor, measure, settings

STEPS = sized(1_500, 2)
SEEDS = sized([0, 1, 2], [0])
RATE = 0.1  # of both players, that of the paper


def wide(channels: int) -> goodfellow.Discriminator:
    """The paper's D for so many images on top of each other."""
    return goodfellow.Discriminator(channels=channels)


def variants() -> dict[str, Recipe]:
    """Name -> the specimen with one remedy."""
    base = get("goodfellow-2014")
    of_batch = {
        "minibatch discrimination": partial(goodfellow.Discriminator, minibatch=minibatch.Discrimination),
        "minibatch deviation": partial(goodfellow.Discriminator, minibatch=minibatch.Deviation),
        "PacGAN, 2 images": partial(minibatch.Packed, wide, pack=2),
    }
    return {
        "none": base,
        **{name: changed(base, D=D) for name, D in of_batch.items()},
        "D's rate x 4": base.change(lr_d=4 * RATE),
        "D's rate / 4": base.change(lr_d=RATE / 4),
        "one-sided smoothing": changed(base, objective=Smoothed(real=0.9)),
        "instance noise 0.5": changed(base, objective=InstanceNoise(NonSaturating(), 0.5)),
        "R1, 0.2": changed(base, objective=ZeroCentred(NonSaturating(), r1=0.2)),
        # As many imagined steps as in Metz et al. (2017), section 3.3, each as long as a real one without momentum.
        "unrolled, 5 steps": changed(base, objective=Unrolled(NonSaturating(), steps=5, rate=RATE)),
    }


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "collapse.json", help="samples of finished runs")
    args = parser.parse_args()
    rows = some(variants())
    table = Table("collapse", args.cache, {name: settings({"": recipe}) for name, recipe in rows.items()})
    table.report |= {"command": "python -m tools.experiments.collapse_runs", "steps": STEPS}
    table.report |= {"judged": N, "least_share": LEAST, "floor": floor()}
    with ProcessPoolExecutor(args.workers) as pool:
        plan = {name: (partial(measure, recipe, seconds=math.inf, steps=STEPS), SEEDS) for name, recipe in rows.items()}
        table.fill(pool, plan)


if __name__ == "__main__":
    main()
