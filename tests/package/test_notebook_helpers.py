"""The notebooks' helpers: a budget that shrinks in trials, claims that bite, progress that passes everything on."""

import matplotlib as mpl
import pytest
import torch

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
    assert notebook.budget(3000) == 4 and notebook.budget(2) == 2


def test_a_claim_that_fails_stops_the_notebook(real, capsys):
    notebook.claim(True, "two is even")
    assert "holds: two is even" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="three is even"):
        notebook.claim(False, "three is even")


def test_a_claim_is_not_checked_in_a_trial(trial, capsys):
    notebook.claim(False, "three is even")
    assert "not checked" in capsys.readouterr().out


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
