"""Quality against seconds for settings that are copied most: python -m tools.experiments.peers [--workers 2]

Four settings of PyTorch-GAN (Linder-Norén: gan and wgan_gp at 28 pixels, dcgan and cgan at 32) and the DCGAN of
TensorFlow's pages at 28, written here from their layers and numbers. Each is trained on one thread for as many steps as
300 seconds allow, from three seeds; the images come from memory, so that no loader costs time. After the steps of 30,
120 and 300 seconds 10,000 samples are judged like those of chapter 16's board. A second is the board's: a step of each
and of the board's GANs is timed side by side, and how much faster or slower this machine makes the board's steps than
they were then is divided out. About an hour and a half of one core. Writes ganbook/assets/results/peers.json after each
run, and repeats no run that stands there with the same settings; then peers.png, the curves beside the board's rows.

As everywhere in the package, D moves before G, and where fakes are reused both see the same. In PyTorch-GAN G moves
first, in TensorFlow both at once. Fakes get the labels of the digits beside them, there labels of their own; and
PyTorch-GAN's sigmoid with BCELoss is a logit here.
"""

import argparse
import statistics
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.ticker import NullLocator
from torch import Tensor, nn
from torch.optim import Adam

from ganbook.base.errors import DivergedError
from ganbook.base.files import replace
from ganbook.chapters import results
from ganbook.data import Digits
from ganbook.evaluation.reference import against, look
from ganbook.metrics.frechet import frechet
from ganbook.metrics.neighbours import prdc
from ganbook.models import OfNoise
from ganbook.models.sampling import sample
from ganbook.objectives import GradientPenalty, LeastSquares, NonSaturating
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from ganbook.viewing.plots import COLOURS, use_style
from tools.experiments.board import BUDGETS, OURS, clock, timed
from tools.experiments.sizes import STORE, sized, some
from tools.experiments.trials import LEAST, N, Table, floor, milliseconds, settings, stored

BLOCK = sized(5, 1)  # steps that are timed together
SEEDS = sized([0, 1, 2], [0])
EPS = 0.8  # of PyTorch-GAN's BatchNorm: written where eps stands, and meant as momentum, it seems


# ------------------------------------------------------------------------------------------------------------ networks


class Layers(OfNoise):
    """z (m, 100) -> x (m, 1, size, size): one layer after the other."""

    layers: nn.Module

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class LinearG(Layers):
    """z (m, 100) [, y (m,)] -> x (m, 1, size, size): five linear layers, BatchNorm behind the inner ones."""

    def __init__(self, size: int) -> None:
        super().__init__(100)
        layers: list[nn.Module] = [nn.Linear(self.inputs(), 128), nn.LeakyReLU(0.2)]
        for wide in (256, 512, 1024):
            layers += [nn.Linear(wide // 2, wide), nn.BatchNorm1d(wide, EPS), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(1024, size**2), nn.Tanh(), nn.Unflatten(1, (1, size, size)))

    def inputs(self) -> int:
        return self.z_dim


class LabelledG(LinearG):
    """The same, with a learned code of ten numbers for each label beside the noise."""

    classes = 10

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.code = nn.Embedding(10, 10)

    def inputs(self) -> int:
        return self.z_dim + 10

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return self.layers(torch.cat([self.code(y), z], dim=1))


class LinearD(nn.Sequential):
    """x (m, 1, size, size) -> logits (m,)."""

    def __init__(self, size: int) -> None:
        super().__init__(
            *(nn.Flatten(), nn.Linear(size**2, 512), nn.LeakyReLU(0.2)),
            *(nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1), nn.Flatten(0)),
        )


class LabelledD(nn.Module):
    """x (m, 1, size, size), y (m,) -> (m,): a code of the label beside the pixels."""

    classes = 10

    def __init__(self, size: int) -> None:
        super().__init__()
        self.code = nn.Embedding(10, 10)
        layers: list[nn.Module] = [nn.Linear(size**2 + 10, 512), nn.LeakyReLU(0.2)]
        for _ in range(2):
            layers += [nn.Linear(512, 512), nn.Dropout(0.4), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(512, 1), nn.Flatten(0))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.layers(torch.cat([x.flatten(1), self.code(y)], dim=1))


class ConvG(Layers):
    """z (m, 100) -> x (m, 1, 32, 32): two doublings by upsampling, each with a convolution 3/1."""

    def __init__(self) -> None:
        super().__init__(100)
        self.layers = nn.Sequential(
            *(nn.Linear(100, 128 * 64), nn.Unflatten(1, (128, 8, 8)), nn.BatchNorm2d(128)),
            *(nn.Upsample(scale_factor=2), nn.Conv2d(128, 128, 3, padding=1), nn.BatchNorm2d(128, EPS)),
            *(nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3, padding=1)),
            *(nn.BatchNorm2d(64, EPS), nn.LeakyReLU(0.2), nn.Conv2d(64, 1, 3, padding=1), nn.Tanh()),
        ).apply(drawn)


