"""Stored measurements: complete, made by a command that exists, from the recipes as they are."""

import pytest

from ganbook import results, trained
from ganbook.errors import InputError
from tools import restarts

NAMES = sorted(path.stem for path in results.FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_result_names_the_command_that_remakes_it(name):
    interpreter, script = results.load(name)["command"].split()[:2]
    assert interpreter == "python" and (restarts.Path(__file__).parents[1] / script).is_file()


def test_an_unknown_result_lists_the_known_ones():
    with pytest.raises(InputError, match="restarts"):
        results.load("restart")


def test_restarts_were_measured_with_the_recipes_as_they_are():
    stored = results.load("restarts")
    table = restarts.variants()
    assert stored["settings"] == {name: restarts.settings(recipe, steps) for name, (recipe, steps, _) in table.items()}
    for name, (_, steps, seeds) in table.items():
        rows = stored["variants"][name]
        assert [row["seed"] for row in rows] == list(range(seeds)), f"{name}: a seed is missing"
        for row in rows:
            assert row["steps"] == steps and row["frechet"] > 0
            assert sum(row["shares"]) == pytest.approx(1, abs=1e-3)
            assert row["lost"] == (min(row["shares"]) < stored["least_share"])


def test_the_picture_holds_every_seed_of_both_halves():
    h, w = results.picture("restarts").shape
    seeds = restarts.variants()["repaired"][2]
    assert (h, w) == (seeds * 29 - 1, 17 * 29 - 1)


def test_scores_belong_to_the_networks_as_they_are():
    stored = results.load("scores")
    assert stored["weights"] == {name: trained.load(name).sha256 for name in trained.names()}
    assert set(stored["rows"]) == {"real", *trained.names()}
    for name, rows in stored["rows"].items():
        assert len({row["noise"] for row in rows}) == len(rows) >= 3, f"{name}: no spread"
        assert all(row["n"] == stored["n"] for row in rows)


def test_stored_distances_are_those_that_the_course_of_the_training_ended_with():
    for name in trained.names():
        row, end = results.load("scores")["rows"][name][0], trained.course(name)["quality"]["frechet"][-1]
        assert row["scores"]["frechet"]["value"] == pytest.approx(end, rel=0.02), "float16 weights change no more"
