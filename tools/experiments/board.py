"""Every recipe for the same CPU seconds, beside a VAE and a diffusion model: make board

Chapter 16's board. Each recipe that draws 28x28 digits is trained for 120 seconds of one thread's CPU time (judging not
counted), from five seeds for the book's main four and from three for the others; so are the plans of
ganbook.chapters.one_network, at the best of a few settings, which are compared on a seed of their own for 40 seconds
each. About two hours of one core. Writes ganbook/assets/results/board.json, and board.png with eight samples of every
run. What stands in the file with the same settings is not repeated, so the command can be stopped and continued.

    python -m tools.experiments.board [--workers 2]
    python -m tools.experiments.board --again mlp 3    one run of the board for its recorded steps, to compare with its
    row
"""

import argparse
import math
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as changed
from functools import partial
from pathlib import Path

import torch
from torch.optim import Adam

from ganbook.chapters.one_network import PLANS, Plan
from ganbook.models import diffusion, parameters, vae
from ganbook.models.sampling import sample
from ganbook.training.recipes import RECIPES, Recipe
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import LEAST, WITH_BATCH_NORM, N, Table, distance, floor, measure, settings, spend

SECONDS = sized(120.0, 0.5)  # of CPU time a run
MAIN = ("mlp", "a-dcgan", "dcgan", "conditional")
SEEDS, MORE_SEEDS = sized(([0, 1, 2], [0, 1, 2, 3, 4]), ([0], [0]))
TRIAL, TRIAL_SEED, SHORT_EMA = sized(40.0, 0.2), 100, 0.99  # CPU seconds, seed and average of a trial
DRAWN = sized(1000, 50)  # images whose drawing is timed


def reason(recipe: Recipe) -> str | None:
    """Why a recipe is not on the board; None if it is."""
    if recipe.opt_g is None:
        return "its generator is never trained"
    if recipe.channels != 1:
        return "it draws three digits in one image, which are counted by modes, not judged by distances"
    if recipe.size != 28:
        return f"it draws {recipe.size}x{recipe.size} pixels, whose distances have another floor"
    return None


def variants() -> dict[str, dict[str, Recipe | Plan]]:
    """Name -> the settings to choose from; a recipe has one, that of its source."""
    on_board = RECIPES | {"conditional": WITH_BATCH_NORM}
    recipes = some({name: {"": recipe} for name, recipe in on_board.items() if reason(recipe) is None})
    autoencoders = {
        f"z {z_dim}, {lr:g}": changed(PLANS["vae"], model=partial(vae.VAE, z_dim=z_dim), opt=partial(Adam, lr=lr))
        for z_dim in (8, 16, 32)
        for lr in (1e-3, 2e-3)
    }
    diffusions = {
        f"width {width}, {lr:g}": changed(
            PLANS["diffusion"], model=partial(diffusion.Diffusion, width=width), opt=partial(Adam, lr=lr)
        )
        for width in (16, 24, 32)
        for lr in (1e-3, 2e-3)
    }
    return {**recipes, "vae": some(autoencoders), "diffusion": some(diffusions)}


def trial(name: str, recipe: Recipe | Plan) -> float | None:
    """The distance from the test images after a short run, of the average; None if it diverged."""
    run, _, diverged, _ = spend(changed(recipe, ema=SHORT_EMA), TRIAL_SEED, TRIAL)
    return None if diverged else distance(sample(run.sampler, N, seed=1))


def cost(recipe: Recipe | Plan) -> dict:
    """What training and drawing take: parameters by network, real images a step, CPU seconds for 1,000 digits."""
    torch.set_num_threads(1)
    networks = recipe.networks(seed=0)
    sample(networks[0], 10)  # the first call prepares kernels
    began = time.process_time()
    sample(networks[0], DRAWN)
    drawing = time.process_time() - began
    images = recipe.m * getattr(recipe, "k", 1)
    return {"parameters": [parameters(net) for net in networks], "images": images, "drawing": round(drawing, 3)}


def again(table: Table, best: dict[str, Recipe | Plan], name: str, seed: int) -> tuple[float, float]:
    """Repeat a run for as many steps as it made; returns its distance now and the recorded one."""
    (row,) = (row for row in table.report["variants"][name] if row["seed"] == seed)
    run, *_ = spend(best[name], seed, math.inf, steps=row["steps"])
    return distance(sample(run.sampler, N, seed=1)), row["frechet"]


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "board.json", help="samples of finished runs")
    parser.add_argument("--again", nargs=2, metavar=("NAME", "SEED"), help="repeat one run and compare")
    args = parser.parse_args()
    options = variants()
    table = Table("board", args.cache, {name: settings(choice) for name, choice in options.items()})
    report = table.report
    if args.again:
        name, seed = args.again
        if not any(str(row["seed"]) == seed for row in report["variants"].get(name, [])):
            parser.error(f"There is no run of {name!r} from seed {seed} on the board.")
        best = {name: choice[report.get("chosen", {}).get(name, "")] for name, choice in options.items()}
        now, then = again(table, best, name, int(seed))
        print(f"{name}, seed {seed}: distance {now} now, {then} on the board")
        return
    report |= {
        "command": "python -m tools.experiments.board",
        "cpu_seconds": SECONDS,
        "judged": N,
        "least_share": LEAST,
    }
    report |= {"trial_cpu_seconds": TRIAL, "trial_seed": TRIAL_SEED, "short_ema": SHORT_EMA, "floor": floor()}
    report["left_out"] = {name: why for name, recipe in RECIPES.items() if (why := reason(recipe))}
    with ProcessPoolExecutor(args.workers) as pool:
        best = {name: choice[""] for name, choice in options.items() if "" in choice}
        best |= table.choose(pool, {name: choice for name, choice in options.items() if "" not in choice}, trial)
        report["drawn"], report["costs"] = DRAWN, {name: cost(recipe) for name, recipe in best.items()}
        seeds = {name: MORE_SEEDS if name in MAIN else SEEDS for name in best}
        table.fill(pool, {name: (partial(measure, best[name], seconds=SECONDS), seeds[name]) for name in options})


if __name__ == "__main__":
    main()
