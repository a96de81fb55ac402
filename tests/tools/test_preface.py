"""The preface is true: a training that it keeps in a folder goes on in a new process, bit for bit."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import torch

from ganbook.training.run import read

ROOT = Path(__file__).resolve().parents[2]
SHORTER = {"train_to(3000)": "train_to(9)", "% 500": "% 3", '"mlp"': '"d-linear"'}


def recipe() -> str:
    """The cell of the preface, with fewer steps of a smaller pair."""
    text = (ROOT / "book" / "preface.md").read_text(encoding="utf-8")
    (cell,) = re.findall(r"^```python\n(from pathlib.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    for long, short in SHORTER.items():
        assert cell.count(long) == 1
        cell = cell.replace(long, short)
    return cell + "    print(record.step)\n"


def start(cell: str, folder: Path) -> tuple[int, list[int]]:
    """Run the cell as a process; return its exit status and the steps that it made."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run([sys.executable, "-u", "-c", cell], cwd=folder, stdout=subprocess.PIPE, text=True)
    return done.returncode, [int(line) for line in done.stdout.split()]


def here(cell: str, folder: Path, monkeypatch) -> list[int]:
    """Run the cell in this process; return the steps that it made."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(cell, "preface.md", "exec"), {"__name__": "preface"})
    return [int(line) for line in said.getvalue().split()]


def test_a_training_kept_in_a_folder_goes_on_in_a_new_process_bit_for_bit(tmp_path, monkeypatch):
    ended = "    if record.step == 5:\n        import os; os._exit(7)\n"  # as a session ends: at once, nothing saved
    assert start(recipe() + ended, tmp_path / "two") == (7, [1, 2, 3, 4, 5])
    first = read(tmp_path / "two" / "kept" / "mlp.pt")
    assert first["step"] == 3
    assert start(recipe(), tmp_path / "two") == (0, [4, 5, 6, 7, 8, 9])
    assert here(recipe(), tmp_path / "one", monkeypatch) == list(range(1, 10))
    two, one = (read(tmp_path / name / "kept" / "mlp.pt") for name in ("two", "one"))
    assert two["step"] == one["step"] == 9
    for part in ("G", "D"):
        assert one[part].keys() == two[part].keys() == first[part].keys()
        assert all(torch.equal(value, two[part][name]) for name, value in one[part].items()), part
        assert not any(torch.equal(value, first[part][name]) for name, value in one[part].items()), "it went on"
