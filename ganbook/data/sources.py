"""Which images a name means: what `ganbook train --data` takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ganbook.data import idx
from ganbook.data.image_folder import Folder
from ganbook.data.images import Images
from ganbook.data.mnist import Digits, Fashion
from ganbook.data.stacked import Stacked

# What comes with the package beside MNIST. Each is called with size=, rotate= and device=.
NAMED: dict[str, Callable[..., Images]] = {"fashion": Fashion}


def find(
    source: str | Path | None = None,
    *,
    size: int = 28,
    channels: int = 1,
    rotate: float = 0.0,
    device: torch.device | str = "cpu",
) -> Images | Stacked:
    """Return the training images that `source` names, in that form: Images, or Stacked.

    source: None for MNIST; a name in NAMED, such as "fashion" for the 10,000 images of Fashion-MNIST that come with the
        package; else a folder, of MNIST's four files or of PNG and JPEG files. The folder that torchvision's MNIST or
        FashionMNIST was downloaded into will do, too. (A folder that is called fashion is Path("fashion"), or
        ./fashion.)
    channels: 3 asks for colour, which sets in four files do not have: they are stacked (see Stacked).

    Raises InputError if there is no such folder, or what is in it cannot be used.
    """
    options: dict[str, Any] = {"size": size, "rotate": rotate, "device": device}
    place = None if source is None or source in NAMED else idx.locate(Path(source))
    if source in NAMED:
        grey: Images = NAMED[source](**options)
    elif source is None:
        grey = Digits(**options)
    elif place is None:
        return Folder(source, channels=channels, **options)
    else:
        kind = Fashion if place.parent.name == "FashionMNIST" else Digits
        grey = kind("train", folder=place, **options)
    return grey if channels == 1 else Stacked(grey)
