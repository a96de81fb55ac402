"""Stored networks: whole, from the recipes as they are, remade by one command, small."""

import shlex

import pytest
import torch

from ganbook.base.errors import InputError
from ganbook.models.sampling import sample
from ganbook.training import pretrained, recipes
from ganbook.training.run import Run
from tools.experiments import schedules

NAMES = pretrained.names()


def test_every_published_schedule_is_there():
    assert set(NAMES) == set(schedules.NAMES)
    assert sum(path.stat().st_size for path in pretrained.FOLDER.iterdir()) < 20e6


@pytest.mark.parametrize("name", NAMES)
def test_networks_are_from_the_recipe_as_it_is(name):
    network, course = pretrained.load(name), pretrained.course(name)
    described = recipes.get(name).describe()
    keys = set(described) - {"title", "source", "changes"}  # words may be improved
    assert {k: course["recipe"][k] for k in keys} == {
        k: list(v) if isinstance(v, tuple) else v for k, v in described.items() if k in keys
    }
    assert (
        (network.seed, network.step) == (course["seed"], course["steps"]) == (recipes.get(name).seed, course["steps"])
    )
    assert not network.G.training and (network.D is not None) == (name in schedules.WITH_D)
    size = recipes.get(name).size
    assert sample(network.G, 3).shape == (3, 1, size, size)


@pytest.mark.parametrize("name", NAMES)
def test_one_command_remakes_it_and_says_if_it_was_cut_short(name):
    course = pretrained.course(name)
    words = shlex.split(course["command"])
    assert words[:4] == ["python", "-m", "tools.experiments.schedules", name]
    assert ("--steps" in words) == (course["steps"] != recipes.get(name).steps)


@pytest.mark.parametrize("name", NAMES)
def test_the_course_covers_the_whole_run(name):
    course = pretrained.course(name)
    for part in ("bins", "gradients", "quality"):
        steps = course[part]["step"]
        assert steps == sorted(steps) and steps[-1] == course["steps"]
    assert all(len(v) == len(course["bins"]["step"]) for v in course["bins"]["mean"].values())
    for shares in course["quality"]["shares"]:
        assert sum(shares) == pytest.approx(1, abs=1e-3)
    for more in course["more"]:
        assert more["seed"] != course["seed"] and more["steps"] == course["steps"]


@pytest.mark.parametrize("name", NAMES)
def test_the_films_last_frame_is_what_the_network_draws(name):
    steps, x = pretrained.film(name)
    size = recipes.get(name).size
    assert (
        x.shape == (len(steps), 16, 1, size, size) and steps[0] == 0 and steps[-1] == pretrained.course(name)["steps"]
    )
    drawn = sample(pretrained.load(name).G, 16, seed=0)
    assert (x[-1] - drawn).abs().max() < 0.1, "16 levels of grey and float16 allow no more"


def test_what_is_saved_is_loaded_in_half_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    run = Run(recipes.get("d-linear"), seed=4)
    (tmp_path / "d-linear.json").write_text("{}")
    sha256 = pretrained.save(run, tmp_path / "d-linear.pt", with_d=True)
    network = pretrained.load("d-linear")
    assert network.sha256 == sha256 and network.seed == 4 and network.step == 0
    for name, value in run.D.state_dict().items():
        assert torch.equal(network.D.state_dict()[name], value.half().float())


def test_one_flipped_bit_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    run = Run(recipes.get("d-linear"))
    path = tmp_path / "d-linear.pt"
    pretrained.save(run, path, with_d=False)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="damaged"):
        pretrained.load("d-linear")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r"no-such.*mlp"):
        pretrained.load("no-such")


def test_training_a_network_again_keeps_the_scores_of_its_other_seeds():
    path, run = pretrained.FOLDER / "d-linear.json", Run(recipes.get("d-linear"))
    course = pretrained.course("d-linear")
    assert schedules.other_seeds(path, run, course["steps"]) == course["more"] != []
    assert schedules.other_seeds(path, run, course["steps"] + 1) == [], "another length is another measurement"
    assert schedules.other_seeds(path, Run(recipes.get("mlp")), course["steps"]) == []
