"""What the arguments of metrics have in common. A metric imports nothing of ours from outside: it raises ValueError."""

from collections.abc import Mapping

from torch import Tensor


def features(sets: Mapping[str, Tensor], least: int = 1) -> None:
    """Raise ValueError unless all sets are features (n, d), by the names of the arguments, n >= `least`, with one d."""
    got = ", ".join(f"{name} {tuple(x.shape)}" for name, x in sets.items())
    if any(x.ndim != 2 or len(x) < least or x.shape[1] == 0 for x in sets.values()):
        raise ValueError(f"Expected features (n, d), n >= {least}, got {got}.")
    if len({x.shape[1] for x in sets.values()}) > 1:
        raise ValueError(f"Expected features of one length d, got {got}.")
    for name, x in sets.items():
        if not x.isfinite().all():
            raise ValueError(f"Expected finite numbers in {name}, got NaN or infinity among them.")


def double(x: Tensor) -> Tensor:
    """Return x in float64, on the CPU where its device has none: Apple's MPS."""
    return x.cpu().double() if x.device.type == "mps" else x.double()
