"""Train the published recipes for as long as they were published: python -m tools.experiments.schedules [NAME ...]
[--seed N]

Writes ganbook/assets/weights/recipes/NAME.pt (weights in float16), NAME.json (the course of the run) and NAME.png (a
film: the same 16 noise vectors at 40 steps, a row each). On one core of the machine where it was first run: d-linear
half a minute, mlp and a-mlp 3 minutes each, coded and conditional 5 each, a-dcgan and c-mlp 25 each, b-dcgan16 two
hours for its 200 epochs. A run that is stopped continues from its last checkpoint in _build/schedules. With --seed N
the run is one more seed of the same recipe: its scores are added to NAME.json, its weights are not kept.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ganbook.base.files import replace
from ganbook.data import Digits
from ganbook.evaluation.reference import against, look
from ganbook.metrics.frechet import frechet
from ganbook.models.sampling import fixed_noise, sample
from ganbook.training import pretrained
from ganbook.training.recipes import WORDS, Recipe, get
from ganbook.training.run import Run
from ganbook.viewing.gradients import gradient_norms
from tools.experiments.sizes import CACHE, STORE, sized

NAMES = ("d-linear", "mlp", "a-mlp", "a-dcgan", "c-mlp", "b-dcgan16", "coded", "conditional")
WITH_D = ("c-mlp", "mlp", "a-dcgan")  # the discriminators that a chapter looks at
BINS = 200  # means and standard deviations of every scalar are kept over this many parts of the run
FRAMES = 40
LOOKS = 14  # how often the samples are judged on the way
N = sized(10_000, 200)
SCALARS = ("d_loss", "g_loss", "d_real", "d_fake", "d_accuracy", "g_fake")


def spaced(first: int, last: int, n: int) -> list[int]:
    """About n whole numbers from first to last, each the same factor above the one before."""
    return sorted({round(s) for s in np.geomspace(first, last, n)})


class Course:
    """What is noted of a run as it goes on, as plain lists; `cut` forgets what came after a step."""

    def __init__(self, recipe: Recipe, steps: int) -> None:
        self.edges = [round(steps * (i + 1) / BINS) for i in range(BINS)]
        self.frames = [0, *spaced(10, steps, FRAMES - 1)]
        self.looks = spaced(min(100, steps), steps, LOOKS)
        self.train = Digits("train", size=recipe.size)
        self.rows: dict[str, list] = {"bins": [], "gradients": [], "quality": [], "film": [], "seconds": []}
        self.since = {name: [] for name in SCALARS}

    def cut(self, rows: dict[str, list], step: int) -> None:
        self.rows = {kind: [row for row in part if row["step"] <= step] for kind, part in rows.items()}

    def see(self, run: Run, values: dict[str, Tensor] | None) -> None:
        step = run.step
        for name in SCALARS if values else ():
            self.since[name].append(values[name])
        if step in self.frames:
            x = sample(run.sampler, z=fixed_noise(run.sampler, 16, seed=0))
            self.rows["film"].append({"step": step, "x": ((x + 1) * 127.5).round().byte().flatten().tolist()})
        if step in self.looks:
            x = sample(run.sampler, N, seed=1)
            (features, p), real = look(x), against(N, self.train, x.device).real.features
            shares = p.argmax(1).bincount(minlength=10) / N
            self.rows["quality"].append(
                {
                    "step": step,
                    "frechet": round(frechet(features, real), 3),
                    "certainty": round(float(p.amax(1).mean()), 4),
                    "shares": [round(float(s), 4) for s in shares],
                }
            )
        if step in self.edges:
            stacked = {name: torch.stack(seen).double() for name, seen in self.since.items()}
            means = {name: short(v.mean()) for name, v in stacked.items()}
            spread = {name: short(v.std(correction=0)) for name, v in stacked.items()}
            self.rows["bins"].append({"step": step, "mean": means, "sd": spread})
            self.since = {name: [] for name in SCALARS}
            if self.edges.index(step) % 2:
                norms = {player: layers(net) for player, net in (("D", run.D), ("G", run.G))}
                self.rows["gradients"].append({"step": step, **norms})


def layers(net: nn.Module) -> dict[str, float]:
    """Gradient norms of the weight matrices and kernels, without biases and BatchNorm."""
    big = {name for name, p in net.named_parameters() if p.ndim > 1}
    return {name: short(norm) for name, norm in gradient_norms(net).items() if name in big}


def short(value: Tensor | float) -> float:
    """Four significant digits."""
    return float(f"{float(value):.4g}")


def train(recipe: Recipe, seed: int, steps: int, folder: Path) -> tuple[Run, Course]:
    """Train, or go on training, and keep a checkpoint and the notes of the run in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, notes = folder / f"{recipe.name}-{seed}-{steps}.pt", folder / f"{recipe.name}-{seed}-{steps}.json"
    course = Course(recipe, steps)
    if checkpoint.exists() and notes.exists():
        run = Run.load(checkpoint)
        course.cut(json.loads(notes.read_text()), run.step)
    else:
        run = Run(recipe, seed=seed)
        course.see(run, None)
    began = time.perf_counter()
    for record in run.train(steps - run.step):
        course.see(run, record.values)
        if record.step in course.edges and (course.edges.index(record.step) % 10 == 9 or record.step == steps):
            seconds = time.perf_counter() - began
            course.rows["seconds"].append({"step": record.step, "seconds": round(seconds, 1)})
            began = time.perf_counter()
            with replace(notes) as file:  # first the notes, then the run: what the notes have too much is cut
                file.write(json.dumps(course.rows).encode())
            run.save(checkpoint)
            at = course.rows["quality"][-1] if course.rows["quality"] else {}
            print(f"{recipe.name} {seed}: {record.step:,} of {steps:,}, {at.get('frechet')}", flush=True)
    return run, course


