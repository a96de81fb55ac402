"""The metric board: who is on it, that each variant can play, that a run can be repeated, and what is stored."""

import dataclasses
from types import SimpleNamespace

import pytest
import torch

from ganbook.chapters import one_network, results
from ganbook.chapters.one_network import PLANS, Fit, Plan
from ganbook.data import Digits
from ganbook.models import parameters
from ganbook.models.sampling import sample
from ganbook.training.recipes import RECIPES, get
from ganbook.training.run import Run
from tools.experiments import board, trials


def test_everyone_is_on_the_board_or_left_out_for_a_reason():
    named = set(board.variants())
    left_out = {name for name, recipe in RECIPES.items() if board.reason(recipe)}
    assert named == (set(RECIPES) - left_out) | set(PLANS)
    assert "never trained" in board.reason(get("c-noise"))
    assert "16x16" in board.reason(get("b-dcgan16"))
    assert "three digits" in board.reason(dataclasses.replace(get("a-dcgan"), channels=3))
    assert board.reason(get("mlp")) is None


def test_every_variant_can_be_built_and_played(small_folder):
    for name, options in board.variants().items():
        for recipe in options.values():
            start = Fit if isinstance(recipe, Plan) else Run
            (record,) = start(dataclasses.replace(recipe, m=16), folder=small_folder).train(1)
            assert all(value.isfinite() for value in record.values.values()), name


def test_a_plan_is_among_the_settings_it_is_chosen_from():
    for name, plan in PLANS.items():
        assert plan.describe() in [option.describe() for option in board.variants()[name].values()]


def test_a_plan_is_trained_for_its_cpu_seconds_and_again_for_its_steps(small_folder, monkeypatch):
    monkeypatch.setattr(one_network, "find", lambda folder, device: Digits(folder=small_folder))
    plan = dataclasses.replace(PLANS["vae"], m=16)
    run, seconds, diverged, tail = trials.spend(plan, 3, 0.3)
    assert 0.3 <= seconds < 2 and not diverged and tail[-1].step == run.step
    repeated = trials.spend(plan, 3, 60.0, steps=run.step).run
    assert repeated.step == run.step
    pairs = zip(run.sampler.parameters(), repeated.sampler.parameters())
    assert all(torch.equal(p, q) for p, q in pairs), "the seed and the number of steps are all a run depends on"


def test_a_run_of_the_board_can_be_repeated(small_folder, monkeypatch):
    monkeypatch.setattr(one_network, "find", lambda folder, device: Digits(folder=small_folder))
    monkeypatch.setattr(board, "N", 10)
    monkeypatch.setattr(board, "distance", lambda x: x.mean().item())
    plan = dataclasses.replace(PLANS["vae"], m=16)
    run = trials.spend(plan, 3, 60.0, steps=4).run
    row = {"seed": 3, "steps": 4, "frechet": sample(run.sampler, 10, seed=1).mean().item()}
    table = SimpleNamespace(report={"variants": {"vae": [{"seed": 0}, row]}})
    now, then = board.again(table, {"vae": plan}, "vae", 3)
    assert now == then
    row["steps"] = 3
    assert board.again(table, {"vae": plan}, "vae", 3)[0] != then


def test_a_trial_takes_a_pair_and_a_plan(monkeypatch):
    for name, small in {"N": 10, "TRIAL": 0.05, "distance": lambda x: x.mean().item()}.items():
        monkeypatch.setattr(board, name, small)
    for recipe in (get("mlp"), PLANS["vae"]):
        assert -1 <= board.trial(recipe.name, recipe) <= 1


def test_costs_are_counted_and_drawing_takes_time(monkeypatch):
    monkeypatch.setattr(board, "DRAWN", 50)
    costs = {name: board.cost(recipe) for name, recipe in (("mlp", get("mlp")), *PLANS.items())}
    assert costs["mlp"]["parameters"] == [parameters(net) for net in get("mlp").networks(0)]
    assert len(costs["vae"]["parameters"]) == 1 and costs["vae"]["images"] == PLANS["vae"].m
    assert costs["diffusion"]["drawing"] > 5 * costs["vae"]["drawing"] > 0, "twenty looks of a larger network"


@pytest.mark.skipif(not (results.FOLDER / "board.json").is_file(), reason="the board has not been measured")
def test_the_stored_board_is_complete_and_of_the_recipes_as_they_are():
    stored, options = results.load("board"), board.variants()
    missing = sorted(options.keys() - stored["settings"].keys())
    assert not missing, f"not on the stored board, so run `make board`: {', '.join(missing)}"
    assert stored["settings"] == {name: trials.settings(choice) for name, choice in options.items()}
    assert (stored["trial_cpu_seconds"], stored["short_ema"]) == (board.TRIAL, board.SHORT_EMA)
    for name, rows in stored["variants"].items():
        seeds = board.MORE_SEEDS if name in board.MAIN else board.SEEDS
        assert [row["seed"] for row in rows] == seeds, f"{name}: a seed is missing"
        assert all(row["diverged"] or row["lost"] == (min(row["shares"]) < stored["least_share"]) for row in rows)
        assert {"parameters", "images", "drawing"} == set(stored["costs"][name])
    for name, plan in PLANS.items():
        best = options[name][stored["chosen"][name]]
        assert best.describe() == plan.describe(), f"the trials chose {stored['chosen'][name]}: put it into PLANS"
