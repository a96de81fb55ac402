"""Arrays as users have them: taken where they can mean one thing only, else refused with a line that does the work."""

import re

import numpy as np
import pytest
import torch

from ganbook import Images
from ganbook.base.errors import InputError

BYTES = torch.randint(256, (6, 9, 7), generator=torch.Generator().manual_seed(0)).byte()
BYTES[0, 0, :2] = torch.tensor([0, 255])  # the whole range
LABELS = torch.tensor([2, 0, 1, 1, 0, 2])


def mended(images, labels=None, **more):
    """What the line gives that the error message tells the user to write, with the user's names."""
    with pytest.raises(InputError) as caught:
        Images(images, labels)
    (line,) = re.findall(r"[wW]rite (?:names = .*, then )?(Images\(.*\))\.$", str(caught.value))
    scope = {"Images": Images, "torch": torch, "images": images, "labels": labels, **more}
    if setup := re.search(r"write (names = .*?), then", str(caught.value), re.IGNORECASE):
        exec(setup[1], scope)
    return eval(line, scope)


@pytest.mark.parametrize("make", [lambda x: x, lambda x: x.numpy()], ids=["tensor", "array"])
@pytest.mark.parametrize(
    "change",
    {
        "from 0 to 1": lambda x: x / 255,
        "from -1 to 1": lambda x: x / 127.5 - 1,
        "double": lambda x: x.double() / 255,
        "half": lambda x: x.half(),
        "floats of bytes": lambda x: x.float(),
        "whole numbers": lambda x: x.long(),
        "16 bits": lambda x: x.int() * 257,
        "standardised": lambda x: (x.float() - 33.3) / 78.6,
        "rows": lambda x: x[:, :7].flatten(1),
    }.items(),
    ids=lambda item: item[0],
)
def test_the_line_that_is_named_gives_the_same_images(change, make):
    given = change[1](BYTES)
    expected = BYTES[:, :7] if change[0] == "rows" else BYTES
    assert torch.equal(mended(make(given)).images, expected)


@pytest.mark.parametrize("make", [lambda x: x, lambda x: x.numpy()], ids=["tensor", "array"])
@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int8, torch.int64, torch.float32])
def test_of_two_values_the_larger_becomes_white(dtype, make):
    ink = BYTES > 200
    assert torch.equal(mended(make(ink.to(dtype))).images, ink.byte() * 255)


def test_seventeen_levels_are_stretched_and_a_single_image_becomes_a_set():
    levels = torch.arange(17.0).expand(3, 17, 17)  # as those of scikit-learn's digits
    assert mended(levels).images[0, 0].tolist() == [round(255 / 16 * level) for level in range(17)]
    assert mended(BYTES[0]).images.shape == (1, 9, 7)


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_may_be_first_or_last_and_are_told_apart(channels):
    first = BYTES[:, None].expand(6, channels, 9, 7)
    last = np.ascontiguousarray(first.permute(0, 2, 3, 1))
    assert torch.equal(Images(last).images, first) and torch.equal(Images(first).images, first)
    assert Images(last).fingerprint == Images(first).fingerprint
    narrow = torch.zeros(5, 3, 8, 3, dtype=torch.uint8)  # could be either: taken as it is documented
    assert Images(narrow).images.shape == (5, 3, 8, 3)


def test_an_array_is_copied_whatever_its_memory_looks_like():
    array = BYTES.numpy().copy()
    array.flags.writeable = False
    assert torch.equal(Images(array).images, BYTES)
    assert torch.equal(Images(BYTES.numpy()[::-1]).images, BYTES.flip(0))


