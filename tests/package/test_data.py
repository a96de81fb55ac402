"""Data: the right images in the right range, each once an epoch, in an order that belongs to a seed."""

import gzip
import itertools
import os
import re
import shutil
from pathlib import Path

import pytest
import torch
from conftest import write_idx
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as TF

import ganbook.data
from ganbook.base.errors import InputError
from ganbook.data import (
    Digits,
    Fashion,
    Folder,
    Images,
    Mixture,
    Stacked,
    find,
    grid,
    idx,
    mixtures,
    moons,
    ring,
    rotate,
)
from ganbook.data.sources import NAMED
from ganbook.training import recipes
from ganbook.training.run import Run

ROOT = Path(ganbook.__file__).resolve().parents[1]


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


def pictures(folder):
    """A folder of pictures, of which no two are alike."""
    (folder / "pictures").mkdir(exist_ok=True)
    for i in range(40):
        Image.new("L", (8, 8), 6 * i).save(folder / "pictures" / f"{i}.png")
    return Folder(folder / "pictures", size=8)


EVERY = {  # a set of each kind that the package exports, by its name in ganbook.data, and parts of sets
    "Digits": lambda folder: Digits(folder=folder),
    "Fashion": lambda folder: Fashion("test"),
    "Folder": pictures,
    "Images": lambda folder: Images(torch.arange(40 * 64).remainder(251).byte().view(40, 8, 8)),
    "Mixture": lambda folder: Mixture(torch.zeros(2, 3), 0.5),
    "Stacked": lambda folder: Stacked(Digits(folder=folder)),
    "grid": lambda folder: grid(),
    "moons": lambda folder: moons(),
    "ring": lambda folder: ring(),
    "Digits.where": lambda folder: Digits(folder=folder).where(labels={3, 7}),
}


def test_every_set_of_the_package_is_in_these_tests():
    others = {"Data", "find", "rotate"}  # what a set is, and functions of sets
    missing = set(ganbook.data.__all__) - others - set(EVERY)
    assert not missing, f"exported by ganbook.data, and not in EVERY of {__file__}: {missing}"


def keeps_the_rules(make):
    """Batch t depends on the seed and on t alone: x and y, m of each, floating point and int64."""
    whole, other = (take(make().batches(16, seed=seed), 6) for seed in (5, 6))
    late = take(make().batches(16, seed=5, start=4), 2)
    for (x, y), (x2, y2) in zip(whole[4:], late, strict=True):
        assert torch.equal(x, x2) and torch.equal(y, y2)
    assert not torch.equal(whole[0][0], whole[1][0]) and not torch.equal(whole[0][0], other[0][0])
    assert all(len(x) == 16 and x.dtype == torch.float32 for x, _ in whole)
    assert all(y.shape == (16,) and y.dtype == torch.int64 for _, y in whole)


@pytest.mark.parametrize("name", EVERY)
def test_batch_t_of_every_set_depends_on_the_seed_and_on_t_alone(small_folder, name):
    keeps_the_rules(lambda: EVERY[name](small_folder))


def known_by_name(name):
    """A set that `find` gives under this name has the size, the rotation and the device that are asked for."""
    for size, turned in ((28, 0.0), (16, 20.0)):
        data = find(name, size=size, rotate=turned, device="cpu")
        assert isinstance(data, Images) and data[:1][0].shape == (1, 1, size, size)
        assert data.rotate == turned and data.images.device == torch.device("cpu")
        assert data.classes and data.images.max() == 255, "white is white after a resize"
    assert find(name).fingerprint == find(name).fingerprint != find(name, size=16).fingerprint
    assert isinstance(find(name, channels=3), Stacked)
    keeps_the_rules(lambda: find(name, size=16, rotate=20.0))


@pytest.mark.parametrize("name", NAMED)
def test_a_named_set_takes_size_rotation_and_device(name):
    known_by_name(name)


