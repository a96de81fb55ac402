"""Objectives: closed forms, PyTorch's own losses as a second opinion, and the two directions of descent."""

import dataclasses
import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ganbook import objectives
from ganbook.base.errors import InputError
from ganbook.models import mlp
from ganbook.objectives import (
    GradientPenalty,
    Hinge,
    InstanceNoise,
    LeastSquares,
    NonSaturating,
    Relativistic,
    Saturating,
    Smoothed,
    Unrolled,
    Wasserstein,
    ZeroCentred,
    clip_weights,
)
from ganbook.training.loop import train
from ganbook.training.run import Run
from tests.package.test_run import TINY
from tests.package.test_train import Normal, pair

BOTH = [Saturating(), NonSaturating()]
R3GAN = ZeroCentred(Relativistic(), r1=0.1, r2=0.1)
EVERY = [
    *BOTH,
    Smoothed(),
    LeastSquares(),
    LeastSquares(a=-1.0, b=1.0, c=0.0),
    Hinge(),
    Wasserstein(),
    GradientPenalty(),
    Relativistic(),
    ZeroCentred(NonSaturating(), r1=0.1),
    R3GAN,
    InstanceNoise(NonSaturating(), sigma=0.3),
]
rng = torch.Generator().manual_seed(0)
x, x_fake = torch.randn(6, 2, generator=rng), torch.randn(6, 2, generator=rng) + 1


def constant(logit):
    return lambda x: torch.full((len(x),), float(logit))


def linear(x):
    return x @ torch.tensor([3.0, 4.0])


@pytest.mark.parametrize("objective", BOTH)
def test_a_discriminator_that_knows_nothing_loses_two_log_two(objective):
    d = objective.discriminator(constant(0), x, x_fake)
    assert d["loss"].item() == pytest.approx(2 * math.log(2))
    assert d["real"].item() == d["fake"].item() == 0.5


def test_a_perfect_discriminator_loses_nothing_and_a_fooled_one_no_more_than_its_logits():
    def sure(x):
        return torch.where(x[:, 0] > 0, 200.0, -200.0)

    real, fake = torch.ones(4, 2), -torch.ones(4, 2)
    right, wrong = (NonSaturating().discriminator(sure, *pair) for pair in ((real, fake), (fake, real)))
    assert right["loss"] == 0 and right["accuracy"] == 1
    assert wrong["loss"].item() == pytest.approx(400) and wrong["accuracy"] == 0  # finite: no log 0 anywhere


