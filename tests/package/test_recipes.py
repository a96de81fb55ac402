"""Recipes: what the sources publish, and nothing that cannot be built."""

import dataclasses
import json
from functools import partial

import pytest
import torch
from torch.optim import SGD, Adam, AdamW, RMSprop

from ganbook.base.errors import InputError
from ganbook.models import dcgan, mlp, with_labels
from ganbook.training import recipes
from ganbook.training.recipes import RECIPES

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
    assert r.opt_d.keywords["lr"] == lr


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


def built(opt_g, opt_d=SGD, **more):
    """A small recipe with these two, and the optimisers that it builds."""
    recipe = dataclasses.replace(recipes.get("d-linear"), opt_g=opt_g, opt_d=opt_d, **more)
    return recipe, *recipe.optimisers(*recipe.networks(seed=0))


# what describe says: what the recipe is given
SAID = {
    "Adam(lr=0.0003, betas=(0.5, 0.9))": partial(Adam, lr=3e-4, betas=(0.5, 0.9)),
    "Adam(lr=0.001, betas=(0.9, 0.999))": Adam,
    "Adam(lr=0.002, betas=(0.9, 0.999), weight_decay=0.1)": lambda params: Adam(params, lr=2e-3, weight_decay=0.1),
    "AdamW(lr=0.001, betas=(0.9, 0.999))": partial(AdamW, fused=False),
    "SGD(lr=0.1, momentum=0.5, nesterov=True)": partial(SGD, lr=0.1, momentum=0.5, nesterov=True),
    "RMSprop(lr=5e-05, momentum=0)": partial(RMSprop, lr=5e-5),
}


@pytest.mark.parametrize("said", SAID)
def test_optimisers_are_pytorchs_own_and_are_described_by_what_they_are(said):
    recipe, opt_g, _ = built(SAID[said])
    assert type(opt_g) in (Adam, AdamW, SGD, RMSprop) and recipe.describe()["optimisers"]["G"] == said


@pytest.mark.parametrize(
    ("opt", "fused"),
    [
        (partial(Adam, lr=1e-3), True),
        (AdamW, True),
        (partial(Adam, fused=False), False),
        (partial(Adam, foreach=True), None),  # both at once PyTorch refuses
        (lambda params: Adam(params), None),  # what a function builds is its own affair
        (partial(SGD, lr=0.1), None),
    ],
)
def test_the_fused_kernel_is_taken_where_there_is_one_unless_something_else_was_asked(opt, fused):
    assert built(opt)[1].defaults["fused"] is fused


def test_a_device_without_a_fused_kernel_gets_the_plain_one():
    recipe = recipes.get("a-dcgan")
    with torch.device("meta"):
        G, D = recipe.G(), recipe.D()
    assert [opt.defaults["fused"] for opt in recipe.optimisers(G, D)] == [None, None]


@pytest.mark.parametrize("wrong", [Adam([torch.zeros(1)]), 1e-3, "Adam", lambda params: None, print])
def test_what_is_no_function_to_an_optimiser_is_a_sentence(wrong):
    with pytest.raises(InputError, match=r"function of the parameters, such as partial\(torch.optim.Adam"):
        built(SGD, wrong)


def test_clipped_weights_stay_in_their_box():
    for clip, inside in ((0.02, True), (None, False)):
        recipe, _, opt_d = built(SGD, partial(SGD, lr=1.0), clip=clip)
        (group,) = opt_d.param_groups
        for p in group["params"]:
            p.grad = torch.ones_like(p)
        opt_d.step()
        assert all((p.abs().max() <= 0.02).item() is inside for p in group["params"])
        assert recipe.describe().get("clip") == clip


