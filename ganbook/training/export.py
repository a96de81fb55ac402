"""A trained generator for use elsewhere, in the format safetensors, which holds tensors and no code.

In any program with PyTorch, `recipe.networks` or your own class builds the network and two lines fill it:

    from safetensors.torch import load_file
    G.load_state_dict(load_file("g.safetensors"))
"""

import json
from pathlib import Path
from typing import Protocol

from torch import nn

from ganbook.base.errors import DivergedError
from ganbook.base.files import replace
from ganbook.training.recipes import Recipe


class Sampled(Protocol):
    """A training, or networks that were trained: what a Run and a stored network have in common."""

    @property
    def recipe(self) -> Recipe: ...
    @property
    def seed(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def sampler(self) -> nn.Module: ...


def export(network: Sampled, path: str | Path) -> None:
    """Write the generator to sample from (the average of G where the recipe keeps one) to `path`, whole or not at all.

    The tensors have the names of G's state_dict. The metadata, all strings, are the recipe as JSON, seed and step.
    Raises DivergedError if a weight is not a finite number, InputError if the folder cannot be written to.
    """
    from safetensors.torch import save  # not for those who only train

    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in network.sampler.state_dict().items()}
    if not all(value.isfinite().all() for value in tensors.values()):
        raise DivergedError(f"Step {network.step}: a weight is not a finite number, so nothing was written to {path}.")
    about = {"recipe": json.dumps(network.recipe.describe()), "seed": str(network.seed), "step": str(network.step)}
    with replace(path) as file:
        file.write(save(tensors, metadata={"format": "pt", **about}))
