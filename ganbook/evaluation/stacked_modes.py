"""How many of Stacked MNIST's 1000 modes a generator reaches, by the protocol of the literature."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganbook.base import validate
from ganbook.data import Digits, Stacked
from ganbook.evaluation.judge import at_judges_size, judged
from ganbook.evaluation.reference import in_range, judge_on
from ganbook.metrics.classes import class_shares, kl, modes
from ganbook.models.sampling import sample

N = 26_000  # samples, as in Srivastava et al. (2017), section 4.1, and Lin et al. (2018), section 4.2
MODES = 1000


class ModeCount(NamedTuple):
    """modes: how many of the 1000 have at least one sample. kl: KL(samples' modes || uniform), in nats. n: samples."""

    modes: int
    kl: float
    n: int


def names(x: Tensor) -> Tensor:
    """Return the mode (n,) of images x (n, 3, h, w) in [-1, 1]: 100 r + 10 g + b for the digits that the judge names.

    The judge (ganbook.evaluation.judge) sees each channel by itself, enlarged or reduced to its 28x28.
    Raises InputError if x is something else.
    """
    x = in_range(validate.images(x, 3))
    judge = judge_on(str(x.device))
    digits = torch.stack(
        [judged(judge, at_judges_size(channel))[1].argmax(1) for channel in x.split(1, dim=1)]
    )  # (3, n)
    return (digits * torch.tensor([[100], [10], [1]], device=x.device)).sum(0)


def count(x: Tensor) -> ModeCount:
    """Count the modes of images x (n, 3, h, w) in [-1, 1]. Raises InputError if x is something else."""
    y = names(x)
    uniform = torch.full((MODES,), 1 / MODES)
    return ModeCount(modes(y, MODES, least=0.0), kl(class_shares(y.cpu(), MODES), uniform), len(x))


def evaluate_stacked(G: nn.Module, *, n: int = N, seed: int = 1) -> tuple[ModeCount, ModeCount]:
    """Count the modes of n samples of `G` for the noise of `seed`; and, beside it, of n real stacked images.

    The real ones are the floor: the judge errs now and then, and n images drawn from 1000 equal modes are not equal.
    """
    size = sample(G, 1).shape[-1]
    real, _ = next(Stacked(Digits("test", size=size)).batches(n, seed=seed))
    x = sample(G, n, seed=seed)
    return count(x), count(real.to(x.device))
