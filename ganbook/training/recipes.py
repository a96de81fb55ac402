"""Every system of the book as one frozen Recipe: networks, objective, optimisers, m, k, steps, and where it is from.

A recipe is as published where that runs; where it does not, or where the source is silent, `changes` says what was
done and why.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, Adam, Optimizer

from ganbook.base import seeds, validate
from ganbook.base.description import described
from ganbook.base.devices import choose
from ganbook.base.errors import InputError
from ganbook.data import Images, Stacked, find
from ganbook.models import conditional, dcgan, goodfellow, mlp, parameters, pyramid
from ganbook.models.minibatch import Discrimination
from ganbook.objectives import NonSaturating, Objective, Smoothed, clip_weights
from ganbook.training import optimisers, scheduling
from ganbook.training.scheduling import Falling, Schedule

SIZES = ("z_dim", "width", "hidden", "channels", "classes")  # arguments of networks, of which 0 makes no sense
WORDS = ("title", "source", "changes")  # of a recipe's description: what they say can be improved, and nothing changes


@dataclass(frozen=True)
class Recipe:
    """A system that can be trained. `G()` and `D()` build networks, `opt_g(params)` and `opt_d(params)` optimisers.

    opt_g, opt_d: `partial(torch.optim.Adam, lr=2e-4)`, or any other function from parameters to an optimiser. Adam and
        AdamW use their fused kernel where there is one, unless `fused` or `foreach` is set. opt_g None: only D is
        trained.
    m: images in a minibatch; k: updates of D a step; steps: the full schedule. seed: the published one, if any.
    size, rotate: of the images, see ganbook.data. reuse_fakes: see train.
    channels: 3 trains on colour images, or on ganbook.data.Stacked, three digits in one image.
    ema: d > 0 also keeps a moving average of G's weights, w_avg <- d w_avg + (1 - d) w after each step, to sample from.
    schedule: what changes in the course of the `steps`, such as {"lr": Falling(0.5)} for rates that fall to 0 in the
        second half; see ganbook.training.scheduling.
    clip: c > 0 brings the weights of D back to [-c, c] after each of its updates, see ganbook.objectives.clip_weights.

    Raises InputError if m, k, size or channels is not a whole number of 1 or more, or steps not one of 0 or more.

    >>> import torch
    >>> from functools import partial
    >>> from ganbook import Recipe
    >>> from ganbook.models import mlp
    >>> from ganbook.objectives import NonSaturating
    >>> adam = partial(torch.optim.Adam, lr=2e-4, betas=(0.5, 0.999))
    >>> pair = {"G": partial(mlp.Generator, z_dim=10), "D": mlp.Discriminator}
    >>> play = {"objective": NonSaturating(), "opt_g": adam, "opt_d": adam, "m": 64, "steps": 1_000}
    >>> mine = Recipe("mine", title="My pair", source="me", **pair, **play)
    >>> mine.change(z_dim=20, lr_d=1e-4).describe()["optimisers"]["D"]
    'Adam(lr=0.0001, betas=(0.5, 0.999))'
    """

    name: str
    title: str
    source: str
    G: Callable[[], nn.Module]
    D: Callable[[], nn.Module]
    objective: Objective
    opt_g: Callable[[Iterable[nn.Parameter]], Optimizer] | None
    opt_d: Callable[[Iterable[nn.Parameter]], Optimizer]
    m: int
    steps: int
    k: int = 1
    size: int = 28
    rotate: float = 0.0
    seed: int = 0
    reuse_fakes: bool = False
    channels: int = 1
    ema: float = 0.0
    clip: float | None = None
    schedule: Schedule = field(default_factory=dict)
    changes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("m", "k", "size", "channels"):
            validate.whole(1, name, getattr(self, name))
        validate.whole(0, "steps", self.steps)
        scheduling.check(self.schedule, self.objective, ema=bool(self.ema), steps=self.steps)

    def at(self, step: int) -> dict[str, float]:
        """Return the settings that the schedule gives to step `step`, counted from 1; none without a schedule."""
        return scheduling.at(self.schedule, step, self.steps)

    def networks(self, seed: int, device: torch.device | str = "cpu") -> tuple[nn.Module, nn.Module]:
        """Return new G and D on `device`, with weights that depend on `seed` only: the same on every device.

        Convolutions lie in memory with their channels last, which a CPU works through about a tenth faster.
        """
        with seeds.global_draws("weights", validate.whole(None, "seed", seed), device=torch.device("cpu")):
            G, D = self.G(), self.D()
        device, last = choose(device), torch.channels_last
        return G.to(device).to(memory_format=last), D.to(device).to(memory_format=last)

    def optimisers(self, G: nn.Module, D: nn.Module) -> tuple[Optimizer | None, Optimizer]:
        """Return new optimisers for `G` (None where only D is trained) and for `D`."""
        opt_g = None if self.opt_g is None else optimisers.build(self.opt_g, G)
        opt_d = optimisers.build(self.opt_d, D)
        if self.clip is not None:
            clip_weights(opt_d, self.clip)
        return opt_g, opt_d

    def data(self, folder: str | Path | None = None, device: torch.device | str = "cpu") -> Images | Stacked:
        """Return the training images in the size, with the rotation and with the channels of this recipe.

        folder: where they are, or the name of a set: see ganbook.data.find.
        """
        return find(folder, size=self.size, channels=self.channels, rotate=self.rotate, device=device)

    def describe(self) -> dict[str, Any]:
        """Return the recipe as plain values, ready for JSON; parameters are counted on the networks themselves."""
        G, D = self.networks(seed=0)
        opt_g, opt_d = self.optimisers(G, D)
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "changes": list(self.changes),
            "parameters": {"D": parameters(D), "G": parameters(G)},
            "objective": described(self.objective),
            "optimisers": {"D": optimisers.settings(opt_d), "G": optimisers.settings(opt_g)},
            "batch": self.m,
            "z": G.z_dim,
            "k": self.k,
            "steps": self.steps,
            "seed": self.seed,
            "size": self.size,
            "rotate": self.rotate,
            "reuse_fakes": self.reuse_fakes,
            **({"channels": self.channels} if self.channels != 1 else {}),  # named only where it is used, so that
            **({"ema": self.ema} if self.ema else {}),  # what older files say of other recipes stays true
            **({"clip": self.clip} if self.clip is not None else {}),
            **({"schedule": scheduling.in_words(self.schedule, self.steps)} if self.schedule else {}),
        }

    def change(self, /, **changes: Any) -> "Recipe":
        """Return this recipe with other settings, named as they are called: change(m=32, z_dim=10, lr_g=1e-3).

        They are the recipe's own fields, lr_g and lr_d, and every argument that either G or D takes. Raises InputError,
        which lists them, for another name; for one that both take, with the line that changes it in one of them; and
        for a size below 1.
        """
        return replace(self, **_sorted_out(self, changes))


def get(name: str) -> Recipe:
    """Return the recipe called `name`. Raises InputError, which lists the names, if there is none."""
    if name not in RECIPES:
        raise InputError(f"There is no recipe {name!r}. The recipes are: {', '.join(RECIPES)}.")
    return RECIPES[name]


def _sorted_out(recipe: Recipe, changes: dict[str, Any]) -> dict[str, Any]:
    """The fields of `recipe` that these changes make anew: see Recipe.change."""
    own = [field.name for field in fields(recipe)]
    takes = {player: _arguments(getattr(recipe, player)) for player in "GD"}
    rates = {f"lr_{p}": f"opt_{p}" for p in "gd" if "lr" in _arguments(getattr(recipe, f"opt_{p}"))}
    new = {name: value for name, value in changes.items() if name in own}
    for name in (name for name in SIZES if name in changes):
        for size in changes[name] if isinstance(changes[name], tuple | list) else (changes[name],):
            validate.whole(1, name, size)
    for name, value in changes.items():
        takers = [player for player in "GD" if name in takes[player]]
        if name in own:
            continue
        if len(takers) == 2:
            lines = " or ".join(f"recipe.change({p}=partial(recipe.{p}, {name}={value!r}))" for p in takers)
            raise InputError(f"There is a {name} in G and one in D. Change the one you mean: {lines}.")
        if name in rates:
            new[rates[name]] = partial(new.get(rates[name], getattr(recipe, rates[name])), lr=value)
        elif takers:
            new[takers[0]] = partial(new.get(takers[0], getattr(recipe, takers[0])), **{name: value})
        else:
            one = {p: [a for a in takes[p] if a not in own and a not in takes[q]] for p, q in ("GD", "DG")}
            parts = [", ".join([*own, *rates]), *(f"in {p} {', '.join(names)}" for p, names in one.items() if names)]
            raise InputError(f"There is no {name!r} to change in recipe {recipe.name!r}. There are {'; '.join(parts)}.")
    return new


def _arguments(function: Any) -> list[str]:
    """The arguments that can be given to `function` by name; none where Python cannot tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


