"""The command `ganbook`: recipes, train, sample, evaluate, export.

Errors of the user end in one sentence and exit status 2.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from tqdm import tqdm

import ganbook
from ganbook.base import distributed
from ganbook.base.devices import choose, flush_denormals
from ganbook.base.errors import DivergedError, GanbookError, InputError, LostError
from ganbook.base.files import replace
from ganbook.data import Images, Stacked
from ganbook.data.sources import NAMED
from ganbook.evaluation.random_features import Likeness, compare
from ganbook.evaluation.reference import check_n, draw, most
from ganbook.evaluation.report import Evaluation, evaluate
from ganbook.models.sampling import labels_in_turn, sample
from ganbook.training import pretrained, recipes
from ganbook.training.run import CHECKPOINT, Run, read

HISTORY, SAMPLES = "history.jsonl", "samples.png"
MOST = 10_000  # images in one picture


def main(argv: list[str] | None = None) -> int:
    """Run the command with `argv` (default: the process's) and return its exit status.

    0: done. 1: training diverged, or another of its processes was lost. 2: something the user gave cannot be used.
    130: interrupted, and saved. 141: whoever read what it prints has stopped reading (128 + SIGPIPE, as in a shell).
    """
    try:
        try:
            return _answer(argv)
        finally:
            sys.stdout.flush()  # what is still to be printed, so that a closed pipe shows here
    except BrokenPipeError:
        with suppress(OSError):  # Python flushes once more at its end, and would complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _answer(argv: list[str] | None) -> int:
    """Run the command and turn what goes wrong into a sentence."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console may not know é: then \xe9 is said, and the work is not lost
            stream.reconfigure(errors="backslashreplace")
    flush_denormals()
    args = _parser().parse_args(argv)
    try:
        return args.run(args)
    except BrokenPipeError:
        raise
    except (GanbookError, OSError) as error:
        rank = os.environ.get("RANK", "0")  # of several processes each says what went wrong for it
        what = str(error)
        if not isinstance(error, GanbookError):  # a disk that filled up, for instance
            what = f"A file cannot be read or written ({error})."
            if args.run is _train and (args.out / CHECKPOINT).exists():
                what += f" The checkpoint in {args.out} is whole: continue it with --resume."
        print(f"ganbook: {what}" if rank == "0" else f"ganbook, rank {rank}: {what}", file=sys.stderr)
        return 1 if isinstance(error, DivergedError | LostError) else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ganbook", description="Train the GANs of the book and sample from them.")
    run = f"a checkpoint, the folder of a run, or a network stored with the package ({', '.join(pretrained.names())})"
    images = f"a folder of PNG and JPEG files, or of four files like MNIST's; or a set by its name: {', '.join(NAMED)}"
    parser.add_argument("--version", action="version", version=f"ganbook {ganbook.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    p = commands.add_parser("recipes", help="list the recipes: source, changes, parameters, settings")
    p.add_argument("--json", action="store_true", help="as JSON")
    p.set_defaults(run=_recipes)

    p = commands.add_parser("train", help="train a recipe; writes checkpoint, history and a sheet of samples")
    p.add_argument("recipe", help="a name that `ganbook recipes` lists")
    p.add_argument("--out", type=Path, required=True, help="folder for the run's files; made if it is missing")
    p.add_argument("--steps", type=_positive, help="train up to this step (default: the recipe's full schedule)")
    p.add_argument("--seed", type=int, help="default: the recipe's")
    p.add_argument("--m", type=_positive, metavar="N", help="images in a minibatch (default: the recipe's)")
    p.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:N or mps")
    p.add_argument("--data", metavar="FOLDER", help=f"train on {images} (default: MNIST)")
    p.add_argument("--bf16", action="store_true", help="compute in bfloat16 where it is safe; weights stay float32")
    p.add_argument("--compile", action="store_true", help="compile the networks first, which takes up to a minute")
    p.add_argument("--resume", action="store_true", help="continue the run in --out from its checkpoint")
    p.add_argument("--save-every", type=_positive, default=1000, metavar="N", help="steps between checkpoints (1000)")
    p.add_argument("--log-every", type=_positive, default=10, metavar="N", help="steps between history lines (10)")
    p.set_defaults(run=_train)

    p = commands.add_parser("sample", help="draw images with a trained generator")
    p.add_argument("source", metavar="RUN", help=run)
    p.add_argument("--out", type=Path, required=True, help="PNG to write")
    p.add_argument("--n", type=_positive, default=64, help="how many images (64)")
    p.add_argument("--columns", type=_positive, default=8, help="images in a row (8)")
    p.add_argument("--seed", type=int, default=0, help="of the noise (0)")
    p.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:N or mps")
    p.set_defaults(run=_sample)

    p = commands.add_parser("evaluate", help="judge a trained generator: every score beside what real images get")
    p.add_argument("source", metavar="RUN", help=run)
    p.add_argument("--data", metavar="FOLDER", help=f"compare with {images} (default: MNIST)")
    p.add_argument("--n", type=_positive, help="how many samples, 100 to 10,000, or half the images of --data (most)")
    p.add_argument("--seed", type=int, default=1, help="of the noise (1)")
    p.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:N or mps")
    p.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    p.add_argument("--out", type=Path, help="write the JSON object to this file as well")
    p.set_defaults(run=_evaluate)

    p = commands.add_parser("export", help="write a trained generator as safetensors, for use elsewhere")
    p.add_argument("source", metavar="RUN", help=run)
    p.add_argument("--out", type=Path, required=True, help="file to write, such as g.safetensors")
    p.set_defaults(run=_export)
    return parser


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, got {text!r}")
    return int(text)


def _recipes(args: argparse.Namespace) -> int:
    described = [recipe.describe() for recipe in recipes.RECIPES.values()]
    if args.json:
        print(json.dumps(described, indent=2))
        return 0
    for r in described:
        print(f"{r['name']}: {r['title']}\n  {r['source']}")
        print(f"  D {r['parameters']['D']:,} and G {r['parameters']['G']:,} parameters; {r['objective']}")
        print(f"  D {r['optimisers']['D']}, G {r['optimisers']['G']}; m {r['batch']}, z {r['z']}, k {r['k']}, ", end="")
        print(f"{r['steps']:,} steps")
        for change in r["changes"]:
            print(f"  changed: {change}")
    return 0


def _train(args: argparse.Namespace) -> int:
    """Train in this process, or as one of those that torchrun started, of which rank 0 writes and talks."""
    recipe = recipes.get(args.recipe)
    recipe = recipe.change(m=args.m) if args.m else recipe
    with distributed.joined(args.device) as device:
        run = _open_run(args, recipe, device)
        distributed.part(run.recipe.m)  # a number of ranks that does not fit shows now
        return _go_on(run, args)


def _go_on(run: Run, args: argparse.Namespace) -> int:
    recipe, begun, rank_0 = run.recipe, run.step, distributed.rank() == 0
    steps = args.steps or recipe.steps
    if begun > steps:
        raise InputError(f"The run in {args.out} has made {begun:,} steps already, more than --steps {steps:,}.")
    if begun == steps:
        _write(run, args.out)  # it was killed after its last checkpoint, perhaps before the samples were drawn
    elif args.resume:
        run.save(args.out / CHECKPOINT)  # an unwritable or full disk shows now, not after an hour
    began = time.perf_counter()
    with (
        _ask_to_stop() as stopping,
        _folder(args.out),
        open(args.out / HISTORY if rank_0 else os.devnull, "a", encoding="utf-8") as history,
        tqdm(total=steps, initial=begun, unit="step", desc=recipe.name, disable=not rank_0) as bar,
    ):
        if rank_0 and not begun:
            bar.write(repr(run.data), file=sys.stderr)  # what was read, before hours go into it
        for record in run.train(steps - begun):
            stop = distributed.anyone(bool(stopping))  # all end after the same step
            last = record.step == steps or stop
            if record.step % args.log_every == 0 or last:
                row = record.row()
                history.write(json.dumps(row) + "\n")
                rate = (record.step - begun) * recipe.m * recipe.k / (time.perf_counter() - began)
                shown = {name: f"{row[name]:.3f}" for name in ("d_loss", "g_loss") if name in row}
                bar.set_postfix(shown | {"images/s": f"{rate:,.0f}"}, refresh=False)
            bar.update()
            if record.step % args.save_every == 0 or last:
                history.flush()
                _write(run, args.out)
            elif record.step == 1:
                history.flush()
                run.save(args.out / CHECKPOINT)  # a full disk shows now
            if stop:
                break
    if rank_0:
        print(
            f"Step {run.step:,} of {steps:,}: {CHECKPOINT}, {HISTORY} and {SAMPLES} are in {args.out}.", file=sys.stderr
        )
        if run.step < steps:
            print(f"Interrupted. Continue with: ganbook train {recipe.name} --out {args.out} --resume", file=sys.stderr)
    return 130 if run.step < steps else 0


@contextmanager
def _folder(out: Path) -> Iterator[None]:
    """Make the folder `out`. If the block fails before there is a checkpoint in it, nothing of it is left.

    So a start that was refused, at the first step perhaps, stands in the way of no other.
    """
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException as error:
        if (out / CHECKPOINT).exists():
            raise
        with suppress(OSError):
            (out / HISTORY).unlink(missing_ok=True)
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError) and not isinstance(error, GanbookError | BrokenPipeError):
            raise InputError(f"{out} cannot be written to ({error}). Name another folder with --out.") from error
        raise


def _open_run(args: argparse.Namespace, recipe: recipes.Recipe, device: torch.device) -> Run:
    """The run to train: the one in --out with --resume, else a new one in an empty place."""
    options = {"device": device, "folder": args.data, "bf16": args.bf16, "compiled": args.compile}
    if not args.resume:
        distributed.shared(lambda: _must_be_free(args.out))
        run = Run(recipe, seed=recipe.seed if args.seed is None else args.seed, **options)
        run.data  # noqa: B018  a missing or damaged file shows now
        return run
    run = Run.load(args.out / CHECKPOINT, **options)
    if run.recipe.name != recipe.name:
        raise InputError(f"The run in {args.out} is of recipe {run.recipe.name!r}, not {recipe.name!r}.")
    if args.seed not in (None, run.seed):
        raise InputError(f"The run in {args.out} has seed {run.seed}, not {args.seed}. Leave out --seed to go on.")
    if args.m not in (None, run.recipe.m):
        raise InputError(f"The run in {args.out} has m {run.recipe.m}, not {args.m}. Leave out --m to go on.")
    distributed.shared(lambda: _cut(args.out / HISTORY, run.step))
    return run


def _must_be_free(out: Path) -> None:
    """Raises InputError if there is a run in `out`; a history whose checkpoint is gone goes as well."""
    if (out / CHECKPOINT).exists():
        raise InputError(f"{out} holds a run already. Add --resume to continue it, or name another folder.")
    (out / HISTORY).unlink(missing_ok=True)


def _cut(history: Path, step: int) -> None:
    """Drop lines after `step`: they belong to steps that are about to be made again."""
    if history.exists():
        kept = [line for line in history.read_text("utf-8", "replace").splitlines() if _step(line) <= step]
        with replace(history) as file:
            file.write("".join(f"{line}\n" for line in kept).encode())


def _step(line: str) -> float:
    """The step of a line of history; infinite for a line that was cut off by a crash or is damaged."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")


def _write(run: Run, out: Path) -> None:
    from ganbook.viewing.plots import save_png  # matplotlib takes half a second to import: not for `ganbook --help`

    run.save(out / CHECKPOINT)
    if distributed.rank() == 0:
        save_png(_drawn(run, 64, seed=0), out / SAMPLES)


@contextmanager
def _ask_to_stop() -> Iterator[list[int]]:
    """Turn Ctrl-C and SIGTERM into a request that the list given records, so that a step is never left half made.

    A second Ctrl-C ends the program at once; the last checkpoint stays.
    """
    requests: list[int] = []

    def ask(number: int, frame: object) -> None:
        requests.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _network(source: str, device) -> Run | pretrained.Trained:
    """The networks that a user names: a checkpoint, the folder of a run, or a network stored with the package."""
    if os.path.exists(source):  # False, too, for what can be no name of a file
        return Run.load(source, device=device)
    if source in pretrained.names():
        return pretrained.load(source, device)
    raise InputError(
        f"There is no checkpoint or folder {source}, and no stored network of that name. "
        f"Stored are {', '.join(pretrained.names())}."
    )


def _drawn(network: Run | pretrained.Trained, n: int, *, seed: int) -> Tensor:
    """Samples (n, c, h, w); the labels of the images that the network was trained on are asked for in turn."""
    counts = network.counts if isinstance(network, Run) else {}
    return sample(network.sampler, n, seed=seed, y=labels_in_turn(counts, n) if counts else None)


def _sample(args: argparse.Namespace) -> int:
    from ganbook.viewing.plots import save_png

    if args.n > MOST:
        raise InputError(f"Expected --n of {MOST:,} or less, got {args.n:,}.")
    if not args.out.name.lower().endswith(".png"):
        raise InputError(f"Expected a name that ends in .png, got {args.out}.")
    network = _network(args.source, choose(args.device))
    save_png(_drawn(network, args.n, seed=args.seed), args.out, columns=args.columns)
    print(f"{args.n} images after step {network.step:,} of {network.recipe.name} are in {args.out}.")
    return 0


def _judged(network: Run | pretrained.Trained, args: argparse.Namespace) -> Evaluation:
    """Scores against MNIST, for networks that were trained on it or on some of its digits."""
    data = _trained_on(network, cast(Images, network.recipe.data()), args.source)  # no Stacked, as was seen above
    if data is None:
        raise InputError(
            f"The run in {args.source} was trained on other images than MNIST, of which the judge knows nothing. Name "
            "them, as for train, and its samples are compared with them: --data FOLDER. (For a part of MNIST that is "
            "not all images of some digits, write evaluate(run.sampler, data=...) in Python.)"
        )
    n = check_n(args.n or most(data), data)
    _say_what_comes(network, n, f"{n:,} test images and with all {len(data):,} training images")
    return evaluate(network.sampler, data=data, n=n, seed=args.seed)


def _say_what_comes(network: Run | pretrained.Trained, n: int, real: str) -> None:
    print(f"Drawing {n:,} samples of {network.recipe.name}, to compare them with {real} ...", file=sys.stderr)


def _compared(network: Run | pretrained.Trained, args: argparse.Namespace) -> Likeness:
    """Scores against the images that --data names."""
    named = network.recipe.data(args.data)
    if isinstance(named, Stacked):
        raise InputError(f"{args.data} holds grey images and {network.recipe.name} makes colour. Name colour images.")
    data = _trained_on(network, named, args.source)
    if data is None:
        raise InputError(f"The run in {args.source} was trained on other images than those in {args.data}.")
    n = args.n or min(10_000, len(data) // 2)
    if n > len(data) // 2:  # compare says so as well, but of samples that were made in vain
        raise InputError(f"Expected --n of {len(data) // 2:,} or less, half of the images in {args.data}, got {n:,}.")
    _say_what_comes(network, n, f"{n:,} of the {len(data):,} images in {args.data}")
    return compare(draw(network.sampler, n, data, seed=args.seed), data)


def _trained_on(network: Run | pretrained.Trained, data: Images, source: str) -> Images | None:
    """`data`, or all images of some of its labels, if `network` was trained on these; None if on others.

    A network that has made no step, or is stored with the package, is taken to be one for `data`.
    """
    seen = _seen(source)
    if seen in (None, data.fingerprint):
        return data
    counts = network.counts if isinstance(network, Run) else {}
    part = data.where(labels=counts) if counts and counts.keys() <= data.counts.keys() else data
    return part if part.fingerprint == seen else None


def _seen(source: str) -> str | None:
    """The fingerprint of the images that a run was trained on; None if it has made no step, or for stored networks."""
    return read(source)["data"] if os.path.exists(source) else None


def _evaluate(args: argparse.Namespace) -> int:
    network = _network(args.source, choose(args.device))
    if network.recipe.channels == 3 and not args.data:
        raise InputError(
            f"{network.recipe.name} makes stacked digits, which are judged by the modes they reach: "
            "ganbook.evaluation.stacked_modes.evaluate_stacked(G)."
        )
    evaluation = _compared(network, args) if args.data else _judged(network, args)
    made = {"recipe": network.recipe.name, "seed": network.seed, "step": network.step, "noise": args.seed}
    text = json.dumps(made | evaluation.as_dict(), indent=1)
    try:
        if args.out:
            with replace(args.out) as file:
                file.write(f"{text}\n".encode())
    finally:  # scores that took minutes are said even if they cannot be written
        if args.json:
            print(text)
        else:
            print(f"{network.recipe.name}, seed {network.seed}, step {network.step:,}; noise of seed {args.seed}")
            print(evaluation.table())
    return 0


def _export(args: argparse.Namespace) -> int:
    network = _network(args.source, torch.device("cpu"))
    network.export(args.out)
    print(f"The generator after step {network.step:,} of {network.recipe.name} is in {args.out}.")
    return 0
