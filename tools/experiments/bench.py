"""How fast a step is, and why: python -m tools.experiments.bench. Under twenty minutes on two cores that do nothing
else.

1. Images a second of ganbook, in float32 and in bfloat16, and of a plain tutorial loop (float32) on the same networks,
   batch and objective: with fresh fakes for G, as the plain loop has them, and with those that D just saw. They take
   turns in one process, a block of steps each, so that a machine that slows down slows all; ratios are taken round by
   round.
2. The products and convolutions of one step, alone: the same shapes, one after the other, as fast as this machine does
   them. Their time as a share of the step's is what the step reaches of the machine's peak. In the same way the random
   masks of dropout.
3. 10,000 steps: the time of each thousand, and the memory.
4. What importing the package adds to importing PyTorch.

Writes ganbook/assets/results/bench.json, which the page "How fast it is" shows.
"""

import argparse
import gzip
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST

from ganbook.base.files import replace
from ganbook.data import idx
from ganbook.models import takes_labels
from ganbook.training.loop import train
from ganbook.training.precision import fast
from ganbook.training.recipes import Recipe, get
from tools.experiments.sizes import STORE, sized
from tools.experiments.timing import IDLE, machine, spread

CASES = sized(
    (("c-mlp", 32), ("c-mlp", 128), ("mlp", 64), ("a-dcgan", 128), ("conditional", 64)),
    (("c-mlp", 8),),
)
WAYS = {  # the options of ganbook_loop
    "ganbook": {},
    "ganbook, fakes reused": {"reuse": True},
    "ganbook, bfloat16": {"bf16": True},
    "ganbook, bfloat16, fakes reused": {"bf16": True, "reuse": True},
}
ENDURANCE = ("c-mlp", sized(10_000, 20))  # recipe and steps of the long run
NEVER = 10**9  # steps: who calls ends a run, not their number
aten = torch.ops.aten
PRODUCTS = {aten.mm, aten.addmm, aten.bmm, aten.convolution, aten.convolution_backward}
MASKS = {aten.bernoulli_}  # of dropout


def unpack(folder: Path) -> None:
    """Put MNIST's files where torchvision looks for them."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in idx.EMBEDDED.glob("*.gz"):
        (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))


def plain_loader(recipe: Recipe, m: int, folder: Path) -> DataLoader:
    """Images one by one through PIL and transforms, as tutorials load them."""
    turn = [transforms.RandomRotation(recipe.rotate)] if recipe.rotate else []
    steps = transforms.Compose([*turn, transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    return DataLoader(MNIST(folder, train=True, transform=steps), batch_size=m, shuffle=True, drop_last=True)


def plain_loop(
    recipe: Recipe, m: int, folder: Path, networks: tuple[nn.Module, nn.Module] | None = None
) -> Iterator[None]:
    """The loop of the tutorials, a step at a time: labels, cross-entropy, Adam as it comes, `.item()` on each loss.

    networks: G and D, to look at them from outside; new ones if not given.
    """
    G, D = networks or (recipe.G(), recipe.D())
    opt_g, opt_d = recipe.opt_g(G.parameters()), recipe.opt_d(D.parameters())  # not fused, as recipe.optimisers would
    criterion = nn.BCEWithLogitsLoss()
    real = torch.full((m,), getattr(recipe.objective, "real", 1.0))
    while True:
        for images, digits in plain_loader(recipe, m, folder):
            y = (digits,) if takes_labels(D) else ()
            fakes = G(torch.randn(m, G.z_dim), *y).detach()
            if recipe.objective.joint:
                order = torch.randperm(2 * m)
                labels = torch.cat([real, torch.zeros(m)])[order]
                loss_d = criterion(D(torch.cat([images, fakes])[order]), labels)
            else:
                loss_d = (criterion(D(images, *y), real) + criterion(D(fakes, *y), torch.zeros(m))) / 2
            opt_d.zero_grad()
            loss_d.backward()
            opt_d.step()
            loss_g = criterion(D(G(torch.randn(m, G.z_dim), *y), *y), torch.ones(m))
            opt_g.zero_grad()
            loss_g.backward()
            opt_g.step()
            loss_d.item(), loss_g.item()
            yield


def ganbook_loop(recipe: Recipe, m: int, *, bf16: bool = False, reuse: bool = False) -> Iterator[Any]:
    """The loop of the package on the same networks. reuse: of D's fakes for G, instead of fresh ones."""
    G, D = recipe.networks(seed=0)
    opt_g, opt_d = recipe.optimisers(G, D)
    players = (fast(net, bf16=bf16) for net in (G, D))
    options = {"steps": NEVER, "m": m, "reuse_fakes": reuse}
    return train(*players, recipe.objective, recipe.data(), opt_g=opt_g, opt_d=opt_d, **options)


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


