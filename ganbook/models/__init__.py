"""Networks, one family a file; each file has a Generator and a Discriminator.

A Generator maps noise z (m, z_dim) to images in [-1, 1] and has the attribute `z_dim`. A Discriminator maps images
to logits (m,): the sigmoid that makes a probability of them belongs to the objective.
"""

from torch import nn


def parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters of `network`."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