@pytest.mark.parametrize(
    "given",
    [
        LABELS.int(),
        LABELS.byte(),
        LABELS.short(),
        LABELS[:, None],
        LABELS.numpy(),
        LABELS.numpy().astype(np.uint16),
        LABELS.tolist(),
        tuple(LABELS.tolist()),
    ],
    ids=lambda labels: f"{type(labels).__name__} {getattr(labels, 'dtype', '')}",
)
def test_whole_numbers_are_labels_in_every_form(given):
    data = Images(BYTES, given)
    assert data.labels.dtype == torch.int64 and torch.equal(data.labels, LABELS)
    assert data.fingerprint == Images(BYTES, LABELS).fingerprint


@pytest.mark.parametrize(
    "given",
    [
        LABELS.float(),
        LABELS.numpy().astype(float),
        [2.0, 0.0, 1.0, 1.0, 0.0, 2.0],
        torch.eye(3)[LABELS],
        torch.eye(3, dtype=torch.int64)[LABELS].tolist(),
        torch.eye(3)[LABELS].numpy(),
        LABELS * 10**9,
        (LABELS * 10**6).tolist(),
    ],
    ids=[
        "floats",
        "array of floats",
        "list of floats",
        "one-hot",
        "list one-hot",
        "array one-hot",
        "ids",
        "list of ids",
    ],
)
def test_labels_of_other_kinds_come_with_the_line_that_numbers_the_classes(given):
    assert torch.equal(mended(BYTES, given).labels, LABELS)


@pytest.mark.parametrize("make", [list, np.array, tuple])
def test_text_becomes_classes_by_the_line_that_is_named(make):
    data = mended(BYTES, make([["ant", "bee", "cat"][y] for y in LABELS]))
    assert torch.equal(data.labels, LABELS) and data.classes == ("ant", "bee", "cat")


@pytest.mark.parametrize("make", [lambda y: y, lambda y: y.tolist()], ids=["tensor", "list"])
def test_images_marked_as_without_label_can_be_left_out(make):
    data = mended(BYTES, make(torch.tensor([2, -1, 1, 1, -1, 2])))
    assert torch.equal(data.images, BYTES[[0, 2, 3, 5]]) and data.labels.tolist() == [2, 1, 1, 2]


@pytest.mark.parametrize(
    "images, labels, says",
    [
        (BYTES.float().log(), None, "NaN or infinity"),
        (BYTES.to(torch.complex64), None, "absolute"),
        ([BYTES], None, "tensor or a NumPy array, got list"),
        ("digits", None, "got str"),
        (BYTES[None, None], None, r"\(1, 1, 6, 9, 7\)"),
        (BYTES, LABELS[:5], r"\(6,\), one for each image, got \(5,\)"),
        (BYTES, {0, 1}, "got set"),
        (BYTES, 3, "got int"),
        (BYTES, [None] * 6, "an array of numbers"),
        (BYTES, [[1], [1, 2], 3, 4, 5, 6], "an array of numbers"),
    ],
)
def test_what_means_nothing_is_named(images, labels, says):
    with pytest.raises(InputError, match=f"Expected .*{says}") as caught:
        Images(images, labels)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("name", ["MNIST", "CIFAR10"])
def test_a_data_set_of_torchvision_has_its_line(name):
    class Theirs:
        data, targets = BYTES.numpy()[..., None].repeat(3, -1), LABELS.tolist()

    Theirs.__name__ = name
    with pytest.raises(InputError, match=rf"got the data set {name}\.") as caught:
        Images(Theirs())
    line = re.search(r"write (Images\(.*\))\.$", str(caught.value))[1]
    data = eval(line, {"Images": Images, "dataset": Theirs()})
    assert data.images.shape == (6, 3, 9, 7) and torch.equal(data.labels, LABELS)


@pytest.mark.parametrize("classes", [["a"], ["a", "b"], ["a", "b", "a"], [], ""])
def test_each_label_has_a_name_of_its_own(classes):
    with pytest.raises(InputError, match="a name for each of the labels, 3 or more and none twice"):
        Images(BYTES, LABELS, classes=classes)
    with pytest.raises(InputError, match="labels beside classes"):
        Images(BYTES, classes=["a", "b", "c"])
