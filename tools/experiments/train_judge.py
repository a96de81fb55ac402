"""Train the judge again: python -m tools.experiments.train_judge [--out FILE]. About four minutes on two cores.

The same seed, number of threads and version of PyTorch give the same weights. No test image plays any part in it.
"""

import argparse
import math
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ganbook.data import Digits
from ganbook.evaluation.judge import WEIGHTS, Judge, load
from tools.experiments.sizes import STORE, sized


def jitter(x: Tensor, rng: torch.Generator, *, degrees: float = 12.0, scale: float = 0.1, shift: float = 2.0) -> Tensor:
    """Rotate, scale and shift every image by its own small random amount; what enters from outside is black."""
    u = torch.rand(4, len(x), generator=rng) * 2 - 1
    angle, zoom = u[0] * math.radians(degrees), 1 + scale * u[1]
    dx, dy = u[2:] * (2 * shift / x.shape[-1])  # grid_sample's coordinates span 2 across the image
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    theta = torch.stack([cos, -sin, dx, sin, cos, dy], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x + 1, grid, padding_mode="zeros", align_corners=False) - 1


def fit(digits: Digits, *, epochs: int = 8, m: int = 128, lr: float = 4e-3, seed: int = 0) -> Judge:
    """Train a judge with Adam under a one-cycle schedule."""
    torch.manual_seed(seed)  # initial weights and dropout
    rng = torch.Generator().manual_seed(seed)  # order and augmentation
    judge = Judge()
    optimiser = torch.optim.Adam(judge.parameters(), lr=lr, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=epochs * digits.steps_per_epoch(m))
    for epoch in range(epochs):
        total, start = 0.0, time.perf_counter()
        order = torch.randperm(len(digits), generator=rng)
        for i in order[: sized(digits.steps_per_epoch(m), 5) * m].split(m):
            x, y = digits[i]
            loss = F.cross_entropy(judge(jitter(x, rng)), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        mean = total / digits.steps_per_epoch(m)
        print(f"epoch {epoch + 1}: loss {mean:.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    return judge.eval()


@torch.no_grad()
def accuracy(judge: Judge, digits: Digits) -> float:
    """The share of images whose largest logit is at the right class."""
    hits = [(judge(x).argmax(1) == y).sum() for x, y in (digits[i] for i in torch.arange(len(digits)).split(1000))]
    return float(sum(hits)) / len(digits)


def main() -> None:
    """Train, store in float16, reload, and report the accuracy of what was stored."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=sized(WEIGHTS, STORE / WEIGHTS.name))
    parser.add_argument("--epochs", type=int, default=sized(8, 1))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    judge = fit(Digits("train"), epochs=args.epochs, seed=args.seed)
    torch.save({k: v.half() if v.is_floating_point() else v for k, v in judge.state_dict().items()}, args.out)
    test = Digits("test")
    print(f"on the test images: {accuracy(judge, test):.4f} in float32, {accuracy(load(args.out), test):.4f} as stored")


if __name__ == "__main__":
    main()
