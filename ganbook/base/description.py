"""What an object is, in words that are the same in every process: for files that say how they were made."""

import dataclasses
import hashlib
import re
import types
from functools import partial
from typing import Any

import numpy as np
import torch

FUNCTIONS = types.FunctionType | types.BuiltinFunctionType | types.MethodDescriptorType | type


def described(value: Any) -> str:
    """Return what `value` is made of, without an address in memory: equal objects of two processes read alike.

    A dataclass reads as its repr does, and any other object as its class with its module and its attributes, class
    attributes too, sorted by name: `mine.Quadratic(weight=0.1)`. Both are followed into what they hold. An attribute
    whose name begins with an underscore is left out: that is the place for what changes while an object is used. A
    tensor is told by its type, shape and a hash; a function and a class by their name alone, so of two lambdas of one
    module nobody can tell which is which.
    """
    return _described(value, ())


def _described(value: Any, within: tuple[int, ...]) -> str:
    if id(value) in within:
        return "..."  # an object that holds itself

    def inner(part: Any) -> str:
        return _described(part, (*within, id(value)))

    def call(name: str, args: tuple, named: dict[str, Any]) -> str:
        return f"{name}({', '.join([*map(inner, args), *(f'{key}={inner(part)}' for key, part in named.items())])})"

    kind = type(value)
    if isinstance(value, torch.Tensor):
        return _numbers(str(value.dtype), tuple(value.shape), value.detach().cpu().resolve_conj().numpy(force=True))
    if isinstance(value, np.ndarray):
        return _numbers(str(value.dtype), value.shape, value)
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, FUNCTIONS):
        return f"{getattr(value, '__module__', None) or 'builtins'}.{value.__qualname__}"
    if isinstance(value, types.MethodType):
        return f"{inner(value.__self__)}.{value.__func__.__name__}"
    if isinstance(value, partial):
        return call("partial", (value.func, *value.args), dict(sorted(value.keywords.items())))
    if kind in (list, tuple):
        parts = ", ".join(map(inner, value))
        return f"[{parts}]" if kind is list else f"({parts},)" if len(value) == 1 else f"({parts})"
    if kind is dict:
        return f"{{{', '.join(f'{inner(key)}: {inner(part)}' for key, part in value.items())}}}"
    if kind in (set, frozenset):
        return f"{{{', '.join(sorted(map(inner, value)))}}}"
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.repr}
        hidden = {field.name for field in dataclasses.fields(value)}
        others = {name: part for name, part in _attributes(value).items() if name not in hidden}
        return call(kind.__qualname__, (), fields | others)
    text = " ".join(repr(value).split())
    if kind.__repr__ is object.__repr__ or re.search(r"\bat 0x[0-9a-fA-F]+", text):
        return call(f"{kind.__module__}.{kind.__qualname__}", (), _attributes(value))
    return text


def _attributes(value: Any) -> dict[str, Any]:
    """The data that an object and its classes hold under a name without an underscore at its beginning, sorted."""
    found: dict[str, Any] = {}
    for kind in reversed(type(value).__mro__):
        found |= {name: part for name, part in vars(kind).items() if not hasattr(part, "__get__")}
        slots = kind.__dict__.get("__slots__", ())
        slots = (slots,) if isinstance(slots, str) else slots
        found |= {name: getattr(value, name) for name in slots if hasattr(value, name)}
    found |= getattr(value, "__dict__", {})
    return {name: found[name] for name in sorted(found) if not name.startswith("_")}


def _numbers(dtype: str, shape: tuple[int, ...], array: np.ndarray) -> str:
    """A tensor's type, shape and the first digits of the MD5 of its numbers."""
    md5 = hashlib.md5(np.ascontiguousarray(array).tobytes(), usedforsecurity=False)
    return f"{dtype} {shape} {md5.hexdigest()[:12]}"
