"""Whatever a file holds or a command line says: the work is done, or a sentence names what is wrong."""

import os
import pickle
import shutil
import struct
import sys
import tempfile
import zlib
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path

import pytest
import torch
from conftest import write_idx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from test_input import some
from test_kill import ordinary_user
from test_pictures import noise, png
from test_run import TINY, Malicious, load

from ganbook import cli
from ganbook.base import hashed_file
from ganbook.base.errors import InputError
from ganbook.base.files import replace
from ganbook.data import Folder, idx
from ganbook.evaluation import judge
from ganbook.training import pretrained, recipes
from ganbook.training.run import FORMAT, Run

FUZZ = settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@st.composite
def damaged(draw, content):
    """`content` with a few bytes replaced, a part left out or put in twice, or an end that is missing."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(["replaced", "replaced", "left out", "twice", "cut"]))
        some = content[at : at + draw(st.sampled_from([1, 4, 100]))]
        if kind == "replaced":
            content[at : at + len(some)] = draw(st.binary(min_size=len(some), max_size=len(some)))
        elif kind == "left out":
            del content[at : at + len(some)]
        elif kind == "twice":
            content[at:at] = some
        else:
            del content[at:]
    return bytes(content)


def refused(read, path):
    """`read(path)` gives something, or an InputError of one line that names the file."""
    try:
        read(path)
    except InputError as error:
        assert path.name in str(error) and "\n" not in str(error), error


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A checkpoint as bytes, its content, and a folder to write to."""
    place = tmp_path_factory.mktemp("files")
    Run(TINY).save(place / "run.pt")
    content = hashed_file.read(place / "run.pt", format=FORMAT, kind="checkpoint")
    return (place / "run.pt").read_bytes(), content, place


@FUZZ
@given(data=st.data())
def test_a_damaged_checkpoint_is_refused_by_name(whole, data):
    content, _, place = whole
    (place / "x.pt").write_bytes(data.draw(damaged(content)))
    refused(load, place / "x.pt")


# `train` switches subnormal numbers off for the process, and hypothesis would stumble over that
leaves = st.none() | st.integers() | st.text(max_size=4) | st.floats(allow_subnormal=False)
plain = st.recursive(leaves, lambda v: st.lists(v, max_size=2))


@FUZZ
@given(
    name=st.sampled_from(["recipe", "seed", "step", "data", "G", "opt_d", "ema"]),
    value=plain | st.just(None),
    data=st.data(),
)
def test_a_checkpoint_that_is_whole_but_says_something_else_is_refused_by_name(whole, name, value, data):
    _, content, place = whole
    content = {key: item for key, item in content.items() if key != "sha256"}
    if data.draw(st.booleans()):
        content[name] = value
    else:
        del content[name]
    hashed_file.write(place / "y.pt", content, format=FORMAT)
    refused(load, place / "y.pt")


@FUZZ
@given(value=plain | st.dictionaries(st.text(max_size=3), plain) | st.binary(max_size=30))
def test_a_pickle_of_anything_else_is_refused_by_name(whole, value):
    place = whole[2]
    for content in (pickle.dumps(value), value if isinstance(value, bytes) else b""):
        (place / "z.pt").write_bytes(content)
        with pytest.raises(InputError, match=r"z\.pt"):
            load(place / "z.pt")


def test_code_is_run_by_no_file_of_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"format": pretrained.FORMAT, "G": Malicious()}, tmp_path / "d-linear.pt")
    Path("plain.pt").write_bytes(pickle.dumps(Malicious()))
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    with pytest.raises(InputError, match=r"d-linear\.pt is damaged or not a set of weights"):
        pretrained.load("d-linear")
    for name in ("d-linear.pt", "plain.pt"):
        with pytest.raises(ValueError, match="not the judge's weights"):
            judge.load(tmp_path / name)
        with pytest.raises(InputError, match=name):
            load(tmp_path / name)
    assert not Path("should-not-exist").exists()


