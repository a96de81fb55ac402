"""How large a measurement is: as the book has it, or a quick trial (GANBOOK_SMOKE=1) that only shows that it runs.

The numbers of a quick trial mean nothing, so it never touches the stored results: it writes to _build/smoke.
"""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TypeVar

from ganbook.chapters import results
from ganbook.chapters.notebook import smoke

T = TypeVar("T")


def sized(full: T, quick: T) -> T:
    """Return `full`, or `quick` in a quick trial."""
    return quick if smoke() else full


def some(variants: Mapping[str, T], n: int = 2) -> dict[str, T]:
    """Return all variants, or the first n in a quick trial."""
    return dict(islice(variants.items(), sized(len(variants), n)))


STORE = sized(results.FOLDER, Path("_build/smoke"))  # where measurements are written
CACHE = sized(Path("_build"), STORE / "cache")  # what a run leaves until all are there: samples, checkpoints
for folder in (STORE, CACHE):
    folder.mkdir(parents=True, exist_ok=True)
