"""Train the generator of chapter 12's explorable "The time machine", and write it at STEPS of its training:

    python -m tools.site.time_machine

About five minutes on one core. It writes book/_static/demos/times_stored.js: for each step the weights in 8 bits with a
scale a layer, BatchNorm as one scale and one shift a channel and label, and what was measured. The run is the recipe
"conditional" with fewer channels and less noise, from SEED; its generator is the moving average of the last hundred
steps, about. The directions are the principal ones of the last generator. The weights of a run lie in
_build/times.pt, and a second call takes them from there.
"""

import argparse
import copy
import json
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganbook.base import seeds
from ganbook.base.devices import flush_denormals
from ganbook.evaluation import judge
from ganbook.metrics.strokes import properties
from ganbook.models import conditional
from ganbook.models.sampling import sample
from ganbook.training import recipes
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from ganbook.viewing.latent import principal
from tools.site.export_demo import convolutions, packed_bytes, text

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "book" / "_static" / "demos" / "times_stored.js"
CACHE = ROOT / "_build" / "times.pt"
SEED = 0
STEPS = (0, 100, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 4_500, 6_000)
WAYS = 3  # directions on the page
REACH = 3.0  # a direction is followed from -REACH to REACH
SAMPLES = 300  # digits on which a direction is measured, thirty of each
DIGITS = 10
# What the page calls a direction, by the property that it changes most and the way of the change.
WORDS = {
    "ink": ("thinner", "bolder"),
    "slant": ("leans left", "leans right"),
    "width": ("narrower", "wider"),
    "height": ("flatter", "taller"),
}


def recipe() -> Recipe:
    """A small sister of the book's best recipe: a quarter of the weights, so that twelve make one megabyte."""
    best = recipes.get("conditional")
    G = partial(best.G, z_dim=32, width=16)
    return best.change(G=G, ema=0.99, steps=STEPS[-1])


def trained() -> list[conditional.Generator]:
    """The generators at STEPS of the run, in evaluation mode."""
    about = json.dumps([recipe().describe(), SEED, STEPS])
    if CACHE.exists() and (kept := torch.load(CACHE))["about"] == about:
        states = kept["states"]
    else:
        flush_denormals()
        run = Run(recipe(), seed=SEED)
        states = [copy.deepcopy(run.sampler.state_dict())]
        for record in run.train(STEPS[-1]):
            if record.step in STEPS:
                states.append(copy.deepcopy(run.sampler.state_dict()))
                print(f"step {record.step:,}", flush=True)
        CACHE.parent.mkdir(exist_ok=True)
        torch.save({"about": about, "states": states}, CACHE)
    networks = []
    for state in states:
        G, _ = recipe().networks(SEED)
        G.load_state_dict(state)
        networks.append(G.eval())
    return networks


def rounded(G: conditional.Generator) -> tuple[bytes, list[float]]:
    """The weights of all layers as bytes with a sign, (in, k, k, out) as the page has them, and a scale a layer.

    G's own weights become what the bytes say, so that whatever is measured afterwards is measured on what the page has.
    """
    parts, scales = [], []
    for layer, _, _ in convolutions(G.net):
        scale = layer.weight.detach().abs().max().item() / 127
        whole = (layer.weight.detach() / scale).round()
        layer.weight.data = whole * scale
        parts.append(whole.to(torch.int8).permute(0, 2, 3, 1).flatten())
        scales.append(scale)
    return torch.cat(parts).numpy().tobytes(), scales


def noises() -> tuple[Tensor, Tensor]:
    """Noise (SAMPLES, z_dim) and labels (SAMPLES,) on which everything is measured."""
    z = torch.randn(SAMPLES, recipe().G.keywords["z_dim"], generator=seeds.generator("times"))
    return z, torch.arange(SAMPLES) % DIGITS


@torch.no_grad()
def measured(G: conditional.Generator, ways: Tensor, reader: judge.Judge) -> dict[str, Any]:
    """How many digits in 100 the judge reads as they were ordered; for each direction and property, the mean at both of
    its ends."""
    z, y = noises()
    _, p = judge.judged(reader, judge.at_judges_size(sample(G, z=z, y=y)))
    ends = [[properties(sample(G, z=z + side * REACH * way, y=y)) for side in (-1, 1)] for way in ways]
    return {
        "read": round(100 * (p.argmax(1) == y).float().mean().item()),
        "ends": [{name: [round(end[name].mean().item(), 1) for end in both] for name in both[0]} for both in ends],
    }


def named(ways: Tensor, G: conditional.Generator) -> tuple[Tensor, list[dict[str, str]]]:
    """The directions, each turned so that the property which it changes most grows, with that property and a name.

    Change is counted in standard deviations of the property among ordinary samples.
    """
    z, y = noises()
    usual = properties(sample(G, z=z, y=y))
    turned, names = [], []
    for way in ways:
        low, high = (properties(sample(G, z=z + side * REACH * way, y=y)) for side in (-1, 1))
        effect = {name: ((high[name].mean() - low[name].mean()) / usual[name].std()).item() for name in usual}
        most = max(effect, key=lambda name: abs(effect[name]))
        turned.append(way if effect[most] > 0 else -way)
        names.append({"property": most, "name": WORDS[most][1]})
    return torch.stack(turned), names


def content(networks: list[conditional.Generator]) -> dict[str, Any]:
    """Everything the page needs of the generators; their weights are rounded to 8 bits first."""
    stored = [rounded(G) for G in networks]
    ways, names = named(principal(networks[-1], WAYS), networks[-1])
    reader, steps = judge.load(), []
    for step, G, (whole, scales) in zip(STEPS, networks, stored):
        affine = [torch.cat([scale, shift]).flatten() for _, scale, shift in convolutions(G.net)]
        steps.append(
            {
                "step": step,
                **measured(G, ways, reader),
                "scales": scales,
                "affine": text(torch.cat(affine).numpy().tobytes()),
                "weights": packed_bytes(whole),
            }
        )
        print(step, steps[-1]["read"], steps[-1]["ends"], flush=True)
    last = networks[-1]
    shapes = [
        {
            **{"c_in": w.in_channels, "c_out": w.out_channels, "kernel": w.kernel_size[0]},
            **{"stride": w.stride[0], "padding": w.padding[0], "rows": len(scale)},
        }
        for w, scale, _ in convolutions(last.net)
    ]
    ways_stored = [{**name, "vector": text(way.numpy().tobytes())} for way, name in zip(ways, names)]
    about = {"seed": SEED, "reach": REACH, "z_dim": last.z_dim, "classes": last.classes}
    return {**about, "layers": shapes, "directions": ways_stored, "steps": steps}


def main() -> None:
    argparse.ArgumentParser(description="Train the generator of an explorable, and write it.").parse_args()
    torch.set_num_threads(1)
    STORED.write_text(
        "/* Written by tools/site/time_machine.py. Weights: MIT. */\n"
        "globalThis.ganbook = globalThis.ganbook || {};\n"
        f"ganbook.timesStored = {json.dumps(content(trained()))};\n",
        encoding="utf-8",
    )
    print(f"{STORED.name}: {STORED.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
