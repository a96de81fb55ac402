"""Randomness by address: every draw of a training belongs to a seed and a counter, not to what was drawn before.

Step 700 of seed 3 draws the same noise whether the run was interrupted, samples were looked at, or nothing happened
in between. So a checkpoint needs the seed and the step, and no state of any random generator.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def address(*parts: int | str) -> int:
    """Mix `parts` (say "noise", seed, step) into one seed of 32 bits, which is what torch's CPU generator takes in."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=4).digest(), "big")


def generator(*parts: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a fresh generator on `device` that starts at the address `parts`."""
    return torch.Generator(device).manual_seed(address(*parts))


@contextmanager
def global_draws(*parts: int | str, device: torch.device) -> Iterator[None]:
    """Within the block, layers that draw from torch's global generator (dropout) start at the address `parts`.

    The global generator of `device` is put back afterwards: the block neither disturbs nor is disturbed.
    """
    module = torch.random if device.type == "cpu" else getattr(torch, device.type)
    state = module.get_rng_state()
    try:
        # torch.manual_seed would also queue a seed for every absent GPU, at a cost that grows with each call.
        seed = torch.default_generator.manual_seed if device.type == "cpu" else module.manual_seed
        seed(address(*parts))
        yield
    finally:
        module.set_rng_state(state)
