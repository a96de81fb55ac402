"""Your own images: read as they are, in an order that does not depend on the machine, or refused by name."""

import struct
import zlib
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import functional as TF

from ganbook import cli
from ganbook.base.errors import InputError
from ganbook.data import Digits, Fashion, Folder, Images, Stacked, find
from ganbook.training.run import Run, read


def noise(h, w, channels=3, seed=0):
    """Pixels uint8 (h, w, channels), or (h, w) for one channel."""
    pixels = np.random.default_rng(seed).integers(0, 256, (h, w, channels), dtype=np.uint8)
    return pixels if channels > 1 else pixels[:, :, 0]


@pytest.fixture
def folder(tmp_path):
    """Three grey images, two in folders of their own."""
    place = tmp_path / "pictures"
    for i, name in enumerate(("b/two.png", "a.png", "c/three.png")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(28, 28, 1, seed=i)).save(place / name)
    return place


@pytest.mark.parametrize("listed", [sorted, lambda paths: sorted(paths, reverse=True)], ids=["so", "or so"])
def test_images_are_bytes_in_the_order_of_their_paths(folder, monkeypatch, listed):
    found = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: iter(listed(found(self, pattern))))
    data = Folder(folder)
    assert data.images.dtype == torch.uint8 and data.images.shape == (3, 28, 28)
    for image, seed in zip(data.images, (1, 0, 2)):  # a.png, b/two.png, c/three.png
        assert np.array_equal(image, noise(28, 28, 1, seed=seed))
    assert data.labels.tolist() == [0, 1, 2]
    x, _ = data[0]
    assert x.shape == (1, 28, 28) and torch.allclose((x[0] + 1) * 127.5, data.images[0].float(), atol=1e-4)


def test_the_same_images_have_the_same_fingerprint_and_others_another(folder, tmp_path):
    first = Folder(folder).fingerprint
    other = tmp_path / "other"
    for name in ("c/three.png", "a.png", "b/two.png"):  # made in another order, as another file system lists them
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_bytes((folder / name).read_bytes())
    assert Folder(other).fingerprint == first
    pixels = noise(28, 28, 1, seed=1)
    pixels[3, 4] ^= 1
    Image.fromarray(pixels).save(other / "a.png")
    assert len({first, Folder(other).fingerprint, Folder(folder, size=20).fingerprint}) == 3
    assert Folder(folder, rotate=5).fingerprint != first


def test_colour_and_grey_are_told_apart_by_channels(tmp_path):
    pixels = noise(30, 30)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    colour, grey = Folder(tmp_path, size=30, channels=3), Folder(tmp_path, size=30)
    assert colour.images.shape == (1, 3, 30, 30) and colour[:1][0].shape == (1, 3, 30, 30)
    assert torch.equal(colour.images[0], torch.from_numpy(pixels).permute(2, 0, 1))
    luma = colour.images[0].float() * torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    assert (grey.images[0] - luma.sum(0)).abs().max() <= 1


def test_the_middle_square_is_reduced_as_torchvision_reduces_it(tmp_path):
    pixels = noise(64, 100)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    square = torch.from_numpy(pixels).permute(2, 0, 1)[:, :, 18:82]
    theirs = TF.resize(square, [28, 28], antialias=True)
    assert (Folder(tmp_path, channels=3).images[0].int() - theirs.int()).abs().max() <= 1


def test_a_photograph_stands_upright(tmp_path):
    image = Image.new("L", (60, 60))
    image.paste(255, (0, 0, 60, 30))  # the upper half is white
    exif = Image.Exif()
    exif[0x0112] = 3  # the camera was upside down
    image.save(tmp_path / "x.jpg", exif=exif)
    (seen,) = Folder(tmp_path).images
    assert seen[:10].float().mean() < 20 and seen[-10:].float().mean() > 235


def test_opaque_and_indexed_images_are_what_they_look_like(tmp_path):
    pixels = noise(28, 28)
    opaque = Image.fromarray(pixels).convert("RGBA")
    opaque.save(tmp_path / "x.png")
    few = Image.fromarray(pixels).quantize(16)
    few.save(tmp_path / "y.png")
    Image.fromarray(pixels[:, :, 0] > 127).save(tmp_path / "z.png")  # one bit a pixel
    x, y, z = Folder(tmp_path, channels=3).images
    assert torch.equal(x, torch.from_numpy(pixels).permute(2, 0, 1))
    assert np.array_equal(y.permute(1, 2, 0), few.convert("RGB"))
    assert torch.equal(z[0] == 255, torch.from_numpy(pixels[:, :, 0] > 127)) and z.unique().tolist() == [0, 255]


