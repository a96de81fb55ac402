"""What a second process brings: python -m tools.experiments.scaling. About five minutes on two cores that do nothing
else.

Images a second of one process and of two ranks (ganbook.base.distributed), each on one thread of the CPU, for two
recipes. All processes are started once and then take turns, a block of steps each, so that a machine that slows down
slows all; the order of the turns is reversed from round to round. Writes ganbook/assets/results/scaling.json.
"""

import argparse
import json
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace as changed
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import torch

from ganbook.base import distributed
from ganbook.base.files import replace
from ganbook.models import parameters
from ganbook.training.loop import Record
from ganbook.training.recipes import get
from ganbook.training.run import Run
from tools.experiments.sizes import STORE, sized
from tools.experiments.timing import IDLE, machine, spread

CASES = sized(("mlp", "a-dcgan"), ("mlp",))
NEVER = 10**9  # steps: the clock ends a block, not their number


class Way(NamedTuple):
    """Who works in a turn, and on what batch: `times` the recipe's m. images: batches that a step of all makes."""

    workers: tuple[str, ...]
    times: int
    images: int


WAYS = {
    "one": Way(("alone 0",), 1, 1),
    "two": Way(("rank 0", "rank 1"), 1, 1),  # the batch of one process, shared out: the same training
    "two, twice the batch": Way(("rank 0", "rank 1"), 2, 2),  # as much work for each as "one" has
    "two apart": Way(
        ("alone 0", "alone 1"), 1, 2
    ),  # two trainings that know nothing of each other: what the cores can do
}


def steps(name: str, times: int) -> Iterator[Record]:
    """The steps of a recipe with a batch so many times its own."""
    recipe = get(name)
    return Run(changed(recipe, m=times * recipe.m)).train(NEVER)


def work(orders: Connection, rank: int | None, port: int) -> None:
    """A worker: for each order (recipe, times, steps) make so many steps and answer with the seconds; None ends it."""
    torch.set_num_threads(1)
    if rank is not None:  # what torchrun would say
        os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    going: dict[tuple[str, int], Iterator[Record]] = {}
    with distributed.joined("cpu"):
        for name, times, n in iter(orders.recv, None):
            if (name, times) not in going:
                going[name, times] = steps(name, times)
            began = time.perf_counter()
            for _ in range(n):
                next(going[name, times])
            orders.send(time.perf_counter() - began)


class Workers:
    """The four processes, and a turn of theirs."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        context = multiprocessing.get_context("spawn")
        self.pipes: dict[str, Connection] = {}
        for kind, number in (("alone", 0), ("alone", 1), ("rank", 0), ("rank", 1)):
            ours, theirs = context.Pipe()
            rank = number if kind == "rank" else None
            context.Process(target=work, args=(theirs, rank, port), daemon=True).start()
            self.pipes[f"{kind} {number}"] = ours

    def turn(self, name: str, way: Way, n: int) -> float:
        """Seconds until the slowest of those who work in this way has made n steps."""
        for worker in way.workers:
            self.pipes[worker].send((name, way.times, n))
        return max(self.pipes[worker].recv() for worker in way.workers)

    def end(self) -> None:
        for pipe in self.pipes.values():
            pipe.send(None)


def summary(rates: dict[str, list[float]]) -> dict:
    """What the rates (images a second, one a round for each way) say, ratios being taken round by round."""

    def half(way: str) -> list[float]:
        return [rate / (2 * one) for rate, one in zip(rates[way], rates["one"])]

    return {
        "images_per_second": {way: spread(values, 0) for way, values in rates.items()},
        "efficiency": {way: spread(half(way), 3) for way in rates if way != "one"},
        "of_what_the_cores_can_do": spread([a / b for a, b in zip(rates["two"], rates["two apart"])], 3),
    }


def compare(workers: Workers, name: str, rounds: int, block: float) -> dict:
    """Measure one recipe."""
    recipe = get(name)
    n = {}
    for label, way in WAYS.items():
        workers.turn(name, way, 3)  # warm up: data are read, first calls choose kernels
        n[label] = max(3, round(block / workers.turn(name, way, 5) * 5))
    rates: dict[str, list[float]] = {label: [] for label in WAYS}
    for i in range(rounds):
        for label in list(WAYS)[:: 1 if i % 2 else -1]:
            images = WAYS[label].images * recipe.m * recipe.k * n[label]
            rates[label].append(images / workers.turn(name, WAYS[label], n[label]))
    floats = sum(parameters(net) for net in recipe.networks(seed=0))  # each is sent once a step, with k = 1
    return {
        "recipe": name,
        "batch": recipe.m,
        "megabytes_sent_a_step": round(4e-6 * floats, 2),
        **summary(rates),
        "all": {label: [round(rate) for rate in values] for label, values in rates.items()},
    }


def main() -> None:
    """Measure every case, print it and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=sized(9, 2), help="blocks of each way (9)")
    parser.add_argument("--block", type=float, default=sized(4.0, 0.2), help="seconds a block (4)")
    parser.add_argument("--cases", nargs="+", default=CASES, metavar="RECIPE")
    parser.add_argument("--out", type=Path, default=STORE / "scaling.json")
    args = parser.parse_args()
    busy = os.getloadavg()[0]
    workers = Workers()
    cases = []
    for name in args.cases:
        case = compare(workers, name, args.rounds, args.block)
        cases.append(case)
        print(f"{name}, batch {case['batch']}, {case['megabytes_sent_a_step']} MB of gradients a step")
        for label, rate in case["images_per_second"].items():
            line = f"  {label:22}{rate['median']:8,.0f} images/s"
            if label in case["efficiency"]:
                e = case["efficiency"][label]
                line += f", efficiency {e['median']} (quartiles {e['quartiles'][0]} to {e['quartiles'][1]})"
                line += ": too noisy to judge" if e["too_noisy"] else ""
            print(line)
    workers.end()
    if busy > IDLE:
        print(f"The machine was not idle at the start (load {busy:.1f}): measure again when it is.")
    report = {
        "command": "python -m tools.experiments.scaling",
        "machine": machine(busy),
        "threads": 1,
        "rounds": args.rounds,
        "block": args.block,
        "cases": cases,
    }
    with replace(args.out) as file:
        file.write((json.dumps(report, indent=1) + "\n").encode())
    print(f"written to {args.out}")


if __name__ == "__main__":
    main()
