"""Augmentation: each change by hand, the same for both sides, gradients that find their pixel, draws by address."""

import dataclasses
from itertools import islice

import pytest
import torch
from torch import nn

from ganbook.base.errors import InputError
from ganbook.objectives import NonSaturating, Wasserstein, ZeroCentred
from ganbook.objectives import augmentation as module
from ganbook.objectives.augmentation import KINDS, Augmented, augment, brighten, centres, cut_out, shift
from ganbook.objectives.changed_images import ChangedImages
from ganbook.training.run import Run
from tests.package.test_run import TINY

ALL = tuple(KINDS)


def images(m=64, c=1, h=28, w=28, seed=0):
    """Images (m, c, h, w) in [-1, 1] without a single black pixel."""
    return torch.rand(m, c, h, w, generator=torch.Generator().manual_seed(seed)) * 1.8 - 0.8


class Seen(nn.Module):
    """A critic that keeps what it is shown; its logit is a sum of weighted pixels."""

    def __init__(self):
        super().__init__()
        self.images = []

    def forward(self, x):
        self.images.append(x.detach())
        return x.flatten(1) @ torch.linspace(-1, 1, x[0].numel())


# ------------------------------------------------------------------------------------------------ one change by hand


def test_a_shift_is_what_a_loop_over_pixels_makes_of_it():
    x = images(6, 2, 8, 6)
    down, right = torch.tensor([0, 1, -2, 3, 0, 8]), torch.tensor([0, -1, 2, 0, 5, 0])
    expected = torch.full_like(x, -1.0)
    for i in range(6):
        for row in range(8):
            for column in range(6):
                a, b = row + down[i], column + right[i]
                if 0 <= a < 8 and 0 <= b < 6:
                    expected[i, :, a, b] = x[i, :, row, column]
    assert torch.equal(shift(x, down, right), expected)


def test_the_gradient_of_a_shift_is_the_shift_back():
    x, w = images(5).requires_grad_(), torch.randn(5, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    down, right = torch.tensor([0, 3, -3, 2, -28]), torch.tensor([0, -2, 1, 27, 0])
    (gradient,) = torch.autograd.grad((shift(x, down, right) * w).sum(), x)
    back = shift(w - 1, -down, -right) + 1  # paper, -1, becomes the zero of a gradient
    assert torch.allclose(gradient, back, atol=1e-6)


def test_a_cut_covers_its_square_and_nothing_else_and_sends_no_gradient_there():
    x = images(2, 3, 8, 6).requires_grad_()
    y = cut_out(x, torch.tensor([4, 0]), torch.tensor([3, 5]), side=4)
    covered = torch.zeros(2, 3, 8, 6, dtype=torch.bool)
    covered[0, :, 2:6, 1:5] = True
    covered[1, :, :2, 3:] = True  # three quarters of it are outside
    assert torch.equal(y == -1, covered) and torch.equal(y[~covered], x[~covered])
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient == 0, covered)


def test_brightness_moves_all_pixels_of_an_image_alike():
    x, by = images(3), torch.tensor([0.5, -0.25, 0.0])
    assert torch.allclose(brighten(x, by) - x, by[:, None, None, None].expand_as(x), atol=1e-6)


# ------------------------------------------------------------------------------------------------ random changes


@pytest.mark.parametrize("kind", ALL)
def test_each_kind_is_applied_with_probability_p(kind):
    x = images(4000, 1, 8, 8)
    torch.manual_seed(0)
    unchanged = (augment(x, (kind,), p=0.3) == x).flatten(1).all(1).double().mean()
    # A shift by up to one pixel of eight is one in nine times no shift.
    assert unchanged == pytest.approx(0.7 + (0.3 / 9 if kind == "shift" else 0), abs=0.03)


def test_kinds_are_chosen_independently():
    x = torch.zeros(4000, 1, 8, 8)
    torch.manual_seed(0)
    y = augment(x, ("brightness", "cutout"), p=0.5)
    cut = (y == -1).flatten(1).any(1)
    bright = ((y != 0) & (y != -1)).flatten(1).any(1)
    assert (cut & bright).double().mean() == pytest.approx(0.25, abs=0.03)


