"""What the notebooks of the book share: a budget of steps, claims that are checked, and progress one can watch.

Every chapter imports this module in its first cells, which has PyTorch take the smallest numbers as 0: see
ganbook.base.devices.flush_denormals.
"""

import os
import time
from collections.abc import Iterable, Iterator

import matplotlib.pyplot as plt
from IPython.display import display
from torch import nn
from tqdm.auto import tqdm

from ganbook.base import devices, validate
from ganbook.models.sampling import fixed_noise, sample
from ganbook.training.loop import Record
from ganbook.viewing.plots import show_grid

SMOKE_STEPS = 4

devices.flush_denormals()


def smoke() -> bool:
    """Say whether this is a quick trial (environment variable GANBOOK_SMOKE=1), as the tests make it."""
    return os.environ.get("GANBOOK_SMOKE") == "1"


def budget(steps: int) -> int:
    """Return `steps`, or at most 4 in a quick trial, where the numbers and pictures mean nothing."""
    return min(steps, SMOKE_STEPS) if smoke() else steps


def claim(holds: bool, sentence: str) -> None:
    """Print `sentence`, which the text relies on, if it holds; raise AssertionError if not.

    In a quick trial networks are hardly trained, so there the sentence is only printed as not checked.
    """
    if smoke():
        print(f"not checked: {sentence}")
    else:
        assert holds, f"does not hold here: {sentence}"
        print(f"holds: {sentence}")


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
            if z is not None and (i % every == 0 or i == steps):
                figure = show_grid(sample(G, z=z), columns=16, title=f"step {record.step:,}").figure
                if handle is None:
                    handle = display(figure, display_id=True)
                else:
                    handle.update(figure)
                plt.close(figure)  # or the notebook would show it once more at the end of the cell
            yield record
