"""Samples: evaluation mode, own randomness, nothing disturbed; sheets of images put together right."""

import pytest
import torch
from torch import nn

from ganbook.base.errors import InputError
from ganbook.models import dcgan, mlp
from ganbook.models.sampling import evaluating, fixed_noise, sample
from ganbook.viewing.sheet import tile


@pytest.fixture
def G():
    return mlp.Generator(z_dim=8, hidden=(16,), norm=True)


def test_samples_belong_to_the_seed_and_not_to_their_neighbours(G):
    x = sample(G, 10, seed=1)
    assert x.shape == (10, 1, 28, 28) and not x.requires_grad
    assert torch.equal(x, sample(G, 10, seed=1)) and not torch.equal(x, sample(G, 10, seed=2))
    z = fixed_noise(G, 10, seed=1)
    alone = torch.cat([sample(G, z=z[i : i + 1]) for i in range(10)])
    assert torch.allclose(alone, x, atol=1e-6)
    assert torch.allclose(sample(G, z=z, chunk=3), x, atol=1e-6)


def test_sampling_disturbs_nothing(G):
    G.train()
    G.layers[1].eval()  # a layer that someone froze on purpose stays frozen
    before, state = {k: v.clone() for k, v in G.state_dict().items()}, torch.get_rng_state()
    modes = [module.training for module in G.modules()]
    sample(G, 10)
    assert all(torch.equal(v, before[k]) for k, v in G.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in G.modules()] == modes


def test_modes_come_back_after_an_error(G):
    G.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sample(G, 2)
    assert all(module.training for module in G.modules())


@pytest.mark.parametrize("buffer", [False, True])
def test_a_generator_without_parameters_samples(buffer):
    class Shelf(nn.Module):
        z_dim = 3

        def __init__(self):
            super().__init__()
            if buffer:
                self.register_buffer("scale", torch.tensor(2.0))

        def forward(self, z):
            return z.sum(1)[:, None, None, None] * (self.scale if buffer else 1)

    assert sample(Shelf(), 4).shape == (4, 1, 1, 1) and fixed_noise(Shelf(), 4).device.type == "cpu"
    if buffer:
        assert fixed_noise(Shelf().to("meta"), 4).device.type == "meta", "the noise is where the generator is"


def test_what_wants_a_gradient_still_does_after_a_look(G):
    G.layers[0].requires_grad_(False)
    wants = [p.requires_grad for p in G.parameters()]
    G.register_forward_hook(lambda *_: 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            sample(G, 2)
    assert [p.requires_grad for p in G.parameters()] == wants and torch.is_grad_enabled()


def test_a_block_in_evaluation_mode_ends_as_it_began(G):
    G.layers[1].eval()
    before = [module.training for module in G.modules()]
    with pytest.raises(KeyboardInterrupt), evaluating(G):
        assert not any(module.training for module in G.modules())
        G.layers[2].train()
        raise KeyboardInterrupt
    assert [module.training for module in G.modules()] == before


@pytest.mark.parametrize("number", [2.0, True, "3", None, 1.5])
def test_numbers_that_are_not_whole_are_refused(G, number):
    with pytest.raises(InputError, match="Expected n as a whole number"):
        sample(G, number)
    with pytest.raises(InputError, match="Expected chunk as a whole number"):
        sample(G, 2, chunk=number)


def test_noise_is_standard_normal():
    z = fixed_noise(mlp.Generator(z_dim=50, hidden=()), 4000)
    assert abs(z.mean()) < 0.01 and abs(z.std() - 1) < 0.01


def test_a_convolutional_generator_samples_too():
    assert sample(dcgan.Generator(width=4), 3).shape == (3, 1, 28, 28)


def test_no_samples_is_refused(G):
    with pytest.raises(InputError, match="Expected n of 1 or more"):
        fixed_noise(G, 0)


def test_tile_puts_each_image_in_its_place():
    x = torch.linspace(-1, 1, 5)[:, None, None, None].expand(5, 1, 4, 3)
    picture = tile(x, columns=2, gap=1)
    assert picture.shape == (3 * 5 - 1, 2 * 4 - 1)
    for i in range(5):
        r, c = divmod(i, 2)
        assert torch.allclose(picture[r * 5 : r * 5 + 4, c * 4 : c * 4 + 3], torch.tensor(i / 4))
    assert (picture[4] == 0.5).all() and (picture[:, 3] == 0.5).all() and (picture[10:, 4:] == 0.5).all()


def test_tile_keeps_colours_and_needs_no_gap():
    x = torch.stack([torch.full((4, 4), v) for v in (-1.0, 0.0, 1.0)])[None]
    assert torch.equal(tile(x, gap=0), torch.tensor([0.0, 0.5, 1.0]).expand(4, 4, 3))


@pytest.mark.parametrize(
    "x",
    [
        torch.zeros(4, 28, 28),
        torch.zeros(0, 1, 28, 28),
        torch.zeros(4, 2, 28, 28),
        torch.full((2, 1, 4, 4), 255.0),
        torch.full((2, 1, 4, 4), float("nan")),
    ],
)
def test_what_is_not_a_batch_of_images_is_refused(x):
    with pytest.raises(InputError, match="Expected images"):
        tile(x)
