"""Stored measurements: complete, made by a command that exists, from the recipes as they are."""

import pytest

from ganbook import results
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