def png(depth, colour, w, h, rows):
    """A PNG file as its specification has it, for what Pillow does not write."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    body = (struct.pack(">I", len(c)) + name + c + struct.pack(">I", zlib.crc32(name + c)) for name, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def unfit(kind, path):
    """Write a file that cannot be used; returns what should be said of it."""
    image = Image.fromarray(noise(32, 32))
    if kind == "16 bits, grey":
        Image.fromarray(noise(32, 32, 1).astype(np.uint16) * 257).save(path, format="png")
        return "8 bits a channel"
    if kind == "16 bits, colour":  # Pillow opens it as RGB
        path.write_bytes(png(16, 2, 32, 32, (b"\0" + bytes(32 * 6)) * 32))
        return "8 bits a channel"
    if kind == "print":
        image.convert("CMYK").save(path, format="jpeg")
        return "neither grey nor RGB"
    if kind == "animated":
        image.save(path, format="png", save_all=True, append_images=[image.rotate(90)])
        return "2 pictures"
    if kind == "transparent":
        image.putalpha(Image.fromarray(noise(32, 32, 1)))
        image.save(path, format="png")
        return "transparent"
    if kind == "one transparent colour":
        image.quantize(8).save(path, format="png", transparency=0)
        return "transparent"
    if kind == "too large":  # 60 KB of file, 400 million pixels
        path.write_bytes(png(1, 0, 20_000, 20_000, (b"\0" + bytes(2_500)) * 20_000))
        return "decompression bomb"
    if kind == "rather large":  # at which Pillow only warns
        path.write_bytes(png(1, 0, 10_000, 10_000, (b"\0" + bytes(1_250)) * 10_000))
        return "decompression bomb"
    if kind == "too small":
        image.resize((32, 27)).save(path, format="png")
        return "32x27 pixels"
    image.save(path, format="gif" if kind == "gif" else "png")
    content = path.read_bytes()
    if kind == "cut off":
        path.write_bytes(content[: len(content) // 2])
        return "cannot be read"
    if kind == "header only":
        path.write_bytes(content[:20])
        return "cannot be read"
    if kind == "text":
        path.write_text("a list of the pictures")
        return "is text and no image: move it elsewhere"
    if kind == "empty":
        path.write_bytes(b"")
        return "is an empty file: copy it again"
    return "is a GIF: save it as PNG or JPEG"


UNFIT = ("16 bits, grey", "16 bits, colour", "print", "animated", "transparent", "one transparent colour", "too large")
UNFIT += ("rather large", "too small", "gif", "cut off", "header only", "text", "empty")


@pytest.mark.filterwarnings("ignore")  # as for a user, to whom Pillow's warning of a large image is only a warning
@pytest.mark.parametrize("kind", UNFIT)
def test_a_file_that_does_not_fit_is_named_with_the_reason(folder, kind):
    reason = unfit(kind, folder / "b" / "odd.png")
    with pytest.raises(InputError, match=rf"1 of the 4 files in .* cannot be used: b/odd\.png .*{reason}") as caught:
        Folder(folder)
    assert "\n" not in str(caught.value)


def test_all_unfit_files_stand_in_one_message(folder):
    for name in ("x.png", "z.jpg"):
        unfit("text", folder / name)
    unfit("too small", folder / "y.png")
    with pytest.raises(InputError, match=r"3 of the 6 files.*x\.png, z\.jpg, each is text and no image.*; y\.png has"):
        Folder(folder)
    for i in range(30):
        unfit("empty", folder / f"{i}.png")
    with pytest.raises(InputError, match=r"33 of the 36 files.* 0\.png.*and 20 more, each is an empty file.*; x\.png"):
        Folder(folder)


def test_hidden_files_and_folders_are_passed_over(folder):
    before = Folder(folder).fingerprint
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / ".hidden").mkdir()
    Image.fromarray(noise(28, 28)).save(folder / ".hidden" / "x.png")
    assert Folder(folder).fingerprint == before


def test_missing_and_empty_folders_are_a_sentence(tmp_path):
    with pytest.raises(InputError, match="There is no folder"):
        Folder(tmp_path / "no")
    with pytest.raises(InputError, match="found neither"):
        Folder(tmp_path)
    for arguments in ({"size": 0}, {"channels": 2}):
        with pytest.raises(InputError, match="Expected"):
            Folder(tmp_path, **arguments)


def test_tensors_become_data_like_any_other():
    pixels = torch.randint(256, (5, 3, 8, 6), dtype=torch.uint8)
    data = Images(pixels, torch.arange(5))
    for x, y in islice(data.batches(2), 6):
        assert torch.allclose((x + 1) * 127.5, pixels[y].float(), atol=1e-4)
    assert Images(pixels).labels.tolist() == [0] * 5
    assert Images(pixels).fingerprint != data.fingerprint != Images(pixels.flip(0), torch.arange(5)).fingerprint
    digits = Digits("test")
    again = Images(digits.images, digits.labels, rotate=10)
    theirs = Digits("test", rotate=10)
    assert all(torch.equal(a, b) for a, b in zip(next(again.batches(8)), next(theirs.batches(8))))


@pytest.mark.parametrize(
    "images, labels",
    [
        (torch.rand(4, 8, 8), None),
        (torch.zeros(8, 8, dtype=torch.uint8), None),
        (torch.zeros(0, 8, 8, dtype=torch.uint8), None),
        (torch.zeros(4, 8, 8, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64)),
        (torch.zeros(4, 8, 8, dtype=torch.uint8), torch.zeros(4)),
    ],
)
def test_tensors_of_another_kind_are_refused(images, labels):
    with pytest.raises(InputError, match="Expected"):
        Images(images, labels)


def test_fashion_comes_with_its_ten_thousand_and_says_where_the_others_are(tmp_path):
    data = Fashion()
    assert data.images.shape == (10_000, 28, 28) and data.labels.bincount().tolist() == [1_000] * len(Fashion.KINDS)
    for arguments in ({"split": "train"}, {"download": True}):
        with pytest.raises(InputError, match="Only the 10,000 test images"):
            Fashion(**arguments)
    with pytest.raises(InputError, match="found none of the four"):
        Fashion("train", folder=tmp_path)


def test_a_damaged_fashion_file_is_noticed(small_folder, monkeypatch):
    monkeypatch.setattr("ganbook.data.idx.FASHION", small_folder)
    with pytest.raises(InputError, match="Install ganbook again"):
        Fashion()


def test_without_a_network_the_download_ends_in_a_sentence(tmp_path, monkeypatch):
    from torchvision.datasets import FashionMNIST

    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(InputError, match="FashionMNIST could not be downloaded"):
        Fashion("train", folder=tmp_path, download=True)


def test_what_a_source_names_is_found(folder, small_folder, tmp_path, monkeypatch):
    assert find().fingerprint == Digits().fingerprint
    assert find("fashion").fingerprint == Fashion().fingerprint
    assert find(small_folder).fingerprint == Digits(folder=small_folder).fingerprint
    assert find(str(folder), size=20).fingerprint == Folder(folder, size=20).fingerprint
    assert isinstance(find(small_folder, channels=3), Stacked) and find(folder, channels=3).images.shape[1] == 3
    monkeypatch.chdir(folder.parent)
    folder.rename("fashion")
    assert isinstance(find("./fashion"), Folder)


def test_own_images_are_trained_on_and_continued_only_with_the_same(folder, tmp_path, capsys):
    out = tmp_path / "run"
    for i in range(32):
        Image.fromarray(noise(28, 28, 1, seed=10 + i)).save(folder / f"{i}.png")
    command = ["train", "c-mlp", "--data", str(folder), "--out", str(out), "--device", "cpu", "--steps"]
    assert cli.main([*command, "2"]) == 0
    assert read(out / cli.CHECKPOINT)["data"] == Folder(folder).fingerprint
    assert cli.main([*command, "3", "--resume"]) == 0
    assert cli.main([*command[:3], "fashion", *command[4:], "4", "--resume"]) == 2
    assert "other images" in capsys.readouterr().err
    (folder / "7.png").write_bytes(b"")
    assert cli.main([*command, "4", "--resume"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("ganbook: 1 of the 35 files") and "7.png" in said
    assert Run.load(out / cli.CHECKPOINT).step == 3
