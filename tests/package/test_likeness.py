"""Comparison with images that no judge knows: right about what one knows beforehand, and honest about what it is."""

import json

import pytest
import torch
import torch.nn.functional as F

from ganbook.base.errors import InputError
from ganbook.data import Fashion, Images
from ganbook.evaluation import random_features
from ganbook.evaluation.random_features import RandomFeatures, compare
from ganbook.metrics.frechet import frechet

N = 150


@pytest.fixture(scope="module")
def fashion():
    return Fashion()


@pytest.fixture(scope="module")
def shoes(fashion):
    """Images of all kinds."""
    return fashion[torch.arange(9000, 9000 + N)][0]


@pytest.fixture(scope="module")
def real(shoes, fashion):
    return compare(shoes, fashion)


def test_real_images_are_at_the_floor(real):
    assert real["frechet"] < 1.3 * real.scores["frechet"].floor
    assert abs(real["kernel"] - real.scores["kernel"].floor) < 5 * real.scores["kernel"].error
    for name in ("precision", "recall", "density", "coverage"):
        assert real[name] == pytest.approx(real.scores[name].floor, abs=0.15), name


def forged(kind, x):
    """Images of x changed for the worse."""
    return {
        "blurred": lambda: F.avg_pool2d(F.pad(x, (1, 1, 1, 1), value=-1.0), 3, 1),
        "mirrored": lambda: x.flip(-1),
        "ten, repeated": lambda: x[:10].repeat(N // 10, 1, 1, 1),
        "shuffled": lambda: x.flatten(1)[:, torch.randperm(784, generator=torch.Generator().manual_seed(0))].view_as(x),
        "negative": lambda: -x,
    }[kind]()


@pytest.mark.parametrize("kind", ["blurred", "mirrored", "ten, repeated", "shuffled", "negative"])
def test_what_is_worse_is_further_away(kind, shoes, fashion, real):
    assert compare(forged(kind, shoes), fashion)["frechet"] > 1.5 * real["frechet"]


def test_ten_images_repeated_are_precise_and_recall_nothing(shoes, fashion):
    found = compare(forged("ten, repeated", shoes), fashion)
    assert found["precision"] > 0.8 and found["recall"] < 0.1 and found["coverage"] < 0.5


def test_digits_are_no_clothes(digits, fashion):
    found = compare(digits[:N][0], fashion)
    assert found["precision"] < 0.4 and found["frechet"] > 5 * found.scores["frechet"].floor


def test_reference_and_floor_share_no_image_and_are_drawn_once_for_all(monkeypatch):
    """Each image is a number of its own; with the number itself as its feature, what is compared can be read."""
    data = Images(torch.arange(250).byte()[:, None, None].expand(250, 4, 4))
    seen = []

    class Number:
        def __init__(self, like):
            pass

        def __call__(self, x):
            seen.append(((x[:, 0, 0, 0] + 1) * 127.5).round().long())
            return torch.randn(len(x), 8, generator=torch.Generator().manual_seed(0))

    monkeypatch.setattr(random_features, "RandomFeatures", Number)
    for _ in range(2):
        compare(torch.zeros(120, 1, 4, 4), data)
    real, others, fake = seen[:3]
    assert len(set(real.tolist()) | set(others.tolist())) == 240 and len(fake) == 120
    assert torch.equal(real, seen[3]) and torch.equal(others, seen[4])


def test_the_eye_is_the_same_each_time_leaves_the_random_state_and_is_normalised(shoes):
    state = torch.get_rng_state()
    first, second = RandomFeatures(shoes)(shoes), RandomFeatures(shoes)(shoes)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, second) and first.shape == (N, 128)
    assert first.mean(0).abs().max() < 1e-4 and (first.var(0) - 1).abs().max() < 1e-2
    assert frechet(first, first) == pytest.approx(0, abs=1e-3)


def test_an_image_does_not_depend_on_its_neighbours(shoes, monkeypatch):
    eye = RandomFeatures(shoes)
    together = eye(shoes)
    monkeypatch.setattr(random_features, "CHUNK", 7)
    assert torch.allclose(eye(shoes), together, atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 20, 20), (1, 9, 14), (1, 64, 64)])
def test_any_size_and_colour(shape):
    rng = torch.Generator().manual_seed(0)
    data = Images(torch.randint(256, (200, *shape), dtype=torch.uint8, generator=rng))
    found = compare(data[:100][0], data)
    assert found.n == 100 and found.images == 200 and set(found.scores) == set(found.as_dict()["scores"])


def test_the_result_is_json_and_a_table_that_says_what_it_is(real):
    again = json.loads(json.dumps(real.as_dict(), allow_nan=False))
    assert again["scores"]["recall"]["value"] == real["recall"] and again["n"] == N
    table = real.table()
    assert "10,000 real images" in table and "random network" in table and "Not comparable" in table
    assert f"lower is better; n = {N}" in table and "floors" not in table and "±" in table
    assert f"n = {N} is small" in table


@pytest.mark.parametrize(
    "x, says",
    [
        (torch.zeros(N, 1, 20, 20), r"\(1, 20, 20\).*\(1, 28, 28\)"),
        (torch.zeros(N, 3, 28, 28), "one shape"),
        (torch.zeros(99, 1, 28, 28), "100 samples"),
        (torch.zeros(5001, 1, 28, 28), "twice as many images.*5,001.*10,000"),
        (torch.full((N, 1, 28, 28), 1.5), r"\[-1, 1\]"),
        (torch.full((N, 1, 28, 28), torch.nan), r"\[-1, 1\]"),
    ],
)
def test_samples_that_cannot_be_compared(x, says, fashion):
    with pytest.raises(InputError, match=says):
        compare(x, fashion)
