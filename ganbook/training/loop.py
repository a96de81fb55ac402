"""Algorithm 1 of Goodfellow et al. (2014), as a generator: `for record in train(...)`."""

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ganbook.base import distributed, seeds, validate
from ganbook.base.distributed import local_shard
from ganbook.base.errors import DivergedError, InputError, warn
from ganbook.data import Data
from ganbook.models import device_of, with_labels
from ganbook.objectives import Objective
from ganbook.training import first_look, scheduling
from ganbook.training.minibatches import minibatches

CHECK_EVERY = 100  # steps between two looks whether the losses are finite; a look makes a GPU wait
Entries = dict[str, Tensor]  # what an objective gives for a player: scalars by name, one of them "loss"
Modes = list[tuple[nn.Module, bool]]  # layers, and for each whether it is in training mode


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


class Training(Iterator[Record]):
    """What `train` returns: a step is made whenever the next Record is asked for, and no step before.

    `for record in train(...)` makes all of them, `next` one; leaving the loop leaves the networks as they are then.
    Warns if it is thrown away before its first step: nothing was trained.
    """

    def __init__(self, records: Generator[Record, None, None], steps: int) -> None:
        self.steps = steps
        self.made = 0
        self._records = records
        self._used = False

    def __next__(self) -> Record:
        self._used = True
        record = next(self._records)
        self.made += 1
        return record

    def close(self) -> None:
        """Make no more steps."""
        self._used = True
        self._records.close()

    def __repr__(self) -> str:
        if self.made == self.steps:
            return f"<a training of {self.steps} steps, all made>"
        made = self.made or "none"
        return f"<a training of {self.steps} steps, {made} made so far; to make them: for record in train(...): ...>"

    def __del__(self) -> None:
        if self.steps and not self._used and not sys.is_finalizing():
            warn(
                "train(...) was called and no record taken from it, so nothing was trained. A step is made when its "
                "record is asked for: for record in train(...): ..."
            )


def update(optimiser: Optimizer, loss: Tensor) -> None:
    """Move the parameters that `optimiser` holds one step down the gradient of `loss`.

    Only these parameters are differentiated: no gradient is left in the other network, and none is computed in vain.
    Ranks that train together (ganbook.base.distributed) all step down the mean of their gradients.

    Raises InputError, before it moves anything, if the loss is not one number, or does not depend on any of them.

    >>> import torch
    >>> from ganbook import update
    >>> w = torch.tensor([3.0], requires_grad=True)
    >>> update(torch.optim.SGD([w], lr=0.5), (w**2).sum())
    >>> w.tolist()  # 3 - 0.5 * 2 * 3
    [0.0]
    """
    if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.requires_grad:
        got = f"a tensor {tuple(loss.shape)}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        without = " without one" if isinstance(loss, Tensor) and not loss.requires_grad else ""
        raise InputError(
            f"Expected a loss that is one number and has a gradient, got {got}{without}. Take its mean; do not detach "
            "what it is computed from."
        )
    params = [p for group in optimiser.param_groups for p in group["params"] if p.requires_grad]
    optimiser.zero_grad()  # gradients add up from call to call; this one starts from nothing
    if params:  # with none, backward would ask all that the loss depends on
        loss.backward(inputs=params)
    if all(p.grad is None for p in params):
        raise InputError(
            "Expected a loss that depends on parameters of its optimiser, got one that depends on none of them: "
            "something between them was detached, or the optimiser holds those of another network."
        )
    distributed.average(p.grad for p in params if p.grad is not None)
    optimiser.step()


