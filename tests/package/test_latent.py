"""The space of the noise: closed forms for ways, truncation and directions; inversions of images with a known z."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from ganbook.base.errors import InputError
from ganbook.metrics.strokes import properties
from ganbook.models import conditional, dcgan, mlp
from ganbook.models.sampling import fixed_noise, sample
from ganbook.viewing import latent


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# -------------------------------------------------------------------------------------------------------------- ways

T = torch.linspace(0, 1, 5)


@pytest.mark.parametrize("way", [latent.lerp, latent.slerp])
def test_a_way_leads_from_one_end_to_the_other_and_is_the_same_backwards(way):
    a, b = noise(2, 7, 64)
    points = way(a, b, T)
    assert points.shape == (5, 7, 64)
    assert torch.allclose(points[0], a, atol=1e-6) and torch.allclose(points[-1], b, atol=1e-6)
    assert torch.allclose(points.flip(0), way(b, a, T), atol=1e-5)


def test_slerp_turns_by_equal_angles_and_keeps_the_norm_of_its_ends():
    a, b = 8 * nn.functional.normalize(noise(2, 100, 5), dim=-1)
    points = latent.slerp(a, b, T).double()
    assert torch.allclose(points.norm(dim=-1), torch.tensor(8.0).double(), atol=1e-5)
    steps = torch.acos((points[1:] * points[:-1]).sum(-1) / 64)
    assert torch.allclose(steps, torch.acos((a * b).sum(-1).double() / 64).expand(4, -1) / 4, atol=1e-4)


def test_slerp_is_lerp_where_both_ends_point_the_same_way():
    a = noise(3, 4)
    assert torch.allclose(latent.slerp(a, 3 * a, T), latent.lerp(a, 3 * a, T), atol=1e-5)


def test_half_of_the_straight_way_lies_at_the_root_of_half_the_dimension():
    """E |(a + b) / 2|^2 = d / 2 and Var |.|^2 = d / 2, where ends have d and 2 d; the arc's middle stays near d."""
    a, b = noise(2, 20_000, 64)
    for way, mean, tolerance in ((latent.lerp, 32, 0.2), (latent.slerp, 64, 0.5)):
        squared = way(a, b, torch.tensor([0.5]))[0].square().sum(1)
        assert squared.mean().item() == pytest.approx(mean, abs=tolerance)
    assert latent.lerp(a, b, torch.tensor([0.5]))[0].square().sum(1).var().item() == pytest.approx(32, rel=0.05)


@pytest.mark.parametrize("b", [-torch.ones(1, 3), torch.zeros(1, 3), torch.ones(1, 4), torch.ones(2, 3)])
def test_where_there_is_no_arc_slerp_says_so(b):
    with pytest.raises(InputError):
        latent.slerp(torch.ones(1, 3), b, T)


# -------------------------------------------------------------------------------------------------------- truncation


@pytest.mark.parametrize("psi", [0.3, 1.0, 2.5])
def test_truncated_noise_is_distributed_as_if_drawn_again_until_it_fits(psi):
    z = latent.truncate(noise(50_000), psi)
    assert z.abs().max() <= psi
    assert stats.kstest(z.numpy(), stats.truncnorm(-psi, psi).cdf).pvalue > 0.01


def test_truncation_keeps_signs_and_order_and_ends_where_it_began():
    z = noise(1000).sort().values
    small = latent.truncate(z, 0.5)
    assert (small.diff() >= 0).all() and (small.sign() == z.sign()).all() and small.dtype == z.dtype
    assert torch.equal(latent.truncate(z, math.inf), z)
    assert torch.allclose(latent.truncate(z, 7.0), z, atol=1e-4)


@pytest.mark.parametrize("psi", [0.0, -1.0, math.nan])
def test_a_psi_that_leaves_nothing_is_refused(psi):
    with pytest.raises(InputError, match="psi > 0"):
        latent.truncate(torch.zeros(1), psi)


# -------------------------------------------------------------------------------------------------------- directions


def test_means_of_the_classes():
    z = torch.tensor([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0]])
    assert torch.equal(latent.class_means(z, torch.tensor([1, 1, 0]), 2), torch.tensor([[5.0, 5.0], [2.0, 1.0]]))
    for y in (torch.tensor([1, 1, 1]), torch.tensor([0, 1]), torch.tensor([0, 1, 2])):
        with pytest.raises(InputError):
            latent.class_means(z, y, 2)


