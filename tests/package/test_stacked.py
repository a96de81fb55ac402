"""Counting the 1000 modes of Stacked MNIST."""

import math

import pytest
import torch
from torch import nn

from ganbook.base.errors import InputError
from ganbook.data import Digits, Stacked
from ganbook.evaluation.stacked_modes import count, evaluate_stacked, names


def test_real_stacked_digits_are_named_by_their_labels_as_far_as_the_judge_is_right():
    x, y = next(Stacked(Digits("test")).batches(600))
    named = names(x)
    assert 0.96 < (named == y).float().mean() < 1  # 99.49 % of each of three channels
    assert (names(x.flip(1)) == named // 100 + named // 10 % 10 * 10 + named % 10 * 100).all(), "r, g, b in this order"


def test_one_image_over_and_over_is_one_mode_at_the_greatest_divergence():
    x, _ = next(Stacked(Digits("test")).batches(1))
    found = count(x.expand(50, -1, -1, -1))
    assert found.modes == 1 and found.n == 50
    assert found.kl == pytest.approx(math.log(1000), rel=1e-6)


def test_every_mode_once_is_a_thousand_modes_at_no_divergence():
    digits, judge_says = Digits("test"), None
    x, y = digits[:]
    judge_says = names(x.expand(-1, 3, -1, -1)) // 100
    one_each = torch.stack([x[(y == d) & (judge_says == d)][0, 0] for d in range(10)])
    index = torch.cartesian_prod(*[torch.arange(10)] * 3)
    found = count(one_each[index])
    assert found.modes == 1000 and found.kl == pytest.approx(0, abs=1e-6)


class Real(nn.Module):
    """A generator that cheats: it hands out training digits, in three channels."""

    z_dim = 2

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.x, _ = next(Stacked(Digits("train")).batches(2000, seed=5))

    def forward(self, z):
        return self.x[torch.randint(2000, (len(z),), generator=torch.Generator().manual_seed(int(1e6 * z[0, 0].abs())))]


def test_samples_and_real_images_are_counted_alike():
    fake, real = evaluate_stacked(Real(), n=1500)
    assert fake.n == real.n == 1500
    # 1500 draws from 1000 equal modes reach 1000 (1 - e^-1.5) = 777 of them; 2000 different images a few less.
    assert real.modes == pytest.approx(777, abs=40) and 500 < fake.modes < real.modes
    assert fake.kl > real.kl > 0


@pytest.mark.parametrize("shape", [(2, 1, 28, 28), (3, 28, 28), (0, 3, 28, 28)])
def test_other_images_are_refused(shape):
    with pytest.raises(InputError, match=r"\(n, 3, h, w\)"):
        count(torch.zeros(shape))
