"""Images a second of ganbook against a plain tutorial loop: python tools/bench.py. About five minutes on two cores.

Same networks, batch, precision (float32), objective and fresh noise for each player. The two take turns in one
process, a block of steps each, so that a machine that slows down slows both; medians over the blocks are compared.
Writes _build/bench.json.
"""

import argparse
import gzip
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST

from ganbook import idx
from ganbook.recipes import RECIPES, Recipe
from ganbook.train import train

CASES = (("c-mlp", 32), ("c-mlp", 128), ("a-dcgan", 128))
NOISY = 0.10  # a spread (quartiles over median) above this makes a ratio unreliable


def plain_loader(recipe: Recipe, m: int, folder: Path) -> DataLoader:
    """Images one by one through PIL and transforms, as tutorials load them."""
    turn = [transforms.RandomRotation(recipe.rotate)] if recipe.rotate else []
    steps = transforms.Compose([*turn, transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    return DataLoader(MNIST(folder, train=True, transform=steps), batch_size=m, shuffle=True, drop_last=True)


def plain_loop(recipe: Recipe, m: int, folder: Path) -> Iterator[None]:
    """The loop of the tutorials, a step at a time: labels, cross-entropy, Adam as it comes, `.item()` on each loss."""
    G, D = recipe.G(), recipe.D()
    opt_g, opt_d = (
        torch.optim.Adam(net.parameters(), lr=opt.lr, betas=opt.betas)
        for net, opt in ((G, recipe.opt_g), (D, recipe.opt_d))
    )
    criterion = nn.BCEWithLogitsLoss()
    while True:
        for images, _ in plain_loader(recipe, m, folder):
            fakes = G(torch.randn(m, G.z_dim)).detach()
            if recipe.objective.joint:
                order = torch.randperm(2 * m)
                labels = torch.cat([torch.ones(m), torch.zeros(m)])[order]
                loss_d = criterion(D(torch.cat([images, fakes])[order]), labels)
            else:
                loss_d = (criterion(D(images), torch.ones(m)) + criterion(D(fakes), torch.zeros(m))) / 2
            opt_d.zero_grad()
            loss_d.backward()
            opt_d.step()
            loss_g = criterion(D(G(torch.randn(m, G.z_dim))), torch.ones(m))
            opt_g.zero_grad()
            loss_g.backward()
            opt_g.step()
            loss_d.item(), loss_g.item()
            yield


def ganbook_loop(recipe: Recipe, m: int) -> Iterator[None]:
    """The loop of the package on the same networks."""
    G, D = recipe.networks(seed=0)
    opt_g, opt_d = recipe.optimisers(G, D)
    yield from train(G, D, recipe.objective, recipe.data(), opt_g=opt_g, opt_d=opt_d, steps=10**9, m=m)


def seconds(block: Callable[[], object]) -> float:
    """Wall-clock seconds that `block()` takes."""
    start = time.perf_counter()
    block()
    return time.perf_counter() - start


def advance(loop: Iterator, steps: int) -> Callable[[], None]:
    """A function that makes `steps` steps of `loop`."""

    def block() -> None:
        for _ in range(steps):
            next(loop)

    return block


def adam_milliseconds(recipe: Recipe, fused: bool, repeats: int = 30) -> float:
    """Milliseconds that Adam takes for one update of both networks; the gradients are all zero."""
    blocks = []
    for net in recipe.networks(seed=0):
        for p in net.parameters():
            p.grad = torch.zeros_like(p)
        blocks.append(torch.optim.Adam(net.parameters(), lr=1e-4, fused=fused).step)
    times = [sum(seconds(block) for block in blocks) for _ in range(repeats)]
    return 1e3 * statistics.median(times)


def compare(recipe: Recipe, m: int, folder: Path, rounds: int, block: float) -> dict:
    """Measure one case: images/s of both loops, their ratio, the spread, and where the time goes."""
    loops = {"plain": plain_loop(recipe, m, folder), "ganbook": ganbook_loop(recipe, m)}
    steps = {}
    for name, loop in loops.items():
        advance(loop, 5)()  # warm up: first calls allocate and choose kernels
        steps[name] = max(3, round(block / seconds(advance(loop, 10)) * 10))
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for i in range(rounds):
        for name in list(loops)[:: 1 if i % 2 else -1]:
            rates[name].append(m * steps[name] / seconds(advance(loops[name], steps[name])))
    ratios = [g / p for g, p in zip(rates["ganbook"], rates["plain"])]
    q1, middle, q3 = statistics.quantiles(ratios, n=4)
    batches = {"plain": iter(plain_loader(recipe, m, folder)), "ganbook": recipe.data().batches(m)}
    parts = {
        name: {
            "step_ms": round(1e3 * m / statistics.median(rates[name]), 2),
            "data_ms": round(1e3 * seconds(advance(batches[name], 50)) / 50, 2),
            "adam_ms": round(adam_milliseconds(recipe, fused=name == "ganbook"), 2),
        }
        for name in loops
    }
    return {
        "recipe": recipe.name,
        "batch": m,
        "images_per_second": {name: round(statistics.median(r)) for name, r in rates.items()},
        "ratio": round(middle, 2),
        "ratio_quartiles": [round(q1, 2), round(q3, 2)],
        "too_noisy_to_judge": (q3 - q1) / middle > NOISY,
        "where_the_time_goes": parts,
        "all_images_per_second": {name: [round(r) for r in rs] for name, rs in rates.items()},
    }


def main() -> None:
    """Measure every case, print a table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="blocks of each loop (9)")
    parser.add_argument("--block", type=float, default=4.0, help="seconds a block (4)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("_build/bench.json"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for path in idx.EMBEDDED.glob("*.gz"):
            (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        for name, m in CASES:
            r = compare(RECIPES[name], m, Path(folder), args.rounds, args.block)
            results.append(r)
            speed, parts = r["images_per_second"], r["where_the_time_goes"]
            print(f"{name}, batch {m}: ganbook {speed['ganbook']:,} images/s, plain loop {speed['plain']:,}: ", end="")
            print(f"ratio {r['ratio']} (quartiles {r['ratio_quartiles'][0]} to {r['ratio_quartiles'][1]})")
            for who, part in parts.items():
                rest = part["step_ms"] - part["data_ms"] - part["adam_ms"]
                print(
                    f"  {who}: {part['step_ms']} ms a step = data {part['data_ms']} + Adam {part['adam_ms']} ", end=""
                )
                print(f"+ networks and the rest {rest:.2f}")
            if r["too_noisy_to_judge"]:
                print("  too noisy to judge: something else kept this machine busy")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "torch": torch.__version__}
    report = {"machine": machine, "threads": args.threads, "precision": "float32", "cases": results}
    args.out.write_text(json.dumps(report, indent=2) + "\n")
    print(f"written to {args.out}")


if __name__ == "__main__":
    main()
