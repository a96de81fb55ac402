"""The arithmetic of tools/experiments/scaling.py; the measurement itself needs a machine that does nothing else."""

import pytest

from ganbook.chapters import results
from ganbook.models import parameters
from ganbook.training.recipes import get
from tools.experiments import scaling


def test_efficiency_is_the_rate_of_two_over_twice_that_of_one_round_by_round():
    one = [100.0, 50.0, 80.0, 120.0, 100.0]  # a machine whose speed changes, from round to round
    rates = {"one": one, "two": [1.8 * r for r in one], "two, twice the batch": [1.9 * r for r in one]}
    seen = scaling.summary(rates | {"two apart": [2 * r for r in one]})
    expected = {"two": 0.9, "two, twice the batch": 0.95, "two apart": 1.0}
    assert {way: e["median"] for way, e in seen["efficiency"].items()} == expected
    assert not any(e["too_noisy"] for e in seen["efficiency"].values())
    assert seen["of_what_the_cores_can_do"]["median"] == 0.9
    assert seen["images_per_second"]["one"] == {"median": 100, "quartiles": [65, 110], "too_noisy": True}


def test_ratios_that_scatter_are_called_too_noisy():
    one = [100.0] * 5
    seen = scaling.summary({"one": one, "two": [100.0, 140.0, 180.0, 200.0, 190.0], "two apart": [200.0] * 5})
    assert seen["efficiency"]["two"]["too_noisy"] and not seen["efficiency"]["two apart"]["too_noisy"]


def test_the_ways_name_workers_that_exist_and_count_all_their_images():
    for way in scaling.WAYS.values():
        assert set(way.workers) <= {"alone 0", "alone 1", "rank 0", "rank 1"}
        apart = all(worker.startswith("alone") for worker in way.workers)
        assert way.images == way.times * (len(way.workers) if apart else 1)


@pytest.mark.skipif(
    not (results.FOLDER / "scaling.json").exists(), reason="python -m tools.experiments.scaling has not been run"
)
def test_the_stored_measurement_is_of_todays_recipes_on_an_idle_machine():
    stored = results.load("scaling")
    assert stored["machine"]["load"] <= 0.5, "measured while the machine did something else"
    assert [case["recipe"] for case in stored["cases"]] == list(scaling.CASES)
    for case in stored["cases"]:
        recipe = get(case["recipe"])
        floats = sum(parameters(net) for net in recipe.networks(seed=0))
        assert (case["batch"], case["megabytes_sent_a_step"]) == (recipe.m, round(4e-6 * floats, 2))
        assert case["images_per_second"].keys() == case["all"].keys() == scaling.WAYS.keys()
        assert {len(rates) for rates in case["all"].values()} == {stored["rounds"]}
        for way, again in scaling.summary(case["all"])["efficiency"].items():
            assert case["efficiency"][way]["median"] == pytest.approx(again["median"], abs=0.01), way
