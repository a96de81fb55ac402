"""Toy mixtures: torch.distributions as a second opinion on the density, areas that are one, counts done by hand."""

import itertools
import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from ganbook.base.errors import InputError
from ganbook.data.mixtures import Mixture, grid, moons, ring
from ganbook.models import parameters, points

LINE = Mixture(torch.tensor([[-1.0], [0.5], [3.0]]), 0.4)
SQUARE = grid(2, gap=2.0, sd=0.25)  # modes at (-1, -1), (-1, 1), (1, -1), (1, 1)


def by_torch(data):
    """The same mixture, made by torch.distributions."""
    weights = Categorical(torch.full((len(data.means),), 1 / len(data.means)))
    return MixtureSameFamily(weights, Independent(Normal(data.means, data.sd), 1))


# ------------------------------------------------------------------------------------------------------- the density


@pytest.mark.parametrize("data", [LINE, SQUARE, ring(), grid(), moons(), ring(3, radius=0.3, sd=0.2)])
def test_log_density_agrees_with_torch_distributions(data):
    rng = torch.Generator().manual_seed(0)
    x = 4 * torch.randn(500, data.means.shape[1], generator=rng)
    assert torch.allclose(data.log_density(x), by_torch(data).log_prob(x), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("data", "side", "steps"), [(LINE, 6.0, 2001), (SQUARE, 3.0, 401), (ring(5, 1.0, 0.2), 3.0, 401)]
)
def test_the_density_integrates_to_one(data, side, steps):
    axis = torch.linspace(-side, side, steps, dtype=torch.float64)
    dim = data.means.shape[1]
    x = torch.cartesian_prod(*[axis] * dim).view(-1, dim)
    area = data.log_density(x).exp().sum() * (axis[1] - axis[0]) ** dim
    assert area.item() == pytest.approx(1, abs=1e-5)


def test_far_away_the_density_is_small_and_its_logarithm_finite():
    # With the nearest mode alone: -(1e4 - 2)^2 / (2 sd^2) and the constants of one Gaussian among eight.
    data = ring()
    expected = -((1e4 - 2) ** 2) / (2 * 0.05**2) - math.log(2 * math.pi * 0.05**2) - math.log(8)
    assert data.log_density(torch.tensor([[1e4, 0.0]])).item() == pytest.approx(expected, rel=1e-5)


def test_samples_have_the_moments_of_their_mode():
    x, y = LINE.sample(30_000)
    assert x.shape == (30_000, 1) and y.shape == (30_000,) and y.dtype == torch.int64
    for mode, mean in enumerate((-1.0, 0.5, 3.0)):
        own = x[y == mode]
        assert len(own) == pytest.approx(10_000, abs=400), "equal parts"
        assert own.mean().item() == pytest.approx(mean, abs=0.02)
        assert own.std().item() == pytest.approx(0.4, abs=0.02)


def test_the_mean_log_density_of_samples_is_minus_the_entropy():
    # Modes far apart: the entropy of a mixture is log(modes) plus that of one Gaussian, log(2 pi e sd^2) in the plane.
    data = ring()
    entropy = math.log(8) + math.log(2 * math.pi * math.e * 0.05**2)
    assert data.log_density(data.sample(20_000)[0]).mean().item() == pytest.approx(-entropy, abs=0.03)


# ------------------------------------------------------------------------------------------------------- the draws


def test_a_batch_depends_on_its_seed_and_number_only():
    whole = list(itertools.islice(LINE.batches(16, seed=3), 6))
    torch.manual_seed(1)  # the global generator plays no part
    torch.rand(5)
    for start in (0, 2, 5):
        for (x, y), (again, label) in zip(whole[start:], LINE.batches(16, seed=3, start=start)):
            assert torch.equal(x, again) and torch.equal(y, label)
    assert all(not torch.equal(a[0], b[0]) for a, b in itertools.combinations(whole, 2)), "batches differ"
    assert not torch.equal(whole[0][0], next(LINE.batches(16, seed=4))[0]), "seeds differ"


def test_drawing_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    ring().sample(10)
    next(ring().batches(10))
    assert torch.equal(torch.get_rng_state(), state)


# ------------------------------------------------------------------------------------------------------- the shapes


def test_a_ring_has_equal_radii_and_equal_gaps():
    means = ring(8, radius=2.0).means
    assert torch.allclose(means.norm(dim=1), torch.full((8,), 2.0))
    gaps = (means - means.roll(1, 0)).norm(dim=1)
    assert torch.allclose(gaps, torch.full((8,), 2 * 2 * math.sin(math.pi / 8)), atol=1e-5)


def test_a_grid_is_centred_and_evenly_spaced():
    means = grid(5, gap=2.0).means
    assert means.shape == (25, 2) and means.sum(0).abs().max() < 1e-5
    assert sorted({tuple(mean) for mean in means.tolist()}) == [
        (2.0 * a, 2.0 * b) for a in range(-2, 3) for b in range(-2, 3)
    ]


