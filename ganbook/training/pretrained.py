"""Generators trained for as long as their recipes say, stored with the package, and the course of each training.

Each is made by one command, which its JSON names under "command" (tools/experiments/schedules.py in the
book's repository).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.base import hashed_file
from ganbook.base.errors import InputError
from ganbook.base.files import ASSETS
from ganbook.training import recipes
from ganbook.training.export import export
from ganbook.training.recipes import Recipe

FORMAT = "ganbook weights 1"
FOLDER = ASSETS / "weights" / "recipes"


@dataclass(frozen=True)
class Trained:
    """Networks after `step` steps from `seed`. D is None where only G was kept. Both are in evaluation mode."""

    recipe: Recipe
    G: nn.Module
    D: nn.Module | None
    seed: int
    step: int
    sha256: str

    @property
    def sampler(self) -> nn.Module:
        """The generator to sample from, as ganbook.training.run.Run has it: G, since an average was stored in its
        place."""
        return self.G

    def export(self, path: str | Path) -> None:
        """Write G for use elsewhere, as safetensors; see ganbook.training.export."""
        export(self, path)


def names() -> list[str]:
    """Return the names of the recipes that have stored networks."""
    return sorted(path.stem for path in FOLDER.glob("*.pt"))


def load(name: str, device: torch.device | str = "cpu") -> Trained:
    """Return the stored networks of the recipe `name`, float16 in the file, float32 on `device`.

    Only tensors and plain values are unpickled (`weights_only=True`), and all of them must match the file's hash.
    Raises InputError if there are none of that name, or the file is damaged.
    """
    path, kind = _path(name, "pt"), "set of weights"
    content = hashed_file.read(path, format=FORMAT, kind=kind)
    with hashed_file.understood(path, kind=kind):
        recipe = recipes.get(json.loads(content["recipe"])["name"])
        nets = dict(zip("GD", recipe.networks(seed=0, device=device)))
        for player, net in nets.items():
            if player in content:
                net.load_state_dict(content[player])  # copies float16 into the float32 parameters
                net.eval()
        D = nets["D"] if "D" in content else None
        return Trained(recipe, nets["G"], D, content["seed"], content["step"], content["sha256"])


def save(run: Any, path: str | Path, *, with_d: bool) -> str:
    """Write the weights of a ganbook.training.run.Run to `path` in float16, with D or without; return the file's hash.

    G is the generator to sample from: its moving average, where the recipe keeps one.
    """
    players = {"G": run.sampler, "D": run.D} if with_d else {"G": run.sampler}
    states = {
        player: {key: v.half() if v.is_floating_point() else v for key, v in net.state_dict().items()}
        for player, net in players.items()
    }
    content = {"recipe": json.dumps(run.recipe.describe()), "seed": run.seed, "step": run.step, **states}
    return hashed_file.write(path, content, format=FORMAT)


def course(name: str) -> dict[str, Any]:
    """Return what was noted while `name` was trained: means and standard deviations of every scalar, gradient norms,
    and how its samples were judged, each against the step. Raises InputError if there is none of that name.
    """
    return json.loads(_path(name, "json").read_text("utf-8"))


def film(name: str) -> tuple[list[int], Tensor]:
    """Return the steps, and at each the images (frames, 16, 1, h, w) in [-1, 1] of the same 16 noise vectors."""
    from matplotlib.image import imread  # not for those who only want the weights

    steps = course(name)["film"]
    strip = torch.from_numpy(imread(_path(name, "png")).copy())  # (frames * h, 16 * w) in [0, 1]
    frames = strip.unflatten(0, (len(steps), -1)).unflatten(2, (16, -1))  # -> (frames, h, 16, w)
    return steps, frames.transpose(1, 2).unsqueeze(2) * 2 - 1


def _path(name: str, kind: str) -> Path:
    if name not in names():
        raise InputError(f"There are no stored networks {name!r}. There are {', '.join(names())}.")
    return FOLDER / f"{name}.{kind}"
