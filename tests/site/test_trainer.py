"""The trainer of the front page: its arithmetic against PyTorch's, and the page, driven with clicks and keys.

The arithmetic is asked of the scripts in book/_static/demos on an empty page; the page is that of `_build/html`
(`make book`).
"""

import base64
import zlib
from pathlib import Path

import pytest
import torch
from conftest import needs_browser
from torch import nn
from torch.nn.utils import parameters_to_vector

from tools.site import front_digits, front_twin

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ROOT / "book" / "_static" / "demos"
SITE = ROOT / "_build" / "html"
SCRIPTS = ("random", "network", "product", "layers", "trainer")

pytestmark = needs_browser


@pytest.fixture(scope="module")
def scripts(browser):
    """An empty page with the scripts that train."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    for name in SCRIPTS:
        page.add_script_tag(path=DEMOS / f"{name}.js")
    yield page
    context.close()


# ---------------------------------------------------------------------------------------------------------- arithmetic

# c = A B, where `turned` says which of a and b is given as its transpose.
PRODUCT = """({a, b, n, m, k, turned, vectors}) => {
  const space = new ganbook.Workspace(200000, vectors), c = space.take(n * m), rest = space.take(8).fill(7);
  const [left, right] = [a, b].map(x => { const kept = space.take(x.length); kept.set(x); return kept; });
  space.product(c, left, right, n, m, k, turned);
  return {c: [...c], rest: [...rest], fast: space.fast !== null};
}"""
SHAPES = [(16, 24, 24), (4, 8, 1), (7, 9, 5), (13, 36, 33), (1, 40, 9), (5, 1, 30), (50, 11, 3)]


@pytest.mark.parametrize("vectors", [True, False], ids=["vectors", "plain"])
def test_products_are_those_of_pytorch(scripts, vectors):
    """Also of shapes that are no multiples of the tiles; and nothing behind the result is touched."""
    for n, m, k in SHAPES:
        for turned in ("", "a", "b", "ab"):
            a, b = torch.randn(n, k), torch.randn(k, m)
            given = {"a": (a.T if "a" in turned else a).flatten().tolist()}
            given["b"] = (b.T if "b" in turned else b).flatten().tolist()
            ours = scripts.evaluate(PRODUCT, {**given, "n": n, "m": m, "k": k, "turned": turned, "vectors": vectors})
            expected = (a.double() @ b.double()).float()
            assert ours["fast"] == vectors, "this browser has vectors of four numbers"
            assert torch.allclose(torch.tensor(ours["c"]).view(n, m), expected, atol=1e-4), (n, m, k, turned)
            assert ours["rest"] == [7] * 8, "wrote behind the result"


STEPS = 12
TRAIN = """({steps, update, vectors, ...given}) => {
  const read = text => new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
  const write = numbers => {
    const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
    return btoa(Array.from({length: bytes.length / 4096 + 1},
      (_, i) => String.fromCharCode(...bytes.subarray(4096 * i, 4096 * i + 4096))).join(""));
  };
  const [g, d, z, x] = ["g", "d", "z", "x"].map(name => read(given[name]));
  const settings = {rateD: ganbook.PLAN.rate, rateG: ganbook.PLAN.rate, update};
  const data = {digits: Uint8Array.from(x, Math.round), white: 15};
  const t = new ganbook.Trainer(data, settings, 0, ganbook.PLAN, vectors);
  let at = 0, next = 0;
  t.draws = {normals: n => Float64Array.from(z.slice(at, at += n)), below: () => next++};
  t.G.values.set(g), t.D.values.set(d), t.average.values.set(g);
  const curve = [];
  for (let i = 0; i < steps; i++) curve.push(t.round());
  const images = [...t.look()], shown = [...t.shown];
  const statistics = t.average.layers.filter(l => l.unit).flatMap(l => [...l.mean, ...l.variance]);
  return {curve, left: [z.length - at, x.length - 196 * next], G: write(t.G.values), D: write(t.D.values),
          average: write(t.average.values), ...{statistics, images, shown}};
}"""


def packed(x: torch.Tensor) -> str:
    """Numbers as base64 of float32, which is quicker to hand over than a list."""
    return base64.b64encode(x.float().numpy().tobytes()).decode()


def unpacked(text: str) -> torch.Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32).double()


def flat(network: nn.Module) -> torch.Tensor:
    return parameters_to_vector(network.parameters()).detach().double()


@pytest.mark.parametrize("vectors", [True, False], ids=["vectors", "plain"])
@pytest.mark.parametrize("update", ["both", "D", "G"])
def test_the_first_steps_are_those_of_pytorch(scripts, update, vectors):
    """From the same weights, on the same noise and images: losses, D's answers, weights, the average, and the mean and
    variance of its BatchNorm. PyTorch computes in float64, the page in float32."""
    torch.manual_seed(0)
    m, noise = int(front_twin.PLAN["m"]), int(front_twin.PLAN["noise"])
    G, D = (network.double() for network in front_twin.networks())
    with torch.no_grad():
        for layer in (layer for layer in G.modules() if isinstance(layer, nn.BatchNorm1d)):
            layer.weight.uniform_(0.5, 1.5)
            layer.bias.normal_(0, 0.3)
    start = {"G": flat(G), "D": flat(D)}
    z = torch.randn(2 * STEPS, m, noise, dtype=torch.float64)
    x = front_digits.images("train", STEPS * m).double()
    twin, draws = front_twin.Twin(G, D), iter(z)
    players = "DG" if update == "both" else update
    theirs = [twin.step(part, lambda: next(draws), players) for part in x.split(m)]
    ours = scripts.evaluate(
        TRAIN,
        {
            **{"g": packed(start["G"]), "d": packed(start["D"]), "z": packed(z), "x": packed((x + 1) * 7.5)},
            **{"steps": STEPS, "update": update, "vectors": vectors},
        },
    )
    assert ours["left"] == [0, 0], "every draw is used, and none is left"
    for row, expected in zip(ours["curve"], theirs):
        assert {name: row[name] for name in expected} == pytest.approx(expected, abs=2e-4)
    for name, network in (("G", G), ("D", D)):
        moved = unpacked(ours[name])
        if name not in players:
            assert torch.equal(moved, start[name].float().double()), f"{name} should stand still"
            continue
        far = (flat(network) - start[name]).norm()
        assert far > 0.5 and (moved - flat(network)).norm() < 5e-3 * far
    average, shown = flat(twin.average), torch.tensor(ours["shown"], dtype=torch.float64).view(-1, noise)
    assert (unpacked(ours["average"]) - average).norm() < 1e-4 * average.norm()
    settled = twin.settled(shown)
    norms = [layer for layer in settled.modules() if isinstance(layer, nn.BatchNorm1d)]
    statistics = torch.cat([torch.cat([layer.running_mean, layer.running_var]) for layer in norms])
    assert torch.allclose(torch.tensor(ours["statistics"]).double(), statistics, atol=2e-3)
    batch = twin.average.train()(shown)[:16].detach()
    assert torch.allclose(torch.tensor(ours["images"]).view(16, 1, 14, 14).double(), batch, atol=2e-3)


# ---------------------------------------------------------------------------------------------------------------- data


def test_the_stored_digits_are_those_of_the_package():
    stored = front_digits.PATH.read_text(encoding="utf-8")
    again = "run `python -m tools.site.front_digits`"
    head, text, tail = stored.split('"')[0], stored.split('"')[1], stored.split('"')[2]
    assert (head, tail) == tuple(part for i, part in enumerate(front_digits.script(2).split('"')) if i != 1), again
    pairs = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(text))), dtype=torch.uint8)
    levels = torch.stack([pairs // 16, pairs % 16], 1).view(-1, 14, 14)
    expected = front_digits.images("train", front_digits.COUNT)
    assert torch.equal(levels[:, None].float() * 2 / 15 - 1, expected), again
    assert front_digits.PATH.stat().st_size < 600_000
