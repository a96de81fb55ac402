"""The two demonstrations that run in the reader's page: their arithmetic against PyTorch's, and the pages themselves,
opened from the disk and driven with clicks and keys.

The arithmetic is asked of the scripts in book/_static/demos alone, on an empty page; the pages are those of
`_build/html` (`make book`).
"""

import gzip
import itertools
import math
import re
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import torch
from conftest import needs_browser
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from ganbook import objectives
from ganbook.data import Digits
from ganbook.data.mixtures import Mixture, grid, moons, ring
from ganbook.evaluation import judge
from ganbook.models import conditional, points, with_labels
from ganbook.models.sampling import sample
from ganbook.training import pretrained
from ganbook.training.loop import train
from tools.site import export_demo

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ROOT / "book" / "_static" / "demos"
SITE = ROOT / "_build" / "html"
TOY = ("random", "points", "network", "objectives", "game")
MODELS = sorted(path.stem for path in (DEMOS / "weights").glob("*.js") if path.stem not in ("digits", "list"))

pytestmark = needs_browser


def stored(name: str) -> torch.nn.Module:
    """A stored generator as the page asks it."""
    return export_demo.on_page(pretrained.load(name).G)


@pytest.fixture(scope="module")
def scripts(browser):
    """An empty page with the scripts of both demonstrations, and none of the pages' own."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    for name in (*TOY, "inflate", "generator", *(f"weights/{name}" for name in MODELS), "weights/digits"):
        page.add_script_tag(path=DEMOS / f"{name}.js")
    yield page
    context.close()


# ------------------------------------------------------------------------------------------- the toy game: arithmetic

OBJECTIVES = {
    "non-saturating": (objectives.NonSaturating(), 0),
    "saturating": (objectives.Saturating(), 0),
    "least squares": (objectives.LeastSquares(), 0),
    "hinge": (objectives.Hinge(), 0),
    "WGAN-GP": (objectives.GradientPenalty(weight=10.0), 10),
    "relativistic": (objectives.Relativistic(), 0),
    "non-saturating with R1": (objectives.ZeroCentred(objectives.NonSaturating(), r1=3.0), 3),
}

# Both players with the given parameters; one gradient each. A function of one argument, for page.evaluate.
GRADIENTS = """({g, d, name, weight, real, z, eps, m}) => {
  const random = new ganbook.Random(0), objective = ganbook.objectives[name];
  const G = new ganbook.Network([2, 64, 64, 2], random), D = new ganbook.Network([2, 64, 64, 1], random);
  G.values.set(g), D.values.set(d);
  const fake = G.forward(Float64Array.from(z), m);
  const answer = ganbook.discriminatorLoss(D, objective, Float64Array.from(real), fake, m, weight, eps);
  const play = ganbook.generatorLoss(G, D, objective, Float64Array.from(z), m, Float64Array.from(real));
  return {lossD: answer.loss, penalty: answer.penalty, d: [...D.gradient], lossG: play.loss, g: [...G.gradient]};
}"""


def pair(seed: int = 0) -> tuple[points.Generator, points.Discriminator]:
    torch.manual_seed(seed)
    return points.Generator(), points.Discriminator()


def flat(network: torch.nn.Module) -> list[float]:
    """All parameters in PyTorch's order, which is the script's: weight, bias, weight, bias, ..."""
    return parameters_to_vector(network.parameters()).tolist()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_agree_with_pytorch(scripts, name, monkeypatch):
    objective, weight = OBJECTIVES[name]
    G, D = (network.double() for network in pair())
    with torch.no_grad():
        for p in D.parameters():
            p.mul_(2)  # steep enough for the penalties to matter
    m, rng = 30, torch.Generator().manual_seed(1)  # 30: not a multiple of the script's blocks of four
    real, z = ring().sample(m)[0].double(), torch.randn(m, 2, generator=rng, dtype=torch.float64)
    eps = torch.rand(m, generator=rng, dtype=torch.float64)
    monkeypatch.setattr(torch, "rand", lambda *shape, device: eps.view(shape))  # the only draw of an objective
    x_fake = G(z)
    d = objective.discriminator(D, real, x_fake.detach())
    g = objective.generator(D, real, x_fake)
    ours = scripts.evaluate(
        GRADIENTS,
        {
            **{"g": flat(G), "d": flat(D), "name": name, "weight": weight, "m": m},
            **{"real": real.flatten().tolist(), "z": z.flatten().tolist(), "eps": eps.tolist()},
        },
    )
    assert ours["lossD"] == pytest.approx(d["loss"].item(), rel=1e-9)
    assert ours["lossG"] == pytest.approx(g["loss"].item(), rel=1e-9)
    if weight:
        penalty = d["penalty"] if "penalty" in d else d["r1"] / 2
        assert ours["penalty"] == pytest.approx(penalty.item(), rel=1e-9) and penalty > 0.01
    for loss, network, found in ((d["loss"], D, ours["d"]), (g["loss"], G, ours["g"])):
        expected = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True, materialize_grads=True)
        expected, found = parameters_to_vector(expected), torch.tensor(found, dtype=torch.float64)
        assert (found - expected).norm() < 1e-4 * expected.norm() and expected.norm() > 1e-3
        assert torch.allclose(found, expected, atol=1e-9)


def test_adam_agrees_with_pytorch(scripts):
    rng = torch.Generator().manual_seed(0)
    gradients = torch.randn(12, 9, generator=rng, dtype=torch.float64) * torch.logspace(-6, 2, 9, dtype=torch.float64)
    p = torch.zeros(9, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([p], lr=1e-2, betas=(0.5, 0.9))
    for gradient in gradients:
        p.grad = gradient.clone()
        optimiser.step()
    ours = scripts.evaluate(
        """(gradients) => {
          const network = {values: new Float64Array(9), gradient: new Float64Array(9)};
          const adam = new ganbook.Adam(network, {beta1: 0.5, beta2: 0.9});
          for (const g of gradients) network.gradient.set(g), adam.step(1e-2);
          return [...network.values, ...network.gradient];
        }""",
        gradients.tolist(),
    )
    assert ours[:9] == pytest.approx(p.tolist(), rel=1e-9)
    assert ours[9:] == [0] * 9, "the gradient starts from nothing for the next update"


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_page_trains_as_the_package_does(scripts, name, monkeypatch):
    """`ganbook.training.loop` and the page from the same weights, on the same noise and data: the same curves, step by
    step."""
    objective, weight = OBJECTIVES[name]
    steps, m, k, drawn = 20, 16, 2, {"z": [], "eps": []}
    rand = torch.rand

    def noted(*shape, **options):  # WGAN-GP's draw, the only one of an objective
        drawn["eps"].append(rand(*shape, **options))
        return drawn["eps"][-1]

    monkeypatch.setattr(torch, "rand", noted)
    torch.set_default_dtype(torch.float64)
    try:
        G, D = pair()
        start = {"g": flat(G), "d": flat(D)}
        G.register_forward_pre_hook(lambda _, given: drawn["z"].append(given[0]))
        options = {
            f"opt_{player}": torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.9))
            for player, network, rate in (("g", G, 1e-2), ("d", D, 5e-3))
        }
        records = list(train(G, D, objective, ring(), **options, steps=steps, m=m, k=k, seed=3))
        x = [points for points, _ in itertools.islice(ring().batches(m, seed=3), k * steps)]
    finally:
        torch.set_default_dtype(torch.float32)
    ours = scripts.evaluate(
        """({g, d, name, weight, z, x, eps, steps, m, k}) => {
          const settings = {objective: name, weight, k, rateD: 5e-3, rateG: 1e-2, beta1: 0.5};
          const next = (draws) => Float64Array.from(draws.shift()), data = {sample: () => next(x)};
          const game = new ganbook.Game(data, settings, 0, m);
          game.draws = {normals: () => next(z), uniform: () => (eps.length ? eps.shift() : 0)};
          game.G.values.set(g), game.D.values.set(d);
          const curve = [];
          for (let i = 0; i < steps; i++) game.round(), curve.push([game.losses.d, game.losses.g]);
          const counts = [game.step, game.updatesOfD, z.length + x.length + eps.length];
          return {g: [...game.G.values], d: [...game.D.values], curve, counts};
        }""",
        {
            **{**start, "name": name, "weight": weight, "steps": steps, "m": m, "k": k},
            **{"z": [z.flatten().tolist() for z in drawn["z"]], "x": [points.flatten().tolist() for points in x]},
            "eps": torch.cat([torch.empty(0), *map(torch.flatten, drawn["eps"])]).tolist(),
        },
    )
    assert ours["counts"] == [steps, k * steps, 0], "every draw is used, and none is left"
    theirs = torch.tensor([[record["d_loss"], record["g_loss"]] for record in records])
    assert torch.allclose(torch.tensor(ours["curve"]), theirs.float(), rtol=1e-4, atol=1e-5)
    for network, player in ((G, "g"), (D, "d")):
        moved = torch.tensor(ours[player], dtype=torch.float64)
        far = (moved - torch.tensor(start[player], dtype=torch.float64)).norm()
        assert (moved - parameters_to_vector(network.parameters())).norm() < 1e-4 * far


def test_forty_updates_of_one_player_and_then_of_the_other(scripts):
    """What the page invites to try: D paints the ring blue while nothing moves; G then runs past it, three times 40
    updates far, and its loss is all but 0 although it reaches no mode."""
    first, second = scripts.evaluate(
        """() => {
          const settings = {objective: "non-saturating", k: 1, rateD: 1e-3, rateG: 1e-3, beta1: 0.5};
          const game = new ganbook.Game(ganbook.ring(), settings, 0);
          const length = (y, i, x) => i % 2 ? Math.hypot(x[i - 1], y) / 1000 : 0; // the mean over 1000 points
          const far = () => game.fakes().map(length).reduce((sum, part) => sum + part, 0);
          const places = [0, 0, ...game.data.means.flat()];
          const look = () => ({far: far(), d: [...game.D.forward(Float64Array.from(places), 9)], loss: game.losses.g,
                               modes: game.data.coverage(game.fakes()).modes});
          for (let i = 0; i < 40; i++) game.updateD();
          const before = look();
          for (let i = 0; i < 120; i++) game.updateG();
          return [before, look()];
        }"""
    )
    centre, *modes = first["d"]
    assert first["far"] < 0.2 and centre < -0.5 and min(modes) > 0.5
    assert second["far"] > 6 and second["loss"] < 0.005 and second["modes"] == 0


def test_arrows_point_down_the_loss_of_each_fake(scripts):
    G, D = (network.double() for network in pair())
    ours = scripts.evaluate(
        """({g, d}) => {
          const settings = {objective: "least squares", k: 1, rateD: 0, rateG: 0, beta1: 0};
          const game = new ganbook.Game(ganbook.ring(), settings, 0);
          game.G.values.set(g), game.D.values.set(d);
          const {at, arrows} = game.arrows(7);
          return {at: [...at], arrows: [...arrows]};
        }""",
        {"g": flat(G), "d": flat(D)},
    )
    at = torch.tensor(ours["at"], dtype=torch.float64).view(7, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(((D(at) - 1) ** 2 / 2).sum(), at)
    expected = -gradient / (gradient.norm(dim=1, keepdim=True) + 0.5)
    assert torch.allclose(torch.tensor(ours["arrows"], dtype=torch.float64).view(7, 2), expected, atol=1e-9)


def test_the_field_is_d_with_north_up(scripts):
    _, D = pair()
    values = scripts.evaluate(
        """(d) => {
          const settings = {objective: "non-saturating", k: 1, rateD: 0, rateG: 0, beta1: 0};
          const game = new ganbook.Game(ganbook.ring(), settings, 0);
          game.D.values.set(d);
          return [...game.field(4, 2).values];
        }""",
        flat(D),
    )
    axis = [-1.5, -0.5, 0.5, 1.5]
    places = torch.tensor([[x, y] for y in reversed(axis) for x in axis])
    assert torch.allclose(torch.tensor(values), D(places).detach(), atol=1e-5)


@pytest.mark.parametrize(("name", "data"), [("ring", ring()), ("grid", grid()), ("moons", moons())])
def test_the_data_are_those_of_the_package(scripts, name, data):
    means, sd, x, found = scripts.evaluate(
        """(name) => {
          const data = ganbook[name](), x = data.sample(4000, new ganbook.Random(5));
          const shifted = x.map((value, i) => value + 0.2 * (i % 3));
          return [data.means, data.sd, [...shifted], data.coverage(shifted)];
        }""",
        name,
    )
    assert torch.allclose(torch.tensor(means, dtype=torch.float32), data.means, atol=1e-5) and sd == data.sd
    modes, near = data.coverage(torch.tensor(x).view(-1, 2))
    assert found["modes"] == modes and found["near"] == pytest.approx(near, abs=1e-3)


def test_samples_are_spread_as_the_mixture_says(scripts):
    """Against the entropy, as test_points has it: modes far apart, log(modes) plus that of one Gaussian."""
    x = scripts.evaluate("[...ganbook.ring().sample(20000, new ganbook.Random(1))]")
    entropy = math.log(8) + math.log(2 * math.pi * math.e * 0.05**2)
    assert ring().log_density(torch.tensor(x).view(-1, 2)).mean().item() == pytest.approx(-entropy, abs=0.03)


def test_normal_numbers_are_normal_and_belong_to_their_seed(scripts):
    a, again, other = scripts.evaluate("[1, 1, 2].map(seed => [...new ganbook.Random(seed).normals(20000)])")
    assert a == again and a != other
    a = torch.tensor(a, dtype=torch.float64).sort().values
    expected = torch.distributions.Normal(0.0, 1.0).cdf(a)
    steps = torch.arange(1, 20001) / 20000
    assert (expected - steps).abs().max() < 1.63 / math.sqrt(20000), "Kolmogorov and Smirnov's distance, at 1 percent"


def test_weights_start_as_pytorch_draws_them(scripts):
    """nn.Linear: weights and biases even in an interval of +-1 / sqrt(inputs), so with 1 / sqrt(3) of it as spread."""
    values = scripts.evaluate("[...new ganbook.Network([2, 64, 64, 1], new ganbook.Random(0)).values]")
    D = points.Discriminator()
    vector_to_parameters(torch.tensor(values), D.parameters())
    for layer in (layer for layer in D.modules() if isinstance(layer, torch.nn.Linear)):
        bound = 1 / math.sqrt(layer.in_features)
        drawn = torch.cat([layer.weight.flatten(), layer.bias]).detach()
        assert drawn.abs().max() <= bound
        assert drawn.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.2)


def test_both_trainings_find_the_ring(scripts):
    """The same game in the package and in the page, each with draws of its own: courses that agree in kind."""
    steps, m, data, seeds = 500, 64, ring(), (0, 1)
    ours = scripts.evaluate(
        """({steps, m, seeds}) => seeds.map(seed => {
          const settings = {objective: "non-saturating", k: 1, rateD: 2e-3, rateG: 2e-3, beta1: 0.5};
          const game = new ganbook.Game(ganbook.ring(), settings, seed, m);
          let d = 0, g = 0;
          for (let i = 0; i < steps; i++) game.round(), d += game.losses.d / steps, g += game.losses.g / steps;
          return {...game.data.coverage(game.fakes()), d, g};
        })""",
        {"steps": steps, "m": m, "seeds": seeds},
    )
    theirs = []
    for seed in seeds:
        G, D = pair(seed)
        adam = {"lr": 2e-3, "betas": (0.5, 0.9), "fused": True}
        options = {"opt_g": torch.optim.Adam(G.parameters(), **adam), "opt_d": torch.optim.Adam(D.parameters(), **adam)}
        records = list(train(G, D, objectives.NonSaturating(), data, **options, steps=steps, m=m, seed=seed))
        modes, near = data.coverage(sample(G, 1000))
        d, g = (torch.tensor([record[name] for record in records]).mean().item() for name in ("d_loss", "g_loss"))
        theirs.append({"modes": modes, "near": near, "d": d, "g": g})
    assert all(4 <= run["modes"] <= 8 for run in (*ours, *theirs)), f"page {ours}, package {theirs}"
    for name, tolerance in (("modes", 2), ("near", 0.1), ("d", 0.03), ("g", 0.05)):
        a, b = (sum(run[name] for run in runs) / len(seeds) for runs in (ours, theirs))
        assert a == pytest.approx(b, abs=tolerance), f"{name}: page {ours}, package {theirs}"


# --------------------------------------------------------------------------------------------- the generator: numbers


def drawn(scripts, entry: str | dict, z: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
    """What the script draws (n, 1, side, side), with an entry or with one of ganbook.models."""
    rows = scripts.evaluate(
        """async ({entry, z, y}) => {
          const G = await ganbook.Generator.load(ganbook.models[entry] || entry);
          return z.map((row, i) => [...G.draw(Float64Array.from(row), y[i])]);
        }""",
        {"entry": entry, "z": z.tolist(), "y": [0] * len(z) if y is None else y.tolist()},
    )
    x = torch.tensor(rows)
    return x.view(len(z), 1, *[math.isqrt(x.shape[1])] * 2)


@pytest.mark.parametrize("name", MODELS)
def test_the_page_draws_what_pytorch_draws(scripts, name):
    G = stored(name)
    z = torch.randn(10, G.z_dim, generator=torch.Generator().manual_seed(0))
    y = torch.arange(10) % max(1, getattr(G, "classes", 0))
    expected = sample(G, z=z, y=y)
    assert expected.std() > 0.3, "digits, not grey paper"
    assert (drawn(scripts, name, z, y) - expected).abs().max() < 1e-4


@pytest.mark.parametrize("name", MODELS)
def test_the_weights_on_the_page_are_those_that_are_stored(scripts, name):
    assert scripts.evaluate("name => ganbook.models[name].sha256", name) == pretrained.load(name).sha256, (
        "the stored network changed: run `python -m tools.site.export_demo`"
    )


def test_the_list_of_networks_is_what_was_exported(scripts):
    scripts.add_script_tag(path=DEMOS / "weights" / "list.js")
    assert scripts.evaluate("ganbook.available") == export_demo.MODELS and sorted(export_demo.MODELS) == MODELS
    for name, title in export_demo.MODELS.items():
        assert scripts.evaluate("name => ganbook.models[name].title", name) == title


@pytest.fixture(scope="module", params=[False, True], ids=["odd", "even"])
def labelled(request):
    """A small generator that takes labels, with weights that float16 can hold, and its entry."""
    torch.manual_seed(0)
    G = conditional.Generator(z_dim=8, width=2, even=request.param)
    for module in G.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.01, 0.2)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    with torch.no_grad():
        for p in G.parameters():
            p.copy_((3 * p).half())
        next(G.parameters())[0, 0] = torch.tensor([6e-8, -5.9e-5, 0.0])  # below 2^-14 float16 counts otherwise
    with pytest.MonkeyPatch.context() as patch:  # its sliders are of no interest
        patch.setattr(export_demo, "DIRECTIONS", 1)
        patch.setattr(export_demo, "SAMPLES", 20)
        return G.eval(), export_demo.entry(G, title="labelled", recipe="none", sha256="")


def test_a_generator_with_labels_draws_what_it_is_asked_for(scripts, labelled):
    G, entry = labelled
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(1)).expand(10, 8)
    expected = sample(G, z=z, y=torch.arange(10))
    assert (expected[0] - expected[1]).abs().max() > 0.05, "the label matters"
    assert (drawn(scripts, entry, z, torch.arange(10)) - expected).abs().max() < 1e-4


@pytest.mark.parametrize("name", MODELS)
def test_directions_are_principal_components_of_the_first_features(scripts, name):
    G = stored(name)
    spread, layers = [], []
    net = getattr(G, "net", G)
    net.layers[2].register_forward_hook(lambda module, inputs, output: layers.append(output))  # BatchNorm

    def features(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        with_labels(G, y)(z[None])
        return layers[-1].flatten()

    for label in range(getattr(G, "classes", 1)):  # the covariance of z's features is J J^T, here its mean over labels
        y = torch.tensor([label])
        jacobian = torch.autograd.functional.jacobian(lambda z, y=y: features(z, y), torch.eye(G.z_dim)[label])
        spread.append(jacobian.T @ jacobian)
    _, vectors = torch.linalg.eigh(torch.stack(spread).mean(0))
    ours = scripts.evaluate(
        "async name => (await ganbook.Generator.load(ganbook.models[name])).directions.map(d => [...d.vector])", name
    )
    agreement = torch.tensor(ours) @ vectors.flip(1)[:, : len(ours)]
    assert torch.allclose(agreement.abs(), torch.eye(len(ours)), atol=1e-2)


def test_what_is_measured_of_digits_is_what_it_says():
    """A bar of known size, then the same leaning, wider, taller: each number moves as its name says."""
    x = torch.full((4, 1, 28, 28), -1.0)
    x[0, 0, 4:24, 12:16] = 1  # 20 rows, 4 columns
    for row in range(4, 24):  # to the right at the top, 45 degrees
        x[1, 0, row, 25 - row : 29 - row] = 1
    x[2, 0, 4:24, 8:20] = 1
    x[3, 0, 2:26, 12:16] = 1
    found = export_demo.properties(x)
    assert found["ink"][0].item() == pytest.approx(100 * 80 / 784)
    assert found["slant"].tolist() == pytest.approx([0, 45, 0, 0], abs=1)
    assert found["width"][0].item() == pytest.approx(math.sqrt((16 - 1) / 12))  # spread of 4 even numbers
    assert found["height"][0].item() == pytest.approx(math.sqrt((400 - 1) / 12))
    assert found["width"][2] > found["width"][0] and found["height"][3] > found["height"][0]


def ends(G, direction: dict, n: int = 200) -> list[torch.Tensor]:
    """Digits of fresh noise with the slider of `direction` at its left and at its right end."""
    z = torch.randn(n, G.z_dim, generator=torch.Generator().manual_seed(7))
    return [sample(G, z=z + side * torch.tensor(direction["vector"])) for side in (-3, 3)]


@pytest.fixture(scope="module")
def directions(scripts):
    """Of each network, what its sliders add and what the page says of them."""
    read = """async (name) => (await ganbook.Generator.load(ganbook.models[name])).directions
      .map(d => ({...d, vector: [...d.vector]}))"""
    return {name: scripts.evaluate(read, name) for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_no_two_sliders_share_a_name(directions, name):
    names = [direction["name"] for direction in directions[name]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", MODELS)
def test_a_slider_does_what_is_written_beside_it(directions, name):
    """On fresh noise: both ends of every measurement, so that left is left."""
    G, net = stored(name), judge.load()
    for direction in directions[name]:
        classes = []
        for x, side, (digit, share) in zip(ends(G, direction), ("from", "to"), direction["commonest"]):
            found = export_demo.properties(x)
            for what, tolerance in (("slant", 4), ("ink", 0.8), ("width", 0.3), ("height", 0.3)):
                assert found[what].mean().item() == pytest.approx(direction[side][what], abs=tolerance)
            classes.append(judge.judged(net, x)[1].argmax(1))
            assert (classes[-1] == digit).float().mean().item() == pytest.approx(share / 100, abs=0.12)
        renamed = (classes[0] != classes[1]).float().mean().item()
        assert renamed == pytest.approx(direction["renamed"] / 100, abs=0.08)


def test_what_the_page_says_of_many_digits_is_so(directions):
    """The numbers under "Try this"; if they fail after a new export, so does the prose."""
    net = judge.load()
    a, b = torch.randn(2, 500, 64, generator=torch.Generator().manual_seed(1))
    halfway = torch.stack([between(p, q, 0.5) for p, q in zip(a, b)])
    real, test = Digits("train")[:800][0].flatten(1), Digits("test")[:500][0].flatten(1)
    frame = torch.ones(28, 28, dtype=torch.bool)
    frame[1:-1, 1:-1] = False

    def apart(x: torch.Tensor) -> float:
        return torch.cdist(x.flatten(1), real).min(1).values.median().item() / 56  # root mean square in [0, 1]

    def opinion(G, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return judge.judged(net, sample(G, z=z))[1].max(1)  # how sure, and of which digit

    unsure = {}
    for name in MODELS:
        G = stored(name)
        x, (sure, digit), (sure_between, between_two) = sample(G, z=a), opinion(G, a), opinion(G, halfway)
        unsure[name] = (sure < 0.9).float().mean().item()
        assert apart(x) == pytest.approx(0.21, abs=0.01)
        if name == "conditional":
            assert (between_two == torch.arange(500) % 10).float().mean() > 0.98
        if name == "a-dcgan":
            other = opinion(G, b)[1]
            third = ((between_two != digit) & (between_two != other))[digit != other].float().mean().item()
            assert third == pytest.approx(0.35, abs=0.07)
            assert sure.mean().item() == pytest.approx(0.93, abs=0.02)
            assert sure_between.mean().item() == pytest.approx(0.94, abs=0.02)
            assert ((x[:, 0, frame].mean() + 1) * 127.5).item() == pytest.approx(8, abs=1)
    shares = {"a-dcgan": (0.19, 0.05), "coded": (4 / 100, 0.02), "conditional": (1 / 100, 0.008)}
    assert unsure == {name: pytest.approx(share, abs=error) for name, (share, error) in shares.items()}
    assert apart(test) == pytest.approx(0.21, abs=0.01)
    assert ((real.view(-1, 28, 28)[:, frame].mean() + 1) * 127.5).item() < 0.1

    for name, slider, *promised in (("conditional", 1, -24, 32, 5), ("a-dcgan", 2, -9, 26, 95)):
        lean = directions[name][slider - 1]
        assert lean["name"] == "leans right"
        assert [round(lean["from"]["slant"]), round(lean["to"]["slant"]), lean["renamed"]] == promised


def between(a: torch.Tensor, b: torch.Tensor, share: float) -> torch.Tensor:
    """The same arc by a rotation in the plane of a and b."""
    e = a / a.norm()
    f = b - (b @ e) * e
    angle = torch.atan2(f.norm(), b @ e) * share
    return (angle.cos() * e + angle.sin() * f / f.norm()) * ((1 - share) * a.norm() + share * b.norm())


def test_spherical_interpolation_is_a_rotation(scripts):
    a, b = torch.randn(2, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for share in (0.0, 0.3, 0.5, 1.0):
        ours = scripts.evaluate(
            "({a, b, share}) => [...ganbook.slerp(Float64Array.from(a), Float64Array.from(b), share)]",
            {"a": a.tolist(), "b": b.tolist(), "share": share},
        )
        assert torch.allclose(torch.tensor(ours, dtype=torch.float64), between(a, b, share), atol=1e-9)


def test_the_nearest_digit_is_the_nearest(scripts):
    digits = Digits("train")
    x = sample(pretrained.load("conditional").G, 5, seed=3)
    distances = torch.cdist(x.flatten(1), digits[:800][0].flatten(1)) / 28 / 2  # root mean square, pixels in [0, 1]
    ours = scripts.evaluate(
        """async (images) => {
          const digits = await ganbook.loadDigits(ganbook.realDigits);
          return images.map(image => ganbook.nearest(Float32Array.from(image), digits));
        }""",
        x.flatten(1).tolist(),
    )
    for row, found in zip(distances, ours):
        assert found["index"] == row.argmin() and found["apart"] == pytest.approx(row.min().item(), abs=1e-4)
        assert int(found["label"]) == digits.labels[found["index"]]


# -------------------------------------------------------------------------------------------------------------- speed


@pytest.fixture
def cost():
    """Seconds of the processor that `work` takes in the page: other programs on the machine do not change them."""

    @contextmanager
    def measured(page):
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def seconds() -> float:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return next(entry["value"] for entry in metrics if entry["name"] == "ThreadTime")

        taken, before = [], seconds()
        yield taken
        taken.append(seconds() - before)
        session.detach()

    return measured


@pytest.mark.parametrize("name", MODELS)
def test_sixteen_digits_take_a_fifth_of_a_second(scripts, cost, name):
    scripts.evaluate("async name => { window.G = await ganbook.Generator.load(ganbook.models[name]); }", name)
    work = "() => { const z = new ganbook.Random(0).normals(64); for (let i = 0; i < 16; i++) G.draw(z); }"
    scripts.evaluate(work)  # once to compile
    with cost(scripts) as taken:
        scripts.evaluate(work)
    assert taken[0] < 0.2


# ------------------------------------------------------------------------------------------------ the pages, by hand


def the(page, part: str):
    return page.locator(f"[data-part={part}]")


PIXELS = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)"""
STATE = """() => {
  const {corners, across, down, amounts, label, image, G} = ganbook.generatorDemo.state;
  const vectors = G.directions.map(d => [...d.vector]);
  return {corners: corners.map(z => [...z]), across, down, amounts, label, image: [...image], vectors};
}"""


