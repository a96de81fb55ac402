"""What long measurements share: trainings of so many CPU seconds, rows of a table, a file that grows run by run."""

import json
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ganbook.base.errors import DivergedError
from ganbook.base.files import replace
from ganbook.base.seeds import generator
from ganbook.chapters import results
from ganbook.chapters.one_network import Fit, Plan
from ganbook.data import Digits
from ganbook.evaluation.distance import distance_of_images
from ganbook.evaluation.reference import against, look
from ganbook.metrics.classes import purity
from ganbook.metrics.frechet import frechet
from ganbook.metrics.neighbours import prdc
from ganbook.models.conditional import Coded
from ganbook.models.sampling import fixed_noise, sample
from ganbook.training.loop import Record
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from ganbook.viewing.plots import save_png
from tools.experiments.sizes import STORE, sized

N = sized(10_000, 200)  # samples judged
LEAST = 0.02  # a class with a smaller share of the samples counts as lost
NEVER = 10**9  # steps: the clock ends a run, not their number
SHOWN = 8  # samples kept of each run
BLOCKS, BLOCK = sized((9, 20), (1, 2))  # of steps, for the time of one
TAIL = 200  # last steps over which losses are averaged
Make = Callable[[int], tuple[dict, list]]  # from a seed to a row of a table and some samples as bytes
WORDS = ("name", "title", "source", "changes", "seed", "steps")  # of a recipe, which do not bear on the result


def settings(options: Mapping[str, Recipe | Plan]) -> dict:
    """What stored rows must agree with to be kept, as JSON gives it back; the first option's networks in full."""
    described = {
        label: {key: value for key, value in recipe.describe().items() if key not in WORDS}
        for label, recipe in options.items()
    }
    networks = next(iter(options.values())).networks(seed=0)
    return json.loads(json.dumps({"options": described, "networks": [str(net) for net in networks]}))


@dataclass(frozen=True)
class Grid:
    """Settings to search: from `first`, in steps of the factor of each axis, until none next to the best is better.

    axes: name -> (first value, factor). A setting is one whole number an axis, the power of the factor; its label names
    the values. recipe: called with the values in the order of the axes.
    """

    recipe: Callable[..., Recipe | Plan]
    axes: Mapping[str, tuple[float, float]]

    def values(self, at: tuple[int, ...]) -> tuple[float, ...]:
        """The values of a setting, to three digits, as its label has them."""
        return tuple(float(f"{first * factor**i:.3g}") for i, (first, factor) in zip(at, self.axes.values()))

    def label(self, at: tuple[int, ...]) -> str:
        return ", ".join(f"{value:g}" for value in self.values(at))

    def at(self, at: tuple[int, ...]) -> Recipe | Plan:
        """The recipe with a setting."""
        return self.recipe(*self.values(at))

    def wanted(self, done: Mapping[str, float | None]) -> list[tuple[int, ...]]:
        """What to try next, given the scores so far, None for a training that diverged: nothing, at the end.

        First the middle and its neighbours, then those of the best so far. So when nothing is left, every setting next
        to the best has been tried and is no better: no edge of a grid cuts the search off.
        """
        middle = (0,) * len(self.axes)
        best, missing = middle, self._cross(middle, done)
        while not missing:
            at = min(self._around(best), key=lambda at: _score(done, self.label(at)))
            if _score(done, self.label(at)) >= _score(done, self.label(best)):
                return []
            best, missing = at, self._cross(at, done)
        return missing

    def best(self, done: Mapping[str, float | None]) -> str:
        """The label of the best setting."""
        return min(done, key=lambda label: _score(done, label))

    def find(self, label: str) -> Recipe | Plan:
        """The recipe with the setting of that label."""
        return self.recipe(*map(float, label.split(", ")))

    def settings(self) -> dict:
        """What stored rows must agree with to be kept: the recipe in the middle of the grid, and the grid."""
        middle = (0,) * len(self.axes)
        return {
            **settings({self.label(middle): self.at(middle)}),
            "axes": {name: list(axis) for name, axis in self.axes.items()},
        }

    def _around(self, at: tuple[int, ...]) -> list[tuple[int, ...]]:
        return [(*at[:i], at[i] + step, *at[i + 1 :]) for i in range(len(at)) for step in (-1, 1)]

    def _cross(self, at: tuple[int, ...], done: Mapping[str, float | None]) -> list[tuple[int, ...]]:
        return [one for one in (at, *self._around(at)) if self.label(one) not in done]


