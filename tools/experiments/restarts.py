"""How often must an MLP GAN be restarted? Trains the variants of chapter 2 from several seeds.

    python -m tools.experiments.restarts

About half an hour on two cores, one process a core; step counts differ between variants to keep it so. Writes
ganbook/assets/results/restarts.json, and restarts.png with samples of every run of two of the variants. A run whose row
stands in the file with the same settings is not repeated, so the command can be stopped and continued.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace as changed
from functools import partial
from pathlib import Path

import torch

from ganbook.base.files import replace
from ganbook.data import Digits
from ganbook.evaluation.distance import distance_of_images
from ganbook.evaluation.reference import look
from ganbook.metrics.frechet import frechet
from ganbook.models import mlp
from ganbook.models.sampling import sample
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from ganbook.viewing.plots import save_png
from tools.experiments.sizes import CACHE, STORE, sized, some

N = sized(10_000, 200)  # samples judged: as many as there are test images
LEAST = 0.02  # a class with a smaller share of the samples counts as lost
SHOWN = ("as published", "repaired")  # the left and the right half of the picture
JSON, PNG = (STORE / f"restarts.{kind}" for kind in ("json", "png"))


def variants() -> dict[str, tuple[Recipe, int, int]]:
    """Name -> recipe, steps, number of seeds."""
    published, repaired = get("c-mlp"), get("mlp")
    table = {
        "as published": (published, 6_000, 5),
        "repaired": (repaired, 6_000, 5),
        "repaired, but no BatchNorm": (changed(repaired, G=partial(mlp.Generator, slope=0.2)), 3_000, 3),
        "published, batch 64, rate 2e-4": (published.change(m=64, lr_g=2e-4, lr_d=2e-4), 2_000, 3),
        "the paper's own (2014)": (get("goodfellow-2014"), 1_500, 3),
    }
    return {name: (recipe, sized(steps, 20), sized(seeds, 1)) for name, (recipe, steps, seeds) in some(table).items()}


def settings(recipe: Recipe, steps: int) -> dict:
    """What a stored row must agree with to be kept."""
    words = ("name", "title", "source", "changes")
    numbers = {key: value for key, value in recipe.describe().items() if key not in words}
    return {**numbers, "steps": steps, "networks": [str(net) for net in recipe.networks(seed=0)]}


def measure(recipe: Recipe, steps: int, seed: int) -> tuple[dict, list]:
    """Train from one seed on one thread; returns the row of the table, and eight samples as bytes."""
    torch.set_num_threads(1)
    run = Run(recipe, seed=seed)
    start = time.perf_counter()
    tail = [record for record in run.train(steps) if record.step > steps - 200]
    seconds = time.perf_counter() - start
    x = sample(run.G, N, seed=1)
    _, p = look(x)
    shares = (p.argmax(1).bincount(minlength=10) / N).tolist()
    row = {
        "seed": seed,
        "steps": steps,
        "seconds": round(seconds, 1),
        "frechet": round(distance_of_images(x).value, 2),
        "shares": [round(share, 4) for share in shares],
        "lost": min(shares) < LEAST,
        **{name: round(sum(r[name] for r in tail) / len(tail), 3) for name in ("d_loss", "g_loss", "d_real", "d_fake")},
    }
    return row, ((sample(run.G, 8, seed=2) + 1) * 127.5).round().byte().tolist()


def floor() -> float:
    """The distance of real from real: 10,000 training images drawn at random from the 10,000 test images."""
    train = Digits("train")
    some = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))[:N]
    return frechet(look(train[some][0]).features, look(Digits("test")[:][0]).features)


def write(report: dict, sheets: dict) -> None:
    """Write the numbers, and the picture once all its runs are there."""
    with replace(JSON) as file:
        file.write((json.dumps(report, indent=1) + "\n").encode())
    seeds = {name: range(variants()[name][2]) for name in SHOWN}
    if all(str(seed) in sheets[name] for name in SHOWN for seed in seeds[name]):
        halves = [torch.tensor([sheets[name][str(seed)] for seed in seeds[name]]) for name in SHOWN]
        between = torch.full((len(halves[0]), 1, 1, 28, 28), 255.0)
        rows = torch.cat([halves[0], between, halves[1]], dim=1)  # (seeds, 17, 1, 28, 28)
        save_png(rows.flatten(0, 1) / 127.5 - 1, PNG, columns=rows.shape[1], scale=1)


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE / "restarts.json", help="samples of finished runs")
    args = parser.parse_args()
    table = variants()
    old = json.loads(JSON.read_text()) if JSON.exists() else {"settings": {}, "variants": {}}
    sheets = json.loads(args.cache.read_text()) if args.cache.exists() else {}
    report = {
        "command": "python -m tools.experiments.restarts",
        "judged": N,
        "least_share": LEAST,
        "floor": old.get("floor") or round(floor(), 3),
        "settings": {name: settings(recipe, steps) for name, (recipe, steps, _) in table.items()},
        "variants": {},
    }
    for name, (_, _, seeds) in table.items():
        same = old["settings"].get(name) == report["settings"][name]
        kept = [row for row in old["variants"].get(name, []) if same and row["seed"] < seeds]
        sheets[name] = sheets.get(name, {}) if kept else {}
        kept = [row for row in kept if name not in SHOWN or str(row["seed"]) in sheets[name]]
        report["variants"][name] = kept
    args.cache.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(args.workers) as pool:
        jobs = {}
        for name, (recipe, steps, seeds) in table.items():
            for seed in set(range(seeds)) - {row["seed"] for row in report["variants"][name]}:
                jobs[pool.submit(measure, recipe, steps, seed)] = name
        for job in as_completed(jobs):
            name, (row, images) = jobs[job], job.result()
            report["variants"][name] = sorted([*report["variants"][name], row], key=lambda r: r["seed"])
            sheets[name][str(row["seed"])] = images
            args.cache.write_text(json.dumps(sheets))
            write(report, sheets)
            print(
                f"{name}, seed {row['seed']}: {row['frechet'] / report['floor']:.0f} floors, lost {row['lost']}",
                flush=True,
            )


if __name__ == "__main__":
    main()
