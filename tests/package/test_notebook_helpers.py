"""The notebooks' helpers: a budget that shrinks in trials, claims that bite, progress that passes everything on."""

import json

import matplotlib as mpl
import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell, new_output

from ganbook.chapters import notebook
from ganbook.models import mlp
from ganbook.training.loop import Record

mpl.use("agg")


@pytest.fixture
def trial(monkeypatch):
    monkeypatch.setenv("GANBOOK_SMOKE", "1")


@pytest.fixture
def real(monkeypatch):
    monkeypatch.delenv("GANBOOK_SMOKE", raising=False)


def records(n):
    for s in range(1, n + 1):
        yield Record(s, 8 * s, {"d_loss": torch.tensor(1.0), "g_loss": torch.tensor(2.0)})


def test_budget_is_all_for_a_reader(real):
    assert notebook.budget(3000) == 3000


def test_budget_is_little_in_a_trial(trial):
    assert notebook.budget(3000) <= 4 and notebook.budget(2) == 2


@pytest.fixture
def shown(monkeypatch):
    """What is displayed: (data, metadata), each as a notebook would store it."""
    found = []
    monkeypatch.setattr(notebook, "display", lambda item, **_: found.append(item._repr_mimebundle_()))
    monkeypatch.setattr(notebook, "get_ipython", lambda: True)
    return found


def test_a_claim_that_fails_says_so_and_lets_the_notebook_go_on(real, capsys):
    notebook.claim(True, "two is even")
    notebook.claim(False, "three is even")
    assert capsys.readouterr().out.splitlines() == [
        "holds: two is even",
        "did not hold in this run: three is even (the book's run: it did)",
    ]


def test_where_the_book_is_made_a_claim_that_fails_ends_the_run(real, monkeypatch, shown):
    monkeypatch.setenv("GANBOOK_STRICT", "1")
    notebook.claim(True, "two is even")
    with pytest.raises(AssertionError, match="three is even"):
        notebook.claim(False, "three is even")
    assert [data["text/plain"] for data, _ in shown] == ["holds: two is even"]


@pytest.mark.parametrize("strict", ["0", "1"])
def test_a_claim_is_not_checked_in_a_trial(trial, monkeypatch, shown, strict):
    monkeypatch.setenv("GANBOOK_STRICT", strict)
    notebook.claim(False, "three is even")
    [(data, _)] = shown
    assert data["text/plain"] == "not checked: three is even" and data[notebook.CLAIM]["holds"] is None


def test_a_claim_stores_a_record_that_is_json(real, shown):
    values = {"distance": torch.tensor(1.5), "share": np.float32(0.5), "runaway": float("nan")}
    notebook.claim(torch.tensor(True), "it is so", values=values, seeds=(0, 1), n=10_000)
    notebook.claim(np.bool_(False), "it is not")
    full, bare = (json.loads(json.dumps(data[notebook.CLAIM], allow_nan=False)) for data, _ in shown)
    assert full.pop("ran_on")["torch"] == torch.__version__ and bare.pop("ran_on")
    measured = {"distance": 1.5, "share": 0.5, "runaway": "nan"}
    assert full == {"sentence": "it is so", "holds": True, "values": measured, "seeds": [0, 1], "n": 10_000}
    assert bare == {"sentence": "it is not", "holds": False}


def test_what_needs_no_training_is_verified_in_silence_and_in_trials_too(monkeypatch, capsys):
    for name in ("GANBOOK_SMOKE", "GANBOOK_STRICT"):
        monkeypatch.delenv("GANBOOK_SMOKE", raising=False)
        monkeypatch.setenv(name, "1")
        notebook.verify(True, "two is even")
        with pytest.raises(AssertionError, match="three is even"):
            notebook.verify(False, "three is even")
        monkeypatch.delenv(name)
    assert capsys.readouterr().out == ""
    notebook.verify(True, "two is even")
    notebook.verify(torch.tensor(False), "three is even")
    assert capsys.readouterr().out == "did not hold in this run: three is even (the book's run: it did)\n"


def test_a_number_is_stored_as_the_glue_of_myst_nb_stores_it_and_returned(shown, monkeypatch):
    """MyST-NB is the second opinion: it must find the number, as the text that was returned."""
    extract_glue_data_cell = pytest.importorskip("myst_nb.ext.glue").extract_glue_data_cell
    assert notebook.number("mean-distance", torch.tensor(12.345), "{:.1f} floors") == "12.3 floors"
    [(data, metadata)] = shown
    cell = new_code_cell(outputs=[new_output("display_data", data, metadata=metadata)])
    [(name, found)] = extract_glue_data_cell(cell)
    assert (name, found["data"]["text/plain"]) == ("mean-distance", "12.3 floors")
    assert cell.outputs == [], "nothing is shown"


def test_a_number_outside_a_notebook_is_only_returned(capsys):
    assert notebook.number("a", 0.25, "{:.0%}") == "25%" and capsys.readouterr().out == ""


def test_progress_passes_every_record_on_as_it_comes():
    stream = records(7)
    seen = notebook.progress(stream, 7)
    assert next(seen).step == 1 and next(stream).step == 2  # nothing is taken ahead
    assert [r.step for r in seen] == [3, 4, 5, 6, 7]


def test_progress_shows_the_generator_every_so_often(monkeypatch):
    shown = []

    class Handle:
        def update(self, figure):
            shown.append(figure.axes[0].get_title(loc="left") or figure.axes[0].get_title())

    def display(figure, display_id):
        Handle().update(figure)
        return Handle()

    monkeypatch.setattr(notebook, "display", display)
    G = mlp.Generator(z_dim=2, hidden=())
    assert len(list(notebook.progress(records(10), 10, G, every=4, n=4))) == 10
    assert shown == ["step 4", "step 8", "step 10"]
    assert not mpl.pyplot.get_fignums()


def test_progress_ends_with_its_loop():
    for record in notebook.progress(records(10), 10):
        if record.step == 3:
            break
    assert record.step == 3
