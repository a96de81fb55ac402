"""What holds a critic's slope: clipped weights, normalised weights and the gradient penalty, beside exact norms."""

import dataclasses
import math
from functools import partial

import pytest
import torch
from torch import nn

from ganbook.data.mixtures import ring
from ganbook.models import dcgan, points, spectral
from ganbook.objectives import GradientPenalty, Wasserstein, clip_weights
from ganbook.objectives.slope import squared_slope
from ganbook.training import recipes
from ganbook.training.loop import train

# ---- Clipping


def widest_after_each_step(optimiser: str, bound: float | None) -> tuple[list[float], float]:
    """Train a pair for points; the largest weight of D after each step, and the largest of G at the end."""
    torch.manual_seed(0)
    G, D = points.Generator(), points.Discriminator()
    opt_d = getattr(torch.optim, optimiser)(D.parameters(), lr=0.01)
    if bound is not None:
        clip_weights(opt_d, bound)
    players = {"opt_g": torch.optim.Adam(G.parameters(), lr=1e-3), "opt_d": opt_d}
    seen = [
        max(p.abs().max().item() for p in D.parameters())
        for _ in train(G, D, Wasserstein(), ring(), **players, steps=20, m=16, k=2)
    ]
    return seen, max(p.abs().max().item() for p in G.parameters())


@pytest.mark.parametrize("optimiser", ["RMSprop", "Adam"])
def test_clipping_keeps_the_critic_in_the_box_after_every_step_of_a_training_and_leaves_g_alone(optimiser):
    critic, generator = widest_after_each_step(optimiser, 0.03)
    assert max(critic) <= 0.03 < generator
    assert max(critic) == pytest.approx(0.03), "the bound is in use: some weight is at the wall"


@pytest.mark.parametrize("optimiser", ["RMSprop", "Adam"])
def test_without_clipping_the_same_training_leaves_the_box(optimiser):
    critic, _ = widest_after_each_step(optimiser, None)
    assert min(critic) > 0.03


def test_a_recipe_clips_the_weights_of_d_where_it_says_so():
    D = points.Discriminator()
    for clip, inside in ((0.02, True), (None, False)):
        recipe = dataclasses.replace(recipes.get("c-mlp"), opt_d=partial(torch.optim.RMSprop, lr=1e-3), clip=clip)
        _, optimiser = recipe.optimisers(points.Generator(), D)
        D(torch.ones(3, 2)).sum().backward()
        optimiser.step()
        assert (max(p.abs().max().item() for p in D.parameters()) <= 0.02) is inside
        torch.manual_seed(0)
        D = points.Discriminator()


# ---- Spectral normalisation


def settled(width: int = 4) -> spectral.Discriminator:
    """A spectral discriminator after 100 passes in training mode, each a step of power iteration; then in use."""
    torch.manual_seed(0)
    D = spectral.Discriminator(width)
    with torch.no_grad():
        for _ in range(100):
            D(torch.zeros(1, 1, 28, 28))
    return D.eval()


def weighted(D: nn.Module) -> list[nn.Module]:
    return [layer for layer in D.layers if hasattr(layer, "weight")]


def test_every_normalised_weight_has_largest_singular_value_one():
    D, bare = settled(24), dcgan.Discriminator(24, norm=nn.Identity)
    norms, others = (
        [torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item() for layer in weighted(net)]
        for net in (D, bare)
    )
    assert len(norms) == 4 and norms == pytest.approx([1] * 4, abs=0.01)
    assert max(abs(norm - 1) for norm in others) > 0.1, "weights of the same network that are not normalised"


def test_one_pass_in_training_mode_moves_the_estimate_and_evaluation_does_not():
    torch.manual_seed(0)
    D = spectral.Discriminator(4)
    x = torch.randn(2, 1, 28, 28)
    with torch.no_grad():
        first, second = D.eval()(x), D(x)
        D.train()(x)
        third = D.eval()(x)
    assert torch.equal(first, second) and not torch.equal(second, third)


def exact_norm(layer: nn.Module, shape: tuple[int, ...]) -> float:
    """Largest singular value of the layer as a linear map of inputs of this shape, from its full matrix."""
    with torch.no_grad():
        unit = torch.eye(math.prod(shape)).view(-1, *shape)  # each input with a single one
        matrix = (layer(unit) - layer(torch.zeros(1, *shape))).flatten(1)  # without the bias
    return torch.linalg.matrix_norm(matrix, 2).item()


def product_bound(D: nn.Module) -> float:
    """Product of the exact norms of the layers; LeakyReLU stretches nothing."""
    shape, bound = (1, 28, 28), 1.0
    for layer in D.layers:
        if hasattr(layer, "weight"):
            bound *= exact_norm(layer, shape)
        with torch.no_grad():
            shape = layer(torch.zeros(1, *shape)).shape[1:]
    return bound


def test_no_slope_exceeds_the_product_of_the_layers_norms():
    D, rng = settled(), torch.Generator().manual_seed(1)
    bound = product_bound(D)
    a = torch.rand(300, 1, 28, 28, generator=rng) * 2 - 1
    for b in (a.flip(0), a + 1e-2 * torch.randn(a.shape, generator=rng), torch.randn(a.shape, generator=rng)):
        with torch.no_grad():
            slope = (D(a) - D(b)).abs() / (a - b).flatten(1).norm(dim=1)
        assert slope.max() <= bound * (1 + 1e-3)
    x = a.requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x)
    assert gradient.flatten(1).norm(dim=1).max() <= bound * (1 + 1e-3)


