"""Arrays that a user has, as the tensors that Images keeps: bytes and class numbers, or the line that makes them so."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganbook.base.errors import InputError

HIGHEST = 99_999  # a label above it is the number of something else, not of a class


def as_bytes(images: Any) -> Tensor:
    """Return `images`, a tensor or NumPy array, as uint8 (n, h, w) or (n, c, h, w).

    (n, h, w, 3) and (n, h, w, 1), as Keras and TensorFlow have them, become (n, c, h, w).

    Raises InputError for other shapes, for numbers that are no bytes, and for bytes that are all 0 or 1. The message
    ends in the line to write, where the numbers say how they are meant.
    """
    if hasattr(images, "targets") and hasattr(images, "data"):
        raise InputError(
            f"Expected images as a tensor, got the data set {type(images).__name__}. If it is torchvision's, write "
            "Images(dataset.data, dataset.targets)."
        )
    if not isinstance(images, Tensor | np.ndarray):
        raise InputError(f"Expected images as a tensor or a NumPy array, got {type(images).__name__}.")
    name = "images" if isinstance(images, Tensor) else "torch.tensor(images)"  # in the line that a message ends in
    images = _tensor(images, "images")
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise InputError(f"Expected images (n, h, w) or (n, c, h, w), got {tuple(images.shape)}.{_reshaped(images)}")
    if images.dtype != torch.uint8:
        raise InputError(
            "Expected images as bytes, uint8 from 0 (black) to 255 (white), got "
            f"{images.dtype}{_range(images)} {_line(images, name)}."
        )
    if images.max() == 1:
        raise InputError(
            "Expected images as bytes from 0 (black) to 255 (white), got only 0 and 1, which are both black. Write "
            "Images(255 * images)."
        )
    channels_last = images.ndim == 4 and images.shape[3] in (1, 3) and images.shape[1] not in (1, 3)
    return images.permute(0, 3, 1, 2).contiguous() if channels_last else images  # (n, h, w, c) -> (n, c, h, w)


def as_labels(labels: Any, n: int) -> Tensor:
    """Return `labels`, whole numbers (n,) or (n, 1) of any type in a tensor, array or list, as int64 (n,).

    Raises InputError for other shapes, text, fractions, negative numbers and numbers too large for a class. The message
    ends in the line to write.
    """
    if not isinstance(labels, Tensor | np.ndarray | Sequence):
        raise InputError(f"Expected labels as a tensor, a NumPy array or a list, got {type(labels).__name__}.")
    text = [] if isinstance(labels, Tensor) else [y for y in labels if isinstance(y, str)]
    if text:
        raise InputError(
            f"Expected labels as whole numbers, got text such as {str(text[0])!r}. Write names = sorted(set(labels)), "
            "then Images(images, [names.index(y) for y in labels], classes=names)."
        )
    name = "labels" if isinstance(labels, Tensor) else "torch.tensor(labels)"
    labels = _tensor(labels, "labels")
    labels = labels.squeeze(1) if labels.shape == (n, 1) else labels
    if labels.shape != (n,):
        one_hot = labels.ndim == 2 and len(labels) == n and labels.shape[1]
        hint = f" If a row holds a 1 at its class, write Images(images, {name}.argmax(1))." if one_hot else ""
        raise InputError(f"Expected labels ({n},), one for each image, got {tuple(labels.shape)}.{hint}")
    if labels.is_floating_point() or labels.is_complex():
        raise InputError(
            f"Expected labels as whole numbers, got {labels.dtype}. If they are whole, write "
            f"Images(images, {name}.long())."
        )
    labels = labels.long()
    low, high = int(labels.min()), int(labels.max())
    if low < 0:
        raise InputError(
            f"Expected labels of 0 or more, got {low}. If it marks images without a label, leave these out: write "
            f"Images(images[{name} >= 0], {name}[{name} >= 0])."
        )
    if high > HIGHEST:
        raise InputError(
            f"Expected labels that number the classes from 0 up, got {high:,}. Renumber them: write "
            f"Images(images, torch.unique({name}, return_inverse=True)[1])."
        )
    return labels


def _tensor(values: Tensor | np.ndarray | Sequence, name: str) -> Tensor:
    """`values` themselves if they are a tensor, else a copy of them."""
    if isinstance(values, Tensor):
        return values
    try:
        return torch.tensor(np.ascontiguousarray(values))
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"Expected {name} as an array of numbers, got one that is none ({error}).") from error


def _reshaped(images: Tensor) -> str:
    """The line that makes images of flat rows, or a set of one image."""
    if images.ndim != 2 or 0 in images.shape:
        return ""
    side = math.isqrt(images.shape[1])
    if side * side == images.shape[1] and side > 4:  # a row of 25 numbers may be an image, 4 or 16 are too few
        return f" If a row is an image, write Images(images.reshape(-1, {side}, {side}))."
    return " If it is one image, write Images(images[None])."


def _range(images: Tensor) -> str:
    """From where to where numbers go that are no bytes."""
    if images.dtype == torch.bool or images.is_complex():
        return "."
    values = images.float()
    if not values.isfinite().all():
        return " with NaN or infinity."
    return f" from {values.min():.6g} to {values.max():.6g}."


def _line(images: Tensor, name: str) -> str:
    """The line that makes bytes of numbers that are none; they are called `name` in it."""
    if images.is_complex():
        return "Take their absolute values and scale these"
    values = images.float()
    if not values.isfinite().all():
        return "Look for where these come from"
    low, high = float(values.min()), float(values.max())
    exact = name if images.is_floating_point() else f"{name}.float()"
    if low >= 0 and high <= 1:
        made = f"255 * {exact}"
    elif low >= -1 and high <= 1:
        made = f"127.5 * ({exact} + 1)"
    elif low >= 0 and 64 <= high <= 255:
        return f"Write Images({exact}.round().byte())"
    elif low >= 0:  # 16 bits, or the 17 levels of scikit-learn's digits
        return f"If {high:.10g} is white, write Images((255 / {high:.10g} * {exact}).round().byte())"
    else:
        made = f"255 * ({exact} - {name}.min()) / ({name}.max() - {name}.min())"
    return f"Write Images(({made}).round().byte())"
