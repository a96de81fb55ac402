"""All scores at once: complete, beside their floors, in the right direction, and without a trace in the generator."""

import hashlib
import json

import pytest
import torch

from ganbook.base.errors import InputError
from ganbook.evaluation import report as module
from ganbook.evaluation.judge import WEIGHTS
from ganbook.evaluation.report import SCORES, evaluate, evaluate_images
from ganbook.training import recipes

N = 200


@pytest.fixture(scope="module")
def real(digits):
    """Training images, judged as if they were samples."""
    return evaluate_images(digits[:N][0])


@pytest.fixture(scope="module")
def ones(digits):
    """A generator that draws nothing but real ones."""
    return evaluate_images(digits[digits.labels == 1][0][:N])


def test_every_score_carries_its_floor_n_and_extractor(real):
    sha256 = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert list(real.scores) == list(SCORES)
    for name, score in real.scores.items():
        assert score.n == N and score.extractor == f"judge {sha256[:12]}"
        assert score.better in ("lower", "higher", "0.5") and score.better == SCORES[name][1]
        assert isinstance(score.value, int | float) and isinstance(score.floor, int | float)
    assert real.scores["kernel"].error > 0
    assert real.accuracy > 0.98 and sum(real.shares) == pytest.approx(1)


def test_real_images_score_like_their_floor(real):
    for name in ("precision", "recall", "coverage", "certainty", "inception", "synthetic"):
        assert real[name] == pytest.approx(real.scores[name].floor, rel=0.15), name
    assert real["frechet"] < 1.5 * real.scores["frechet"].floor
    assert abs(real["kernel"] - real.scores["kernel"].floor) < 5 * real.scores["kernel"].error
    assert real["modes"] == 10


def test_training_images_are_found_out_as_copies_and_their_floor_is_not(real):
    assert real["copying"] > 0.99
    assert 0.4 < real.scores["copying"].floor < 0.6


def test_one_digit_only_is_precise_and_recalls_little(real, ones):
    assert ones["precision"] > 0.8 and ones["recall"] < 0.3
    assert ones["inception"] < 1.2 and ones["modes"] == 1 and ones["class_kl"] > 1.5
    assert ones["frechet"] > 5 * real["frechet"] and ones["kernel"] > 5 * ones.scores["kernel"].error
    assert ones["synthetic"] < 0.2


def test_the_result_is_one_json_object_and_a_table_of_all_scores(ones):
    again = json.loads(json.dumps(ones.as_dict(), allow_nan=False))
    assert again["scores"]["recall"]["value"] == ones["recall"] and again["n"] == N
    table = ones.table()
    assert all(title in table for title, _ in SCORES.values()) and "Not comparable" in table
    assert ("floors" in table and "98." in table) or "99." in table


def test_evaluating_leaves_the_generator_and_the_random_state_as_they_were(real):
    G, _ = recipes.get("a-dcgan").networks(seed=0)
    G.train()
    next(layer for layer in G.modules() if isinstance(layer, torch.nn.BatchNorm2d)).eval()  # modes may be mixed
    modes = [layer.training for layer in G.modules()]
    before = {name: value.clone() for name, value in G.state_dict().items()}
    state = torch.get_rng_state()
    first = evaluate(G, n=N, seed=3)
    assert [layer.training for layer in G.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in G.state_dict().items()), "a buffer has moved"
    assert torch.equal(torch.get_rng_state(), state)
    assert evaluate(G, n=N, seed=3).as_dict() == first.as_dict(), "the same noise, the same scores"


def test_sixteen_pixel_images_are_compared_with_real_ones_that_lost_the_same_detail():
    digits = recipes.get("b-dcgan16").data()
    small = evaluate_images(digits[:N][0])
    assert small.size == 16 and small.accuracy > 0.9
    assert small["frechet"] < 2 * small.scores["frechet"].floor
    assert small["copying"] > 0.99, "training images were reduced as well, so these are found among them"


@pytest.mark.parametrize("n", [0, 99, 10_001])
def test_n_out_of_range(n):
    G, _ = recipes.get("mlp").networks(seed=0)
    with pytest.raises(InputError, match=f"100 to 10,000.*{n}"):
        evaluate(G, n=n)


@pytest.mark.parametrize(
    "x, says",
    [
        (torch.zeros(N, 3, 28, 28), r"\(n, 1, h, w\)"),
        (torch.zeros(N, 784), r"\(n, 1, h, w\)"),
        (torch.zeros(N, 1, 28, 20), "square"),
        (torch.full((N, 1, 28, 28), 1.5), r"\[-1, 1\]"),
        (torch.full((N, 1, 28, 28), torch.nan), r"\[-1, 1\]"),
    ],
)
def test_images_that_cannot_be_judged(x, says):
    with pytest.raises(InputError, match=says):
        evaluate_images(x)


def test_reference_and_floor_are_drawn_once_for_all():
    module._real.cache_clear()
    a = module._real(150, 28)
    module._real.cache_clear()
    assert torch.equal(a.test.x, module._real(150, 28).test.x)