def _score(done: Mapping[str, float | None], label: str) -> float:
    score = done[label]
    return math.inf if score is None else score


def begun(recipe: Recipe | Plan, seed: int, **data: Any) -> Run | Fit:
    """A training before its first step. data: as for a Run."""
    return Fit(recipe, seed=seed, **data) if isinstance(recipe, Plan) else Run(recipe, seed=seed, **data)


class Spent(NamedTuple):
    """A run after so many CPU seconds. tail: the records of its last steps."""

    run: Run | Fit
    seconds: float
    diverged: bool
    tail: list[Record]


def spend(recipe: Recipe | Plan, seed: int, seconds: float, steps: int = NEVER) -> Spent:
    """Train on one thread until that much CPU time is spent, or so many steps are made."""
    torch.set_num_threads(1)
    run = begun(recipe, seed)
    run.data  # noqa: B018  reading the images is not training
    tail: deque[Record] = deque(maxlen=TAIL)
    began = time.process_time()
    try:
        for record in run.train(steps):
            tail.append(record)
            if time.process_time() - began >= seconds:
                break
        diverged = False
    except DivergedError:
        diverged = True
    return Spent(run, time.process_time() - began, diverged, list(tail))


def milliseconds(recipes: Mapping[str, Recipe | Plan], block: int = BLOCK) -> dict[str, list[float]]:
    """CPU milliseconds a step, on one thread: blocks of steps in turn, so that a slow moment meets all alike."""
    torch.set_num_threads(1)
    courses = {name: iter(begun(one, 0).train(block * (BLOCKS + 1))) for name, one in recipes.items()}
    spent: dict[str, list[float]] = {name: [] for name in recipes}
    for _ in range(BLOCKS + 1):
        for name, course in courses.items():
            began, records = time.process_time(), list(islice(course, block))
            spent[name].append(1_000 * (time.process_time() - began) / len(records))
    return {name: [round(ms, 2) for ms in blocks[1:]] for name, blocks in spent.items()}  # the first warms up


def distance(x: Tensor) -> float:
    """The Fréchet distance of images x from as many test images, on the judge's features."""
    return round(distance_of_images(x).value, 2)


def code_purity(G: Coded, names: Tensor) -> float:
    """The purity of G's codes. names: what the judge reads in sample(G, len(names), seed=1)."""
    return purity(G.code(fixed_noise(G, len(names), seed=1)), names)


def from_training(x: Tensor) -> float:
    """The Fréchet distance of images x from as many training images, for a search: the test images stay unseen."""
    digits, n = Digits("train"), len(x)
    real, _ = digits[torch.randperm(len(digits), generator=generator("trials", n))[:n]]
    return round(frechet(look(x).features, look(real).features), 2)


def short_run(recipe: Recipe | Plan, seed: int, steps: int, n: int) -> float | None:
    """The distance of n samples from training images after so many steps, for a search; None if the run diverged."""
    run, _, diverged, _ = spend(recipe, seed, math.inf, steps=steps)
    return None if diverged else from_training(sample(run.sampler, n, seed=1))