LOGITS = (
    "D ends in a logit and the loss takes logarithms of it, where theirs has a sigmoid and BCELoss: the same values, "
    "until D is so sure that BCELoss stops its logarithm at -100"
)
DROP_LAST = "the short last batch of an epoch is dropped: noise and labels of full size were paired with it"

_ALL = (
    Recipe(
        name="c-noise",
        title="Noise against digits: D alone, G never trained",
        source="Tutorial C, stage 1",
        G=partial(mlp.Generator, z_dim=1, hidden=(256,)),
        D=partial(mlp.Discriminator, hidden=(256,), dropout=0.5),
        objective=NonSaturating(average=True, joint=True),
        opt_g=None,
        opt_d=partial(Adam, lr=1e-4),
        m=32,
        steps=5_625,
        changes=(
            "fakes are drawn fresh instead of stored once; 32 real and 32 fake a step are its batch of 64, and "
            "5,625 steps its 3 epochs",
            "the optimiser is not given: that of stage 2",
            LOGITS,
        ),
    ),
    Recipe(
        name="c-mlp",
        title="The MLP GAN as published",
        source="Tutorial C, stage 2, after Goodfellow et al. (2014)",
        G=mlp.Generator,
        D=mlp.Discriminator,
        objective=NonSaturating(average=True, joint=True),
        opt_g=partial(Adam, lr=1e-4),
        opt_d=partial(Adam, lr=1e-4),
        m=32,
        steps=93_750,
        changes=(LOGITS,),
    ),
    Recipe(
        name="mlp",
        title="The MLP GAN repaired: digits in minutes",
        source="This book, chapter 2; recipe c-mlp with changes",
        G=partial(mlp.Generator, slope=0.2, norm=True),
        D=partial(mlp.Discriminator, hidden=(512, 256), slope=0.2, dropout=0.0),
        objective=NonSaturating(average=True, joint=True),
        opt_g=partial(Adam, lr=4e-4, betas=(0.5, 0.999)),
        opt_d=partial(Adam, lr=4e-4, betas=(0.5, 0.999)),
        m=64,
        steps=15_000,
        reuse_fakes=True,
        changes=(
            "BatchNorm after each hidden layer of G (Ioffe and Szegedy, 2015; in GANs Radford et al., 2016)",
            "LeakyReLU 0.2 instead of ReLU in both networks (Maas et al., 2013; Radford et al., 2016)",
            "no dropout in D, and no layer of 1024 units: less noise in its gradient, less work a step",
            "Adam with rate 4e-4 and beta_1 0.5 instead of 1e-4 and 0.9 (beta_1: Radford et al., 2016)",
            "64 images a step instead of 32, and G is updated on the fakes that D was just shown",
        ),
    ),
    Recipe(
        name="d-linear",
        title="Tutorial D, read as one linear layer each",
        source="Tutorial D: networks 100 -> 784 and 784 -> 1",
        G=partial(mlp.Generator, hidden=()),
        D=partial(mlp.Discriminator, hidden=(), dropout=0.0),
        objective=NonSaturating(),
        opt_g=partial(Adam, lr=2e-4),
        opt_d=partial(Adam, lr=2e-4),
        m=64,
        steps=18_740,
        changes=(
            "the code is missing: networks 100 -> 784 and 784 -> 1 are all that is said of them, and their text, which "
            "says that digits come out, fits networks with hidden layers as well, such as those of c-mlp",
            "optimiser, batch and epochs are not given: Adam 2e-4, 64 and 20",
            DROP_LAST,
        ),
    ),
    Recipe(
        name="a-dcgan",
        title="DCGAN for 28x28 digits",
        source="Tutorial A, after Radford et al. (2016)",
        G=dcgan.Generator,
        D=dcgan.Discriminator,
        objective=NonSaturating(average=True),
        opt_g=partial(Adam, lr=2e-4, betas=(0.5, 0.99)),
        opt_d=partial(Adam, lr=2e-4, betas=(0.5, 0.99)),
        m=128,
        steps=9_360,
        rotate=20.0,
        seed=42,
        changes=(
            "forward calls the convolutional blocks that the class builds, and the weight initialisation is applied",
            "D ends in a logit: a sigmoid before BCE-with-logits keeps its loss above 0.50 and starves G of gradient",
            "real images are scaled to [-1, 1], the range of G's tanh",
            "BatchNorm's scale starts at N(1, 0.02), not N(0, 0.02)",
            DROP_LAST,
        ),
    ),
    Recipe(
        name="a-mlp",
        title="MLP variant of the DCGAN report",
        source="Tutorial A, its MLP variant",
        G=partial(mlp.Generator, z_dim=64, slope=0.2),
        D=partial(mlp.Discriminator, hidden=(512, 256), slope=0.2, dropout=0.0),
        objective=NonSaturating(average=True),
        opt_g=partial(Adam, lr=2e-4, betas=(0.5, 0.99)),
        opt_d=partial(Adam, lr=2e-4, betas=(0.5, 0.99)),
        m=128,
        steps=9_360,
        rotate=20.0,
        seed=42,
        changes=(
            "z of length 64 is an argument of the constructor",
            "D ends in a logit, and real images are scaled to [-1, 1]",
            DROP_LAST,
        ),
    ),
    Recipe(
        name="b-dcgan16",
        title="Convolutional pair for 16x16 images",
        source="Tutorial B",
        G=pyramid.Generator,
        D=pyramid.Discriminator,
        objective=NonSaturating(),
        opt_g=partial(Adam, lr=2e-4, betas=(0.5, 0.999)),
        opt_d=partial(Adam, lr=2e-4, betas=(0.5, 0.999)),
        m=64,
        steps=187_400,
        size=16,
        changes=(
            "digits resized to 16x16 with one channel instead of colour images with three, see b-colour16",
            "G is updated on fresh fakes, theirs on those that D was just shown",
            LOGITS,
            DROP_LAST,
        ),
    ),
    Recipe(
        name="b-colour16",
        title="Convolutional pair for 16x16 images in three channels",
        source="Tutorial B",
        G=partial(pyramid.Generator, channels=3),
        D=partial(pyramid.Discriminator, channels=3),
        objective=NonSaturating(),
        opt_g=partial(Adam, lr=2e-4, betas=(0.5, 0.999)),
        opt_d=partial(Adam, lr=2e-4, betas=(0.5, 0.999)),
        m=64,
        steps=187_400,
        size=16,
        channels=3,
        reuse_fakes=True,
        changes=("the images are three digits, one in each channel; its own are not given", LOGITS, DROP_LAST),
    ),
    Recipe(
        name="goodfellow-2014",
        title="The MNIST experiment of the first GAN paper",
        source="Goodfellow et al. (2014), section 5, and the experiment file published with it",
        G=goodfellow.Generator,
        D=goodfellow.Discriminator,
        objective=NonSaturating(),
        opt_g=partial(SGD, lr=0.1, momentum=0.5),
        opt_d=partial(SGD, lr=0.1, momentum=0.5),
        m=100,
        steps=30_000,
        changes=(
            "rate and momentum stay at their first values; theirs move slowly (rate down by 4e-6 a step, momentum "
            "from 0.5 to 0.7 over 250 epochs)",
            "G's last biases start at 0, not at the log odds of the mean image",
            "all 60,000 training images are used, not 50,000",
            "50 epochs; the length of theirs is not given",
        ),
    ),
    Recipe(
        name="dcgan",
        title="A DCGAN for two minutes",
        source="This book, chapter 10; recipe a-dcgan with changes",
        G=partial(dcgan.Generator, width=32, even=True),
        D=partial(dcgan.Discriminator, width=24),
        objective=NonSaturating(),
        opt_g=partial(Adam, lr=1e-3, betas=(0.5, 0.99)),
        opt_d=partial(Adam, lr=4e-4, betas=(0.5, 0.99)),
        m=64,
        steps=6_000,
        reuse_fakes=True,
        ema=0.998,
        changes=(
            "half of G's width and one and a half times D's: a step takes half the time",
            "G's kernels are multiples of their strides (Odena et al., 2016)",
            "rate 1e-3 for G and 4e-4 for D instead of 2e-4 (two rates, there with D ahead: Heusel et al., 2017)",
            "an average of G's weights is sampled from (Yazici et al., 2019)",
            "64 images a step, not rotated, and G is updated on the fakes that D was just shown",
        ),
    ),
    Recipe(
        name="coded",
        title="The coded DCGAN: the best recipe without labels",
        source="This book, chapter 10; recipe dcgan with changes",
        G=partial(conditional.Coded, width=32, even=True),
        D=partial(dcgan.Discriminator, width=24, norm=nn.Identity, first=dcgan.he, minibatch=Discrimination),
        objective=NonSaturating(),
        opt_g=partial(Adam, lr=1e-3, betas=(0.5, 0.99)),
        opt_d=partial(Adam, lr=4e-4, betas=(0.5, 0.99)),
        m=64,
        steps=9_000,
        reuse_fakes=True,
        ema=0.998,
        schedule={"lr": Falling(0.5)},
        changes=(
            "the place of the largest of ten numbers of z is a categorical code (Chen et al., 2016), with a scale and "
            "a shift of its own for every layer of G",
            "D compares the images of its batch (minibatch discrimination: Salimans et al., 2016)",
            "no BatchNorm in D, weights after He et al. (2015), and rates that fall to 0 in the second half",
        ),
    ),
    Recipe(
        name="conditional",
        title="The conditional DCGAN: the best recipe of the book",
        source="This book, chapters 10 and 11; Mirza and Osindero (2014), eq. 2; Miyato and Koyama (2018), eq. 3",
        G=partial(conditional.Generator, width=32, even=True, by_label=True),
        D=partial(conditional.Projection, width=24, norm=nn.Identity, first=dcgan.he),
        objective=Smoothed(real=0.9),
        opt_g=partial(Adam, lr=1e-3, betas=(0.5, 0.99)),
        opt_d=partial(Adam, lr=4e-4, betas=(0.5, 0.99)),
        m=64,
        steps=9_000,
        reuse_fakes=True,
        ema=0.998,
        schedule={"lr": Falling(0.5)},
    ),
    Recipe(
        name="stacked",
        title="Three digits in three colours",
        source="This book, chapter 13; data and protocol of Metz et al. (2017) and Srivastava et al. (2017)",
        G=partial(dcgan.Generator, width=32, channels=3),
        D=partial(dcgan.Discriminator, width=24, channels=3, norm=partial(nn.GroupNorm, 1)),
        objective=NonSaturating(),
        opt_g=partial(Adam, lr=2e-3, betas=(0.5, 0.99)),
        opt_d=partial(Adam, lr=8e-4, betas=(0.5, 0.99)),
        m=64,
        steps=9_000,
        reuse_fakes=True,
        channels=3,
        ema=0.998,
    ),
)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}
