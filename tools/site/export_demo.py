"""Write what the page "A generator in the page" needs, as scripts, since a page opened from a disk cannot fetch data.

    python -m tools.site.export_demo

For each network of MODELS a file book/_static/demos/weights/NAME.js with the weights of G as they are stored (float16,
so nothing is lost), BatchNorm as one scale and one shift a channel (conditional BatchNorm: and a label), and the
directions of the page's sliders; and weights/digits.js with the first training digits. Run it again when a stored
network changes: a test compares hashes.

The directions are those in which the first layer's features vary most when z ~ N(0, I)
(ganbook.viewing.latent.principal). What a direction does is then measured on samples, and the page prints what was
measured.
"""

import argparse
import base64
import json
import zlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.base import seeds
from ganbook.data import Digits
from ganbook.evaluation import judge
from ganbook.metrics.strokes import properties
from ganbook.models import dcgan
from ganbook.models.conditional import Coded, ConditionalBatchNorm2d
from ganbook.models.sampling import sample
from ganbook.training import pretrained
from ganbook.viewing.latent import principal

FOLDER = Path(__file__).resolve().parents[2] / "book" / "_static" / "demos" / "weights"
# The networks on the page, the first of which it opens with, and what the page calls them. Any stored generator that is
# a dcgan.Generator, or has one as `net` behind its labels (conditional.Generator) or its code (conditional.Coded).
MODELS = {"conditional": "conditional DCGAN", "coded": "DCGAN with a code", "a-dcgan": "DCGAN, no label"}
DIRECTIONS = 6  # sliders on the page
REACH = 3.0  # a slider runs from -REACH to REACH standard deviations
SAMPLES = 400  # digits on which a direction is measured
REAL = 800  # digits among which the page looks for the nearest
# What a slider is called if this property shrinks or grows most towards its right end.
WORDS = {
    "ink": ("less ink", "more ink"),
    "slant": ("leans left", "leans right"),
    "width": ("narrower", "wider"),
    "height": ("flatter", "taller"),
}
JUDGE = judge.load()


class ByCode(nn.Module):
    """A coded generator that is asked for a code as others are for a label."""

    def __init__(self, G: Coded) -> None:
        super().__init__()
        self.G, self.net, self.z_dim, self.classes = G, G.net.net, G.z_dim, G.codes

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return self.G(self.G.with_code(z, y))


def on_page(G: nn.Module) -> nn.Module:
    """A stored generator as the page asks it."""
    return ByCode(G) if isinstance(G, Coded) else G


def text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def packed_bytes(content: bytes) -> str:
    """Bytes as base64 of a zlib stream."""
    return text(zlib.compress(content, 9))


def packed(x: Tensor) -> str:
    """float16 numbers as base64 of a zlib stream, all low bytes before all high ones: the high ones repeat more."""
    planes = x.contiguous().view(torch.uint8).view(-1, 2).T.contiguous()  # (2n,) -> (2, n)
    return packed_bytes(planes.numpy().tobytes())


def convolutions(G: nn.Module) -> list[tuple[nn.ConvTranspose2d, Tensor, Tensor]]:
    """Each transposed convolution of a dcgan.Generator with the scale and the shift of every channel that follow it,
    (1, c_out), or (classes, c_out) after conditional BatchNorm.

    BatchNorm in evaluation mode is (h - mean) / sqrt(var + eps) * weight + bias, one scale and one shift a channel; the
    convolution's own bias goes into the shift.
    """
    found = []
    for layer, then in zip(G.layers, [*G.layers[1:], None]):
        if isinstance(layer, nn.ConvTranspose2d):
            scale, shift = torch.ones(1, layer.out_channels), layer.bias[None]
            if isinstance(then, nn.BatchNorm2d):
                scale, shift = folded(layer, then, then.weight[None], then.bias[None])
            elif isinstance(then, ConditionalBatchNorm2d):
                scale, shift = folded(layer, then.norm, then.scale.weight.T, then.shift.weight.T)
            found.append((layer, scale.detach(), shift.detach()))
    return found


