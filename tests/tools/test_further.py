"""The tool that asks what holds the best recipe back: G stays frozen, who knows is right, rows are whole."""

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ganbook.chapters import results
from ganbook.data import Digits
from ganbook.models import OfNoise, conditional
from ganbook.training.recipes import Recipe, get
from tools.experiments import further
from tools.experiments.trials import Spent, settings


@pytest.fixture
def small(small_folder, monkeypatch):
    monkeypatch.setattr(Recipe, "data", lambda self, folder=None, device="cpu": Digits(folder=small_folder))
    monkeypatch.setattr(further, "N", 100)
    monkeypatch.setattr(further, "ALONE", 30)


class Grey(OfNoise):
    """z (m, 8), y (m,) -> even images, one grey a label; BatchNorm whose notes would change in training mode."""

    classes = 10

    def __init__(self) -> None:
        super().__init__(8)
        self.norm = nn.BatchNorm1d(8)

    def forward(self, z, y):
        return (0 * self.norm(z).sum(1) + y / 4.5 - 1)[:, None, None, None].expand(-1, 1, 28, 28)


def test_a_new_d_learns_against_the_frozen_generator_and_leaves_it_as_it_is(small):
    G = Grey()
    before = copy.deepcopy(G.state_dict())
    D = further.newcomer(G, seed=0)
    assert all(torch.equal(value, before[name]) for name, value in G.state_dict().items()), "G has moved"
    fresh = get("conditional").networks(seed=0)[1]
    assert str(D) == str(fresh) and not torch.equal(D.net.layers[0].weight, fresh.net.layers[0].weight)
    assert further.pairs_right(D, G) == 1.0, "even grey is told from digits after thirty steps"


def test_a_pair_is_a_test_image_and_a_sample_with_its_label(small, monkeypatch):
    x, y = Digits("test")[torch.arange(100)]
    asked = []

    class Knows(nn.Module):
        def forward(self, x, of):
            asked.append((x, of))
            grey = x.flatten(1).std(1) == 0
            return torch.where(grey, torch.where(of == 3, 1.0, -1.0), 0.0)  # wrong on threes only

    assert further.pairs_right(Knows(), Grey()) == pytest.approx(float((y != 3).double().mean()))
    assert [len(of) for _, of in asked] == [64, 64, 36, 36], "as many at once as in the training"
    (real, of), (fake, of_fake) = (map(torch.cat, zip(*asked[i::2])) for i in (0, 1))
    assert torch.equal(real, x) and torch.equal(of, y) and torch.equal(of_fake, y)
    assert torch.allclose(fake[:, 0, 0, 0], y / 4.5 - 1, atol=1e-6)


class Codes(conditional.Coded):
    """Draws a test image of the digit that ten numbers of z say, from `first` on; the first ten are its code."""

    def __init__(self, first: int) -> None:
        super().__init__(z_dim=40, width=2)
        self.first, (x, y) = first, Digits("test")[torch.arange(1_000)]
        self.of = [x[y == digit] for digit in range(10)]

    def forward(self, z):
        digit = z[:, self.first : self.first + 10].argmax(1)
        return torch.stack([self.of[y][i % len(self.of[y])] for i, y in enumerate(digit.tolist())])


@pytest.mark.parametrize(("first", "least", "most"), [(0, 0.95, 1), (20, 0.1, 0.2)])
def test_codes_are_pure_if_the_digit_follows_them_and_not_if_it_follows_other_noise(first, least, most, monkeypatch):
    G, n = Codes(first), 2_000
    monkeypatch.setattr(further, "N", n)
    copies = SimpleNamespace(scores={"copies": SimpleNamespace(value=0.0)})
    for name, of_no_interest in {"judge": lambda x: {}, "distance": len, "evaluate": lambda G, n: copies}.items():
        monkeypatch.setattr(further, name, of_no_interest)
    monkeypatch.setattr(further, "spend", lambda *words: Spent(SimpleNamespace(sampler=G, G=G, step=2), 0.0, False, []))
    row, _ = further.measure(get("coded"), seed=0)
    assert least < row["purity"] <= most and "pairs" not in row


def test_each_variant_changes_one_thing_of_the_first_of_its_group():
    every = further.variants()
    for first in ("conditional", "dcgan, no BatchNorm in D, rates fall"):
        start = every[first].describe()
        nets = list(map(str, every[first].networks(seed=0)))
        for name, recipe in every.items():
            if name.split(",")[0] == first.split(",")[0] and name != first:
                found, others = recipe.describe(), list(map(str, recipe.networks(seed=0)))
                changed = [other != net for other, net in zip(others, nets)]
                assert sum([*changed, found["k"] != 1]) == 1, "another G, another D, or more updates of D"
                assert all(found[key] == start[key] for key in start if key not in ("k", "parameters"))


def test_the_coded_recipe_is_the_code_and_the_discrimination_together():
    every = further.variants()
    both, code, layer = (every[name] for name in ("coded", "dcgan, code", "dcgan, minibatch discrimination"))
    G, D = map(str, both.networks(seed=0))
    assert str(code.networks(seed=0)[0]) == G and str(layer.networks(seed=0)[1]) == D
    words = ("name", "title", "source", "changes", "parameters")
    assert all(both.describe()[key] == value for key, value in code.describe().items() if key not in words)


def test_the_stored_runs_are_whole():
    stored = results.load("further")
    for name, recipe in further.variants().items():
        rows = stored["variants"][name]
        now = {**settings({"": recipe}), "steps": recipe.steps, "alone": further.ALONE}
        assert stored["settings"][name] == now and [row["seed"] for row in rows] == further.SEEDS
        for row in rows:
            assert row["steps"] == recipe.steps and min(row["frechet"], row["frechet_last"]) > 0
            assert ("pairs" in row) == name.startswith("conditional")
            assert ("purity" in row) == isinstance(recipe.networks(seed=0)[0], conditional.Coded)
            assert 0.1 < row.get("purity", 1.0) <= 1, "ten codes without meaning get a tenth and a little"
            assert all(0 <= share <= 1 for share in [row["copies"], row["recall"], *row.get("pairs", {}).values()])


def test_the_recipe_ends_where_its_five_seeds_end():
    best = [sum(row["average"]) / 3 for row in results.load("best")["rows"] if row["steps"] == further.STEPS]
    for row in results.load("further")["variants"]["conditional"]:
        assert 0.7 * min(best) < row["frechet"] < 1.4 * max(best)
