"""Files of tensors and plain values that carry their own hash, and from which nothing else is ever unpickled."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganbook.base.errors import GanbookError, InputError
from ganbook.base.files import replace


def write(path: str | Path, content: dict[str, Any], *, format: str) -> str:
    """Write `content`, its `format` and its hash to `path`, whole or not at all; return the hash.

    Raises InputError if the folder cannot be written to.
    """
    content = {"format": format, **content}
    sha256 = _digest(content)
    with replace(path) as file:
        torch.save({**content, "sha256": sha256}, file)
    return sha256


def read(path: str | Path, *, format: str, kind: str) -> dict[str, Any]:
    """Return the content of the file at `path`, "sha256" included, once it is known to match its hash.

    Only tensors and plain values are unpickled (`weights_only=True`). kind: what the file should be, for the messages.
    Raises InputError if the file is missing, damaged, or of another format.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(f"There is no {kind} at {path}.") from error
    except Exception as error:  # on damaged bytes an unpickler raises whatever it came upon
        reason = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise InputError(f"{path} is damaged or not a {kind} of ganbook ({reason}).") from error
    if not isinstance(content, dict) or content.get("format") != format:
        raise InputError(f"{path} is not a {kind} of ganbook (expected {format!r} in it).")
    sha256 = content.pop("sha256", None)
    if sha256 != _digest(content):
        raise InputError(f"{path} is damaged: its content does not match its hash. Use an earlier {kind}.")
    return {**content, "sha256": sha256}


@contextmanager
def understood(path: str | Path, *, kind: str) -> Iterator[None]:
    """Within the block, what goes wrong with a content becomes an InputError: a hash can be right and the rest not."""
    try:
        yield
    except GanbookError:
        raise
    except Exception as error:  # a missing part, a weight of another shape
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise InputError(f"{path} does not hold what a {kind} of ganbook does ({reason}).") from error


def _digest(value: Any) -> str:
    """SHA-256 over nested dicts and lists of tensors and plain values."""
    sha = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, Tensor):
            sha.update(f"{value.dtype}{tuple(value.shape)}".encode())
            sha.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        elif isinstance(value, dict):
            for key, item in value.items():
                sha.update(repr(key).encode())
                add(item)
        elif isinstance(value, list | tuple):
            for item in value:
                add(item)
        else:
            sha.update(repr(value).encode())

    add(value)
    return sha.hexdigest()
