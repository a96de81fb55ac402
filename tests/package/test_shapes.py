"""The shape calculator against PyTorch, and against itself in the other direction."""

import itertools

import pytest
import torch
from torch import nn

from ganbook.base.errors import InputError
from ganbook.chapters.shapes import conv_side, layer_side, sides, transposed_side
from ganbook.models import dcgan, pyramid

SETTINGS = list(itertools.product((1, 2, 3, 4, 5), (1, 2, 3), (0, 1, 2)))  # kernel, stride, padding


@pytest.mark.parametrize("dilation", [1, 2])
def test_conv_side_is_the_side_that_pytorch_computes(dilation):
    for (kernel, stride, padding), n in itertools.product(SETTINGS, (9, 12, 13)):
        layer = nn.Conv2d(1, 1, kernel, stride, padding, dilation)
        assert layer_side(layer, n) == layer(torch.zeros(1, 1, n, n)).shape[-1], (kernel, stride, padding, n)


@pytest.mark.parametrize("output_padding", [0, 1])
def test_transposed_side_is_the_side_that_pytorch_computes(output_padding):
    for (kernel, stride, padding), n in itertools.product(SETTINGS, (5, 6)):
        if output_padding < stride:
            layer = nn.ConvTranspose2d(1, 1, kernel, stride, padding, output_padding)
            assert layer_side(layer, n) == layer(torch.zeros(1, 1, n, n)).shape[-1], (kernel, stride, padding, n)


def test_output_padding_leads_back_to_each_side_that_the_convolution_collapsed():
    for (kernel, stride, padding), n in itertools.product(SETTINGS, range(6, 20)):
        a = (n + 2 * padding - kernel) % stride
        assert transposed_side(conv_side(n, kernel, stride, padding), kernel, stride, padding, a) == n


def test_the_networks_have_the_sides_of_their_tutorials():
    assert sides(dcgan.Discriminator(), 28) == [28, 13, 5, 1]
    assert sides(dcgan.Generator(), 1) == [1, 3, 6, 13, 28]
    assert sides(pyramid.Discriminator(), 16) == [16, 8, 4, 1]
    assert sides(pyramid.Generator(), 1) == [1, 4, 8, 16]


def test_the_discriminator_of_28_pixels_takes_sides_from_27_to_34():
    last = {n: sides(dcgan.Discriminator(), n)[-1] for n in range(27, 40)}
    assert [n for n, side in last.items() if side == 1] == list(range(27, 35))
    with pytest.raises(InputError, match="does not fit"):
        sides(dcgan.Discriminator(), 26)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: conv_side(4, 5), "does not fit"),
        (lambda: conv_side(4, 0), "Expected side, kernel"),
        (lambda: conv_side(28, 3, padding=-1), "padding of 0 or more"),
        (lambda: transposed_side(3, 3, 2, output_padding=2), "output_padding from 0 to 1"),
        (lambda: transposed_side(1, 2, padding=1), "cuts away"),
        (lambda: layer_side(nn.Conv2d(1, 1, (3, 5)), 28), "same numbers"),
        (lambda: layer_side(nn.Conv2d(1, 1, 3, padding="same"), 28), "same numbers"),
    ],
)
def test_what_cannot_be_computed_is_said_in_a_sentence(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
