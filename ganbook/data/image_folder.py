"""A folder of PNG and JPEG files as one tensor of bytes; a file that does not fit is named, never skipped."""

import os
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ganbook.base.errors import InputError
from ganbook.data.images import Images

FORMATS = ("PNG", "JPEG")
MODES = ("1", "L", "LA", "P", "RGB", "RGBA")  # what Pillow calls 8 bits or fewer a channel, grey or RGB
NAMED = 20  # unfit files that a message lists; it counts the others


class Folder(Images):
    """Your own images: every PNG and JPEG below `folder`, brought to `size` and to 1 or 3 channels.

    The label of an image is the number of the folder it lies in. `read_folder` says what is done to an
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
        if size < 1 or channels not in (1, 3):
            raise InputError(f"Expected size >= 1 and 1 or 3 channels, got size {size} and {channels} channels.")
        images, labels = read_folder(Path(folder), size, channels)
        super().__init__(images, labels, rotate=rotate, device=device)


def read_folder(folder: Path, size: int, channels: int) -> tuple[Tensor, Tensor]:
    """Read every image below `folder`: uint8 (n, size, size), or (n, 3, size, size), and labels int64 (n,).

    The order is that of the paths, compared as text. The label is the number, in the same order, of the folder that the
    image lies in. Of each image, turned upright as its camera noted, the largest square in the middle is kept and
    reduced to `size` (bilinear with antialiasing). channels: 1 makes colour grey by its luma (ITU-R 601), 3 repeats
    grey. Files and folders whose names start with a dot are passed over. A link to a file is that file.

    Raises InputError, which lists them, if there are files that cannot be used: no PNG or JPEG, damaged, smaller than
    `size`, partly transparent, more than one picture, more than 8 bits a channel, in other colours than grey or RGB, so
    large that Pillow suspects an attack, links to folders or to nothing, or folders that may not be read.
    """
    if not os.path.isdir(folder):
        raise InputError(f"There is no folder {folder}.")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if _counts(path))
    names = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    if not names:
        raise InputError(
            f"Expected PNG or JPEG images in {folder}, or the four files of a set like MNIST, found neither."
        )
    images = torch.empty(len(names), *([channels] if channels > 1 else []), size, size, dtype=torch.uint8)
    unfit = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for i, name in enumerate(names):
            shown = repr(name)[1:-1]  # a name may hold what would break a line or the terminal
            try:
                images[i] = _read(folder / name, size, "L" if channels == 1 else "RGB")
            except UnidentifiedImageError:
                unfit.append(f"{shown} is no PNG or JPEG image")
            except InputError as error:
                unfit.append(f"{shown} {error}")
            except Exception as error:  # of a damaged file Pillow raises whatever its parser came upon
                unfit.append(f"{shown} cannot be read ({' '.join(str(error).split()) or type(error).__name__})")
    if unfit:
        more = f"; and {len(unfit) - NAMED:,} more" if len(unfit) > NAMED else ""
        raise InputError(
            f"{len(unfit):,} of the {len(names):,} files in {folder} cannot be used: {'; '.join(unfit[:NAMED])}{more}. "
            "Convert them, or move them elsewhere."
        )
    parents = [name.rpartition("/")[0] for name in names]
    number = {parent: y for y, parent in enumerate(sorted(set(parents)))}
    return images, torch.tensor([number[parent] for parent in parents])


def _counts(path: Path) -> bool:
    """Say whether `path` is a file, or should be named because it is none: a link elsewhere, or a closed folder."""
    closed = os.path.isdir(path) and not os.access(path, os.R_OK | os.X_OK)
    return os.path.isfile(path) or os.path.islink(path) or closed


def _read(path: Path, size: int, mode: str) -> Tensor:
    """One image as bytes, (size, size) or (3, size, size). Raises InputError, which says what is wrong with it."""
    with Image.open(path, formats=FORMATS) as image:
        w, h = image.size
        if min(w, h) < size:
            raise InputError(f"has {w}x{h} pixels, fewer than {size}x{size}")
        if getattr(image, "n_frames", 1) > 1:
            raise InputError(f"holds {image.n_frames} pictures")
        if (image.format == "PNG" and _bits(path) > 8) or image.mode not in MODES:
            raise InputError(f"is neither grey nor RGB with 8 bits a channel (Pillow's mode {image.mode})")
        if ("A" in image.mode or "transparency" in image.info) and _alpha(image) < 255:
            raise InputError("is partly transparent")
        image = ImageOps.exif_transpose(image).convert(mode)
        w, h = image.size
        side = min(w, h)
        left, top = (w - side) // 2, (h - side) // 2
        square = image.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(square))
    return pixels if mode == "L" else pixels.permute(2, 0, 1)  # (size, size, 3) -> (3, size, size)


def _bits(path: Path) -> int:
    """Bits a channel of a PNG, from its header: Pillow halves those of a 16-bit RGB image without a word."""
    with open(path, "rb") as file:
        return file.read(25)[24]


def _alpha(image: Image.Image) -> int:
    """The lowest opacity of a pixel, 0 to 255."""
    return image.convert("RGBA").getchannel("A").getextrema()[0]
