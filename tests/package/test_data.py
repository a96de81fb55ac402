"""Data: the right images in the right range, each once an epoch, in an order that belongs to a seed."""

import gzip
import itertools

import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as TF

from ganbook.base.errors import InputError
from ganbook.data import Digits, Stacked, idx, rotate


def take(iterator, n):
    return list(itertools.islice(iterator, n))


def test_embedded_mnist_is_whole(digits):
    test = Digits("test")
    assert (len(digits), len(test)) == (60_000, 10_000)
    assert digits.images.dtype == torch.uint8 and digits.images.shape[1:] == (28, 28)
    # Class counts of MNIST, as anyone can count them in the published files.
    assert digits.labels.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_torchvision_reads_the_same_images(digits, tmp_path):
    from torchvision.datasets import MNIST

    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in idx.EMBEDDED.glob("*.gz"):
        (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    theirs = MNIST(tmp_path, train=True)
    assert torch.equal(theirs.data, digits.images)
    assert torch.equal(theirs.targets, digits.labels)
    # With download=True torchvision finds its own files in place, and ours are read from there.
    assert Digits("train", folder=tmp_path, download=True).fingerprint == digits.fingerprint


def test_indexing_scales_to_minus_one_and_one(digits):
    x, y = digits[:16]
    assert x.shape == (16, 1, 28, 28) and x.dtype == torch.float32 and y.shape == (16,)
    assert torch.allclose((x[:, 0] + 1) * 127.5, digits.images[:16].float(), atol=1e-4)
    assert x.min() == -1 and x.max() == 1
    one, label = digits[8900]
    assert one.shape == (1, 28, 28) and label.ndim == 0
    assert torch.equal(digits[torch.tensor([8900])][0][0], one)


def test_an_epoch_shows_each_image_at_most_once_and_drops_the_partial_batch(small_folder):
    data = Digits(folder=small_folder)
    data.images = torch.arange(300).remainder(256).byte()[:, None, None].expand(300, 28, 28).clone()
    data.labels = torch.arange(300)
    assert data.steps_per_epoch(64) == 4
    batches = take(data.batches(64), 8)
    assert all(x.shape == (64, 1, 28, 28) for x, _ in batches)
    first, second = (torch.cat([y for _, y in part]) for part in (batches[:4], batches[4:]))
    assert len(first.unique()) == len(second.unique()) == 256
    assert not torch.equal(first, second)
    for x, y in batches:  # image and label stay together
        assert torch.equal(((x[:, 0, 0, 0] + 1) * 127.5).round().long(), y % 256)


def test_over_the_epochs_no_image_is_left_out(small_folder):
    data = Digits(folder=small_folder)
    data.labels = torch.arange(300)
    seen = torch.cat([y for _, y in take(data.batches(128), 40)])
    assert len(seen.unique()) == 300


@pytest.mark.parametrize("rotation", [0, 20])
@pytest.mark.parametrize("start", [0, 1, 3, 4, 7])
def test_batches_can_be_continued_anywhere(small_folder, start, rotation):
    data = Digits(folder=small_folder, rotate=rotation)
    whole = take(data.batches(64, seed=5), 10)
    for (x, y), (x2, y2) in zip(whole[start:], data.batches(64, seed=5, start=start), strict=False):
        assert torch.equal(x, x2) and torch.equal(y, y2)


def test_seeds_give_different_orders(digits):
    (_, a), (_, b) = (next(digits.batches(128, seed=seed)) for seed in (0, 1))
    assert not torch.equal(a, b)


def test_batches_leave_global_randomness_alone(digits):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    take(digits.batches(128), 2)
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 20, 32)])
def test_rotate_agrees_with_torchvision(shape):
    x = torch.rand(4, *shape) * 2 - 1
    degrees = torch.tensor([0.0, 20.0, -13.5, 90.0])
    one_by_one = [
        TF.rotate(image[None] + 1, float(a), InterpolationMode.BILINEAR) - 1
        for image, a in zip(x, degrees, strict=True)
    ]
    assert torch.allclose(rotate(x, degrees), torch.cat(one_by_one), atol=1e-4)


def test_rotate_keeps_range_and_turns_back(digits):
    x = digits[:64][0]
    turned = rotate(x, torch.full((64,), 20.0))
    assert turned.min() >= -1 - 1e-6 and turned.max() <= 1 + 1e-6
    back = rotate(turned, torch.full((64,), -20.0))
    assert (back - x).abs().mean() < 0.3 * (turned - x).abs().mean()


def test_rotated_batches_draw_angles_of_both_signs_within_the_limit(digits):
    data = Digits(rotate=20.0)
    plain, turned = (next(d.batches(256, seed=1))[0] for d in (digits, data))
    candidates = torch.arange(-20.0, 20.5, 1.0)
    errors = torch.stack([(rotate(plain, a.expand(256)) - turned).square().mean((1, 2, 3)) for a in candidates])
    angles = candidates[errors.argmin(0)]
    assert angles.min() < -15 and angles.max() > 15 and abs(angles.mean()) < 3
    assert errors.min(0).values.mean() < 0.2 * errors[20].mean()  # some angle explains the image, 0 does not


