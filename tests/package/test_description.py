"""A description names what an object is made of, and is the same in another process."""

import dataclasses
import enum
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ganbook.base.description import described
from ganbook.chapters.failures import GALLERY
from ganbook.models import mlp
from ganbook.objectives import GradientPenalty, InstanceNoise, NonSaturating, Relativistic, ZeroCentred
from ganbook.objectives.augmentation import Augmented
from ganbook.training.recipes import RECIPES


class Plain:
    """An object as a reader would write one."""

    power = 2

    def __init__(self, weight=0.5, inner=None):
        self.weight, self.inner, self._seen = weight, inner, 0

    def use(self):
        self._seen += 1

    @property
    def costly(self):
        raise AssertionError("a property is computed, not held")


class Steeper(Plain):
    power = 3


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, "x"


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Around:
    objective: object
    secret: int = dataclasses.field(default=7, repr=False)


class Chatty(Plain):
    """Its repr holds an address, through what it holds."""

    def __repr__(self):
        return f"Chatty with {object()!r}"


def double(x):
    return 2 * x


def itself():
    plain = Plain()
    plain.inner = [plain]
    return plain


MAKERS = {
    "plain": Plain,
    "plain in plain": lambda: Plain(inner=Plain(1)),
    "plain in a dataclass": lambda: ZeroCentred(Plain(), r1=0.1),
    "plain in a list in a dict": lambda: Plain(inner={"a": [Plain(), (Plain(),)]}),
    "subclass": Steeper,
    "slots": Slotted,
    "enum": lambda: Plain(inner=Colour.RED),
    "set": lambda: Plain(inner={"b", "a", "c"}),
    "hidden field": lambda: Around(Plain()),
    "chatty": Chatty,
    "function": lambda: Plain(inner=double),
    "builtin": lambda: Plain(inner=max),
    "method of a class": lambda: Plain(inner=torch.Tensor.mean),
    "bound method": lambda: Plain(inner=Plain(3).use),
    "class": lambda: Plain(inner=nn.Linear),
    "partial": lambda: partial(mlp.Generator, z_dim=3, hidden=(4,)),
    "module": lambda: Plain(inner=nn.Sequential(nn.Linear(2, 3), nn.ReLU())),
    "tensor": lambda: Plain(torch.arange(3.0)),
    "array": lambda: Plain(np.arange(5)),
    "number of numpy": lambda: Plain(np.float64(0.25)),
    "path": lambda: Plain(inner=Path("a")),
    "itself": itself,
}


@pytest.mark.parametrize("name", MAKERS)
def test_two_equal_objects_read_alike_without_an_address(name):
    first, second = MAKERS[name](), MAKERS[name]()
    assert described(first) == described(second)
    assert not re.search("0x[0-9a-f]{4}", described(first))


def test_another_process_says_the_same():
    here = Path(__file__)
    code = f"import sys; sys.path[:0] = {[str(here.parent), str(here.parents[2])]}\n"
    code += f"from {__name__} import *\nfor make in MAKERS.values(): print(described(make()))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [described(make()) for make in MAKERS.values()]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Plain(0.5), Plain(0.25)),
        (Plain(), Steeper()),
        (Plain(inner=Plain(1)), Plain(inner=Plain(2))),
        (ZeroCentred(Plain(1)), ZeroCentred(Plain(2))),
        (Plain(torch.zeros(3)), Plain(torch.ones(3))),
        (Plain(torch.zeros(2000)), Plain(torch.zeros(2000).index_fill(0, torch.tensor(1000), 1))),
        (Plain(np.zeros(3)), Plain(np.zeros(3, dtype=int))),
        (partial(double, x=1), partial(double, x=2)),
        (Plain(inner=double), Plain(inner=max)),
        (Plain(inner=nn.Linear(2, 3)), Plain(inner=nn.Linear(2, 4))),
        (Plain([1]), Plain((1,))),
    ],
)
def test_objects_that_differ_read_differently(one, other):
    assert described(one) != described(other)


def test_use_does_not_change_a_description():
    plain = Plain()
    before = described(plain)
    plain.use()
    assert described(plain) == before == f"{__name__}.Plain(inner=None, power=2, weight=0.5)"


@pytest.mark.parametrize(
    "objective",
    [recipe.objective for recipe in RECIPES.values()]
    + [one.objective for failure in GALLERY.values() for one in (failure.healthy, failure.failed)]
    + [GradientPenalty(3.0), ZeroCentred(Relativistic(), r1=0.1), InstanceNoise(NonSaturating(), 0.3)]
    + [Augmented(NonSaturating(joint=True), ("shift",), 0.5), Augmented(NonSaturating())],
    ids=repr,
)
def test_dataclasses_read_as_their_repr_which_stored_files_hold(objective):
    assert described(objective) == repr(objective)
