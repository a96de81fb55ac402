"""The minibatches of a training: from ganbook's data, or from any iterable of x or (x, y), such as a DataLoader."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ganbook.base import distributed, seeds, validate
from ganbook.base.errors import InputError, warn
from ganbook.data import Data

Batch = tuple[Tensor, Tensor | None]
WRAP = "DataLoader(dataset, batch_size=64, shuffle=True)"
END = object()


def minibatches(
    data: Data | Iterable, m: int | None, *, seed: int, start: int, needed: int, device: torch.device
) -> Iterator[Batch]:
    """Return an iterator over minibatches x (m, ...) and their labels y (m,), or None without labels.

    data: has a method batches(m, seed=, start=), or is an iterable, which is started again at the end of an epoch and
        whose tensors are moved to `device`. What it draws from torch's global generator, as a DataLoader that shuffles
        does, belongs to the seed and to the number of the minibatch.
    start, needed: how many minibatches were taken before and will be asked for.

    Raises InputError if data is neither, or m is missing; and later if the data end too soon, or are not tensors.
    """
    _refuse_what_has_no_minibatches(data)
    if not hasattr(data, "batches"):
        if distributed.count() > 1:
            raise InputError(
                f"Several ranks share out minibatches that each of them can draw for itself, and a "
                f"{type(data).__name__} does not promise that. Use data with a method batches, such as ganbook.Images."
            )
        if start:
            warn(
                f"A {type(data).__name__} cannot be started in its middle: noise goes on where it was, the images "
                "begin anew. So this training does not end as an uninterrupted one would; with ganbook.Images it does."
            )
        return _of_iterable(data, None if m is None else validate.whole(1, "m", m), seed, needed, device)
    if m is None:
        raise InputError("Expected m, the number of images in a minibatch, such as m=64.")
    return _of_data(data.batches(validate.whole(1, "m", m), seed=seed, start=start))


def _refuse_what_has_no_minibatches(data: Any) -> None:
    name = type(data).__name__
    if isinstance(data, type):
        raise InputError(f"Expected data, got the class {data.__name__}. Make an object of it: {data.__name__}(...).")
    if hasattr(data, "batches"):
        return
    if isinstance(data, Tensor | np.ndarray):
        raise InputError(
            f"Expected minibatches, got a single {name} {tuple(data.shape)}. For images as bytes make data of it with "
            "ganbook.Images(images, labels), else DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)."
        )
    if isinstance(data, Dataset) or (hasattr(data, "__getitem__") and not hasattr(data, "__iter__")):
        raise InputError(f"Expected minibatches, got a {name}, which gives one image at a time. Wrap it: {WRAP}.")
    if isinstance(data, str | bytes | Mapping) or not isinstance(data, Iterable):
        raise InputError(
            "Expected data with a method batches, such as ganbook.Digits(), or an iterable of minibatches x or (x, y), "
            f"such as {WRAP}, got a {name}."
        )
    if isinstance(data, tuple | list) and [getattr(part, "ndim", 0) for part in data[1:]] == [1]:
        raise InputError(
            "Expected minibatches, got one pair of all images and all labels. Make minibatches of it: "
            "DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)."
        )


def _of_data(batches: Iterator) -> Iterator[Batch]:
    taken = 0
    for batch in batches:
        taken += 1
        yield _pair(batch)
    raise InputError(f"The data gave {taken} minibatches and no more. A method batches must give them for ever.")


def _of_iterable(data: Iterable, m: int | None, seed: int, needed: int, device: torch.device) -> Iterator[Batch]:
    taken, epoch_began = 0, 0
    iterator = None
    while True:
        with seeds.global_draws("data", seed, taken, device=torch.device("cpu")):
            iterator = iter(data) if iterator is None else iterator
            batch = next(iterator, END)
        if batch is not END:
            x, y = _pair(batch)
            x, y = x.to(device, non_blocking=True), None if y is None else y.to(device, non_blocking=True)
            if taken == 0 and m not in (None, len(x)):
                raise InputError(
                    f"The data give minibatches of {len(x)}, and m is {m}. Leave m out, or make it the same."
                )
            taken += 1
            yield x, y
        elif taken == epoch_began:  # nothing came since it was started
            _say_that_it_ended(taken, needed)
        else:
            iterator, epoch_began = None, taken  # the next epoch


def _say_that_it_ended(taken: int, needed: int) -> None:
    if taken == 0:
        raise InputError(
            "Expected data, got an iterable that gives no minibatch. A DataLoader with drop_last=True gives none if "
            "the data set is smaller than its batch_size; an iterator gives its minibatches once."
        )
    raise InputError(
        f"The data ended after {taken} of the {needed} minibatches that this training takes, and cannot be started "
        "again: an iterator gives each minibatch once. Give what it was made from, such as a DataLoader or a list."
    )


def _pair(batch: Any) -> Batch:
    """x and y of one minibatch, y as int64 where it is whole numbers, None where it is missing or no tensor."""
    parts = [batch] if isinstance(batch, Tensor) else batch
    if not isinstance(parts, tuple | list) or not 1 <= len(parts) <= 2 or not isinstance(parts[0], Tensor):
        what = f"a {type(batch).__name__}"
        if isinstance(batch, Mapping):
            what += f" with {', '.join(map(str, batch))}"
        elif isinstance(batch, tuple | list):
            what += f" of {', '.join(type(part).__name__ for part in batch)}"
        raise InputError(
            f"Expected minibatches x or (x, y) of tensors, got {what}. Choose its parts: in a collate_fn of the "
            "DataLoader, or in a class whose __iter__ yields x, y."
        )
    if parts[0].ndim == 0 or len(parts[0]) == 0:
        raise InputError(f"Expected minibatches with at least one image, got {tuple(parts[0].shape)}.")
    x, y = parts[0], parts[1] if len(parts) == 2 else None
    if not isinstance(y, Tensor):
        return x, None
    if y.shape[:1] != x.shape[:1]:
        raise InputError(f"Expected a label for each of {len(x)} images of a minibatch, got y {tuple(y.shape)}.")
    whole = not (y.is_floating_point() or y.is_complex() or y.dtype == torch.bool)
    return x, y.long() if whole else y
