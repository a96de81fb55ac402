"""What networks are made of: the same for networks that compute the same, and told apart where they do not."""

import pytest
from torch import nn

from ganbook.models import dcgan
from ganbook.training import recipes
from ganbook.training.architecture import architecture, differences


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_networks_of_one_recipe_are_made_of_the_same_whatever_the_seed(name):
    pairs = [recipes.get(name).networks(seed) for seed in (0, 1)]
    for one, other in zip(*pairs):
        assert architecture(one) == architecture(other) and differences(architecture(one), architecture(other)) == []


def test_training_and_evaluation_mode_are_one_architecture():
    D = dcgan.Discriminator()
    assert architecture(D) == architecture(dcgan.Discriminator().eval())


@pytest.mark.parametrize(
    ("layer", "other", "said"),
    [
        (nn.LeakyReLU(0.1), nn.LeakyReLU(0.2), "negative_slope was 0.1 and is 0.2"),
        (nn.BatchNorm1d(3, momentum=0.1), nn.BatchNorm1d(3, momentum=0.2), "momentum was 0.1 and is 0.2"),
        (nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3, stride=2), "stride was (1, 1) and is (2, 2)"),
        (nn.Linear(2, 2), nn.Linear(2, 2, bias=False), None),  # seen by the names of the weights
        (nn.Linear(2, 3), nn.Linear(3, 2), "weight was weights (3, 2) and is weights (2, 3)"),
        (nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear"), "mode was 'nearest'"),
        (nn.ReLU(), nn.Tanh(), "was ReLU and is Tanh"),
    ],
    ids=str,
)
def test_layers_that_compute_otherwise_differ(layer, other, said):
    found = differences(*(architecture(nn.Sequential(each)) for each in (layer, other)))
    assert said is None or any(said in one for one in found), found
    assert differences(architecture(layer), architecture(layer)) == []


def test_an_attribute_that_only_one_version_of_a_layer_has_does_not_count():
    older, newer = nn.ReLU(), nn.ReLU()
    newer.brand_new = True
    assert (
        differences(architecture(older), architecture(newer))
        == []
        == differences(architecture(newer), architecture(older))
    )
