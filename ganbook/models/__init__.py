"""Networks, one family a file; each file has a Generator and a Discriminator, or one network that needs no opponent.

A Generator maps noise z (m, z_dim) to images in [-1, 1]. It is an `OfNoise`, which has the attribute `z_dim`. A
Discriminator maps images to logits (m,): the sigmoid that makes a probability of them belongs to the objective. A
conditional network takes labels y (m,) as the argument `y` of its forward and says how many it knows by its attribute
`classes`. A network without an opponent (vae, diffusion) is a Generator that also has a method loss(x), which returns a
dict whose "loss" is minimised.
"""

import inspect
import itertools
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.base import validate
from ganbook.base.errors import InputError

WRAPS = ("_orig_mod", "module", "network")  # where torch.compile, AveragedModel and BFloat16 keep the wrapped network


class OfNoise(nn.Module):
    """A network of noise z (..., z_dim), such as a Generator, that says so when it is called with another width.

    Raises InputError if z_dim is not a whole number of 1 or more, and when z has another width or is no tensor. The
    look is a hook before `forward`, so a network is written as without it.
    """

    def __init__(self, z_dim: int) -> None:
        super().__init__()
        self.z_dim = validate.whole(1, "z_dim", z_dim)
        self.register_forward_pre_hook(_look_at_noise, with_kwargs=True)


def _look_at_noise(G: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Say so unless G is called with noise of its width; G(), which has none, is left to Python."""
    z = args[0] if args else named.get("z")
    if not isinstance(z, Tensor):
        if z is not None:
            raise InputError(f"Expected noise z (m, {G.z_dim}), a tensor, got {validate.got(z)}.")
    elif z.shape[-1:] != (G.z_dim,):
        raise InputError(
            f"Expected noise z (m, {G.z_dim}), got {tuple(z.shape)}. Draw it with torch.randn(m, {G.z_dim}), or build "
            "the generator with another z_dim."
        )


def parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters of `network`."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def device_of(network: nn.Module) -> torch.device:
    """Return the device of the first parameter or buffer of `network`, and the CPU if it has neither."""
    return next(itertools.chain(network.parameters(), network.buffers()), torch.empty(0)).device


def takes_labels(network: nn.Module) -> bool:
    """Say whether `network` takes labels: its forward has a parameter called y.

    A wrapper, whose forward passes on whatever it is given, takes what the network in it takes.
    Raises InputError if forward needs a second argument and it is not called y.
    """
    arguments, passes_on = _arguments(type(network).forward)
    if "y" in arguments:
        return True
    if passes_on:
        return any(takes_labels(inner) for name, inner in network.named_children() if name in WRAPS)
    if len(arguments) > 1:
        raise InputError(
            f"Expected a forward that takes noise or images, and labels as an argument called y, got one of "
            f"{type(network).__name__} with the arguments {', '.join(arguments)}. Rename the one for the labels to y."
        )
    return False


@cache
def _arguments(forward: Callable) -> tuple[tuple[str, ...], bool]:
    """The names of the arguments that a forward needs, and y; and whether it takes any number of others."""
    _, *given = inspect.signature(forward).parameters.values()  # all but self
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in given if p.kind not in variable and (p.default is p.empty or p.name == "y")]
    return tuple(needed), any(p.kind in variable for p in given)


def with_labels(network: nn.Module, y: Tensor | None) -> Callable[[Tensor], Tensor]:
    """Return `network` as a function of its noise or images alone: labels y (m,) are filled in if it takes labels."""
    return partial(network, y=y) if takes_labels(network) else network
