"""Writing a file whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ganbook.base.errors import InputError

ASSETS = Path(__file__).parents[1] / "assets"  # what comes with the package: data, weights, the book's stored results


@contextmanager
def replace(path: str | Path) -> Iterator[BinaryIO]:
    """Give a file to write to; `path` becomes it when the block ends, and stays what it was if the block fails.

    The bytes go to a temporary file beside `path`, which is then renamed: a reader, or a machine that loses power,
    sees the old content or the new, never half of one.

    Raises InputError if the folder is missing or cannot be written to, or the disk is full.
    """
    path = Path(path)
    if not path.name or "\0" in path.name:
        raise InputError(f"Expected the name of a file to write, got {str(path)!r}.")
    if os.path.exists(path) and not os.path.isfile(path):  # root could put a file in the place of /dev/null
        raise InputError(f"{path} cannot be written: what is there is no file.")
    if not os.path.isdir(path.parent):
        raise InputError(f"There is no folder {path.parent}: make it first, or name another.")
    temporary = path.with_name(f"{path.name}.part")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        # torch.save reports a full disk as RuntimeError
        if isinstance(error, OSError | RuntimeError):
            raise InputError(f"{path} cannot be written ({error}). What it held before is untouched.") from error
        raise
