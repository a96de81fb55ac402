"""The small R3GAN: its recipe has the paper's schedules, and what is stored is whole."""

import dataclasses
import statistics

import pytest
from torch import nn

from ganbook.chapters import results
from ganbook.data import Digits, Stacked
from ganbook.training.recipes import Recipe
from tools.experiments import r3gan
from tools.experiments.board import clock


def test_the_schedules_are_those_of_the_paper_on_the_way_to_its_ten_million_images():
    steps = 10_000  # a step stands for a thousand images
    recipe = r3gan.r3gan(2e-4, 1.0, steps)
    first, burnt_in = recipe.at(1), recipe.at(2_001)
    assert first == {"r1": 1.0, "r2": 1.0, "beta_2": 0.9}
    assert burnt_in == pytest.approx({"r1": 0.1, "r2": 0.1, "beta_2": 0.99})
    assert recipe.at(steps) == pytest.approx(burnt_in)
    assert recipe.ema**500 == pytest.approx(0.5)  # a half-life of half a million


def test_the_networks_have_no_normalisation():
    G, D = r3gan.r3gan(1e-3, 0.1).networks(seed=0)
    kinds = {type(layer) for net in (G, D) for layer in net.modules()}
    assert not [kind for kind in kinds if "Norm" in kind.__name__] and nn.Conv2d in kinds


def test_the_control_pays_at_every_eighth_step_and_as_much_on_average():
    after = range(801, 1_601)  # the weight has stopped falling
    recipes = [r3gan.r3gan(1e-3, 0.1, 1_600, every) for every in (1, r3gan.LAZY)]
    always, lazy = ([recipe.at(step)["r1"] for step in after] for recipe in recipes)
    assert sum(weight > 0 for weight in lazy) == 100
    assert statistics.mean(lazy) == pytest.approx(statistics.mean(always))


def test_the_stored_runs_are_whole():
    stored, board = results.load("r3gan"), results.load("board")
    assert stored["floor"]["frechet"] == board["floor"]["frechet"] and stored["cpu_seconds"] == 300
    own = clock(stored["ms"], board["ms"])
    for name, rows in stored["variants"].items():
        steps = round(1_000 * stored["cpu_seconds"] / (statistics.median(stored["ms"][name]) * own))
        assert [(row["seed"], row["steps"]) for row in rows if not row["diverged"]] == [(s, steps) for s in r3gan.SEEDS]
    assert not untried(stored), "the search ended at an edge"


def untried(stored: dict) -> list[tuple[float, float]]:
    """The neighbours of the chosen rate and weight that were not tried."""
    rate, weight = map(float, stored["chosen"]["every step"].split(", "))
    tried = {tuple(map(float, label.split(", "))) for label in stored["trials"]["every step"]}
    around = {(rate * 2, weight), (rate / 2, weight), (rate, weight * 4), (rate, weight / 4)}
    return [
        one for one in around if not any(abs(one[0] / r - 1) < 0.01 and abs(one[1] / w - 1) < 0.01 for r, w in tried)
    ]


def test_on_stacked_mnist_a_run_takes_as_long_as_those_of_chapter_13():
    stored, stacked = results.load("r3gan_stacked"), results.load("stacked")
    theirs = statistics.median(row["course"][-1]["step"] for row in stacked["variants"]["recipe"])
    for name, rows in stored["variants"].items():
        steps = theirs * statistics.median(stored["ms"]["stacked"]) / statistics.median(stored["ms"][name])
        assert [row["seed"] for row in rows] == r3gan.SEEDS
        ends = [row["course"][-1] for row in rows if not row["diverged"]]
        assert all(end["step"] == round(steps) for end in ends)
        assert all(end["kl"] == pytest.approx(end["kl_channels"] + end["kl_together"], abs=1e-4) for end in ends)
    assert not untried(stored), "the search ended at an edge"


def test_three_channels_change_nothing_else_of_the_recipe():
    one, three = r3gan.r3gan(1e-3, 0.1).describe(), r3gan.r3gan(1e-3, 0.1, channels=3).describe()
    assert three.pop("channels") == 3 and three["parameters"] != one["parameters"]
    assert {**one, "parameters": 0} == {**three, "parameters": 0}


def test_a_run_on_stacked_mnist_is_counted_and_one_that_diverged_has_no_count(small_folder, monkeypatch):
    data = Stacked(Digits(folder=small_folder))
    monkeypatch.setattr(Recipe, "data", lambda self, folder=None, device="cpu": data)
    monkeypatch.setattr(r3gan, "N_STACKED", 50)
    recipe = dataclasses.replace(r3gan.r3gan(1e-3, 0.1, 3, channels=3), m=8)
    row, _ = r3gan.count(recipe, 4)
    (end,) = row["course"]
    assert (row["seed"], row["diverged"], end["step"]) == (4, False, 3) and 1 <= end["modes"] <= 50
    assert r3gan.divergence("", recipe) == pytest.approx(r3gan.count(recipe, r3gan.TRIAL_SEED)[0]["course"][0]["kl"])
    hopeless = recipe.change(lr_g=1e30, lr_d=1e30)
    assert r3gan.count(hopeless, 4)[0] == {"seed": 4, "diverged": True, "course": []}
    assert r3gan.divergence("", hopeless) is None