def test_resizing_keeps_the_mean_and_agrees_with_torchvision(small_folder):
    small, full = Digits(folder=small_folder, size=16), Digits(folder=small_folder)
    assert small.images.shape == (300, 16, 16) and small.images.dtype == torch.uint8
    theirs = TF.resize(full.images[:, None], [16, 16], antialias=True)[:, 0]
    assert (small.images.int() - theirs.int()).abs().max() <= 1
    assert small.fingerprint != full.fingerprint


def test_without_torchvisions_mirrors_the_error_is_a_sentence(tmp_path, monkeypatch):
    from torchvision.datasets import MNIST

    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(InputError, match="could not be downloaded"):
        Digits(folder=tmp_path, download=True)


def broken(folder, kind):
    images = folder / "train-images-idx3-ubyte.gz"
    if kind == "missing":
        images.unlink()
    elif kind == "truncated gzip":
        images.write_bytes(images.read_bytes()[:-500])
    elif kind == "flipped bit":
        content = bytearray(images.read_bytes())
        content[len(content) // 2] ^= 1
        images.write_bytes(content)
    elif kind == "short content":
        images.write_bytes(gzip.compress(gzip.decompress(images.read_bytes())[:-1]))
    elif kind == "not idx":
        images.write_bytes(gzip.compress(b"hello, this is no image file"))
    elif kind == "header only":
        images.write_bytes(gzip.compress(b"\x00\x00\x08\x03\x00"))
    elif kind == "labels of another set":
        labels = folder / "train-labels-idx1-ubyte.gz"
        labels.write_bytes(gzip.compress(b"\x00\x00\x08\x01\x00\x00\x00\x02\x01\x02"))


@pytest.mark.parametrize(
    "kind",
    ["missing", "truncated gzip", "flipped bit", "short content", "not idx", "header only", "labels of another set"],
)
def test_broken_files_end_in_a_sentence_that_names_them(small_folder, kind):
    broken(small_folder, kind)
    with pytest.raises(InputError, match=str(small_folder)):
        Digits(folder=small_folder)


def test_a_damaged_embedded_file_is_noticed(small_folder, monkeypatch):
    monkeypatch.setattr(idx, "EMBEDDED", small_folder)  # whole files, but not MNIST's
    with pytest.raises(InputError, match="Install ganbook again"):
        Digits()


@pytest.mark.parametrize(
    "arguments",
    [{"split": "valid"}, {"size": 0}, {"size": 10**6}, {"rotate": -1}, {"rotate": float("nan")}, {"download": True}],
)
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(InputError, match="Expected"):
        Digits(**arguments)


@pytest.mark.parametrize("m", [0, -1, 301])
def test_a_batch_must_fit(small_folder, m):
    with pytest.raises(InputError, match="batch size"):
        Digits(folder=small_folder).batches(m)  # refused at once, not at the first batch


def test_stacked_digits_are_three_real_ones_named_by_their_label(small_folder):
    data = Digits(folder=small_folder)
    known = {image.numpy().tobytes(): int(y) for image, y in zip(data.images, data.labels)}
    x, y = next(Stacked(data).batches(40))
    assert x.shape == (40, 3, 28, 28) and x.dtype == torch.float32 and y.dtype == torch.int64
    images = ((x + 1) * 127.5).round().byte()
    for image, label in zip(images, y):
        digits = [known[channel.numpy().tobytes()] for channel in image]
        assert int(label) == 100 * digits[0] + 10 * digits[1] + digits[2]


def test_stacked_batches_belong_to_seed_and_number_and_their_channels_are_independent(digits):
    data = Stacked(digits)
    first = take(data.batches(8, seed=1), 3)
    assert torch.equal(next(data.batches(8, seed=1, start=2))[0], first[2][0])
    assert not torch.equal(first[0][0], first[1][0])
    assert not torch.equal(next(data.batches(8, seed=2))[0], first[0][0])
    y = torch.cat([y for _, y in take(data.batches(1000), 60)])
    counts = torch.zeros(1000).index_add_(0, y, torch.ones(len(y)))
    shares = digits.labels.bincount() / len(digits)
    expected = (shares[:, None, None] * shares[:, None] * shares).flatten() * len(y)
    chi = ((counts - expected) ** 2 / expected).sum()  # 999 degrees of freedom: 999 +- 45
    assert chi < 999 + 6 * 45


def test_a_stacked_batch_may_be_of_any_size_but_none(small_folder):
    data = Stacked(Digits(folder=small_folder))
    assert next(data.batches(301))[0].shape == (301, 3, 28, 28)
    with pytest.raises(InputError, match="batch size"):
        data.batches(0)
