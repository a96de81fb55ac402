"""Images in memory: uint8 in, batches x (m, 1, 28, 28) in [-1, 1] out, without a Python loop over images."""

import copy
import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ganbook.base import seeds, validate
from ganbook.base.devices import choose
from ganbook.base.errors import InputError
from ganbook.data.arrays import as_bytes, as_labels

NAMED = 10  # classes that the description of a set lists


class Data(Protocol):
    """What `train` asks of data: endless batches (x, y), where batch t depends on seed and t only.

    Data may also have `fingerprint`, a text that tells one set from another. A Run stores it, and refuses to continue
    on data with another one. Images and Stacked have it; your own data need not.
    """

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]: ...


class Images:
    """Images whole in memory as uint8, from tensors or NumPy arrays that you have: `Images(images, labels)`.

    images: uint8 (n, h, w) for grey, or (n, c, h, w). (n, h, w, 3) becomes (n, 3, h, w).
    labels: whole numbers (n,) of 0 or more, kept as int64. Without them all are 0, and there are no `classes`.
    classes: the name of each label, from 0 up; the default is the numbers themselves.
    rotate: every image that `batches` gives is turned by an angle drawn from [-rotate, rotate], in degrees.
    fingerprint: of the images before they are rotated; the default is a hash of the tensors.

    Indexing converts: `data[8900]` is x (c, h, w) in [-1, 1] and its label; `data[:16]` and `data[tensor_of_indices]`
    are batches. `where` and `subset` choose images and give new Images. `fingerprint` tells one set from another, so
    that a run is continued on what it was trained on. `print(data)` says what was read.

    Raises InputError, which ends in the line to write, if the arrays are of another kind, do not fit together, or an
    argument is out of range.

    >>> import torch
    >>> from ganbook import Images
    >>> bars = torch.zeros(6, 8, 8, dtype=torch.uint8)
    >>> bars[:3, 4, :] = 255
    >>> bars[3:, :, 4] = 255
    >>> data = Images(bars, [0, 0, 0, 1, 1, 1], classes=["lying", "standing"])
    >>> data
    Images: 6 images of 8x8, grey; 2 classes of 3 images: lying, standing
    >>> x, y = data[0]
    >>> tuple(x.shape), x.min().item(), x.max().item(), data.classes[y]
    ((1, 8, 8), -1.0, 1.0, 'lying')
    >>> data.where(labels={"standing"}).counts
    {1: 3}
    """

    def __init__(
        self,
        images: Tensor | np.ndarray,
        labels: Tensor | np.ndarray | Sequence[int] | None = None,
        *,
        classes: Sequence[str] | None = None,
        rotate: float = 0.0,
        device: torch.device | str = "cpu",
        fingerprint: str | None = None,
    ) -> None:
        images = as_bytes(images)
        unlabelled = labels is None
        labels = torch.zeros(len(images), dtype=torch.int64) if unlabelled else as_labels(labels, len(images))
        if not 0 <= rotate <= 180:
            raise InputError(f"Expected rotate in [0, 180], got {rotate}.")
        if unlabelled and classes is not None:
            raise InputError("Expected labels beside classes, which name them. Pass both, or neither.")
        names = () if unlabelled else None  # None: the numbers themselves
        self._classes = names if classes is None else _named(classes, int(labels.max()) + 1)
        device = choose(device)
        fingerprint = fingerprint or _digest(images, labels)
        self.images = images.to(device)
        self.labels = labels.to(device)
        self.rotate = float(rotate)
        self.fingerprint = f"{fingerprint} rotate={self.rotate:g}"
        self.notes: tuple[str, ...] = ()  # what was done to the images before they were this set

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the labels: `classes[y]` is that of label y. Empty for images without labels.

        A class may have no images, after `where` for instance; `counts` says which have some.
        """
        return self._classes if self._classes is not None else tuple(map(str, range(int(self.labels.max()) + 1)))

    @property
    def counts(self) -> dict[int, int]:
        """How many images have a label, for each label that occurs, in order."""
        return dict(zip(*(found.tolist() for found in self.labels.unique(return_counts=True))))

    def where(self, labels: Iterable[int | str]) -> "Images":
        """Return the images whose label is one of `labels`, numbers or names of `classes`, in the same order.

        The labels keep their numbers and names, so a network with labels still has a place for each of `classes`;
        `counts` says which of these it is trained on, and can be asked for. What is returned shares nothing with this
        set: see subset.

        Raises InputError for a label that no image has.
        """
        if isinstance(labels, str) or not isinstance(labels, Iterable):
            raise InputError(f"Expected labels as a set, such as {{{labels!r}}}, got {labels!r}.")
        counts, numbers = self.counts, {name: y for y, name in enumerate(self.classes)}
        labels = labels.tolist() if isinstance(labels, Tensor) else list(labels)
        chosen = [numbers.get(label) if isinstance(label, str) else label for label in labels]
        absent = [label for label, y in zip(labels, chosen) if y not in counts]
        if absent or not chosen:
            raise InputError(
                f"Expected labels that occur among the images ({_listed([self._name(y) for y in counts])}), got "
                f"{', '.join(map(repr, absent)) or 'none'}."
            )
        return self.subset(torch.isin(self.labels, torch.tensor(chosen, device=self.labels.device)))

    def subset(self, index: slice | Tensor) -> "Images":
        """Return a copy of the images at `index`, with their labels, as a set of the same type.

        index: a slice, or a tensor of whole numbers or of n booleans, as for `data[index]`. A thousand at random are
        `data.subset(torch.randperm(len(data))[:1000])`. Names, rotation and device stay, and the fingerprint is new:
        the hash of these images and labels.

        Raises InputError if no image is at `index`, or it is something else.
        """
        try:
            images, labels = self.images[index].clone(), self.labels[index].clone()
        except (IndexError, TypeError, ValueError, RuntimeError):
            labels = self.labels[:0]
        if labels.ndim != 1 or len(labels) == 0:
            raise InputError(
                f"Expected the index of some of the {len(self):,} images, a slice or a tensor (n,), got "
                f"{validate.got(index)}."
            )
        chosen = copy.copy(self)
        chosen.images, chosen.labels = images, labels
        chosen.fingerprint = f"{_digest(images, labels)} rotate={self.rotate:g}"
        chosen.notes = (f"chosen from {len(self):,}", *self.notes)
        return chosen

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int | slice | Tensor) -> tuple[Tensor, Tensor]:
        """Return x in [-1, 1], float32 (..., c, h, w), and labels y (...,) of the images at `index`.

        Raises IndexError, as a list does, beyond the last image.
        """
        images = self.images[index]
        images = images.unsqueeze(-3) if self.images.ndim == 3 else images
        return images.float().div_(127.5).sub_(1.0), self.labels[index]

    def __repr__(self) -> str:
        """What was read, in a line: number, size and colour of the images, their classes, and what was done to them."""
        h, w = self.images.shape[-2:]
        c = 1 if self.images.ndim == 3 else self.images.shape[1]
        colour = {1: "grey", 3: "colour"}.get(c, f"{c} channels")
        parts = [f"{type(self).__name__}: {_counted(len(self), 'image')} of {w}x{h}, {colour}", self._described()]
        return "; ".join([*parts, *self.notes, *self._remarks()])

    def _described(self) -> str:
        """How many classes there are, with how many images, and their names."""
        if not self.classes:
            return "no classes"
        counts, names = self.counts, self.classes
        least, most = min(counts.values()), max(counts.values())
        number = f"{len(counts)} of {len(names)} classes" if len(counts) < len(names) else _counted(len(names), "class")
        size = _counted(most, "image") if least == most else f"{least:,} to {most:,} images"
        return f"{number} of {size}: {_listed([self._name(y) for y in counts])}"

    def _name(self, y: int) -> str:
        name = self.classes[y] if y < len(self.classes) else str(y)
        return repr(name)[1:-1]  # a folder's name may hold what would break a line

    def _remarks(self) -> list[str]:
        """What may be right and may be a mistake: images that are nearly black, or grey and dark on bright paper."""
        remarks, counts = [], self.counts
        if self._classes is None and min(counts) == 1 and max(counts) == len(counts):
            remarks.append("the labels start at 1, so label 0 is a class without images")
        some = self.images[:: max(1, len(self) // 1000)]
        if (brightest := int(some.max())) < 64:
            return [*remarks, f"nearly black, the brightest pixel is {brightest} of 255"]
        rim = torch.cat([some[..., 0, :], some[..., -1, :], some[..., 0], some[..., -1]], dim=-1).float().mean() / 255
        if rim < 0.7 or not (some.ndim == 3 or some.shape[1] == 1 or self.rotate):
            return remarks
        corners = ", and rotating brings in black corners" if self.rotate else ""
        return [*remarks, f"the paper is bright ({rim:.2f} of white at the rim, MNIST's has 0.00){corners}"]

    def steps_per_epoch(self, m: int) -> int:
        """Return how many whole batches of `m` images one pass over the data gives: n // m."""
        validate.at_least(1, "a batch size m", m)
        if m > len(self):
            raise InputError(
                f"The data have {_counted(len(self), 'image')}, fewer than the batch size m={m}, the images of a step. "
                f"Pass m={len(self)} or less (to the command --m {len(self)}), or add images."
            )
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
        md5.update(tensor.cpu().contiguous().numpy().data)
    return md5.hexdigest()


def _named(classes: Sequence[str], least: int) -> tuple[str, ...]:
    """The names of labels 0, 1, ..., of which there are `least` or more."""
    names = tuple(map(str, classes))
    if len(names) < least or len(set(names)) < len(names):
        raise InputError(
            f"Expected classes as a name for each of the labels, {least} or more and none twice, got {len(names)}: "
            f"{_listed([repr(name) for name in names])}."
        )
    return names


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}{'es' if noun.endswith('s') else 's'}"


def _listed(names: Sequence[str]) -> str:
    """Names in a line: all of a few, else the first of them and the last."""
    return ", ".join(names if len(names) <= NAMED else [*names[: NAMED - 2], "...", names[-1]])
