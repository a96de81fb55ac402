"""The real digits that samples are compared with: test images, in the classes and shares of the training images.

What the judge makes of real images is kept without the images: 552 bytes an image, and of few sets at a time.
"""

import weakref
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from ganbook.base import seeds, validate
from ganbook.base.errors import InputError
from ganbook.data import Digits, Images, rotate
from ganbook.evaluation.judge import Judge, at_judges_size, judged, load
from ganbook.models.sampling import labels_in_shares, sample

MOST = 10_000  # the number of test images
LEAST = 100  # samples
PART = 5_000  # images that are float32 at a time
NAMED = 0.8  # the share of its images that the judge must name rightly to have a say in a set


class Seen(NamedTuple):
    """What the judge makes of n images: features (n, 128) and class probabilities (n, 10), on the CPU."""

    features: Tensor
    p: Tensor

    def at(self, index: Tensor) -> "Seen":
        """Return the same of the images at `index`."""
        return Seen(self.features[index], self.p[index])


@dataclass(frozen=True)
class Key:
    """What a set of images, looked at on `device`, is known by. The images themselves are not kept alive."""

    fingerprint: str
    n: int
    device: str
    data: "weakref.ref[Images]" = field(compare=False)

    @classmethod
    def of(cls, data: Images, device: torch.device) -> "Key":
        return cls(data.fingerprint, len(data), str(device), weakref.ref(data))

    def images(self) -> Images:
        """The images; for whoever was given this key by a caller who holds them."""
        return cast(Images, self.data())


@dataclass(frozen=True)
class Reference:
    """n test images: their index (n,) among all, what the judge makes of them, their labels (n,).

    counts: how many training images have a label, for each of the labels that the samples should have.
    """

    index: Tensor
    real: Seen
    labels: Tensor
    counts: dict[int, int]


def look(x: Tensor) -> Seen:
    """Show images x (n, 1, h, h) in [-1, 1] to the judge, on the device that they are on, without any TF32."""
    features, p = judged(judge_on(str(x.device)), at_judges_size(x))
    return Seen(features.cpu(), p.cpu())


@lru_cache(maxsize=1)
def judge_on(device: str) -> Judge:
    """Return the judge, on `device`."""
    return load(device=device)


def real_images(data: Images, index: Tensor) -> Tensor:
    """Return the images (n, c, h, w) of `data` at `index` in [-1, 1], on the CPU.

    If a training turns them (`data.rotate`), each is turned by an angle of its own, drawn once for all.
    """
    x = data[index.to(data.images.device)][0].cpu()
    if not data.rotate:
        return x
    angles = torch.rand(len(data), generator=seeds.generator("turned", len(data)))[index]
    return rotate(x, (2 * angles - 1) * data.rotate)


def test_images(data: Images) -> Digits:
    """Return the test images in the size of those of `data`, turned as far if a training turns these."""
    return Digits("test", size=data.images.shape[-1], rotate=data.rotate)


def seen(data: Images, device: torch.device) -> Seen:
    """Return what the judge makes of all images of `data`, which is looked at on `device`; the last three are kept."""
    return _seen(Key.of(data, device))


def against(n: int, data: Images, device: torch.device) -> Reference:
    """Return n test images, drawn once for all, of the size of those of `data`, and turned if a training turns these.

    They are any of the test images if `data` holds each class as often as MNIST's training set does; else each class
    has the share that it has in `data`. Raises InputError if there are not so many.
    """
    n, test, counts = check_n(n, data), test_images(data), data.counts
    order = torch.randperm(len(test), generator=seeds.generator("reference", n))
    if whole(data):
        index = order[:n]
    else:
        wanted, taken = labels_in_shares(counts, n, seed=0), torch.zeros(len(test), dtype=torch.bool)
        for y in counts:  # the first of each class, and of all of them still in a random order
            taken[order[test.labels[order] == y][: int((wanted == y).sum())]] = True
        index = order[taken[order]]
    return Reference(index, seen(test, device).at(index), test.labels[index], counts)


def shuffled(x: Tensor) -> Tensor:
    """Return the rows of x (n, ...) in an order drawn once for all.

    For scores that cut samples into pieces: samples may come sorted, or with their labels in turn.
    """
    return x[torch.randperm(len(x), generator=seeds.generator("pieces", len(x)))]


def training_images(data: Images | None, size: int = 28) -> Images:
    """Return `data`, or the training images of MNIST in pixels of `size` for None; say so if it is something else."""
    if data is None:
        return Digits("train", size=size)
    if not isinstance(data, Images):
        raise InputError(f"Expected data as Images, such as Digits().where(labels={{3, 7}}), got {validate.got(data)}.")
    return data


def whole(data: Images) -> bool:
    """Return whether `data` has the classes of MNIST as often as MNIST has."""
    return data.counts == _counts("train")