def choose(page, name: str) -> None:
    """Choose a network as a reader does."""
    page.get_by_label("Network").select_option(name)
    page.wait_for_function("name => ganbook.generatorDemo.state.name === name", arg=name)


def expected(G, state: dict) -> torch.Tensor:
    """What PyTorch makes of the page's corners, place, sliders and label: numbers in [-1, 1]."""
    a, b, c, d = torch.tensor(state["corners"], dtype=torch.float64)
    z = between(between(a, b, state["across"]), between(c, d, state["across"]), state["down"])
    for amount, direction in zip(state["amounts"], torch.tensor(state["vectors"])):
        z = z + amount * direction
    return sample(G, z=z[None].float(), y=torch.tensor([state["label"]])).flatten()


def looked_at(page, G) -> tuple[dict, torch.Tensor]:
    """The state of the page and the pixels of its digit, which must be those of the checkpoint."""
    state, pixels = page.evaluate(STATE), torch.tensor(the(page, "digit").evaluate(PIXELS)).float()
    x = expected(G, state)
    assert (torch.tensor(state["image"]) - x).abs().max() < 1e-3
    assert (pixels - (x + 1) * 127.5).abs().max() < 0.5 + 127.5e-3, "what is seen is that, rounded to bytes"
    assert pixels.std() > 30, "a digit, not grey paper"
    return state, pixels


