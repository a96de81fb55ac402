"""Any value in words that are the same in every process: what is compared when a run goes on."""

import hashlib
import re
from dataclasses import fields, is_dataclass
from functools import partial

from torch import Tensor

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def described(value: object) -> str:
    """Return what `repr` says of `value`, without addresses in memory: in them alike things differ.

    Something that has no repr of its own is described by its class and its attributes, a function or class by its name,
    a tensor by its shape and a hash.
    """
    return _described(value, ())


def _described(value: object, outer: tuple[int, ...]) -> str:
    if id(value) in outer:
        return "..."  # it holds itself

    def inner(part: object) -> str:
        return _described(part, (*outer, id(value)))

    def call(name: str, parts: dict[str, object]) -> str:
        return f"{name}({', '.join(f'{key}={inner(part)}' for key, part in parts.items())})"

    kind = type(value)
    if isinstance(value, Tensor):
        sha = hashlib.sha256(value.detach().cpu().contiguous().reshape(-1).double().numpy().tobytes()).hexdigest()
        return f"tensor({value.dtype}, {tuple(value.shape)}, {sha[:12]})"
    if isinstance(value, partial):
        parts = [inner(part) for part in (value.func, *value.args)]
        return f"partial({', '.join([*parts, *(f'{key}={inner(part)}' for key, part in value.keywords.items())])})"
    if kind in (list, tuple, set, frozenset):
        parts = [inner(part) for part in value]
        parts = sorted(parts) if kind in (set, frozenset) else parts
        return f"({parts[0]},)" if kind is tuple and len(parts) == 1 else _within(kind, ", ".join(parts))
    if kind is dict:
        return f"{{{', '.join(f'{inner(key)}: {inner(part)}' for key, part in value.items())}}}"
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return value.__qualname__
    if is_dataclass(value) and kind.__dataclass_params__.repr:
        return call(kind.__qualname__, {f.name: getattr(value, f.name) for f in fields(value) if f.repr})
    if kind.__repr__ is object.__repr__:
        return call(kind.__qualname__, getattr(value, "__dict__", {}))
    return ADDRESS.sub("", repr(value))


def _within(kind: type, parts: str) -> str:
    left, right = {list: "[]", tuple: "()"}.get(kind, "{}")
    return f"{left}{parts}{right}"
