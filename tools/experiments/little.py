"""What a GAN does with 1,000 digits, and what augmentation does about it: python -m tools.experiments.little
[--workers 2]

Chapter 14's table. Each run gets 110 seconds of one thread's CPU time, three seeds a variant, and is looked at four
times on the way, which is not part of the time. 40 minutes on one core. Writes ganbook/assets/results/little.json.
What stands in the file with the same settings is not repeated, so the command can be stopped and continued.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from dataclasses import replace as changed
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from ganbook.base.errors import DivergedError
from ganbook.data import Digits, Images
from ganbook.evaluation import reference
from ganbook.metrics.frechet import frechet
from ganbook.metrics.neighbours import copying, prdc
from ganbook.models import dcgan
from ganbook.models.sampling import sample
from ganbook.objectives import NonSaturating
from ganbook.objectives.augmentation import Augmented, centres
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from tools.experiments.sizes import sized, some
from tools.experiments.stacked_runs import marks
from tools.experiments.trials import Table, settings

SECONDS, EVERY = sized((110.0, 27.5), (0.5, 0.5))  # of CPU time: a run, and from one look to the next
SEEDS = sized([0, 1, 2], [0])
FEW = 1_000  # images
N = sized(5_000, 200)  # samples judged
LOOK = 960  # images of each kind that D is asked about, in batches of m
KINDS = ("shift", "cutout")  # brightness is no way in which handwritten digits differ


@dataclass(frozen=True)
class Few(Recipe):
    """A Recipe that is trained on the first `images` training images only."""

    images: int = FEW

    def data(self, folder: str | Path | None = None, device: torch.device | str = "cpu") -> Images:
        """Return these images."""
        return super().data(folder, device).subset(slice(self.images))

    def describe(self) -> dict[str, Any]:
        """Return the recipe as plain values, with the number of images."""
        return {**super().describe(), "images": self.images}


RECIPE = Few(
    name="few",
    title="A thousand digits",
    source="This book, chapter 14",
    G=partial(dcgan.Generator, width=32),
    D=partial(dcgan.Discriminator, width=24),
    objective=NonSaturating(),
    opt_g=partial(Adam, lr=2e-3, betas=(0.5, 0.99)),
    opt_d=partial(Adam, lr=8e-4, betas=(0.5, 0.99)),
    m=64,
    steps=0,
    reuse_fakes=True,
    ema=0.995,
)


def variants() -> dict[str, Recipe]:
    """The rows of the table."""
    both = Augmented(NonSaturating(), KINDS)
    return {
        "60,000": changed(RECIPE, images=60_000),
        "60,000, both augmented": changed(RECIPE, images=60_000, objective=both),
        "1,000": RECIPE,
        "1,000, reals augmented": changed(RECIPE, objective=changed(both, fakes=False)),
        "1,000, both augmented": changed(RECIPE, objective=both),
    }


@lru_cache(maxsize=1)
def real() -> tuple[Tensor, Tensor, Tensor]:
    """Features of N test images (n, 128), of the FEW training images, and of N others, drawn at random."""
    train = Digits("train")
    parts = (reference.look(x).features for x in (train[:FEW][0], train[others()][0]))
    return reference.against(N, train, train.images.device).real.features, *parts


def others() -> Tensor:
    """The places of N training images that are none of the first FEW, drawn once for all."""
    order, _ = reference.floor_index(len(Digits("train")), Digits("train"))
    return order[order >= FEW][:N]


@torch.no_grad()
def look(run: Run) -> dict[str, float]:
    """What can be said of a run at one moment: its samples, and D's mean logits for four kinds of images.

    copying is the chance that a sample lies nearer to the FEW images than a test image does. D is asked about images of
    the training set, test images, which it never saw, and samples; none of them augmented. As in its training, each
    batch is of one kind and BatchNorm looks at it. A copy is asked, since BatchNorm takes notes.
    """
    test, few, _ = real()
    x = sample(run.sampler, N, seed=1)
    features, _ = reference.look(x)
    train, held = (data[:LOOK][0] for data in (Digits("train"), Digits("test")))
    D, kinds = deepcopy(run.D), {"train": train, "held_out": held, "fake": x[:LOOK]}
    logits = {name: torch.cat([D(part) for part in images.split(run.recipe.m)]) for name, images in kinds.items()}
    found = {
        "frechet": frechet(features, test),
        **prdc(test, features)._asdict(),
        "copying": copying(features, test, few),
        "centre": float(centres(x).std(0).mean()),
        **{f"logit_{name}": float(logit.mean()) for name, logit in logits.items()},
        "held_out_called_real": float((logits["held_out"] > 0).double().mean()),
    }
    return {name: round(value, 4) for name, value in found.items()}


def measure(recipe: Recipe, seed: int, seconds: float = SECONDS, every: float = EVERY) -> tuple[dict, list]:
    """Train from one seed; returns the row of the table, and no samples, since there is no sheet."""
    torch.set_num_threads(1)
    row: dict = {"seed": seed, "diverged": False, "course": []}
    try:
        for run, spent in marks(recipe, seed, seconds, every):
            row["course"].append({"seconds": round(spent, 1), "step": run.step, **look(run)})
    except DivergedError:
        row["diverged"] = True
    return row, []


def floor() -> dict[str, float]:
    """What N real training images get for the same scores."""
    test, few, rest = real()
    spread = centres(Digits("train")[others()][0]).std(0).mean()
    scores = {"frechet": frechet(rest, test), "copying": copying(rest, test, few), "centre": float(spread)}
    return {name: round(value, 4) for name, value in (scores | prdc(test, rest)._asdict()).items()}


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    rows = some(variants())
    table = Table("little", None, {name: settings({"": recipe}) for name, recipe in rows.items()})
    report = table.report
    report |= {
        "command": "python -m tools.experiments.little",
        "cpu_seconds": SECONDS,
        "every": EVERY,
        "judged": N,
        "images": FEW,
    }
    report["floor"] = floor()
    table.keep()
    with ProcessPoolExecutor(args.workers) as pool:
        table.fill(pool, {name: (partial(measure, recipe), SEEDS) for name, recipe in rows.items()})


if __name__ == "__main__":
    main()