@pytest.mark.parametrize("name", MODELS)
def test_the_generator_by_keyboard(visit, name):
    page, G = visit("book/play_generator"), stored(name)
    choose(page, name)
    handle = page.get_by_role("slider", name="Place between the four corners")
    handle.focus()
    outline = handle.evaluate("e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth")
    assert outline == "solid3px", "the focus is seen"
    for key, times in (("ArrowRight", 7), ("ArrowDown", 14), ("ArrowLeft", 1), ("ArrowUp", 1)):
        for _ in range(times):
            handle.press(key)
    state, shown = looked_at(page, G)
    assert (state["across"], state["down"]) == pytest.approx((0.3, 0.65))
    near = re.search(r"labelled (\d)", the(page, "apart").inner_text()).group(1)
    assert handle.get_attribute("aria-valuetext") == f"30 % across, 65 % down, nearest to a real {near}"

    first = page.locator("#direction-1")
    first.focus()
    for _ in range(15):
        first.press("ArrowRight")
    state, moved = looked_at(page, G)
    assert state["amounts"] == pytest.approx([0, 1.5, 0, 0, 0, 0])
    assert (moved - shown).abs().max() > 20
    page.get_by_role("button", name="Sliders to 0").press("Enter")
    assert the(page, "digit").evaluate(PIXELS) == shown.tolist()


