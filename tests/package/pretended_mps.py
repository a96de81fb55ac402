"""A device that has no float64, as Apple's MPS, pretended on the CPU.

Its tensors hold their values on the CPU, say that they are on "mps", and run every operation there; one that would
give float64 on the device raises the TypeError that MPS raises, and so does one that mixes them with tensors elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

MPS, STANDS_FOR = torch.device("mps"), torch.device("meta")  # PyTorch itself must know the device, so it is given meta


class OnMPS(Tensor):
    """A tensor of the pretended device; `values` holds its numbers."""

    @staticmethod
    def __new__(cls, values: Tensor) -> "OnMPS":
        return Tensor._make_wrapper_subclass(
            cls, values.shape, strides=values.stride(), dtype=values.dtype, device=STANDS_FOR
        )

    def __init__(self, values: Tensor) -> None:
        self.values_on_cpu = values

    device = property(lambda self: MPS)

    def __repr__(self) -> str:
        return f"OnMPS({self.values_on_cpu})"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


class _Dispatch(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


class _Factories(TorchFunctionMode):
    """`device=x.device` in a call, where PyTorch would look for the real MPS."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is Tensor.device.__get__:
            return func(*args)
        return func(*tree_map(_standing, args), **tree_map(_standing, kwargs or {}))


def _standing(value):
    return STANDS_FOR if value == MPS and isinstance(value, torch.device) else value


def _run(func, args, kwargs):
    given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    here = any(isinstance(leaf, OnMPS) for leaf in given)
    asked = kwargs.get("device")
    if here and func is not torch.ops.aten.copy_.default:
        for leaf in given:
            if not isinstance(leaf, OnMPS) and leaf.ndim:
                raise RuntimeError(f"Expected all tensors to be on the same device, found mps and cpu in {func}.")
    to_device = asked == STANDS_FOR if asked is not None else here
    args, kwargs = tree_map(_values, (args, kwargs))
    out = func(*args, **({**kwargs, "device": torch.device("cpu")} if asked is not None else kwargs))
    return tree_map(_wrapped, out) if to_device else out


def _values(value):
    return value.values_on_cpu if isinstance(value, OnMPS) else value


def _wrapped(value):
    if not isinstance(value, Tensor):
        return value
    if value.dtype == torch.float64:
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")
    return OnMPS(value)


@contextmanager
def pretended_mps() -> Iterator[None]:
    """Within the block `x.to(device=x_on_mps.device)`, factories and all else go to the pretended device."""
    with _Factories(), _Dispatch():
        yield