class ConvD(nn.Sequential):
    """x (m, 1, 32, 32) -> logits (m,): four convolutions 3/2, with dropout and, behind the last three, BatchNorm."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        for narrow, wide in ((1, 16), (16, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(narrow, wide, 3, 2, 1), nn.LeakyReLU(0.2), nn.Dropout2d(0.25)]
            layers += [nn.BatchNorm2d(wide, EPS)] if narrow > 1 else []
        super().__init__(*layers, nn.Flatten(), nn.Linear(512, 1), nn.Flatten(0))
        self.apply(drawn)


class KerasG(Layers):
    """z (m, 100) -> x (m, 1, 28, 28): transposed convolutions 5/1, 5/2, 5/2, without biases."""

    def __init__(self) -> None:
        super().__init__(100)
        norm, act = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01), partial(nn.LeakyReLU, 0.3)
        self.layers = nn.Sequential(
            *(nn.Linear(100, 7 * 7 * 256, bias=False), nn.BatchNorm1d(7 * 7 * 256, 1e-3, 0.01), act()),
            *(nn.Unflatten(1, (256, 7, 7)), nn.ConvTranspose2d(256, 128, 5, 1, 2, bias=False), norm(128), act()),
            *(nn.ConvTranspose2d(128, 64, 5, 2, 2, 1, bias=False), norm(64), act()),
            *(nn.ConvTranspose2d(64, 1, 5, 2, 2, 1, bias=False), nn.Tanh()),
        ).apply(glorot)


class KerasD(nn.Sequential):
    """x (m, 1, 28, 28) -> logits (m,): two convolutions 5/2 with dropout."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        for narrow, wide in ((1, 64), (64, 128)):
            layers += [nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(narrow, wide, 5, 2), nn.LeakyReLU(0.3), nn.Dropout(0.3)]
        super().__init__(*layers, nn.Flatten(), nn.Linear(7 * 7 * 128, 1), nn.Flatten(0))
        self.apply(glorot)


