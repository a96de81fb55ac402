"""Judge samples by every score at once, each beside what real images get: its floor."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.base.errors import InputError
from ganbook.data import Images
from ganbook.evaluation import reference, scoring
from ganbook.evaluation.reference import Key, Reference, Seen
from ganbook.evaluation.scoring import SCORES, Estimate, JudgedSets, Score
from ganbook.metrics.classes import class_shares
from ganbook.metrics.neighbours import nearest

__all__ = ["SCORES", "Evaluation", "Score", "evaluate", "evaluate_images"]


@dataclass(frozen=True)
class Evaluation:
    """All scores of n samples, by the names in SCORES; evaluation["recall"] is a value.

    shares: of each class among the samples, in the judge's opinion. size: of the samples, in pixels a side.
    accuracy: the share of the test images, brought to that size (and turned, as in the training), that the judge names
        rightly.
    notes: sentences on what to mind, such as scores that say little about so few samples.
    """

    scores: dict[str, Score]
    shares: list[float]
    n: int
    size: int
    extractor: str
    accuracy: float
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        return self.scores[name].value

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return asdict(self) | {"notes": list(self.notes)}

    def table(self) -> str:
        """Return the scores as lines of text."""
        resized = "" if self.size == 28 else f", enlarged from {self.size}x{self.size}"
        shares = "  ".join(f"{digit}: {share:.1%}" for digit, share in enumerate(self.shares))
        return "\n".join(
            [
                f"{self.n:,} samples against {self.n:,} test images{resized}, on the features of {self.extractor},",
                f"which is right on {self.accuracy:.2%} of these test images. Not comparable with scores on Inception.",
                *scoring.noted(self.notes),
                "",
                *scoring.rows(self.scores),
                "",
                f"digits drawn  {shares}",
            ]
        )


def evaluate(G: nn.Module, *, data: Images | None = None, n: int | None = None, seed: int = 1) -> Evaluation:
    """Judge n samples of `G` for the noise of `seed`; see `evaluate_images`.

    data: the digits that G was trained on, such as `Digits().where(labels={3, 7})`; without them, all of MNIST's. A G
        that takes labels is asked for those of `data`, each as often as it occurs there, and the test images to compare
        with are chosen in the same way.
    n: 100 or more; without it as many as there are test images of these classes, 10,000 for MNIST.

    G's training mode, its buffers and the global random state are left as they were.

    >>> from ganbook import GanbookError, evaluate
    >>> from ganbook.models import mlp
    >>> try:  # `evaluate(G)` judges 10,000 samples and takes a minute
    ...     evaluate(mlp.Generator(), n=50)
    ... except GanbookError as error:
    ...     print(error)
    Expected n from 100 to 10,000, the number of test images, got 50.
    """
    trained_on = reference.training_images(data)
    n = reference.check_n(reference.most(trained_on) if n is None else n, trained_on)
    return evaluate_images(reference.draw(G, n, trained_on, seed=seed), data=data)


def evaluate_images(x: Tensor, *, data: Images | None = None, without: Tensor | None = None) -> Evaluation:
    """Judge images x (n, 1, h, h) in [-1, 1] against n of the test images, 100 <= n <= 10,000.

    data: see `evaluate`. Images of another size than 28x28 are enlarged or reduced, and so are the real ones after they
    were brought to size h: both sides lose the same detail. If `data` are turned by a training (`data.rotate`), so are
    the real images, each by an angle of its own. All scores are taken on the features and the opinions of the book's
    judge (ganbook.evaluation.judge), on the device of x for both sides, and depend on n. They are not comparable with
    FID, KID or Inception Score of the literature.

    without: the places (k,) of images of `data` that x was made from, if it was made from some: whether x copies is
    then asked of the others alone, as it is for the floor.

    Raises InputError if x is not a batch of n grey, square images in that range, or lies in [0, 1]; if `data` has
    another shape, or is not of MNIST's digits; if there are not n test images of its classes in its shares; and if
    `without` names places that it has not, or leaves none.
    """
    x, data = reference.digits(x, data)
    against = reference.against(len(x), data, x.device)
    reference.check_digits(data, reference.seen(data, x.device))
    fake, key = reference.look(x), Key.of(data, x.device)
    found = scoring.measured(_sets(x.cpu(), fake, against, key, _places(without, len(data))))
    extractor = f"judge {reference.judge_on(str(x.device)).sha256[:12]}"
    scores = scoring.beside_floor(found, _floor(len(x), key), len(x), extractor)
    shares = class_shares(fake.p.argmax(1)).tolist()
    accuracy = float((against.real.p.argmax(1) == against.labels).double().mean())
    notes = [*scoring.too_few(scores, len(x), reference.most(data)), *scoring.copied(scores, len(x))]
    notes += [*reference.turned(data), *reference.inverted(x, paper=-1.0, judge="evaluate_images(-x)")]
    return Evaluation(scores, shares, len(x), x.shape[-1], extractor, accuracy, tuple(notes))


def _places(without: Tensor | None, n: int) -> tuple[int, ...]:
    """The places `without` as numbers; says so unless they are some of n."""
    if without is None:
        return ()
    if without.ndim != 1 or without.dtype != torch.int64 or len(without) == 0:
        raise InputError(f"Expected the places of images as whole numbers (k,), got {without.dtype} {without.shape}.")
    if not 0 <= int(without.min()) <= int(without.max()) < n or len(without.unique()) == n:
        raise InputError(
            f"Expected places from 0 to {n - 1:,} and not all of them, got {int(without.min()):,} to "
            f"{int(without.max()):,}."
        )
    return tuple(without.tolist())


def _sets(x: Tensor, fake: Seen, against: Reference, key: Key, without: tuple[int, ...]) -> JudgedSets:
    """What the scores of images x are computed from; copies are looked for among the training images but `without`."""
    data = key.images()
    test = reference.test_images(data)
    shares = torch.zeros(10, dtype=torch.float64)
    for y, count in against.counts.items():
        shares[y] = count / sum(against.counts.values())
    return JudgedSets(
        fake=fake.features,
        real=against.real.features,
        x=reference.at_judges_size(x),
        p=fake.p,
        real_x=reference.at_judges_size(reference.real_images(test, against.index)),
        labels=against.labels,
        shares=shares,
        near=nearest(fake.features, _train(key, without))[0],
        unseen=_unseen(key, without),
        unseen_named=reference.seen(test, torch.device(key.device)).p.argmax(1),
        index=against.index,
    )


def _train(key: Key, without: tuple[int, ...]) -> Tensor:
    """The features of all training images but those at the places `without`."""
    kept = torch.ones(key.n, dtype=torch.bool)
    kept[list(without)] = False
    return reference.seen(key.images(), torch.device(key.device)).features[kept]


@lru_cache(maxsize=4)
def _unseen(key: Key, without: tuple[int, ...]) -> Tensor:
    """How far each test image is from the nearest training image."""
    test = reference.test_images(key.images())
    return nearest(reference.seen(test, torch.device(key.device)).features, _train(key, without))[0]


@lru_cache(maxsize=4)
def _floor(n: int, key: Key) -> dict[str, Estimate]:
    """The scores of n training images drawn once for all, which are then not part of the training set for `copying`."""
    data, device = key.images(), torch.device(key.device)
    some, _ = reference.floor_index(n, data)
    x, fake = reference.real_images(data, some), reference.seen(data, device).at(some)
    return scoring.measured(_sets(x, fake, reference.against(n, data, device), key, tuple(some.tolist())))