def test_the_generator_by_mouse(visit):
    page = visit("book/play_generator")
    square = the(page, "square")
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.75 * box["height"], steps=3)
    page.mouse.up()
    page.mouse.move(box["x"], box["y"])  # the button is up: this is not a drag
    state = page.evaluate(STATE)
    assert (state["across"], state["down"]) == pytest.approx((0.5, 0.75), abs=0.01)

    sample_5 = page.get_by_role("button", name="Sample 5: put it into the top left corner")
    picture = sample_5.locator("canvas").evaluate(PIXELS)
    sample_5.click()
    assert the(page, "digit").evaluate(PIXELS) == picture
    page.get_by_role("button", name="Sixteen others").click()
    assert sample_5.locator("canvas").evaluate(PIXELS) != picture
    assert re.fullmatch(r"16 digits in \d+ ms, computed by your browser", the(page, "time").inner_text())
    assert page.evaluate(STATE)["across"] == 0


def test_the_map_shows_the_corners_and_what_lies_between(visit):
    page = visit("book/play_generator")
    page.wait_for_function("ganbook.generatorDemo.state.mapped === ganbook.generatorDemo.state.map")
    cell = """([row, column]) => {
      const {state, noise} = ganbook.generatorDemo, canvas = document.querySelector("[data-part=map]");
      const pixels = canvas.getContext("2d").getImageData(28 * column, 28 * row, 28, 28).data;
      const seen = pixels.filter((_, i) => i % 4 === 0);
      const own = state.G.draw(noise(column / 6, row / 6), state.label).map(v => (v + 1) * 127.5);
      return Math.max(...own.map((v, i) => Math.abs(v - seen[i])));
    }"""
    for place in ([0, 0], [0, 6], [6, 0], [2, 3]):
        assert page.evaluate(cell, place) < 1


