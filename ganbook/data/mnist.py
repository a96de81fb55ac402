"""MNIST and Fashion-MNIST: sets of grey images, each in four files."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ganbook.base.errors import InputError
from ganbook.data import idx
from ganbook.data.images import Images


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


def _four_files(split: str, place: Path, size: int) -> tuple[Tensor, Tensor, str]:
    """Images (n, size, size) and labels (n,) of MNIST's four files in `place`, and their fingerprint."""
    if not 1 <= size <= 256:  # 60,000 images of 256x256 take 4 GB
        raise InputError(f"Expected a size from 1 to 256 pixels, got {size}.")
    images, labels, digest = idx.read_split(split, place)
    return images if images.shape[1:] == (size, size) else _resize(images, size), labels, f"{digest} size={size}"


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
