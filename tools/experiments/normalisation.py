"""What BatchNorm in D does to a long training: python -m tools.experiments.normalisation [--workers 2] [--seeds 3]

Trains the networks of the recipe `conditional` for 9,000 steps with D normalised in four ways, at constant rates, and
twice with rates that fall to 0. On the way the Fréchet distance of 10,000 samples from the test images is taken, of G
as it is and of the average of its weights, and what D answers is noted. A run takes five to eight minutes of one core:
six variants, so half an hour to three quarters a seed. Writes ganbook/assets/results/normalisation.json after each run,
and repeats no run that stands there with the same settings.
"""

import argparse
import json
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial

import torch
from torch import Tensor, nn

from ganbook.base.files import replace
from ganbook.data import Digits
from ganbook.models import conditional
from ganbook.models.sampling import labels_in_shares, sample
from ganbook.objectives import Smoothed
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from ganbook.training.scheduling import Falling
from tools.experiments.sizes import STORE, sized, some
from tools.experiments.trials import N, distance, floor, settings

STEPS = sized(9_000, 6)
LOOKS = sized([500, 1_000, 1_500, 2_250, 3_000, 3_750, 4_500, 5_250, 6_000, 7_500, 9_000], [3, 6])
TAIL = 200  # steps over which D's answers are averaged before a look
JSON = STORE / "normalisation.json"


class Together(conditional.Projection):
    """The same D for real and fake in one batch: the labels of the one are those of the other, in the same order."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x, y.repeat(len(x) // len(y)))  # (m,) -> (2m,), or (m,) when D looks at fakes alone


def variants() -> dict[str, Recipe]:
    """The recipes by name: the same networks, objective and data, and D's normalisation or the rates changed."""
    base = get("conditional").change(schedule={}, steps=STEPS)

    def critic(norm: object, **more: object) -> Recipe:
        return base.change(D=partial(conditional.Projection, width=24, norm=norm), **more)

    falling = {"schedule": {"lr": Falling(0.5)}}
    joint = base.change(D=partial(Together, width=24), objective=Smoothed(real=0.9, joint=True))
    table = {
        "BatchNorm": critic(nn.BatchNorm2d),
        "BatchNorm, real and fake in one batch": joint,
        "each image by itself": critic(partial(nn.GroupNorm, 1)),
        "none": critic(nn.Identity),
        "BatchNorm, rates fall": critic(nn.BatchNorm2d, **falling),
        "none, rates fall": critic(nn.Identity, **falling),
    }
    return some(table)


def measure(recipe: Recipe, seed: int) -> dict:
    """Train from one seed on one thread; the row holds a list for each thing that was looked at, one entry a look."""
    torch.set_num_threads(1)
    run, tail = Run(recipe, seed=seed), deque(maxlen=TAIL)
    y = labels_in_shares(Digits("train").counts, N, seed=1)
    names = ("step", "seconds", "last", "average", "d_real", "d_fake", "d_accuracy")
    row: dict[str, list] = {name: [] for name in names}
    run.data  # noqa: B018  reading the images is not training
    spent, began = 0.0, time.process_time()
    for record in run.train(STEPS):
        tail.append(record)
        if record.step not in LOOKS:
            continue
        spent += time.process_time() - began
        answers = {name: round(sum(r[name] for r in tail) / len(tail), 4) for name in names[4:]}
        last, average = (distance(sample(net, N, seed=1, y=y)) for net in (run.G, run.sampler))
        for name, value in zip(names, (record.step, round(spent, 1), last, average, *answers.values())):
            row[name].append(value)
        began = time.process_time()
    return {"seed": seed, **row}


def main() -> None:
    """Make the runs that are missing, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    table = variants()
    now = {name: settings({name: recipe})["options"][name] for name, recipe in table.items()}
    old = json.loads(JSON.read_text()) if JSON.exists() else {"settings": {}, "variants": {}}
    rows = {name: old["variants"].get(name, []) if old["settings"].get(name) == now[name] else [] for name in table}
    plan = [(name, seed) for seed in range(args.seeds) for name in table]
    missing = [(name, seed) for name, seed in plan if seed not in [row["seed"] for row in rows[name]]]
    with ProcessPoolExecutor(args.workers) as pool:
        jobs = {pool.submit(measure, table[name], seed): name for name, seed in missing}
        for job in as_completed(jobs):
            name, row = jobs[job], job.result()
            rows[name] = sorted([*rows[name], row], key=lambda r: r["seed"])
            report = {"command": "python -m tools.experiments.normalisation", "n": N, "floor": floor()["frechet"]}
            with replace(JSON) as file:
                file.write((json.dumps(report | {"settings": now, "variants": rows}, indent=1) + "\n").encode())
            print(f"{name}, seed {row['seed']}: d² {row['average'][-1]} (last {row['last'][-1]})", flush=True)


if __name__ == "__main__":
    main()
