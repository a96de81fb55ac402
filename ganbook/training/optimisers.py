"""The optimisers of a recipe, which are PyTorch's own: built for a network, and put into words."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from ganbook.base.description import described
from ganbook.base.errors import InputError

# What updates all parameters in one fused kernel, and where, in PyTorch 2.4, the oldest that we support. SGD has such a
# kernel as well; its recipes were trained without, and their bits would change.
FUSED, FUSED_ON = (Adam, AdamW), ("cpu", "cuda")


def build(opt: Callable[[Iterable[nn.Parameter]], Optimizer], network: nn.Module) -> Optimizer:
    """Return `opt(network.parameters())`, for Adam and AdamW with the fused kernel where the device has one.

    A partial that sets `fused`, `foreach` or `differentiable` itself is left alone.
    Raises InputError if `opt` is an optimiser already, or makes none.
    """
    params = list(network.parameters())
    chosen = {"fused", "foreach", "differentiable"} & set(getattr(opt, "keywords", {}))
    able = getattr(opt, "func", opt) in FUSED and all(p.device.type in FUSED_ON for p in params)
    built = None
    if callable(opt):
        fused: dict[str, Any] = {"fused": True} if able and not chosen else {}
        built = opt(params, **fused)
    if not isinstance(built, Optimizer):
        what = f"{described(opt)}, which gives none" if callable(opt) else f"a {type(opt).__name__}"
        raise InputError(
            "Expected as optimiser of a recipe a function of the parameters, such as partial(torch.optim.Adam, "
            f"lr=2e-4), got {what}."
        )
    return built


def settings(optimiser: Optimizer | None) -> str:
    """Return the class of an optimiser, its rate, betas and momentum, and what else is not as its class has it."""
    if optimiser is None:
        return "None"
    usual = {name: p.default for name, p in inspect.signature(type(optimiser)).parameters.items()}
    shown = {
        name: value
        for name, value in optimiser.defaults.items()
        if name in ("lr", "betas", "momentum") or (name in usual and name != "fused" and value != usual[name])
    }
    return f"{type(optimiser).__name__}({', '.join(f'{name}={described(value)}' for name, value in shown.items())})"