def columns(rows: list[dict]) -> dict:
    """A list of like dicts as one dict of lists, through all levels: half the size in JSON."""
    if not isinstance(rows[0], dict):
        return rows
    return {key: columns([row[key] for row in rows]) for key in rows[0]}


def main() -> None:
    """Train what is named and store it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(NAMES)}")
    parser.add_argument("--seed", type=int, help="one more seed; its scores are kept, its weights are not")
    parser.add_argument("--steps", type=int, help="where the full schedule is out of reach")
    parser.add_argument("--folder", type=Path, default=CACHE / "schedules", help="checkpoints on the way")
    args = parser.parse_args()
    torch.set_num_threads(1)
    plan = [(get(name), sized(args.steps or get(name).steps, 240)) for name in args.names or NAMES]
    for recipe, steps in plan if args.seed is not None else ():
        stored = pretrained.course(recipe.name)  # says so now, not after the training, if there is none
        if args.seed == stored["seed"] or steps != stored["steps"]:
            parser.error(
                f"{recipe.name} is stored with seed {stored['seed']} and {stored['steps']:,} steps. "
                "Another seed must differ from that one and make as many steps: see --steps."
            )
    for recipe, steps in plan:
        seed = recipe.seed if args.seed is None else args.seed
        run, course = train(recipe, seed, steps, args.folder)
        store(run, course, steps, first=args.seed is None)


def other_seeds(path: Path, run: Run, steps: int) -> list[dict]:
    """The scores of other seeds that the file at `path` holds, if they are of the same recipe and length."""
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"steps": None}
    if old["steps"] != steps:
        return []
    then, now = (
        {key: value for key, value in described.items() if key not in WORDS}
        for described in (old["recipe"], json.loads(json.dumps(run.recipe.describe())))
    )
    return old["more"] if then == now else []


def store(run: Run, course: Course, steps: int, *, first: bool) -> None:
    """Write the three files of the first seed, or add the scores of another."""
    name, rows = run.recipe.name, course.rows
    seconds = round(sum(row["seconds"] for row in rows["seconds"]))
    end = {"seed": run.seed, "steps": steps, "seconds": seconds, "quality": columns(rows["quality"])}
    path = sized(pretrained.FOLDER, STORE) / f"{name}.json"
    if first:
        pretrained.save(run, path.with_suffix(".pt"), with_d=name in WITH_D)
        size = run.recipe.size
        film = torch.tensor([row["x"] for row in rows["film"]], dtype=torch.uint8).view(-1, 16, size, size)
        with replace(path.with_suffix(".png")) as file:
            strip = film.permute(0, 2, 1, 3).reshape(len(film) * size, 16 * size)
            # 16 levels of grey: the noise of the first frames would fill half a megabyte otherwise
            Image.fromarray((strip.numpy() / 17).round().astype(np.uint8) * 17).save(file, format="png", optimize=True)
        report = {
            "command": f"python -m tools.experiments.schedules {name}"
            + (f" --steps {steps}" if steps != run.recipe.steps else ""),
            "recipe": run.recipe.describe(),
            **end,
            "bins": columns(rows["bins"]),
            "gradients": columns(rows["gradients"]),
            "film": [row["step"] for row in rows["film"]],
            "more": other_seeds(path, run, steps),
        }
    else:
        report = json.loads(path.read_text())
        report["more"] = sorted([r for r in report["more"] if r["seed"] != run.seed] + [end], key=lambda r: r["seed"])
    with replace(path) as file:
        file.write((json.dumps(report) + "\n").encode())


if __name__ == "__main__":
    main()
