"""A training that can be stopped and continued, in memory and in a file."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ganbook.base import distributed, hashed_file, validate
from ganbook.base.errors import DivergedError, InputError, warn
from ganbook.base.interrupts import held
from ganbook.data import Data, Images
from ganbook.training import recipes
from ganbook.training.architecture import architecture, differences
from ganbook.training.begun import Begun
from ganbook.training.ema import averaged, decayed
from ganbook.training.export import export
from ganbook.training.loop import Record, train
from ganbook.training.precision import fast, of_compilation
from ganbook.training.recipes import Recipe

FORMAT = "ganbook checkpoint 1"
CHECKPOINT = "checkpoint.pt"  # in the folder of a run
# Of a recipe's description, what does not bear on the next step: words, and what a new training starts and ends with.
FREE = {*recipes.WORDS, "seed", "steps"}


class Run(Begun):
    """One training of `recipe` from `seed`: G, D, opt_g, opt_d, how many steps they have made, and G's average.

    data: images of your own, anything that `train` takes; they need a `fingerprint` only to be recognised when a saved
        run goes on. They come in the size and on the device that they have, so `size`, `rotate` and `channels` of the
        recipe do not apply.
    folder: instead, where the images are, see ganbook.data.find; they are loaded when training starts.
    bf16, compiled: ways to train in less time, see ganbook.training.precision. They are no part of the run: G, D and
        what is saved are float32 weights with them and without, and a run may be continued in another way.

    A run of 100 steps equals one of 50, saved, loaded and trained for 50 more, bit for bit (same machine, device and
    number of threads): every draw belongs to the seed and the step, so weights, optimisers and step are all its state.
    Ranks that train together (ganbook.base.distributed) each hold the whole run; rank 0 saves and loads it for all.

    Raises InputError for a seed that is no whole number, a device that is missing, and data and folder together.

    >>> import torch
    >>> from ganbook import Images, Run
    >>> from ganbook.training import recipes
    >>> mine = Images(torch.zeros(64, 28, 28, dtype=torch.uint8))
    >>> run = Run(recipes.get("d-linear"), seed=1, data=mine)
    >>> [record.step for record in run.train_to(3)], [record.step for record in run.train_to(5)]
    ([1, 2, 3], [4, 5])
    """

    LONGER = "recipe.change(steps={steps})"
    recipe: Recipe

    def __init__(
        self,
        recipe: Recipe,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
        data: Data | None = None,
        folder: str | Path | None = None,
        bf16: bool = False,
        compiled: bool = False,
    ) -> None:
        super().__init__(recipe, seed=seed, device=device, data=data, folder=folder)
        self.G, self.D = recipe.networks(self.seed, self.device)
        validate.generator(self.G)
        self.opt_g, self.opt_d = recipe.optimisers(self.G, self.D)
        self.ema = averaged(self.G, recipe.ema) if recipe.ema else None
        self.compiled = compiled
        self._players = [fast(net, bf16=bf16, compiled=compiled) for net in (self.G, self.D)]
        self._made_of = {"G": architecture(self.G), "D": architecture(self.D)}
        self._cut_off = False  # a step that was begun has not ended
        self._trained_on: str | None = None  # fingerprint of the images, once there was a step
        self._counts: dict[int, int] = {}  # of their labels, as the file that this run was loaded from has them
        self._known: Any = None  # the data of the last step that was made here

    @property
    def counts(self) -> dict[int, int]:
        """How many of the images that the steps so far were made on have a label, for each label that occurs.

        Empty where there was no step, or the data do not say: only Images have `counts`, and a set without labels has
        none to ask for. So a G that takes labels is sampled for those that it was trained on; see `labels_in_turn` in
        ganbook.models.sampling. Runs saved by older versions of ganbook do not say either.
        """
        if self._known is None:
            return self._counts
        return dict(self._known.counts) if isinstance(self._known, Images) and self._known.classes else {}

    def train(self, steps: int) -> Iterator[Record]:
        """Train for `steps` more steps and give each step's Record; see ganbook.training.loop.train.

        Ctrl-C waits for the end of the step and comes once its record was given, so the run can always go on.
        Raises InputError for other images than those of the steps before, and warns where that cannot be seen.
        """
        if self._cut_off:
            raise InputError(
                f"Step {self.step + 1} of this run was cut off in the middle, so its networks are between two steps. "
                "Load its last checkpoint, or start again."
            )
        self._look_at_data()
        self._look_at_schedule(self.step + steps)
        r, (G, D) = self.recipe, self._players
        records = train(
            G,
            D,
            r.objective,
            self.data,
            opt_g=self.opt_g,
            opt_d=self.opt_d,
            steps=steps,
            m=r.m,
            k=r.k,
            seed=self.seed,
            start=self.step,
            reuse_fakes=r.reuse_fakes,
            schedule=r.at if r.schedule else None,
        )
        while True:
            with held() as interrupts:
                record = self._make_step(records)
            if record is None:
                return
            yield record
            if interrupts:
                raise KeyboardInterrupt

    def train_to(self, step: int) -> Iterator[Record]:
        """Train until `step` steps are made in all, and give the Records of those that were missing: perhaps of none.

        So a cell with `history += run.train_to(2_000)` goes on where it was interrupted, and once it is done changes
        nothing when it is run again. Raises what `train` does.
        """
        return self.train(max(0, step - self.step))

    def _make_step(self, records: Iterator[Record]) -> Record | None:
        """Make the next step whole, with G's average and the count; None once there is none left to make."""
        moved: list[bool] = []  # D is the first to move
        hook = self.opt_d.register_step_post_hook(lambda *_: moved.append(True))
        try:
            record = next(records, None)
        except BaseException as error:
            self._cut_off = bool(moved) and not isinstance(error, DivergedError)  # raised when a step has ended
            if not (self.compiled and isinstance(error, RuntimeError) and of_compilation(error)):
                raise
            raise InputError(
                f"Compiled networks could not make a step ({str(error).splitlines()[0][:200]}). What torch.compile "
                "makes cannot be differentiated twice, as a gradient penalty asks, and on a CPU it needs a C++ "
                "compiler. Leave out --compile (in Python, compiled=True)."
            ) from error
        finally:
            hook.remove()
        if record is not None:
            if self.ema:
                decayed(self.ema, self.recipe.at(record.step).get("ema", self.recipe.ema))
                self.ema.update_parameters(self.G)
            self.step = record.step
            self._known, self._trained_on = self.data, getattr(self.data, "fingerprint", None)
        return record

    def _look_at_data(self) -> None:
        """Refuse other images than those that the steps so far were made on."""
        if self.step == 0 or self.data is self._known:
            return
        now = getattr(self.data, "fingerprint", None)
        if self._trained_on is None or now is None:
            warn(
                f"This run goes on after step {self.step:,} with data that have no fingerprint now or had none before, "
                "so whether they are the same images cannot be checked."
            )
        elif self._trained_on != now:
            raise InputError(
                f"This run was trained on other images ({self._trained_on}) than those given now ({now}). Name the "
                "folder of the former to continue."
            )

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
        if self._cut_off:
            raise InputError(f"Step {self.step + 1} was cut off in the middle, so nothing was written to {path}.")
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
            "networks": json.dumps(self._made_of),
            "counts": json.dumps(self.counts),
            **{name: part.state_dict() for name, part in self._parts().items()},
        }
        hashed_file.write(path, content, format=FORMAT)

    def export(self, path: str | Path) -> None:
        """Write the generator to sample from for use elsewhere, as safetensors; see ganbook.training.export."""
        if distributed.rank() == 0:
            export(self, path)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        device: torch.device | str = "cpu",
        data: Data | None = None,
        folder: str | Path | None = None,
        bf16: bool = False,
        compiled: bool = False,
        recipe: Recipe | None = None,
    ) -> "Run":
        """Read a run from `path`, its checkpoint or the folder in which `ganbook train` keeps it.

        recipe: that of the run, needed where it is not one of ganbook.training.recipes, whatever its m.

        Only tensors and plain values are unpickled (`weights_only=True`), and all of them must match the file's hash.
        The recipe must describe the same steps, with networks of the same layers; its words, its seed and the length
        of its schedule are free. Files of older versions of ganbook do not name the layers: of these, only shapes are
        compared.
        Raises InputError if the file is missing, damaged, not a checkpoint of ganbook, or from another recipe.
        """
        path = checkpoint(path)
        content = distributed.shared(lambda: read(path))
        with hashed_file.understood(path, kind="checkpoint"):
            described = json.loads(content["recipe"])
            recipe = _recipe_of(path, described) if recipe is None else recipe
            _same_recipe(path, described, recipe)
            seed = int(content["seed"])
            run = cls(recipe, seed=seed, device=device, data=data, folder=folder, bf16=bf16, compiled=compiled)
            if "networks" in content:
                _same_networks(path, json.loads(content["networks"]), run)
            for name, part in run._parts().items():
                part.load_state_dict(content[name])
            run.step = int(content["step"])
            run._trained_on = content["data"]
            run._counts = {int(y): count for y, count in json.loads(content.get("counts", "{}")).items()}
            return run


