"""Chapter 16's board: what seconds buy, for GANs, a VAE and a diffusion model, and what published recipes reach: make
board

Six contestants get the same search: from a middle, in steps of a factor of two, until no neighbour is better, in
trials from a seed of their own that are judged against training images. For runs of 30 seconds the two settings of each
that matter most are searched, in trials of 30 seconds. For runs of 120 and 300 seconds the rate is searched again, in
trials of 120 seconds. Each run has rates that fall to 0 in its second half. A second is that of one thread on a machine
that does nothing else: a step of each is timed first, and the seconds decide the number of steps. So a run can be
repeated whatever else the machine does. Every other recipe that draws 28x28 digits is trained as published for 120 CPU
seconds, judging not counted. All from three seeds; about five hours of one core.
Writes ganbook/assets/results/board.json, and board.png with eight samples of every run. What stands in the file with
the same settings is not repeated, so the command can be stopped and continued.

    python -m tools.experiments.board [--workers 2]
    python -m tools.experiments.board --again mlp 2    one run of the board for its recorded steps, to compare with its
    row
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as changed
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch.optim import Adam

from ganbook.chapters.one_network import PLANS, Plan
from ganbook.models import diffusion, parameters, vae
from ganbook.models.sampling import sample
from ganbook.training.recipes import RECIPES, Recipe, get
from ganbook.training.scheduling import Falling
from tools.experiments.sizes import CACHE, sized, some
from tools.experiments.trials import (
    LEAST,
    Grid,
    N,
    Table,
    distance,
    floor,
    measure,
    milliseconds,
    settings,
    short_run,
    spend,
    stored,
)

SHORT, SECONDS, LONG = BUDGETS = sized((30.0, 120.0, 300.0), (0.1, 0.3, 0.5))  # of CPU time: the rows of a contestant
TRIAL_SEED, N_TRIAL = sized((100, 2_000), (100, 200))  # of a trial: its seed, samples judged
SEEDS = sized([0, 1, 2], [0])
DRAWN = sized(1000, 50)  # images whose drawing is timed
EMA = 0.995
OURS = ("mlp", "dcgan", "coded", "conditional")  # the book's GANs
WIDTHS = (8, 16, 32, 64, 128)  # of the diffusion model, whose steps are timed
SHARED = {"schedule": {"lr": Falling(0.5)}, "ema": EMA}


def reason(recipe: Recipe) -> str | None:
    """Why a recipe is not on the board; None if it is."""
    if recipe.opt_g is None:
        return "its generator is never trained"
    if recipe.channels != 1:
        return "it draws three digits in one image, which are counted by modes, not judged by distances"
    if recipe.size != 28:
        return f"it draws {recipe.size}x{recipe.size} pixels, whose distances have another floor"
    return None


def pair(lr: float, ratio: float, *, name: str) -> Recipe:
    """A recipe of the book with the rate of G, and that of D as a ratio to it."""
    return get(name).change(lr_g=lr, lr_d=float(f"{lr * ratio:.3g}"), **SHARED)


def autoencoder(lr: float, z_dim: float) -> Plan:
    return changed(PLANS["vae"], model=partial(vae.VAE, z_dim=int(z_dim)), opt=partial(Adam, lr=lr), **SHARED)


def denoiser(lr: float, width: float) -> Plan:
    net = partial(diffusion.Diffusion, width=int(width))
    return changed(PLANS["diffusion"], model=net, opt=partial(Adam, lr=lr), **SHARED)


def timed() -> dict[str, Recipe | Plan]:
    """What has a time of its own a step, by the name under which it stands in the report."""
    return {
        **{name: pair(1e-3, 0.4, name=name) for name in OURS},
        "vae": autoencoder(1e-3, 16),
        **{f"diffusion {width}": denoiser(1e-3, width) for width in WIDTHS},
    }


def clock(ms: dict[str, list[float]], board: dict[str, list[float]]) -> float:
    """How many milliseconds of the board are one of today's: the median over those of its GANs that both have.

    ms: of a step today, by name; board: those that the board's seconds are made of. A measurement that multiplies its
    own milliseconds by it can be set beside the board, whatever the machine.
    """
    both = [name for name in OURS if name in ms and name in board]
    return statistics.median(statistics.median(board[name]) / statistics.median(ms[name]) for name in both)


def times(before: dict[str, list[float]]) -> dict[str, list[float]]:
    """The milliseconds of a step by name: as stored; what is new is timed beside the board's GANs, by its clock."""
    new = timed().keys() - before.keys()
    if not before or not new:
        return before or milliseconds(timed())
    now = milliseconds({name: one for name, one in timed().items() if name in {*OURS, *new}})
    one = clock(now, before)
    return before | {name: [round(one * ms, 2) for ms in now[name]] for name in new}


def in_seconds(recipe: Recipe | Plan, seconds: float, ms: dict[str, list[float]]) -> Recipe | Plan:
    """The same for as many steps as that many seconds of a quiet machine allow."""
    name = recipe.name if recipe.name in ms else f"{recipe.name} {recipe.model.keywords['width']}"
    return changed(recipe, steps=max(2, round(1_000 * seconds / statistics.median(ms[name]))))


class Contestant(NamedTuple):
    """Called with a rate and another setting, `make` gives a recipe; rate, other: the middle, where a search begins."""

    make: Callable[[float, float], Recipe | Plan]
    rate: float
    other: float


