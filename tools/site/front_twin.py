"""The front page's training in PyTorch: the same networks, losses, order of draws and average, one step at a time.

The tests set the page's numbers against it, and tools/experiments/front_runs.py compares what both reach. The page's
settings are read from its script, book/_static/demos/trainer.js.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Adam

from ganbook.models import mlp
from ganbook.objectives import NonSaturating
from ganbook.training.loop import update

TRAINER = Path(__file__).resolve().parents[2] / "book" / "_static" / "demos" / "trainer.js"
SETTING = re.compile(r"^    (\w+): (\[[\d, ]+\]|[\d.]+),(?: //.*)?$", re.MULTILINE)
PLAN = {
    name: [int(width) for width in re.findall(r"\d+", value)] if value.startswith("[") else float(value)
    for name, value in SETTING.findall(TRAINER.read_text(encoding="utf-8"))
}
IMAGE = (1, 14, 14)
SLOPE = 0.2  # of LeakyReLU, as in layers.js


def networks() -> tuple[nn.Module, nn.Module]:
    """The page's G and D with fresh weights. A bias before BatchNorm has no effect, and the page has none."""
    G = mlp.Generator(int(PLAN["noise"]), tuple(PLAN["hiddenG"]), IMAGE, SLOPE, norm=True)
    for layer, after in zip(G.layers, G.layers[1:]):
        if isinstance(after, nn.BatchNorm1d):
            layer.bias = None
    return G, mlp.Discriminator(IMAGE, tuple(PLAN["hiddenD"]), SLOPE, dropout=0.0)


class Twin:
    """A training whose steps are made with the draws that it is given."""

    objective = NonSaturating()

    def __init__(self, G: nn.Module, D: nn.Module) -> None:
        self.G, self.D, self.average = G, D, deepcopy(G)
        settings = {"lr": PLAN["rate"], "betas": (PLAN["beta1"], PLAN["beta2"]), "fused": True}
        self.opt_g, self.opt_d = (Adam(net.parameters(), **settings) for net in (G, D))
        self.updates = 0  # of G

    def step(self, x: Tensor, normal: Callable[[], Tensor], players: str = "DG") -> dict[str, float]:
        """Make one step with real images x (m, 1, 14, 14) and noise from `normal`, (m, z) twice.

        A player that is not in `players` does not learn. Returns what the page draws.
        """
        d = self.objective.discriminator(self.D, x, self.G(normal()).detach())
        if "D" in players:
            update(self.opt_d, d["loss"])
        g = self.objective.generator(self.D, x, self.G(normal()))
        if "G" in players:
            update(self.opt_g, g["loss"])
            self.follow()
        found = {"lossD": d["loss"], "real": d["real"], "fake": d["fake"], "lossG": g["loss"]}
        return {name: value.item() for name, value in found.items()}

    @torch.no_grad()
    def follow(self) -> None:
        """Move the average. Its memory grows to 1 / (1 - PLAN["average"]) steps, as TensorFlow's num_updates has it."""
        self.updates += 1
        decay = min(PLAN["average"], (1 + self.updates) / (10 + self.updates))
        for a, w in zip(self.average.parameters(), self.G.parameters()):
            a.lerp_(w, 1 - decay)

    @torch.no_grad()
    def settled(self, z: Tensor) -> nn.Module:
        """The averaged generator in evaluation mode, with the mean and variance that its layers have for noise z.

        The page takes these anew for each look: those of earlier weights, averaged too, fit the average worse.
        """
        net = deepcopy(self.average).train()
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm1d):
                layer.momentum = 1.0
        net(z)
        return net.eval()
