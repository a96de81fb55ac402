"""How steeply a critic's output changes with its input, which three papers punish in three ways."""

from collections.abc import Callable

import torch
from torch import Tensor


def squared_slope(critic: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return the squared norm of the gradient of D(x_i) with respect to x_i, for each sample: (m, ...) -> (m,).

    The norm runs over all dimensions of a sample and over no other: one number a sample. The result can be
    differentiated again with respect to D's parameters. D must treat samples one by one: with BatchNorm, D(x_i) depends
    on all of x and the gradient of the sum is no longer that of one sample (Gulrajani et al., 2017, section 4).

    Raises RuntimeError if D(x) depends on parameters that learn and the result on none of them, which is what old
    versions of torch.compile make of it without a word; newer ones raise a RuntimeError of their own.
    """
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    if not gradient.requires_grad and critic(x.detach()).requires_grad:  # by something other than x
        raise RuntimeError("the slope of D does not depend on the parameters of D")
    return gradient.flatten(1).square().sum(1)
