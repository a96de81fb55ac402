"""Images in memory: uint8 in, batches x (m, 1, 28, 28) in [-1, 1] out, without a Python loop over images."""

import hashlib
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ganbook import expect, idx, seeds
from ganbook.device import choose
from ganbook.errors import InputError


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
        expect.at_least(0, "start", start)
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


class Digits(Images):
    """MNIST, or any other set of grey images in its four files.

    split: "train" (60,000 images) or "test" (10,000), as published (LeCun et al., 1998).
    folder: where the four IDX files are; without it, the copy of MNIST that comes with the package.
    download: let torchvision download MNIST into `folder` first.
    size: height and width after resizing (bilinear with antialiasing), in pixels, at most 256.
    rotate: see Images.

    Raises InputError if a file is missing or damaged or an argument is out of range.

    >>> from ganbook import Digits
    >>> digits = Digits("test")
    >>> len(digits)
    10000
    >>> x, y = digits[:4]
    >>> tuple(x.shape), y.tolist()
    ((4, 1, 28, 28), [7, 2, 1, 0])
    >>> float(x.min()), float(x.max())
    (-1.0, 1.0)
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
        place = Path(folder) if folder is not None else idx.EMBEDDED
        images, labels, fingerprint = _four_files(split, idx.download(place) if download else place, size)
        super().__init__(images, labels, rotate=rotate, device=device, fingerprint=fingerprint)


class Fashion(Images):
    """Fashion-MNIST: articles of clothing of ten kinds, grey, 28x28, in files like MNIST's (Xiao et al., 2017).

    split: "test" (10,000 images), which come with the package, or "train" (60,000), for which `folder` is needed.
    The other arguments are those of Digits. KINDS names the labels.
    """

    KINDS = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")

    def __init__(
        self,
        split: str = "test",
        *,
        folder: str | Path | None = None,
        download: bool = False,
        size: int = 28,
        rotate: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> None:
        if folder is None and (download or split == "train"):
            raise InputError(
                "Only the 10,000 test images of Fashion-MNIST come with ganbook. For all 70,000 name a folder that "
                "holds the four files, folder=..., or one to download them into, with download=True."
            )
        place = Path(folder) if folder is not None else idx.FASHION
        place = idx.download(place, "FashionMNIST") if download else place
        images, labels, fingerprint = _four_files(split, place, size)
        super().__init__(images, labels, rotate=rotate, device=device, fingerprint=fingerprint)


class Folder(Images):
    """Your own images: every PNG and JPEG below `folder`, brought to `size` and to 1 or 3 channels.

    The label of an image is the number of the folder it lies in. ganbook.pictures.read_folder says what is done to an
    image, and which files are refused; rotate: see Images.

    Raises InputError if the folder is missing or empty, and, in one message that lists them, for files that do not fit.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        size: int = 28,
        channels: int = 1,
        rotate: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> None:
        from ganbook.pictures import read_folder  # Pillow and NumPy are needed only here

        if size < 1 or channels not in (1, 3):
            raise InputError(f"Expected size >= 1 and 1 or 3 channels, got size {size} and {channels} channels.")
        images, labels = read_folder(Path(folder), size, channels)
        super().__init__(images, labels, rotate=rotate, device=device)


def find(
    source: str | Path | None = None,
    *,
    size: int = 28,
    channels: int = 1,
    rotate: float = 0.0,
    device: torch.device | str = "cpu",
) -> "Images | Stacked":
    """Return the training images that `source` names, in that form.

    source: None for MNIST; "fashion" for the 10,000 images of Fashion-MNIST that come with the package; else a folder,
        of MNIST's four files or of PNG and JPEG files. (A folder that is called fashion is Path("fashion"), ./fashion.)
    channels: 3 asks for colour, which sets in four files do not have: they are stacked (see Stacked).
    """
    if not (source is None or source == "fashion" or idx.holds(Path(source))):
        return Folder(source, size=size, channels=channels, rotate=rotate, device=device)
    if source == "fashion":
        grey = Fashion(size=size, rotate=rotate, device=device)
    else:
        grey = Digits(folder=source, size=size, rotate=rotate, device=device)
    return grey if channels == 1 else Stacked(grey)


def rotate(x: Tensor, degrees: Tensor) -> Tensor:
    """Turn each image about its centre by its own angle, counter-clockwise, all in one operation.

    x: (m, c, h, w) in [-1, 1]; degrees: (m,). Bilinear; what comes in from outside is black (-1).
    The corners of the output are looked up in the input: a map of coordinates, then an interpolation, the two halves
    of a spatial transformer (Jaderberg et al., 2015, sections 3.2 and 3.3).

    Raises InputError if the shapes are others.
    """
    expect.one_each(x, "degrees", degrees)
    a = degrees.to(x) * (math.pi / 180)
    zero = torch.zeros_like(a)
    h, w = x.shape[-2:]
    # Coordinates run from -1 to 1 along each side, so a rotation of an oblong image must know its aspect.
    rows = (a.cos(), -a.sin() * h / w, zero), (a.sin() * w / h, a.cos(), zero)
    theta = torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)  # (m,) -> (m, 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)  # (m, 2, 3) -> (m, h, w, 2)
    return F.grid_sample(x + 1, grid, padding_mode="zeros", align_corners=False) - 1


def _four_files(split: str, place: Path, size: int) -> tuple[Tensor, Tensor, str]:
    """Images (n, size, size) and labels (n,) of MNIST's four files in `place`, and their fingerprint."""
    if not 1 <= size <= 256:  # 60,000 images of 256x256 take 4 GB
        raise InputError(f"Expected a size from 1 to 256 pixels, got {size}.")
    images, labels, digest = idx.read_split(split, place)
    return images if images.shape[1:] == (size, size) else _resize(images, size), labels, f"{digest} size={size}"


def _digest(images: Tensor, labels: Tensor) -> str:
    """MD5 of shapes and bytes of both tensors."""
    md5 = hashlib.md5(f"{tuple(images.shape)}".encode(), usedforsecurity=False)
    for tensor in (images, labels):
        md5.update(tensor.cpu().contiguous().numpy())
    return md5.hexdigest()


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

    def __init__(self, digits: Images) -> None:
        self.digits = digits
        self.fingerprint = f"{digits.fingerprint} stacked"

    def batches(self, m: int, *, seed: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give x (m, 3, h, w) in [-1, 1] and labels y (m,) from 0 to 999 for ever; batch t depends on `seed`
        and t only.

        Raises InputError if `m` is less than 1, or `start` is negative.
        """
        expect.at_least(1, "batch size m", m)
        expect.at_least(0, "start", start)
        return (self._batch(m, seed, t) for t in itertools.count(start))

    def _batch(self, m: int, seed: int, t: int) -> tuple[Tensor, Tensor]:
        rng = seeds.generator("stacked", seed, t)
        index = torch.randint(len(self.digits), (m, 3), generator=rng).to(self.digits.images.device)
        x, y = self.digits[index]  # (m, 3, 1, h, w) in [-1, 1], (m, 3)
        return x.squeeze(2), (y * torch.tensor([100, 10, 1], device=y.device)).sum(1)
