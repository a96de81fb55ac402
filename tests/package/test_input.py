"""Whatever comes in, a function does its work or says in a sentence which argument it cannot use.

Each case is a function and, for each of its arguments, values among which some are odd: other shapes and types, empty,
negative, huge, NaN. Nothing may come out but a result, InputError, or ValueError from ganbook.metrics.
"""

import math
import re

import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from ganbook.base import devices, seeds, validate
from ganbook.base.description import described
from ganbook.base.errors import InputError
from ganbook.chapters import results, shapes
from ganbook.chapters.notebook import claim, number, progress, verify
from ganbook.chapters.one_network import Fit, Plan
from ganbook.data import Images, Stacked, find, mixtures, rotate
from ganbook.evaluation import distance, random_features, report
from ganbook.evaluation.judge import judged, load
from ganbook.evaluation.stacked_modes import count
from ganbook.evaluation.synthetic import trained_on
from ganbook.metrics.classes import class_shares, kl, modes, purity
from ganbook.metrics.frechet import frechet
from ganbook.metrics.inception import inception_score
from ganbook.metrics.kernel import kernel_distance
from ganbook.metrics.neighbours import copying, nearest, prdc
from ganbook.metrics.strokes import properties
from ganbook.models import conditional, diffusion, mlp, pyramid
from ganbook.models.sampling import fixed_noise, labels_in_shares, labels_in_turn, sample
from ganbook.objectives import NonSaturating, clip_weights
from ganbook.objectives.augmentation import Augmented, augment, brighten, centres, cut_out, shift
from ganbook.training import pretrained, recipes
from ganbook.training.loop import Record, train, update
from ganbook.training.run import Run
from ganbook.viewing import latent, plots
from ganbook.viewing.explorer import Explorer
from ganbook.viewing.film import Film
from ganbook.viewing.sheet import tile

settings.register_profile("ganbook", derandomize=True, deadline=None, database=None, print_blob=False)
settings.load_profile("ganbook")
NAN, INF = math.nan, math.inf
pytestmark = pytest.mark.filterwarnings("ignore::ganbook.base.errors.GanbookWarning")


def some(*usual, odd=()):
    """One of the usual values, and in a third of the cases an odd one."""
    return st.one_of(st.sampled_from(usual), st.sampled_from(usual), st.sampled_from([*odd] or usual))


def whole(*usual):
    return some(*usual, odd=(-(10**12), -1, 0, 1, 2))


def count_of(*usual):
    return some(*usual, odd=(-1, 0, 1e2, 2.0, 0.5, NAN, INF, True, None, "3", torch.tensor(2), torch.tensor([1, 2])))


def real(*usual):
    return some(*usual, odd=(NAN, INF, -INF, -1.0, 0.0, 1e30, -1e30, 1e-40))


@st.composite
def tensors(draw, *shape, low=-1.0, high=1.0, dtype=torch.float32):
    """A tensor of this shape, type and range; in half of the cases something about it is odd."""
    odd = draw(st.sampled_from(["nothing"] * 6 + ["shape", "empty", "fewer", "more", "type", "number"]))
    shape = list(shape)
    i = draw(st.integers(0, max(len(shape) - 1, 0)))
    if odd == "shape" and shape:
        shape[i] += draw(st.sampled_from([1, 2, -1]))
    if odd == "empty" and shape:
        shape[i] = 0
    if odd == "fewer":
        shape = shape[:i]
    if odd == "more":
        shape.insert(i, draw(st.sampled_from([1, 2])))
    x = torch.rand(shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 3)))) * (high - low) + low
    x = x.floor() if dtype == torch.int64 else x
    if odd == "number" and x.numel():
        x.view(-1)[0] = draw(
            st.sampled_from([NAN, INF, -INF, 1e30, -3.0, 1e6] if dtype.is_floating_point else [-1.0, 99.0])
        )
    other = [t for t in (torch.float64, torch.int64, torch.uint8, torch.bool) if t != dtype]
    return x.to(draw(st.sampled_from(other)) if odd == "type" else dtype)


def labels(n, classes=10):
    return tensors(n, low=0, high=classes, dtype=torch.int64)


