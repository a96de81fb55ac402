"""Measurements that take too long for a notebook: made once by a committed command, stored with the package.

Each is a JSON file whose entry "command" remakes it, with a sheet of samples (PNG) beside it where there is one.
"""

import json
from pathlib import Path
from typing import Any

from ganbook.base.errors import InputError
from ganbook.base.files import ASSETS

FOLDER = ASSETS / "results"


def load(name: str) -> dict[str, Any]:
    """Return the stored measurement `name`. Raises InputError if it is not there or damaged."""
    names = sorted(path.stem for path in FOLDER.glob("*.json"))
    if name not in names:
        raise InputError(f"There is no result {name!r}. There are {', '.join(names)}.")
    path = FOLDER / f"{name}.json"
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise InputError(_damaged(path)) from error


def picture(name: str) -> Any:
    """Return the sheet of samples of the measurement `name` as an array (H, W) of grey values in [0, 1]."""
    from matplotlib.image import imread  # not for those who only want the numbers

    load(name)
    path = FOLDER / f"{name}.png"
    try:
        pixels = imread(path)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(_damaged(path)) from error
    return pixels[..., 0] if pixels.ndim == 3 else pixels


def _damaged(path: Path) -> str:
    return f"{path} is damaged. It came with the package: install ganbook again, or `git checkout` the file."
