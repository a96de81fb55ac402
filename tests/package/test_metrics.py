"""Each metric agrees with closed forms and with another library's opinion, and moves in the right direction."""

import math

import numpy as np
import prdc as naeem
import pytest
import scipy.linalg
import scipy.spatial
import scipy.stats
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from ganbook.data import Digits
from ganbook.evaluation.judge import at_judges_size, judged, load
from ganbook.evaluation.synthetic import trained_on
from ganbook.metrics import neighbours
from ganbook.metrics.classes import class_shares, kl, modes
from ganbook.metrics.frechet import frechet
from ganbook.metrics.inception import inception_score
from ganbook.metrics.kernel import kernel_distance
from ganbook.metrics.neighbours import copying, nearest, prdc, squared_distances


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


def test_images_of_the_judges_size_are_left_alone_and_others_keep_their_grey(judge):
    x = Digits("test", size=16)[:4][0]
    assert at_judges_size(x).shape == (4, 1, 28, 28)
    assert torch.allclose(at_judges_size(torch.full((2, 1, 16, 16), 0.3)), torch.tensor(0.3))
    full = Digits("test")[:4][0]
    assert at_judges_size(full) is full


def correlated(n, d, seed):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=rng) @ torch.randn(d, d, generator=rng) + torch.randn(d, generator=rng)


def test_frechet_agrees_with_scipys_matrix_root():
    a, b = correlated(500, 20, 0), correlated(400, 20, 1)
    (mu_a, s_a), (mu_b, s_b) = ((x.numpy().astype(float).mean(0), np.cov(x.numpy().astype(float).T)) for x in (a, b))
    root = scipy.linalg.sqrtm(s_a @ s_b).real
    expected = ((mu_a - mu_b) ** 2).sum() + np.trace(s_a + s_b - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)


def test_frechet_of_10000_by_128_agrees_with_scipy_and_multiplies_no_more_than_two_covariances_need():
    a, b = correlated(10_000, 128, 6), correlated(10_000, 128, 7)
    with FlopCounterMode(display=False) as counted:
        value = frechet(a, b)
    n, d = a.shape
    assert 0 < counted.get_total_flops() <= 2 * (2 * n * d**2) + 4 * (2 * d**3), "nothing is n by n"
    s_a, s_b = (np.cov(x.numpy().astype(float).T) for x in (a, b))
    shift = (a.double().mean(0) - b.double().mean(0)).square().sum().item()
    expected = shift + np.trace(s_a + s_b - 2 * scipy.linalg.sqrtm(s_a @ s_b).real)
    assert value == pytest.approx(expected, rel=1e-6)


class Identity(nn.Module):
    """Features that are given instead of images, in the form that torchmetrics asks for."""

    num_features = 12

    def forward(self, x):
        return x


def second_opinion(metric, a, b):
    metric = metric.set_dtype(torch.float64)
    metric.update(a.double(), real=True)
    metric.update(b.double(), real=False)
    return metric.compute()


def test_frechet_agrees_with_torchmetrics():
    a, b = correlated(400, 12, 8), correlated(300, 12, 9)
    metric = FrechetInceptionDistance(feature=Identity(), normalize=True, input_img_size=(12,))
    assert frechet(a, b) == pytest.approx(second_opinion(metric, a, b).item(), rel=1e-6)


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
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-7)


@pytest.mark.filterwarnings("ignore:Metric .Kernel Inception Distance")
def test_kernel_distance_of_one_block_agrees_with_torchmetrics():
    a, b = correlated(300, 12, 8), correlated(300, 12, 9)
    metric = KernelInceptionDistance(feature=Identity(), subsets=1, subset_size=300, normalize=True)
    expected = second_opinion(metric, a, b)[0].item()
    assert kernel_distance(a, b, block=300).value == pytest.approx(expected, rel=1e-5)  # theirs is float32


def test_kernel_distance_by_the_definition_pair_by_pair():
    a, b = correlated(6, 3, 0), correlated(6, 3, 1)

    def k(x, y):
        return (float(x.double() @ y.double()) / 3 + 1) ** 3

    within = [k(s[i], s[j]) / 30 for s in (a, b) for i in range(6) for j in range(6) if i != j]
    across = [k(x, y) / 36 for x in a for y in b]
    assert kernel_distance(a, b, block=6).value == pytest.approx(sum(within) - 2 * sum(across), rel=1e-9)


def test_kernel_distance_has_no_bias_and_its_error_is_honest():
    rng = torch.Generator().manual_seed(0)
    scores = []
    for _ in range(40):
        a, b = torch.randn(2, 200, 6, generator=rng)
        value, error = kernel_distance(a, b, block=20)  # small blocks: an estimate with bias would show it
        scores.append(value / error)
    mean, spread = np.mean(scores), np.std(scores)
    assert abs(mean) < 4 * spread / math.sqrt(40), "equal distributions read as different"
    assert 0.7 < spread < 1.5, "the standard error does not describe the spread"


def test_kernel_distance_grows_with_a_shift_and_needs_whole_blocks():
    a, b = torch.randn(2, 400, 8, generator=torch.Generator().manual_seed(4))
    near, far = (kernel_distance(a, b + shift, block=100).value for shift in (0.5, 2.0))
    assert 0 < near < far
    assert math.isnan(kernel_distance(a, b, block=400).error)
    for block in (401, 1, 0):
        with pytest.raises(ValueError, match="block"):
            kernel_distance(a, b, block=block)


def test_inception_score_of_certain_even_and_undecided_judgements():
    sure = torch.eye(10).repeat(7, 1)
    assert inception_score(sure) == pytest.approx(10)
    assert inception_score(sure[:1].repeat(50, 1)) == pytest.approx(1), "one class only"
    assert inception_score(torch.full((50, 10), 0.1)) == pytest.approx(1), "never sure"
    assert inception_score(torch.eye(10)[:4].repeat(5, 1)) == pytest.approx(4)


