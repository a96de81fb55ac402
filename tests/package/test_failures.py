"""The gallery of failures: twins that differ in one thing, and measures that see what they are named after."""

from dataclasses import fields, replace

import pytest
import torch
from torch import nn

from ganbook.base.errors import InputError
from ganbook.chapters import failures
from ganbook.chapters.failures import GALLERY, SMALL, Mirrored
from ganbook.models import dcgan
from ganbook.objectives import NonSaturating
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run

PAIRS = [pytest.param(failure, id=name) for name, failure in GALLERY.items()]


@pytest.fixture(scope="module")
def sevens(digits):
    """Sevens, each (1, 28, 28), in two halves of about 3,000."""
    x, y = digits[:]
    return x[y == 7][::2], x[y == 7][1::2]


@pytest.mark.parametrize("failure", PAIRS)
def test_both_twins_build_and_step(failure, small_folder):
    for recipe in (failure.healthy, failure.failed):
        run = Run(recipe, folder=small_folder)
        run.recipe.describe()
        if isinstance(recipe, failures.Some):  # the small folder holds some tens of each class
            run.recipe = replace(recipe, m=16)
        *_, record = run.train(2)
        assert record.step == 2 and all(value.isfinite() for value in record.values.values())


@pytest.mark.parametrize("failure", PAIRS)
def test_twins_differ_in_what_the_cause_names_and_in_nothing_else(failure):
    words = {"name", "title", "changes"}
    differing = {f.name for f in fields(Recipe)} - words
    differing = {name for name in differing if getattr(failure.healthy, name) != getattr(failure.failed, name)}
    assert len(differing) == 1 or differing == {"opt_g", "opt_d"}, f"{failure.failed.name}: {differing}"
    assert failure.failed.changes == (failure.cause,) and failure.healthy.steps == failure.failed.steps


def test_some_keeps_only_its_classes(small_folder):
    recipe = GALLERY["oscillation"].healthy
    data = recipe.data(small_folder)
    assert set(data.labels.tolist()) == {0, 1} == set(recipe.digits) and len(data.images) == len(data.labels)
    assert data.fingerprint != SMALL.data(small_folder).fingerprint, "other images: a checkpoint must notice"
    with pytest.raises(InputError, match="channels=1"):
        recipe.change(channels=3).data(small_folder)


# ---------------------------------------------------------------------------------------------------------- measures