CONTESTANTS = {
    "mlp": Contestant(partial(pair, name="mlp"), rate=4e-4, other=1.0),
    "dcgan": Contestant(partial(pair, name="dcgan"), rate=2e-3, other=0.5),
    "coded": Contestant(partial(pair, name="coded"), rate=1e-3, other=0.5),
    "conditional": Contestant(partial(pair, name="conditional"), rate=1e-3, other=0.5),
    "vae": Contestant(autoencoder, rate=1e-3, other=16),
    "diffusion": Contestant(denoiser, rate=2e-3, other=16),
}


def searches(ms: dict[str, list[float]]) -> dict[str, Grid]:
    """Row of the shortest runs -> both settings to search, in trials of that length. ms: the time of a step."""

    def grid(one: Contestant) -> Grid:
        axes = {"rate": (one.rate, 2.0), "other": (one.other, 2.0)}
        return Grid(lambda rate, other: in_seconds(one.make(rate, other), SHORT, ms), axes)

    return {row_of(name, SHORT): grid(one) for name, one in CONTESTANTS.items()}


def second_searches(chosen: dict[str, str], ms: dict[str, list[float]]) -> dict[str, Grid]:
    """Row of the board's own seconds -> the rate to search again, the other setting as `chosen` by the first search."""

    def grid(one: Contestant, found: str) -> Grid:
        rate, other = map(float, found.split(", "))
        return Grid(lambda rate: in_seconds(one.make(rate, other), SECONDS, ms), {"rate": (rate, 2.0)})

    return {name: grid(one, chosen[row_of(name, SHORT)]) for name, one in CONTESTANTS.items()}


def published() -> dict[str, Recipe]:
    """The other recipes that draw what the judge knows, with the settings of their source."""
    return {name: recipe for name, recipe in RECIPES.items() if reason(recipe) is None and recipe.name not in timed()}


def row_of(name: str, seconds: float) -> str:
    """The name of a contestant's row; that of the board's own seconds bears the name alone."""
    return name if seconds == SECONDS else f"{name}, {seconds:g} s"


def trial(name: str, recipe: Recipe | Plan) -> float | None:
    """The distance from training images after a short run; None if it diverged."""
    return short_run(recipe, TRIAL_SEED, recipe.steps, N_TRIAL)


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


def again(
    variants: dict[str, list[dict]], recipes: dict[str, Recipe | Plan], name: str, seed: int
) -> tuple[float, float]:
    """Repeat a run for as many steps as it made; returns its distance now and the recorded one."""
    (row,) = (row for row in variants[name] if row["seed"] == seed)
    run, *_ = spend(recipes[name], seed, math.inf, steps=row["steps"])
    return distance(sample(run.sampler, N, seed=1)), row["frechet"]


def rows(best: dict[str, Recipe | Plan], ms: dict[str, list[float]]) -> dict[str, Recipe | Plan]:
    """Each row of a contestant -> what is trained for it. best: what the searches chose, by row."""
    longest = {row_of(name, LONG): in_seconds(best[name], LONG, ms) for name in CONTESTANTS}
    return best | longest


def of_board(report: dict) -> dict[str, Recipe | Plan]:
    """Each row of a contestant -> what was trained for it, by the stored report."""
    ms, chosen = report["ms"], report["chosen"]
    grids = searches(ms) | second_searches(chosen, ms)
    return rows({name: grid.find(chosen[name]) for name, grid in grids.items()}, ms)


def described(first: dict[str, Grid], second: dict[str, Grid]) -> dict[str, dict]:
    """What stored rows must agree with to be kept, for each row of the board."""
    of = {name: {**grid.settings(), "seconds": SHORT} for name, grid in first.items()}
    for seconds in (SECONDS, LONG):
        of |= {row_of(name, seconds): {**grid.settings(), "seconds": seconds} for name, grid in second.items()}
    return of | {name: settings({"": recipe}) for name, recipe in some(published()).items()}


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "board.json", help="samples of finished runs")
    parser.add_argument("--again", nargs=2, metavar=("NAME", "SEED"), help="repeat one run and compare")
    args = parser.parse_args()
    before = stored("board")
    ms = times(before.get("ms", {}))
    first = searches(ms)
    if args.again:
        name, seed = args.again
        if not any(str(row["seed"]) == seed for row in before["variants"].get(name, [])):
            parser.error(f"There is no run of {name!r} from seed {seed} on the board.")
        now, then = again(before["variants"], of_board(before) | published(), name, int(seed))
        print(f"{name}, seed {seed}: distance {now} now, {then} on the board")
        return
    table = Table("board", args.cache, before["settings"] | described(first, {}))
    report = table.report
    report |= {
        "command": "python -m tools.experiments.board",
        "cpu_seconds": SECONDS,
        "budgets": BUDGETS,
        "ms": ms,
        "judged": N,
        "least_share": LEAST,
        "trial_seed": TRIAL_SEED,
        "floor": floor(),
        "left_out": {name: why for name, recipe in RECIPES.items() if (why := reason(recipe))},
    }
    table.keep()
    with ProcessPoolExecutor(args.workers) as pool:
        best = table.search(pool, first, trial)
    second = second_searches(report["chosen"], ms)
    table = Table("board", args.cache, described(first, second))
    report = table.report
    with ProcessPoolExecutor(args.workers) as pool:
        best |= table.search(pool, second, trial)
    drawing = {name: best[name] for name in CONTESTANTS} | some(published())
    report["drawn"], report["costs"] = DRAWN, {name: cost(one) for name, one in drawing.items()}
    with ProcessPoolExecutor(args.workers) as pool:
        runs = {name: partial(measure, one, seconds=math.inf, steps=one.steps) for name, one in rows(best, ms).items()}
        runs |= {name: partial(measure, one, seconds=SECONDS) for name, one in some(published()).items()}
        table.fill(pool, {name: (run, SEEDS) for name, run in runs.items()})


if __name__ == "__main__":
    main()
