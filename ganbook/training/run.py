"""A training that can be stopped and continued, in memory and in a file."""

import itertools
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ganbook.base import distributed, hashed_file
from ganbook.base.devices import choose
from ganbook.base.errors import DivergedError, InputError
from ganbook.data import Images, Stacked
from ganbook.training import recipes
from ganbook.training.ema import averaged
from ganbook.training.loop import Record, train
from ganbook.training.precision import fast
from ganbook.training.recipes import Recipe

FORMAT = "ganbook checkpoint 1"


class Run:
    """One training of `recipe` from `seed`: G, D, opt_g, opt_d, how many steps they have made, and G's average.

    folder: where the images are, see ganbook.data.find; they are loaded when training starts.
    bf16, compiled: ways to train in less time, see ganbook.training.precision. They are no part of the run: G, D and
    what is saved
        are float32 weights with them and without, and a run may be continued in another way.

    A run of 100 steps equals one of 50, saved, loaded and trained for 50 more, bit for bit (same machine, device and
    number of threads): every draw belongs to the seed and the step, so weights, optimisers and step are all its state.
    Ranks that train together (ganbook.base.distributed) each hold the whole run; rank 0 saves and loads it for all.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
        folder: str | Path | None = None,
        bf16: bool = False,
        compiled: bool = False,
    ) -> None:
        self.recipe, self.seed, self.device, self.folder = recipe, seed, choose(device), folder
        self.G, self.D = recipe.networks(seed, self.device)
        self.opt_g, self.opt_d = recipe.optimisers(self.G, self.D)
        self.ema = averaged(self.G, recipe.ema) if recipe.ema else None
        self.compiled = compiled
        self._players = [fast(net, bf16=bf16, compiled=compiled) for net in (self.G, self.D)]
        self.step = 0
        self._trained_on: str | None = None  # fingerprint of the images, once there was a step

    @property
    def sampler(self) -> nn.Module:
        """The generator to sample from: the moving average of G where the recipe keeps one, else G itself."""
        return self.ema.module if self.ema else self.G

    @cached_property
    def data(self) -> Images | Stacked:
        """The training images."""
        return self.recipe.data(self.folder, self.device)

    def train(self, steps: int) -> Iterator[Record]:
        """Train for `steps` more steps and give each step's Record; see ganbook.training.loop.train."""
        if self._trained_on not in (None, self.data.fingerprint):
            raise InputError(
                f"This run was trained on other images ({self._trained_on}) than those given now "
                f"({self.data.fingerprint}). Name the folder of the former to continue."
            )
        r, players = self.recipe, {"opt_g": self.opt_g, "opt_d": self.opt_d}
        options = {"m": r.m, "k": r.k, "seed": self.seed, "start": self.step, "reuse_fakes": r.reuse_fakes}
        records = train(*self._players, r.objective, self.data, **players, steps=steps, **options)
        try:
            first = list(itertools.islice(records, 1))
        except RuntimeError as error:
            if not self.compiled:
                raise
            raise InputError(
                f"Compiled networks could not make a step ({str(error).splitlines()[0][:200]}). What torch.compile "
                "makes cannot be differentiated twice, as a gradient penalty asks, and on a CPU it needs a C++ "
                "compiler. Leave out --compile."
            ) from error
        for record in itertools.chain(first, records):
            if self.ema:
                self.ema.update_parameters(self.G)
            self.step, self._trained_on = record.step, self.data.fingerprint
            yield record

    def _parts(self) -> dict[str, Any]:
        """What has a state, by its name in the file."""
        parts = {"G": self.G, "D": self.D, "opt_g": self.opt_g, "opt_d": self.opt_d, "ema": self.ema}
        return {name: part for name, part in parts.items() if part is not None}

    def save(self, path: str | Path) -> None:
        """Write the run to `path`: first to a temporary file beside it, then renamed, so `path` is always whole.

        Of several ranks only rank 0 writes: weights are the same on all; BatchNorm's running statistics are its own.
        Raises DivergedError, and leaves `path` as it was, if a weight is not a finite number; InputError if the
        folder cannot be written to.
        """
        weights = [v for net in (self.G, self.D) for v in net.state_dict().values()]
        if not all(v.isfinite().all() for v in weights):
            raise DivergedError(f"Step {self.step}: a weight is not a finite number, so nothing was written to {path}.")
        if distributed.rank():
            return
        content = {
            "recipe": json.dumps(self.recipe.describe()),
            "seed": self.seed,
            "step": self.step,
            "data": self._trained_on,
            **{name: part.state_dict() for name, part in self._parts().items()},
        }
        hashed_file.write(path, content, format=FORMAT)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        device: torch.device | str = "cpu",
        folder: str | Path | None = None,
        bf16: bool = False,
        compiled: bool = False,
        recipe: Recipe | None = None,
    ) -> "Run":
        """Read a run from `path`. `recipe` is needed only for one that is not in ganbook.training.recipes.

        Only tensors and plain values are unpickled (`weights_only=True`), and all of them must match the file's hash.
        Raises InputError if the file is missing, damaged, not a checkpoint of ganbook, or from another recipe.
        """
        content = distributed.shared(lambda: read(path))
        with hashed_file.understood(path, kind="checkpoint"):
            described = json.loads(content["recipe"])
            recipe = recipe or recipes.get(described["name"])
            if (now := json.loads(json.dumps(recipe.describe()))) != described:
                differing = ", ".join(key for key in now if now[key] != described.get(key))
                raise InputError(
                    f"{path} was trained with another version of recipe {recipe.name!r}: they differ in {differing}. "
                    "Train it again, or pass the recipe it was trained with."
                )
            run = cls(recipe, seed=int(content["seed"]), device=device, folder=folder, bf16=bf16, compiled=compiled)
            for name, part in run._parts().items():
                part.load_state_dict(content[name])
            run.step, run._trained_on = int(content["step"]), content["data"]
            return run


def read(path: str | Path) -> dict[str, Any]:
    """Return the content of the checkpoint at `path`, verified; see Run.load for what it raises."""
    return hashed_file.read(path, format=FORMAT, kind="checkpoint")
