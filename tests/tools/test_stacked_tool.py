"""The tool behind chapter 13's long runs: its plan can be played, its counts and its clock are right."""

import dataclasses
import math

import pytest
import torch

from ganbook.base.errors import DivergedError
from ganbook.chapters import results
from ganbook.data import Digits, Stacked
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from tools.experiments import stacked_runs
from tools.experiments.trials import settings


@pytest.mark.parametrize("name", stacked_runs.variants())
def test_every_variant_takes_a_step_on_three_channels(name, small_folder):
    run = Run(dataclasses.replace(stacked_runs.variants()[name], m=16), folder=small_folder)
    (record,) = run.train(1)
    assert all(value.isfinite() for value in record.values.values())
    assert isinstance(run.data, Stacked) and run.G(torch.zeros(2, run.G.z_dim)).shape == (2, 3, 28, 28)


def test_the_divergence_is_taken_apart_without_a_rest():
    y = torch.arange(1000)
    assert stacked_runs.tally(y) == {"modes": 1000, "modes_5": 0, "kl": 0, "kl_channels": 0, "kl_together": 0}
    same = torch.arange(10).repeat(5) * 111  # the three channels always agree: each is even, and they know all
    found = stacked_runs.tally(same)
    assert found["modes"] == found["modes_5"] == 10 and found["kl_channels"] == 0
    assert found["kl"] == found["kl_together"] == pytest.approx(math.log(100), abs=1e-4)
    reds = torch.arange(1000)[:100]  # red is always 0, the others are even and independent
    found = stacked_runs.tally(reds)
    assert found["kl_channels"] == pytest.approx(math.log(10), abs=1e-4) and abs(found["kl_together"]) < 1e-4


def test_real_stacks_reach_nearly_all_that_so_many_draws_can_reach():
    (row,) = stacked_runs.real([0], n=1500)
    assert row["modes"] == pytest.approx(1000 * (1 - math.exp(-1.5)), abs=40)
    assert 0 < row["misnamed"] < 0.03  # 0.51 % of each of three channels


@pytest.fixture
def quick(small_folder, monkeypatch) -> Recipe:
    """The recipe on 300 images, four at a time."""
    data = Stacked(Digits(folder=small_folder))
    monkeypatch.setattr(Recipe, "data", lambda self, folder=None, device="cpu": data)
    return dataclasses.replace(stacked_runs.RECIPE, m=4)


def test_a_run_is_counted_at_each_mark_and_at_its_end(quick):
    row, images = stacked_runs.measure(quick, 3, seconds=1.0, every=0.4, n=5)
    spent = [at["seconds"] for at in row["course"]]
    assert row["seed"] == 3 and not row["diverged"] and len(spent) == 3
    assert all(mark <= at < mark + 0.4 for mark, at in zip((0.4, 0.8, 1.0), spent)), spent
    assert [at["step"] for at in row["course"]] == sorted({at["step"] for at in row["course"]})
    assert torch.tensor(images).shape == (stacked_runs.SHOWN, 3, 28, 28)


def test_a_look_changes_nothing_in_the_training(quick):
    looked, alone = None, Run(quick, seed=0)
    for run, _ in stacked_runs.marks(quick, 0, seconds=0.5, every=0.1):
        stacked_runs.sample(run.sampler, 3, seed=1)
        looked = run
    for _ in alone.train(looked.step):
        pass
    for a, b in zip(looked.G.state_dict().values(), alone.G.state_dict().values()):
        assert torch.equal(a, b)


def test_a_divergence_ends_the_row_and_not_the_table(quick, monkeypatch):
    def diverge(*_):
        raise DivergedError("a loss is not a number")
        yield

    monkeypatch.setattr(stacked_runs, "marks", diverge)
    row, images = stacked_runs.measure(quick, 0)
    assert row["diverged"] and row["course"] == [] and len(images) == stacked_runs.SHOWN


@pytest.mark.skipif(not (results.FOLDER / "stacked.json").is_file(), reason="not measured yet")
def test_the_stored_rows_belong_to_the_recipes_as_they_are():
    stored, plan = results.load("stacked"), stacked_runs.variants()
    assert stored["settings"] == {name: settings({"": recipe}) for name, recipe in plan.items()}
    for name in plan:
        assert [row["seed"] for row in stored["variants"][name]] == stacked_runs.SEEDS
        for row in stored["variants"][name]:
            assert row["diverged"] or row["course"][-1]["seconds"] >= stored["cpu_seconds"]
            assert all(0 < at["modes_5"] <= at["modes"] <= 1000 for at in row["course"][-1:])
