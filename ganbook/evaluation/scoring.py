"""All scores in one table: what each is called, which way is better, how it is computed, and how many samples it needs.

A new score is a pure function in ganbook.metrics and a line in SCORES.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ganbook.evaluation.reference import shuffled
from ganbook.evaluation.synthetic import trained_on
from ganbook.metrics.classes import class_shares, kl, modes
from ganbook.metrics.frechet import frechet
from ganbook.metrics.inception import inception_score
from ganbook.metrics.kernel import Estimate, kernel_distance
from ganbook.metrics.limit import frechet_limit
from ganbook.metrics.neighbours import PRDC, copies, nearer, prdc

NEIGHBOURS = 5  # k of precision, recall, density and coverage: Naeem et al. (2020), section 4
FULL = 10_000  # samples of which the book quotes distances: MNIST has so many test images
FEW = 5_000  # below, few images add more to d^2 than the 2.3 that real digits have at 10,000: 10,000 to 18,000 / n,
# by the rows "few" of ganbook/assets/results/ladder.json
TAIL = 0.01  # of the unseen images: what lies nearer to the training images is called a copy


def block(n: int) -> int:
    """Return the size of the blocks that n samples are cut into for the kernel distance: ten blocks or more.

    None is larger than the 1,000 of Bińkowski et al. (2018), section 4.
    """
    return min(1000, n // 10)


@dataclass(frozen=True)
class Sets:
    """Samples and as many real images, by their features (n, d)."""

    fake: Tensor
    real: Tensor

    @cached_property
    def prdc(self) -> PRDC:
        return prdc(self.real, self.fake, k=NEIGHBOURS)

    @property
    def kernel(self) -> Estimate:
        return kernel_distance(shuffled(self.fake), self.real, block=block(len(self.real)))

    @property
    def limit(self) -> Estimate:
        return frechet_limit(shuffled(self.fake), self.real)


@dataclass(frozen=True)
class JudgedSets(Sets):
    """Samples and as many real digits, with what the judge makes of them.

    x, p: the samples (n, 1, h, h) and their class probabilities (n, 10); real_x, labels: the real images and their
    labels; shares (10,): of each class among the training images. near (n,): how far each sample is from the nearest
    training image; unseen, unseen_named (k,): the same of all test images, and the classes that the judge sees in them;
    index (n,): which of these are the real images.
    """

    x: Tensor
    p: Tensor
    real_x: Tensor
    labels: Tensor
    shares: Tensor
    near: Tensor
    unseen: Tensor
    unseen_named: Tensor
    index: Tensor

    @property
    def named(self) -> Tensor:
        """The class (n,) that the judge sees in each sample."""
        return self.p.argmax(1)

    @property
    def least(self) -> Tensor:
        """The share (10,) of the samples from which on a class counts as drawn: a fifth of that of the training images.

        For MNIST's ten classes that is about 2 %. A class that the training images do not have never counts.
        """
        return (0.2 * self.shares).where(self.shares > 0, torch.inf)

    @property
    def class_kl(self) -> float:
        """KL of the classes drawn from those of the real images, the judge naming only classes that there are."""
        present = self.shares > 0
        drawn, real = self.p[:, present].argmax(1), class_shares(self.labels)[present]
        return kl(class_shares(drawn, len(real)), real)


class Need(NamedTuple):
    """How many samples a score needs to say something, and what is wrong below; {n} and the like are filled in."""

    least: int
    fewer: str


RANK = Need(129, "{n} samples span {span} of the 128 dimensions of the features: no covariance can be told from them")
HALVES = Need(258, "half of {n} samples span no more than {half} of the 128 dimensions of the features")
BALLS = Need(
    1000, "the ball around a point to its 5th neighbour holds {ball:.1%} of {n} points: poor samples lie in it"
)
BLOCKS = Need(1000, "blocks of {block} samples: read it with its standard error")


class Metric(NamedTuple):
    """label: in a table. better: "lower", "higher", or the value to be near to. of: what it is computed from."""

    label: str
    better: str
    of: type[Sets]
    score: Callable[[Any], float | Estimate]  # of a set of that kind
    need: Need | None = None


SCORES = {
    "frechet": Metric("Fréchet distance d²", "lower", Sets, lambda s: frechet(s.fake, s.real), RANK),
    "limit": Metric("d² for n to infinity", "lower", Sets, lambda s: s.limit, HALVES),
    "kernel": Metric("kernel distance", "lower", Sets, lambda s: s.kernel, BLOCKS),
    "inception": Metric("Inception Score, judge's", "higher", JudgedSets, lambda s: inception_score(s.p)),
    "precision": Metric("precision", "higher", Sets, lambda s: s.prdc.precision, BALLS),
    "recall": Metric("recall", "higher", Sets, lambda s: s.prdc.recall, BALLS),
    "density": Metric("density", "higher", Sets, lambda s: s.prdc.density, BALLS),
    "coverage": Metric("coverage", "higher", Sets, lambda s: s.prdc.coverage, BALLS),
    "certainty": Metric("judge's mean certainty", "higher", JudgedSets, lambda s: float(s.p.amax(1).double().mean())),
    "modes": Metric("classes drawn", "higher", JudgedSets, lambda s: modes(s.named, least=s.least)),
    "class_kl": Metric("KL of the classes drawn", "lower", JudgedSets, lambda s: s.class_kl),
    "copying": Metric("nearer to the training set", "0.5", JudgedSets, lambda s: nearer(s.near, s.unseen[s.index])),
    "copies": Metric(
        "copies of training images",
        f"{TAIL:g}",
        JudgedSets,
        lambda s: copies(s.near, s.unseen, s.named, s.unseen_named, tail=TAIL),
    ),
    "synthetic": Metric(
        "accuracy, trained on these", "higher", JudgedSets, lambda s: trained_on(s.x, s.named, s.real_x, s.labels)
    ),
}


@dataclass(frozen=True)
class Score:
    """One score of n samples. `floor`: the same score of n other real images, which the reference does not hold.

    better: "lower", "higher", or the value to be near to. error: the standard error, where one is estimated.
    extractor: on whose features the score was taken, with the start of the hash of its weights.
    """

    value: float
    floor: float
    better: str
    n: int
    extractor: str
    error: float | None = None


def measured(sets: Sets) -> dict[str, Estimate]:
    """Return every score that can be computed from `sets`, by its name; its error is None where there is none."""
    found = {name: metric.score(sets) for name, metric in SCORES.items() if isinstance(sets, metric.of)}
    return {name: value if isinstance(value, Estimate) else Estimate(value, None) for name, value in found.items()}


def beside_floor(
    fake: Mapping[str, Estimate], floor: Mapping[str, Estimate], n: int, extractor: str
) -> dict[str, Score]:
    """Return the scores of n samples, each with the score of n other real images."""
    return {
        name: Score(value, floor[name].value, SCORES[name].better, n, extractor, error)
        for name, (value, error) in fake.items()
    }


def copied(scores: Mapping[str, Score], n: int) -> list[str]:
    """Return a sentence if more samples are copies of training images than chance explains.

    Chance moves both the share and the distance that it is counted by, each by sqrt(TAIL / n) or so. Five times both
    together is no chance.
    """
    share, usual = scores["copies"].value, max(TAIL, scores["copies"].floor)
    if share <= usual + 5 * (2 * TAIL / n) ** 0.5:
        return []
    return [
        f"{share:.1%} of the samples lie nearer to a training image than {1 - TAIL:.0%} of unseen digits do. Of new "
        f"real digits {usual:.1%} do. So some samples are copies, or nearly so."
    ]


def too_few(scores: Mapping[str, Score], n: int, most: int) -> list[str]:
    """Return a sentence for each reason for which some of the scores say little about n samples, or too much.

    The last one names the n to take instead: that of the book, or `most`, if so many samples can be compared at most.
    """
    numbers = {"n": n, "span": n - 1, "half": n // 2 - 1, "ball": NEIGHBOURS / n, "block": block(n)}
    short: dict[Need, list[str]] = {}
    for name in scores:
        need = SCORES[name].need
        if need and n < need.least:
            short.setdefault(need, []).append(SCORES[name].label)
    said = [f"{', '.join(labels)}: {need.fewer.format(**numbers)}." for need, labels in short.items()]
    if n < FEW:
        d2, limit = scores["frechet"].value, scores["limit"]
        said.append(
            f"n = {n:,} is small, and few images read as far apart. d² is {d2:.4g} here, and {limit.value:.4g} ± "
            f"{limit.error:.2g} is expected of infinitely many. Compare d² only at one n."
        )
    larger = min(FULL, most)
    return [*said, f"Take n = {larger:,} for all of these scores."] if said and n < larger else said


def rows(scores: Mapping[str, Score]) -> list[str]:
    """Return the lines of a table, a score each, with a head."""
    words = {"lower": "lower is better", "higher": "higher is better"}
    lines = [f"{'':28}{'samples':>10}{'real':>12}"]
    for name, score in scores.items():
        note = words.get(score.better, f"{score.better}: as new real images")
        note = f"{note}; n = {score.n:,}" if name == "frechet" else note
        note = f"{note}; ± {score.error:.2g}" if score.error is not None else note
        lines.append(f"{SCORES[name].label:28}{score.value:>10.4g}{score.floor:>12.4g}  {note}")
    return lines


def noted(notes: Iterable[str]) -> list[str]:
    """Return the notes as lines of a table's head."""
    return [f"Note: {note}" for note in notes]
