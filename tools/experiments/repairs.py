"""Which repair makes the MLP GAN work? Each alone in the published pair, and each alone left out of the repaired one.

    python -m tools.experiments.repairs [--workers 2]

Five seeds a variant, and every run sees as many real images. Beside them the published pair with the sigmoid and the
BCELoss of its tutorial, the pair of Goodfellow et al. (2014), and, once, the published pair at its full length. A run
takes one to three minutes of one core, one at full length forty: about four hours of one core in all. Writes
ganbook/assets/results/repairs.json, and repairs.png with samples of every run. Both grow run by run; a run that stands
in them with the same settings is not repeated, so the command can be stopped and continued.
"""

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.optim import Adam

from ganbook.base.errors import DivergedError
from ganbook.base.files import replace
from ganbook.data import Digits
from ganbook.evaluation.distance import distance_of_images
from ganbook.evaluation.reference import against, look
from ganbook.metrics.neighbours import prdc
from ganbook.models.sampling import sample
from ganbook.objectives import NonSaturating
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from ganbook.viewing.plots import save_png
from tools.experiments.sizes import STORE, sized, some

IMAGES = sized(192_000, 640)  # real images a run sees: a little over three epochs
SEEDS = sized(5, 1)
FULL_SEEDS = 1  # of the run at full length: chapter 2 shows it beside two stored ones
N = sized(10_000, 200)  # samples judged at the end
LEAST = 0.02  # a class with a smaller share of the samples counts as lost
SHOWN = 8  # samples kept of each run
LOOKS = 15  # distances on the way of a run at full length, each of `N_LOOK` samples
N_LOOK = sized(2_000, 100)
JSON, PNG = (STORE / f"repairs.{kind}" for kind in ("json", "png"))

Change = Callable[[Recipe], Recipe]


@dataclass(frozen=True)
class Sigmoid(NonSaturating):
    """The same objective as the tutorial computes it: a sigmoid first, then BCELoss, whose logarithm ends at -100."""

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        real, fake = map(torch.sigmoid, self._logits(critic, x, x_fake))
        loss = _bce(real, 1.0) + _bce(fake, 0.0)
        right = torch.cat([real > 0.5, fake <= 0.5]).float().mean()
        return {"loss": loss / 2 if self.average else loss, "real": real.mean(), "fake": fake.mean(), "accuracy": right}

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        fake = torch.sigmoid(critic(x_fake))
        return {"loss": _bce(fake, 1.0), "fake": fake.mean()}