def most(data: Images) -> int:
    """Return how many samples can be compared with the test images, at most, in the classes and shares of `data`."""
    if whole(data):
        return MOST
    test = _counts("test")
    return min(len(data) // 2, *(test.get(y, 0) * len(data) // count for y, count in data.counts.items()))


def check_n(n: int, data: Images) -> int:
    """Return n as an int; say so unless so many samples can be compared."""
    n, upper = validate.whole(None, "n", n), most(data)
    if upper < LEAST:
        raise InputError(
            f"Expected data whose classes have {LEAST} test images of MNIST or more in the same shares, and twice as "
            f"many images, got {data!r}. Compare with the data themselves: ganbook.evaluation.random_features.compare."
        )
    if not LEAST <= n <= upper:
        fit = "" if upper == MOST else " in the classes and shares of the data"
        raise InputError(f"Expected n from {LEAST} to {upper:,}, the number of test images{fit}, got {n}.")
    return n


def floor_index(n: int, data: Images) -> tuple[Tensor, Tensor]:
    """Return the places of the n images of `data` that stand for perfect samples, drawn once for all, and the rest."""
    order = torch.randperm(len(data), generator=seeds.generator("floor", n))
    return order[:n], order[n:]


def draw(G: nn.Module, n: int, data: Images, *, seed: int) -> Tensor:
    """Return n samples of `G`; a G that takes labels is asked for those of `data`, in their shares."""
    y = labels_in_shares(data.counts, n, seed=seed) if data.classes else None  # images without labels have no classes
    return sample(G, n, seed=seed, y=y)


def digits(x: Tensor, data: Images | None) -> tuple[Tensor, Images]:
    """Return samples x (n, 1, h, h) as float32 in [-1, 1], and the training images: `data`, or MNIST in their size.

    Raises InputError unless both are grey, square and of one size, and the range is right.
    """
    x = in_range(validate.images(x, 1))
    if x.shape[2] != x.shape[3]:
        raise InputError(f"Expected grey square images x (n, 1, h, h), got {tuple(x.shape)}.")
    data = training_images(data, x.shape[-1])
    same_shape(x, data)
    return x, data


def same_shape(x: Tensor, data: Images) -> None:
    """Say so unless samples x and the images of `data` have the same channels, height and width."""
    shape = tuple(data[:1][0].shape[1:])
    if tuple(x.shape[1:]) != shape:
        raise InputError(f"The samples are {tuple(x.shape[1:])} and the images {shape}: they must be of one shape.")


def in_range(x: Tensor) -> Tensor:
    """Return images x; say so if they lie in [0, 1], where black should be -1. (One grey all over is in any range.)"""
    if 0 <= x.min() < x.max():
        raise InputError(
            f"Expected images x in [-1, 1], where -1 is black, got none below 0: from {x.min():.3g} to {x.max():.3g}. "
            "They look like images in [0, 1]: pass 2 * x - 1, or let G end in tanh instead of a sigmoid."
        )
    return x


def rim(x: Tensor) -> float:
    """Return the mean of the outermost pixels of images x (n, c, h, w): -1 for MNIST, near 1 for ink on paper."""
    return float(torch.cat([x[..., 0, :], x[..., -1, :], x[..., 0], x[..., -1]], dim=-1).mean())


def inverted(x: Tensor, paper: float, *, judge: str) -> list[str]:
    """Return a sentence if samples x have a bright rim where the real images have a dark one, `paper`, or reversed.

    judge: the line of Python that judges the negatives of the samples.
    """
    here = rim(x)
    if abs(here - paper) < 1:
        return []
    words = [f"{'bright' if value > 0 else 'dark'} ({value:.2f} at the rim, of -1 to 1)" for value in (here, paper)]
    return [
        f"The paper of the samples is {words[0]}, that of the real images {words[1]}. If the samples x are negatives, "
        f"judge -x, in Python: {judge}."
    ]


def turned(data: Images) -> list[str]:
    """Return a sentence if the real images are turned because a training turns those of `data`."""
    return [f"The real images are turned by up to {data.rotate:g} degrees, as in the training."] if data.rotate else []


def check_digits(data: Images, found: Seen, index: Tensor | slice = slice(None)) -> None:
    """Say so if the judge does not know what the images of `data` show, by what it made of those at `index`."""
    right = float((found.p.argmax(1) == data.labels.cpu()[index]).float().mean())
    if right < NAMED:
        raise InputError(
            f"The judge names {right:.0%} of the images as their labels do, so they are not MNIST's digits, bright on "
            f"black: {data!r}. Compare samples with them by ganbook.evaluation.random_features.compare."
        )


@lru_cache(maxsize=3)
def _seen(key: Key) -> Seen:
    data, everything = key.images(), torch.arange(key.n)
    found = [look(real_images(data, index).to(key.device)) for index in everything.split(PART)]
    return Seen(*(torch.cat(column) for column in zip(*found)))


@lru_cache(maxsize=2)
def _counts(split: str) -> dict[int, int]:
    return Digits(split).counts
