"""The explorer shows the digits that belong to its controls, whichever of them moves."""

import io

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

from ganbook.base.errors import InputError
from ganbook.models import conditional, dcgan
from ganbook.models.sampling import fixed_noise, sample
from ganbook.viewing.explorer import Explorer
from ganbook.viewing.sheet import tile

mpl.use("agg")


@pytest.fixture
def directions():
    return dict(zip(("slant", "ink"), torch.eye(5)))


def drawn(explorer):
    """The picture in the widget, in 0..255, a pixel of the digits each."""
    return np.asarray(Image.open(io.BytesIO(explorer.image.value)).convert("L"))[1::3, 1::3].astype(float)


def expected(G, z, y=None):
    return tile(sample(G, z=z, y=y), columns=len(z)).numpy() * 255


def test_every_control_changes_the_picture_to_what_the_generator_draws_there(directions):
    torch.manual_seed(0)
    G = dcgan.Generator(z_dim=5, width=4)
    for p in G.parameters():
        p.data *= 5  # far from grey
    explorer = Explorer(G, directions, n=3)
    z = fixed_noise(G, 3, seed=0)
    assert np.abs(drawn(explorer) - expected(G, z)).max() < 2
    assert expected(G, z).std() > 10, "a picture in which a change is seen"

    explorer.amounts["ink"].value = -1.5
    moved = z + torch.tensor([0, -1.5, 0, 0, 0])
    assert np.abs(drawn(explorer) - expected(G, moved)).max() < 2
    assert np.abs(expected(G, moved) - expected(G, z)).max() > 20

    explorer.seed.value = 7
    z = fixed_noise(G, 3, seed=7)
    assert np.abs(drawn(explorer) - expected(G, z + torch.tensor([0, -1.5, 0, 0, 0]))).max() < 2
    explorer.children[-1].click()
    assert explorer.amounts["ink"].value == 0 and explorer.seed.value == 7
    assert np.abs(drawn(explorer) - expected(G, z)).max() < 2


def test_a_generator_with_labels_has_buttons_for_them_and_another_has_none(directions):
    torch.manual_seed(0)
    G = conditional.Generator(z_dim=5, width=4)
    for p in G.parameters():
        p.data *= 5
    explorer, z = Explorer(G, directions, n=3), fixed_noise(G, 3)
    assert np.abs(drawn(explorer) - expected(G, z, torch.arange(3))).max() < 2
    explorer.digit.value = 9
    assert np.abs(drawn(explorer) - expected(G, z, torch.full((3,), 9))).max() < 2
    assert explorer.digit in explorer.children
    plain = Explorer(dcgan.Generator(z_dim=5, width=4), directions)
    assert plain.digit not in plain.children


def test_a_slider_stands_for_each_direction_within_its_reach(directions):
    explorer = Explorer(dcgan.Generator(z_dim=5, width=4), directions, reach=2)
    assert [slider.description for slider in explorer.children[1:3]] == ["slant", "ink"]
    explorer.amounts["slant"].value = 9
    assert explorer.amounts["slant"].value == 2


@pytest.mark.parametrize("bad", [{}, {"slant": torch.zeros(4)}, {"slant": torch.zeros(1, 5)}])
def test_directions_that_do_not_fit_are_refused(bad):
    with pytest.raises(InputError, match="directions"):
        Explorer(dcgan.Generator(z_dim=5, width=4), bad)
