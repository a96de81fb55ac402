"""MNIST and Fashion-MNIST: sets of grey images, each in four files."""

import gzip
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ganbook.base.errors import InputError
from ganbook.base.files import replace
from ganbook.data import idx
from ganbook.data.images import Images


class _FourFiles(Images):
    """What Digits and Fashion share: a split read from the folder of its four files and brought to `size`.

    names: of the labels. A set with more labels, in files of the same names, has numbers instead.
    """

    def __init__(
        self, split: str, place: Path, size: int, names: tuple[str, ...], *, rotate: float, device: torch.device | str
    ) -> None:
        if not 1 <= size <= 256:  # 60,000 images of 256x256 take 4 GB
            raise InputError(f"Expected a size from 1 to 256 pixels, got {size}.")
        images, labels, digest = idx.read_split(split, place)
        h, w = images.shape[1:]
        fits = (h, w) == (size, size)
        images, fingerprint = images if fits else _resize(images, size), f"{digest} size={size}"
        classes = names if labels.max() < len(names) else None
        super().__init__(images, labels, classes=classes, rotate=rotate, device=device, fingerprint=fingerprint)
        self.notes = () if fits else (f"resized from {w}x{h}",)


class Digits(_FourFiles):
    """MNIST, or any other set of grey images in its four files.

    split: "train" (60,000 images) or "test" (10,000), as published (LeCun et al., 1998).
    folder: where the four IDX files are, or what torchvision's MNIST was downloaded into; without it, the copy of MNIST
        that comes with the package.
    download: let torchvision download MNIST into `folder` first.
    size: height and width after resizing (bilinear with antialiasing), in pixels, at most 256.
    rotate: see Images.

    Raises InputError if a file is missing or damaged or an argument is out of range.

    >>> from ganbook import Digits
    >>> digits = Digits("test")
    >>> digits
    Digits: 10,000 images of 28x28, grey; 10 classes of 892 to 1,135 images: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
    >>> x, y = next(digits.batches(64, seed=0))
    >>> x.shape, y.shape
    (torch.Size([64, 1, 28, 28]), torch.Size([64]))
    >>> len(digits.where(labels={3, 7}))
    2038
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
        place = idx.EMBEDDED if folder is None else idx.place(Path(folder), "MNIST", download)
        super().__init__(split, place, size, tuple("0123456789"), rotate=rotate, device=device)


class Fashion(_FourFiles):
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
        place = idx.FASHION if folder is None else idx.place(Path(folder), "FashionMNIST", download)
        super().__init__(split, place, size, self.KINDS, rotate=rotate, device=device)


def as_torchvision(folder: str | Path) -> Path:
    """Write the package's copy of MNIST below `folder` as torchvision keeps it, 55 MB, and return `folder`.

    torchvision.datasets.MNIST(folder) then has its files without a download. What is there already stays.

    >>> import tempfile
    >>> from torchvision import datasets
    >>> from ganbook.data.mnist import as_torchvision
    >>> len(datasets.MNIST(as_torchvision(tempfile.mkdtemp()), train=False))
    10000
    """
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for packed in sorted(idx.EMBEDDED.glob("*.gz")):
        if not (raw / packed.stem).exists():
            with replace(raw / packed.stem) as file:
                file.write(gzip.decompress(packed.read_bytes()))
    return Path(folder)


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
