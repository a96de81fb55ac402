"""A chapter with a cell "Change it" works to its last cell whatever a reader changes there.

The cell is tagged `change-it`, and every line of it is an assignment. A change puts another value behind a name.
"""

import ast
import re

import matplotlib
import nbformat
import pytest
import torch
from exercise_answers import ROOT, execute, quick

from ganbook import Digits, Images
from ganbook.models import mlp
from ganbook.models.sampling import sample
from tools.site.course import tags

TAG = "change-it"
# What the tutorials tell their readers to try, several at a time where one does not hide another.
CHANGES = {
    "01_noise": [
        {"use": "{3, 7}", "z_dim": "1_000", "seed": "5"},
        {"hidden_g": "()", "hidden_d": "(64, 32)", "dropout": "0.0", "m": "10", "epochs": "1"},
        {"hidden_g": "(256, 512, 1024)", "hidden_d": "()", "rate": "0.1", "m": "256", "epochs": "30"},
    ],
    "02_mlp_gan": [
        {"use": "{3, 7}", "z_dim": "1", "seed": "5", "optimiser": "partial(torch.optim.SGD, lr=0.1)"},
        {"z_dim": "1_000", "hidden_g": "()", "hidden_d": "(64,)", "dropout": "0.0", "m": "64", "k": "5"},
        {"hidden_g": "(64,)", "hidden_d": "()", "m": "1", "steps": "60_000"},
    ],
}


def chapter(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def changed(source: str, changes: dict[str, str]) -> str:
    """The cell's source with other values behind these names; every name must be assigned in a line of its own."""
    for name, value in changes.items():
        pattern = rf"^((?:.*, )?{name}\b.*?) = [^#\n]*"
        line = re.search(pattern, source, flags=re.MULTILINE)
        assert line, f"there is no {name} to change"
        names = [one.strip() for one in line[1].split(",")]
        if len(names) > 1:  # a, b = 1, 2
            (assignment,) = [node for node in ast.parse(source).body if ast.unparse(node.targets[0]) == f"({line[1]})"]
            old = [ast.unparse(one) for one in assignment.value.elts]
            value = ", ".join(value if one == name else there for one, there in zip(names, old, strict=True))
        source = re.sub(pattern, lambda found, value=value: f"{found[1]} = {value}  ", source, flags=re.MULTILINE)
    return source


def test_a_change_takes_the_place_of_the_value():
    cell = "a, b = (1,), 2  # both\nc = [1, 2]  # one\nabc = 3"
    space: dict = {}
    exec(changed(cell, {"b": "7", "c": "None"}), space)
    assert (space["a"], space["b"], space["c"], space["abc"]) == ((1,), 7, None, 3)
    with pytest.raises(AssertionError, match="no d to change"):
        changed(cell, {"d": "1"})


@pytest.mark.parametrize("name", CHANGES)
def test_a_cell_to_change_holds_assignments_only(name):
    (cell,) = [cell for cell in chapter(name).cells if TAG in tags(cell)]
    assert all(isinstance(node, ast.Assign) for node in ast.parse(cell.source).body)
    assert cell.source.startswith("# Change it")


def test_every_chapter_with_such_a_cell_is_tried():
    there = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb") if f'"{TAG}"' in path.read_text("utf-8")}
    assert there == set(CHANGES)


@pytest.mark.answers
@pytest.mark.filterwarnings("ignore")  # of what a setting does; `make test` runs the chapter as it is, warnings too
@pytest.mark.parametrize("name, changes", [(name, one) for name, many in CHANGES.items() for one in many])
def test_a_chapter_works_to_its_last_cell(name, changes, monkeypatch, tmp_path):
    """With the last of its changes every cell runs twice, as cells do under a reader's hand."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    space = {"__name__": "__main__"}
    with quick():
        for number, cell in enumerate(chapter(name).cells):
            if cell.cell_type == "code" and "setup" not in tags(cell):
                source = changed(cell.source, changes) if TAG in tags(cell) else cell.source
                for _ in range(1 + (changes is CHANGES[name][-1])):
                    execute(source, space, f"{name} cell {number}")


def test_the_readers_training_can_be_stopped_and_goes_on(capsys):
    cells = [cell.source for cell in chapter("02_mlp_gan").cells if "def train_with(" in cell.source]
    (loop,) = [node for node in ast.parse(cells[0]).body if getattr(node, "name", "") == "train_with"]
    digits = Digits("test")[:64][0]
    space = {"torch": torch, "tqdm": list, "sample": sample, "seed": 0, "device": "cpu"}
    space["digits"] = Images(((digits + 1) * 127.5).byte(), [0] * 64)
    exec(compile(ast.Module([loop], []), "train_with", "exec"), space)
    pair = mlp.Generator(z_dim=3, hidden=(4,)), mlp.Discriminator(hidden=(4,))
    seen = []

    def update_G(G, D, opt_g, z):
        seen.append(z)
        if len(seen) == 5:
            raise KeyboardInterrupt
        return float(len(seen))

    settings = (lambda *_: 0.5, update_G, pair, (None, None), 8, 1)
    losses, film = space["train_with"](*settings, 12)
    assert losses == [(0.5, float(n)) for n in range(1, 5)] and list(film) == [2, 4]
    assert "stopped in step 5" in capsys.readouterr().out
    losses, film = space["train_with"](*settings, 6)
    assert [g for _, g in losses] == [6.0, 7.0, 8.0, 9.0, 10.0, 11.0] and film[6].shape == (16, 1, 28, 28)
