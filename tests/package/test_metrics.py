"""Each metric agrees with closed forms and with another library's opinion, and moves in the right direction."""

import math
from collections import Counter

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
from ganbook.metrics import limit, neighbours
from ganbook.metrics.classes import class_shares, kl, modes, purity
from ganbook.metrics.frechet import frechet
from ganbook.metrics.inception import inception_score
from ganbook.metrics.kernel import kernel_distance
from ganbook.metrics.limit import frechet_limit
from ganbook.metrics.neighbours import copies, copying, nearest, prdc, squared_distances


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


def test_the_limit_is_that_of_two_known_normal_distributions_and_its_error_is_honest():
    """|mu|^2 + d (1 - s)^2 for N(0, 1) and N(mu, s^2) in d dimensions. The distance of 600 rows is too large by far."""
    rng, d, scale, shift = torch.Generator().manual_seed(0), 16, 1.2, 0.1
    expected = d * shift**2 + d * (1 - scale) ** 2
    plain, limits = [], []
    for _ in range(24):
        a, b = torch.randn(2, 600, d, generator=rng)
        plain.append(frechet(a, shift + scale * b))
        limits.append(frechet_limit(a, shift + scale * b))
    values = np.array([limit.value for limit in limits])
    spread = values.std()
    assert np.mean(plain) - expected > 8 * np.std(plain) / math.sqrt(24), "there is a bias to be removed"
    assert abs(values.mean() - expected) < 3 * spread / math.sqrt(24)
    assert 0.7 < np.mean([limit.error for limit in limits]) / spread < 2.5


def test_the_limit_of_a_distance_that_falls_as_a_line_is_where_the_line_ends(monkeypatch):
    monkeypatch.setattr(limit, "frechet", lambda a, b: 7 + 300 / len(a))
    found = frechet_limit(torch.randn(1200, 3), torch.randn(1200, 3))
    assert found.value == pytest.approx(7) and found.error == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(("n", "k"), [(19, 19), (100, 99)])
def test_the_limit_needs_two_sets_of_one_size(n, k):
    with pytest.raises(ValueError, match=f"{n}"):
        frechet_limit(torch.randn(n, 4), torch.randn(k, 4))


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


def test_copies_are_counted_by_the_percentile_of_their_own_cell():
    rng = torch.Generator().manual_seed(5)
    to_fake, to_test = torch.rand(500, generator=rng), torch.rand(900, generator=rng)
    cell_fake, cell_test = torch.randint(4, (500,), generator=rng), torch.randint(3, (900,), generator=rng)
    to_test = to_test + cell_test  # each cell has its own distances; no real image stands in cell 3
    expected = [
        float(distance) < np.percentile(to_test[cell_test == cell].numpy(), 5)
        for distance, cell in zip(to_fake + cell_fake, cell_fake)
        if cell < 3
    ]
    assert 0 < sum(expected) < 60
    assert copies(to_fake + cell_fake, to_test, cell_fake, cell_test, tail=0.05) == pytest.approx(sum(expected) / 500)


def test_a_fifth_of_copies_shows_in_the_tail_and_not_in_the_mean_and_a_crowded_cell_is_no_copy():
    rng = torch.Generator().manual_seed(6)
    train, test, new = torch.randn(3, 3000, 5, generator=rng).double()
    bad = torch.cat([new[:2400] * 1.2, train[:600]])  # samples a little too far out, and a fifth of copies

    def tail(fake, cell=lambda x: torch.zeros(len(x))):
        to_fake, to_test = nearest(fake, train)[0], nearest(test, train)[0]
        return copies(to_fake, to_test, cell(fake), cell(test))

    assert abs(copying(bad, test, train) - 0.5) < 0.06, "as if they were new"
    assert 0.2 <= tail(bad) < 0.22
    assert 0.002 < tail(new) < 0.025

    # Every tenth point in a crowd far away: nearly all of the nearest hundredth of the unseen points are of it.
    for points in (train, test, new):
        points[::10] = points[::10] / 5 + 20
    crowd = new[::10]
    assert tail(crowd) > 0.05 and tail(crowd, lambda x: (x[:, 0] > 10).long()) < 0.03


def test_cells_that_do_not_fit_the_distances_are_refused():
    x = torch.rand(10)
    for cells, tail in (((x[:9], x), 0.01), ((x, x[:9]), 0.01), ((x, x), 0.0), ((x, x), 1.0)):
        with pytest.raises(ValueError, match="cell for each distance"):
            copies(x, x, *cells, tail=tail)


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


def test_purity_counts_the_most_frequent_label_of_each_group():
    generator = torch.Generator().manual_seed(0)
    groups, y = (torch.randint(k, (500,), generator=generator) for k in (7, 4))
    most = sum(Counter(y[groups == g].tolist()).most_common(1)[0][1] for g in range(7))
    assert purity(groups, y) == pytest.approx(most / 500)
    assert purity(y, y) == purity(torch.arange(500), y) == 1
    assert purity(torch.zeros_like(y), y) == pytest.approx(class_shares(y, 4).max().item())
    assert purity(3 * groups + 2, y + 5) == purity(groups, y), "what they are called does not count"
    assert purity(4 * groups + y % 2, y) >= purity(groups, y), "smaller groups are no less pure"
    pair, ones = torch.tensor([0, 0, 1]), torch.zeros(3, dtype=torch.long)
    assert purity(pair, ones) == 1 and purity(ones, pair) == pytest.approx(2 / 3), "labels of groups, not the reverse"


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