def train(
    G: nn.Module,
    D: nn.Module,
    objective: Objective,
    data: Data | Iterable,
    *,
    opt_g: Optimizer | None,
    opt_d: Optimizer,
    steps: int,
    m: int | None = None,
    k: int = 1,
    seed: int = 0,
    start: int = 0,
    reuse_fakes: bool = False,
    schedule: Callable[[int], Mapping[str, float]] | None = None,
) -> Training:
    """Train `G` and `D` in turn and give a Record after each step: Algorithm 1 of Goodfellow et al. (2014).

    Nothing is trained by the call itself: a step is made when its record is asked for, see Training. The networks
    change in place, on the device where D's parameters are. The comments in quotation marks are the lines of
    Algorithm 1.

    G, D: a network that takes labels has a forward with an argument y and is given those of the data.
    objective: an object with the methods discriminator and generator, see ganbook.objectives.Objective.
    data: has a method batches(m, seed=, start=), as ganbook.Digits() and ganbook.Images(...) have; or is an iterable of
        minibatches x (m, ...) or (x, y), such as a DataLoader, which is started again at the end of each epoch, may end
        an epoch with a short minibatch, and cannot be continued exactly: with start > 0 its images begin anew.
    opt_g: holds parameters of G, all or some. None leaves G as it is, to train D alone. opt_d: the same for D.
    steps: how many steps (updates of G) to make; an epoch of n images has n // (m * k) of them.
    m: images in a minibatch, which ranks that train together share out; may be left out for an iterable, which has its
        own. k: updates of D for each update of G.
    seed, start: step s draws the same data, noise and dropout for the same seed, whatever happened before; so
        `start=s` continues a run after step s exactly (see ganbook.training.run for the rest of its state).
    reuse_fakes: G is updated on the fakes that D was just updated on, instead of on fresh ones. Saves one pass
        through G a step, about a quarter of the time of a DCGAN; Algorithm 1 draws fresh noise.
    schedule: called with the number of each step, from 1, gives the settings that it is to be made with: `lr`, a factor
        of both learning rates, `beta_2`, or a field of the objective; see ganbook.training.scheduling. The same for
        every step, where nothing is given.

    Looking never changes a training: each step begins with every layer in the mode in which it was when `train` was
    called, and with random generators of its own, so between two steps G and D may be put in evaluation mode and
    anything may be drawn. A network that comes in evaluation mode is put in training mode as a whole; a layer that is
    in evaluation mode in a network that is not, such as a BatchNorm frozen on purpose, stays so.

    The same seed gives the same bits on the same machine, with the same versions, on the CPU with the same number of
    threads (torch.get_num_threads). Another number may add in another order, and what that rounds away all later steps
    inherit. On a GPU some of PyTorch's operations add in an order that differs from run to run, which
    torch.use_deterministic_algorithms(True) forbids. Compiled networks and several ranks round differently, too.

    Raises InputError, at the call or at the first step, if data, networks, optimisers and objective do not fit or a
    number is out of range; DivergedError within 100 steps of a loss that is not a finite number. Warns, with a
    GanbookWarning, at the first step of what is almost surely a mistake: images scaled to [0, 1], a D that ends in a
    sigmoid.

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
    first_look.players(G, D, opt_g, opt_d, objective)
    steps = validate.whole(0, "steps", steps)
    k = validate.whole(1, "k", k)
    start = validate.whole(0, "start", start)
    seed = validate.whole(None, "seed", seed)
    device = device_of(D)
    batches = minibatches(data, m, seed=seed, start=start * k, needed=steps * k, device=device)
    batches = first_look.labels(G, D, data, batches)
    modes = training_modes(G, D)

    images: int | None = None  # real images seen, once there was a minibatch

    def shards() -> Iterator[tuple[int, Tensor, Tensor | None]]:
        """The size of each minibatch, and what of it is this rank's: all, unless several train together."""
        nonlocal images
        for x, y in batches:
            n = len(x)
            images = (start * k * n if images is None else images) + n
            yield n, local_shard(x), local_shard(y)

    minibatch = shards()

    def algorithm_1(objective: Objective, noise: Callable[[int], Tensor]) -> tuple[Entries, Entries]:
        for _ in range(k):  # "for k steps do"
            n, x, y = next(minibatch)  # "sample minibatch of m examples from data generating distribution"
            g_of, critic = with_labels(G, y), with_labels(D, y)  # the networks, unless they take labels
            z = noise(n)  # "sample minibatch of m noise samples"
            with torch.set_grad_enabled(reuse_fakes):
                x_fake = g_of(z)
            d = objective.discriminator(critic, x, x_fake.detach())
            update(opt_d, d["loss"])  # "update the discriminator by ascending its stochastic gradient"
        if opt_g is None:
            return d, {}
        if not reuse_fakes:
            z = noise(n)  # "sample minibatch of m noise samples"
            x_fake = g_of(z)
        g = objective.generator(critic, x, x_fake)
        update(opt_g, g["loss"])  # "update the generator by descending its stochastic gradient"
        return d, g

    def records() -> Generator[Record, None, None]:
        health = torch.zeros((), device=device)  # the sum of all losses: one that is not finite makes it so for good
        for step in range(start + 1, start + steps + 1):
            put_in(modes)
            play = scheduling.put(schedule(step), objective, (opt_g, opt_d)) if schedule else objective
            looked_at = first_look.Looked(play, images=step == start + 1)
            rng = seeds.generator("noise", seed, step, device=device)
            normal = partial(torch.randn, generator=rng, device=device)
            draws = seeds.global_draws(distributed.own("dropout"), seed, step, device=device)
            with draws, torch.enable_grad(), first_look.step(D, first=step == start + 1):
                d, g = algorithm_1(looked_at, lambda n: local_shard(normal(n, G.z_dim)))  # noqa: B023  called here only
            values = {
                f"{player}_{name}": value.detach().reshape(())
                for player, entries in (("d", d), ("g", g))
                for name, value in entries.items()
            }
            distributed.average(values.values())
            health += values["d_loss"] + values.get("g_loss", 0.0)
            if (step % CHECK_EVERY == 0 or step == start + steps) and not health.isfinite():
                raise DivergedError(
                    f"A loss stopped being a finite number between step {max(step - CHECK_EVERY, start) + 1} and "
                    f"{step}. The networks are beyond repair: go back to a checkpoint or start again, with a lower "
                    "learning rate."
                )
            yield Record(step, images or 0, values)

    return Training(records(), steps)


def training_modes(*networks: nn.Module) -> Modes:
    """Put networks that are in evaluation mode in training mode; return every layer with the mode to train it in.

    A layer in evaluation mode within a network in training mode was put there on purpose, and stays there.
    """
    for network in networks:
        if not network.training:
            network.train()
    return [(module, module.training) for network in networks for module in network.modules()]


def put_in(modes: Modes) -> None:
    """Put every layer in its mode again, whatever was done to it since `training_modes`."""
    for module, training in modes:
        if module.training != training:
            module.training = training