def _bce(p: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy(p, torch.full_like(p, label))


def _both(**options: float) -> Change:
    return lambda recipe: recipe.change(G=partial(recipe.G, **options), D=partial(recipe.D, **options))


def _adam(lr: float, beta_1: float) -> Change:
    player = partial(Adam, lr=lr, betas=(beta_1, 0.999))
    return lambda recipe: recipe.change(opt_g=player, opt_d=player)


class Repair(NamedTuple):
    """A change that `make` brings in and `undo` takes back."""

    make: Change
    undo: Change


REPAIRS = {
    "BatchNorm in G": Repair(lambda r: r.change(norm=True), lambda r: r.change(norm=False)),
    "LeakyReLU": Repair(_both(slope=0.2), _both(slope=0.0)),
    "no dropout": Repair(lambda r: r.change(dropout=0.0), lambda r: r.change(dropout=0.3)),
    "smaller D": Repair(
        lambda r: r.change(D=partial(r.D, hidden=(512, 256))),
        lambda r: r.change(D=partial(r.D, hidden=(1024, 512, 256))),
    ),
    "Adam's settings": Repair(_adam(4e-4, 0.5), _adam(1e-4, 0.9)),
    "batch of 64": Repair(lambda r: r.change(m=64, reuse_fakes=True), lambda r: r.change(m=32, reuse_fakes=False)),
}

KEPT = ("BatchNorm in G", "Adam's settings", "no dropout")  # the three that the repaired pair is no nearer without


class Plan(NamedTuple):
    """A variant: its recipe, the steps of a run, the number of seeds, distances taken on the way."""

    recipe: Recipe
    steps: int
    seeds: int
    looks: int = 0


def variants() -> dict[str, Plan]:
    """All variants by name; the steps are such that each sees IMAGES real images."""
    published = repaired = get("c-mlp")
    for repair in REPAIRS.values():
        repaired = repair.make(repaired)
    recipes = {"published": published, "repaired": repaired}
    recipes |= {f"published + {name}": repair.make(published) for name, repair in REPAIRS.items()}
    recipes |= {f"repaired - {name}": repair.undo(repaired) for name, repair in REPAIRS.items()}
    kept = published
    for name in KEPT:
        kept = REPAIRS[name].make(kept)
    recipes["published + three repairs"] = kept
    recipes["Goodfellow et al. (2014)"] = get("goodfellow-2014")
    recipes["published, sigmoid and BCELoss"] = published.change(objective=Sigmoid(average=True, joint=True))
    table = {name: Plan(recipe, IMAGES // recipe.m, SEEDS) for name, recipe in recipes.items()}
    table["published, 50 epochs"] = Plan(published, sized(published.steps, 30), FULL_SEEDS, LOOKS)
    return some(table)


def settings(plan: Plan) -> dict:
    """What stored rows must agree with to be kept, as JSON gives it back."""
    words = ("name", "title", "source", "changes", "steps", "seed")
    described = {key: value for key, value in plan.recipe.describe().items() if key not in words}
    networks = [str(net) for net in plan.recipe.networks(seed=0)]
    return json.loads(json.dumps({**described, "steps": plan.steps, "looks": plan.looks, "networks": networks}))


def measure(plan: Plan, seed: int) -> tuple[dict, Tensor]:
    """Train from one seed on one thread; return the row of the table, and some samples (8, 1, 28, 28) as bytes."""
    torch.set_num_threads(1)
    run, began, tail, course = Run(plan.recipe, seed=seed), time.perf_counter(), [], []
    every = plan.steps // plan.looks if plan.looks else plan.steps + 1
    row = {"seed": seed, "steps": plan.steps, "images": plan.steps * plan.recipe.m}
    try:
        for record in run.train(plan.steps):
            if record.step > plan.steps - 200:
                tail.append(record)
            if record.step % every == 0:
                course.append([record.step, _rounded(distance_of_images(sample(run.G, N_LOOK, seed=1)).value)])
    except DivergedError:
        return row | {"diverged": True, "lost": True}, torch.full((SHOWN, 1, 28, 28), 128, dtype=torch.uint8)
    row["seconds"] = round(time.perf_counter() - began, 1)
    x = sample(run.G, N, seed=1)
    (features, p), distance = look(x), distance_of_images(x)
    shares = (p.argmax(1).bincount(minlength=10) / N).tolist()
    near = prdc(against(N, Digits("train"), x.device).real.features, features)
    row |= {
        "frechet": _rounded(distance.value),
        "floor": _rounded(distance.floor),
        "n": distance.n,
        "recall": round(near.recall, 4),
        "coverage": round(near.coverage, 4),
        "shares": [round(share, 4) for share in shares],
        "lost": min(shares) < LEAST,
        "tail": {name: _rounded(sum(r[name] for r in tail) / len(tail)) for name in tail[-1].values},
        **({"course": course} if course else {}),
    }
    return row, ((sample(run.G, SHOWN, seed=2) + 1) * 127.5).round().byte()


def _rounded(value: float) -> float:
    return round(value, 3)


class Store:
    """The rows that are there, and their samples: a line of the picture for each run, grey where none was made."""

    def __init__(self, table: dict[str, Plan]) -> None:
        self.lines = [(name, seed) for name, plan in table.items() for seed in range(plan.seeds)]
        self.sheet = torch.full((len(self.lines), SHOWN, 1, 28, 28), 128, dtype=torch.uint8)
        old = json.loads(JSON.read_text()) if JSON.exists() else {"settings": {}, "lines": [], "variants": {}}
        pictures = dict(zip(map(tuple, old["lines"]), _lines(len(old["lines"])) if old["lines"] else ()))
        wanted = {name: settings(plan) for name, plan in table.items()}
        self.report = {
            "command": "python -m tools.experiments.repairs",
            "images": IMAGES,
            "least_share": LEAST,
            "lines": self.lines,
            "settings": wanted,
            "variants": {name: [] for name in table},
        }
        for name, rows in old["variants"].items():
            for row in rows if old["settings"][name] == wanted.get(name) else ():
                if (name, row["seed"]) in self.lines:
                    self.add(name, row, pictures[name, row["seed"]])

    def missing(self) -> list[tuple[str, int]]:
        """The runs that are still to be made: the first seed of all variants, then the second; the longest last."""
        done = {(name, row["seed"]) for name, rows in self.report["variants"].items() for row in rows}
        return sorted((one for one in self.lines if one not in done), key=lambda one: ("epochs" in one[0], one[1]))

    def add(self, name: str, row: dict, samples: Tensor) -> None:
        rows = self.report["variants"][name]
        rows.append(row)
        rows.sort(key=lambda r: r["seed"])
        self.sheet[self.lines.index((name, row["seed"]))] = (samples.float() / 17).round().byte() * 17  # 16 greys

    def write(self) -> None:
        save_png(self.sheet.flatten(0, 1) / 127.5 - 1, PNG, columns=SHOWN, scale=1)
        with replace(JSON) as file:
            file.write((json.dumps(self.report, indent=1) + "\n").encode())


def _lines(count: int) -> Tensor:
    """The samples in the stored picture (count, 8, 1, 28, 28), as bytes; the grey line between two is cut off."""
    with Image.open(PNG) as picture:
        pixels = F.pad(torch.from_numpy(np.array(picture.convert("L"))), (0, 1, 0, 1))  # (29 count, 29 * 8)
    return pixels.unflatten(0, (count, 29)).unflatten(2, (SHOWN, 29))[:, :28, :, :28].transpose(1, 2).unsqueeze(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    args = parser.parse_args()
    table = variants()
    store = Store(table)
    with ProcessPoolExecutor(args.workers) as pool:
        jobs = {pool.submit(measure, table[name], seed): name for name, seed in store.missing()}
        for job in as_completed(jobs):
            name, (row, samples) = jobs[job], job.result()
            store.add(name, row, samples)
            store.write()
            print(f"{name}, seed {row['seed']}: d² {row.get('frechet')}, lost a class: {row['lost']}", flush=True)


if __name__ == "__main__":
    main()
