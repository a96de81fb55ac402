"""The VAE: its divergence and its bound against closed forms, and that it is drawn from like any generator."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from ganbook.models.sampling import sample
from ganbook.models.vae import VAE, divergence


class Always(nn.Module):
    """An encoder that gives the same mean and log variance for every x."""

    def __init__(self, mean, log_var):
        super().__init__()
        self.row = torch.tensor([[mean, log_var]])

    def forward(self, x):
        return self.row.expand(len(x), 2)


def toy(mean, log_var):
    """x = w z + b + s n with one z and three x, and an encoder that says N(mean, exp(log_var))."""
    model = VAE(z_dim=1, width=8, encoder_width=8)
    model.decoder, model.encoder = nn.Linear(1, 3), Always(mean, log_var)
    with torch.no_grad():
        model.decoder.weight.copy_(torch.tensor([[1.0], [-0.5], [2.0]]))
        model.decoder.bias.copy_(torch.tensor([0.2, 0.0, -0.1]))
        model.log_sd.fill_(math.log(0.7))
    return model


def answers(model, x):
    """log p(x), and the mean and variance of p(z|x), of the toy for one x (3,)."""
    w, b, s = model.decoder.weight.detach(), model.decoder.bias.detach(), model.log_sd.exp().item()
    log_p = MultivariateNormal(b, w @ w.T + s**2 * torch.eye(3)).log_prob(x)
    var = 1 / (1 + (w.T @ w).item() / s**2)
    return log_p.item(), var * ((x - b) @ w).item() / s**2, var


def test_divergence_is_the_integral_it_stands_for():
    mean, log_var = torch.tensor([[0.7], [-2.0], [0.0]]), torch.tensor([[-1.0], [0.8], [0.0]])
    z = torch.linspace(-20, 20, 40_001)
    q, p = Normal(mean, (log_var / 2).exp()), Normal(0.0, 1.0)
    integrand = q.log_prob(z).exp() * (q.log_prob(z) - p.log_prob(z))  # (3, points)
    assert divergence(mean, log_var) == pytest.approx(torch.trapezoid(integrand, z), abs=1e-4)


def test_divergence_adds_up_over_the_coordinates():
    mean, log_var = torch.randn(2, 5, 4).unbind()
    p = Normal(torch.zeros(4), torch.ones(4))
    by_torch = kl_divergence(Normal(mean, (log_var / 2).exp()), p).sum(1)
    assert divergence(mean, log_var) == pytest.approx(by_torch, rel=1e-4)


def test_with_the_true_posterior_the_bound_is_the_likelihood():
    x = torch.tensor([0.5, 0.3, -0.4])
    log_p, mean, var = answers(toy(0.0, 0.0), x)
    torch.manual_seed(0)
    loss = toy(mean, math.log(var)).loss(x.expand(200_000, 3))["loss"].item()
    assert loss == pytest.approx(-log_p, abs=0.01)


@pytest.mark.parametrize(("shift", "scale"), [(0.5, 1.0), (0.0, 4.0), (-0.3, 0.3)])
def test_with_another_posterior_the_bound_is_lower_by_its_divergence(shift, scale):
    x = torch.tensor([0.5, 0.3, -0.4])
    log_p, mean, var = answers(toy(0.0, 0.0), x)
    q, posterior = Normal(mean + shift, math.sqrt(scale * var)), Normal(mean, math.sqrt(var))
    gap = kl_divergence(q, posterior).item()
    torch.manual_seed(0)
    loss = toy(mean + shift, math.log(scale * var)).loss(x.expand(200_000, 3))["loss"].item()
    assert loss > -log_p and loss == pytest.approx(-log_p + gap, rel=0.02)


def test_the_loss_is_least_where_s_is_the_size_of_the_error():
    model, x = toy(0.4, -60.0), torch.randn(50, 3)  # hardly any noise in z
    error = (x - model(torch.full((50, 1), 0.4))).square().mean().sqrt()
    with torch.no_grad():
        model.log_sd.copy_(error.log())
    model.loss(x)["loss"].backward()
    assert model.log_sd.grad.abs() < 1e-4


def test_parts_add_up_and_gradients_reach_every_parameter():
    model = VAE(z_dim=4, width=8, encoder_width=8)
    entries = model.loss(torch.rand(6, 1, 28, 28) * 2 - 1)
    assert entries["loss"].item() == pytest.approx((entries["kl"] + entries["surprise"]).item())
    entries["loss"].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_it_is_drawn_from_like_a_generator():
    model = VAE(z_dim=5, width=8, encoder_width=8)
    x = sample(model, 7)
    assert x.shape == (7, 1, 28, 28) and x.abs().max() <= 1
    mean, log_var = model.encode(x)
    assert mean.shape == log_var.shape == (7, 5)
