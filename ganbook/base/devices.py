"""Which device to compute on, how exactly, and how a CPU treats the smallest numbers."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from ganbook.base.errors import InputError


def choose(name: str | torch.device = "auto") -> torch.device:
    """Return the device called `name`, or with "auto" the best one present: CUDA, else MPS, else the CPU.

    Presence is asked with `is_available()`. `torch.backends.cuda.is_built()` answers another question: whether this
    build of torch could use a GPU if there were one.

    Raises InputError if `name` is not a device of torch, or is one that this machine does not have.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, here in present.items() if here))
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in present:
        raise InputError(f"Expected a device such as auto, cpu, cuda, cuda:1 or mps, got {name!r}.")
    if not present[device.type] or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        here = ", ".join(kind for kind, there in present.items() if there)
        raise InputError(f"Device {name!r} is not available on this machine, which has: {here}. Choose one of these.")
    return device


def of_rank(name: str, local: int) -> torch.device:
    """Return the device for process number `local` of those that train together on this machine; see `choose`.

    On GPUs each process takes the one of its own number. Raises InputError as `choose` does, and for MPS, of which
    processes cannot share the work.
    """
    device = choose(name)
    if device.type == "mps":
        raise InputError("Several ranks can work on CPUs or CUDA devices, not on MPS. Choose --device cpu.")
    if device.type == "cuda":
        device = choose(f"cuda:{local}")
        torch.cuda.set_device(device)
    return device


def flush_denormals() -> None:
    """Have this process take floating point numbers below about 1e-38 as 0. Call it before anything is computed.

    A unit that died leaves averages in Adam that shrink below the smallest normal float32 and stay there, and a CPU is
    over ten times slower on such numbers (called denormal or subnormal). The switch holds for the thread that sets it
    and for threads that start later; those that PyTorch has already started keep their denormals. It changes what every
    other computation of the process rounds to, so importing ganbook does not set it: the processes that train do, each
    at its start. On processors without the switch nothing happens.
    """
    for kind in (np.float32, np.float64):
        np.finfo(kind)  # older versions of NumPy would warn at their first look afterwards
    torch.set_flush_denormal(True)


@contextmanager
def full_float32(device: torch.device) -> Iterator[None]:
    """Within the block, matrix products and convolutions on `device` are float32 throughout, and no autocast is on.

    CUDA computes convolutions in TF32, with 10 bits of mantissa, unless it is told not to, and matrix products if the
    user asks for it; a score would then depend on the machine. What the user has set is put back afterwards.
    """
    backends: Any = torch.backends  # PyTorch's own types do not know all of what follows
    cuda, cudnn, mkldnn = backends.cuda, backends.cudnn, backends.mkldnn
    before: Any
    if hasattr(cuda.matmul, "fp32_precision"):  # PyTorch 2.9 and later
        before = [(part, part.fp32_precision) for part in (cuda.matmul, cudnn.conv, mkldnn.matmul, mkldnn.conv)]
        for part, _ in before:
            part.fp32_precision = "ieee"
    else:
        before = torch.get_float32_matmul_precision(), cudnn.allow_tf32
        torch.set_float32_matmul_precision("highest")
        cudnn.allow_tf32 = False
    casts = torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type)
    try:
        with torch.autocast(device.type, enabled=False) if casts else nullcontext():
            yield
    finally:
        if hasattr(cuda.matmul, "fp32_precision"):
            for part, precision in before:
                part.fp32_precision = precision
        else:
            torch.set_float32_matmul_precision(before[0])
            cudnn.allow_tf32 = before[1]


def accelerator() -> str:
    """Return the name of the CUDA device that this machine has, or an empty string."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""
