"""Diffusion: the noising, the loss and the sampler against distributions whose answer is known."""

import math

import pytest
import torch
from torch import nn

from ganbook.base.errors import InputError
from ganbook.models.diffusion import Diffusion, UNet, turn
from ganbook.models.sampling import sample


class Gaussian(nn.Module):
    """The best v for pixels that are independent N(mean, sd^2)."""

    def __init__(self, mean, sd):
        super().__init__()
        self.mean, self.sd = mean, sd

    def forward(self, x, angle):
        c, s = (f(angle)[:, None, None, None] for f in (torch.cos, torch.sin))
        away = (x - c * self.mean) / (c**2 * self.sd**2 + s**2)
        image, eps = self.mean + c * self.sd**2 * away, s * away  # their means, given x_phi
        return c * eps - s * image


def with_net(net, steps=20):
    model = Diffusion(width=8, steps=steps)
    model.net = net
    return model


def noise(n=4):
    return torch.randn(n, 784, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.0, math.pi / 2])
def test_noising_has_the_moments_of_the_paper(angle):
    """Ho et al. (2020), eq. 4: mean sqrt(alpha_bar) x and variance 1 - alpha_bar, with alpha_bar = cos^2."""
    x, eps = torch.full((100_000, 1), 0.6), torch.randn(100_000, 1, generator=torch.Generator().manual_seed(0))
    noised = turn(x, eps, torch.full((100_000,), angle))
    alpha_bar = math.cos(angle) ** 2
    assert noised.mean().item() == pytest.approx(math.sqrt(alpha_bar) * 0.6, abs=0.01)
    assert noised.var().item() == pytest.approx(1 - alpha_bar, abs=0.01)


def test_image_and_noise_come_back_from_where_they_are_and_where_they_go():
    x, eps, angle = torch.randn(5, 1, 4, 4), torch.randn(5, 1, 4, 4), torch.rand(5)
    there, going = turn(x, eps, angle), turn(eps, -x, angle)
    assert turn(there, going, -angle) == pytest.approx(x, abs=1e-5)
    assert turn(going, there, angle) == pytest.approx(eps, abs=1e-5)


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_data_of_one_image_are_drawn_exactly_in_any_number_of_steps(steps):
    only = torch.rand(1, 1, 28, 28) * 2 - 1
    assert with_net(Gaussian(only, 0.0), steps)(noise()) == pytest.approx(only.expand(4, -1, -1, -1), abs=1e-4)


@pytest.mark.parametrize(("mean", "sd"), [(0.3, 0.1), (-0.4, 0.15), (0.0, 0.2)])
def test_with_the_best_network_of_a_gaussian_it_draws_that_gaussian(mean, sd):
    x = with_net(Gaussian(mean, sd), steps=300)(noise(20))
    assert x.mean().item() == pytest.approx(mean, abs=0.01)
    assert x.std().item() == pytest.approx(sd, rel=0.02)


def test_few_steps_lose_variance_as_a_polygon_loses_area():
    """For N(0, I) the best v is 0, and each of n steps multiplies by cos(pi / 2n)."""
    for steps in (2, 5, 20):
        z = noise() / 10  # within [-1, 1], where nothing is clamped
        drawn = with_net(Gaussian(0.0, 1.0), steps)(z)
        expected = math.cos(math.pi / 2 / steps) ** steps * z.unflatten(1, (1, 28, 28))
        assert drawn == pytest.approx(expected, abs=1e-5)


class Knows(nn.Module):
    """A network that knows the images, so it can tell the noise."""

    def __init__(self, x):
        super().__init__()
        self.x, self.angles = x, None

    def forward(self, x_angle, angle):
        self.angles = angle
        c, s = (f(angle)[:, None, None, None] for f in (torch.cos, torch.sin))
        return c * (x_angle - c * self.x) / s - s * self.x


class WrongAtTheStart(Knows):
    """Off by 1 at the angles above 1.2, where a drawing starts."""

    def forward(self, x_angle, angle):
        return super().forward(x_angle, angle) + (angle > 1.2).float()[:, None, None, None]


def test_the_loss_is_the_error_of_the_velocity_and_weighs_every_angle_alike():
    """0 for who knows it; E[v^2] = 1 for v = 0 and pixels of -1 and 1; an error counts where drawings start, too."""
    x = (torch.rand(64, 1, 28, 28) > 0.5) * 2.0 - 1
    torch.manual_seed(0)
    assert with_net(Knows(x)).loss(x)["loss"].item() < 1e-4
    assert with_net(Gaussian(0.0, 1.0)).loss(x)["loss"].item() == pytest.approx(1.0, abs=0.02)
    share = 1 - 1.2 / (math.pi / 2)
    assert with_net(WrongAtTheStart(x)).loss(x)["loss"].item() == pytest.approx(share, abs=1 / 64)


def test_angles_of_a_batch_cover_the_quarter_turn_evenly():
    net = Knows(torch.zeros(10, 1, 28, 28))
    shifts = []
    for _ in range(3):
        with_net(net).loss(net.x)
        tenths = net.angles / (math.pi / 2) * 10
        assert tenths.floor().tolist() == list(range(10))
        shifts.append(tenths[0].item())
    assert len(set(shifts)) == 3


def test_the_network_sees_each_image_and_its_angle_by_itself():
    torch.manual_seed(0)
    net = UNet(8)
    for parameter in net.parameters():  # those that begin at 0 too
        nn.init.normal_(parameter, 0.0, 0.1)
    x, angle = torch.randn(3, 1, 28, 28), torch.tensor([0.1, 0.8, 1.5])
    net.requires_grad_(False)
    v = net(x, angle)
    assert v.shape == (3, 1, 28, 28)
    assert net(x[1:2], angle[1:2]) == pytest.approx(v[1:2], abs=1e-3)
    assert not torch.allclose(net(x, angle.flip(0))[0], v[0], atol=1e-3), "the angle matters"


def test_a_new_network_answers_nothing_so_its_noise_is_a_guess_from_the_picture():
    assert (UNet(8)(torch.randn(2, 1, 28, 28), torch.tensor([0.2, 1.0])) == 0).all()


def test_it_is_drawn_from_like_a_generator():
    x = sample(Diffusion(width=8, steps=2), 5)
    assert x.shape == (5, 1, 28, 28) and x.abs().max() <= 1


def test_sizes_that_cannot_be_are_refused_with_a_sentence():
    with pytest.raises(InputError, match="8 groups"):
        UNet(12)
    with pytest.raises(InputError, match="steps >= 1"):
        Diffusion(width=8, steps=0)
