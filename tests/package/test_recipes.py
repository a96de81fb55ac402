"""Recipes: what the sources publish, and nothing that cannot be built."""

import json

import pytest
import torch

from ganbook.base.errors import InputError
from ganbook.models import with_labels
from ganbook.training import recipes
from ganbook.training.recipes import RECIPES, SGD, Adam

# name: parameters of D and G, batch, z, steps, first argument of D's optimiser (CURRICULUM of the four tutorials)
PUBLISHED = {
    "c-noise": (784 * 256 + 256 + 257, 2 * 256 + 257 * 784, 32, 1, 3 * 60_000 // 32, 1e-4),
    "c-mlp": (1_460_225, 1_486_352, 32, 100, 50 * 1875, 1e-4),
    "d-linear": (785, 101 * 784, 64, 100, 20 * 937, 2e-4),
    "a-dcgan": (64_545, 747_841, 128, 64, 20 * 468, 2e-4),
    "b-dcgan16": (134_595, 337_473, 64, 100, 200 * 937, 2e-4),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_settings_are_the_published_ones(name):
    r, (d, g, m, z, steps, lr) = recipes.get(name), PUBLISHED[name]
    described = r.describe()
    assert described["parameters"] == {"D": d, "G": g}
    assert (described["batch"], described["z"], described["steps"], described["k"]) == (m, z, steps, 1)
    assert r.opt_d.lr == lr


@pytest.mark.parametrize("name", RECIPES)
def test_descriptions_are_whole_and_survive_json(name):
    described = recipes.get(name).describe()
    assert json.loads(json.dumps(described)) == described
    assert described["name"] == name and described["title"] and described["source"]
    assert not any(change.endswith(".") for change in described["changes"])


@pytest.mark.parametrize("name", RECIPES)
def test_networks_fit_the_data_and_belong_to_the_seed(name):
    r = recipes.get(name)
    nets = [r.networks(seed) for seed in (5, 5, 6)]
    flat = [torch.cat([p.flatten() for net in pair for p in net.parameters()]) for pair in nets]
    assert torch.equal(flat[0], flat[1]) and not torch.equal(flat[0], flat[2])
    G, D = nets[0]
    y = torch.tensor([0, 1])
    x = with_labels(G, y)(torch.randn(2, G.z_dim))
    assert x.shape == (2, r.channels, r.size, r.size) and with_labels(D, y)(x).shape == (2,)


def test_building_networks_leaves_global_randomness_alone():
    state = torch.get_rng_state()
    recipes.get("a-dcgan").networks(0)
    assert torch.equal(torch.get_rng_state(), state)


def test_optimisers_carry_their_settings():
    layer = torch.nn.Linear(2, 2)
    adam, sgd = Adam(3e-4, (0.5, 0.9))(layer.parameters()), SGD(0.1, momentum=0.5)(layer.parameters())
    assert (adam.defaults["lr"], adam.defaults["betas"]) == (3e-4, (0.5, 0.9))
    assert (sgd.defaults["lr"], sgd.defaults["momentum"]) == (0.1, 0.5)


def test_data_come_in_the_size_and_rotation_of_the_recipe(small_folder):
    assert recipes.get("b-dcgan16").data(small_folder).images.shape == (300, 16, 16)
    assert recipes.get("a-dcgan").data(small_folder).rotate == 20


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r"no recipe 'dcgn'.*a-dcgan"):
        recipes.get("dcgn")
