"""Measurements that take too long for a notebook: made once by a committed command, stored with the package.

Each is a JSON file whose entry "command" remakes it, with a sheet of samples (PNG) beside it where there is one.
"""

import json
from pathlib import Path
from typing import Any

from ganbook.errors import InputError

FOLDER = Path(__file__).parent / "assets" / "results"


def load(name: str) -> dict[str, Any]:
    """Return the stored measurement `name`. Raises InputError, which lists the names, if there is none."""
    names = sorted(path.stem for path in FOLDER.glob("*.json"))
    if name not in names:
        raise InputError(f"There is no result {name!r}. There are {', '.join(names)}.")
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def picture(name: str) -> Any:
    """Return the sheet of samples of the measurement `name` as an array (H, W) of grey values in [0, 1]."""
    from matplotlib.image import imread  # not for those who only want the numbers

    load(name)
    pixels = imread(FOLDER / f"{name}.png")
    return pixels[..., 0] if pixels.ndim == 3 else pixels
