"""How like a set of images are samples, where no judge knows what the images show.

The judge of ganbook.evaluation.report was trained on digits, so its opinion of a shoe is worth nothing. Here the
features come from a convolutional network with random weights, which knows no classes at all and sees strokes, edges
and areas of grey. Naeem et al. (2020) recommend random networks for images that are far from photographs.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.base import seeds, validate
from ganbook.base.devices import full_float32
from ganbook.base.errors import InputError
from ganbook.data import Images
from ganbook.evaluation import scoring
from ganbook.evaluation.reference import LEAST, in_range, inverted, real_images, rim, same_shape, turned
from ganbook.evaluation.scoring import Score, Sets

CHUNK = 500  # images at a time
EXTRACTOR = "a random network"


class RandomFeatures(nn.Module):
    """x (m, c, h, w) -> features (m, 128) by two convolutions with random weights of seed 0, for any h and w >= 2.

    BatchNorm subtracts means and divides by deviations that were taken once over the images `like` (n, c, h, w), so
    that no feature counts for more than another because of its scale.
    """

    def __init__(self, like: Tensor, width: int = 32, features: int = 128) -> None:
        super().__init__()
        with seeds.global_draws("weights", "eye", device=torch.device("cpu")):
            self.layers = nn.Sequential(
                *(nn.Conv2d(like.shape[1], width, 3, padding=1), nn.BatchNorm2d(width, momentum=None), nn.ReLU()),
                nn.AvgPool2d(2),  # (m, 32, h, w) -> (m, 32, h / 2, w / 2)
                *(nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width, momentum=None), nn.ReLU()),
                *(nn.AdaptiveAvgPool2d(4), nn.Flatten()),  # -> (m, 64, 4, 4) -> (m, 1024)
                *(nn.Linear(32 * width, features), nn.BatchNorm1d(features, momentum=None)),
            )
        self.to(like.device).requires_grad_(False)
        self(like)  # in training mode, where BatchNorm takes note of means and variances
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.layers(part) for part in x.chunk(math.ceil(len(x) / CHUNK))])


@dataclass(frozen=True)
class Likeness:
    """Scores of n samples against n of `images` real ones, by their names in ganbook.evaluation.scoring.SCORES.

    The floor of a score is what n other real images get.
    """

    scores: dict[str, Score]
    n: int
    images: int
    extractor: str
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        return self.scores[name].value

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return asdict(self) | {"notes": list(self.notes)}

    def table(self) -> str:
        """Return the scores as lines of text."""
        return "\n".join(
            [
                f"{self.n:,} samples against {self.n:,} of {self.images:,} real images, on the features of",
                f"{self.extractor}. Not comparable with scores on the judge's features, or on Inception's.",
                "If these are the images it was trained on, a generator that deals them out again would score best.",
                *scoring.noted(self.notes),
                "",
                *scoring.rows(self.scores),
            ]
        )


def compare(x: Tensor, data: Images) -> Likeness:
    """Compare samples x (n, c, h, w) in [-1, 1] with n images of `data`, drawn once for all, at least 2 n of them.

    The other n that the floor needs are drawn from the rest. Images that a training turns (`data.rotate`) are turned
    here too. Quote a distance with n and its floor, or quote its limit; precision, recall, density and coverage are
    those of ganbook.metrics.neighbours.prdc.

    Raises InputError if the samples are of another shape or range than the images, or n is out of range.
    """
    x = validate.images(x, 1, 3)
    n, shape = len(x), tuple(x.shape[1:])
    same_shape(x, data)
    if not LEAST <= n <= len(data) // 2:
        raise InputError(
            f"Expected {LEAST} samples or more, and twice as many images (half of them are for the floor); got {n:,} "
            f"samples and {len(data):,} images."
        )
    if min(shape[1:]) < 2:
        raise InputError(f"Expected images of 2x2 pixels or more, got {shape}.")
    some = torch.randperm(len(data), generator=seeds.generator("likeness", len(data)))[: 2 * n].split(n)
    real, others = (real_images(data, i) for i in some)
    if real.min() < 0:
        in_range(x)
    eye = RandomFeatures(real)
    with full_float32(real.device):
        features, others_features, fake = eye(real), eye(others), eye(x.cpu())
    floor = scoring.measured(Sets(others_features, features))
    scores = scoring.beside_floor(scoring.measured(Sets(fake, features)), floor, n, EXTRACTOR)
    notes = [*scoring.too_few(scores, n, len(data) // 2), *turned(data)]
    notes += inverted(x, rim(real), judge="compare(-x, data)")
    return Likeness(scores, n, len(data), EXTRACTOR, tuple(notes))
