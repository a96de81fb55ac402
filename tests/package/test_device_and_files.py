"""Choosing a device, and writing files whole or not at all."""

import pytest
import torch

from ganbook.base.devices import choose
from ganbook.base.errors import InputError
from ganbook.base.files import replace


def test_auto_chooses_the_best_device_that_is_present(monkeypatch):
    for cuda, mps, best in ((False, False, "cpu"), (False, True, "mps"), (True, True, "cuda")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert choose().type == best


def test_a_build_with_cuda_is_not_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose() == torch.device("cpu")
    with pytest.raises(InputError, match="not available on this machine, which has: cpu"):
        choose("cuda")


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose("cuda:0").index == 0
    with pytest.raises(InputError, match="cuda:1"):
        choose("cuda:1")


@pytest.mark.parametrize("name", ["gpu", "", "cpu0", "meta"])
def test_what_is_no_device_is_refused(name):
    with pytest.raises(InputError, match="Expected a device"):
        choose(name)


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    with replace(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt(), ValueError("bug")])
def test_a_file_whose_writing_fails_stays_as_it_was(tmp_path, error):
    path = tmp_path / "x"
    path.write_text("old")
    expected = InputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected), replace(path) as file:
        file.write(b"half")
        raise error
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named_and_nothing_is_said_of_a_file_that_never_was(tmp_path):
    with pytest.raises(InputError) as caught, replace(tmp_path / "no" / "x"):
        raise AssertionError("the block is not entered")
    assert str(caught.value) == f"There is no folder {tmp_path / 'no'}: make it first, or name another."
    assert not list(tmp_path.iterdir())


def test_a_folder_in_place_of_the_file_is_a_sentence(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(InputError, match="cannot be written"), replace(tmp_path / "x") as file:
        file.write(b"new")