PLAIN = mlp.Generator(z_dim=3, hidden=(4,), image=(1, 8, 8))
ASKED = conditional.Generator(z_dim=3, width=2)
OTHER = nn.Linear(3, 64)  # no generator: it does not say how long its noise is
GREY = Images(torch.randint(256, (230, 8, 8), generator=torch.Generator().manual_seed(0)).byte())
RING = mixtures.ring()
JUDGE = load()
HISTORY = [Record(step, step, {"d_loss": torch.tensor(1.0), "g_loss": torch.tensor(0.5)}) for step in (1, 2)]
x8, x28, text = (
    tensors(3, 1, 8, 8),
    tensors(2, 1, 28, 28),
    st.text(max_size=8) | st.sampled_from(["", "..", "\0", "x" * 400]),
)
any_device = some("cpu", odd=("", "gpu", "meta", "cuda:7", "cpu:x", "cuda:99999999999999999999", "ü", "\0"))


class Fixed:
    """Data that give the same minibatch for ever."""

    def __init__(self, x):
        self.x = x

    def batches(self, m, *, seed=0, start=0):
        while True:
            yield self.x, torch.zeros(len(self.x) if self.x.ndim else 1, dtype=torch.int64)


def trained_on_data(G, data, steps, m, k, start):
    D = mlp.Discriminator(image=(1, 8, 8), hidden=(4,))
    opt = torch.optim.SGD(D.parameters(), lr=0.1)
    return list(train(G, D, NonSaturating(), Fixed(data), opt_g=None, opt_d=opt, steps=steps, m=m, k=k, start=start))


def trained_on_iterable(batch, wrap, m, steps):
    G, D = mlp.Generator(3, (4,), (1, 8, 8)), mlp.Discriminator((1, 8, 8), (4,))
    opts = {"opt_g": torch.optim.SGD(G.parameters(), lr=0.1), "opt_d": torch.optim.SGD(D.parameters(), lr=0.1)}
    return list(train(G, D, NonSaturating(), wrap(batch), **opts, steps=steps, m=m))


WRAPS = [lambda batch: [batch], lambda batch: [batch, batch], lambda batch: iter([batch]), lambda batch: batch]
WRAPS += [lambda batch: {"batch": batch}, lambda batch: (batch, 3), lambda batch: (part for part in [batch])]
junk = st.sampled_from([None, "x", b"x", (), [], {}, 3.5, {"x": torch.zeros(3)}, (None, None), nn.Linear(2, 3)])


def updated(loss, gradient):
    p = nn.Parameter(torch.ones(()))
    update(torch.optim.SGD([p], lr=0.1), loss * p if gradient else loss)


def fitted(steps, device):
    class Mean(nn.Module):
        z_dim = 2

        def __init__(self):
            super().__init__()
            self.mean = nn.Parameter(torch.zeros(784))

        def loss(self, x):
            return {"loss": (x.flatten(1) - self.mean).square().mean()}

    fit = Fit(Plan("mean", "", "", Mean, torch.optim.Adam, m=4), device=device, data=GREY28)
    return list(fit.train(steps))


GREY28 = Images(torch.zeros(8, 28, 28, dtype=torch.uint8))


def run(steps, device):
    run = Run(recipes.get("d-linear"), device=device, data=Images(torch.zeros(64, 28, 28, dtype=torch.uint8)))
    return list(run.train(steps))


def changed(name):
    return recipes.get("d-linear").change(**{name: 3})


def shown(x, columns):
    plots.show_grid(x, columns)
    plt.close("all")


def plotted(names, smooth):
    plots.plot_history(HISTORY, names, smooth=smooth)
    plt.close("all")


def clipped(bound):
    p = nn.Parameter(torch.ones(3))
    clip_weights(torch.optim.SGD([p], lr=0.1), bound)


def judged_by(x, chunk):
    return judged(JUDGE, x, chunk)


def explored(direction, n, reach):
    return Explorer(PLAIN, {"direction": direction}, n=n, reach=reach)


def stepped(Data):
    """A function of m and start that takes one batch."""
    return lambda m, start: next(Data.batches(m, start=start))


def watched(every, n):
    return list(progress(iter(HISTORY), 2, every=every, n=n))


