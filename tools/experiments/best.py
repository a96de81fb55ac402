"""The book's best recipe in three minutes: python -m tools.experiments.best

Trains it from three seeds, one after the other, with as many threads as the machine has cores, looks at it after 30 to
180 seconds and, to see whether more of the same would help, once more after 300. Looking does not count. Each digit is
asked for as often as it comes among the first training images. Run it alone. Writes ganbook/assets/results/best.json
after each run, and repeats no run that stands there for the same recipe. The recipe at its full length is stored by
python -m tools.experiments.schedules conditional
"""

import argparse
import json
import os
import time

import torch

from ganbook.base.files import replace
from ganbook.data import Digits
from ganbook.evaluation.reference import look
from ganbook.models.sampling import sample
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from tools.experiments.sizes import STORE, sized
from tools.experiments.trials import NEVER, N, distance, floor, settings

NAME = "conditional"
SEEDS = sized([0, 1, 2], [0])
LOOKS = sized([30, 60, 120, 180, 300], [1, 2])  # seconds of training


def measure(recipe: Recipe, seed: int) -> dict:
    """Train for the seconds of the last look; the row has the steps made and the Fréchet distance at each look."""
    run = Run(recipe, seed=seed)
    run.data  # noqa: B018  reading the images is not training
    row, y = {"seed": seed, "steps": [], "frechet": []}, Digits("train").labels[:N]
    spent, began = 0.0, time.perf_counter()
    for record in run.train(NEVER):
        if spent + time.perf_counter() - began < LOOKS[len(row["steps"])]:
            continue
        spent += time.perf_counter() - began
        row["steps"].append(record.step)
        row["frechet"].append(distance(x := sample(run.sampler, N, seed=1, y=y)))
        if len(row["steps"]) == len(LOOKS):
            break
        began = time.perf_counter()
    _, p = look(x)
    return row | {"named_right": round(float((p.argmax(1) == y).double().mean()), 4)}


def main() -> None:
    """Run what is missing, and write after each run."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    recipe = get(NAME)
    path, now = STORE / "best.json", settings({"": recipe})
    report = json.loads(path.read_text()) if path.exists() else {}
    rows = report["rows"] if report.get("settings") == now and report["seconds"] == LOOKS else []
    for seed in SEEDS:
        if seed in [row["seed"] for row in rows]:
            continue
        rows = sorted([*rows, measure(recipe, seed)], key=lambda row: row["seed"])
        report = {
            "command": "python -m tools.experiments.best",
            "recipe": NAME,
            "judged": N,
            "floor": floor(),
            "seconds": LOOKS,
        }
        with replace(path) as file:
            text = json.dumps(report | {"threads": torch.get_num_threads(), "settings": now, "rows": rows}, indent=1)
            file.write((text + "\n").encode())
        print(rows[-1], flush=True)


if __name__ == "__main__":
    main()
