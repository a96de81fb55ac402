"""What does a distance look like? Real digits, damaged more and more, with every score:
python -m tools.experiments.ladder

The digits are 10,000 training images, drawn at random. They are judged as samples are, against the test images, and the
training set in which copies are looked for is the other 50,000. The test images are not damaged themselves, since a
distance between images and their own damaged versions would be too small. The judge has seen the 10,000, as it has seen
every training image that a floor is measured with; the first row shows what that is worth.

The second table, "few", has the distances of three stored networks and of real digits for several n. Eleven minutes of
CPU time on one thread. Writes ganbook/assets/results/ladder.json after each row and repeats none that stands there,
then ladder.png: eight digits a row, in the order of the file.
"""

import argparse
import json
import re
import time
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ganbook.base import seeds
from ganbook.base.files import replace
from ganbook.data import Digits, rotate
from ganbook.evaluation.distance import distance_of_images, limit_of_images
from ganbook.evaluation.judge import load
from ganbook.evaluation.report import evaluate_images
from ganbook.models.sampling import sample
from ganbook.training import pretrained
from ganbook.viewing.plots import save_png
from tools.experiments.sizes import STORE, sized, some

N = sized(10_000, 200)
SHOWN = 8  # digits of each row in the picture
FINE = 4  # parts of a pixel, for strokes that lose less than one
FEW = sized((500, 1_000, 2_000, 5_000, 10_000), (100, 200))
NETWORKS = ("real", "conditional", "mlp", "a-dcgan")  # near and far


