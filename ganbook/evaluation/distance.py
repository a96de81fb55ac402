"""The Fréchet distance of a generator, with what it depends on and what it is measured by: n, and the floor."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganbook.data import Images
from ganbook.evaluation import reference
from ganbook.evaluation.reference import Key
from ganbook.metrics.frechet import frechet
from ganbook.metrics.kernel import Estimate
from ganbook.metrics.limit import frechet_limit


class Distance(NamedTuple):
    """A Fréchet distance (squared) of n samples. floor: what n real images get, which is mostly how few n are.

    Compare distances at one n. Their ratio to the floor grows with n: see `limit_of_images`.
    """

    value: float
    floor: float
    n: int


def frechet_distance(G: nn.Module, *, data: Images | None = None, n: int | None = None, seed: int = 1) -> Distance:
    """Return the Fréchet distance of n samples of `G`, for the noise of `seed`, from n test images.

    It is taken on the judge's features and is the first score of `ganbook.evaluation.report.evaluate`, where `data` and
    `n` are explained and what is raised; alone it takes a tenth of the time.

    >>> from ganbook.evaluation.distance import frechet_distance
    >>> from ganbook.training import pretrained
    >>> value, floor, n = frechet_distance(pretrained.load("d-linear").G, n=200)
    >>> n, value > 3 * floor
    (200, True)
    """
    trained_on = reference.training_images(data)
    n = reference.check_n(reference.most(trained_on) if n is None else n, trained_on)
    return distance_of_images(reference.draw(G, n, trained_on, seed=seed), data=data)


def distance_of_images(x: Tensor, *, data: Images | None = None) -> Distance:
    """Return the Fréchet distance of images x (n, 1, h, h) in [-1, 1] from n test images; see evaluate_images."""
    x, data = reference.digits(x, data)
    value = frechet(reference.look(x).features, reference.against(len(x), data, x.device).real.features)
    return Distance(value, _floor(len(x), Key.of(data, x.device)), len(x))


def limit_of_images(x: Tensor, *, data: Images | None = None) -> Estimate:
    """Return what the distance would be for n to infinity, and its standard error, from images x as above.

    For what cannot be measured with 10,000 images; see ganbook.metrics.limit.
    """
    x, data = reference.digits(x, data)
    features = reference.shuffled(reference.look(x).features)
    return frechet_limit(features, reference.against(len(x), data, x.device).real.features)


@lru_cache(maxsize=4)
def _floor(n: int, key: Key) -> float:
    """The distance of n training images, drawn once for all; only these are looked at."""
    data, device = key.images(), torch.device(key.device)
    some, _ = reference.floor_index(n, data)
    found = reference.look(reference.real_images(data, some).to(device))
    reference.check_digits(data, found, some)
    return frechet(found.features, reference.against(n, data, device).real.features)