class Calls(TorchDispatchMode):
    """Notes every call of one of `kinds`, forward and backward, with the layout of its arguments."""

    def __init__(self, kinds: set) -> None:
        super().__init__()
        self.kinds = kinds
        self.calls: list[tuple[Callable, tuple, dict]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func.overloadpacket in self.kinds:
            self.calls.append((func, *tree_map_only(Tensor, torch.empty_like, (args, kwargs))))
        return func(*args, **kwargs)

    def replay(self) -> None:
        """Do them again, alone, on other numbers."""
        for func, args, kwargs in self.calls:
            func(*args, **kwargs)


def alone(kinds: set, loop: Iterator, repeats: int = sized(30, 2)) -> float:
    """Milliseconds that the calls of these kinds take by themselves in one step of `loop` (median)."""
    with Calls(kinds) as noted:
        next(loop)
    for tensor in (t for _, args, _ in noted.calls for t in args if isinstance(t, Tensor)):
        tensor.normal_()
    with torch.no_grad():
        noted.replay()
        return 1e3 * statistics.median(seconds(noted.replay) for _ in range(repeats))


def adam_milliseconds(recipe: Recipe, fused: bool, repeats: int = sized(30, 2)) -> float:
    """Milliseconds that Adam takes for one update of both networks; the gradients are all zero."""
    blocks = []
    for net in recipe.networks(seed=0):
        for p in net.parameters():
            p.grad = torch.zeros_like(p)
        blocks.append(torch.optim.Adam(net.parameters(), lr=1e-4, fused=fused).step)
    return 1e3 * statistics.median(sum(seconds(block) for block in blocks) for _ in range(repeats))


def summary(rates: dict[str, list[float]]) -> dict:
    """What the rates (images a second, one a round for each way) say; ratios to the plain loop, round by round."""
    ratios = {way: [r / p for r, p in zip(rates[way], rates["plain"])] for way in rates if way != "plain"}
    return {
        "images_per_second": {way: spread(values, 0) for way, values in rates.items()},
        "ratio": {way: spread(values, 3) for way, values in ratios.items()},
    }


def compare(recipe: Recipe, m: int, folder: Path, rounds: int, block: float) -> dict:
    """Measure one case: images/s of all ways, their ratios, and where a step's time goes."""
    loops = {"plain": plain_loop(recipe, m, folder)}
    loops |= {way: ganbook_loop(recipe, m, **options) for way, options in WAYS.items()}
    steps = {}
    for name, loop in loops.items():
        advance(loop, 5)()  # warm up: first calls allocate and choose kernels
        steps[name] = max(3, round(block / seconds(advance(loop, 10)) * 10))
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for i in range(rounds):
        for name in list(loops)[:: 1 if i % 2 else -1]:
            rates[name].append(m * steps[name] / seconds(advance(loops[name], steps[name])))
    parts = {}
    for name in loops:
        plain = name == "plain"
        needed = loops["ganbook" if plain else name]
        batches = iter(plain_loader(recipe, m, folder)) if plain else recipe.data().batches(m)
        part = {
            "step": 1e3 * m / statistics.median(rates[name]),
            "data": 1e3 * seconds(advance(batches, 50)) / 50,
            "adam": adam_milliseconds(recipe, fused=not plain),
            "masks": alone(MASKS, needed),
            "products": alone(PRODUCTS, needed),
        }
        parts[name] = {key: round(value, 2) for key, value in part.items()}
    return {
        "recipe": recipe.name,
        "batch": m,
        **summary(rates),
        "milliseconds": parts,
        "all": {name: [round(rate) for rate in values] for name, values in rates.items()},
    }


def megabytes() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def endure(threads: int, answer: Any) -> None:
    """In a process of its own: the seconds of each tenth of a long run, and the memory after it."""
    torch.set_num_threads(threads)
    name, steps = ENDURANCE
    loop = ganbook_loop(get(name), get(name).m)
    advance(loop, 100)()
    tenths = [(seconds(advance(loop, steps // 10)), megabytes()) for _ in range(10)]
    answer.send([(round(second, 2), round(memory, 1)) for second, memory in tenths])


def endurance(threads: int) -> dict:
    """The long run, started in a fresh process so that nothing else is in its memory."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=endure, args=(threads, theirs))
    process.start()
    tenths = ours.recv()
    process.join()
    name, steps = ENDURANCE
    return {"recipe": name, "steps": steps, "seconds": [s for s, _ in tenths], "megabytes": [mb for _, mb in tenths]}


def imports(repeats: int = sized(11, 2)) -> dict:
    """Seconds that a fresh Python takes for `import torch`, and for `import ganbook` after it."""
    code = "from time import perf_counter as t; a = t(); import torch; b = t(); import ganbook; print(b - a, t() - b)"
    taken = [subprocess.check_output([sys.executable, "-c", code], text=True).split() for _ in range(repeats)]
    return {name: spread([float(both[i]) for both in taken], 3) for i, name in enumerate(("torch", "ganbook"))}


def say(case: dict) -> None:
    """One case in words."""
    print(f"{case['recipe']}, batch {case['batch']}")
    for way, rate in case["images_per_second"].items():
        ms = case["milliseconds"][way]
        line = f"  {way:33}{rate['median']:8,.0f} images/s"
        if way in case["ratio"]:
            ratio = case["ratio"][way]
            low, high = ratio["quartiles"]
            line += f", {ratio['median']:.2f} times the plain loop ({low:.2f} to {high:.2f})"
            line += ", too noisy to judge" if ratio["too_noisy"] else ""
        print(line)
        print(f"    a step {ms['step']} ms, of which " + ", ".join(f"{part} {ms[part]}" for part in list(ms)[1:]))


def main() -> None:
    """Measure every case, print a table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=sized(13, 2), help="blocks of each way (13)")
    parser.add_argument("--block", type=float, default=sized(2.0, 0.05), help="seconds a block (2)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=STORE / "bench.json")
    args = parser.parse_args()
    busy = os.getloadavg()[0]
    torch.set_num_threads(args.threads)
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(folder))
        for name, m in CASES:
            cases.append(compare(get(name), m, Path(folder), args.rounds, args.block))
            say(cases[-1])
    long = endurance(args.threads)
    print(f"{long['steps']:,} steps of {long['recipe']}: seconds and megabytes after each tenth")
    print(f"  {long['seconds']}\n  {long['megabytes']}")
    start_up = imports()
    print(
        f"import ganbook adds {start_up['ganbook']['median']} s to the {start_up['torch']['median']} s of import torch"
    )
    if busy > IDLE:
        print(f"The machine was not idle at the start (load {busy:.1f}): measure again when it is.")
    report = {
        "command": "python -m tools.experiments.bench",
        "machine": machine(busy),
        "threads": args.threads,
        "rounds": args.rounds,
        "block": args.block,
        "cases": cases,
        "endurance": long,
        "imports": start_up,
    }
    with replace(args.out) as file:
        file.write((json.dumps(report, indent=1) + "\n").encode())
    print(f"written to {args.out}")


if __name__ == "__main__":
    main()