def test_shifts_are_even_over_the_49_of_an_eighth_of_28_pixels():
    x = torch.full((9800, 1, 28, 28), -1.0)
    x[:, :, 14, 14] = 1
    torch.manual_seed(0)
    place = augment(x, ("shift",)).flatten(1).argmax(1)
    counts = place.bincount(minlength=784).view(28, 28)[11:18, 11:18].double()
    assert counts.sum() == 9800, "none goes further than three pixels"
    assert ((counts - 200) ** 2 / 200).sum() < 48 + 6 * 96**0.5  # chi square with 48 degrees of freedom


def test_squares_of_half_the_side_have_their_middle_anywhere():
    x = torch.zeros(6000, 1, 8, 8)
    torch.manual_seed(0)
    covered = (augment(x, ("cutout",)) == -1).double().mean((0, 1))
    # A pixel is covered by 4 of 8 middles along each side, fewer near the border: the middles lie inside.
    reach = torch.tensor([sum(m - 2 <= i < m + 2 for m in range(8)) / 8 for i in range(8)], dtype=torch.float64)
    assert torch.allclose(covered, reach[:, None] * reach, atol=0.03)


def test_brightness_is_even_from_minus_to_plus_one_half():
    torch.manual_seed(0)
    by = augment(torch.zeros(4000, 1, 2, 2), ("brightness",))[:, 0, 0, 0]
    assert by.min() > -0.5 and by.max() < 0.5
    assert by.mean() == pytest.approx(0, abs=0.03) and by.std() == pytest.approx(12**-0.5, abs=0.01)


# ------------------------------------------------------------------------------------------------ as an objective


def test_real_and_fake_go_through_the_same_changes_with_numbers_of_their_own():
    x = images(1, 1, 8, 8).expand(4000, 1, 8, 8)
    torch.manual_seed(0)
    critic = Seen()
    Augmented(Wasserstein(), p=0.6).discriminator(critic, x, x)
    Augmented(Wasserstein(), p=0.6).generator(critic, x, x)
    # One image on both sides: what D is shown as real, as fake, and as fake for G differ one by one, not as sets.
    for other in critic.images[1:]:
        first = critic.images[0]
        assert (first == other).flatten(1).all(1).double().mean() < 0.2
        assert torch.allclose(first.mean(0), other.mean(0), atol=0.05)
        assert torch.allclose(first.std(0), other.std(0), atol=0.05)
    assert len(critic.images) == 3 and (critic.images[0] != x).any()


def test_reals_only_leaves_the_fakes_alone():
    x, x_fake = images(seed=0), images(seed=1)
    critic, objective = Seen(), Augmented(Wasserstein(), fakes=False)
    objective.discriminator(critic, x, x_fake)
    objective.generator(critic, x, x_fake)
    assert not torch.equal(critic.images[0], x)
    assert torch.equal(critic.images[1], x_fake) and torch.equal(critic.images[2], x_fake)


@pytest.mark.parametrize("fakes", [None, False, True])
def test_an_objective_that_changes_images_says_only_how(fakes):
    """As a reader would add one: black turns to white and white to black, for both, unless `fakes` is False."""

    @dataclasses.dataclass
    class Inverted(ChangedImages):
        objective: object

        def change(self, x):
            return -x

    objective = Inverted(Wasserstein())
    if fakes is not None:
        objective.fakes = fakes
    x, x_fake = images(seed=0), images(seed=1).requires_grad_()
    for player in ("discriminator", "generator"):
        critic = Seen()
        returned = getattr(objective, player)(critic, x, x_fake)
        expected = getattr(Wasserstein(), player)(Seen(), -x, x_fake if fakes is False else -x_fake)
        assert {name: v.item() for name, v in returned.items()} == {name: v.item() for name, v in expected.items()}
        assert torch.equal(critic.images[-1], x_fake if fakes is False else -x_fake)
    (gradient,) = torch.autograd.grad(returned["loss"], x_fake)
    assert (gradient != 0).any(), "G learns through the change"


@pytest.mark.parametrize("nothing", [{"p": 0.0}, {"kinds": ()}])
def test_with_probability_zero_it_is_the_plain_objective_and_draws_nothing(nothing):
    x, x_fake, plain = images(seed=0), images(seed=1), NonSaturating()
    state = torch.get_rng_state()
    for player in ("discriminator", "generator"):
        ours, theirs = (getattr(o, player)(Seen(), x, x_fake) for o in (Augmented(plain, **nothing), plain))
        assert ours == theirs
    assert torch.equal(torch.get_rng_state(), state)