def test_motion_is_reduced_where_the_reader_asks_for_it(visit):
    after = """() => {
      const before = ganbook.generatorDemo.state.corners, z = [...before[0]];
      document.querySelector("[data-part=corners]").click();
      const now = ganbook.generatorDemo.state.corners[0];
      return now.reduce((sum, value, i) => sum + (value - z[i]) ** 2, 0);
    }"""
    assert visit("book/play_generator", reduced_motion="reduce").evaluate(after) > 10, "at once at the new corners"
    page = visit("book/play_generator", reduced_motion="no-preference")
    assert page.evaluate(after) < 1e-9, "still at the old ones"
    page.wait_for_function("ganbook.generatorDemo.state.gliding === false")


def test_a_digit_is_chosen_by_button(visit):
    page, G = visit("book/play_generator"), pretrained.load("conditional").G
    three, five = (page.get_by_role("button", name=f"Draw the digit {y}") for y in (3, 5))
    assert five.get_attribute("aria-pressed") == "true", "at first a digit with more shape than a zero"
    assert page.evaluate("ganbook.generatorDemo.state.label") == 5
    three.press("Space")
    assert three.get_attribute("aria-pressed") == "true"
    state, _ = looked_at(page, G)
    x = torch.tensor(state["image"])
    assert state["label"] == 3 and (x - expected(G, {**state, "label": 4})).abs().max() > 0.1
    samples = page.evaluate("ganbook.generatorDemo.state.many.map(z => [...ganbook.generatorDemo.state.G.draw(z, 3)])")
    shown = torch.tensor([the(page, "many").locator("canvas").nth(i).evaluate(PIXELS) for i in (0, 15)])
    assert (shown - (torch.tensor([samples[0], samples[15]]) + 1) * 127.5).abs().max() < 0.6
    x = torch.tensor(samples).view(16, 1, 28, 28)
    assert (judge.judged(judge.load(), x)[1].argmax(1) == 3).sum() >= 15, "sixteen threes, or all but one"
    choose(page, "coded")
    assert page.get_by_role("group", name="Which code to draw with").get_by_text("Code").is_visible()
    page.get_by_role("button", name="Draw with the code 4").press("Space")
    state, _ = looked_at(page, stored("coded"))
    assert state["label"] == 4
    choose(page, "a-dcgan")
    assert not three.is_visible() and not page.get_by_text("Code", exact=True).is_visible(), "it takes no label"


