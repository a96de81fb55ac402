"""A gallery of failures that can be repeated: frozen recipes, each beside a healthy twin, and what to measure.

Two recipes of an entry differ in one thing, the cause. They are this book's, small and short, so that chapter 8 can
train all of them; every one was seen to fail from three seeds (the chapter prints them).
"""

from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from ganbook.base.distributed import shared_draw
from ganbook.base.errors import InputError
from ganbook.data import Images, Stacked
from ganbook.models import dcgan, mlp, pyramid
from ganbook.objectives import NonSaturating, Saturating
from ganbook.objectives.changed_images import ChangedImages
from ganbook.training.recipes import Recipe

# ---------------------------------------------------------------------------------------------------------- symptoms


def spread(x: Tensor) -> float:
    """Return how much images x (n, c, h, w) differ: the standard deviation of a pixel over the n, mean of all pixels.

    0 for n copies of one image. For MNIST's digits in [-1, 1] it is about 0.4.
    """
    return float(x.std(0).mean())


def nyquist(x: Tensor) -> float:
    """Return the share of the energy of images x (n, c, h, w), even h and w, in patterns of period 2: from 0 to 1.

    Those are the Fourier coefficients at half the sampling frequency along rows, columns or both, the highest that
    pixels can hold. The mean of each image does not count. A checkerboard has 1, white noise (h + w - 1) / (h w - 1).
    """
    energy = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))  # (n, c, h, w) -> (h, w)
    h, w = energy.shape
    high = energy[h // 2].sum() + energy[:, w // 2].sum() - energy[h // 2, w // 2]
    return float(high / energy.sum())


def passing(x: Tensor) -> float:
    """Return the share of the pixels of samples x = tanh(...) through which a gradient can go back: from 0 to 1.

    Those are the pixels that are not exactly -1 or 1. The derivative of tanh is 1 - x^2, and in float32 it is 0 there.
    Black paper is -1, so a good generator has many such pixels too; one that has no others is stuck for good.
    """
    return float((x.abs() < 1).float().mean())


def turnover(shares: Tensor) -> float:
    """Return how much of the mass changes its class from one look to the next, on average: from 0 to 1.

    shares: (looks, classes), each row summing to 1. Half the sum of the absolute differences of two rows is their
    total variation distance: 0 if nothing moved, 1 if all samples went to classes that had none.
    """
    return float(shares.diff(dim=0).abs().sum(1).mean() / 2)


def nearer(x: Tensor, a: Tensor, b: Tensor) -> float:
    """Return the share of images x (n, c, h, w) that are closer to the mean of images a than to the mean of images b.

    Distances are Euclidean, over pixels. With b = a.flip(-1), 1 minus it is the share that looks mirrored. Kinds whose
    means are alike cannot be told apart in this way; try it on real images first.
    """
    to_a, to_b = ((x - kind.mean(0)).square().sum((1, 2, 3)) for kind in (a, b))
    return float((to_a < to_b).float().mean())


# ------------------------------------------------------------------------------------------------- causes and remedies


@dataclass(frozen=True)
class Mirrored(ChangedImages):
    """Any `objective`, with a share of the images that D sees turned into their mirror images: an augmentation.

    fakes: False does it to real images only, and it leaks into what G draws. True does it to fakes as well, also when G
    is updated, where the gradient passes through it (Zhao et al., 2020, section 3.2); then it does not leak as long as
    share < 1/2, for the reason given by Karras et al. (2020), appendix C. The choice is drawn from torch's global
    generator, which `train` starts anew for each step.
    """

    objective: Any
    share: float
    fakes: bool = False

    def change(self, x: Tensor) -> Tensor:
        """Return images x (m, c, h, w), of which about `share` are now their mirror images."""
        chosen = shared_draw(torch.rand, (len(x), 1, 1, 1), x.device) < self.share  # one decision an image
        return torch.where(chosen, x.flip(-1), x)


@dataclass(frozen=True)
class Some(Recipe):
    """A Recipe that is trained on the images of some classes only."""

    digits: tuple[int, ...] = (7,)

    def data(self, folder: str | Path | None = None, device: torch.device | str = "cpu") -> Images:
        """Return the training images of the classes `digits`."""
        data = super().data(folder, device)
        if isinstance(data, Stacked):
            raise InputError(f"Expected channels=1, for images of classes to choose from, got {self.channels}.")
        return data.where(labels=self.digits)

    def describe(self) -> dict[str, Any]:
        """Return the recipe as plain values, with the classes."""
        return {**super().describe(), "digits": list(self.digits)}


class Generator(pyramid.Generator):
    """A pyramid.Generator (m, z_dim) -> (m, 1, 28, 28) that ends in another layer, from 14x14 to 28x28.

    last: "4/2", the transposed convolution it has; "3/2", one whose stride does not divide its kernel, so that its
    stamps overlap unevenly; "resize", each pixel doubled and then a convolution 3/1 (Odena et al., 2016).
    """

    def __init__(self, last: str = "4/2", z_dim: int = 64, width: int = 16) -> None:
        super().__init__(z_dim=z_dim, width=width, size=28)
        layers = {
            "4/2": self.layers[-2],
            "3/2": nn.ConvTranspose2d(width, 1, 3, 2, 1, output_padding=1),
            "resize": nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(width, 1, 3, padding=1)),
        }
        self.layers[-2] = layers[last]  # (m, width, 14, 14) -> (m, 1, 28, 28)


