"""All objectives on the same networks for the same CPU seconds: python tools/objectives.py [NAME ...] [--workers 2]

Chapter 10's table. Each variant is trained from three seeds for 120 seconds of one thread's CPU time (judging not
counted), at the best of a few settings, which are compared on a seed of their own for 40 seconds each. Two and a half
hours on one core. Writes ganbook/assets/results/objectives.json, and objectives.png with eight samples of every run.
What stands in the file with the same settings is not repeated, so the command can be stopped and continued.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace as changed
from functools import partial
from pathlib import Path

import torch
from torch import nn

from ganbook import results
from ganbook.data import Digits
from ganbook.errors import DivergedError
from ganbook.files import replace
from ganbook.metrics.frechet import frechet
from ganbook.metrics.judge import judged, load
from ganbook.metrics.neighbours import prdc
from ganbook.models import dcgan, spectral
from ganbook.objectives import (
    GradientPenalty,
    Hinge,
    LeastSquares,
    NonSaturating,
    Relativistic,
    Saturating,
    Wasserstein,
    ZeroCentred,
)
from ganbook.plots import save_png
from ganbook.recipes import Adam, Recipe, RMSprop
from ganbook.run import Run
from ganbook.sample import sample

SECONDS, TRIAL = 120.0, 40.0  # of CPU time: a run of the table, and a trial of a setting
SEEDS, TRIAL_SEED = (0, 1, 2), 100
N = 10_000  # samples judged
LEAST = 0.02  # a class with a smaller share of the samples counts as lost
EMA, TRIAL_EMA = 0.998, 0.99  # of G; a trial has too few steps for the long average
NEVER = 10**9  # steps: the clock ends a run, not their number
JSON, PNG = (results.FOLDER / f"objectives.{kind}" for kind in ("json", "png"))


def _recipe(objective, D=None, opt_g=None, opt_d=None, k: int = 1) -> Recipe:
    """A recipe of the table: the networks are the same but for what D's normalisation is."""
    return Recipe(
        name="trial",
        title="",
        source="tools/objectives.py",
        G=partial(dcgan.Generator, width=32),
        D=D or partial(dcgan.Discriminator, width=24, norm=nn.Identity),
        objective=objective,
        opt_g=opt_g,
        opt_d=opt_d,
        m=64,
        steps=NEVER,
        k=k,
        reuse_fakes=True,
        ema=EMA,
    )


def _rates(objective, D=None, betas=(0.5, 0.99), k: int = 1) -> dict[str, Recipe]:
    """The same with three rates: G's, and D's at 0.4 of it."""
    return {
        f"{lr:g}": _recipe(objective, D, Adam(lr, betas), Adam(round(0.4 * lr, 9), betas), k)
        for lr in (2e-4, 5e-4, 1e-3)
    }


def _weights(objective_of, weights) -> dict[str, Recipe]:
    """The same with three rates and some weights of a penalty."""
    return {
        f"{rate}, {weight:g}": recipe for weight in weights for rate, recipe in _rates(objective_of(weight)).items()
    }


def variants() -> dict[str, dict[str, Recipe]]:
    """Name -> the settings to choose from."""
    batch = partial(dcgan.Discriminator, width=24)
    return {
        "saturating": _rates(Saturating()),
        "non-saturating": _rates(NonSaturating()),
        "least squares": _rates(LeastSquares()),
        "hinge": _rates(Hinge()),
        "Wasserstein, clipped": {
            f"{lr:g}": _recipe(Wasserstein(), None, RMSprop(lr), RMSprop(lr, clip=0.01), k=5)
            for lr in (5e-5, 2e-4, 5e-4)  # the first is that of Arjovsky et al. (2017), algorithm 1
        },
        "Wasserstein, gradient penalty": _rates(GradientPenalty(), betas=(0.0, 0.9), k=5),
        "relativistic": _rates(Relativistic()),
        "relativistic, R1 + R2": _weights(lambda w: ZeroCentred(Relativistic(), r1=w, r2=w), (0.02, 0.2)),
        "non-saturating, R1": _weights(lambda w: ZeroCentred(NonSaturating(), r1=w), (0.02, 0.2)),
        "hinge, spectral norm": _rates(Hinge(), partial(spectral.Discriminator, width=24)),
        "non-saturating, BatchNorm": _rates(NonSaturating(), batch),
        "hinge, BatchNorm": _rates(Hinge(), batch),
        "least squares, BatchNorm": _rates(LeastSquares(), batch),
        "relativistic, BatchNorm": _rates(Relativistic(), batch),
    }


def settings(options: dict[str, Recipe]) -> dict:
    """What stored rows must agree with to be kept; the options of a variant share their networks."""
    words = ("name", "title", "source", "changes", "seed", "steps")
    described = {
        label: {key: value for key, value in recipe.describe().items() if key not in words}
        for label, recipe in options.items()
    }
    networks = next(iter(options.values())).networks(seed=0)
    return json.loads(json.dumps({"options": described, "networks": [str(net) for net in networks]}))


def spend(recipe: Recipe, seed: int, seconds: float) -> tuple[Run, float, bool]:
    """Train on one thread until that much CPU time is spent; returns the run, the time, and whether it diverged."""
    torch.set_num_threads(1)
    run = Run(recipe, seed=seed)
    run.data  # noqa: B018  reading the images is not training
    began = time.process_time()
    try:
        for _ in run.train(NEVER):
            if time.process_time() - began >= seconds:
                return run, time.process_time() - began, False
    except DivergedError:
        return run, time.process_time() - began, True


