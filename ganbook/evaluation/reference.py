"""The real images that samples are compared with, and samples that were asked for the same labels."""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganbook.base import seeds, validate
from ganbook.base.errors import InputError
from ganbook.data import Images, rotate
from ganbook.evaluation.judge import at_judges_size, judged, load
from ganbook.models.sampling import sample

PART = 5_000  # images that are in memory as float32 at a time
KEPT = 4  # sets of images whose features stay in memory: 552 bytes an image, 33 MB for MNIST's training images


class Seen(NamedTuple):
    """What the judge makes of n images: features (n, 128) and class probabilities (n, 10), on the CPU."""

    features: Tensor
    p: Tensor

    def at(self, index: Tensor) -> "Seen":
        """Return the same of the images at `index`."""
        return Seen(self.features[index], self.p[index])


def look(parts: Iterator[Tensor]) -> Seen:
    """Show images, in parts (n, 1, h, w) in [-1, 1], to the judge, on the device that they are on."""
    found = []
    for x in parts:
        features, p = judged(_judge(str(x.device)), at_judges_size(x))
        found.append((features.cpu(), p.cpu()))
    return Seen(*(torch.cat(column) for column in zip(*found)))


def seen(data: Images, device: torch.device) -> Seen:
    """Return what the judge makes of all images of `data`; the last KEPT answers are kept, without the images."""
    return _seen(_Key(data.fingerprint, len(data), str(device), weakref.ref(data)))


def real_images(data: Images, index: Tensor) -> Tensor:
    """Return the images (n, c, h, w) at `index`, each turned by an angle of its own if `data` has a rotation.

    `data.batches` draws other angles each time; here an image always has the same.
    """
    x = data[index.to(data.images.device)][0]
    if not data.rotate:
        return x
    angles = (torch.rand(len(data), generator=seeds.generator("reference angle")) * 2 - 1) * data.rotate
    return rotate(x, angles[index].to(x.device))


def draw(G: nn.Module, n: int, data: Images, *, seed: int, y: Tensor | None = None) -> Tensor:
    """Return n samples of `G`; a G that takes labels is asked for `y`, or else for labels in the shares of `data`.

    Raises InputError as ganbook.models.sampling.sample does.
    """
    validate.at_least(1, "n", n)
    if y is None and getattr(data, "classes", True):  # images without labels have no classes
        y = labels_in_shares(data.labels, n, seed=seed)
    return sample(G, n, seed=seed, y=y)


def labels_in_shares(y: Tensor, n: int, *, seed: int) -> Tensor:
    """Return n labels, on the CPU, of which each class has the share that it has among the labels y (k,).

    The number of a class is n times its share, rounded down or up: every k/n-th of the sorted labels is taken. Their
    order is drawn at random from `seed`.
    """
    every = (2 * torch.arange(n) + 1) * len(y) // (2 * n)  # the middles of n equal pieces
    order = torch.randperm(n, generator=seeds.generator("labels", seed))
    return y.cpu().sort().values[every][order]


def same_shape(x: Tensor, data: Images, name: str) -> None:
    """Say so unless images x and those of `data`, passed as `name`, have the same channels, height and width."""
    shape = tuple(data[:1][0].shape[1:])
    if tuple(x.shape[1:]) != shape:
        raise InputError(f"Expected samples and {name} of one shape, got {tuple(x.shape[1:])} and {shape}.")


@dataclass(frozen=True)
class _Key:
    """What a set of images is known by. The images themselves are not kept alive."""

    fingerprint: str
    n: int
    device: str
    data: weakref.ref = field(compare=False)


@lru_cache(maxsize=KEPT)
def _seen(key: _Key) -> Seen:
    data, everything = key.data(), torch.arange(key.n)
    return look(real_images(data, index).to(key.device) for index in everything.split(PART))


@lru_cache(maxsize=2)
def _judge(device: str) -> nn.Module:
    return load(device=device)