def checkpoint(path: str | Path) -> Path:
    """Return the checkpoint that `path` names: a file is meant itself, of a folder the file checkpoint.pt in it."""
    return Path(path, CHECKPOINT) if os.path.isdir(path) else Path(path)


def read(path: str | Path) -> dict[str, Any]:
    """Return the content of the checkpoint that `path` names, verified; see Run.load for what it raises."""
    return hashed_file.read(checkpoint(path), format=FORMAT, kind="checkpoint")


def _recipe_of(path: str | Path, then: dict[str, Any]) -> Recipe:
    """The recipe described as `then`, with its m; or what to do where it is none of the book's."""
    name = then["name"]
    if name not in recipes.RECIPES:
        raise InputError(
            f"{path} holds a run of {name!r}, which is not one of ganbook's recipes. Pass the Recipe that it was "
            f"trained with: Run.load({str(path)!r}, recipe=...)."
        )
    return recipes.get(name).change(m=then["batch"])


def _same_recipe(path: str | Path, then: dict[str, Any], recipe: Recipe) -> None:
    """Say so if `recipe` is not the one described as `then`, as far as steps depend on it."""
    now = json.loads(json.dumps(recipe.describe()))
    differing = [key for key in {**now, **then} if key not in FREE and now.get(key) != then.get(key)]
    if differing:
        said = "; ".join(f"{key} was {then.get(key)} and is {now.get(key)}" for key in differing[:3])
        raise InputError(
            f"{path} was trained with another version of recipe {recipe.name!r}: they differ in {', '.join(differing)} "
            f"({said}). Pass the Recipe that it was trained with, Run.load({str(path)!r}, recipe=...), or train it "
            "again."
        )


def _same_networks(path: str | Path, then: dict[str, Any], run: Run) -> None:
    """Say so if the networks of `run` have other layers than those of the file."""
    found = [f"{player}: {one}" for player in "GD" for one in differences(then[player], run._made_of[player])]
    if found:
        more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
        raise InputError(
            f"{path} was trained with other networks than recipe {run.recipe.name!r} builds ({'; '.join(found[:3])}"
            f"{more}). Pass the Recipe that it was trained with, Run.load({str(path)!r}, recipe=...), or train it "
            "again."
        )