def measure(recipe: Recipe | Plan, seed: int, seconds: float, steps: int = NEVER) -> tuple[dict, list]:
    """Train from one seed; returns the row of the table, and some samples as bytes."""
    run, spent, diverged, tail = spend(recipe, seed, seconds, steps)
    row = {"seed": seed, "steps": run.step, "seconds": round(spent, 1), "diverged": diverged}
    if diverged:
        return {**row, "lost": True}, grey()
    row |= judge(sample(run.sampler, N, seed=1))
    row["frechet_last"] = distance(sample(run.G, N, seed=1)) if run.ema else None  # without the average
    row["tail"] = {name: round(sum(r[name] for r in tail) / len(tail), 4) for name in tail[-1].values}
    return row, as_bytes(sample(run.sampler, SHOWN, seed=2))


def judge(x: Tensor) -> dict[str, Any]:
    """The scores of samples x (N, 1, 28, 28) against as many test images, and the share of each class."""
    (features, p), real = look(x), against(N, Digits("train"), x.device).real.features
    shares = (p.argmax(1).bincount(minlength=10) / N).tolist()
    return {
        "frechet": round(frechet(features, real), 2),
        **{name: round(value, 4) for name, value in prdc(real, features)._asdict().items()},
        "shares": [round(share, 4) for share in shares],
        "lost": min(shares) < LEAST,
    }


def as_bytes(x: Tensor) -> list:
    """Images x in [-1, 1] as bytes, for the sheet."""
    return ((x + 1) * 127.5).round().byte().tolist()


def grey() -> list:
    """What stands in the sheet where a run diverged."""
    return torch.full((SHOWN, 1, 28, 28), 128, dtype=torch.uint8).tolist()


def floor() -> dict[str, float]:
    """What real training images get for these scores, as measured by tools/experiments/scores.py."""
    scores = results.load("scores")["rows"]["mlp"][0]["scores"]
    return {name: scores[name]["floor"] for name in ("frechet", "precision", "recall")}


def stored(name: str) -> dict[str, Any]:
    """What a measurement has written so far."""
    path = STORE / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {"settings": {}, "variants": {}}