def test_regression_finds_a_linear_function_and_agrees_with_numpy():
    z, w = noise(500, 6), torch.tensor([0.0, 3.0, 0.0, -4.0, 0.0, 0.0])
    found = latent.regress(z, z @ w + 7)
    assert torch.allclose(found.vector, w / 5, atol=1e-5)
    assert found.slope == pytest.approx(5) and found.r2 == pytest.approx(1)
    values = z @ w + 5 * noise(500, seed=1)
    found = latent.regress(z, values)
    solution, residual, *_ = np.linalg.lstsq(np.c_[z.double(), np.ones(500)], values.double().numpy(), rcond=None)
    assert np.allclose(found.slope * found.vector.numpy(), solution[:6], atol=1e-5)
    assert found.r2 == pytest.approx(1 - residual[0] / (500 * values.double().var(correction=0).item()))


def test_regression_finds_the_mean_gradient_of_a_curve():
    """For f = (w z)^3 with |w| = 1 it is 3 E[(w z)^2] w = 3 w, and explains 9 / 15 of the variance."""
    z, w = noise(200_000, 4), torch.tensor([0.5, -0.5, 0.5, 0.5])
    found = latent.regress(z, (z @ w) ** 3)
    assert torch.allclose(found.vector, w, atol=0.02)
    assert found.slope == pytest.approx(3, abs=0.05) and found.r2 == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize(("n", "values"), [(10, torch.ones(10)), (10, torch.arange(9.0)), (5, torch.arange(5.0))])
def test_too_little_to_fit_is_refused(n, values):
    with pytest.raises(InputError):
        latent.regress(noise(n, 4), values)


def unsettled(net):
    """The network with BatchNorm statistics as after a training, so that forgetting them is seen."""
    torch.manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.01, 4)
            if module.affine:
                nn.init.normal_(module.weight, 1, 0.5)
    return net.eval()


@pytest.mark.parametrize(
    ("G", "first"),
    [
        (dcgan.Generator(z_dim=6, width=2), 3),
        (conditional.Generator(z_dim=6, width=2), 3),
        (mlp.Generator(z_dim=6, hidden=(9,), norm=True), 2),
        (mlp.Generator(z_dim=6, hidden=(9,)), 1),
    ],
)
def test_principal_directions_are_eigenvectors_of_the_first_features_covariance(G, first):
    net = getattr(unsettled(G), "net", G)
    labels = torch.zeros(getattr(G, "classes", 0))
    jacobian = torch.autograd.functional.jacobian(
        lambda z: net.layers[:first](torch.cat([z, labels])[None]).flatten(), torch.zeros(6)
    )
    _, vectors = torch.linalg.eigh((jacobian.T @ jacobian).double())  # rising eigenvalues
    found = latent.principal(G, 4).double()
    assert found.shape == (4, 6) and not found.requires_grad
    assert torch.allclose((found @ vectors.flip(1)[:, :4]).abs(), torch.eye(4).double(), atol=1e-3)


def test_principal_directions_of_features_that_each_label_scales_are_those_of_the_mean_over_the_labels():
    G = unsettled(conditional.Generator(z_dim=6, width=2, by_label=True))
    for layer in G.modules():
        if isinstance(layer, conditional.ConditionalBatchNorm2d):
            torch.nn.init.normal_(layer.scale.weight)
    layer, norm = G.net.layers[1:3]
    covariance = torch.zeros(6, 6)
    for label in range(10):
        y = torch.tensor([label])

        def features(z, y=y):
            hot = conditional.one_hot(y, 1, 10)
            return norm(layer(torch.cat([z[None], hot], 1)[:, :, None, None]), y).flatten()

        jacobian = torch.autograd.functional.jacobian(features, torch.zeros(6))
        covariance += jacobian.T @ jacobian
    _, vectors = torch.linalg.eigh(covariance.double())
    found = latent.principal(G, 4).double()
    assert torch.allclose((found @ vectors.flip(1)[:, :4]).abs(), torch.eye(4).double(), atol=1e-3)


def test_principal_directions_of_a_coded_generator_are_those_of_the_conditional_one_in_it():
    G = unsettled(conditional.Coded(z_dim=6, width=2, codes=3))
    assert torch.equal(latent.principal(G, 4), latent.principal(G.net, 4))


def test_principal_directions_need_a_linear_first_layer_and_a_count_that_exists():
    for G, count in ((nn.Identity(), 1), (dcgan.Generator(z_dim=3, width=2), 4), (mlp.Generator(z_dim=3), 0)):
        with pytest.raises(InputError):
            latent.principal(G, count)
    silent = mlp.Generator(z_dim=3)
    del silent.z_dim
    with pytest.raises(InputError, match="a count from 1 to z_dim"):
        latent.principal(silent, 1)