def test_spread_is_zero_for_copies_and_the_deviation_for_noise():
    noise = torch.randn(4000, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert failures.spread(noise[:1].expand(10, 1, 8, 8)) == 0
    assert failures.spread(3 * noise + 7) == pytest.approx(3, rel=0.02)


def test_energy_at_nyquist_is_all_for_a_checkerboard_and_none_for_slow_waves(digits):
    row, column = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    boards = torch.stack([(-1.0) ** (row + column), (-1.0) ** row, (-1.0) ** column])[:, None] * 0.3 + 0.5
    assert failures.nyquist(boards) == pytest.approx(1)
    wave = torch.sin(2 * torch.pi * 3 * row / 28)[None, None]
    assert failures.nyquist(wave) < 1e-6
    noise = torch.randn(3000, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert failures.nyquist(noise) == pytest.approx(55 / 783, rel=0.02), "the share that the docstring states"
    x = digits[:300][0]
    assert failures.nyquist(x) < 0.01 < failures.nyquist(x + 0.3 * boards[:1]), "digits are smooth, dotted ones not"


def test_nyquist_does_not_see_brightness_or_the_order_of_images(digits):
    x = digits[:50][0]
    assert failures.nyquist(x + 5) == pytest.approx(failures.nyquist(x), rel=1e-3)
    assert failures.nyquist(x.flip(0)) == pytest.approx(failures.nyquist(x), rel=1e-5)


def test_a_gradient_passes_where_tanh_is_not_at_its_ends():
    a = torch.tensor([-30.0, -1.0, 0.0, 2.0, 30.0]).expand(4, 5).reshape(4, 1, 1, 5).clone().requires_grad_()
    x = torch.tanh(a)
    assert failures.passing(x) == pytest.approx(3 / 5)
    x.sum().backward()
    assert failures.passing(x) == pytest.approx((a.grad != 0).float().mean().item()), "autograd agrees"


def test_turnover_of_a_rest_of_a_swing_and_of_half_a_swing():
    rest = torch.tensor([[0.3, 0.7]]).expand(5, 2)
    assert failures.turnover(rest) == 0
    swing = torch.eye(2).repeat(3, 1)
    assert failures.turnover(swing) == 1
    assert failures.turnover((swing + 0.5) / 2) == pytest.approx(0.5)
    assert failures.turnover(swing.flip(1)) == failures.turnover(swing), "classes have no order"


@pytest.mark.parametrize("part", [0.0, 0.25, 1.0])
def test_the_share_of_mirrored_sevens_is_found(sevens, part):
    x, like = sevens
    n = int(part * len(x))
    mixed = torch.cat([x[:n].flip(-1), x[n:]])
    assert failures.nearer(mixed, like.flip(-1), like) == pytest.approx(part, abs=0.04)


# ------------------------------------------------------------------------------------------------------ causes


class Seen(nn.Module):
    """A critic that keeps what it is shown and says one half."""

    def __init__(self):
        super().__init__()
        self.images = []

    def forward(self, x):
        self.images.append(x)
        return x.flatten(1).sum(1) * 0


def flipped(x, of):
    """Which images of x are the mirror images of those in `of`; each must be one or the other."""
    mirrored = (x == of.flip(-1)).flatten(1).all(1)
    assert ((x == of).flatten(1).all(1) | mirrored).all()
    return mirrored.float().mean().item()


@pytest.mark.parametrize("fakes", [False, True])
def test_mirroring_changes_the_asked_share_of_reals_and_fakes_only_if_told(fakes):
    rng = torch.Generator().manual_seed(0)
    x, x_fake = torch.rand(2, 2000, 1, 4, 4, generator=rng)
    torch.manual_seed(0)
    critic = Seen()
    objective = Mirrored(NonSaturating(), 0.3, fakes=fakes)
    objective.discriminator(critic, x, x_fake)
    assert flipped(critic.images[0], x) == pytest.approx(0.3, abs=0.04)
    assert flipped(critic.images[1], x_fake) == pytest.approx(0.3 if fakes else 0, abs=0.04)
    objective.generator(critic, x, x_fake)
    assert flipped(critic.images[-1], x_fake) == pytest.approx(0.3 if fakes else 0, abs=0.04), "also for G's update"


def test_the_gradient_reaches_a_mirrored_fake_at_the_mirrored_place():
    x_fake = torch.zeros(5, 1, 1, 2, requires_grad=True)
    weight = torch.tensor([2.0, 5.0])

    def critic(x):
        return (x * weight).sum((1, 2, 3))

    Mirrored(NonSaturating(), 1.0, fakes=True).generator(critic, x_fake, x_fake)["loss"].backward()
    left, right = x_fake.grad[0, 0, 0]
    assert left / right == pytest.approx(5 / 2), "the left pixel was shown on the right"


def test_all_last_layers_give_digits_and_only_stamps_start_with_a_pattern():
    torch.manual_seed(0)
    energy = {}
    for last in ("3/2", "4/2", "resize"):
        G = failures.Generator(last).eval()
        with torch.no_grad():
            x = G(torch.randn(100, G.z_dim))
        assert x.shape == (100, 1, 28, 28)
        energy[last] = failures.nyquist(x)
    assert energy["resize"] < 0.02 < energy["4/2"] and energy["3/2"] > 0.02


def test_without_the_last_norm_d_sees_what_all_images_share():
    torch.manual_seed(0)
    answers = {}
    for last_norm in (True, False):
        D = failures.Discriminator(last_norm)
        h = torch.randn(32, 64, 1, 1)
        with torch.no_grad():
            answers[last_norm] = (D.layers[7:](h + 3) - D.layers[7:](h)).abs().max()
    assert answers[True] < 1e-4 < 1e-2 < answers[False]
    assert str(failures.Discriminator()) != str(failures.Discriminator(last_norm=False))
    kinds = [type(layer) for layer in failures.Discriminator().layers]
    assert kinds == [type(layer) for layer in dcgan.Discriminator().layers], "with it, it is the DCGAN's"
