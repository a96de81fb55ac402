"""How long the gradient of each layer is: zero, missing and exploding gradients, by name."""

import math

from torch import nn


def gradient_norms(net: nn.Module) -> dict[str, float]:
    """Return the Euclidean norm of the gradient of every parameter of `net`, by the parameter's name.

    The gradients are those that the last `backward` left: in a training loop, those of the player's last update.
    A parameter without a gradient (never reached by `backward`) gives NaN, which is not the same as 0.
    """
    return {name: math.nan if p.grad is None else float(p.grad.norm()) for name, p in net.named_parameters()}
