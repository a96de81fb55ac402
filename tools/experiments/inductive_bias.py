"""What do convolutions bring? {MLP, DCGAN} x {digits, digits with shuffled pixels}: python -m
tools.experiments.inductive_bias [--workers 2]

Chapter 3's first question. The shuffle is one fixed order of the 784 pixels, the same for every image. Both pairs are
trained on both kinds of images, on as many of them, from five seeds. For each of the four, six learning rates are
first compared on a seed of their own, by the distance from training images; the best of them trains the five. Samples
of a pair that was trained on shuffled digits are put back in order, then all are judged alike. An hour of one core.
Writes ganbook/assets/results/inductive_bias.json, and inductive_bias.png with samples of every run. What stands in the
file with the same settings is not repeated, so the command can be stopped and continued.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import torch
from torch import Tensor
from torch.optim import Adam

from ganbook.base.errors import DivergedError
from ganbook.data import Digits, Images
from ganbook.models.dcgan import Generator
from ganbook.models.sampling import sample
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import LEAST, SHOWN, N, Table, as_bytes, floor, from_training, grey, judge, settings

STEPS = sized(1_874, 20)  # of 64 images: two passes over the training set
N_TRIAL = sized(2_000, 200)  # samples judged after a trial
SEEDS, TRIAL_SEED = sized(([0, 1, 2, 3, 4], 100), ([0], 100))
KINDS = ("natural", "shuffled")


def order() -> Tensor:
    """The shuffle: pixel i of a shuffled digit is pixel order()[i] of the digit (784,)."""
    return torch.randperm(784, generator=torch.Generator().manual_seed(0))


def shuffled(digits: Images) -> Images:
    """The same images with their pixels in that order."""
    pixels = digits.images.flatten(1)[:, order()].view_as(digits.images)
    return Images(pixels, digits.labels, device=digits.images.device)


def restored(x: Tensor) -> Tensor:
    """Shuffled images x (n, 1, 28, 28) with every pixel back in its place."""
    return x.flatten(1)[:, order().argsort()].view_as(x)


def pairs() -> dict[str, dict[str, Recipe]]:
    """Pair -> learning rate -> recipe. Both see 64 images a step, unturned, and reuse the fakes of D's update.

    The DCGAN is that of chapter 3 with half of G's channels, so that all trainings fit in an hour.
    """
    mlp = get("mlp")
    dcgan = get("a-dcgan").change(G=partial(Generator, width=32), m=mlp.m, rotate=0.0, reuse_fakes=True)

    def at(recipe: Recipe, lr: float) -> Recipe:
        betas = recipe.opt_g.keywords["betas"]
        return recipe.change(opt_g=partial(Adam, lr=lr, betas=betas), opt_d=partial(Adam, lr=lr, betas=betas))

    return {
        name: {f"{lr:g}": at(recipe, lr) for lr in (1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3, 3.2e-3)}
        for name, recipe in (("MLP", mlp), ("DCGAN", dcgan))
    }


def variants() -> dict[str, dict[str, Recipe]]:
    """Variant -> learning rate -> recipe; a variant is a pair and the kind of its images."""
    return {f"{pair}, {kind}": options for pair, options in pairs().items() for kind in KINDS}


def train(variant: str, recipe: Recipe, seed: int) -> tuple[Run, float]:
    """Return the trained run, and the CPU seconds that it took."""
    torch.set_num_threads(1)
    digits = Digits("train")
    run = Run(recipe, seed=seed, data=shuffled(digits) if "shuffled" in variant else digits)
    began = time.process_time()
    for _ in run.train(STEPS):
        pass
    return run, time.process_time() - began


def drawn(variant: str, run: Run, n: int, seed: int) -> Tensor:
    """Samples (n, 1, 28, 28) with the pixels of digits."""
    x = sample(run.sampler, n, seed=seed)
    return restored(x) if "shuffled" in variant else x


def trial(variant: str, recipe: Recipe) -> float | None:
    """The distance from training images, on the seed of the trials; None if the training diverged."""
    try:
        run, _ = train(variant, recipe, TRIAL_SEED)
    except DivergedError:
        return None
    return from_training(drawn(variant, run, N_TRIAL, seed=1))


def measure(variant: str, recipe: Recipe, seed: int) -> tuple[dict, list]:
    """Train from one seed; returns the row of the table, and some samples as bytes."""
    try:
        run, seconds = train(variant, recipe, seed)
    except DivergedError:
        return {"seed": seed, "diverged": True, "lost": True}, grey()
    row = {"seed": seed, "steps": STEPS, "seconds": round(seconds, 1), "diverged": False}
    return row | judge(drawn(variant, run, N, seed=1)), as_bytes(drawn(variant, run, SHOWN, seed=2))


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    args = parser.parse_args()
    options = some(variants())
    described = {name: {"images": name.split(", ")[1], **settings(rates)} for name, rates in options.items()}
    table = Table("inductive_bias", CACHE / "inductive_bias.json", described)
    table.report |= {"command": "python -m tools.experiments.inductive_bias", "steps": STEPS, "judged": N}
    table.report |= {"trial_judged": N_TRIAL, "trial_seed": TRIAL_SEED, "least_share": LEAST, "floor": floor()}
    with ProcessPoolExecutor(args.workers) as pool:
        best = table.choose(pool, options, trial)
        table.fill(pool, {name: (partial(measure, name, recipe), SEEDS) for name, recipe in best.items()})


if __name__ == "__main__":
    main()