def test_changes_by_name_reach_the_recipe_its_rates_and_its_networks():
    changed = recipes.get("dcgan").change(m=32, z_dim=10, lr_g=5e-4, lr_d=1e-4, steps=7)
    now, then = changed.describe(), recipes.get("dcgan").describe()
    assert (now["batch"], now["z"], now["steps"]) == (32, 10, 7)
    assert now["optimisers"] == {
        "D": "Adam(lr=0.0001, betas=(0.5, 0.99))",
        "G": "Adam(lr=0.0005, betas=(0.5, 0.99))",
    }
    free = {"batch", "z", "steps", "optimisers", "parameters"}
    assert {key: now[key] for key in now if key not in free} == {key: then[key] for key in then if key not in free}
    G, D = changed.networks(seed=0)
    assert D.layers[0].out_channels == 24 and G(torch.randn(2, 10)).shape == (2, 1, 28, 28)
    assert recipes.get("mlp").change(dropout=0.5).networks(0)[1].layers[3].p == 0.5, "an argument of D alone"
    assert recipes.get("mlp").change(G=mlp.Generator, z_dim=7).networks(0)[0].z_dim == 7, "both at once"


@pytest.mark.parametrize("width", [4, 16])
def test_what_both_networks_take_is_refused_with_the_line_that_does_it(width):
    recipe = recipes.get("dcgan")
    with pytest.raises(InputError, match="in G and one in D") as caught:
        recipe.change(width=width)
    lines = str(caught.value).split("mean: ")[1].rstrip(".").split(" or ")
    for player, line in enumerate(lines):
        changed = eval(line, {"recipe": recipe, "partial": partial})
        by_hand = [dcgan.Generator(width=width, even=True), dcgan.Discriminator(width=width)][player]
        assert str(changed.networks(0)[player]) == str(by_hand)
        assert str(changed.networks(0)[1 - player]) == str(recipe.networks(0)[1 - player])


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("dcgan", {"lr": 1e-3}, "lr_g, lr_d"),
        ("dcgan", {"z": 3}, "in G z_dim"),
        ("mlp", {"z_dims": 3}, "in D dropout"),
        ("dcgan", {"batch": 3, "m": 4}, "m, steps"),
        ("c-noise", {"lr_g": 1e-3}, "lr_d"),
    ],
)
def test_an_unknown_change_lists_the_known_ones(name, changes, said):
    with pytest.raises(InputError, match=f"There is no .* to change in recipe '{name}'.*{said}"):
        recipes.get(name).change(**changes)


@pytest.mark.parametrize("value", [0, -1, -64, 2.5, torch.randn(40, 40)], ids=["0", "-1", "-64", "2.5", "tensor"])
@pytest.mark.parametrize(
    ("recipe", "name"),
    [("a-dcgan", name) for name in ("z_dim", "m", "k", "size", "channels")]
    + [("mlp", "z_dim"), ("conditional", "z_dim"), ("c-noise", "z_dim"), ("a-dcgan", "steps")],
)
def test_a_size_below_one_is_refused(recipe, name, value):
    value = -3 if name == "steps" and isinstance(value, int) else value
    with pytest.raises(
        InputError, match=rf"Expected {name} (of [01] or more|as a whole number, such as {name}=1), got "
    ):
        recipes.get(recipe).change(**{name: value})
    assert recipes.get("a-dcgan").change(steps=0).steps == 0, "the tools' recipes, which are stopped by the clock"


def test_a_width_below_one_is_refused_in_one_player_and_in_both():
    alone = recipes.get("a-dcgan").change(D=mlp.Discriminator)  # now only G has a width, and only D is hidden
    for change in ({"width": 0}, {"width": -2}, {"hidden": (256, 0)}):
        with pytest.raises(InputError, match=f"Expected {next(iter(change))} of 1 or more, got "):
            alone.change(**change)
    with pytest.raises(InputError, match="Expected width of 1 or more, got 0"):
        recipes.get("dcgan").change(width=0)
    assert alone.change(hidden=()).networks(0)[1].layers[1].in_features == 784, "no hidden layer at all"


def test_data_come_in_the_size_and_rotation_of_the_recipe(small_folder):
    assert recipes.get("b-dcgan16").data(small_folder).images.shape == (300, 16, 16)
    assert recipes.get("a-dcgan").data(small_folder).rotate == 20


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r"no recipe 'dcgn'.*a-dcgan"):
        recipes.get("dcgn")
