"""The small R3GAN: its recipe has the paper's schedules, and what is stored is whole."""

import statistics

import pytest
from torch import nn

from ganbook.chapters import results
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
    rate, weight = map(float, stored["chosen"]["every step"].split(", "))
    tried = {tuple(map(float, label.split(", "))) for label in stored["trials"]["every step"]}
    around = {(rate * 2, weight), (rate / 2, weight), (rate, weight * 4), (rate, weight / 4)}
    missing = [
        one for one in around if not any(abs(one[0] / r - 1) < 0.01 and abs(one[1] / w - 1) < 0.01 for r, w in tried)
    ]
    assert not missing, "the search ended at an edge"
