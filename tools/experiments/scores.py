"""Judge every stored network by every score, three times with other noise: python -m tools.experiments.scores

A minute for each network on two cores. Writes ganbook/assets/results/scores.json, which chapter 5 reads. The row "real"
holds the same scores of three other draws of real training images, which are then no training images for the copying
test. Rows of networks that have not changed are kept; --all judges all again. The real images are turned if the
training turned its own; then "upright" has the distance from test images as they are. A G that takes labels is asked
for each as often as MNIST has it.
"""

import argparse
import json

import torch

from ganbook.base import seeds
from ganbook.base.files import replace
from ganbook.data import Digits
from ganbook.evaluation.distance import frechet_distance
from ganbook.evaluation.judge import load
from ganbook.evaluation.report import evaluate, evaluate_images
from ganbook.training import pretrained
from tools.experiments.sizes import STORE, sized

SEEDS = sized((1, 2, 3), (1,))  # of the noise; 1 is the default of `ganbook evaluate`
N = sized(10_000, 200)


def judged(network: pretrained.Trained, seed: int) -> dict:
    """All scores of N samples for the noise of `seed`."""
    data = network.recipe.data()
    row = {"noise": seed, **evaluate(network.G, data=data, n=N, seed=seed).as_dict()}
    if data.rotate:
        upright = frechet_distance(network.G, data=Digits("train", size=network.recipe.size), n=N, seed=seed)
        row["upright"] = {"value": upright.value, "floor": upright.floor}
    return row


def main() -> None:
    """Evaluate what is new, and write the numbers once they are all there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="also what has not changed")
    args = parser.parse_args()
    path, extractor = STORE / "scores.json", f"judge {load().sha256[:12]}"
    old = json.loads(path.read_text()) if path.exists() and not args.all else {"rows": {}, "weights": {}}
    if old["rows"].get("real", [{}])[0].get("extractor") != extractor:  # other features, so nothing can stay
        old = {"rows": {}, "weights": {}}
    digits = Digits("train")
    draws = [torch.randperm(len(digits), generator=seeds.generator("real", seed))[:N] for seed in SEEDS]
    rows = {
        "real": old["rows"].get("real")
        or [{"noise": s, **evaluate_images(digits[i][0], without=i).as_dict()} for s, i in zip(SEEDS, draws)]
    }
    weights = {}
    for name in pretrained.names():
        network = pretrained.load(name)
        weights[name] = network.sha256
        if old["weights"].get(name) == network.sha256:
            rows[name] = old["rows"][name]
            continue
        rows[name] = [judged(network, seed) for seed in SEEDS]
        frechet = rows[name][0]["scores"]["frechet"]
        print(f"{name}: d² = {frechet['value']:.1f} (n = {N:,}, floor {frechet['floor']:.1f})", flush=True)
    report = {"command": "python -m tools.experiments.scores", "n": N, "weights": weights, "rows": rows}
    with replace(path) as file:
        file.write((json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