@pytest.mark.filterwarnings("ignore:Metric .InceptionScore", "ignore:std")
def test_inception_score_agrees_with_torchmetrics():
    logits = correlated(500, 12, 3)
    metric = InceptionScore(feature=Identity(), splits=1).set_dtype(torch.float64)
    metric.update(logits.double())
    assert inception_score(logits.double().softmax(1)) == pytest.approx(metric.compute()[0].item(), rel=1e-6)


def test_prdc_agrees_with_the_authors_implementation(capsys):
    a, b = correlated(300, 8, 4), 0.8 * correlated(250, 8, 4)
    for k in (1, 3, 5):
        expected = naeem.compute_prdc(a.double().numpy(), b.double().numpy(), nearest_k=k)
        assert prdc(a, b, k=k)._asdict() == pytest.approx(expected)


def test_prdc_of_a_set_with_itself_is_full():
    a = correlated(200, 8, 5)
    same = prdc(a, a)
    assert same.precision == same.recall == same.coverage == 1 and same.density >= 1


def test_a_tight_cluster_is_precise_and_recalls_little_a_wide_cloud_the_reverse():
    rng = torch.Generator().manual_seed(1)
    real = torch.randn(500, 8, generator=rng)
    tight, wide = (scale * torch.randn(500, 8, generator=rng) for scale in (0.2, 3.0))
    assert prdc(real, tight).precision > 0.95 and prdc(real, tight).recall < 0.05
    assert prdc(real, wide).precision < 0.3 and prdc(real, wide).recall > 0.8
    # One outlier among the fakes has a ball that swallows many real points: recall is fooled, coverage is not.
    outlier = torch.cat([tight, torch.full((1, 8), 50.0)])
    assert prdc(real, outlier).recall > prdc(real, tight).recall + 0.2
    assert prdc(real, outlier).coverage == prdc(real, tight).coverage


def test_neighbours_do_not_depend_on_the_chunk(monkeypatch):
    a, b = correlated(90, 5, 6), correlated(70, 5, 7)
    before = prdc(a, b), nearest(a, b)[1], copying(a, b, b + 0.1)
    monkeypatch.setattr(neighbours, "CHUNK", 7)
    after = prdc(a, b), nearest(a, b)[1], copying(a, b, b + 0.1)
    assert before[0] == after[0] and torch.equal(before[1], after[1]) and before[2] == after[2]


@pytest.mark.parametrize("k", [0, 5, 99])
def test_prdc_needs_more_points_than_neighbours(k):
    with pytest.raises(ValueError, match=f"k {k}"):
        prdc(torch.randn(5, 2), torch.randn(50, 2), k=k)


def test_nearest_agrees_with_scipys_tree():
    a, b = correlated(200, 6, 1).double(), correlated(300, 6, 2).double()
    distance, index = nearest(a, b)
    expected, where = scipy.spatial.cKDTree(b.numpy()).query(a.numpy())
    assert np.allclose(distance, expected) and np.array_equal(index, where)
    assert squared_distances(a, a).min() >= 0


def test_copying_is_the_mann_whitney_statistic():
    fake, test, train = correlated(80, 4, 1), correlated(60, 4, 2), correlated(200, 4, 3)
    to_fake, to_test = nearest(fake, train)[0], nearest(test, train)[0]
    u = scipy.stats.mannwhitneyu(to_test.numpy(), to_fake.numpy()).statistic
    assert copying(fake, test, train) == pytest.approx(u / (80 * 60))


def test_copying_of_copies_of_new_samples_and_of_strangers():
    rng = torch.Generator().manual_seed(2)
    train, test, new = torch.randn(3, 1000, 5, generator=rng).double()
    assert copying(train[:300] + 1e-3, test, train) > 0.99
    assert abs(copying(new, test, train) - 0.5) < 0.04
    assert copying(new + 50, test, train) == 0
    assert copying(test, test, train) == 0.5, "ties count half"


def test_class_shares_and_their_divergence():
    y = torch.tensor([0, 0, 0, 1])
    p, q = class_shares(y, 3), torch.tensor([0.5, 0.25, 0.25])
    assert p.tolist() == [0.75, 0.25, 0]
    assert kl(p, q) == pytest.approx(scipy.stats.entropy(p, q))
    assert kl(p, p) == 0 and kl(q, p) == math.inf
    assert kl(torch.eye(10)[3], torch.full((10,), 0.1)) == pytest.approx(math.log(10))
    for bad in (torch.tensor([3]), torch.tensor([-1]), torch.tensor([], dtype=torch.long)):
        with pytest.raises(ValueError, match="labels"):
            class_shares(bad, 3)


def test_modes_count_the_classes_that_hold_their_share():
    y = torch.tensor([0] * 97 + [1] * 2 + [2])
    assert modes(y, least=0.02) == 2
    assert modes(y, least=0.0) == 3, "one sample is enough, none is not"


def test_a_classifier_learns_from_digits_and_nothing_from_shuffled_labels(digits):
    test = Digits("test")
    x, y = digits[:3000]
    rng = torch.Generator().manual_seed(3)
    shuffled = y[torch.randperm(len(y), generator=rng)]
    state = torch.get_rng_state()
    real = trained_on(x, y, *test[:2000], steps=300)
    assert torch.equal(torch.get_rng_state(), state), "the global random state has moved"
    assert real > 0.85
    assert trained_on(x, shuffled, *test[:2000], steps=300) < 0.25
    assert trained_on(x, y, *test[:2000], steps=300) == real, "the same seed, the same classifier"
