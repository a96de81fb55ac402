"""What timings share: how far repeated measurements lie apart, and the machine they were made on."""

import os
import platform
import statistics
from pathlib import Path

import torch

NOISY = 0.10  # a spread (quartiles over median) above this makes a figure unreliable
IDLE = 0.5  # a load above this before the start means that something else was running


def spread(values: list[float], digits: int) -> dict:
    """Median and quartiles, and whether they are too far apart to rely on."""
    q1, middle, q3 = statistics.quantiles(values, n=4)
    quartiles = [round(q1, digits), round(q3, digits)]
    return {"median": round(middle, digits), "quartiles": quartiles, "too_noisy": (q3 - q1) / middle > NOISY}


def machine(load: float) -> dict:
    """Processor, cores, PyTorch's version, and the load before the start."""
    return {"processor": processor(), "cores": os.cpu_count(), "load": round(load, 2), "torch": torch.__version__}


def processor() -> str:
    """What the system calls its processor."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