def drawn(layer: nn.Module) -> None:
    """PyTorch-GAN's first weights of convolutions and of BatchNorm."""
    if isinstance(layer, nn.Conv2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


def glorot(layer: nn.Module) -> None:
    """Keras' first weights: uniform, by Glorot and Bengio (2010); biases 0."""
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


# ------------------------------------------------------------------------------------------------------------ settings


def peers() -> dict[str, Recipe]:
    """The settings by name."""
    adam, slow = partial(Adam, lr=2e-4, betas=(0.5, 0.999)), partial(Adam, lr=1e-4, eps=1e-7)
    bce, github = NonSaturating(average=True), "github.com/eriklindernoren/PyTorch-GAN, implementations/"

    def peer(name: str, source: str, **given: Any) -> Recipe:
        given = {"opt_g": adam, "opt_d": adam, "m": 64, "objective": bce, "reuse_fakes": True} | given
        return Recipe(name=name, title=name, source=source, steps=1_000, **given)

    every = [
        peer("gan", f"{github}gan", G=partial(LinearG, 28), D=partial(LinearD, 28)),
        peer("dcgan, 32 px", f"{github}dcgan", G=ConvG, D=ConvD, size=32),
        peer(
            *("cgan, 32 px", f"{github}cgan"),
            G=partial(LabelledG, 32),
            D=partial(LabelledD, 32),
            objective=LeastSquares(),
            size=32,
        ),
        peer(
            *("wgan_gp", f"{github}wgan_gp"),
            G=partial(LinearG, 28),
            D=partial(LinearD, 28),
            objective=GradientPenalty(weight=10.0),
            k=5,
            reuse_fakes=False,
        ),
        peer(
            *("DCGAN of TensorFlow", "tensorflow.org/tutorials/generative/dcgan"),
            G=KerasG,
            D=KerasD,
            objective=NonSaturating(),
            opt_g=slow,
            opt_d=slow,
            m=256,
        ),
    ]
    return {one.name: one for one in every}


def looks(ms: list[float], clock: float) -> list[int]:
    """The steps after which to look: those of BUDGETS. ms: of a step; clock: of `board.clock`."""
    step = statistics.median(ms) * clock
    return [max(least, round(1_000 * seconds / step)) for least, seconds in enumerate(BUDGETS, start=1)]


def course(recipe: Recipe, at: list[int], seed: int) -> tuple[dict, list]:
    """Train from one seed, and judge after each number of steps in `at`; the row of the report, and no samples."""
    torch.set_num_threads(1)
    run = Run(recipe, seed=seed)
    row: dict[str, Any] = {"seed": seed, "diverged": False, "course": []}
    try:
        for record in run.train(at[-1]):
            if record.step in at:
                row["course"].append({"step": record.step, **judged(sample(run.G, N, seed=1), recipe.size)})
    except DivergedError:
        row["diverged"] = True
    return row, []


def judged(x: Tensor, size: int) -> dict[str, Any]:
    """The scores of samples x (N, 1, size, size) against as many test images that were brought to that size."""
    seen, real = look(x), against(N, Digits("train", size=size), x.device).real.features
    shares = seen.p.argmax(1).bincount(minlength=10) / N
    return {
        "frechet": round(frechet(seen.features, real), 2),
        "recall": round(prdc(real, seen.features).recall, 4),
        "lost": bool(shares.min() < LEAST),
    }


def draw(report: dict, board: dict) -> None:
    """The curves: a line and its range a row, in colour for the board's GANs and in grey for the others."""
    seconds = report["cpu_seconds"]
    of_board = {s: "" if s == board["cpu_seconds"] else f", {s:g} s" for s in board["budgets"]}
    rows = {
        name: [[run["frechet"] for run in board["variants"][name + words]] for words in of_board.values()]
        for name in OURS
    } | {
        name: [[run["course"][i]["frechet"] for run in runs if not run["diverged"]] for i in range(len(seconds))]
        for name, runs in report["variants"].items()
    }
    use_style()
    figure, ax = plt.subplots(figsize=(7.2, 5.0), dpi=120)
    below = 0.0  # the place of the last name, so that none covers another
    for name, row in sorted(rows.items(), key=lambda one: statistics.median(one[1][-1])):
        colour = COLOURS[OURS.index(name)] if name in OURS else "#767676"
        middle = [statistics.median(d2) for d2 in row]
        ax.plot(seconds, middle, "o-" if name in OURS else "o--", color=colour, markersize=4)
        ax.fill_between(seconds, [min(d2) for d2 in row], [max(d2) for d2 in row], color=colour, alpha=0.15, lw=0)
        below = max(middle[-1], 1.35 * below)
        place = {"textcoords": "offset points", "va": "center", "color": colour}
        ax.annotate(name, (seconds[-1], below), (8, 0), **place)
    ax.axhline(report["floor"]["frechet"], color="black", lw=1, ls=":")
    ax.annotate("real images", (seconds[0], report["floor"]["frechet"]), (0, 4), textcoords="offset points")
    ax.set(xscale="log", yscale="log", xlabel="seconds of one core", ylabel="d²")
    ax.set_xlim(0.9 * seconds[0], 2.6 * seconds[-1])
    ax.set_xticks(seconds, [f"{s:g}" for s in seconds])
    ax.xaxis.set_minor_locator(NullLocator())
    with replace(STORE / "peers.png") as file:
        figure.savefig(file, format="png")
    plt.close(figure)


def main() -> None:
    """Make the runs that are missing, a process a core, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    args = parser.parse_args()
    settled, before = some(peers()), stored("peers")
    board = results.load("board")
    ms = before.get("ms") or milliseconds({**settled, **{name: timed()[name] for name in OURS}}, block=BLOCK)
    at = {name: looks(ms[name], clock(ms, board["ms"])) for name in settled}
    described = {name: {**settings({"": recipe}), "looks": at[name]} for name, recipe in settled.items()}
    table = Table("peers", None, described)
    table.report |= {
        "command": "python -m tools.experiments.peers",
        "cpu_seconds": BUDGETS,
        "ms": ms,
        "clock": round(clock(ms, board["ms"]), 3),
        "judged": N,
        "least_share": LEAST,
        "floor": floor(),
    }
    table.keep()
    with ProcessPoolExecutor(args.workers) as pool:
        table.fill(pool, {name: (partial(course, recipe, at[name]), SEEDS) for name, recipe in settled.items()})
    draw(table.report, board)


if __name__ == "__main__":
    main()
