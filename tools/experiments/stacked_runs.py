"""How many of Stacked MNIST's 1000 modes a training reaches: python -m tools.experiments.stacked_runs [--workers 2]

Chapter 13's long runs: three seeds a variant, each for so many seconds of one thread's CPU time. At every mark of the
clock 26,000 samples are drawn and their modes counted, which is not part of the time. Writes
ganbook/assets/results/stacked.json, and stacked.png with samples of every run. What stands in the file with the same
settings is not repeated, so the command can be stopped and continued.
"""

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace as changed
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from ganbook.base.errors import DivergedError
from ganbook.data import Digits, Stacked
from ganbook.evaluation.stacked_modes import MODES, names
from ganbook.evaluation.stacked_modes import N as FULL_N
from ganbook.metrics.classes import class_shares, kl, modes
from ganbook.models.sampling import sample
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from ganbook.viewing.plots import save_png
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import NEVER, Table, settings

SECONDS, EVERY = sized((300.0, 60.0), (0.5, 0.5))  # of CPU time: a run, and from one count to the next
SEEDS = sized([0, 1, 2], [0])
N = sized(FULL_N, 100)  # samples whose modes are counted
SHOWN = 12  # samples kept of each run
SMALL = 6  # channels of the first layer of the control's D, a quarter of the others'

RECIPE = get("stacked")


def variants() -> dict[str, Recipe]:
    """The recipe; with BatchNorm in D; and, as a control, with a D so small that modes should get lost.

    A small D is how Metz et al. (2017), section 3.3.1, made the modes of their networks go missing.
    """
    nets = {"BatchNorm in D": {"norm": nn.BatchNorm2d}, "small D": {"width": SMALL}}
    return {"recipe": RECIPE} | {
        name: changed(RECIPE, D=partial(RECIPE.D, **options)) for name, options in nets.items()
    }


def tally(y: Tensor) -> dict[str, float]:
    """What the labels y (n,) from 0 to 999 say of the modes; the divergence also taken apart.

    KL(joint || uniform) = the sum of KL(a channel's digits || uniform) + what the three channels know of each other.
    """
    shares = class_shares(y, MODES)
    cube = shares.view(10, 10, 10)
    channels = [kl(cube.sum(others), torch.full((10,), 0.1)) for others in ((1, 2), (0, 2), (0, 1))]
    whole = kl(shares, torch.full((MODES,), 1 / MODES))
    return {
        "modes": modes(y, MODES, least=0.0),
        "modes_5": int((y.bincount(minlength=MODES) >= 5).sum()),  # with five samples or more
        "kl": round(whole, 5),
        "kl_channels": round(sum(channels), 5),
        "kl_together": round(whole - sum(channels), 5),
    }


def marks(recipe: Recipe, seed: int, seconds: float, every: float) -> Iterator[tuple[Run, float]]:
    """Train on one thread; give the run at each mark of its CPU time, with the time spent, and at the end."""
    run = Run(recipe, seed=seed)
    run.data  # noqa: B018  reading the images is not training
    spent, mark, began = 0.0, every, time.process_time()
    for _ in run.train(NEVER):
        now = spent + time.process_time() - began
        if now >= mark or now >= seconds:
            yield run, now
            if now >= seconds:
                return
            spent, mark, began = now, mark + every, time.process_time()


def measure(recipe: Recipe, seed: int, seconds: float = SECONDS, every: float = EVERY, n: int = N) -> tuple[dict, list]:
    """Train from one seed; returns the row of the table, and some samples as bytes."""
    torch.set_num_threads(1)
    row, images = {"seed": seed, "diverged": False, "course": []}, torch.full((SHOWN, 3, 28, 28), 0.0)
    try:
        for run, spent in marks(recipe, seed, seconds, every):
            found = tally(names(sample(run.sampler, n, seed=1)))
            row["course"].append({"seconds": round(spent, 1), "step": run.step, **found})
            images = sample(run.sampler, SHOWN, seed=2)
    except DivergedError:
        row["diverged"] = True
    return row, ((images + 1) * 127.5).round().byte().tolist()


def real(seeds: list[int], n: int = N) -> list[dict[str, float]]:
    """What as many stacks of real test digits get, the floor, one draw a seed; and how many the judge misnames."""
    data, rows = Stacked(Digits("test")), []
    for seed in seeds:
        x, y = next(data.batches(n, seed=seed))
        named = names(x)
        rows.append({"seed": seed, **tally(named), "misnamed": round(float((named != y).double().mean()), 5)})
    return rows


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "stacked.json", help="samples of finished runs")
    args = parser.parse_args()
    rows = some(variants())
    table = Table("stacked", args.cache, {name: settings({"": recipe}) for name, recipe in rows.items()})
    report = table.report
    report |= {
        "command": "python -m tools.experiments.stacked_runs",
        "cpu_seconds": SECONDS,
        "every": EVERY,
        "samples": N,
    }
    report.setdefault("real", real(SEEDS))
    with ProcessPoolExecutor(args.workers) as pool:
        jobs = {}
        for name, recipe in rows.items():
            done = {row["seed"] for row in report["variants"][name]}
            jobs |= {pool.submit(measure, recipe, seed): name for seed in SEEDS if seed not in done}
        for job in as_completed(jobs):
            name, (row, images) = jobs[job], job.result()
            report["variants"][name] = sorted([*report["variants"][name], row], key=lambda r: r["seed"])
            table.sheets.setdefault(name, {})[str(row["seed"])] = images
            table.keep()
            print(f"{name}, seed {row['seed']}: {row['course'][-1:]}", flush=True)
    sheet = torch.tensor([table.sheets[name][str(seed)] for name in rows for seed in SEEDS]).flatten(0, 1)
    save_png(sheet / 127.5 - 1, table.png, columns=SHOWN, scale=2)


if __name__ == "__main__":
    main()