means = tensors(4, 2)
features = tensors(12, 3)
few = some(4, odd=(-1, 0, 1, 1.5))
CASES = {
    "Images": (Images, {"images": tensors(3, 4, 5, low=0, high=255, dtype=torch.uint8), "labels": labels(3) | st.none()}
               | {"rotate": real(0.0, 20.0), "device": any_device}),
    "Images.batches": (stepped(GREY), {"m": whole(3, 230, 231), "start": whole(0, 5)}),
    "Stacked.batches": (stepped(Stacked(GREY)), {"m": whole(3), "start": whole(0, 5)}),
    "rotate": (rotate, {"x": x8, "degrees": tensors(3, low=-20, high=20)}),
    "find": (find, {"source": text.filter(lambda name: name and not set(name) & set("/."))}),
    "Mixture": (mixtures.Mixture, {"means": means, "sd": real(0.1)}),
    "Mixture.sample": (RING.sample, {"n": whole(3)}),
    "Mixture.batches": (stepped(RING), {"m": whole(3), "start": whole(0, 2)}),
    "Mixture.log_density": (RING.log_density, {"x": tensors(5, 2)}),
    "Mixture.coverage": (RING.coverage, {"x": tensors(5, 2), "within": real(3.0), "least": real(0.01)}),
    "ring": (mixtures.ring, {"modes": whole(8), "radius": real(2.0), "sd": real(0.1)}),
    "grid": (mixtures.grid, {"side": whole(3), "gap": real(2.0), "sd": real(0.1)}),
    "moons": (mixtures.moons, {"pieces": whole(3), "radius": real(2.0), "sd": real(0.1)}),
    "train": (trained_on_data, {"G": some(PLAIN, odd=(OTHER,)), "data": x8, "steps": count_of(1, 2)}
              | {"m": count_of(3), "k": count_of(1, 2), "start": count_of(0, 7)}),
    "train, iterable": (trained_on_iterable, {"batch": x8 | st.tuples(x8, labels(3)) | junk}
                        | {"wrap": st.sampled_from(WRAPS), "m": count_of(None, 3), "steps": count_of(1, 3)}),
    "update": (updated, {"loss": tensors(), "gradient": st.booleans()}),
    "Run": (run, {"steps": whole(1), "device": any_device}),
    "Fit": (fitted, {"steps": whole(1), "device": any_device}),
    "fixed_noise": (fixed_noise, {"G": some(PLAIN, odd=(OTHER,)), "n": whole(3)}),
    "sample": (sample, {"G": some(PLAIN, ASKED), "n": whole(4), "z": tensors(4, 3) | st.none()}
               | {"y": labels(4) | st.none(), "chunk": whole(2, 500)}),
    "tile": (tile, {"x": x8 | tensors(2, 3, 4, 4), "columns": whole(2, 100), "gap": whole(1)}),
    "show_grid": (shown, {"x": x8, "columns": whole(2)}),
    "plot_history": (plotted, {"names": some(("d_loss",), odd=((), ("x",), ("g_loss", "y"))), "smooth": whole(1, 2)}),
    "progress": (watched, {"every": whole(1, 9), "n": whole(2)}),
    "Film": (lambda steps, x, columns, rate: Film(steps, x, alt="films", columns=columns, rate=rate).html(),
             {"steps": some((1, 5), odd=((), (5, 1), (1, 1), (1,))), "x": tensors(2, 3, 1, 8, 8)}
             | {"columns": whole(2), "rate": real(6.0)}),
    "Explorer": (explored, {"direction": tensors(3), "n": whole(2), "reach": real(3.0)}),
    "evaluate": (report.evaluate, {"G": st.just(PLAIN), "n": st.sampled_from([-(10**12), -1, 0, 99, 10_001, 10**9])}),
    "evaluate_images": (report.evaluate_images, {"x": tensors(20, 1, 8, 8) | tensors(99, 1, 8, 9)}),
    "frechet_distance": (distance.frechet_distance, {"G": st.just(PLAIN), "data": some(None, odd=(GREY, 3, "x"))}
                         | {"n": st.sampled_from([-(10**12), -1, 0, 99, 10_001, 1.5, True])}),
    "distance_of_images": (distance.distance_of_images, {"x": tensors(20, 1, 8, 8) | tensors(99, 1, 8, 9)}),
    "labels_in_turn": (labels_in_turn, {"counts": some({3: 5, 7: 1}, odd=({}, {2: 0}, {-1: 2})), "n": few}),
    "labels_in_shares": (labels_in_shares, {"counts": some({3: 5, 7: 1}, odd=({}, {2: 0})), "n": few}),
    "compare": (lambda x: random_features.compare(x, GREY), {"x": tensors(100, 1, 8, 8)}),
    "stacked.count": (count, {"x": tensors(2, 3, 28, 28)}),
    "lerp": (latent.lerp, {"a": tensors(4, 3), "b": tensors(4, 3), "t": tensors(2, low=0)}),
    "slerp": (latent.slerp, {"a": tensors(4, 3), "b": tensors(4, 3), "t": tensors(2, low=0)}),
    "truncate": (latent.truncate, {"z": tensors(4, 3), "psi": real(1.0)}),
    "class_means": (latent.class_means, {"z": tensors(20, 3), "y": labels(20, 2), "classes": whole(2)}),
    "regress": (latent.regress, {"z": tensors(9, 3), "values": tensors(9)}),
    "principal": (latent.principal, {"G": some(PLAIN, ASKED, odd=(OTHER,)), "count": whole(2)}),
    "invert": (latent.invert, {"G": some(PLAIN, odd=(ASKED,)), "x": x8, "y": labels(3) | st.none()}
               | {"starts": whole(2), "steps": whole(1), "lr": real(0.1)}),
    "augment": (augment, {"x": x8, "kinds": some(("shift", "cutout"), odd=((), ("",), "shift")), "p": real(0.5, 1.0)}),
    "Augmented": (Augmented, {"objective": st.just(None), "kinds": some(("shift",), odd=(("x",),)), "p": real(0.5)}),
    "brighten": (brighten, {"x": x8, "by": tensors(3)}),
    "shift": (shift, {"x": x8, "down": labels(3, 4), "right": labels(3, 4)}),
    "cut_out": (cut_out, {"x": x8, "row": labels(3, 4), "column": labels(3, 4), "side": whole(4)}),
    "centres": (centres, {"x": x8}),
    "labels": (lambda y: validate.labels(y, 4, 10, "G"), {"y": labels(4)}),
    "whole": (lambda value: validate.whole(0, "value", value), {"value": count_of(3)}),
    "seeds": (lambda seed: seeds.generator("x", seed), {"seed": count_of(3)}),
    "described": (described, {"value": x8 | junk | count_of(3) | text}),
    "Diffusion": (diffusion.Diffusion, {"width": some(8, odd=(4, 12)), "steps": whole(2)}),
    "claim": (claim, {"holds": tensors(2) | st.booleans(), "sentence": text | st.none()}
              | {"values": st.just(None) | st.dictionaries(text, real(1.0) | text, max_size=2)}),
    "verify": (verify, {"holds": tensors(2) | st.booleans(), "sentence": text | st.none()}),
    "number": (number, {"name": text | st.just("a"), "value": real(0.5) | text | tensors(2)}
               | {"form": text | some("{:.1f}", odd=("{", "{:d}", "{0} {1}", "{x}"))}),
    "stages": (pyramid.stages, {"size": whole(16, 28)}),
    "conv_side": (shapes.conv_side, {name: whole(3) for name in ("n", "kernel", "stride", "padding", "dilation")}),
    "transposed_side": (shapes.transposed_side, {name: whole(3) for name in ("n", "kernel", "stride", "padding")}),
    "clip_weights": (clipped, {"bound": real(0.01)}),
    "choose": (devices.choose, {"name": any_device | text}),
    "recipes.get": (recipes.get, {"name": text}),
    "Recipe.change": (changed, {"name": some("m", "z_dim", "lr_g", odd=("", "width", "lr", "m ", "self"))}),
    "Recipe.networks": (recipes.get("d-linear").networks, {"seed": some(0, 3, odd=(-1, 1.0, True, "1", NAN, 2**70))}),
    "trained.load": (pretrained.load, {"name": text, "device": any_device}),
    "results.load": (results.load, {"name": text | st.just("../results/best")}),
    "class_shares": (class_shares, {"y": labels(6), "classes": whole(10)}),
    "modes": (modes, {"y": labels(6), "least": real(0.1)}),
    "purity": (purity, {"groups": labels(6), "y": labels(6)}),
    "kl": (kl, {"shares": tensors(4, low=0), "reference": tensors(4, low=0)}),
    "frechet": (frechet, {"a": features, "b": features}),
    "kernel_distance": (kernel_distance, {"a": features, "b": features, "block": whole(4)}),
    "inception_score": (inception_score, {"p": features.map(lambda x: x.float().softmax(-1) if x.ndim else x)}),
    "prdc": (prdc, {"real": features, "fake": features, "k": whole(3)}),
    "nearest": (nearest, {"a": features, "b": features}),
    "copying": (copying, {"fake": features, "test": features, "train": features}),
    "properties": (properties, {"x": x8}),
    "judged": (judged_by, {"x": x28, "chunk": whole(100)}),
    "trained_on": (lambda x, y, x_test, y_test: trained_on(x, y, x_test, y_test, steps=1),
                   {"x": x8, "y": labels(3), "x_test": x8, "y_test": labels(3)}),
}  # fmt: skip
SENTENCES = "Expected ", "There ", "Device ", "The ", "A kernel ", "Padding ", "Only "
METRICS = {"class_shares", "modes", "kl", "frechet", "kernel_distance", "inception_score", "prdc", "nearest", "copying"}
METRICS |= {"properties", "judged", "trained_on", "purity"}


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_function_works_or_says_which_argument_it_cannot_use(name, data):
    function, arguments = CASES[name]
    given = {argument: data.draw(values, label=argument) for argument, values in arguments.items()}
    try:
        function(**given)
    except ValueError as error:
        assert name in METRICS or isinstance(error, InputError), repr(error)
        said = str(error)
        assert said.startswith(SENTENCES) and said.endswith("."), said
        values = [text for value in given.values() if isinstance(value, str) for text in (value or "''", repr(value))]
        words = [
            rf"\b{word}\b" for word in (*arguments, "images", "labels", "data", "means", "features", "minibatch(?:es)?")
        ]
        assert re.search("|".join([*words, *map(re.escape, values)]), said, re.IGNORECASE), said