@pytest.mark.parametrize("objective", BOTH)
def test_discriminators_loss_is_cross_entropy_with_labels_one_and_zero(objective):
    expected = F.binary_cross_entropy(linear(x).double().sigmoid(), torch.ones(6).double()) + F.binary_cross_entropy(
        linear(x_fake).double().sigmoid(), torch.zeros(6).double()
    )
    assert objective.discriminator(linear, x, x_fake)["loss"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_generators_losses_are_the_two_of_the_paper():
    p = linear(x_fake).double().sigmoid()
    assert Saturating().generator(linear, x, x_fake)["loss"].item() == pytest.approx((1 - p).log().mean().item())
    assert NonSaturating().generator(linear, x, x_fake)["loss"].item() == pytest.approx(-p.log().mean().item())


@pytest.mark.parametrize("logit", [-5.0, 0.0, 5.0])
def test_gradients_on_the_logit(logit):
    """d/dl log(1 - s(l)) = -s(l) fades where D is sure of a fake (l << 0); d/dl -log s(l) = s(l) - 1 does not."""
    for objective, expected in (
        (Saturating(), -1 / (1 + math.exp(-logit))),
        (NonSaturating(), -1 / (1 + math.exp(logit))),
    ):
        level = torch.tensor(logit, requires_grad=True)
        objective.generator(lambda x, level=level: level.expand(len(x)), x, x_fake)["loss"].backward()
        assert level.grad.item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("objective", BOTH)
def test_average_halves_and_joint_changes_nothing_without_batchnorm(objective):
    D = mlp.Discriminator(image=(2,), hidden=(8,), dropout=0.0)
    plain = objective.discriminator(D, x, x_fake)
    kind = type(objective)
    assert kind(average=True).discriminator(D, x, x_fake)["loss"].item() == pytest.approx(plain["loss"].item() / 2)
    together = kind(joint=True).discriminator(D, x, x_fake)
    for name, value in plain.items():
        assert together[name].item() == pytest.approx(value.item(), rel=1e-5)


@pytest.mark.parametrize("objective", [o for o in EVERY if not isinstance(o, InstanceNoise)], ids=repr)
def test_the_players_pull_the_logit_of_a_fake_in_opposite_directions(objective):
    # Between what D wants a fake to get and what G wants, which for least squares are a and c.
    between = (objective.a + objective.c) / 2 if isinstance(objective, LeastSquares) else 0.0
    level = torch.tensor(between, requires_grad=True)

    def critic(points):
        return torch.where(points[:, 0] > 0, points[:, 0] * 0, -level * points[:, 0])

    (d,) = torch.autograd.grad(objective.discriminator(critic, torch.ones(2, 2), -torch.ones(2, 2))["loss"], level)
    (g,) = torch.autograd.grad(objective.generator(critic, torch.ones(2, 2), -torch.ones(2, 2))["loss"], level)
    assert d > 0 > g


# ---- The objectives of chapters 8 to 10; what holds a critic's slope is in test_lipschitz.py


def level(value):
    """A critic that answers `value` to real points (all coordinates 1) and `-value` to fakes (all -1)."""
    return lambda x: value * x[:, 0]


real, fake = torch.ones(4, 2), -torch.ones(4, 2)


def test_every_objective_of_the_package_is_in_these_tests():
    named = {name for name in objectives.__all__ if isinstance(getattr(objectives, name), type)}
    named -= {"Objective", "Unrolled"}  # the second needs a network, see the end of this file
    tested = {type(objective).__name__ for objective in EVERY}
    assert not named - tested, f"exported by ganbook.objectives and missing from EVERY: {sorted(named - tested)}"
    assert not tested - named, f"in EVERY and not exported by ganbook.objectives: {sorted(tested - named)}"


@pytest.mark.parametrize(("value", "d", "g"), [(1, 0, 1), (2, 0, 2), (0, 2, 0), (-1, 4, -1)])
def test_hinge_is_silent_at_the_margin_and_beyond(value, d, g):
    """D's loss is 2 max(0, 1 - v) for outputs v and -v; G's is -D(G(z)) = v, which has no margin."""
    assert Hinge().discriminator(level(value), real, fake)["loss"].item() == d
    assert Hinge().generator(level(value), real, fake)["loss"].item() == g


def test_hinge_gives_no_gradient_beyond_the_margin_and_all_of_it_within():
    for value, slope in ((1.5, 0.0), (0.5, -2.0)):
        v = torch.tensor(value, requires_grad=True)
        (gradient,) = torch.autograd.grad(Hinge().discriminator(level(v), real, fake)["loss"], v)
        assert gradient.item() == slope


@pytest.mark.parametrize(("a", "b", "c"), [(0.0, 1.0, 1.0), (-1.0, 1.0, 0.0)])
def test_least_squares_are_pytorchs_mean_squares_against_its_targets(a, b, c):
    objective = LeastSquares(a, b, c)
    targets = [torch.full((6,), value) for value in (a, b, c)]
    d = (F.mse_loss(linear(x), targets[1]) + F.mse_loss(linear(x_fake), targets[0])) / 2
    assert objective.discriminator(linear, x, x_fake)["loss"].item() == pytest.approx(d.item())
    assert objective.generator(linear, x, x_fake)["loss"].item() == pytest.approx(
        F.mse_loss(linear(x_fake), targets[2]).item() / 2
    )


def test_the_best_answer_to_two_alike_sets_is_halfway_between_the_targets():
    """Where p_data = p_g the least squares are at (a + b) / 2, and D's loss is ((b - a) / 2)^2."""
    assert LeastSquares().discriminator(constant(0.5), x, x_fake)["loss"].item() == pytest.approx(0.25)
    assert LeastSquares(-1, 1, 0).discriminator(constant(0), x, x_fake)["loss"].item() == pytest.approx(1)


def test_wasserstein_of_a_linear_critic_is_the_difference_of_the_means():
    """The critic (3, 4) / 5 has slope 1; against a shift along it the bound is tight: W1 is the shift's length."""
    shift = torch.tensor([0.6, 0.8]) * 7
    d = Wasserstein().discriminator(lambda x: linear(x) / 5, x, x - shift)
    assert -d["loss"].item() == pytest.approx(7, rel=1e-5)
    g = Wasserstein().generator(linear, x, x_fake)
    assert g["loss"].item() == pytest.approx(-linear(x_fake).mean().item())


def test_slope_penalties_of_the_linear_critic_3_4():
    """Its gradient is (3, 4) everywhere, of norm 5: (5 - 1)^2 = 16, and R1 + R2 = 25 + 25 = 50."""
    d = GradientPenalty(weight=10).discriminator(linear, x, x_fake)
    plain = Wasserstein().discriminator(linear, x, x_fake)
    assert d["penalty"].item() == pytest.approx(16) and d["slope"].item() == pytest.approx(5)
    assert (d["loss"] - plain["loss"]).item() == pytest.approx(160, rel=1e-5)
    d = ZeroCentred(Wasserstein(), r1=2, r2=2).discriminator(linear, x, x_fake)
    assert (d["loss"] - plain["loss"]).item() == pytest.approx(50, rel=1e-5)
    assert d["r1"].item() == d["r2"].item() == pytest.approx(25)


def test_penalties_pull_on_the_critics_parameters():
    """For D(x) = w x with w = (3, 4): d/dw (|w| - 1)^2 = 8 w / 5, and d/dw (|w|^2 + |w|^2) = 4 w."""
    for objective, name, expected in ((GradientPenalty(), "penalty", (4.8, 6.4)), (R3GAN, None, (12.0, 16.0))):
        w = torch.tensor([3.0, 4.0], requires_grad=True)
        d = objective.discriminator(lambda x, w=w: x @ w, x, x_fake)
        (gradient,) = torch.autograd.grad(d[name] if name else d["r1"] + d["r2"], w)
        assert torch.allclose(gradient, torch.tensor(expected))


@pytest.mark.parametrize(("r1", "r2", "at"), [(1.0, 0.0, x), (0.0, 1.0, x_fake)])
def test_r1_looks_at_real_and_r2_at_fake_images(r1, r2, at):
    """D(x) = |x|^2 / 2 has gradient x, so the penalty is the mean squared length of what it looks at."""

    def square(x):
        return x.square().sum(1) / 2

    d = ZeroCentred(Wasserstein(), r1, r2).discriminator(square, x, x_fake)
    plain = Wasserstein().discriminator(square, x, x_fake)
    assert (d["loss"] - plain["loss"]).item() == pytest.approx(at.square().sum(1).mean().item() / 2, rel=1e-4)
    assert ("r1" in d, "r2" in d) == (bool(r1), bool(r2))


def test_the_penalty_looks_at_one_point_of_each_pairs_segment_drawn_evenly():
    seen = []

    def watched(points):
        seen.append(points.detach())
        return points.sum((1, 2, 3))

    GradientPenalty().discriminator(watched, torch.full((4000, 1, 2, 2), 10.0), torch.zeros(4000, 1, 2, 2))
    at = seen[-1].flatten(1)  # the last pass is the penalty's; between 0 and 10 in all pixels
    assert torch.equal(at, at[:, :1].expand(-1, 4)), "all pixels of a point have the same eps"
    assert at[:, 0].unique().numel() > 3900, "each pair has its own"
    assert at[:, 0].mean().item() == pytest.approx(5, abs=0.2)
    assert at[:, 0].std().item() == pytest.approx(10 / 12**0.5, abs=0.2)


def test_relativistic_sees_only_differences_and_is_log_2_for_none():
    for player in ("discriminator", "generator"):
        loss = getattr(Relativistic(), player)
        assert loss(constant(3), x, x_fake)["loss"].item() == pytest.approx(math.log(2))
        shifted = loss(lambda points: linear(points) + 100, x, x_fake)["loss"].item()
        assert shifted == pytest.approx(loss(linear, x, x_fake)["loss"].item(), rel=1e-4)
    d, g = (getattr(Relativistic(), player)(level(1), real, fake)["loss"] for player in ("discriminator", "generator"))
    assert d.item() == pytest.approx(math.log(1 + math.exp(-2))) and g.item() == pytest.approx(
        math.log(1 + math.exp(2))
    )


def test_smoothed_labels_are_cross_entropy_with_these_targets():
    objective = Smoothed(real=0.9, fake=0.2)
    expected = F.binary_cross_entropy_with_logits(linear(x), torch.full((6,), 0.9))
    expected += F.binary_cross_entropy_with_logits(linear(x_fake), torch.full((6,), 0.2))
    assert objective.discriminator(linear, x, x_fake)["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    same = Smoothed(real=1.0).discriminator(linear, x, x_fake), NonSaturating().discriminator(linear, x, x_fake)
    assert same[0]["loss"].item() == pytest.approx(same[1]["loss"].item(), rel=1e-5)
    assert torch.equal(
        objective.generator(linear, x, x_fake)["loss"], NonSaturating().generator(linear, x, x_fake)["loss"]
    )


def test_instance_noise_has_its_deviation_reaches_both_players_and_lets_the_gradient_through():
    seen = []

    def watched(points):
        seen.append(points)
        return points.sum(1)

    objective, many = InstanceNoise(Wasserstein(), sigma=0.5), torch.zeros(5000, 2)
    objective.discriminator(watched, many, many + 3)
    made = torch.zeros(5000, 2, requires_grad=True)
    objective.generator(watched, many, made)["loss"].backward()
    for points, mean in zip(seen, (0, 3, 0), strict=True):
        assert points.mean().item() == pytest.approx(mean, abs=0.03) and points.std().item() == pytest.approx(
            0.5, abs=0.03
        )
    assert torch.allclose(made.grad, torch.tensor(-1 / 5000))


@pytest.mark.parametrize("objective", EVERY, ids=repr)
def test_the_generators_mean_reaches_that_of_the_data(objective):
    """A linear generator against N((2, -1), 0.5^2 I): within 0.15 of the mean, where the players' circles average."""
    G, D, players = pair()
    if type(objective) is Wasserstein:
        clip_weights(players["opt_d"], 0.1)
    means = []
    for record in train(G, D, objective, Normal(), **players, steps=1500, m=64):
        if record.step > 1000:
            means.append(G.bias.detach().clone())
    assert (torch.stack(means).mean(0) - Normal.mean).norm() < 0.15


class Quadratic:
    """Written outside the package: Wasserstein with a squared output, as a reader of the book would add one."""

    def discriminator(self, critic, x, x_fake):
        real, fake = critic(x), critic(x_fake)
        return {"loss": fake.mean() - real.mean() + 0.1 * (real.square().mean() + fake.square().mean())}

    def generator(self, critic, x, x_fake):
        return {"loss": -critic(x_fake).mean()}


def test_an_objective_from_outside_trains_in_the_loop_and_in_a_run(small_folder):
    G, D, players = pair()
    means = []
    for record in train(G, D, Quadratic(), Normal(), **players, steps=1500, m=64):
        if record.step > 1000:
            means.append(G.bias.detach().clone())
    assert (torch.stack(means).mean(0) - Normal.mean).norm() < 0.15
    run = Run(dataclasses.replace(TINY, objective=Quadratic()), folder=small_folder)
    assert [set(record.values) for record in run.train(2)] == [{"d_loss", "g_loss"}] * 2


class Line(nn.Module):
    """D(x) = w x + b, with a normalisation whose notes can be looked at."""

    def __init__(self, norm=False):
        super().__init__()
        self.norm = nn.BatchNorm1d(2) if norm else nn.Identity()
        self.w = nn.Parameter(torch.tensor([0.5, -1.0], dtype=torch.float64))

    def forward(self, x, y=None):
        logit = self.norm(x) @ self.w
        return logit if y is None else logit * y


def test_unrolling_a_linear_critic_is_what_paper_and_pencil_give():
    """With Wasserstein's loss w moves by eta (mean x - mean x_fake) in each imagined step, whatever w is."""
    D, eta, K = Line(), 0.3, 4
    real, fake = x.double(), x_fake.double().requires_grad_()
    loss = Unrolled(Wasserstein(), steps=K, rate=eta).generator(D, real, fake)["loss"]
    w = D.w.detach() + K * eta * (real.mean(0) - fake.detach().mean(0))
    assert loss.item() == pytest.approx(-(w @ fake.detach().mean(0)).item())
    (slope,) = torch.autograd.grad(loss, fake)
    expected = (-w + K * eta * fake.detach().mean(0)) / len(fake)  # the second term is how w answers
    torch.testing.assert_close(slope, expected.expand_as(slope))


def test_unrolling_goes_through_the_imagined_steps_and_moves_nothing():
    D, objective = Line(norm=True).double(), Unrolled(NonSaturating(), steps=3, rate=0.5)
    before = {name: value.clone() for name, value in D.state_dict().items()}
    real, fake = x.double(), x_fake.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda fake: objective.generator(D, real, fake)["loss"], fake)
    assert all(torch.equal(value, before[name]) for name, value in D.state_dict().items())
    none, plain = Unrolled(NonSaturating(), steps=0, rate=0.5), NonSaturating()
    for look in ("generator", "discriminator"):
        now, then = (getattr(one, look)(D, real, fake)["loss"] for one in (none, plain))
        torch.testing.assert_close(now, then)


def test_unrolling_asks_for_a_network():
    with pytest.raises(InputError, match="a critic that is a network"):
        Unrolled(NonSaturating(), steps=1, rate=0.1).generator(linear, x, x_fake)


def test_unrolling_fills_in_labels():
    D, y = Line(), torch.tensor([1.0, 1, 1, -1, -1, -1], dtype=torch.float64)
    objective = Unrolled(NonSaturating(), steps=2, rate=0.1)
    with_y = objective.generator(partial(D, y=y), x.double(), x_fake.double())["loss"]
    assert with_y.item() != pytest.approx(objective.generator(D, x.double(), x_fake.double())["loss"].item())
