"""A folder of PNG and JPEG files as one tensor of bytes; a file that does not fit is named, never skipped."""

import math
import os
import warnings
from collections import Counter
from itertools import compress
from pathlib import Path
from typing import cast

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ganbook.base.errors import InputError
from ganbook.data.file_kinds import kind, not_a_folder
from ganbook.data.images import Images

FORMATS = ("PNG", "JPEG")  # also MPO, a JPEG of a telephone with a preview or the picture of a second lens behind it
MODES = ("1", "L", "LA", "P", "RGB", "RGBA")  # what Pillow calls 8 bits or fewer a channel, grey or RGB
SYSTEM = ("thumbs.db", "desktop.ini")  # what Windows hides, as others hide names that start with a dot
ORIENTATION = 0x0112  # the tag of EXIF in which a camera notes how it was held; 1 is upright
NAMED = 10  # unfit files of one kind, and kinds, that a message lists; it counts the others
REDUCED = "reduced"
STEPS = (  # what may be done to an image, in this order
    "the first of several pictures",
    "turned upright",
    "colour made grey",
    "grey repeated in three channels",
    "cropped to the middle square",
    REDUCED,
)


class Folder(Images):
    """Your own images: every PNG and JPEG below `folder`, brought to `size` and to 1 or 3 channels.

    Each image is turned upright, its largest square in the middle is kept and reduced to `size`; `channels` 1 makes
    colour grey. So a portrait loses its top and bottom: `print(data)` says how many images were cropped, reduced, and
    made grey. `classes` are the names of the folders that the images lie in; images that all lie in one folder have no
    classes. Ink that is dark on bright paper becomes MNIST's white on black by Images(255 - data.images, data.labels).

    `read_folder` says more of what is done, and which files are refused. rotate: see Images.

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
        if size < 1 or channels not in (1, 3):
            raise InputError(f"Expected size >= 1 and 1 or 3 channels, got size {size} and {channels} channels.")
        images, labels, classes, notes = read_folder(Path(folder), size, channels)
        sorted_in = len(classes) > 1  # into folders
        super().__init__(
            images,
            labels if sorted_in else None,
            classes=classes if sorted_in else None,
            rotate=rotate,
            device=device,
        )
        self.notes = notes


def read_folder(folder: Path, size: int, channels: int) -> tuple[Tensor, Tensor, tuple[str, ...], tuple[str, ...]]:
    """Read every image below `folder`: uint8 (n, size, size), or (n, 3, size, size), and labels int64 (n,).

    Also returns the classes, which are the folders that the images lie in, and notes on what was done to the images.

    The order is that of the paths, compared as text. The label is the number, in the same order, of the folder that the
    image lies in. Of each image, turned upright as its camera noted, the largest square in the middle is kept and
    reduced to `size` (bilinear with antialiasing). channels: 1 makes colour grey by its luma (ITU-R 601), 3 repeats
    grey. A JPEG of several pictures, as telephones write them (MPO), counts as its first. Files and folders whose names
    start with a dot are passed over, and so are the two that Windows hides. A link to a file is that file.

    Raises InputError, which lists them, if there are files that cannot be used: no PNG or JPEG, damaged, smaller than
    `size`, partly transparent, a PNG of several pictures, more than 8 bits a channel, in other colours than grey or
    RGB, so large that Pillow suspects an attack, links to folders or to nothing, or folders that may not be read.
    """
    names = _names(folder)
    images = torch.empty(len(names), *([channels] if channels > 1 else []), size, size, dtype=torch.uint8)
    done, sizes, unfit = Counter[str](), set(), {}  # what was done how often; width and height; name -> what is wrong
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for i, name in enumerate(names):
            try:
                images[i], steps, before = _read(folder / name, size, "L" if channels == 1 else "RGB")
                done.update(steps)
                sizes |= {before} if REDUCED in steps else set()
            except UnidentifiedImageError:
                unfit[name] = _stranger(folder / name)
            except InputError as error:
                unfit[name] = str(error)
            except Exception as error:  # of a damaged file Pillow raises whatever its parser came upon
                unfit[name] = f"cannot be read ({' '.join(str(error).split()) or type(error).__name__})"
    if unfit:
        raise InputError(_refusal(folder, len(names), unfit, size))
    parents = [name.rpartition("/")[0] for name in names]
    number = {parent: y for y, parent in enumerate(sorted(set(parents)))}
    labels = torch.tensor([number[parent] for parent in parents])
    return images, labels, tuple(parent or "." for parent in number), _notes(done, sizes, len(names))


def _names(folder: Path) -> list[str]:
    """The paths below `folder` of all that should be images, relative and in order."""
    if not os.path.isdir(folder):
        raise InputError(not_a_folder(folder))
    found = (path.relative_to(folder) for path in folder.rglob("*") if _counts(path))
    names = sorted(path.as_posix() for path in found if path.name.lower() not in SYSTEM)
    names = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    if not names:
        held = "only hidden files" if any(map(os.path.isfile, folder.rglob("*"))) else "no files"
        raise InputError(
            f"Expected PNG or JPEG images in {folder}, or the four files of a set like MNIST, found neither: there are "
            f"{held} in it."
        )
    return names


def _counts(path: Path) -> bool:
    """Say whether `path` is a file, or should be named because it is none: a link elsewhere, or a closed folder."""
    closed = os.path.isdir(path) and not os.access(path, os.R_OK | os.X_OK)
    return os.path.isfile(path) or os.path.islink(path) or closed


def _read(path: Path, size: int, mode: str) -> tuple[Tensor, list[str], tuple[int, int]]:
    """One image as bytes, (size, size) or (3, size, size), what was done to it, and its width and height before.

    Raises InputError, which says what is wrong with it.
    """
    with Image.open(path, formats=FORMATS) as image:
        w, h = image.size
        if min(w, h) < size:
            raise InputError(f"has {w}x{h} pixels, fewer than {size}x{size}")
        pictures = getattr(image, "n_frames", 1)
        if pictures > 1 and image.format != "MPO":
            raise InputError(f"holds {pictures} pictures")
        if (image.format == "PNG" and _bits(path) > 8) or image.mode not in MODES:
            raise InputError(f"is neither grey nor RGB with 8 bits a channel (Pillow's mode {image.mode})")
        if ("A" in image.mode or "transparency" in image.info) and _alpha(image) < 255:
            raise InputError("is partly transparent")
        grey, turned = image.mode in ("1", "L", "LA"), image.getexif().get(ORIENTATION, 1) in range(2, 9)
        upright = ImageOps.exif_transpose(image).convert(mode)
        w, h = upright.size
        side = min(w, h)
        left, top = (w - side) // 2, (h - side) // 2
        square = upright.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BILINEAR)
    taken = (pictures > 1, turned, mode == "L" and not grey, mode == "RGB" and grey, w != h, side > size)
    pixels = torch.from_numpy(np.array(square))
    pixels = pixels if mode == "L" else pixels.permute(2, 0, 1)  # (size, size, 3) -> (3, size, size)
    return pixels, list(compress(STEPS, taken)), (w, h)


def _bits(path: Path) -> int:
    """Bits a channel of a PNG, from its header: Pillow halves those of a 16-bit RGB image without a word."""
    with open(path, "rb") as file:
        return file.read(25)[24]


def _alpha(image: Image.Image) -> int:
    """The lowest opacity of a pixel, 0 to 255."""
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return cast(int, lowest)  # of one channel


def _notes(done: Counter, sizes: set[tuple[int, int]], n: int) -> tuple[str, ...]:
    """What was done to how many of n images, in the order in which it is done."""
    ends = [f(sizes, key=math.prod) for f in (min, max)] if sizes else []  # the smallest and the largest reduced
    before = " to ".join(f"{w}x{h}" for w, h in dict.fromkeys(ends))
    return tuple(
        f"{step}{f' from {before}' if step == REDUCED else ''} in {done[step]:,} of {n:,}"
        for step in STEPS
        if done[step]
    )


def _stranger(path: Path) -> str:
    """What is wrong with a file that Pillow does not take for a PNG or JPEG."""
    found = kind(path)
    return "is {}: {}".format(*found) if found else "is no PNG or JPEG image"


def _refusal(folder: Path, n: int, unfit: dict[str, str], size: int) -> str:
    """The message that names files and what is wrong with them; files of one kind stand together."""
    first, reason = next(iter(unfit.items()))
    if len(unfit) == n and all(reason.startswith("has ") for reason in unfit.values()):
        return (
            f"Expected images of {size}x{size} pixels or more in {folder}, and all {n:,} are smaller: {_shown(first)} "
            f"{reason}. Ask for a smaller size, or take larger images."
        )
    alike: dict[str, list[str]] = {}
    for name, reason in unfit.items():
        alike.setdefault(reason, []).append(_shown(name))
    kinds = [
        f"{_first(names)}, each {reason}" if len(names) > 1 else f"{names[0]} {reason}"
        for reason, names in alike.items()
    ]
    return (
        f"{len(unfit):,} of the {n:,} files in {folder} cannot be used: {_first(kinds, '; ')}. "
        "Convert them, or move them elsewhere."
    )


def _first(said: list[str], between: str = ", ") -> str:
    """The first of what there is to say, and how much more there is."""
    more = [f"and {len(said) - NAMED:,} more"] if len(said) > NAMED else []
    return between.join([*said[:NAMED], *more])


def _shown(name: str) -> str:
    """A name without what would break a line or the terminal."""
    return repr(name)[1:-1]
