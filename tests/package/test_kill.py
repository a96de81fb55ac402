"""Nothing is lost when a process is killed, a disk is full, a folder may not be written to or a file is damaged."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from test_run import TINY, load, same, state

from ganbook import cli
from ganbook.base.errors import InputError
from ganbook.training import recipes
from ganbook.training.run import Run, read
from ganbook.viewing.plots import save_png

resource = pytest.importorskip("resource", reason="limits on files are there on Linux and macOS")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def train(small_folder, tmp_path, monkeypatch):
    """Call `ganbook train tiny` up to a step; gives the exit status."""
    monkeypatch.setitem(recipes.RECIPES, "tiny", TINY)

    def call(steps, *more):
        shared = ["--data", str(small_folder), "--device", "cpu", "--save-every", "2", "--log-every", "1"]
        return cli.main(["train", "tiny", "--out", str(tmp_path / "run"), "--steps", str(steps), *shared, *more])

    return call


@contextmanager
def disk(size):
    """Files can grow to `size` bytes and no further, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def ordinary_user(folder):
    """Root may read and write anything; within the block this process is nobody, if it was root."""
    root = os.getuid() == 0
    if root:
        os.setresuid(65534, 65534, 0)
    try:
        if not os.access(folder, os.R_OK | os.X_OK):
            pytest.skip("temporary files of this machine are kept from other users")
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)


def test_a_training_killed_at_random_instants_ends_as_if_it_had_been_left_alone():
    few = ["--kills", "3", "--steps", "12"]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tools.checks.kill", *few], cwd=ROOT, capture_output=True, text=True, env=env
    )
    result = json.loads(done.stdout)
    assert done.returncode == 0 and result["identical"] and result["kills"] == 3, result


def test_what_a_kill_in_the_midst_of_writing_leaves_behind_does_no_harm(train, tmp_path):
    assert train(6) == 0
    whole = read(tmp_path / "run" / cli.CHECKPOINT)["sha256"]
    (tmp_path / "run").rename(tmp_path / "whole")
    assert train(4) == 0
    files = cli.CHECKPOINT, cli.HISTORY, cli.SAMPLES
    for name in files:
        content = (tmp_path / "run" / name).read_bytes()
        (tmp_path / "run" / f"{name}.part").write_bytes(content[: len(content) // 2])
    assert train(6, "--resume") == 0
    assert read(tmp_path / "run" / cli.CHECKPOINT)["sha256"] == whole
    assert {path.name for path in (tmp_path / "run").iterdir()} == set(files)


def test_whatever_room_a_full_disk_leaves_the_last_good_checkpoint_stays(small_folder, tmp_path):
    run, path = Run(TINY, folder=small_folder), tmp_path / "run.pt"
    list(run.train(1))
    run.save(path)
    good, size = state(run), path.stat().st_size
    list(run.train(1))
    for room in (0, 1, 100, size // 2, size - 1):
        with disk(room), pytest.raises(InputError, match=r"run\.pt cannot be written.*untouched"):
            run.save(path)
        assert same(state(load(path)), good) and [p.name for p in tmp_path.glob("*.p*")] == ["run.pt"]
    with disk(2 * size):
        run.save(path)
    assert load(path).step == 2


def test_samples_that_find_no_room_leave_the_last_ones(tmp_path):
    save_png(torch.zeros(4, 1, 8, 8), tmp_path / "x.png")
    before = (tmp_path / "x.png").read_bytes()
    with disk(10), pytest.raises(InputError, match=r"x\.png cannot be written"):
        save_png(torch.rand(64, 1, 28, 28), tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes() == before and len(list(tmp_path.glob("x*"))) == 1


def test_a_disk_that_fills_up_while_the_history_is_written_ends_in_a_sentence(train, tmp_path, capsys):
    assert train(2) == 0
    checkpoint, history = (tmp_path / "run" / name for name in (cli.CHECKPOINT, cli.HISTORY))
    room = 4 * checkpoint.stat().st_size
    before = history.read_text()
    history.write_text(before + json.dumps({"step": 0, "note": "-" * (room - len(before) - 100)}) + "\n")
    good, size = read(checkpoint)["sha256"], history.stat().st_size
    capsys.readouterr()
    with disk(size + 10):
        assert train(4, "--resume") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("ganbook: ") and "--resume" in said
    assert read(checkpoint)["sha256"] == good
    assert train(4, "--resume") == 0 and json.loads(history.read_text().splitlines()[-1])["step"] == 4


def test_a_damaged_history_costs_its_damaged_lines_only(train, tmp_path):
    assert train(4) == 0
    history = tmp_path / "run" / cli.HISTORY
    lines = history.read_bytes().splitlines()
    kept = lines[0], lines[3]
    damaged = lines[0], b'{"step": "two"}', lines[2][:10] + b"\xff\xfe" + lines[2][10:], b"\x00", b"[3]", lines[3]
    history.write_bytes(b"\n".join(damaged))
    assert train(6, "--resume") == 0
    assert history.read_bytes().splitlines()[:2] == list(kept)
    assert [json.loads(line)["step"] for line in history.read_text().splitlines()] == [1, 4, 5, 6]


def test_a_folder_that_only_others_may_write_to_is_a_sentence(small_folder):
    run = Run(TINY, folder=small_folder)
    with tempfile.TemporaryDirectory() as folder:  # pytest keeps its own folders from other users
        path = Path(folder, "run.pt")
        run.save(path)
        os.chmod(folder, 0o555)
        with ordinary_user(folder):
            with pytest.raises(InputError, match=r"cannot be written.*Permission denied"):
                run.save(path)
            assert same(state(load(path)), state(run))
        os.chmod(folder, 0o755)
        path.chmod(0)
        with ordinary_user(folder), pytest.raises(InputError, match=r"run\.pt.*Permission denied"):
            read(path)