def test_a_convolution_can_stretch_more_than_the_matrix_that_is_normalised():
    """Why the bound above is not 1: where kernels overlap, a map of images is another matrix, by k / stride."""
    first = weighted(settled())[0]
    overlap = -(-first.kernel_size[0] // first.stride[0])  # places along a side at which a pixel is read
    assert 1 - 0.01 <= exact_norm(first, (1, 28, 28)) <= overlap * (1 + 0.01)


def test_the_slope_does_not_grow_with_the_weights():
    """Multiply every weight by 10: a plain critic is steeper, a normalised one answers as before."""
    x = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    changes = []
    for D in (settled(), dcgan.Discriminator(4, norm=nn.Identity).eval()):
        with torch.no_grad():
            before = D(x)
            for name, p in D.named_parameters():
                if "weight" in name:
                    p.mul_(10)
            changes.append((D(x) - before).abs().max().item())
    assert changes[0] < 1e-4 < 1 < changes[1]


def test_a_state_dict_brings_back_the_same_logits():
    D = settled()
    torch.manual_seed(5)
    other, x = spectral.Discriminator(4).eval(), torch.randn(3, 1, 28, 28)
    with torch.no_grad():
        assert not torch.equal(D(x), other(x))
        other.load_state_dict(D.state_dict())
        assert torch.equal(D(x), other(x))


# ---- The gradient penalty


def bent(x):
    """Slope 3 where the first coordinate is positive and slope 1 where it is negative."""
    return torch.where(x[:, 0] > 0, 3 * x[:, 0], x[:, 0])


def test_the_slope_is_that_of_each_sample():
    """At x = x_fake there is nothing between: three points with slope 3 pay (3 - 1)^2 = 4, one with slope 1 nothing.

    A norm over several samples would give another number: sqrt(28) for all four, where the mean slope is 2.5.
    """
    at = torch.tensor([[1.0, 5.0], [2.0, 0.0], [-1.0, 3.0], [0.5, -2.0]])
    d = GradientPenalty().discriminator(bent, at, at.clone())
    assert d["penalty"].item() == pytest.approx((3 * 4 + 0) / 4)
    assert d["slope"].item() == pytest.approx((3 * 3 + 1) / 4)


@pytest.mark.parametrize("copies", [1, 7, 32])
def test_the_penalty_does_not_depend_on_the_size_of_the_batch(copies):
    at = torch.tensor([[1.0, 5.0], [-1.0, 3.0]]).repeat(copies, 1)
    assert GradientPenalty().discriminator(bent, at, at.clone())["penalty"].item() == pytest.approx(2)


def test_each_image_has_one_mixture_for_all_its_pixels_and_its_own():
    seen = []

    def watched(x):
        seen.append(x.detach())
        return x.flatten(1).sum(1)

    x, x_fake = torch.rand(50, 3, 4, 4) + 1, -torch.rand(50, 3, 4, 4) - 1
    GradientPenalty().discriminator(watched, x, x_fake)
    eps = ((seen[-1] - x_fake) / (x - x_fake)).flatten(1)  # (50, 48): what share of the real image is in each pixel
    assert eps.std(1).max() < 1e-5, "all pixels of an image share their eps"
    assert eps.mean(1).unique().numel() == 50, "no two images do"
    assert eps.min() >= -1e-5 and eps.max() <= 1 + 1e-5 and eps.mean(1).std() > 0.2


@pytest.mark.parametrize("shape", [(2,), (1, 28, 28), (3, 32, 32)])
def test_a_linear_critic_of_slope_one_pays_nothing_and_one_of_slope_one_a_pixel_pays(shape):
    n = math.prod(shape)
    rng = torch.Generator().manual_seed(3)
    x, x_fake, w = (torch.randn(*size, generator=rng) for size in ((8, *shape), (8, *shape), (n,)))
    for weights, expected in ((w / w.norm(), 0.0), (w.sign(), (n**0.5 - 1) ** 2)):
        d = GradientPenalty().discriminator(lambda x, weights=weights: x.flatten(1) @ weights, x, x_fake)
        assert d["penalty"].item() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_a_flat_critic_has_a_gradient_that_is_a_number():
    """Its slope is 0, where a root has no derivative: the penalty is 1 and its gradient finite."""
    scale = torch.zeros((), requires_grad=True)
    d = GradientPenalty().discriminator(lambda x: scale * x[:, 0], torch.ones(4, 2), torch.zeros(4, 2))
    d["loss"].backward()
    assert d["penalty"].item() == pytest.approx(1, abs=1e-4) and scale.grad.isfinite()


def test_batches_that_do_not_pair_are_refused():
    with pytest.raises(RuntimeError, match="must match"):
        GradientPenalty().discriminator(bent, torch.ones(6, 2), torch.ones(4, 2))


def test_a_slope_that_lost_its_way_back_to_d_is_no_silent_zero():
    class Deaf(nn.Module):
        """Its output changes with its parameter, its slope does not."""

        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(()))

        def forward(self, x):
            return x.flatten(1).sum(1) + self.bias

    with pytest.raises(RuntimeError, match="does not depend on the parameters"):
        squared_slope(Deaf(), torch.randn(3, 2))
