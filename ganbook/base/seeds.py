"""Randomness by address: every draw of a training belongs to a seed and a counter, not to what was drawn before.

Step 700 of seed 3 draws the same noise whether the run was interrupted, samples were looked at, or nothing happened
in between. So a checkpoint needs the seed and the step, and no state of any random generator.
"""

import hashlib
import operator
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from ganbook.base import validate
from ganbook.base.errors import InputError


def address(*parts: int | str) -> int:
    """Mix `parts` (say "noise", seed, step) into one seed of 32 bits, which is what torch's CPU generator takes in.

    A whole number is the same address in every type: 3, numpy.int64(3), torch.tensor(3).
    Raises InputError for a part that is neither a whole number nor a string, as a seed of 1.5 would be.
    """
    plain = tuple(map(_plain, parts))
    return int.from_bytes(hashlib.blake2b(repr(plain).encode(), digest_size=4).digest(), "big")


def _plain(part: int | str) -> int | str:
    if isinstance(part, str):
        return str(part)
    try:
        return operator.index(part)
    except TypeError:
        raise InputError(f"Expected a seed that is a whole number, such as seed=3, got {validate.got(part)}.") from None


def generator(*parts: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a fresh generator on `device` that starts at the address `parts`."""
    return torch.Generator(device).manual_seed(address(*parts))


@contextmanager
def global_draws(*parts: int | str, device: torch.device) -> Iterator[None]:
    """Within the block, layers that draw from torch's global generator (dropout) start at the address `parts`.

    The global generator of `device`, of this GPU where there are several, is put back afterwards: the block neither
    disturbs nor is disturbed.
    """
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device())
    module = torch.random if device.type == "cpu" else getattr(torch, device.type)
    # torch.manual_seed would also queue a seed for every absent GPU, at a cost that grows with each call.
    manual_seed = torch.default_generator.manual_seed if device.type == "cpu" else module.manual_seed
    start = address(*parts)
    with _current(device):
        state = module.get_rng_state()
    try:
        with _current(device):
            manual_seed(start)
        yield
    finally:
        with _current(device):
            module.set_rng_state(state)


def _current(device: torch.device) -> AbstractContextManager:
    """Within the block `device` is the one that torch.cuda speaks of, whose functions take no other."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()
