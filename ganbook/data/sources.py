"""Which images a name means: what `ganbook train --data` takes."""

from pathlib import Path

import torch

from ganbook.data import idx
from ganbook.data.image_folder import Folder
from ganbook.data.images import Images
from ganbook.data.mnist import Digits, Fashion
from ganbook.data.stacked import Stacked


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