# ------------------------------------------------------------------------------- damage to images x (n, 1, 28, 28)


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Blurred by a Gaussian of `sigma` pixels."""
    reach = round(4 * sigma)
    bell = torch.exp(-torch.arange(-reach, reach + 1).square() / (2 * sigma**2))
    bell = bell / bell.sum()
    ink = F.conv2d(F.conv2d(x + 1, bell.view(1, 1, 1, -1), padding="same"), bell.view(1, 1, -1, 1), padding="same")
    return (ink - 1).clamp(-1, 1)


def turned(x: Tensor, degrees: float) -> Tensor:
    """Each turned by its own angle, up to `degrees` in both directions."""
    angles = torch.rand(len(x), generator=seeds.generator("ladder", "turned"))
    return rotate(x, (2 * angles - 1) * degrees)


def thinned(x: Tensor, pixels: float) -> Tensor:
    """Strokes lose `pixels`, in quarters of one, on each side: a point is as dark as the darkest around it."""
    reach = round(FINE * pixels)

    def part(some_: Tensor) -> Tensor:
        fine = F.interpolate(some_, scale_factor=FINE)  # (m, 1, 28, 28) -> (m, 1, 112, 112)
        return F.avg_pool2d(-F.max_pool2d(-fine, 2 * reach + 1, stride=1, padding=reach), FINE)

    return torch.cat([part(some_) for some_ in x.split(500)])


def speckled(x: Tensor, share: float) -> Tensor:
    """A `share` of the pixels, drawn at random, has a random grey."""
    rng = seeds.generator("ladder", "speckled")
    return torch.where(torch.rand(x.shape, generator=rng) < share, 2 * torch.rand(x.shape, generator=rng) - 1, x)


CHANGES: dict[str, Callable[[Tensor, float], Tensor]] = {
    change.__name__: change for change in (blurred, turned, thinned, speckled)
}


# ---------------------------------------------------------------------------------- other choices of the images


def held_out(digits: Digits, classes: float = 10) -> Tensor:
    """N training images at random, of the first so many classes: of 9.5 half of the nines are left out."""
    order = torch.randperm(len(digits), generator=seeds.generator("ladder", N))
    chance = torch.rand(len(digits), generator=seeds.generator("ladder", "classes"))[order]
    return order[digits.labels[order] + chance < classes][:N]


def chosen(kind: str, strength: float, digits: Digits) -> tuple[Tensor, Tensor]:
    """The places (N,) of the images of a row among the training images, and of those that are no training images.

    dropped: so many classes, from the nines down, do not occur. copied: that share of the images is exact copies of
    training images. stored: each is one of so many training images, drawn at random, as by a generator that has them by
    heart.
    """
    held = held_out(digits)
    if kind == "dropped":
        held = held_out(digits, 10 - strength)
        return held, held
    index, rng = held.clone(), seeds.generator("ladder", kind)
    others = torch.ones(len(digits), dtype=torch.bool)
    others[held] = False
    known = others.nonzero().flatten()
    known = known[torch.randperm(len(known), generator=rng)]
    if kind == "copied":
        copies = round(N * strength)
        index[torch.randperm(N, generator=rng)[:copies]] = known[:copies]
    if kind == "stored":
        index = known[: int(strength)][torch.randint(int(strength), (N,), generator=rng)]
    return index, held


# ----------------------------------------------------------------------------------------------------------- the rows

KINDS = {
    "untouched": [0],
    "blurred": [0.4, 0.5, 0.7, 1],  # pixels
    "turned": [5, 20, 45, 180],  # degrees
    "thinned": [0.25, 0.5, 0.75, 1],  # pixels
    "speckled": [0.002, 0.01, 0.02, 0.1],  # share of the pixels
    "dropped": [0.5, 1, 2, 4],  # classes
    "copied": [0.01, 0.05, 0.2, 1],  # share of the images
    "stored": [sized(10_000, 150), sized(2_000, 120), 500, 100],  # images
}


def images(kind: str, strength: float, digits: Digits) -> tuple[Tensor, Tensor]:
    """The images (N, 1, 28, 28) of a row, and the places of those that are no training images."""
    index, held = chosen(kind, strength, digits)
    x = digits[index][0]
    return (CHANGES[kind](x, strength) if kind in CHANGES else x), held


def measure(kind: str, strength: float, digits: Digits) -> tuple[dict, dict]:
    """A row of the table, and the floor of each of its scores."""
    began = time.process_time()
    x, held = images(kind, strength, digits)
    found = evaluate_images(x, data=digits, without=held)
    errors = {name: score.error for name, score in found.scores.items() if score.error is not None}
    row = {
        "kind": kind,
        "strength": strength,
        "scores": {name: round(score.value, 4) for name, score in found.scores.items()},
        "errors": {name: round(error, 4) for name, error in errors.items()},
        "shares": [round(share, 4) for share in found.shares],
        "seconds": round(time.process_time() - began, 1),
    }
    return row, {name: round(score.floor, 4) for name, score in found.scores.items()}


def few(name: str, n: int, digits: Digits) -> dict:
    """The distance of n samples of a stored network, or of n held-out images, and what it is expected to tend to."""
    began = time.process_time()
    x = digits[held_out(digits)[:n]][0] if name == "real" else sample(pretrained.load(name).G, n, seed=1)
    distance, limit = distance_of_images(x), limit_of_images(x)
    return {
        "name": name,
        "n": n,
        "frechet": round(distance.value, 3),
        "floor": round(distance.floor, 3),
        "limit": round(limit.value, 3),
        "error": round(limit.error or 0.0, 3),
        "seconds": round(time.process_time() - began, 1),
    }


def draw(rows: list[dict], digits: Digits) -> None:
    """The sheet: SHOWN digits of each row, in 16 levels of grey, since noise would fill a megabyte otherwise."""
    shown = [images(row["kind"], row["strength"], digits)[0][:SHOWN] for row in rows]
    sheet = ((torch.cat(shown) + 1) * 7.5).round() / 7.5 - 1
    save_png(sheet, STORE / "ladder.png", columns=SHOWN, scale=1)


def main() -> None:
    """Measure the rows that are missing, and write after each; then draw."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(1)
    path, digits = STORE / "ladder.json", Digits("train")
    same = {"command": "python -m tools.experiments.ladder", "n": N, "extractor": f"judge {load().sha256[:12]}"}
    old = json.loads(path.read_text()) if path.exists() else {}
    report = {**same, "floor": {}, "rows": [], "few": []}
    if all(old.get(key) == value for key, value in same.items()):
        report |= {key: old[key] for key in ("floor", "rows", "few")}

    def keep(table: str, plan: list[tuple], make: Callable[..., dict], keys: tuple[str, str]) -> None:
        """Make the rows of `plan` that the table has not, and write it."""
        done = {tuple(row[key] for key in keys): row for row in report[table]}
        for one in plan:
            if one not in done:
                done[one] = make(*one)
                print(done[one], flush=True)
            report[table] = [done[place] for place in plan if place in done]
            with replace(path) as file:
                text = re.sub(r"\n {3,}|\n {2}(?=[\]}])", " ", json.dumps(report, indent=1))  # a row on one line
                file.write(f"{text}\n".encode())

    def rung(kind: str, strength: float) -> dict:
        row, report["floor"] = measure(kind, strength, digits)
        return row

    keep("rows", [(kind, s) for kind, strengths in some(KINDS).items() for s in strengths], rung, ("kind", "strength"))
    keep("few", [(name, n) for n in FEW for name in NETWORKS], partial(few, digits=digits), ("name", "n"))
    draw(report["rows"], digits)


if __name__ == "__main__":
    main()
