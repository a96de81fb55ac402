"""Digits in memory: uint8 images in, batches x (m, 1, 28, 28) in [-1, 1] out, without a Python loop over images."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ganbook import idx, seeds
from ganbook.errors import InputError


class Digits:
    """MNIST, or any other set of grey images in its four files, whole in memory as uint8.

    `images` is uint8 (n, size, size), `labels` int64 (n,), both on `device`. Indexing converts: `digits[8900]` is
    x (1, 28, 28) in [-1, 1] and its label; `digits[:16]` and `digits[tensor_of_indices]` are batches.

    split: "train" (60,000 images) or "test" (10,000), as published (LeCun et al., 1998).
    folder: where the four IDX files are; without it, the copy of MNIST that comes with the package.
    download: let torchvision download MNIST into `folder` first.
    size: height and width after resizing (bilinear with antialiasing), in pixels.
    rotate: every image that `batches` gives is turned by an angle drawn from [-rotate, rotate], in degrees.

    Raises InputError if a file is missing or damaged or an argument is out of range.
    """

    def __init__(
        self,
        split: str = "train",
        *,
        folder: str | Path | None = None,
        download: bool = False,
        size: int = 28,
        rotate: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> None:
        if download and folder is None:
            raise InputError("Expected a folder to download MNIST into: pass folder=..., or leave out download=True.")
        if size < 1 or not 0 <= rotate <= 180:
            raise InputError(f"Expected size >= 1 and rotate in [0, 180], got size {size} and rotate {rotate}.")
        place = Path(folder) if folder is not None else idx.EMBEDDED
        place = idx.download(place) if download else place
        images, labels, digest = idx.read_split(split, place)
        if images.shape[1:] != (size, size):
            images = _resize(images, size)
        self.images = images.to(device)
        self.labels = labels.to(device)
        self.rotate = float(rotate)
        self.fingerprint = f"{digest} size={size} rotate={self.rotate:g}"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int | slice | Tensor) -> tuple[Tensor, Tensor]:
        """Return x in [-1, 1], float32 (..., 1, h, w), and labels y (...,) of the images at `index`."""
        images = self.images[index].unsqueeze(-3)
        return images.float().div_(127.5).sub_(1.0), self.labels[index]

    def steps_per_epoch(self, m: int) -> int:
        """Return how many whole batches of `m` images one pass over the data gives: n // m."""
        if not 1 <= m <= len(self):
            raise InputError(f"Expected a batch size m from 1 to {len(self)}, the number of images, got {m}.")
        return len(self) // m

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give batches x (m, 1, h, w) in [-1, 1] and y (m,) for ever, each epoch in a new order.

        The rule for the last, partial batch of an epoch: it is dropped, so every batch has exactly `m` images. Since
        the order is new in each epoch, no image is left out for good. Batch number t (counted from 0, through all
        epochs) depends on `seed` and t only, so `start=t` continues an interrupted run where it was.

        Raises InputError if `m` is not from 1 to n.
        """
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
    """
    a = degrees * (math.pi / 180)
    zero = torch.zeros_like(a)
    h, w = x.shape[-2:]
    # Coordinates run from -1 to 1 along each side, so a rotation of an oblong image must know its aspect.
    rows = (a.cos(), -a.sin() * h / w, zero), (a.sin() * w / h, a.cos(), zero)
    theta = torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)  # (m,) -> (m, 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)  # (m, 2, 3) -> (m, h, w, 2)
    return F.grid_sample(x + 1, grid, padding_mode="zeros", align_corners=False) - 1


def _resize(images: Tensor, size: int, chunk: int = 10_000) -> Tensor:
    """Resize uint8 images (n, h, w) -> (n, size, size), a chunk at a time so that memory stays small."""
    parts = [
        F.interpolate(part[:, None].float(), (size, size), mode="bilinear", antialias=True, align_corners=False)[:, 0]
        .round_()
        .clamp_(0, 255)
        .byte()
        for part in images.split(chunk)
    ]
    return torch.cat(parts)


class Stacked:
    """Stacked MNIST: three digits drawn at random in the channels red, green and blue, 10^3 = 1000 modes.

    Metz et al. (2017), section 3.3.1; Srivastava et al. (2017), section 4.1. The three are drawn anew for each image of
    each batch, so the set has no last image; the label of an image is 100 r + 10 g + b.
    """

    def __init__(self, digits: Digits) -> None:
        self.digits = digits
        self.fingerprint = f"{digits.fingerprint} stacked"

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give x (m, 3, h, w) in [-1, 1] and labels y (m,) from 0 to 999 for ever; batch t depends on `seed`
        and t only.

        Raises InputError if `m` is less than 1.
        """
        if m < 1:
            raise InputError(f"Expected a batch size m of 1 or more, got {m}.")
        return (self._batch(m, seed, t) for t in itertools.count(start))

    def _batch(self, m: int, seed: int, t: int) -> tuple[Tensor, Tensor]:
        rng = seeds.generator("stacked", seed, t)
        index = torch.randint(len(self.digits), (m, 3), generator=rng).to(self.digits.images.device)
        x, y = self.digits[index]  # (m, 3, 1, h, w) in [-1, 1], (m, 3)
        return x.squeeze(2), (y * torch.tensor([100, 10, 1], device=y.device)).sum(1)