def test_weights_that_do_not_load_are_reported(visit):
    page = visit("book/play_generator")
    page.evaluate("() => { document.head.append = (script) => script.onerror(); }")
    page.get_by_label("Network").select_option("a-dcgan")
    page.get_by_text("The weights of a-dcgan did not load.").wait_for()
    page.get_by_label("Network").select_option("conditional")
    page.get_by_text("16 digits in").wait_for()


def sent(urls: list[str]) -> dict[Path, int]:
    """The bytes of each file as a server sends it: text compressed, what is compressed already as it is."""
    paths = [Path(unquote(urlsplit(url).path)) for url in urls if url.startswith("file:")]
    packed = (".woff2", ".png")
    return {p: len(p.read_bytes() if p.suffix in packed else gzip.compress(p.read_bytes(), 6)) for p in paths}


@pytest.mark.parametrize(("name", "least"), [("play_generator", 1.5e6), ("play_toy", 1e4)])
def test_the_pages_are_light(visit, name, least):
    page = visit(f"book/{name}")
    opened = sum(path.stat().st_size for path in sent(page.files) if "demos" in path.parts)
    assert opened < 1e6, f"{opened / 1e6:.2f} MB for the demonstration on the disk, before anything is chosen"
    if name == "play_generator":
        choose(page, "a-dcgan")
        choose(page, "coded")
    sizes = sent(page.files)
    own = sum(size for path, size in sizes.items() if "demos" in path.parts)
    assert least < own < 2.5e6, f"{own / 1e6:.2f} MB for the demonstration, all its networks counted"
    assert sum(sizes.values()) < 4e6, f"{sum(sizes.values()) / 1e6:.2f} MB for the page"


