"""Twenty trainings of the front page, as stored: complete, of today's settings, no worse than PyTorch's."""

import re

import pytest
import torch
import trainer

from ganbook.chapters import results
from ganbook.data import Digits
from tools.experiments import front_runs
from tools.site import front_digits


@pytest.fixture(scope="module")
def stored() -> dict:
    return results.load("front_runs")


def test_the_runs_were_made_with_the_settings_as_they_are(stored):
    assert stored["settings"] == front_runs.settings(), f"run `{stored['command']}`"
    assert [row["seed"] for row in stored["rows"]] == list(range(20)), "a seed is missing"
    for row in stored["rows"]:
        assert row["pytorch"]["steps"] == row["steps"] > 20 * stored["settings"]["seconds"]
        assert sum(row["shares"]) == pytest.approx(1, abs=1e-3)
    assert stored["median"] == front_runs.summary(stored["rows"])


def test_what_is_no_training_fails_and_real_digits_pass(stored):
    assert set(stored["failures"]) == {"noise", "a blank page", "one digit"}
    assert all(row["collapsed"] for row in stored["failures"].values())
    assert not stored["floor"]["collapsed"]
    worst = max(row["d2"] for row in stored["rows"] if not row["collapsed"])
    assert stored["floor"]["d2"] < worst < min(row["d2"] for row in stored["failures"].values())


def test_the_median_run_reaches_what_pytorch_reaches_in_as_many_steps(stored):
    page, twin = stored["median"]["page"], stored["median"]["pytorch"]
    assert page["d2"] < 1.1 * twin["d2"] and page["coverage"] > 0.9 * twin["coverage"]


def test_the_judge_tells_a_lost_class_and_few_digits_from_real_ones(monkeypatch):
    """The ten digits, each a hundred times, are ten classes and a collapse; so is a set without one class."""
    monkeypatch.setattr(front_runs, "N", 1000)
    front_runs.real.cache_clear()
    labels = Digits("train").labels[:3000]
    x = front_digits.images("train", 3000)
    ten = torch.stack([x[labels == digit][0] for digit in range(10)]).repeat(100, 1, 1, 1)
    assert not front_runs.judged(x[:1000])["collapsed"]
    assert front_runs.judged(ten)["collapsed"] and front_runs.judged(x[labels != 4][:1000])["collapsed"]
    front_runs.real.cache_clear()


@pytest.mark.parametrize(("lost", "words"), [(0, "none of the 20"), (1, "one of the 20"), (12, "12 of the 20")])
def test_the_page_says_how_often_a_training_collapsed(stored, lost, words):
    rows = [{"collapsed": i < lost} for i in range(20)]
    assert words in trainer.offer({**stored, "rows": rows})


def test_the_page_has_the_stored_numbers(stored):
    page = front_runs.front_digits.PATH.parents[3] / "_build" / "html" / "index.html"
    if page.exists():
        words = re.sub(r"\s+", " ", page.read_text(encoding="utf-8"))
        assert trainer.offer(stored) in words
        assert words.count(f'value="{stored["settings"]["rate"]}"') == 2