def test_the_gradient_reaches_g_at_the_pixel_that_was_moved(monkeypatch):
    """All moved down by one and right by one: the weight that meets a pixel there comes back to where it was drawn."""
    monkeypatch.setattr(module, "_whole", lambda u, n: torch.full(u.shape, n // 2 + 1))
    x_fake = images(4, 1, 8, 8).requires_grad_()
    Augmented(Wasserstein(), ("shift",)).generator(Seen(), x_fake.detach(), x_fake)["loss"].backward()
    weight = torch.linspace(-1, 1, 64).view(8, 8)
    assert torch.allclose(x_fake.grad[:, 0, :7, :7], -weight[1:, 1:].expand(4, 7, 7) / 4)
    assert (x_fake.grad[:, 0, 7] == 0).all() and (x_fake.grad[:, 0, :, 7] == 0).all()


def test_a_penalty_on_ds_slope_can_be_differentiated_through_it():
    class Square(nn.Module):
        w = torch.tensor(2.0, requires_grad=True)

        def forward(self, x):
            return self.w * x.square().flatten(1).sum(1)

    critic = Square()
    loss = Augmented(ZeroCentred(Wasserstein(), r1=1.0)).discriminator(critic, images(8), images(8))["loss"]
    (gradient,) = torch.autograd.grad(loss, critic.w)
    assert gradient.isfinite() and gradient != 0


def test_a_run_draws_the_same_changes_again_and_after_a_stop(small_folder, tmp_path):
    recipe = dataclasses.replace(TINY, objective=Augmented(NonSaturating(), p=0.7))
    weights = []
    for parts in ([6], [2, 4], [6]):
        run = Run(recipe, seed=5, folder=small_folder)
        for steps in parts:
            list(run.train(steps))
            run.save(tmp_path / "run.pt")
            run = Run.load(tmp_path / "run.pt", folder=small_folder, recipe=recipe)
        weights.append(torch.cat([p.detach().flatten() for p in (*run.G.parameters(), *run.D.parameters())]))
    assert torch.equal(weights[0], weights[1]) and torch.equal(weights[0], weights[2])
    other = Run(dataclasses.replace(TINY, objective=NonSaturating()), seed=5, folder=small_folder)
    list(islice(other.train(6), 6))
    plain = torch.cat([p.detach().flatten() for p in (*other.G.parameters(), *other.D.parameters())])
    assert not torch.equal(weights[0], plain), "it changes something"


@pytest.mark.parametrize("arguments", [{"kinds": ("mirror",)}, {"p": -0.1}, {"p": 1.5}, {"p": float("nan")}])
def test_unknown_kinds_and_impossible_probabilities_are_refused(arguments):
    with pytest.raises(InputError, match="brightness, shift, cutout"):
        Augmented(NonSaturating(), **arguments)
    with pytest.raises(InputError, match=r"p in \[0, 1\]"):
        augment(images(2), **arguments)


def test_the_centre_of_a_dot_is_where_the_dot_is_and_moves_with_a_shift():
    x = torch.full((3, 1, 9, 12), -1.0)
    x[0, 0, 2, 7] = x[1, 0, 4, 5] = x[1, 0, 4, 6] = 1
    assert torch.allclose(centres(x), torch.tensor([[-2.0, 1.5], [0.0, 0.0], [0.0, 0.0]]))
    down, right = torch.tensor([3, -2, 1]), torch.tensor([-1, 4, 1])
    moved = centres(shift(x, down, right)) - centres(x)
    assert torch.allclose(moved[:2], torch.stack([down, right], dim=1)[:2].float()) and (moved[2] == 0).all()


def test_shifted_digits_have_spread_centres_and_real_ones_have_not(digits):
    x = digits[:2000][0]
    torch.manual_seed(0)
    assert centres(x).std(0).max() < 0.4
    assert centres(augment(x, ("shift",))).std(0).mean() == pytest.approx(2, abs=0.15), "even over seven places: 2"