class Table:
    """A measurement NAME of several variants and seeds: NAME.json in ganbook/assets/results, and NAME.png, a sheet.

    The rows are written after each run, so the command can be stopped and continued. A stored row is kept while the
    settings of its variant are the same. The samples of finished runs wait in `cache` until the sheet is complete; None
    keeps no samples and draws no sheet.
    """

    def __init__(self, name: str, cache: Path | None, variants: dict[str, Any]) -> None:
        self.json, self.png, self.cache = STORE / f"{name}.json", STORE / f"{name}.png", cache
        self.report = stored(name)
        self.sheets = json.loads(cache.read_text(encoding="utf-8")) if cache and cache.exists() else {}
        self.same = {name for name, now in variants.items() if self.report["settings"].get(name) == now}
        self.report["settings"] = variants
        self.report["variants"] = {
            name: [row for row in self.report["variants"].get(name, []) if self._has(name, row["seed"])]
            for name in variants
        }
        if cache:
            cache.parent.mkdir(parents=True, exist_ok=True)

    def _has(self, name: str, seed: int) -> bool:
        return name in self.same and (not self.cache or str(seed) in self.sheets.get(name, {}))

    def keep(self) -> None:
        """Write what there is."""
        with replace(self.json) as file:
            file.write((json.dumps(self.report, indent=1) + "\n").encode())
        if self.cache:
            with replace(self.cache) as file:
                file.write(json.dumps(self.sheets).encode())

    def choose(
        self, pool: ProcessPoolExecutor, options: dict[str, dict[str, Any]], trial: Callable[[str, Any], float | None]
    ) -> dict[str, Any]:
        """Make the trials that are missing; return each variant at its best setting (the first, if all diverged).

        trial: from a variant's name and one of its settings to a score of which less is better, None if it diverged.
        """
        report, jobs = self.report, {}
        done = {name: report.get("trials", {}).get(name, {}) if name in self.same else {} for name in options}
        report["trials"], report["chosen"] = done, {}
        for name, settings in options.items():
            missing = {label: one for label, one in settings.items() if label not in done[name]}
            jobs |= {pool.submit(trial, name, one): (name, label) for label, one in missing.items()}
        for job in as_completed(jobs):
            name, label = jobs[job]
            done[name][label] = job.result()
            self.keep()
            print(f"trial of {name} at {label}: {job.result()}", flush=True)
        for name in options:
            scores = {label: score for label, score in done[name].items() if score is not None}
            report["chosen"][name] = min(scores, key=scores.__getitem__, default=next(iter(options[name])))
        return {name: settings[report["chosen"][name]] for name, settings in options.items()}

    def search(
        self, pool: ProcessPoolExecutor, grids: Mapping[str, Grid], trial: Callable[[str, Any], float | None]
    ) -> dict[str, Any]:
        """Climb on every grid until no neighbour is better; return each variant at its best setting.

        trial: as in `choose`. The grids climb beside each other, so that no process of the pool waits long.
        """
        report = self.report
        done = {name: report.get("trials", {}).get(name, {}) if name in self.same else {} for name in grids}
        report["trials"] = {**report.get("trials", {}), **done}
        jobs: dict[Any, tuple[str, str]] = {}

        def ask(name: str) -> None:
            if name not in [asked for asked, _ in jobs.values()]:
                for at in grids[name].wanted(done[name]):
                    jobs[pool.submit(trial, name, grids[name].at(at))] = (name, grids[name].label(at))

        for name in grids:
            ask(name)
        while jobs:
            job = next(as_completed(jobs))
            name, label = jobs.pop(job)
            done[name][label] = job.result()
            self.keep()
            print(f"trial of {name} at {label}: {job.result()}", flush=True)
            ask(name)
        report["chosen"] = {**report.get("chosen", {}), **{name: grid.best(done[name]) for name, grid in grids.items()}}
        for found in (report["trials"], report["chosen"]):
            for name in found.keys() - report["settings"].keys():
                del found[name]
        self.keep()
        return {name: grid.find(report["chosen"][name]) for name, grid in grids.items()}

    def fill(
        self, pool: ProcessPoolExecutor, plan: dict[str, tuple[Callable[[int], tuple[dict, list]], list[int]]]
    ) -> None:
        """Make the runs that are missing, the first seed of all variants first; then draw the sheet.

        plan: variant -> what makes a row and some samples from a seed, as `measure` does, and the seeds.
        """
        jobs = {}
        for name, seed in sorted(
            ((name, s) for name, (_, seeds) in plan.items() for s in seeds), key=lambda run: run[1]
        ):
            if all(row["seed"] != seed for row in self.report["variants"][name]):
                jobs[pool.submit(plan[name][0], seed)] = name
        for job in as_completed(jobs):
            name, (row, images) = jobs[job], job.result()
            rows = self.report["variants"][name] = [*self.report["variants"][name], row]
            rows.sort(key=lambda r: r["seed"])
            self.sheets.setdefault(name, {})[str(row["seed"])] = images
            self.keep()
            found = f"d² {row['frechet']}" if "frechet" in row else "diverged" if row.get("diverged") else "done"
            print(f"{name}, seed {row['seed']}: {found}", flush=True)
        if self.cache:
            self.draw()

    def draw(self) -> None:
        """The sheet: a row a variant, some samples of each of its first seeds; grey where a run diverged.

        In 16 levels of grey, since noise would fill a megabyte otherwise.
        """
        variants = self.report["variants"]
        seeds = min(len(rows) for rows in variants.values())
        sheet = torch.empty(len(variants), seeds, SHOWN, 1, 28, 28)
        for i, (name, rows) in enumerate(variants.items()):
            for j, row in enumerate(rows[:seeds]):
                sheet[i, j] = torch.tensor(self.sheets[name][str(row["seed"])])
        sheet = (sheet / 17).round() * 17
        save_png(sheet.flatten(0, 2) / 127.5 - 1, self.png, columns=seeds * SHOWN, scale=1)