BIG = torch.linspace(0.1, 0.9, 4000).view(40, 100)
MANY = [0.5] * 5000
WITH_BIG = {  # calls with something large in the place of something small -> what the message says of it
    "sample, noise as n": (lambda: sample(PLAIN, BIG), r"got torch.float32 \(40, 100\). Pass .* sample\(G, z=z\)\.$"),
    "fixed_noise": (lambda: fixed_noise(PLAIN, BIG), r"n=1, got torch.float32 \(40, 100\)\.$"),
    "whole, array": (lambda: validate.whole(0, "steps", BIG.numpy()), r"got float32 \(40, 100\)\.$"),
    "whole, list": (lambda: validate.whole(0, "steps", MANY), r"got \[0\.5, .*\.\.\., a list\.$"),
    "seed": (lambda: recipes.get("d-linear").change().networks(BIG), r"got torch.float32 \(40, 100\)\.$"),
    "seed of noise": (lambda: fixed_noise(PLAIN, 3, seed=BIG), r"got torch.float32 \(40, 100\)\.$"),
    "n of a score": (lambda: report.evaluate(PLAIN, n=BIG), r"got torch.float32 \(40, 100\)\.$"),
    "data of a score": (lambda: distance.frechet_distance(PLAIN, data=BIG), r"got torch.float32 \(40, 100\)\.$"),
    "schedule": (lambda: recipes.get("d-linear").change(schedule=BIG), r"got torch.float32 \(40, 100\)\.$"),
    "a schedule's function": (lambda: recipes.get("d-linear").change(schedule={"lr": BIG}), r"\(40, 100\)\.$"),
    "subset": (lambda: GREY.subset(BIG), r"got torch.float32 \(40, 100\)\.$"),
    "claim": (lambda: claim(BIG, "x"), r"got torch.float32 \(40, 100\): take"),
    "claim's numbers": (lambda: claim(True, "x", values={"a": BIG}), r"got a = torch.float32 \(40, 100\)\.$"),
    "kl, lengths": (lambda: kl(BIG[0], BIG[:, 0]), r"got \(100,\) and \(40,\)\.$"),
    "kl, negative": (lambda: kl(BIG[0], -BIG[0]), r"reference of 0 or more, got -0\.12\.$"),
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_BIG)
def test_a_message_tells_a_tensor_by_its_type_and_shape(name):
    function, said = WITH_BIG[name]
    with pytest.raises(ValueError, match=said) as caught:
        function()
    assert len(str(caught.value)) < 250