def trial(recipe: Recipe) -> float | None:
    """The Fréchet distance after a short run, of G's average; None if it diverged."""
    run, _, diverged = spend(changed(recipe, ema=TRIAL_EMA), TRIAL_SEED, TRIAL)
    if diverged:
        return None
    judge = load()
    real, _ = judged(judge, Digits("test")[:][0])
    return round(frechet(judged(judge, sample(run.sampler, N, seed=1))[0], real), 2)


def measure(recipe: Recipe, seed: int) -> tuple[dict, list]:
    """Train from one seed; returns the row of the table, and eight samples as bytes."""
    run, seconds, diverged = spend(recipe, seed, SECONDS)
    row = {"seed": seed, "steps": run.step, "seconds": round(seconds, 1), "diverged": diverged}
    if diverged:
        return {**row, "lost": True}, torch.full((8, 1, 28, 28), 128, dtype=torch.uint8).tolist()
    judge = load()
    real, _ = judged(judge, Digits("test")[:][0])
    features, p = judged(judge, sample(run.sampler, N, seed=1))
    last, _ = judged(judge, sample(run.G, N, seed=1))
    shares = (p.argmax(1).bincount(minlength=10) / N).tolist()
    row |= {
        "frechet": round(frechet(features, real), 2),
        "frechet_last": round(frechet(last, real), 2),
        **{name: round(value, 4) for name, value in prdc(real, features)._asdict().items()},
        "shares": [round(share, 4) for share in shares],
        "lost": min(shares) < LEAST,
    }
    return row, ((sample(run.sampler, 8, seed=2) + 1) * 127.5).round().byte().tolist()


def choose(old: dict, same: set[str], table: dict, pool: ProcessPoolExecutor, keep) -> None:
    """Fill in the trials that are missing, then take each variant's best setting."""
    jobs = {}
    for name, options in table.items():
        done = old["trials"].get(name, {}) if name in same else {}
        old["trials"][name] = done
        jobs |= {pool.submit(trial, recipe): (name, label) for label, recipe in options.items() if label not in done}
    for job in as_completed(jobs):
        name, label = jobs[job]
        old["trials"][name][label] = job.result()
        keep()
        print(f"trial of {name} at {label}: {job.result()}", flush=True)
    for name in table:
        scores = {label: score for label, score in old["trials"][name].items() if score is not None}
        old["chosen"][name] = min(scores, key=scores.get)


def picture(report: dict, sheets: dict) -> None:
    """A row a variant, eight samples of each seed, once all are there."""
    rows = [[sheets.get(name, {}).get(str(seed)) for seed in SEEDS] for name in report["variants"]]
    if all(part is not None for row in rows for part in row) and len(rows) == len(variants()):
        x = torch.tensor(rows).flatten(0, 2)  # (variants, seeds, 8, 1, 28, 28) -> (all, 1, 28, 28)
        save_png(x / 127.5 - 1, PNG, columns=8 * len(SEEDS), scale=1)


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all variants")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("_build/objectives.json"), help="samples of finished runs")
    args = parser.parse_args()
    table = {name: options for name, options in variants().items() if not args.names or name in args.names}
    empty = {"settings": {}, "trials": {}, "chosen": {}, "variants": {}}
    report = json.loads(JSON.read_text()) if JSON.exists() else empty
    sheets = json.loads(args.cache.read_text()) if args.cache.exists() else {}
    args.cache.parent.mkdir(parents=True, exist_ok=True)

    def keep() -> None:
        ordered = {name: report["variants"][name] for name in variants() if name in report["variants"]}
        with replace(JSON) as file:
            file.write((json.dumps(report | {"variants": ordered}, indent=1) + "\n").encode())
        with replace(args.cache) as file:
            file.write(json.dumps(sheets).encode())
        picture(report, sheets)

    now = {name: settings(options) for name, options in table.items()}
    same = {name for name in table if report["settings"].get(name) == now[name]}
    report["settings"] |= now
    report |= {"command": "python tools/objectives.py", "cpu_seconds": SECONDS, "trial_seconds": TRIAL, "judged": N}
    report |= {"trial_seed": TRIAL_SEED, "least_share": LEAST, "ema": EMA, "trial_ema": TRIAL_EMA, "floor": floor()}
    with ProcessPoolExecutor(args.workers) as pool:
        choose(report, same, table, pool, keep)
        jobs = {}
        for name, options in table.items():
            kept = report["variants"].get(name, []) if name in same else []
            report["variants"][name] = [row for row in kept if str(row["seed"]) in sheets.get(name, {})]
            done = {row["seed"] for row in report["variants"][name]}
            recipe = options[report["chosen"][name]]
            jobs |= {pool.submit(measure, recipe, seed): name for seed in SEEDS if seed not in done}
        for job in as_completed(jobs):
            name, (row, images) = jobs[job], job.result()
            report["variants"][name] = sorted([*report["variants"][name], row], key=lambda r: r["seed"])
            sheets.setdefault(name, {})[str(row["seed"])] = images
            keep()
            print(f"{name}, seed {row['seed']}: {row.get('frechet')} after {row['steps']:,} steps", flush=True)


def floor() -> dict[str, float]:
    """What real training images get for these scores, as measured by tools/scores.py."""
    scores = results.load("scores")["rows"]["mlp"][0]["scores"]
    return {name: scores[name]["floor"] for name in ("frechet", "precision", "recall")}


if __name__ == "__main__":
    main()
