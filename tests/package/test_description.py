"""Values in words that are the same in every process, and differ where the values do."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial

import pytest
import torch
from torch import nn

from ganbook.base.description import described
from ganbook.models import dcgan
from ganbook.training import recipes
from ganbook.training.architecture import architecture, differences


class Plain:
    def __init__(self, **parts):
        self.__dict__.update(parts)


@dataclass
class Data:
    a: object
    b: int = 2


def make():
    """Values that have an address in their repr, somewhere; called twice, it makes new ones."""
    return {
        "plain": Plain(w=1.0, of=Plain(v=[Plain(), 2])),
        "in a dataclass": Data(Plain(w=1), 3),
        "a function": make,
        "a lambda": lambda x: x,
        "a partial": partial(make, Plain(w=2), key=(Plain(),)),
        "a method": Plain(w=1).__init__,
        "a generator": torch.Generator(),
        "in a dict": {"a": Plain(), Data: Plain(w=object())},
        "a tensor": torch.arange(5000.0),
        "a module": nn.Linear(2, 2),
        "a set": {"b", "a", "c"},
        "one": (Plain(),),
    }


@pytest.mark.parametrize("name", make())
def test_two_of_a_kind_are_described_alike_and_without_addresses(name):
    one, other = make()[name], make()[name]
    assert described(one) == described(other) and "0x" not in described(one)


def test_descriptions_do_not_depend_on_the_process():
    code = "import sys; sys.path.insert(0, %r); from test_description import *; print(*map(described, make().values()))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code % os.path.dirname(__file__)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Plain(w=1), Plain(w=2)),
        (Plain(w=Plain(v=1)), Plain(w=Plain(v=2))),
        (Data(Plain(w=1)), Data(Plain(w=2))),
        (partial(make, 1), partial(make, 2)),
        (torch.zeros(3), torch.tensor([0.0, 0.0, 1.0])),
        (torch.zeros(3), torch.zeros(3, dtype=torch.float64)),
        ([1], (1,)),
        (1, 1.0),
        ("1", 1),
        (nn.ReLU, nn.Tanh),
    ],
    ids=str,
)
def test_what_differs_is_described_otherwise(one, other):
    assert described(one) != described(other)


@pytest.mark.parametrize("value", [Data(1), Data("x", 3), [1, (2,), {"a": None}], 1e-40, "x", (), {}], ids=repr)
def test_what_has_an_own_repr_keeps_it(value):
    assert described(value) == repr(value)


def test_something_that_holds_itself_has_a_description():
    thing = Plain()
    thing.parts = [thing]
    assert described(thing) == "Plain(parts=[...])"


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_networks_of_one_recipe_are_made_of_the_same_whatever_the_seed(name):
    pairs = [recipes.get(name).networks(seed) for seed in (0, 1)]
    for one, other in zip(*pairs):
        assert architecture(one) == architecture(other) and differences(architecture(one), architecture(other)) == []


def test_training_and_evaluation_mode_are_one_architecture():
    D = dcgan.Discriminator()
    assert architecture(D) == architecture(dcgan.Discriminator().eval())


@pytest.mark.parametrize(
    ("layer", "other", "said"),
    [
        (nn.LeakyReLU(0.1), nn.LeakyReLU(0.2), "negative_slope was 0.1 and is 0.2"),
        (nn.BatchNorm1d(3, momentum=0.1), nn.BatchNorm1d(3, momentum=0.2), "momentum was 0.1 and is 0.2"),
        (nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3, stride=2), "stride was (1, 1) and is (2, 2)"),
        (nn.Linear(2, 2), nn.Linear(2, 2, bias=False), None),  # seen by the names of the weights
        (nn.Linear(2, 3), nn.Linear(3, 2), "weight was weights (3, 2) and is weights (2, 3)"),
        (nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear"), "mode was 'nearest'"),
        (nn.ReLU(), nn.Tanh(), "was ReLU and is Tanh"),
    ],
    ids=str,
)
def test_layers_that_compute_otherwise_differ(layer, other, said):
    found = differences(*(architecture(nn.Sequential(each)) for each in (layer, other)))
    assert said is None or any(said in one for one in found), found
    assert differences(architecture(layer), architecture(layer)) == []


def test_an_attribute_that_only_one_version_of_a_layer_has_does_not_count():
    older, newer = nn.ReLU(), nn.ReLU()
    newer.brand_new = True
    assert (
        differences(architecture(older), architecture(newer))
        == []
        == differences(architecture(newer), architecture(older))
    )
