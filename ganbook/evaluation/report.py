"""Judge samples by every score at once, each beside what real images get: its floor."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ganbook.base import seeds, validate
from ganbook.base.errors import InputError
from ganbook.data import Digits
from ganbook.evaluation.judge import at_judges_size, judged, load
from ganbook.evaluation.synthetic import trained_on
from ganbook.metrics.classes import class_shares, kl, modes
from ganbook.metrics.frechet import frechet
from ganbook.metrics.inception import inception_score
from ganbook.metrics.kernel import kernel_distance
from ganbook.metrics.neighbours import copying, prdc
from ganbook.models.sampling import sample

# Name -> what it is called in a table, and which way is better.
SCORES = {
    "frechet": ("Fréchet distance", "lower"),
    "kernel": ("kernel distance", "lower"),
    "inception": ("Inception Score, judge's", "higher"),
    "precision": ("precision", "higher"),
    "recall": ("recall", "higher"),
    "density": ("density", "higher"),
    "coverage": ("coverage", "higher"),
    "certainty": ("judge's mean certainty", "higher"),
    "modes": ("classes drawn, of 10", "higher"),
    "class_kl": ("KL of the classes drawn", "lower"),
    "copying": ("nearer to the training set", "0.5"),
    "synthetic": ("accuracy, trained on these", "higher"),
}


@dataclass(frozen=True)
class Score:
    """One score of n samples. `floor`: the same score of n real training images that the reference does not hold.

    better: "lower", "higher", or the value to be near to. error: the standard error, where one is estimated.
    extractor: on whose features the score was taken, with the start of the hash of its weights.
    """

    value: float
    floor: float
    better: str
    n: int
    extractor: str
    error: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """All scores of n samples, by the names in SCORES; evaluation["recall"] is a value.

    shares: of each class among the samples, in the judge's opinion. size: of the samples, in pixels a side.
    accuracy: the share of the test images, brought to that size, that the judge names rightly.
    """

    scores: dict[str, Score]
    shares: list[float]
    n: int
    size: int
    extractor: str
    accuracy: float

    def __getitem__(self, name: str) -> float:
        return self.scores[name].value

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return asdict(self)

    def table(self) -> str:
        """Return the scores as lines of text."""
        resized = "" if self.size == 28 else f", enlarged from {self.size}x{self.size}"
        lines = [
            f"{self.n:,} samples against {self.n:,} test images{resized}, on the features of {self.extractor},",
            f"which is right on {self.accuracy:.2%} of these test images. Not comparable with scores on Inception.",
            "",
            f"{'':28}{'samples':>10}{'real':>12}",
        ]
        for name, score in self.scores.items():
            note = {"lower": "lower is better", "higher": "higher is better"}.get(
                score.better, "0.5: as new real images"
            )
            note = f"{note}; {score.value / score.floor:,.1f} floors" if name == "frechet" else note
            note = f"{note}; ± {score.error:.2g}" if score.error is not None else note
            lines.append(f"{SCORES[name][0]:28}{score.value:>10.4g}{score.floor:>12.4g}  {note}")
        shares = "  ".join(f"{digit}: {share:.1%}" for digit, share in enumerate(self.shares))
        return "\n".join([*lines, "", f"digits drawn  {shares}"])


def evaluate(G: nn.Module, *, n: int = 10_000, seed: int = 1) -> Evaluation:
    """Judge n samples of `G` for the noise of `seed`; see `evaluate_images`.

    G's training mode, its buffers and the global random state are left as they were.

    >>> from ganbook import GanbookError, evaluate
    >>> from ganbook.models import mlp
    >>> try:  # `evaluate(G)` judges 10,000 samples and takes a minute
    ...     evaluate(mlp.Generator(), n=50)
    ... except GanbookError as error:
    ...     print(error)
    Expected n from 100 to 10,000, the number of test images, got 50.
    """
    _check_n(n)
    return evaluate_images(sample(G, n, seed=seed))


def evaluate_images(x: Tensor) -> Evaluation:
    """Judge images x (n, 1, h, h) in [-1, 1] against n of the test images, 100 <= n <= 10,000.

    Images of another size than 28x28 are enlarged or reduced, and so are the real ones after they were brought to size
    h: both sides lose the same detail. All scores are taken on the features and the opinions of the book's judge
    (ganbook.evaluation.judge) and depend on n. They are not comparable with FID, KID or Inception Score of the
    literature.

    Raises InputError if x is not a batch of n grey, square images in that range.
    """
    x = validate.images(x, 1)
    if x.shape[2] != x.shape[3]:
        raise InputError(f"Expected grey square images x (n, 1, h, h), got {tuple(x.shape)}.")
    _check_n(len(x))
    size = x.shape[-1]
    real, fake = _real(len(x), size), _look(x)
    floor = _floor(len(x), size)
    extractor = f"judge {real.judge_sha256[:12]}"
    scores = {
        name: Score(value, floor[name][0], SCORES[name][1], len(x), extractor, error)
        for name, (value, error) in _scores(fake, real).items()
    }
    shares = class_shares(fake.p.argmax(1)).tolist()
    accuracy = float((real.test.p.argmax(1) == real.labels).double().mean())
    return Evaluation(scores, shares, len(x), size, extractor, accuracy)


class _Seen(NamedTuple):
    """Images (n, 1, 28, 28), their features (n, 128) and class probabilities (n, 10), on the CPU."""

    x: Tensor
    features: Tensor
    p: Tensor


class _Real(NamedTuple):
    """What samples are compared with: test images and their labels, and the features of the training images."""

    test: _Seen
    labels: Tensor
    train: Tensor
    judge_sha256: str


def _look(x: Tensor) -> _Seen:
    judge = load(device=x.device)
    x = at_judges_size(x)
    features, p = judged(judge, x)
    return _Seen(x.cpu(), features.cpu(), p.cpu())


def _scores(fake: _Seen, real: _Real) -> dict[str, tuple[float, float | None]]:
    """Name -> value and standard error, where there is one."""
    n, y = len(fake.x), fake.p.argmax(1)
    neighbours = prdc(real.test.features, fake.features)
    distance = kernel_distance(fake.features, real.test.features, block=min(1000, n // 10))
    return {
        "frechet": (frechet(fake.features, real.test.features), None),
        "kernel": (distance.value, distance.error),
        "inception": (inception_score(fake.p), None),
        **{name: (value, None) for name, value in neighbours._asdict().items()},
        "certainty": (float(fake.p.amax(1).double().mean()), None),
        "modes": (modes(y), None),
        "class_kl": (kl(class_shares(y), class_shares(real.labels)), None),
        "copying": (copying(fake.features, real.test.features, real.train), None),
        "synthetic": (trained_on(fake.x, y, real.test.x, real.labels), None),
    }


@lru_cache(maxsize=4)
def _real(n: int, size: int) -> _Real:
    """n test images drawn once for all, and all training images, `size` pixels wide before the judge sees them."""
    test, judge = Digits("test", size=size), load()
    some = torch.randperm(len(test), generator=seeds.generator("reference", n))[:n]
    x, labels = test[some]
    return _Real(_look(x), labels, _train(size).features, judge.sha256)


@lru_cache(maxsize=2)
def _train(size: int) -> _Seen:
    return _look(Digits("train", size=size)[:][0])


@lru_cache(maxsize=4)
def _floor(n: int, size: int) -> dict[str, tuple[float, float | None]]:
    """The scores of n training images drawn once for all, which are then not part of the training set for `copying`."""
    real, train = _real(n, size), _train(size)
    order = torch.randperm(len(train.x), generator=seeds.generator("floor", n))
    some, rest = order[:n], order[n:]
    return _scores(_Seen(*(part[some] for part in train)), real._replace(train=real.train[rest]))


def _check_n(n: int) -> None:
    if not 100 <= n <= 10_000:
        raise InputError(f"Expected n from 100 to 10,000, the number of test images, got {n}.")