def test_principal_directions_are_refused_behind_a_batchnorm_without_running_statistics():
    G = mlp.Generator(z_dim=3, hidden=(4,), norm=True)
    G.layers[1] = nn.BatchNorm1d(4, track_running_stats=False)
    with pytest.raises(InputError, match="running statistics"):
        latent.principal(G, 1)


# ----------------------------------------------------------------------------------------------------------- strokes


def test_a_mirror_turns_the_slant_a_move_changes_nothing_and_a_transposition_swaps_the_sides():
    x = torch.full((1, 1, 28, 28), -1.0)
    x[..., 6:20, 8:18] = noise(14, 10).tanh().sort(dim=1).values  # more ink to the right
    x[..., 6:10, 12:20] = 1
    here, moved, mirrored, turned = (
        {name: v.item() for name, v in properties(image).items()}
        for image in (x, x.roll((3, -2), (2, 3)), x.flip(3), x.transpose(2, 3))
    )
    assert moved == pytest.approx(here, rel=1e-3)
    assert mirrored == pytest.approx({**here, "slant": -here["slant"]}, rel=1e-3) and here["slant"] > 3
    assert (turned["width"], turned["height"]) == pytest.approx((here["height"], here["width"]), rel=1e-4)


# --------------------------------------------------------------------------------------------------------- inversion


def test_the_noise_of_an_image_of_a_linear_generator_is_found_again():
    torch.manual_seed(0)
    G = mlp.Generator(z_dim=3, hidden=(), image=(1, 6, 6)).train()
    z = noise(4, 3)
    before = torch.get_rng_state()
    found = latent.invert(G, sample(G, z=z), steps=300)
    assert torch.allclose(found.z, z, atol=1e-2) and found.error.max() < 1e-5
    assert torch.allclose(found.x, sample(G, z=found.z), atol=1e-6)
    assert G.training and all(p.requires_grad and p.grad is None for p in G.parameters())
    assert torch.equal(torch.get_rng_state(), before)


class Wave(nn.Module):
    """One number to one pixel, cos 3z: a search ends in one of many valleys."""

    def __init__(self):
        super().__init__()
        self.z_dim, self.unused = 1, nn.Parameter(torch.zeros(1))

    def forward(self, z):
        return (3 * z).cos()[:, :, None, None]


def test_of_all_starts_the_best_is_kept_for_each_image():
    x = torch.tensor([-0.9, 0.1, 0.8])[:, None, None, None]
    found = latent.invert(Wave(), x, steps=0, starts=50, seed=3)
    tried = (3 * fixed_noise(Wave(), 150, seed=3)).cos().view(50, 3)
    assert torch.allclose(found.error, (tried - x.view(3)).square().amin(0), atol=1e-7)
    assert torch.allclose(found.error, (found.x - x).square().flatten(), atol=1e-7)


def test_features_have_their_weight_in_the_choice():
    """Pixels ask for the start nearest to 0, the feature (x + 1)^2 for another."""
    G, target = Wave(), torch.zeros(1, 1, 1, 1)
    drawn = (3 * fixed_noise(G, 3, seed=12)).cos().flatten()
    loss = drawn.square() + 100 * ((drawn + 1).square() - 1).square()
    assert drawn.abs().argmin() != loss.argmin()
    for look, best in ((None, drawn.abs().argmin()), (lambda x: (x + 1).square().flatten(1), loss.argmin())):
        found = latent.invert(G, target, look=look, weight=100, steps=0, starts=3, seed=12)
        assert found.x.item() == pytest.approx(drawn[best].item(), abs=1e-6)


def test_a_generator_with_labels_is_asked_for_each_images_own_in_evaluation_mode():
    torch.manual_seed(0)
    G = unsettled(conditional.Generator(z_dim=4, width=4)).train()
    for p in G.parameters():
        p.data *= 4  # far from grey
    y, z = torch.tensor([3, 8, 5]), noise(3, 4)
    x = sample(G, z=z, y=y)
    assert (x - sample(G, z=z, y=y.flip(0))).abs()[0].max() > 0.05, "the label matters"
    found = latent.invert(G, x, y=y, starts=5, steps=5)
    assert torch.allclose(found.x, sample(G, z=found.z, y=y), atol=1e-5)
    with pytest.raises(InputError, match="labels"):
        latent.invert(G, found.x)


def test_images_of_another_size_are_refused():
    with pytest.raises(InputError, match=r"\(1, 28, 28\)"):
        latent.invert(dcgan.Generator(z_dim=2, width=1), torch.zeros(1, 1, 16, 16))