# ------------------------------------------------------------------------------------------------------- coverage


def test_coverage_counts_constructed_points():
    # sd 0.25, so "near" reaches to 0.75. 60 points on a mode, 20 at 0.7 from a second, 20 at 0.8 from a third.
    x = torch.cat(
        [
            torch.tensor([[-1.0, -1.0]]).expand(60, 2),
            torch.tensor([[1.0, 1.7]]).expand(20, 2),
            torch.tensor([[-1.8, 1.0]]).expand(20, 2),
        ]
    )
    modes, share = SQUARE.coverage(x)
    assert modes == 2 and share == pytest.approx(0.8)
    assert SQUARE.coverage(x, within=4) == (3, 1.0)
    assert SQUARE.coverage(x, least=0.5)[0] == 1, "only one mode has half of all points"
    assert SQUARE.coverage(torch.full((10, 2), 50.0)) == (0, 0.0)


def test_a_mode_needs_its_share_of_all_points_and_at_least_one():
    x = torch.tensor([[-1.0, -1.0]]).repeat(1000, 1)
    x[:9] = torch.tensor([1.0, 1.0])
    assert SQUARE.coverage(x)[0] == 1, "9 of 1,000 are fewer than one in a hundred"
    x[9] = torch.tensor([1.0, 1.0])
    assert SQUARE.coverage(x)[0] == 2, "10 of 1,000 are one in a hundred"
    assert SQUARE.coverage(x[:1], least=0.0)[0] == 1, "a mode without a point is not reached"


@pytest.mark.parametrize("data", [LINE, SQUARE, ring(), grid()])
def test_the_data_cover_themselves(data):
    # P(|N(0, I)| <= 3) is erf(3 / sqrt 2) on a line and 1 - exp(-9/2) in the plane; modes do not overlap here.
    expected = math.erf(3 / math.sqrt(2)) if data.means.shape[1] == 1 else 1 - math.exp(-4.5)
    modes, share = data.coverage(data.sample(20_000)[0])
    assert modes == len(data.means)
    assert share == pytest.approx(expected, abs=0.004)


# ------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("means", "sd"),
    [
        (torch.zeros(3), 1.0),
        (torch.zeros(0, 2), 1.0),
        (torch.zeros(3, 0), 1.0),
        (torch.zeros(2, 2), 0.0),
        (torch.zeros(2, 2), -1.0),
        (torch.zeros(2, 2), math.nan),
    ],
)
def test_means_of_another_shape_and_a_spread_that_is_none_are_refused(means, sd):
    with pytest.raises(InputError, match=r"Expected means \(modes, dim\) and a sd above 0"):
        Mixture(means, sd)


# ------------------------------------------------------------------------------------------------------- the networks


@pytest.mark.parametrize("dim", [1, 2])
def test_the_pair_has_the_shapes_that_train_asks_for(dim):
    G, D = points.Generator(3, (8, 5), dim), points.Discriminator((7,), dim)
    x = G(torch.randn(6, G.z_dim))
    assert G.z_dim == 3 and x.shape == (6, dim)
    assert D(x).shape == (6,) and D(x[:1]).shape == (1,)
    assert parameters(G) == (3 * 8 + 8) + (8 * 5 + 5) + (5 * dim + dim)
    assert parameters(D) == (dim * 7 + 7) + (7 + 1)


def test_without_hidden_layers_both_are_one_linear_map():
    rng = torch.Generator().manual_seed(0)
    a, b = torch.randn(4, 2, generator=rng), torch.randn(4, 2, generator=rng)
    for network in (points.Generator(2, ()), points.Discriminator(())):
        zero = network(torch.zeros(4, 2))
        assert torch.allclose(network(a + 2 * b) - zero, network(a) - zero + 2 * (network(b) - zero), atol=1e-5)


def test_samples_may_lie_anywhere():
    # No tanh at the end: twice the last layer is twice the samples, however far out.
    G = points.Generator()
    z = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    before = G(z).detach()
    with torch.no_grad():
        for p in G.layers[-1].parameters():
            p.mul_(1000)
    assert torch.allclose(G(z), 1000 * before, rtol=1e-3, atol=1e-3) and G(z).abs().max() > 1


def test_two_moons_are_mirror_images_on_two_half_circles_without_gaps():
    data = moons(24, radius=1.5, sd=0.1)
    upper, lower = data.means.split(24)
    assert torch.allclose(upper, -lower), "half a turn about the origin makes one of the other"
    centre = 1.5 * torch.tensor([-0.5, -0.25])
    assert torch.allclose((upper - centre).norm(dim=1), torch.tensor(1.5)) and (upper[:, 1] >= centre[1] - 1e-6).all()
    along = (upper[:-1, None] + (upper[1:] - upper[:-1])[:, None] * torch.linspace(0, 1, 11)[:, None]).flatten(0, 1)
    density = data.log_density(along)[22:-22].exp()  # away from the tips
    assert density.min() > 0.8 * density.max(), "no gap is seen between two pieces"
