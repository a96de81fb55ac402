"""The tool behind chapter 14's long runs: few images are few, and every variant plays."""

import dataclasses

import pytest
import torch

from ganbook.base.errors import DivergedError
from ganbook.chapters import results
from ganbook.data import Digits
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from tools.experiments import little
from tools.experiments.trials import settings


@pytest.mark.parametrize("name", little.variants())
def test_every_variant_takes_a_step(name, small_folder):
    run = Run(dataclasses.replace(little.variants()[name], m=16), folder=small_folder)
    (record,) = run.train(1)
    assert all(value.isfinite() for value in record.values.values())


def test_few_are_the_first_so_many_and_another_set(digits, small_folder):
    data, whole = little.RECIPE.data(), Recipe.data(little.RECIPE)
    assert len(data) == little.FEW and torch.equal(data.images, digits.images[: little.FEW])
    assert torch.equal(data.labels, digits.labels[: little.FEW])
    assert data.fingerprint != whole.fingerprint, "other images: a checkpoint must notice"
    assert settings({"": little.RECIPE}) != settings({"": dataclasses.replace(little.RECIPE, images=60_000)})


@pytest.fixture
def quick(small_folder, monkeypatch):
    """The recipe on 300 images, four at a time, looked at through few samples."""
    data = Digits(folder=small_folder)
    monkeypatch.setattr(little.Few, "data", lambda self, folder=None, device="cpu": data)
    for name, value in (("N", 120), ("LOOK", 20)):
        monkeypatch.setattr(little, name, value)
    little.real.cache_clear()
    yield dataclasses.replace(little.RECIPE, m=4)
    little.real.cache_clear()


def test_a_run_is_looked_at_on_the_way_and_at_its_end(quick):
    row, _ = little.measure(quick, 3, seconds=0.6, every=0.3)
    assert row["seed"] == 3 and not row["diverged"] and len(row["course"]) == 2
    for at in row["course"]:
        assert at["frechet"] > 0 and 0 <= at["copying"] <= 1 and at["centre"] >= 0
        assert {"logit_train", "logit_held_out", "logit_fake", "recall"} <= at.keys()


def test_a_look_leaves_the_run_as_it_was(quick):
    run = Run(quick)
    list(run.train(1))
    before = [v.clone() for net in (run.G, run.D) for v in net.state_dict().values()]
    assert little.look(run) == little.look(run)
    assert run.D.training and run.G.training
    after = [v for net in (run.G, run.D) for v in net.state_dict().values()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True)), "BatchNorm's statistics too"


def test_real_images_are_no_copies_and_lie_in_the_middle(quick):
    index = little.others()
    assert index.min() >= little.FEW and len(index.unique()) == len(index) == little.N
    assert (index.diff().abs() > 1).double().mean() > 0.9, "drawn, not a block: images in their order share writers"
    floor = little.floor()
    assert 0.2 < floor["copying"] < 0.8 and floor["centre"] < 0.5


def test_a_divergence_ends_the_row_and_not_the_table(quick, monkeypatch):
    def diverge(*_):
        raise DivergedError("a loss is not a number")
        yield

    monkeypatch.setattr(little, "marks", diverge)
    row, _ = little.measure(quick, 0)
    assert row["diverged"] and row["course"] == []


@pytest.mark.skipif(not (results.FOLDER / "little.json").is_file(), reason="not measured yet")
def test_the_stored_rows_belong_to_the_recipes_as_they_are():
    stored, plan = results.load("little"), little.variants()
    assert stored["settings"] == {name: settings({"": recipe}) for name, recipe in plan.items()}
    for name in plan:
        assert [row["seed"] for row in stored["variants"][name]] == little.SEEDS
        for row in stored["variants"][name]:
            assert row["diverged"] or row["course"][-1]["seconds"] >= stored["cpu_seconds"]
