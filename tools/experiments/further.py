"""What holds the best recipes back: python -m tools.experiments.further [--workers 2]

First the recipe `conditional` with one change at a time: two updates of D a step, and two layers that let D see the
spread of a batch. Then the recipe `dcgan` with the normalisation and the rates of `conditional`, with the same two
layers besides, or with the categorical code of the recipe `coded`; and that recipe itself, which has the code and
minibatch discrimination. Each is trained for 9,000 steps from three seeds, and 10,000 samples are judged, of a
conditional G each digit equally often. The test of copying stands beside the distances. Of a G with a code, the judge's
names are set beside the codes of the same samples: purity is the share that bears the most frequent name of its code.

For the first group the game is then over, and G is frozen. A new D of the recipe's shape learns against it alone, with
the recipe's objective and rate. Shown a test image and a sample with the same label, how often does it give the real
one the higher logit? The same is asked of the D that played. About two and a half hours of one core. Writes
ganbook/assets/results/further.json after each run, and repeats no run that stands there with the same settings.
"""

import argparse
import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as changed
from functools import partial

import torch
from torch import Tensor, nn

from ganbook import evaluate
from ganbook.data import Digits
from ganbook.evaluation.reference import look
from ganbook.models import OfNoise, conditional, dcgan, takes_labels
from ganbook.models.minibatch import Deviation, Discrimination
from ganbook.models.sampling import sample
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from ganbook.training.scheduling import Falling
from tools.experiments.sizes import sized
from tools.experiments.trials import N, Table, code_purity, distance, floor, judge, settings, spend

SEEDS = sized([0, 1, 2], [0])
STEPS = sized(9_000, 2)
ALONE = sized(2_000, 2)  # steps of a D against the frozen G
AT_ONCE = 64  # images that D judges at a time, as many as in its training: a layer that sees the batch counts them
FALLING = {"lr": Falling(0.5)}
LAYERS = {"minibatch deviation": Deviation, "minibatch discrimination": Discrimination}


def variants() -> dict[str, Recipe]:
    """Each recipe as it stands without a layer that sees the batch, then its changes."""
    best, plain, coded = get("conditional"), get("dcgan"), get("coded")
    calm = changed(plain, D=partial(plain.D, norm=nn.Identity, first=dcgan.he), schedule=FALLING)
    every = {
        "conditional": best,
        "conditional, two updates of D": best.change(k=2),
        **{f"conditional, {name}": best.change(minibatch=layer) for name, layer in LAYERS.items()},
        "dcgan, no BatchNorm in D, rates fall": calm,
        **{f"dcgan, {name}": calm.change(minibatch=layer) for name, layer in LAYERS.items()},
        "dcgan, code": changed(calm, G=coded.G),
        "coded": coded,
    }
    return {name: recipe.change(steps=STEPS) for name, recipe in every.items()}


class Frozen(OfNoise):
    """A generator that is only drawn from, as `sample` draws: the loop leaves layers in evaluation mode as they are."""

    def __init__(self, G: OfNoise) -> None:
        super().__init__(G.z_dim)
        self.G, self.classes = G.eval().requires_grad_(False), G.classes

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return self.G(z, y)


def newcomer(G: OfNoise, seed: int) -> nn.Module:
    """A new D of the recipe's shape, after it has learned against the frozen G alone, at rates that fall to 0."""
    alone = changed(get("conditional"), G=partial(Frozen, G), opt_g=None, ema=0.0, steps=ALONE, schedule=FALLING)
    run = Run(alone, seed=seed)
    for _ in run.train(ALONE):
        pass
    return run.D


@torch.no_grad()
def pairs_right(D: nn.Module, G: OfNoise) -> float:
    """The share of pairs, a test image and a sample with its label, of which D gives the real one the higher logit."""
    x, y = Digits("test")[torch.arange(N)]
    fakes = sample(G, N, seed=1, y=y)
    D.eval()
    parts = zip(x.split(AT_ONCE), fakes.split(AT_ONCE), y.split(AT_ONCE))
    return round(float(torch.cat([D(real, of) > D(fake, of) for real, fake, of in parts]).double().mean()), 4)


def measure(recipe: Recipe, seed: int) -> tuple[dict, list]:
    """Train from one seed; returns the row of the table, and no samples."""
    run, seconds, diverged, _ = spend(recipe, seed, math.inf, recipe.steps)
    row = {"seed": seed, "steps": run.step, "seconds": round(seconds, 1), "diverged": diverged}
    if diverged:
        return row, []
    G = run.sampler
    x = sample(G, N, seed=1)
    row |= judge(x) | {"frechet_last": distance(sample(run.G, N, seed=1))}
    row["copies"] = round(evaluate(G, n=N).scores["copies"].value, 4)
    if isinstance(G, conditional.Coded):
        row["purity"] = code_purity(G, look(x).p.argmax(1))
    if takes_labels(G):
        row["pairs"] = {"played": pairs_right(run.D, G), "alone": pairs_right(newcomer(G, seed), G)}
    return row, []


def main() -> None:
    """Make the runs that are missing, a process a core, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    args = parser.parse_args()
    rows = variants()
    described = {
        name: {**settings({"": recipe}), "steps": recipe.steps, "alone": ALONE} for name, recipe in rows.items()
    }
    table = Table("further", None, described)
    table.report |= {"command": "python -m tools.experiments.further", "judged": N, "alone": ALONE, "floor": floor()}
    table.keep()
    with ProcessPoolExecutor(args.workers) as pool:
        table.fill(pool, {name: (partial(measure, recipe), SEEDS) for name, recipe in rows.items()})


if __name__ == "__main__":
    main()
