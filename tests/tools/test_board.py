"""The metric board: who is on it, that each variant can play, that a run can be repeated, and what is stored."""

import dataclasses
import json

import torch

from ganbook.chapters import one_network, results
from ganbook.chapters.one_network import PLANS
from ganbook.data import Digits
from ganbook.models import parameters
from ganbook.models.sampling import sample
from ganbook.training.recipes import RECIPES, get
from tools.experiments import board, trials

MS = {name: [10.0, 20.0, 90.0] for name in board.timed()}  # milliseconds a step: the median is 20


CHOSEN = {row: grid.label((0, 1)) for row, grid in board.searches(MS).items()}


def test_everyone_is_on_the_board_or_left_out_for_a_reason():
    contestants, others = board.CONTESTANTS.keys(), board.published().keys()
    left_out = {name for name, recipe in RECIPES.items() if board.reason(recipe)}
    assert contestants | others == (set(RECIPES) - left_out) | set(PLANS) and not contestants & others
    assert "never trained" in board.reason(get("c-noise"))
    assert "16x16" in board.reason(get("b-dcgan16"))
    assert "three digits" in board.reason(dataclasses.replace(get("a-dcgan"), channels=3))
    assert board.reason(get("mlp")) is None


def test_every_variant_can_be_built_and_played(small_folder):
    middles = {name: grid.at((0, 0)) for name, grid in board.searches(MS).items()}
    for name, recipe in (middles | board.published()).items():
        (record,) = trials.begun(dataclasses.replace(recipe, m=16), 0, folder=small_folder).train(1)
        assert all(value.isfinite() for value in record.values.values()), name


def test_seconds_decide_the_number_of_steps_and_the_rates_fall_within_them():
    first, second = board.searches(MS), board.second_searches(CHOSEN, MS)
    runs = board.rows({name: grid.at((1,) * len(grid.axes)) for name, grid in (first | second).items()}, MS)
    assert runs.keys() == {board.row_of(name, s) for name in board.CONTESTANTS for s in board.BUDGETS}
    for name in board.CONTESTANTS:
        for seconds in board.BUDGETS:
            run = runs[board.row_of(name, seconds)]
            assert run.steps == seconds * 1_000 / 20
            assert run.at(run.steps // 2)["lr"] == 1 and 0 < run.at(run.steps)["lr"] < 0.01


def test_what_is_new_on_the_board_is_timed_beside_its_gans_by_its_clock(monkeypatch):
    old, asked = {name: [20.0] for name in board.timed() if name != "coded"}, []

    def now(what):
        asked.append(set(what))
        return {name: [40.0 if name == "coded" else 10.0] for name in what}

    monkeypatch.setattr(board, "milliseconds", now)
    times = board.times(old)
    assert times == old | {"coded": [80.0]}, "the machine is twice as fast as the board's"
    assert board.times(times) == times and asked == [set(board.OURS)], "nothing is timed twice"
    assert board.times({}).keys() == board.timed().keys()


def test_the_second_search_keeps_the_other_setting_and_moves_the_rate():
    first, second = board.searches(MS)["dcgan, 30 s"], board.second_searches(CHOSEN, MS)["dcgan"]
    rate, ratio = first.values((0, 1))
    for at, factor in (((0,), 1), ((1,), 2)):
        lr = {player: f"lr={factor * rate * by:g}," for player, by in (("G", 1), ("D", ratio))}
        described = second.at(at).describe()["optimisers"]
        assert all(lr[player] in described[player] for player in "GD"), described


def test_a_plan_is_trained_for_its_cpu_seconds_and_again_for_its_steps(small_folder, monkeypatch):
    monkeypatch.setattr(one_network, "find", lambda folder, device: Digits(folder=small_folder))
    plan = dataclasses.replace(PLANS["vae"], m=16, schedule={})
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
    stored = {"vae": [{"seed": 0}, row]}
    now, then = board.again(stored, {"vae": plan}, "vae", 3)
    assert now == then
    row["steps"] = 3
    assert board.again(stored, {"vae": plan}, "vae", 3)[0] != then


def test_a_trial_takes_a_pair_and_a_plan(monkeypatch):
    monkeypatch.setattr(board, "N_TRIAL", 10)
    monkeypatch.setattr(trials, "from_training", lambda x: x.mean().item())
    for recipe in (get("mlp"), PLANS["vae"]):
        assert -1 <= board.trial(recipe.name, dataclasses.replace(recipe, steps=2)) <= 1


def test_costs_are_counted_and_drawing_takes_time(monkeypatch):
    monkeypatch.setattr(board, "DRAWN", 50)
    costs = {name: board.cost(recipe) for name, recipe in (("mlp", get("mlp")), *PLANS.items())}
    assert costs["mlp"]["parameters"] == [parameters(net) for net in get("mlp").networks(0)]
    assert len(costs["vae"]["parameters"]) == 1 and costs["vae"]["images"] == PLANS["vae"].m
    assert costs["diffusion"]["drawing"] > 5 * costs["vae"]["drawing"] > 0, "twenty looks of a larger network"


def test_the_stored_board_is_complete_and_of_the_recipes_as_they_are():
    stored = results.load("board")
    ms, chosen = stored["ms"], stored["chosen"]
    first, second = board.searches(ms), board.second_searches(chosen, ms)
    assert stored["settings"] == json.loads(json.dumps(board.described(first, second)))
    for name, rows in stored["variants"].items():
        assert [row["seed"] for row in rows] == board.SEEDS, f"{name}: a seed is missing"
        assert all(row["diverged"] or row["lost"] == (min(row["shares"]) < stored["least_share"]) for row in rows)
    for name, grid in (first | second).items():
        found = stored["trials"][name]
        assert grid.wanted(found) == [], f"{name}: a neighbour of the best is untried or better"
        assert chosen[name] == grid.best(found)
    recipes = board.of_board(stored)
    for row, recipe in recipes.items():
        assert all(run["diverged"] or run["steps"] == recipe.steps for run in stored["variants"][row]), row
    for name in board.CONTESTANTS.keys() | board.published():
        assert {"parameters", "images", "drawing"} == set(stored["costs"][name])
    for name, plan in PLANS.items():
        assert recipes[name].describe() == plan.describe(), f"the search chose {chosen[name]}: put it into PLANS"