class Discriminator(dcgan.Discriminator):
    """A dcgan.Discriminator (m, 1, 28, 28) -> (m,) of width 16, with or without BatchNorm behind its last convolution.

    There a map is one number an image, so BatchNorm subtracts the mean of the batch and with it whatever all fakes of a
    batch have in common.
    """

    def __init__(self, last_norm: bool = True) -> None:
        super().__init__()
        if not last_norm:
            *_, last = (i for i, layer in enumerate(self.layers) if isinstance(layer, nn.BatchNorm2d))
            self.layers[last] = nn.Identity()


# --------------------------------------------------------------------------------------------------------- the gallery


@dataclass(frozen=True)
class Failure:
    """A recipe that fails, its healthy twin, what was changed in the twin to get it, and what one sees."""

    healthy: Recipe
    failed: Recipe
    cause: str
    symptom: str


def _failure(name: str, cause: str, symptom: str, healthy: Recipe, **change: Any) -> Failure:
    """The twin and the twin with one change."""
    healthy = replace(healthy, name=f"{name}, healthy twin", title=f"The healthy twin of: {name}")
    return Failure(healthy, replace(healthy, name=name, title=symptom, changes=(cause,), **change), cause, symptom)


def _mlp(hidden: tuple[int, ...] = (256,), slope: float = 0.0, norm: bool = False) -> partial:
    return partial(mlp.Generator, z_dim=64, hidden=hidden, slope=slope, norm=norm)


def _adam(lr: float, beta_1: float, beta_2: float = 0.999) -> partial:
    return partial(Adam, lr=lr, betas=(beta_1, beta_2))


SMALL = Recipe(  # the smallest pair that draws digits within 800 steps, 4 ms each on one thread
    name="small",
    title="One hidden layer each",
    source="This book, chapter 8",
    G=_mlp(slope=0.2),
    D=partial(mlp.Discriminator, hidden=(256,), slope=0.2, dropout=0.0),
    objective=NonSaturating(),
    opt_g=_adam(4e-4, 0.5),
    opt_d=_adam(4e-4, 0.5),
    m=64,
    steps=800,
    reuse_fakes=True,
)
_SOME = Some(**{field.name: getattr(SMALL, field.name) for field in fields(Recipe)})

GALLERY: dict[str, Failure] = {
    "collapse": _failure(
        "collapse",
        "Adam's first beta is 0.9 instead of 0.5, for both players",
        "all samples are nearly the same",
        SMALL,
        opt_g=_adam(4e-4, 0.9),
        opt_d=_adam(4e-4, 0.9),
    ),
    "vanishing gradient": _failure(
        "vanishing gradient",
        "the objective of G is the saturating one",
        "D is right about every image, and G stays where it started",
        # a fast D, and a G that Adam cannot save
        replace(SMALL, opt_g=partial(SGD, lr=0.05), opt_d=_adam(4e-3, 0.5), steps=500),
        objective=Saturating(),
    ),
    "dead G": _failure(
        "dead G",
        "no BatchNorm in G",
        "one image for every z, and no gradient that would change it",
        replace(SMALL, G=_mlp(norm=True, hidden=(256, 256)), opt_g=_adam(4e-2, 0.5), steps=200),  # 100 times the rate
        G=_mlp(norm=False, hidden=(256, 256)),
    ),
    "oscillation": _failure(
        "oscillation",
        "Adam's first beta is 0.9 instead of 0.5, for both players",
        "the samples come and go: rough digits at one step, noise at another",
        replace(_SOME, digits=(0, 1), opt_g=_adam(4e-3, 0.5)),
        opt_g=_adam(4e-3, 0.9),
        opt_d=_adam(4e-4, 0.9),
    ),
    "checkerboard": _failure(
        "checkerboard",
        "BatchNorm behind the last convolution of D, where a map is one number an image",
        "a pattern of period 2 lies over all samples",
        replace(
            SMALL,
            G=Generator,
            D=partial(Discriminator, last_norm=False),
            opt_g=_adam(1e-3, 0.5, 0.99),
            opt_d=_adam(4e-4, 0.5, 0.99),
            m=32,
            steps=240,
        ),
        D=Discriminator,
    ),
    "leak": _failure(
        "leak",
        "one in four of the real images is shown to D as its mirror image",
        "one in four of the samples is mirrored",
        replace(_SOME, digits=(7,), steps=600),
        objective=Mirrored(NonSaturating(), 0.25),
    ),
}
