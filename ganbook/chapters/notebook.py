"""What the notebooks of the book share: a budget of steps, claims that are checked, numbers that the text prints.

What a claim or a number displays is stored with the notebook, in a form that programs read ("Formats" in
CONTRIBUTING.md).
"""

import functools
import math
import os
import platform
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import matplotlib.pyplot as plt
import torch
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure
from torch import nn
from tqdm.auto import tqdm

from ganbook.base import devices, validate
from ganbook.base.errors import InputError
from ganbook.models.sampling import fixed_noise, sample
from ganbook.training.loop import Record
from ganbook.viewing.plots import show_grid

SMOKE_STEPS = 2
CLAIM = "application/vnd.ganbook.claim+json"  # the type of a claim's record, beside text/plain
GLUE = "application/papermill.record/"  # what MyST-NB's glue writes before the type of a value that is not shown

devices.flush_denormals()


def smoke() -> bool:
    """Say whether this is a quick trial (environment variable GANBOOK_SMOKE=1), as the tests make it."""
    return os.environ.get("GANBOOK_SMOKE") == "1"


def strict() -> bool:
    """Say whether a claim that fails is an error (GANBOOK_STRICT=1), as it is where the book's outputs are made."""
    return os.environ.get("GANBOOK_STRICT") == "1"


def budget(full: int, few: int = SMOKE_STEPS) -> int:
    """Return `full`, or at most `few` in a quick trial, where the numbers and pictures mean nothing."""
    return min(full, few) if smoke() else full


class Shown:
    """A line of text, displayed with other data beside it; where there is no notebook, only the line."""

    def __init__(self, line: str, data: Mapping[str, object], metadata: Mapping[str, object] | None = None):
        self.line, self.data, self.metadata = line, data, metadata or {}

    def __repr__(self) -> str:
        return self.line

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return dict(self.data), dict(self.metadata)


def claim(
    holds: bool,
    sentence: str,
    *,
    values: Mapping[str, float] | None = None,
    seeds: Sequence[int] = (),
    n: int | None = None,
) -> None:
    """Show whether `sentence`, on which the text relies, holds, and store a record of it with the cell's outputs.

    A claim that fails says so and lets the notebook go on: another seed, or fewer steps, may well end otherwise. Where
    the book's own outputs are made (GANBOOK_STRICT=1) it raises AssertionError. In a quick trial networks are hardly
    trained, so there the sentence is only shown as not checked.

    values: what was measured, by name. seeds: those of the runs. n: how many images or runs a value is taken over.
    Raises InputError if `holds` is not one truth value, `sentence` no text, or a value no number.
    """
    holds = _truth(holds, sentence)
    measured = {name: _number(name, value) for name, value in (values or {}).items()}
    if strict() and not smoke() and not holds:
        raise AssertionError(f"does not hold here: {sentence}")
    line = f"holds: {sentence}" if holds else _denied(sentence)
    line = f"not checked: {sentence}" if smoke() else line
    given = {
        "values": {name: value if math.isfinite(value) else str(value) for name, value in measured.items()},
        "seeds": list(seeds),
        "n": n,
    }
    record: dict[str, Any] = {"sentence": sentence, "holds": None if smoke() else holds}
    record |= {key: value for key, value in given.items() if value}
    display(Shown(line, {"text/plain": line, CLAIM: record | {"ran_on": ran_on()}}))


def verify(holds: bool, sentence: str) -> None:
    """Say so if `sentence` is false here; say nothing if it is true.

    For what needs no training: two ways to compute one thing agree, a layer has as many weights as the text counts. So
    a quick trial checks it too. Where the book is built or tested (GANBOOK_STRICT=1 or GANBOOK_SMOKE=1) a sentence that
    is false raises AssertionError; in a reader's hands, where a size or a device may be another, the notebook goes on.
    Raises InputError if `holds` is not one truth value or `sentence` no text.
    """
    if _truth(holds, sentence):
        return
    if strict() or smoke():
        raise AssertionError(f"does not hold here: {sentence}")
    print(_denied(sentence))


def number(name: str, value: float, form: str = "{}") -> str:
    """Store `value`, written as `form` says, under `name` with the cell's outputs, and return it as text.

    A sentence of the chapter then prints it with {glue:text}`name`, so that no measured number is typed. Nothing is
    shown; what is stored is what MyST-NB's `glue` would store, and MyST-NB need not be there.

    name: letters, digits and hyphens, once in a chapter. form: a format with one place, such as "{:.1f} seconds".
    Raises InputError if `name`, `value` or `form` cannot be used.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
        raise InputError(f"Expected a name of letters, digits and hyphens, such as 'dcgan-distance', got {name!r}.")
    try:
        text = form.format(value.item() if isinstance(value, torch.Tensor) else value)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"Expected a value and a form that fits it, such as '{{:.1f}}', got {form!r}: {error}."
        ) from None
    # VS Code complains about an output of which it knows no type; an empty text/html keeps it quiet.
    data = {f"{GLUE}text/plain": text, "text/html": ""}
    if get_ipython():
        display(Shown("", data, {"scrapbook": {"name": name, "mime_prefix": GLUE}}), exclude=["text/plain"])
    return text


def _truth(holds: bool, sentence: str) -> bool:
    if not isinstance(sentence, str) or not sentence.strip():
        raise InputError(f"Expected a sentence that says what holds, got {validate.got(sentence)}.")
    try:
        return bool(holds)
    except (RuntimeError, ValueError):  # a tensor or an array of several
        raise InputError(
            f"Expected holds to be one truth value, got {validate.got(holds)}: take .all() or .any() of it."
        ) from None


def _number(name: str, value: float) -> float:
    try:
        return float(value)
    except (RuntimeError, TypeError, ValueError):
        raise InputError(f"Expected values that are numbers, got {name} = {validate.got(value)}.") from None


def _denied(sentence: str) -> str:
    return f"did not hold in this run: {sentence} (the book's run: it did)"


@functools.cache
def ran_on() -> dict[str, str]:
    """The versions and the machine that a record names."""
    parts = [platform.system(), platform.machine(), f"{torch.get_num_threads()} threads", devices.accelerator()]
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "machine": ", ".join(part for part in parts if part),
    }


def progress(
    records: Iterable[Record], steps: int, G: nn.Module | None = None, *, every: int = 200, n: int = 32, seed: int = 0
) -> Iterator[Record]:
    """Pass the records of `train(...)` through, with a progress bar, and a picture of `n` samples every `every` steps.

    The bar shows the losses and the real images seen a second. The samples are G's answers to the same noise each
    time, so a digit can be watched as it forms; looking changes nothing in the training.

    Raises InputError if `every` or `n` is less than 1.
    """
    validate.at_least(1, "every", every)
    handle = None
    z = fixed_noise(G, n, seed=seed) if G is not None else None
    began = time.perf_counter()
    with tqdm(total=steps, unit="step") as bar:
        for i, record in enumerate(records, start=1):
            if i % max(1, min(every, 50)) == 0 or i == steps:
                losses = {name: f"{record[name]:.2f}" for name in ("d_loss", "g_loss") if name in record.values}
                rate = record.images / record.step * i / (time.perf_counter() - began)
                bar.set_postfix(losses | {"images/s": f"{rate:,.0f}"}, refresh=False)
            bar.update()
            if G is not None and (i % every == 0 or i == steps):
                figure = show_grid(sample(G, z=z), columns=16, title=f"step {record.step:,}").figure
                if handle is None:
                    handle = display(figure, display_id=True)
                else:
                    handle.update(figure)
                plt.close(cast(Figure, figure))  # or the notebook would show it once more at the end of the cell
            yield record
