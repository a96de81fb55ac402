"""Every system of the book as one frozen Recipe: networks, objective, optimisers, m, k, steps, and where it is from.

A recipe is as published where that runs; where it does not, or where the source is silent, `changes` says what was
done and why.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from ganbook.base import seeds
from ganbook.base.devices import choose
from ganbook.base.errors import InputError
from ganbook.data import Images, Stacked, find
from ganbook.models import conditional, dcgan, goodfellow, mlp, parameters, pyramid
from ganbook.objectives import NonSaturating, Objective, Smoothed, clip_weights


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba, 2015) with its defaults for the betas; one fused kernel updates all parameters."""

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)

    def __call__(self, params: Iterable[nn.Parameter]) -> Optimizer:
        return torch.optim.Adam(params, lr=self.lr, betas=self.betas, fused=True)


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum."""

    lr: float
    momentum: float = 0.0

    def __call__(self, params: Iterable[nn.Parameter]) -> Optimizer:
        return torch.optim.SGD(params, lr=self.lr, momentum=self.momentum)


@dataclass(frozen=True)
class RMSprop:
    """RMSprop with PyTorch's defaults; clip: see ganbook.objectives.clip_weights; None does not clip."""

    lr: float
    clip: float | None = None

    def __call__(self, params: Iterable[nn.Parameter]) -> Optimizer:
        optimiser = torch.optim.RMSprop(params, lr=self.lr)
        if self.clip is not None:
            clip_weights(optimiser, self.clip)
        return optimiser


@dataclass(frozen=True)
class Recipe:
    """A system that can be trained: `G()` and `D()` build the networks, `opt_g(params)` and `opt_d(params)` optimisers.

    opt_g None: only D is trained. m: images in a minibatch; k: updates of D a step; steps: the full schedule.
    size, rotate: of the images, see ganbook.data. seed: the published one, if any. reuse_fakes: see train.
    channels: 3 trains on colour images, or on ganbook.data.Stacked, three digits in one image.
    ema: d > 0 also keeps a moving average of G's weights, w_avg <- d w_avg + (1 - d) w after each step, to sample from.
    """

    name: str
    title: str
    source: str
    G: Callable[[], nn.Module]
    D: Callable[[], nn.Module]
    objective: Objective
    opt_g: Adam | SGD | RMSprop | None
    opt_d: Adam | SGD | RMSprop
    m: int
    steps: int
    k: int = 1
    size: int = 28
    rotate: float = 0.0
    seed: int = 0
    reuse_fakes: bool = False
    channels: int = 1
    ema: float = 0.0
    changes: tuple[str, ...] = ()

    def networks(self, seed: int, device: torch.device | str = "cpu") -> tuple[nn.Module, nn.Module]:
        """Return new G and D on `device`, with weights that depend on `seed` only: the same on every device.

        Convolutions lie in memory with their channels last, which a CPU works through about a tenth faster.
        """
        with seeds.global_draws("weights", seed, device=torch.device("cpu")):
            G, D = self.G(), self.D()
        device = choose(device)
        return tuple(net.to(device, memory_format=torch.channels_last) for net in (G, D))

    def optimisers(self, G: nn.Module, D: nn.Module) -> tuple[Optimizer | None, Optimizer]:
        """Return new optimisers for `G` (None where only D is trained) and for `D`."""
        return self.opt_g and self.opt_g(G.parameters()), self.opt_d(D.parameters())

    def data(self, folder: str | Path | None = None, device: torch.device | str = "cpu") -> Images | Stacked:
        """Return the training images in the size, with the rotation and with the channels of this recipe.

        folder: where they are, or the name of a set: see ganbook.data.find.
        """
        return find(folder, size=self.size, channels=self.channels, rotate=self.rotate, device=device)

    def describe(self) -> dict[str, Any]:
        """Return the recipe as plain values, ready for JSON; parameters are counted on the networks themselves."""
        G, D = self.networks(seed=0)
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "changes": list(self.changes),
            "parameters": {"D": parameters(D), "G": parameters(G)},
            "objective": repr(self.objective),
            "optimisers": {"D": repr(self.opt_d), "G": repr(self.opt_g)},
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
        }