@pytest.mark.parametrize("name", ["play_generator", "play_toy"])
def test_everything_can_be_touched_on_a_telephone(visit, name):
    """Targets of 24 pixels at least (WCAG 2.2, criterion 2.5.8), and nothing to the right of the window."""
    page = visit(f"book/{name}", width=390, has_touch=True)
    targets = """() => [...document.querySelectorAll(".demo :is(button, select, input, summary, [tabindex='0'])")]
      .map(e => [e.dataset.part || e.id || e.textContent, e.getBoundingClientRect()])
      .filter(([, box]) => box.width).map(([what, {width, height, right}]) => ({what, width, height, right}))"""
    if name == "play_generator":
        the(page, "handle").press("End")  # the handle is at the right edge now
    found = page.evaluate(targets)
    assert len(found) > 10
    assert not [e for e in found if min(e["width"], e["height"]) < 24 or e["right"] > 390]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_telephone_the_digit_is_seen_while_a_slider_is_moved(visit):
    page = visit("book/play_generator", width=390, has_touch=True)
    slider = page.locator("#direction-4")
    slider.evaluate("e => e.scrollIntoView({block: 'end', behavior: 'instant'})")
    digit, end = the(page, "digit").bounding_box(), page.viewport_size["height"]
    assert digit["y"] >= 0 and digit["y"] + digit["height"] < slider.bounding_box()["y"] < end
    seen = """canvas => { const box = canvas.getBoundingClientRect();
      return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === canvas; }"""
    assert the(page, "digit").evaluate(seen), "nothing lies over it"


def test_the_generator_by_touch(visit):
    page, G = visit("book/play_generator", width=390, has_touch=True), pretrained.load("conditional").G
    square = the(page, "square")
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    page.touchscreen.tap(box["x"] + 0.6 * box["width"], box["y"] + 0.25 * box["height"])
    page.wait_for_function("ganbook.generatorDemo.state.across > 0")
    state, _ = looked_at(page, G)
    assert (state["across"], state["down"]) == pytest.approx((0.6, 0.25), abs=0.01)


NUMBERS = """() => {
  const {game, playing} = ganbook.toyDemo;
  return {step: game.step, updates: game.updatesOfD, playing, g: [...game.G.values], d: [...game.D.values],
          settings: game.settings};
}"""


def test_the_game_by_keyboard(visit):
    page = visit("book/play_toy")
    play = page.get_by_role("button", name="Play")
    page.wait_for_timeout(200)
    assert page.evaluate(NUMBERS)["step"] == 0, "nothing plays by itself"
    play.focus()
    page.keyboard.press("Space")
    page.wait_for_function("ganbook.toyDemo.game.step >= 3")
    assert the(page, "play").inner_text() == "Pause"
    page.get_by_role("button", name="Pause").press("Enter")
    stopped = page.evaluate(NUMBERS)
    assert stopped["step"] == stopped["updates"] >= 3 and not stopped["playing"]
    page.wait_for_timeout(200)
    assert page.evaluate(NUMBERS) == stopped, "paused is paused"
    assert f"Step {stopped['step']}: " in page.get_by_text("Paused.").inner_text()
    assert the(page, "step").inner_text() == str(stopped["step"])

    page.get_by_role("button", name="Update D only").press("Space")
    d = page.evaluate(NUMBERS)
    assert d["g"] == stopped["g"] and d["d"] != stopped["d"]
    assert (d["step"], d["updates"]) == (stopped["step"], stopped["updates"] + 1)
    page.get_by_role("button", name="Update G only").press("Space")
    g = page.evaluate(NUMBERS)
    assert g["d"] == d["d"] and g["g"] != d["g"]
    assert (g["step"], g["updates"]) == (d["step"] + 1, d["updates"])


