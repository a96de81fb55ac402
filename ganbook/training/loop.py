"""Algorithm 1 of Goodfellow et al. (2014), as a generator: `for record in train(...)`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ganbook.base import distributed, seeds, validate
from ganbook.base.distributed import local_shard
from ganbook.base.errors import DivergedError, InputError
from ganbook.data import Data
from ganbook.models import with_labels
from ganbook.objectives import Objective

CHECK_EVERY = 100  # steps between two looks whether the losses are finite; a look makes a GPU wait


@dataclass(frozen=True)
class Record:
    """What happened in one step: the number of the step, the real images seen so far, and scalars by name.

    The names are those of the objective's entries with the player before them: d_loss, d_real, d_fake, g_loss, ...
    `record["d_loss"]` reads one as a float; only reading makes a GPU finish its work. A name that is not there raises
    KeyError. Of ranks that train together all have the same record: images of all of them, and means over their
    scalars.

    >>> import torch
    >>> from ganbook import Record
    >>> values = {"d_loss": torch.tensor(1.25)}
    >>> record = Record(step=3, images=96, values=values)
    >>> record["d_loss"]
    1.25
    >>> record.row()
    {'step': 3, 'images': 96, 'd_loss': 1.25}
    """

    step: int
    images: int
    values: Mapping[str, Tensor]

    def __getitem__(self, name: str) -> float:
        return float(self.values[name])

    def row(self) -> dict[str, float]:
        """Return the whole record as plain numbers, ready for JSON or a table."""
        return {"step": self.step, "images": self.images, **{name: self[name] for name in self.values}}


def update(optimiser: Optimizer, loss: Tensor) -> None:
    """Move the parameters that `optimiser` holds one step down the gradient of `loss`.

    Only these parameters are differentiated: no gradient is left in the other network, and none is computed in vain.
    Ranks that train together (ganbook.base.distributed) all step down the mean of their gradients.

    Raises InputError if the loss is not one number, or does not depend on any parameter.

    >>> import torch
    >>> from ganbook import update
    >>> w = torch.tensor([3.0], requires_grad=True)
    >>> update(torch.optim.SGD([w], lr=0.5), (w**2).sum())
    >>> w.tolist()  # 3 - 0.5 * 2 * 3
    [0.0]
    """
    if loss.numel() != 1 or not loss.requires_grad:
        raise InputError(
            f"Expected a loss that is one number and has a gradient, got {tuple(loss.shape)}"
            f"{'' if loss.requires_grad else ' without one'}. Take its mean; do not detach what it is computed from."
        )
    params = [p for group in optimiser.param_groups for p in group["params"]]
    optimiser.zero_grad()  # gradients add up from call to call; this one starts from nothing
    loss.backward(inputs=params)
    distributed.average(p.grad for p in params if p.grad is not None)
    optimiser.step()


def train(
    G: nn.Module,
    D: nn.Module,
    objective: Objective,
    data: Data,
    *,
    opt_g: Optimizer | None,
    opt_d: Optimizer,
    steps: int,
    m: int,
    k: int = 1,
    seed: int = 0,
    start: int = 0,
    reuse_fakes: bool = False,
) -> Iterator[Record]:
    """Train `G` and `D` in turn and give a Record after each step: Algorithm 1 of Goodfellow et al. (2014).

    The networks change in place, on the device where D's parameters are. The comments in quotation marks are the lines
    of Algorithm 1.

    steps: how many steps (updates of G) to make; an epoch of n images has n // (m * k) of them.
    m: images in a minibatch, which ranks that train together share out. k: updates of D for each update of G.
    opt_g: None leaves G as it is, to train D alone.
    seed, start: step s draws the same data, noise and dropout for the same seed, whatever happened before; so
        `start=s` continues a run after step s exactly (see ganbook.training.run for the rest of its state).
    reuse_fakes: G is updated on the fakes that D was just updated on, instead of on fresh ones. Saves one pass
        through G a step, about a quarter of the time of a DCGAN; Algorithm 1 draws fresh noise.

    The same seed gives the same bits on the same machine, with the same versions, on the CPU with the same number of
    threads (torch.get_num_threads). Another number may add in another order, and what that rounds away all later steps
    inherit. On a GPU some of PyTorch's operations add in an order that differs from run to run, which
    torch.use_deterministic_algorithms(True) forbids. Compiled networks and several ranks round differently, too.

    Raises InputError at the first step if data and networks do not fit or a number is out of range, DivergedError
    within 100 steps of a loss that is not a finite number.

    >>> import torch
    >>> from ganbook import Digits, train
    >>> from ganbook.models import mlp
    >>> from ganbook.objectives import NonSaturating
    >>> G, D = mlp.Generator(), mlp.Discriminator()
    >>> opt_g = torch.optim.Adam(G.parameters(), lr=2e-4)
    >>> opt_d = torch.optim.Adam(D.parameters(), lr=2e-4)
    >>> records = train(
    ...     G, D, NonSaturating(), Digits("test"),
    ...     opt_g=opt_g, opt_d=opt_d, steps=3, m=32,
    ... )
    >>> for record in records:
    ...     print(f"step {record.step}, {record.images} real images seen")
    step 1, 32 real images seen
    step 2, 64 real images seen
    step 3, 96 real images seen
    >>> 0 < record["d_loss"] < 10
    True
    """
    for least, name, number in ((0, "steps", steps), (1, "m", m), (1, "k", k), (0, "start", start)):
        validate.at_least(least, name, number)
    validate.generator(G)
    device = next(D.parameters()).device
    batches = data.batches(m, seed=seed, start=start * k)
    health = torch.zeros((), device=device)  # the sum of all losses: one that is not finite makes it so for good
    G.train(), D.train()
    for step in range(start + 1, start + steps + 1):
        rng = seeds.generator("noise", seed, step, device=device)
        with seeds.global_draws(distributed.own("dropout"), seed, step, device=device):
            for _ in range(k):  # "for k steps do"
                z = torch.randn(m, G.z_dim, generator=rng, device=device)  # "sample minibatch of m noise samples"
                x, y = next(batches)  # "sample minibatch of m examples from data generating distribution"
                z, x, y = map(local_shard, (z, x, y))  # all of it, unless other ranks take their parts
                g_of, critic = with_labels(G, y), with_labels(D, y)  # the networks themselves, unless they take labels
                with torch.set_grad_enabled(reuse_fakes):
                    x_fake = g_of(z)
                if step == start + 1:
                    _check(x, x_fake)
                d = objective.discriminator(critic, x, x_fake.detach())
                update(opt_d, d["loss"])  # "update the discriminator by ascending its stochastic gradient"
            g = {}
            if opt_g is not None:
                if not reuse_fakes:
                    z = torch.randn(m, G.z_dim, generator=rng, device=device)  # "sample minibatch of m noise samples"
                    x_fake = g_of(local_shard(z))
                g = objective.generator(critic, x, x_fake)
                update(opt_g, g["loss"])  # "update the generator by descending its stochastic gradient"
        values = {
            f"{player}_{name}": v.detach() for player, scalars in (("d", d), ("g", g)) for name, v in scalars.items()
        }
        distributed.average(values.values())
        health += values["d_loss"] + values.get("g_loss", 0.0)
        if (step % CHECK_EVERY == 0 or step == start + steps) and not health.isfinite():
            raise DivergedError(
                f"A loss stopped being a finite number between step {max(step - CHECK_EVERY, start) + 1} and {step}. "
                "The networks are beyond repair: go back to a checkpoint or start again, with a lower learning rate."
            )
        yield Record(step, step * m * k, values)


def _check(x: Tensor, x_fake: Tensor) -> None:
    """Say at the first step what would otherwise surface as an obscure error, or as digits that never get good."""
    if x.shape != x_fake.shape:
        raise InputError(
            f"The data are {tuple(x.shape)} and G makes {tuple(x_fake.shape)}. Choose the size of the data or of G so "
            "that both are the same."
        )
    if x.dtype != x_fake.dtype or x.device != x_fake.device:
        raise InputError(
            f"The data are {x.dtype} on {x.device}, G makes {x_fake.dtype} on {x_fake.device}. Both must be the same."
        )
    if not x.isfinite().all():
        raise InputError("Expected data that are finite numbers, got NaN or infinity in the first minibatch.")
    if x.ndim == 4 and (x.min() < -1 or x.max() > 1):
        raise InputError(
            f"Expected images in [-1, 1], the range of G's tanh; the data run from {x.min():.3g} to {x.max():.3g}. "
            "Scale them: x / 127.5 - 1 for bytes, 2 x - 1 for [0, 1]."
        )
