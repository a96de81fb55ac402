"""One training by several processes: each takes its part of every minibatch, and their gradients are averaged.

`torchrun --nproc-per-node=2 -m ganbook train ...` starts, numbers and ends the processes, called ranks; they speak
through torch.distributed, over gloo between CPUs and NCCL between GPUs. In a process that works alone each function
here gives back what it was given, so what is written for one process runs on many.

All ranks together do what one process does: its batch of m is shared out among them, and noise, data and the draws of
an objective are the parts of what it would draw. Three things are not the same. Dropout masks are drawn by each rank
for itself. A layer that looks at a whole batch sees the rank's part of it only: BatchNorm, for which PyTorch has
SyncBatchNorm on GPUs, and the layers of ganbook.models.minibatch. And sums are taken in another order, which rounds
differently.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar, overload

import torch
import torch.distributed as dist
from torch import Tensor

from ganbook.base.devices import choose, of_rank
from ganbook.base.errors import GanbookError, InputError, LostError

T = TypeVar("T")


def count() -> int:
    """Return how many processes train together: 1 outside `joined`."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process, from 0. Rank 0 writes the files and does the talking."""
    return dist.get_rank() if count() > 1 else 0


@contextmanager
def joined(name: str = "auto") -> Iterator[torch.device]:
    """Within the block the processes that torchrun started are one group; gives the device for this one to compute on.

    name: see ganbook.base.devices.choose, and of_rank for several processes on one machine.
    Without torchrun there is nothing to join, and within the block nothing more. Once it is left, the same processes
    cannot meet again.

    Raises InputError for a device that is missing or that ranks cannot share work on, LostError if the others are not
    found.
    """
    several = _started_by_torchrun()
    device = of_rank(name, int(os.environ.get("LOCAL_RANK", 0))) if several else choose(name)
    if not several or count() > 1:
        yield device
        return
    with _speaking():
        dist.init_process_group("gloo" if device.type == "cpu" else "cpu:gloo,cuda:nccl")
    try:
        anyone(False)  # all have arrived before one of them can leave
        yield device
    finally:
        dist.destroy_process_group()


def _started_by_torchrun() -> bool:
    """Say whether this is one of several processes. Raises InputError if only a part of what torchrun sets is set."""
    world = os.environ.get("WORLD_SIZE", "1")
    if world == "1":
        return False
    missing = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    numbers = [world, os.environ.get("RANK", ""), os.environ.get("LOCAL_RANK", "0")]
    if missing or not all(map(str.isdigit, numbers)):
        raise InputError(
            f"WORLD_SIZE is {world!r}, as if this were one of several processes, and torchrun did not start it"
            f"{': ' + ', '.join(missing) + ' not set' if missing else ''}. Start all with torchrun --nproc-per-node N "
            "-m ganbook train ..., or unset WORLD_SIZE to train in one process."
        )
    return int(world) > 1


def part(m: int) -> int:
    """Return how many of m samples are this rank's. Raises InputError if they cannot be shared out evenly."""
    if m % count():
        raise InputError(
            f"A batch of {m} cannot be shared out evenly among {count()} ranks. Start a number that divides it."
        )
    return m // count()


@overload
def local_shard(whole: Tensor) -> Tensor: ...
@overload
def local_shard(whole: None) -> None: ...


def local_shard(whole: Tensor | None) -> Tensor | None:
    """Return this rank's part (m / count(), ...) of a whole minibatch (m, ...); of None, which labels may be, None."""
    if whole is None:
        return None
    n = part(len(whole))
    return whole[rank() * n : (rank() + 1) * n]


def shared_draw(draw: Callable[..., Tensor], shape: Sequence[int], device: torch.device) -> Tensor:
    """Return `draw(shape)`, for instance of torch.rand: rank 0 draws for all, (count() * n, ...), and deals it out.

    For draws from torch's global generator, of which each rank has its own once dropout has drawn from it.
    """
    whole = draw(count() * shape[0], *shape[1:], device=device)
    if count() > 1:
        with _speaking():
            dist.broadcast(whole, src=0)
    return local_shard(whole)


def own(name: str) -> str:
    """Return `name` on rank 0 and another elsewhere: for draws (ganbook.base.seeds) that ranks must not have in
    common."""
    return f"{name} of rank {rank()}" if rank() else name


def average(tensors: Iterable[Tensor]) -> None:
    """Replace each of `tensors` by its mean over the ranks, in place; all travel in one message."""
    if count() == 1:
        return
    tensors = list(tensors)
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    with _speaking():
        dist.all_reduce(flat)  # the sum, in the same order on every rank: they stay equal bit for bit
    flat /= count()
    for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors])):
        tensor.copy_(mean.view(tensor.shape))


def anyone(wish: bool) -> bool:
    """Say whether at least one rank has this wish: the same answer on all."""
    if count() == 1:
        return wish
    votes = torch.tensor(int(wish))
    with _speaking():
        dist.all_reduce(votes)
    return bool(votes)


def shared(look: Callable[[], T]) -> T:
    """Return, on every rank, what `look()` gives on rank 0, which alone calls it; a GanbookError is raised on all."""
    if count() == 1:
        return look()
    box: list = [None]
    if rank() == 0:
        try:
            box = [look()]
        except GanbookError as error:
            box = [error]
    with _speaking():
        dist.broadcast_object_list(box, src=0)
    if isinstance(box[0], GanbookError):
        raise box[0]
    return box[0]


@contextmanager
def _speaking() -> Iterator[None]:
    """Turn what torch.distributed says when the other side is gone into a sentence."""
    try:
        yield
    except RuntimeError as error:
        raise LostError(
            f"Another process of this training has ended or cannot be reached ({str(error).splitlines()[0][:200]}). "
            "No step can be made without it. The last checkpoint is whole: continue from there with --resume."
        ) from error