@pytest.mark.parametrize("name", ["a-mlp", "d-linear"])
def test_a_stored_network_that_was_cut_or_changed_is_refused_by_name(name, tmp_path, monkeypatch):
    content = pretrained._path(name, "pt").read_bytes()
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    path = tmp_path / f"{name}.pt"
    for at in range(0, len(content), len(content) // 5):
        path.write_bytes(content[:at])
        with pytest.raises(InputError, match=rf"{name}\.pt"):
            pretrained.load(name)
    at = content.index(b"data/0") + 200_000 % (len(content) // 2)
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    with pytest.raises(InputError, match=rf"{name}\.pt is damaged"):
        pretrained.load(name)


def test_the_judges_weights_are_whole_or_refused(tmp_path):
    content = judge.WEIGHTS.read_bytes()
    path = tmp_path / "judge.pt"
    path.write_bytes(content[: len(content) // 2])
    for place in (path, tmp_path / "missing.pt", tmp_path):
        with pytest.raises(ValueError, match=rf"{place.name}.*Install ganbook again"):
            judge.load(place)


shape = st.lists(st.sampled_from([0, 1, 3, 4, 2**31, 2**32 - 1]), max_size=6)


@FUZZ
@given(shape=shape, size=st.integers(0, 40), kind=st.sampled_from([8, 8, 8, 9, 0, 255]), cut=st.integers(0, 30))
def test_any_bytes_in_the_place_of_digits_are_read_or_refused_by_name(whole, shape, size, kind, cut):
    folder = whole[2] / "digits"
    folder.mkdir(exist_ok=True)
    content = bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + bytes(size)
    for name in idx.NAMES["train"]:
        (folder / name).write_bytes(content[: max(0, len(content) - cut)])
    refused(lambda path: idx.read_split("train", path), folder)


def test_a_set_without_images_is_refused(whole, tmp_path):
    for name, shape in zip(idx.NAMES["train"], ((0, 28, 28), (0,))):
        (tmp_path / name).write_bytes(bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape))
    with pytest.raises(InputError, match="damaged"):
        idx.read_split("train", tmp_path)


def pictured(kind):
    file = BytesIO()
    Image.fromarray(noise(32, 32)).save(file, format=kind)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore")  # Pillow warns of some damages and goes on
@pytest.mark.parametrize("kind", ["png", "jpeg"])
@FUZZ
@given(data=st.data())
def test_a_damaged_picture_is_read_or_refused_by_name(whole, kind, data):
    folder = whole[2] / kind
    folder.mkdir(exist_ok=True)
    path = folder / "odd.image"
    path.write_bytes(data.draw(damaged(pictured(kind))))
    try:
        assert Folder(folder).images.shape == (1, 28, 28)
    except InputError as error:
        assert "odd.image" in str(error) and "\n" not in str(error)


def bomb(kind):
    """A small file that asks for much memory."""
    if kind == "png":  # 50,000 x 50,000 pixels
        return png(8, 2, 50_000, 50_000, b"")
    if kind == "jpeg":  # 65,000 x 65,000 pixels, in the frame header of a real file
        content = pictured("jpeg")
        return content.replace(struct.pack(">HH", 32, 32), struct.pack(">HH", 65_000, 65_000), 1)
    press = zlib.compressobj(9)  # a comment of 200 KB that becomes 200 MB
    text = b"".join([*(press.compress(bytes(1_000_000)) for _ in range(200)), press.flush()])
    chunk = b"zTXt" + b"Comment\0\0" + text
    content = png(8, 0, 32, 32, (b"\0" + bytes(32)) * 32)
    return (
        content[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[33:]
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["png", "jpeg", "comment"])
def test_a_small_file_that_asks_for_much_memory_is_refused(tmp_path, kind):
    resource = pytest.importorskip("resource")
    content = bomb(kind)
    assert len(content) < 300_000
    (tmp_path / "bomb.png").write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=r"bomb\.png"):
        Folder(tmp_path)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)
    assert grown < 100e6


def test_links_and_names_of_every_kind(tmp_path):
    folder, other = tmp_path / "pictures", tmp_path / "other"
    for place, name in (
        (folder, "Größe 数字 \u202e.png"),
        (folder, "a\nb.png"),
        (folder, "%s{0}.png"),
        (other, "x.png"),
    ):
        place.mkdir(exist_ok=True)
        Image.fromarray(noise(28, 28, 1, seed=len(name))).save(place / name)
    assert len(Folder(folder)) == 3
    (folder / "linked.png").symlink_to(other / "x.png")
    assert len(Folder(folder)) == 4, "a link to a file is that file"
    (folder / "b\nc.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"b\\nc\.png is an empty file") as caught:
        Folder(folder)
    assert "\n" not in str(caught.value)
    (folder / "b\nc.png").unlink()
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "round").symlink_to(folder)
    (folder / "nowhere.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"3 of the 7 files") as caught:  # none is followed for ever or left out
        Folder(folder)
    assert all(name in str(caught.value) for name in ("loop.png", "round", "nowhere.png"))


def test_files_and_folders_that_may_not_be_read_are_named():
    with tempfile.TemporaryDirectory() as place:  # pytest keeps its own folders from other users
        folder = Path(place, "pictures")
        for name in ("a.png", "b/c.png", "d/e.png"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(noise(28, 28, 1)).save(folder / name)
        os.chmod(place, 0o755)
        assert len(Folder(folder)) == 3
        (folder / "a.png").chmod(0)
        (folder / "b").chmod(0)
        (folder / "d").chmod(0o444)  # its names can be listed, and nothing else
        with ordinary_user(folder), pytest.raises(InputError, match=r"3 of the 3 files.*a\.png.*b cannot.*d cannot"):
            Folder(folder)
        (folder / "b").chmod(0o755)
        (folder / "d").chmod(0o755)


RECIPE, MISSING = some("tiny", odd=("", "dcgn", "\0")), ("", "..", "no", "x" * 400)
NUMBER = ("0", "-1", "1.5", "x", "", "9" * 5000, "٣")
OPTIONS = {
    "train": {
        "--out": some("out", odd=(*MISSING, "/proc/self")),
        "--steps": some("1", odd=NUMBER),
        "--seed": some("3", odd=(*NUMBER[1:], "-9", "9" * 40)),
        "--device": some("cpu", odd=("gpu", "cuda:9", "", "meta")),
        "--data": some("digits", odd=MISSING),
        "--save-every": some("1", "99999999999", odd=NUMBER),
        "--log-every": some("1", "99999999999", odd=NUMBER),
    },
    "sample": {
        "--out": some("x.png", odd=(*MISSING, "digits", "/proc/self/x")),
        "--n": some("3", odd=(*NUMBER, "99999999999")),
        "--columns": some("2", "99999999999", odd=NUMBER),
        "--seed": some("3", odd=NUMBER),
        "--device": some("cpu", odd=("gpu", "")),
    },
    "evaluate": {
        "--n": some("7", "99999999999", odd=NUMBER),
        "--data": some("digits", odd=MISSING),
        "--device": some("cpu", odd=("gpu", "")),
        "--out": some("x.json", odd=MISSING),
    },
}


@st.composite
def commands(draw):
    """A command, some of its options (not too seldom all that it needs), and now and then a word too many."""
    command = draw(st.sampled_from(["train", "train", "sample", "evaluate", "recipes"]))
    words = [command]
    if command != "recipes":
        words += [draw(RECIPE)] if command == "train" else [draw(some("run.pt", odd=("tiny", "digits", *MISSING)))]
    for option, values in OPTIONS.get(command, {}).items():
        if option in ("--out", "--steps", "--data", "--device", "--n") or draw(st.booleans()):
            words += [f"{option}={draw(values)}"]
    return words + draw(some([], [], odd=(["--resume"], ["--json"], ["--bf16"], ["more"], ["--no-such"], ["--help"])))


@settings(FUZZ, max_examples=150)
@given(words=commands())
def test_a_command_does_its_work_or_says_in_a_line_what_is_wrong(whole, small_set, words):
    place = whole[2] / "commands"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "run.pt").write_bytes(whole[0])
    (place / "digits").symlink_to(small_set)
    here = os.getcwd()
    os.chdir(place)
    try:
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()), redirect_stderr(StringIO()) as said:
            patch.setitem(recipes.RECIPES, "tiny", TINY)
            status = cli.main(words)
    except SystemExit as end:  # argparse: a word that it does not know, or --help
        assert end.code in (0, 2) and "Traceback" not in said.getvalue()
    else:
        last = said.getvalue().splitlines()[-1:]
        assert status in (0, 2) and "Traceback" not in said.getvalue()
        assert status == 0 or last[0].startswith("ganbook: "), last
        assert not list(place.rglob("*.part"))
    finally:
        os.chdir(here)


@pytest.fixture(scope="module")
def small_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    for name, array in zip(idx.NAMES["train"], (torch.zeros(40, 28, 28), torch.zeros(40))):
        write_idx(folder / f"{name}.gz", array.byte())
    return folder


def test_what_is_no_file_is_not_written_over(tmp_path):
    os.mkfifo(tmp_path / "x.png")  # as /dev/null is none
    for path in (tmp_path / "x.png", tmp_path, "", "a\0b"):
        with pytest.raises(InputError), replace(path):
            raise AssertionError("the block is not entered")
    assert [(p.name, p.is_fifo()) for p in tmp_path.iterdir()] == [("x.png", True)]
