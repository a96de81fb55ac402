"""The four files of MNIST, and of sets made like it: where they are, whether they are whole, and what is in them.

The IDX format (LeCun et al., 1998): a big-endian header 0, 0, type (8: unsigned byte), number of dimensions, then one
32-bit length for each dimension, then the bytes.
"""

import gzip
import hashlib
import math
import os
import struct
import zlib
from pathlib import Path

import torch
from torch import Tensor

from ganbook.base.errors import InputError
from ganbook.base.files import ASSETS
from ganbook.data.file_kinds import not_a_folder

EMBEDDED = ASSETS / "data" / "mnist"
FASHION = ASSETS / "data" / "fashion-mnist"  # the test part of Fashion-MNIST
NAMES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
MNIST_MD5 = {  # of the files after gunzip
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
FASHION_MD5 = {
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}


def read_split(split: str, folder: Path) -> tuple[Tensor, Tensor, str]:
    """Read the images and the labels of `split` from `folder`, plain or with the ending .gz.

    Returns images (n, h, w) uint8, labels (n,) int64, and the MD5 of both files together as hexadecimal digits.
    In the embedded folders each file must have its published hash; in another folder any IDX files of the same names
    do, as long as they are whole and fit together.

    Raises InputError, which names the file, if a file is missing, damaged or of another kind.
    """
    if split not in NAMES:
        raise InputError(f"Expected split 'train' or 'test', got {split!r}.")
    paths = [path for name in NAMES[split] if (path := _path(folder, name))]
    if len(paths) < len(NAMES[split]):
        raise InputError(_missing(folder, split))
    raw = dict(zip(NAMES[split], map(_read, paths)))
    if known := {EMBEDDED: MNIST_MD5, FASHION: FASHION_MD5}.get(folder):
        for name, content in raw.items():
            if hashlib.md5(content, usedforsecurity=False).hexdigest() != known[name]:
                raise InputError(f"{folder / name}.gz is damaged (its hash is wrong). Install ganbook again.")
    images, labels = (_parse(content, path) for content, path in zip(raw.values(), paths))
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or len(images) == 0:
        raise InputError(
            f"Expected images (n, h, w) and as many labels (n,) in {folder}, got {tuple(images.shape)} and "
            f"{tuple(labels.shape)}. The two files do not belong together."
        )
    digest = hashlib.md5(b"".join(raw.values()), usedforsecurity=False).hexdigest()
    return images, labels.long(), digest


def locate(folder: Path, name: str = "*") -> Path | None:
    """Return the folder of a set's files: `folder`, the folder raw in it, or NAME/raw, as torchvision has them.

    One of the four files is enough, plain or with the ending .gz. None if there is none.

    Raises InputError if there are several such sets below `folder`.
    """
    if not os.path.isdir(folder):
        return None
    places = [folder, folder / "raw", *sorted(folder.glob(f"{name}/raw"))]
    found = [place for place in places if any(_path(place, file) for pair in NAMES.values() for file in pair)]
    if len(found) > 1 and found[0] != folder:
        raise InputError(f"Expected one set of images in {folder}, found {' and '.join(map(str, found))}. Name one.")
    return found[0] if found else None


def place(folder: Path, name: str, download: bool) -> Path:
    """Return the folder of the files of torchvision's set `name` in or below `folder`, downloaded there if asked."""
    return _download(folder, name) if download else locate(folder, name) or folder


def _download(folder: Path, name: str) -> Path:
    """Let torchvision download MNIST, or FashionMNIST, below `folder`; return the folder of its four files.

    Raises InputError if none of torchvision's mirrors answers; what was downloaded before stays where it is.
    """
    from torchvision import datasets  # torchvision takes a second to import and only this needs it

    try:
        getattr(datasets, name)(folder, download=True)
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"{name} could not be downloaded into {folder} ({error}). Leave out download=True to use what comes with "
            "ganbook, or name a folder that holds the four files."
        ) from error
    return folder / name / "raw"


def _path(folder: Path, name: str) -> Path | None:
    """Where the file `name` is: plain or with the ending .gz, or called train-images.idx3-ubyte, as Kaggle has it."""
    names = (name, name.replace("-idx", ".idx"))
    return next((path for n in names for path in (folder / n, folder / f"{n}.gz") if os.path.isfile(path)), None)


def _missing(folder: Path, split: str) -> str:
    """The message for files of `split` that are not in `folder`: which are missing, which are there, what to do."""
    if not os.path.isdir(folder):
        return not_a_folder(folder)
    missing = [name for name in NAMES[split] if not _path(folder, name)]
    there = {s: [name for name in pair if _path(folder, name)] for s, pair in NAMES.items()}
    other = next(s for s in NAMES if s != split)
    present = ", ".join(there[split] + there[other])
    do = f', or read what is there, with split="{other}"' if len(there[other]) == 2 else ""
    return (
        f"Expected {' and '.join(missing)}, plain or with the ending .gz, in {folder}, found "
        f"{f'only {present}' if present else 'none of the four files'}. Copy what is missing there{do}."
    )


def _read(path: Path) -> bytes:
    """The bytes of one file after gunzip."""
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}). Copy or download it again.") from error


def _parse(content: bytes, path: Path) -> Tensor:
    """The array that an IDX file of unsigned bytes holds."""
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise InputError(f"{path} is not an IDX file of unsigned bytes, the format of MNIST's four files.")
    start = 4 + 4 * content[3]
    shape = struct.unpack(f">{content[3]}I", content[4:start]) if len(content) >= start else ()
    size = len(content) - start
    expected = math.prod(shape)
    if not shape or size != expected or not expected:
        raise InputError(f"{path} is damaged: its header promises {expected} bytes, {max(size, 0)} are there.")
    return torch.frombuffer(bytearray(content[start:]), dtype=torch.uint8).reshape(shape)