def folded(layer: nn.ConvTranspose2d, norm: nn.BatchNorm2d, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The scale and the shift (rows, c_out) of BatchNorm with this weight and bias, the layer's own bias included."""
    scale = weight / (norm.running_var + norm.eps).sqrt()
    return scale, (layer.bias - norm.running_mean) * scale + bias


def name_of(effect: dict[str, float], common: list[tuple[int, int]]) -> str:
    """What one sees most: the properties that change by more than one standard deviation, at most two of them; if none
    does, the commonest digit at either end, where it has more than twice the share of an even draw."""
    strongest = sorted(effect, key=lambda name: -abs(effect[name]))[:2]
    seen = [WORDS[name][effect[name] > 0] for name in strongest if abs(effect[name]) > 1]
    (low, few), (high, many) = common
    turns = f"from {low} to {high}" if low != high and min(few, many) > 20 else "no one property"
    return ", ".join(seen) or turns


def commonest(y: Tensor) -> tuple[int, int]:
    """The most frequent of the digits y, and how many in 100 it is."""
    counts = y.bincount(minlength=10)
    return int(counts.argmax()), round(100 * counts.max().item() / len(y))


@torch.no_grad()
def measured(G: nn.Module, direction: Tensor) -> dict[str, Any]:
    """What the digits do from one end of a slider to the other, on SAMPLES noises of a fixed seed.

    For every property the mean at either end, and how far these are apart in units of the property's standard
    deviation among ordinary samples; how many digits in 100 the judge gives another name at the other end. Of a
    direction and its opposite, the one is kept that adds to what changes most.
    """
    z = torch.randn(SAMPLES, G.z_dim, generator=seeds.generator("directions"))
    usual = properties(sample(G, z=z))
    ends = [sample(G, z=z + side * REACH * direction) for side in (-1, 1)]
    low, high = map(properties, ends)
    effect = {name: ((high[name].mean() - low[name].mean()) / usual[name].std()).item() for name in usual}
    if effect[max(effect, key=lambda name: abs(effect[name]))] < 0:
        return measured(G, -direction)
    classes = [judge.judged(JUDGE, judge.at_judges_size(x))[1].argmax(1) for x in ends]
    common = [commonest(y) for y in classes]
    return {
        "name": name_of(effect, common),
        "commonest": common,
        "from": {name: round(low[name].mean().item(), 1) for name in low},
        "to": {name: round(high[name].mean().item(), 1) for name in high},
        "effect": {name: round(effect[name], 2) for name in effect},
        "renamed": round(100 * (classes[0] != classes[1]).float().mean().item()),
        "vector": text(direction.numpy().tobytes()),
    }


def distinct(directions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The directions, in whose names a number tells those apart that are called the same."""
    names = [direction["name"] for direction in directions]
    for i, (direction, name) in enumerate(zip(directions, names)):
        if names.count(name) > 1:
            direction["name"] = f"{name} ({names[: i + 1].count(name)})"
    return directions


def entry(G: nn.Module, **about: object) -> dict[str, object]:
    """Everything the page needs of a generator, and what is to be said `about` it."""
    net = getattr(G, "net", G)
    if not isinstance(net, dcgan.Generator):
        raise SystemExit(f"The page can run a dcgan.Generator, and got a {type(net).__name__}.")
    layers = convolutions(net)
    shapes = [
        {
            "c_in": w.in_channels,
            "c_out": w.out_channels,
            "kernel": w.kernel_size[0],
            "stride": w.stride[0],
            "padding": w.padding[0],
            "rows": len(scale),  # of scales and of shifts: one for all, or one a label
        }
        for w, scale, _ in layers
    ]
    return {
        **about,
        "z_dim": G.z_dim,
        "classes": getattr(G, "classes", 0),
        # The classes of a ByCode are codes, which noise has without being asked.
        **({"coded": True} if isinstance(G, ByCode) else {}),
        "layers": shapes,
        "reach": REACH,
        "directions": distinct([measured(G, vector) for vector in principal(G, DIRECTIONS)]),
        "affine": text(
            torch.cat([torch.cat([scale, shift]).flatten() for _, scale, shift in layers]).numpy().tobytes()
        ),
        # (in, out, k, k) -> (in, k, k, out): the page keeps the channels of a pixel together
        "weights": packed(torch.cat([w.weight.detach().permute(0, 2, 3, 1).flatten() for w, _, _ in layers]).half()),
    }


def real_digits() -> dict[str, object]:
    """The first REAL training digits, bytes as published, and their labels as one string."""
    digits = Digits("train")
    return {
        "side": 28,
        "labels": "".join(str(y) for y in digits.labels[:REAL].tolist()),
        "images": packed_bytes(digits.images[:REAL].numpy().tobytes()),
    }


def write(path: Path, target: str, content: dict[str, object], licence: str) -> None:
    path.write_text(
        f"/* Written by tools/site/export_demo.py. {licence} */\n"
        f"globalThis.ganbook = globalThis.ganbook || {{}};\nganbook.models = ganbook.models || {{}};\n"
        f"{target} = {json.dumps(content)};\n",
        encoding="utf-8",
    )
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the weights and the digits that the page of a generator needs.")
    parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    own, mnist = "Weights: MIT.", "MNIST: Yann LeCun and Corinna Cortes, CC BY-SA 3.0."
    for name, title in MODELS.items():
        stored = pretrained.load(name)
        content = entry(on_page(stored.G), title=title, recipe=name, sha256=stored.sha256)
        write(FOLDER / f"{name}.js", f'ganbook.models["{name}"]', content, own)
    write(FOLDER / "list.js", "ganbook.available", MODELS, own)
    write(FOLDER / "digits.js", "ganbook.realDigits", real_digits(), mnist)


if __name__ == "__main__":
    main()
