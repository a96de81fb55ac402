"""The judge knows digits; the Fréchet distance agrees with SciPy and with closed forms."""

import numpy as np
import pytest
import scipy.linalg
import torch

from ganbook.data import Digits
from ganbook.metrics.frechet import frechet
from ganbook.metrics.judge import judged, load


@pytest.fixture(scope="module")
def judge():
    return load()


def test_the_judge_is_right_on_more_than_992_of_1000_test_images(judge):
    test = Digits("test")
    _, p = judged(judge, test[:][0])
    assert (p.argmax(1) == test.labels).float().mean() >= 0.992


def test_judging_does_not_depend_on_the_chunk_and_gives_probabilities(judge, digits):
    x = digits[:50][0]
    features, p = judged(judge, x)
    assert features.shape == (50, 128) and p.shape == (50, 10) and features.min() >= 0
    assert torch.allclose(p.sum(1), torch.ones(50), atol=1e-5)
    assert torch.allclose(judged(judge, x, chunk=7)[0], features, atol=1e-4)
    assert torch.allclose(judge(x).softmax(1), p, atol=1e-5)


def correlated(n, d, seed):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=rng) @ torch.randn(d, d, generator=rng) + torch.randn(d, generator=rng)


def test_frechet_agrees_with_scipys_matrix_root():
    a, b = correlated(500, 20, 0), correlated(400, 20, 1)
    (mu_a, s_a), (mu_b, s_b) = ((x.numpy().astype(float).mean(0), np.cov(x.numpy().astype(float).T)) for x in (a, b))
    root = scipy.linalg.sqrtm(s_a @ s_b).real
    expected = ((mu_a - mu_b) ** 2).sum() + np.trace(s_a + s_b - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)


def test_frechet_of_a_shift_is_its_square_and_of_a_set_with_itself_zero():
    a = correlated(300, 8, 2)
    shift = torch.tensor([3.0, 4.0] + 6 * [0.0])
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, a + shift) == pytest.approx(25, rel=1e-4)


def test_frechet_of_a_scaled_set():
    a = correlated(300, 8, 3)
    a = a - a.mean(0)  # S_b = 4 S_a, so tr(S_a + 4 S_a - 2 * 2 S_a) = tr S_a
    assert frechet(a, 2 * a) == pytest.approx(torch.cov(a.T).trace().item(), rel=1e-4)


def test_frechet_is_symmetric_and_survives_flat_directions():
    a, b = correlated(300, 8, 4), correlated(300, 8, 5)
    a[:, 3], b[:, 3] = 0.0, 0.0  # a feature that is always off
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-9)
