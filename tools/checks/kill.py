"""Is anything lost when a training is killed? Kills one at random instants and resumes it: python -m tools.checks.kill

Trains a small recipe once without interruption. Then it starts the same command again and kills it (SIGKILL: nothing
can be saved or tidied up) after a random time, starts it with --resume and kills it again, until it has ended; and from
the beginning in a new folder, until all kills are made. Each training must end with the checkpoint, hash for hash, and
the history of the one that was left alone, and with no other files. Prints what happened as JSON; the exit status is 1
if something was lost. A minute or two on a free core.

The processes are forked from one that has imported the package, so that an attempt is spent on training and writing
and not on importing torch.
"""

import argparse
import contextlib
import json
import random
import sys
import tempfile
import threading
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from ganbook import cli
from ganbook.training.run import read

KILLED = -9
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["ganbook.cli", "ganbook.viewing.plots", "torch._dynamo"]
)  # the last is imported by Adam


def attempt(command: list[str], log: Path, seconds: float | None = None) -> int:
    """Run the command in a process of its own, for `seconds` at most; return its exit status, or KILLED."""
    process = PROCESSES.Process(target=_run, args=(command, log))
    process.start()
    process.join(seconds)
    process.kill()  # without effect on a process that has ended
    process.join()
    return process.exitcode


def _run(command: list[str], log: Path) -> None:
    tqdm.set_lock(threading.RLock())  # its own is a semaphore of the system, which a kill leaves behind
    with open(log, "a", encoding="utf-8") as file, contextlib.redirect_stderr(file):
        status = cli.main(command)
    sys.exit(status)


def step(out: Path) -> int:
    """The step of the checkpoint in `out`, which must be whole; -1 if there is none yet."""
    return read(out / cli.CHECKPOINT)["step"] if (out / cli.CHECKPOINT).exists() else -1


def left(out: Path) -> tuple[str, str, list[str]]:
    """What two trainings that ended alike have in common: all that is in the checkpoint, the history, the files."""
    files = sorted(path.name for path in out.iterdir())
    return read(out / cli.CHECKPOINT)["sha256"], (out / cli.HISTORY).read_text(), files


def measure(place: Path, recipe: str, *, kills: int, steps: int, save_every: int, seed: int) -> dict:
    """Train in folders below `place` until `kills` kills are made; see the top of this file."""
    numbers = {"--steps": steps, "--save-every": save_every, "--log-every": 1}
    settings = ["--data", "fashion", "--device", "cpu", *(str(part) for pair in numbers.items() for part in pair)]
    log, whole = place / "log", place / "whole"
    same = attempt(["train", recipe, "--out", str(whole), *settings], log) == 0
    rng, seen, trainings, longest = random.Random(seed), [], 0, 1.0
    while same and len(seen) < kills:
        trainings += 1
        out, status = place / str(trainings), KILLED
        while status == KILLED:
            before, more = step(out), len(seen) < kills
            command = ["train", recipe, "--out", str(out), *settings, *(["--resume"] if before >= 0 else [])]
            status = attempt(command, log, rng.uniform(0, longest) if more else None)
            if status == KILLED:
                seen.append((step(out), [path.stem for path in out.glob("*.part")]))
                # On any machine, however busy, about two attempts of three shall get on
                longest *= 0.8 if step(out) > before else 1.5
        same = status == 0 and left(out) == left(whole)
    return {
        "identical": same,
        "kills": len(seen),
        "trainings": trainings,
        "killed_before_the_first_checkpoint": sum(at < 0 for at, _ in seen),
        "killed_while_writing": {
            name: sum(name in writing for _, writing in seen) for name in (cli.CHECKPOINT, cli.HISTORY, cli.SAMPLES)
        },
        "different_steps_continued_from": len({at for at, _ in seen if at >= 0}),
        "said_last": [] if same else log.read_text().splitlines()[-5:],
    }


def main(argv: list[str] | None = None) -> int:
    """Measure, print, and return 1 if something was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--recipe", default="d-linear", help="default: the one with the fewest weights")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--save-every", type=int, default=2, help="low, so that many kills meet the writing of a file")
    parser.add_argument("--seed", type=int, default=0, help="of the instants, as far as they are in our hands")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as place:
        result = measure(Path(place), **vars(args))
    print(json.dumps(result, indent=1))
    return 0 if result["identical"] else 1


if __name__ == "__main__":
    sys.exit(main())
