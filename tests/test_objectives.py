"""Objectives: closed forms, PyTorch's cross-entropy as a second opinion, and the two directions of descent."""

import math

import pytest
import torch
import torch.nn.functional as F

from ganbook.models import mlp
from ganbook.objectives import NonSaturating, Saturating

BOTH = [Saturating(), NonSaturating()]
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


@pytest.mark.parametrize("objective", BOTH)
def test_the_players_pull_the_logit_of_a_fake_in_opposite_directions(objective):
    level = torch.zeros((), requires_grad=True)

    def critic(points):
        return torch.where(points[:, 0] > 0, points[:, 0] * 0, level.expand(len(points)))

    (d,) = torch.autograd.grad(objective.discriminator(critic, torch.ones(2, 2), -torch.ones(2, 2))["loss"], level)
    (g,) = torch.autograd.grad(objective.generator(critic, torch.ones(2, 2), -torch.ones(2, 2))["loss"], level)
    assert d > 0 > g
