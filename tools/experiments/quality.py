"""Seconds to digits of a given quality: python -m tools.experiments.quality [--workers 2]. About half an hour on two
cores.

Trains the recipes that come within ten floors of the test images (Fréchet distance of 10,000 samples, the judge's
features), from three seeds, in four ways: the package in float32 and in bfloat16, and the plain loop of
tools/experiments/bench.py without and with an average of G's weights. Looks every 15 seconds of one thread's CPU time,
which looking is not part of, and stops at the first look within ten floors, or after 300 seconds. Writes
ganbook/assets/results/quality.json after each run, and repeats no run that stands there with the same settings.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ganbook.base.files import replace
from ganbook.models import conditional
from ganbook.models.sampling import sample
from ganbook.training.ema import averaged
from ganbook.training.recipes import get
from ganbook.training.run import Run
from tools.experiments.bench import plain_loop, unpack
from tools.experiments.sizes import STORE, sized
from tools.experiments.trials import NEVER, N, distance, floor, settings

# The recipe `conditional` until November 2026. The stored table holds its rows, until they are measured again.
WITH_BATCH_NORM = get("conditional").change(
    G=partial(conditional.Generator, width=32, even=True),
    D=partial(conditional.Projection, width=24),
    steps=6_000,
    schedule={},
)
# On chapter 16's board, no other row comes near ten floors.
RECIPES = {"dcgan": get("dcgan"), "conditional": WITH_BATCH_NORM}
WAYS = ("ganbook", "ganbook, bfloat16", "plain", "plain, averaged")
SEEDS = sized((0, 1, 2), (0,))
FLOORS, EVERY, LIMIT = 10.0, *sized((15.0, 300.0), (0.5, 0.5))  # CPU seconds


def training(name: str, way: str, seed: int, folder: Path) -> tuple[nn.Module, Iterator[Any]]:
    """The generator to look at, and the steps that train it."""
    recipe = RECIPES[name]
    if way.startswith("ganbook"):
        run = Run(recipe, seed=seed, bf16=way.endswith("bfloat16"))
        return run.sampler, run.train(NEVER)
    torch.manual_seed(seed)
    G, D = recipe.G(), recipe.D()
    steps = plain_loop(recipe, recipe.m, folder, (G, D))
    if way == "plain":
        return G, steps
    ema = averaged(G, recipe.ema)
    return ema.module, (ema.update_parameters(G) for _ in steps)


def reach(name: str, way: str, seed: int) -> dict:
    """Train until the samples are near enough; the course of distances, and the seconds, None if they never were."""
    torch.set_num_threads(1)
    goal, spent, made, course = FLOORS * floor()["frechet"], 0.0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(folder))
        G, steps = training(name, way, seed, Path(folder))
        while spent < LIMIT and not (course and course[-1][2] <= goal):
            began = time.process_time()
            while time.process_time() - began < EVERY:
                next(steps)
                made += 1
            spent += time.process_time() - began
            course.append((round(spent, 1), made, distance(sample(G, N, seed=1))))
    reached = course[-1][2] <= goal
    return {"recipe": name, "way": way, "seed": seed, "seconds": course[-1][0] if reached else None, "course": course}


def main() -> None:
    """Make the runs that are missing, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=STORE / "quality.json")
    args = parser.parse_args()
    now = {"recipes": settings(RECIPES), "floors": FLOORS, "every": EVERY, "limit": LIMIT}
    old = json.loads(args.out.read_text()) if args.out.exists() else {}
    rows = old["rows"] if old.get("settings") == now else []
    done = {(row["recipe"], row["way"], row["seed"]) for row in rows}
    plan = [(name, way, seed) for name in RECIPES for way in WAYS for seed in SEEDS]
    with ProcessPoolExecutor(args.workers) as pool:
        for job in as_completed(pool.submit(reach, *one) for one in plan if one not in done):
            rows.append(job.result())
            rows.sort(key=lambda row: plan.index((row["recipe"], row["way"], row["seed"])))
            report = {"command": "python -m tools.experiments.quality", "settings": now, "floor": floor(), "rows": rows}
            with replace(args.out) as file:
                file.write((json.dumps(report, indent=1) + "\n").encode())
            print({key: value for key, value in job.result().items() if key != "course"}, flush=True)


if __name__ == "__main__":
    main()
