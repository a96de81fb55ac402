"""Networks, one family a file; each file has a Generator and a Discriminator, or one network that needs no opponent.

A Generator maps noise z (m, z_dim) to images in [-1, 1] and has the attribute `z_dim`. A Discriminator maps images
to logits (m,): the sigmoid that makes a probability of them belongs to the objective. A conditional network takes
labels y (m,) as a second argument and says how many it knows by its attribute `classes`. A network without an opponent
(vae, diffusion) is a Generator that also has a method loss(x), which returns a dict whose "loss" is minimised.
"""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn


def parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters of `network`."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def with_labels(network: nn.Module, y: Tensor) -> Callable[[Tensor], Tensor]:
    """Return `network` as a function of its noise or images alone: labels y (m,) are filled in if it takes labels."""
    return partial(network, y=y) if hasattr(network, "classes") else network