def get(name: str) -> Recipe:
    """Return the recipe called `name`. Raises InputError, which lists the names, if there is none."""
    if name not in RECIPES:
        raise InputError(f"There is no recipe {name!r}. The recipes are: {', '.join(RECIPES)}.")
    return RECIPES[name]


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
        opt_d=Adam(1e-4),
        m=32,
        steps=5_625,
        changes=(
            "fakes are drawn fresh instead of stored once; 32 real and 32 fake a step are its batch of 64, and "
            "5,625 steps its 3 epochs",
            "the optimiser is not given: that of stage 2",
        ),
    ),
    Recipe(
        name="c-mlp",
        title="The MLP GAN as published",
        source="Tutorial C, stage 2, after Goodfellow et al. (2014)",
        G=mlp.Generator,
        D=mlp.Discriminator,
        objective=NonSaturating(average=True, joint=True),
        opt_g=Adam(1e-4),
        opt_d=Adam(1e-4),
        m=32,
        steps=93_750,
    ),
    Recipe(
        name="mlp",
        title="The MLP GAN repaired: digits in minutes",
        source="This book, chapter 3; recipe c-mlp with changes",
        G=partial(mlp.Generator, slope=0.2, norm=True),
        D=partial(mlp.Discriminator, hidden=(512, 256), slope=0.2, dropout=0.0),
        objective=NonSaturating(average=True, joint=True),
        opt_g=Adam(4e-4, (0.5, 0.999)),
        opt_d=Adam(4e-4, (0.5, 0.999)),
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
        title="The smallest pair: one linear layer each",
        source="Tutorial D: networks 100 -> 784 and 784 -> 1",
        G=partial(mlp.Generator, hidden=()),
        D=partial(mlp.Discriminator, hidden=(), dropout=0.0),
        objective=NonSaturating(),
        opt_g=Adam(2e-4),
        opt_d=Adam(2e-4),
        m=64,
        steps=18_740,
        changes=("hidden layers, optimiser, batch and epochs are not given: none, Adam 2e-4, 64 and 20", DROP_LAST),
    ),
    Recipe(
        name="a-dcgan",
        title="DCGAN for 28x28 digits",
        source="Tutorial A, after Radford et al. (2016)",
        G=dcgan.Generator,
        D=dcgan.Discriminator,
        objective=NonSaturating(average=True),
        opt_g=Adam(2e-4, (0.5, 0.99)),
        opt_d=Adam(2e-4, (0.5, 0.99)),
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
        opt_g=Adam(2e-4, (0.5, 0.99)),
        opt_d=Adam(2e-4, (0.5, 0.99)),
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
        opt_g=Adam(2e-4, (0.5, 0.999)),
        opt_d=Adam(2e-4, (0.5, 0.999)),
        m=64,
        steps=187_400,
        size=16,
        changes=("digits resized to 16x16 with one channel instead of colour images with three", DROP_LAST),
    ),
    Recipe(
        name="goodfellow-2014",
        title="The MNIST experiment of the first GAN paper",
        source="Goodfellow et al. (2014), section 5, and the experiment file published with it",
        G=goodfellow.Generator,
        D=goodfellow.Discriminator,
        objective=NonSaturating(),
        opt_g=SGD(0.1, momentum=0.5),
        opt_d=SGD(0.1, momentum=0.5),
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
        opt_g=Adam(1e-3, (0.5, 0.99)),
        opt_d=Adam(4e-4, (0.5, 0.99)),
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
        name="conditional",
        title="The conditional DCGAN: the best recipe of the book",
        source="This book, chapters 10 and 11; Mirza and Osindero (2014), eq. 2; Miyato and Koyama (2018), eq. 3",
        G=partial(conditional.Generator, width=32, even=True),
        D=partial(conditional.Projection, width=24),
        objective=Smoothed(real=0.9),
        opt_g=Adam(1e-3, (0.5, 0.99)),
        opt_d=Adam(4e-4, (0.5, 0.99)),
        m=64,
        steps=6_000,
        reuse_fakes=True,
        ema=0.998,
    ),
    Recipe(
        name="stacked",
        title="Three digits in three colours",
        source="This book, chapter 6; data and protocol of Metz et al. (2017) and Srivastava et al. (2017)",
        G=partial(dcgan.Generator, width=32, channels=3),
        D=partial(dcgan.Discriminator, width=24, channels=3, norm=partial(nn.GroupNorm, 1)),
        objective=NonSaturating(),
        opt_g=Adam(2e-3, (0.5, 0.99)),
        opt_d=Adam(8e-4, (0.5, 0.99)),
        m=64,
        steps=9_000,
        reuse_fakes=True,
        channels=3,
        ema=0.998,
    ),
)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}