def test_the_game_is_drawn_once_a_second_where_less_motion_is_asked_for(visit):
    page = visit("book/play_toy", reduced_motion="reduce")
    drawings = page.evaluate(
        """async () => {
          const draw = CanvasRenderingContext2D.prototype.drawImage; // called once for each picture of the plane
          let drawings = 0;
          CanvasRenderingContext2D.prototype.drawImage = function (...given) { drawings++; draw.apply(this, given); };
          const step = ganbook.toyDemo.game.step;
          document.querySelector("[data-part=play]").click();
          await new Promise(done => setTimeout(done, 1500));
          return ganbook.toyDemo.game.step > step ? drawings : "did not play";
        }"""
    )
    assert drawings in (0, 1), "a picture a second, and the first of them after a second"


def test_most_of_the_processor_goes_to_the_game_and_not_to_its_pictures(visit, cost):
    """With everything that is drawn meanwhile, an update takes at most twice as long as alone."""
    page = visit("book/play_toy")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("ganbook.toyDemo.game.step >= 10")  # compiled by now
    with cost(page) as taken:
        first = page.evaluate(NUMBERS)["updates"]
        page.wait_for_function("before => ganbook.toyDemo.game.updatesOfD >= before + 60", arg=first)
        page.get_by_role("button", name="Pause").click()
        done = page.evaluate(NUMBERS)["updates"] - first
    with cost(page) as alone:
        page.evaluate("for (let i = 0; i < 60; i++) ganbook.toyDemo.game.round()")
    assert taken[0] / done < 2 * alone[0] / 60


def test_a_game_belongs_to_its_seed(visit):
    page = visit("book/play_toy")
    runs = []
    for seed in ("3", "3", "4"):
        page.get_by_label("Seed").fill(seed)
        page.get_by_label("Seed").press("Enter")
        page.get_by_role("button", name="Start again").click()
        assert page.evaluate(NUMBERS)["step"] == 0
        page.evaluate("ganbook.toyDemo.game.round()")
        runs.append(page.evaluate(NUMBERS))
    assert runs[0] == runs[1] and runs[0]["g"] != runs[2]["g"]


def test_the_settings_reach_the_game(visit):
    page = visit("book/play_toy")
    assert not page.get_by_label("Weight of the penalty").is_visible()
    page.get_by_label("Data").select_option("grid of 25")
    assert the(page, "modes").inner_text().endswith(" of 25")
    page.get_by_label("Objective").select_option("WGAN-GP")
    page.get_by_label("Weight of the penalty").fill("0.5")
    page.get_by_label("Weight of the penalty").press("Enter")
    page.get_by_label("Updates of D for one of G, k").select_option("5")
    page.get_by_label("Learning rate of D").select_option("0.0003")
    page.get_by_label("Learning rate of G").select_option("0.005")
    page.get_by_label("First beta of Adam").select_option("0")
    settings = page.evaluate(NUMBERS)["settings"]
    expected = {"objective": "WGAN-GP", "weight": 0.5, "k": 5, "rateD": 3e-4, "rateG": 5e-3, "beta1": 0}
    assert settings == expected
    page.get_by_label("Speed").press("Home")  # one step a second
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("ganbook.toyDemo.game.step >= 1")
    page.get_by_role("button", name="Pause").click()
    numbers = page.evaluate(NUMBERS)
    assert numbers["updates"] == 5 * numbers["step"] and numbers["step"] < 10
    assert page.evaluate("[ganbook.toyDemo.game.adamD.beta1, ganbook.toyDemo.game.data.means.length]") == [0, 25]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_field_is_blue_where_d_says_real(visit, scheme):
    page = visit("book/play_toy", color_scheme=scheme)
    corner = """bias => {
      const {D} = ganbook.toyDemo.game;
      D.values.fill(0), D.values[D.values.length - 1] = bias;
      document.querySelector("[data-part=arrows]").click();
      return [...document.querySelector("[data-part=plane]").getContext("2d").getImageData(4, 4, 1, 1).data];
    }"""
    (r, _, b, _), (red, _, blue, _), (*middle, _) = (page.evaluate(corner, bias) for bias in (4, -4, 0))
    assert b > r + 50 and red > blue + 50
    assert max(middle) - min(middle) < 15 and (min(middle) > 200) == (scheme == "light")


def test_a_game_that_diverged_says_so(visit):
    page = visit("book/play_toy")
    page.evaluate("ganbook.toyDemo.game.G.values.fill(NaN)")
    page.get_by_role("button", name="Play").click()
    page.get_by_text("A loss is no longer a number").wait_for()
    assert not page.evaluate(NUMBERS)["playing"]


def test_the_same_game_in_python_runs(visit, capsys):
    page = visit("book/play_toy")
    page.evaluate("for (let i = 0; i < 2; i++) ganbook.toyDemo.game.round()")
    page.get_by_label("Updates of D for one of G, k").select_option("2")
    page.locator("summary", has_text="The same game in Python").click()
    names = page.get_by_label("Objective").locator("option").all_inner_texts()
    data = {"ring": ring(), "grid": grid(), "moons": moons(), "gaussian": Mixture(torch.zeros(1, 2), 0.5)}
    assert sorted(names) == sorted(OBJECTIVES) and len(data) == the(page, "data").locator("option").count()
    for name, choice in zip(names, itertools.cycle(data)):
        page.get_by_label("Objective").select_option(name)
        page.get_by_label("Data").select_option(choice)
        page.evaluate("for (let i = 0; i < 2; i++) ganbook.toyDemo.game.round()")
        page.get_by_label("Learning rate of G").select_option("0.005")
        scope = {}
        exec(the(page, "python").inner_text(), scope)
        assert type(scope["objective"]) is type(OBJECTIVES[name][0])
        assert torch.equal(scope["data"].means, data[choice].means) and scope["data"].sd == data[choice].sd
        assert scope["record"].step == 2 and scope["record"].images == 2 * 2 * 256
        assert [scope["options"][f"opt_{player}"].param_groups[0]["lr"] for player in "gd"] == [0.005, 0.001]
        assert re.fullmatch(r"step 2: \d+ of \d+ modes, \d+% near one\n", capsys.readouterr().out)
