"""The book's best recipes from five seeds: python -m tools.experiments.best [NAME] [--workers 2] [--longer]

NAME is conditional, or coded, the best one without labels. Trains the recipe for its whole schedule. Then it looks at
G's average, and at G as the last step left it: the Fréchet distance of 10,000 samples from the test images, three times
with other noise; a G that takes labels is asked for each as often as they have it. A run takes five to ten minutes of
one core. --longer adds one run of three times the steps, over which the schedule stretches. Writes
ganbook/assets/results/best.json (best_coded.json) after each run, and repeats no run that stands there for the same
recipe. The stored network of a recipe is made by python -m tools.experiments.schedules NAME
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

import torch
from torch import nn

from ganbook.base.files import replace
from ganbook.data import Digits
from ganbook.evaluation.reference import against, look
from ganbook.metrics.neighbours import prdc
from ganbook.models.conditional import Coded
from ganbook.models.sampling import labels_in_shares, sample
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from tools.experiments.sizes import STORE, sized
from tools.experiments.trials import N, code_purity, distance, floor, settings

FILES = {"conditional": "best", "coded": "best_coded"}
SEEDS = range(sized(5, 1))
DRAWS = 3  # of noise, for each distance
LOOKS = sized(12, 2)  # distances on the way of a run, of one draw each


def labels() -> torch.Tensor:
    """N labels, each as often as among the test images."""
    return labels_in_shares(Digits("test").counts, N, seed=1)


def distances(G: nn.Module, draws: int = DRAWS) -> list[float]:
    """The Fréchet distance of N samples from the test images, once for each draw of noise."""
    return [distance(sample(G, N, seed=seed, y=labels())) for seed in range(1, draws + 1)]


def measure(recipe: Recipe, seed: int) -> dict:
    """Train on one thread to the end of the schedule; the row of the table. Looking is not part of its seconds."""
    torch.set_num_threads(1)
    run, course = Run(recipe, seed=seed), []
    run.data  # noqa: B018  reading the images is not training
    spent, began = 0.0, time.process_time()
    for record in run.train(recipe.steps):
        if record.step % (recipe.steps // LOOKS) == 0 and record.step < recipe.steps:
            spent += time.process_time() - began
            course.append([record.step, round(spent, 1), *distances(run.sampler, 1)])
            began = time.process_time()
    spent += time.process_time() - began
    G, y = run.sampler, labels()
    x = sample(G, N, seed=1, y=y)
    (features, p), real = look(x), against(N, Digits("train"), x.device).real.features
    if isinstance(G, Coded):
        named = {"purity": code_purity(G, p.argmax(1))}
    else:
        named = {"named_right": round(float((p.argmax(1) == y).double().mean()), 4)}
    return {
        "steps": recipe.steps,
        "seed": seed,
        "seconds": round(spent, 1),
        "average": distances(G),
        "last": distances(run.G),
        **named,
        "recall": round(prdc(real, features).recall, 4),
        "course": course,
    }


def main() -> None:
    """Run what is missing, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="conditional", choices=FILES, help="(default: conditional)")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    parser.add_argument("--longer", action="store_true", help="one run of three times the steps, too")
    args = parser.parse_args()
    recipe = get(args.name)
    steps = sized(recipe.steps, 6)
    path, now = STORE / f"{FILES[args.name]}.json", settings({"": recipe.change(steps=steps)})
    command = "python -m tools.experiments.best" + f" {args.name}" * (args.name != "conditional")
    old = json.loads(path.read_text()) if path.exists() else {}
    rows = old["rows"] if old.get("settings") == now else []
    plan = [(steps, seed) for seed in SEEDS] + [(3 * steps, 0)] * args.longer
    done = {(row["steps"], row["seed"]) for row in rows}
    with ProcessPoolExecutor(args.workers) as pool:
        jobs = [pool.submit(measure, recipe.change(steps=n), seed) for n, seed in plan if (n, seed) not in done]
        for job in as_completed(jobs):
            rows = sorted([*rows, job.result()], key=lambda row: (row["steps"], row["seed"]))
            report = {
                "command": command + " --longer" * (rows[-1]["steps"] > steps),
                "recipe": args.name,
                "judged": N,
                "floor": floor(),
                "settings": now,
                "rows": rows,
            }
            with replace(path) as file:
                file.write((json.dumps(report, indent=1) + "\n").encode())
            print({key: value for key, value in job.result().items() if key != "course"}, flush=True)


if __name__ == "__main__":
    main()
