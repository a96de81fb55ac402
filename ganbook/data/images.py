"""Images in memory: uint8 in, batches x (m, 1, 28, 28) in [-1, 1] out, without a Python loop over images."""

import hashlib
import itertools
import math
from collections.abc import Iterator
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from ganbook.base import seeds, validate
from ganbook.base.devices import choose
from ganbook.base.errors import InputError


class Data(Protocol):
    """What `train` asks of data: endless batches (x, y), where batch t depends on seed and t only."""

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]: ...


class Images:
    """Images whole in memory as uint8, from tensors that you have: `Images(images, labels)`.

    `images` is uint8 (n, h, w) for grey or (n, c, h, w), `labels` int64 (n,), all 0 unless given, both on `device`.
    Indexing converts: `data[8900]` is x (c, h, w) in [-1, 1] and its label; `data[:16]` and `data[tensor_of_indices]`
    are batches. `fingerprint` tells one set from another, so that a run is continued on what it was trained on.

    rotate: every image that `batches` gives is turned by an angle drawn from [-rotate, rotate], in degrees.
    fingerprint: of the images before they are rotated; the default is a hash of the tensors.

    Raises InputError if the tensors are of another kind, do not fit together, or an argument is out of range.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor | None = None,
        *,
        rotate: float = 0.0,
        device: torch.device | str = "cpu",
        fingerprint: str | None = None,
    ) -> None:
        if images.dtype != torch.uint8 or images.ndim not in (3, 4) or 0 in images.shape:
            raise InputError(
                f"Expected images as bytes, uint8 (n, h, w) or (n, c, h, w), got {images.dtype} {tuple(images.shape)}. "
                "Convert them: (255 x).round().byte() for [0, 1]."
            )
        labels = torch.zeros(len(images), dtype=torch.int64) if labels is None else labels
        if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
            raise InputError(f"Expected labels int64 ({len(images)},), got {labels.dtype} {tuple(labels.shape)}.")
        if not 0 <= rotate <= 180:
            raise InputError(f"Expected rotate in [0, 180], got {rotate}.")
        device = choose(device)
        fingerprint = fingerprint or _digest(images, labels)
        self.images = images.to(device)
        self.labels = labels.to(device)
        self.rotate = float(rotate)
        self.fingerprint = f"{fingerprint} rotate={self.rotate:g}"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int | slice | Tensor) -> tuple[Tensor, Tensor]:
        """Return x in [-1, 1], float32 (..., c, h, w), and labels y (...,) of the images at `index`.

        Raises IndexError, as a list does, beyond the last image.
        """
        images = self.images[index]
        images = images.unsqueeze(-3) if self.images.ndim == 3 else images
        return images.float().div_(127.5).sub_(1.0), self.labels[index]

    def steps_per_epoch(self, m: int) -> int:
        """Return how many whole batches of `m` images one pass over the data gives: n // m."""
        if not 1 <= m <= len(self):
            raise InputError(f"Expected a batch size m from 1 to {len(self)}, the number of images, got {m}.")
        return len(self) // m

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give batches x (m, c, h, w) in [-1, 1] and y (m,) for ever, each epoch in a new order.

        The rule for the last, partial batch of an epoch: it is dropped, so every batch has exactly `m` images. Since
        the order is new in each epoch, no image is left out for good. Batch number t (counted from 0, through all
        epochs) depends on `seed` and t only, so `start=t` continues an interrupted run where it was.

        Raises InputError if `m` is not from 1 to n, or `start` is negative.
        """
        validate.at_least(0, "start", start)
        per_epoch = self.steps_per_epoch(m)
        return self._batches(m, per_epoch, seed, start)

    def _batches(self, m: int, per_epoch: int, seed: int, start: int) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.empty(0)
        for t in itertools.count(start):
            epoch, i = divmod(t, per_epoch)
            if i == 0 or t == start:
                order = torch.randperm(len(self), generator=seeds.generator("order", seed, epoch))
                order = order.to(self.images.device)
            x, y = self[order[i * m : (i + 1) * m]]
            if self.rotate:
                rng = seeds.generator("angle", seed, t, device=x.device)
                x = rotate(x, (torch.rand(m, generator=rng, device=x.device) * 2 - 1) * self.rotate)
            yield x, y


def rotate(x: Tensor, degrees: Tensor) -> Tensor:
    """Turn each image about its centre by its own angle, counter-clockwise, all in one operation.

    x: (m, c, h, w) in [-1, 1]; degrees: (m,). Bilinear; what comes in from outside is black (-1).
    The corners of the output are looked up in the input: a map of coordinates, then an interpolation, the two halves
    of a spatial transformer (Jaderberg et al., 2015, sections 3.2 and 3.3).

    Raises InputError if the shapes are others.
    """
    validate.one_each(x, "degrees", degrees)
    a = degrees.to(x) * (math.pi / 180)
    zero = torch.zeros_like(a)
    h, w = x.shape[-2:]
    # Coordinates run from -1 to 1 along each side, so a rotation of an oblong image must know its aspect.
    rows = (a.cos(), -a.sin() * h / w, zero), (a.sin() * w / h, a.cos(), zero)
    theta = torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)  # (m,) -> (m, 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)  # (m, 2, 3) -> (m, h, w, 2)
    return F.grid_sample(x + 1, grid, padding_mode="zeros", align_corners=False) - 1


def _digest(images: Tensor, labels: Tensor) -> str:
    """MD5 of shapes and bytes of both tensors."""
    md5 = hashlib.md5(f"{tuple(images.shape)}".encode(), usedforsecurity=False)
    for tensor in (images, labels):
        md5.update(tensor.cpu().contiguous().numpy())
    return md5.hexdigest()