def test_the_data_set_of_contributing_is_one(monkeypatch):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example = re.search(r"^## Adding a data set$.*?^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)[1]
    made: dict = {}
    exec(example, made)
    Bars = made["Bars"]
    monkeypatch.setitem(NAMED, "bars", Bars)
    known_by_name("bars")
    assert repr(Bars(size=9)) == "Bars: 18 images of 9x9, grey; 2 classes of 9 images: lying, standing"
    x, y = Bars(size=9)[:]
    assert (x == 1).sum((1, 2, 3)).eq(9).all(), "one bar an image"
    assert (x.amax(3) == 1).sum((1, 2)).tolist() == [1 if label == 0 else 9 for label in y], "lying ones in one row"
    run = Run(recipes.get("d-linear").change(m=16), folder="bars")
    assert [record.step for record in run.train(2)] == [1, 2]


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


@pytest.mark.parametrize("n, m", [(60, 128), (1, 2), (2_000, 2_001)])
def test_a_batch_that_is_too_large_is_told_the_largest_that_works(n, m):
    data = Images(torch.zeros(n, 2, 2, dtype=torch.uint8))
    with pytest.raises(InputError, match=rf"The data have {n:,} images?, fewer than the batch size m={m}\b") as caught:
        data.batches(m)
    largest = int(re.search(r"Pass m=(\d+) or less \(to the command --m \1\), or add images\.$", str(caught.value))[1])
    assert len(next(data.batches(largest))[0]) == largest
    with pytest.raises(InputError, match="batch size"):
        data.batches(largest + 1)


# ------------------------------------------------------------------------------------------------- parts of a set


@pytest.mark.parametrize("labels", [{3, 7}, [7], (0, 9, 4), torch.tensor([1, 8]), {"3", "7"}, range(10)])
def test_where_chooses_by_label_and_keeps_order_numbers_and_names(digits, labels):
    numbers = [int(y) for y in labels]
    chosen = digits.where(labels=labels)
    expected = [i for i, y in enumerate(digits.labels.tolist()) if y in numbers]
    assert torch.equal(chosen.images, digits.images[expected]) and torch.equal(chosen.labels, digits.labels[expected])
    assert chosen.counts == {y: int((digits.labels == y).sum()) for y in sorted(numbers)}
    assert chosen.classes == digits.classes == tuple("0123456789"), "a network with labels still has ten places"
    assert isinstance(chosen, Digits)


def test_where_and_subset_share_nothing_with_the_set(small_folder):
    data = Digits(folder=small_folder, rotate=20)
    before, print_before = data.images.clone(), data.fingerprint
    for chosen in (data.where({0, 1, 2}), data.subset(slice(40)), data.subset(torch.arange(40))):
        chosen.images.zero_()
        chosen.labels.fill_(5)
        assert torch.equal(data.images, before) and data.fingerprint == print_before and 0 in data.counts
        assert chosen.rotate == 20 and chosen.images.device == data.images.device


def test_a_subset_has_the_fingerprint_of_its_images_rotation_and_labels(small_folder):
    data = Digits(folder=small_folder)
    chosen = data.where({3, 7})
    assert chosen.fingerprint == Images(chosen.images, chosen.labels).fingerprint
    assert chosen.fingerprint == data.where({1, 3, 7}).where({7, 3}).fingerprint, "however they were chosen"
    others = [data, data.where({3}), data.where({1, 3, 7}), Digits(folder=small_folder, rotate=5).where({3, 7})]
    assert len({d.fingerprint for d in [chosen, *others]}) == 5


@pytest.mark.parametrize(
    "index", [slice(100), slice(5, 90, 3), torch.tensor([7, 7, 2]), torch.arange(300) % 2 == 0], ids=str
)
def test_a_subset_gives_what_indexing_gives(small_folder, index):
    data = Digits(folder=small_folder)
    x, y = data[index]
    assert torch.equal(data.subset(index)[:][0], x) and torch.equal(data.subset(index).labels, y)


@pytest.mark.parametrize(
    "index", [3, slice(9, 9), torch.tensor([300]), torch.tensor(5), "x", torch.zeros(4).bool(), 0.5]
)
def test_an_index_of_no_images_is_refused(small_folder, index):
    with pytest.raises(InputError, match="Expected the index of some of the 300 images") as caught:
        Digits(folder=small_folder).subset(index)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("labels", [{12}, {3, 12}, {"three"}, {3.5}, {-1}, (), 7, "7", None])
def test_labels_that_do_not_occur_are_refused(small_folder, labels):
    with pytest.raises(InputError, match="Expected labels"):
        Digits(folder=small_folder).where(labels=labels)
    with pytest.raises(InputError, match=r"Expected labels that occur.*\(3, 7\), got 5"):
        Digits(folder=small_folder).where({3, 7}).where({5})


def test_images_without_labels_have_no_classes():
    data = Images(torch.zeros(4, 2, 2, dtype=torch.uint8))
    assert data.classes == () and data.counts == {0: 4} and "no classes" in repr(data)
    assert Images(data.images, [0, 2, 2, 0]).classes == ("0", "1", "2")
    assert Images(data.images, [0, 2, 2, 0], classes="xyz").where({"z"}).counts == {2: 2}


# ------------------------------------------------------------------------------------------------- what was read


def test_what_was_read_is_said_in_a_line(digits, small_folder):
    assert repr(digits).startswith("Digits: 60,000 images of 28x28, grey; 10 classes of 5,421 to 6,742 images: 0, 1, 2")
    assert "resized from 28x28" in repr(Digits(folder=small_folder, size=16))
    assert "2 of 10 classes" in repr(digits.where({3, 7})) and "chosen from 60,000" in repr(digits.where({3, 7}))
    assert repr(digits) in repr(Stacked(digits)) and "without end" in repr(Stacked(digits))
    assert "T-shirt" in repr(Fashion()) and "\n" not in repr(Fashion())
    many = Images(torch.zeros(400, 3, 5, 4, dtype=torch.uint8), torch.arange(400) % 200)
    assert "400 images of 4x5, colour; 200 classes of 2 images: 0, 1, 2, 3, 4, 5, 6, 7, ..., 199" in repr(many)


def test_bright_paper_is_noticed_and_only_that(digits):
    assert "bright" not in repr(digits) and "bright" not in repr(Fashion())
    for turned in (255 - digits.images, 255 - digits.images // 4, (255 - digits.images[:, None])[:, :, 2:-2]):
        assert "paper is bright" in repr(Images(turned, digits.labels))
        assert "black corners" in repr(Images(turned, digits.labels, rotate=10))
    assert "nearly black" in repr(Images(digits.images // 16)) and "nearly black" not in repr(
        Images(digits.images // 2)
    )


def test_labels_that_start_at_1_are_noticed():
    images = torch.zeros(6, 2, 2, dtype=torch.uint8)
    assert "start at 1" in repr(Images(images, [1, 2, 3] * 2))
    for labels in ([0, 1, 2] * 2, [1, 3, 3] * 2, [2, 3, 4] * 2):
        assert "start at 1" not in repr(Images(images, labels))
    assert "start at 1" not in repr(Images(images, [1] * 6, classes=["off", "on"]))


# ------------------------------------------------------------------------------------------------- four files


@pytest.mark.parametrize("name", [".", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw"])
def test_a_set_is_found_where_torchvision_put_it(small_folder, tmp_path, name):
    place = tmp_path / "root" / name
    shutil.copytree(small_folder, place)
    expected = Digits(folder=small_folder).fingerprint
    while True:  # named by the folder of the files, or one above it up to the root
        assert find(place).fingerprint == find(str(place)).fingerprint == expected
        if place == tmp_path / "root":
            break
        place = place.parent
    assert isinstance(find(place), Fashion) == (name == "FashionMNIST/raw")
    if name != "KMNIST/raw":
        kind = Fashion if name.startswith("Fashion") else Digits
        assert kind("train", folder=place).fingerprint == expected


def test_extracted_files_beside_their_archives_and_kaggles_names_will_do(small_folder, tmp_path):
    expected = Digits(folder=small_folder).fingerprint
    kaggle = tmp_path / "archive"
    kaggle.mkdir()
    for path in list(small_folder.glob("*.gz")):
        content = gzip.decompress(path.read_bytes())
        (small_folder / path.stem).write_bytes(content)
        (kaggle / path.stem.replace("-idx", ".idx")).write_bytes(content)
        (kaggle / path.stem).mkdir()  # and a folder of that name
    assert find(small_folder).fingerprint == find(kaggle).fingerprint == expected


def test_of_two_sets_below_a_folder_one_must_be_named(small_folder, tmp_path):
    root = tmp_path / "root"
    for name in ("MNIST", "FashionMNIST"):
        shutil.copytree(small_folder, root / name / "raw")
    with pytest.raises(InputError, match=r"Expected one set of images.*FashionMNIST.raw and .*MNIST.raw\. Name one\."):
        find(root)
    (root / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").write_bytes(b"")
    assert Fashion("train", folder=root).fingerprint == Digits(folder=small_folder).fingerprint
    with pytest.raises(InputError, match=r"MNIST.raw.train-images"):
        Digits(folder=root)


@pytest.mark.parametrize("missing", [m for n in (1, 2, 3) for m in itertools.combinations(range(4), n)], ids=str)
def test_files_that_are_missing_are_named_and_those_that_are_there(small_folder, missing):
    names = [name for pair in idx.NAMES.values() for name in pair]
    for i in missing:
        (small_folder / f"{names[i]}.gz").unlink()
    if not {0, 1} & set(missing):  # the training files are whole, and these are read
        assert len(find(small_folder)) == len(Digits(folder=small_folder)) == 300
        return
    for read in (find, lambda folder: Digits(folder=folder)):
        with pytest.raises(InputError) as caught:
            read(small_folder)
        wanted, found = str(caught.value).split(", found ")
        assert [name in wanted for name in names[:2]] == [0 in missing, 1 in missing]
        assert [name in found for name in names] == [i not in missing for i in range(4)]
        assert ('split="test"' in found) == (not {2, 3} & set(missing))


def test_a_file_or_nothing_in_the_place_of_a_folder_is_a_sentence(small_folder):
    file = small_folder / "train-images-idx3-ubyte.gz"
    for read in (find, lambda folder: Digits(folder=folder), lambda folder: Fashion("train", folder=folder)):
        with pytest.raises(InputError, match=f"Expected a folder, got the file {file}"):
            read(file)
        with pytest.raises(InputError, match="There is no folder"):
            read(small_folder / "no")
        os.makedirs(small_folder / "empty", exist_ok=True)
        with pytest.raises(InputError, match=r"found (none|neither)"):
            read(small_folder / "empty")


def test_other_labels_than_ten_have_numbers_for_names(small_folder, digits):
    letters = (torch.arange(300) % 26).byte()
    write_idx(small_folder / "train-labels-idx1-ubyte.gz", letters)
    assert find(small_folder).classes == tuple(map(str, range(26)))
    x, y = next(Stacked(find(small_folder)).batches(200))
    known = {image.numpy().tobytes(): int(y) for image, y in zip(digits.images[:300], letters)}
    for image, label in zip(((x + 1) * 127.5).round().byte(), y):
        r, g, b = (known[channel.numpy().tobytes()] for channel in image)
        assert int(label) == (r * 26 + g) * 26 + b, "no two modes share a label"


def test_colour_images_are_not_stacked():
    with pytest.raises(InputError, match="Expected grey images to stack"):
        Stacked(Images(torch.zeros(5, 3, 4, 4, dtype=torch.uint8)))


def test_mixtures_are_told_apart():
    sets = [mixtures.ring(), mixtures.ring(7), mixtures.ring(sd=0.1), mixtures.grid()]
    assert len({data.fingerprint for data in sets}) == 4
    assert mixtures.ring().fingerprint == mixtures.ring().fingerprint


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
