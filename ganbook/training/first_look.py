"""What is looked at before a training and at its first step, each with a sentence about what would else go unnoticed.

What cannot be right is refused, with an InputError; what is almost surely a mistake warns, with a GanbookWarning.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from ganbook.base import validate
from ganbook.base.errors import InputError, warn
from ganbook.models import device_of, takes_labels
from ganbook.training.minibatches import Batch

# What may stand between the last layer of D and its logits without changing their values
SHAPING = ("view", "reshape", "squeeze", "copy", "clone", "select", "alias", "mean", "strided")
# What PyTorch says in the middle of a training, and what it means here
EXPLAINED = {
    "more than 1 value per channel": "A minibatch of 1 is too small for BatchNorm, which takes its mean and variance "
    "from the minibatch in training mode. Choose m of 2 or more; a DataLoader leaves a short last one out with "
    "drop_last=True.",
    "Class values must be": "The labels y of a minibatch are out of the range that the networks know, from 0 to one "
    "less than their attribute classes. Build G and D with as many classes as the data have.",
}


def players(G: nn.Module, D: nn.Module, opt_g: Optimizer | None, opt_d: Optimizer, objective: Any) -> None:
    """Say so if networks, optimisers and objective do not belong together."""
    for name, network in (("G", G), ("D", D)):
        if not isinstance(network, nn.Module):
            raise InputError(f"Expected {name} as a torch.nn.Module, got {_named(network)}.")
    validate.whole(1, "G.z_dim", validate.generator(G))
    if not any(True for _ in D.parameters()):
        raise InputError(f"Expected a D with parameters to train, got a {type(D).__name__} without any.")
    if any(True for _ in G.parameters()) and device_of(G) != device_of(D):
        raise InputError(f"G is on {device_of(G)} and D on {device_of(D)}. Move both to one device: G.to(device).")
    for method in ("discriminator", "generator"):
        if isinstance(objective, type) or not callable(getattr(objective, method, None)):
            raise InputError(
                "Expected an objective with the methods discriminator and generator, such as NonSaturating(), got "
                f"{_named(objective)}."
            )
    if opt_g is not None:
        _belongs(opt_g, "opt_g", "G", G, "D", D)
    _belongs(opt_d, "opt_d", "D", D, "G", G)


def _named(thing: Any) -> str:
    return f"the class {thing.__name__}" if isinstance(thing, type) else f"a {type(thing).__name__}"


def _belongs(optimiser: Optimizer, name: str, own: str, network: nn.Module, other: str, opponent: nn.Module) -> None:
    """Say so unless `optimiser` holds parameters of its own network, and no others."""
    if not hasattr(optimiser, "param_groups"):
        raise InputError(
            f"Expected {name} as an optimiser, such as torch.optim.Adam({own}.parameters()), got {_named(optimiser)}."
        )
    held = {id(p) for group in optimiser.param_groups for p in group["params"]}
    mine, theirs = ({id(p) for p in net.parameters()} for net in (network, opponent))
    make = f"Make it from the {own} that is trained: {type(optimiser).__name__}({own}.parameters(), ...)."
    if not held:
        raise InputError(f"{name} holds no parameters, so {own} would stay as it is. {make}")
    if held <= mine:
        return
    if held <= theirs:
        raise InputError(f"{name} holds the parameters of {other}, not those of {own}. {make}")
    raise InputError(
        f"{len(held - mine)} of the {len(held)} parameters that {name} holds are not parameters of {own}: was {own} "
        f"built anew after its optimiser? {make}"
    )


def labels(G: nn.Module, D: nn.Module, data: Any, batches: Iterator[Batch]) -> Iterator[Batch]:
    """Return `batches`; say so if networks take labels and there are none, or some that they do not know.

    Looked at are all labels of data that have them as an attribute `labels`, and those of the first minibatch before
    a network sees it: a label that is out of range would end a process on a GPU for good.
    """
    if isinstance(y := getattr(data, "labels", None), Tensor):
        _known(G, D, y)

    def looked_at() -> Iterator[Batch]:
        x, y = next(batches)
        _known(G, D, y)
        yield x, y
        yield from batches

    return looked_at()


def _known(G: nn.Module, D: nn.Module, y: Tensor | None) -> None:
    for name, network in (("G", G), ("D", D)):
        if takes_labels(network):
            if y is None:
                raise InputError(f"{name} takes labels y, and the data give none. Expected minibatches (x, y).")
            if isinstance(classes := getattr(network, "classes", None), int):
                validate.labels(y, len(y), classes, name)


class Looked:
    """An objective that looks at what `objective` returns, and with `images` first at the images that it is given."""

    def __init__(self, objective: Any, *, images: bool) -> None:
        self.objective, self.images = objective, images

    def discriminator(self, critic: Any, x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        if self.images:
            _minibatch(x, x_fake)
        return self._scalars("discriminator", self.objective.discriminator(critic, x, x_fake))

    def generator(self, critic: Any, x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        return self._scalars("generator", self.objective.generator(critic, x, x_fake))

    def _scalars(self, method: str, returned: Any) -> dict[str, Tensor]:
        """What was returned; says so unless it is what it must be: a dict of scalar tensors with a "loss"."""
        if isinstance(returned, Mapping) and "loss" in returned:
            wrong = [name for name, value in returned.items() if not isinstance(value, Tensor) or value.numel() != 1]
            if not wrong:
                return dict(returned)
            got = ", ".join(f"{name!r}: {_sort(returned[name])}" for name in wrong)
        elif isinstance(returned, Mapping):
            got = f"a dict with {', '.join(map(repr, returned)) or 'nothing in it'}"
        else:
            got = f"a {_sort(returned)}"
        raise InputError(
            f"Expected {type(self.objective).__name__}.{method} to return a dict of scalar tensors, one of them "
            f'"loss", such as {{"loss": loss, "fake": fake.mean()}}, got {got}.'
        )


def _minibatch(x: Tensor, x_fake: Tensor) -> None:
    """Say so if the first minibatch and the first images of G do not fit; makes a GPU wait."""
    if x.shape != x_fake.shape:
        raise InputError(
            f"The data are {tuple(x.shape)} and G makes {tuple(x_fake.shape)}. Choose the size of the data or of G so "
            "that both are the same."
        )
    if x.dtype != x_fake.dtype or x.device != x_fake.device:
        scale = "x.float() / 127.5 - 1 for bytes" if not x.is_floating_point() else f"x.to({x_fake.dtype})"
        raise InputError(
            f"The data are {x.dtype} on {x.device}, G makes {x_fake.dtype} on {x_fake.device}. Both must be the same"
            + (f": {scale}." if x.dtype != x_fake.dtype else ".")
        )
    if not x.isfinite().all():
        raise InputError("Expected data that are finite numbers, got NaN or infinity in the first minibatch.")
    if x.ndim == 4:
        _range(x, x_fake)


def _range(x: Tensor, x_fake: Tensor) -> None:
    """Look at where the values of images lie, which a wrong scale shows in."""
    (low, high), (low_fake, high_fake) = ((t.min().item(), t.max().item()) for t in (x, x_fake.detach()))
    if low < -1 or high > 1:
        raise InputError(
            f"Expected images in [-1, 1], the range of G's tanh; the data run from {low:.3g} to {high:.3g}. "
            "Scale them: x / 127.5 - 1 for bytes, 2 x - 1 for [0, 1]; no other mean or deviation is subtracted."
        )
    ranges = f"the data run from {low:.3g} to {high:.3g}, the images of G from {low_fake:.3g} to {high_fake:.3g}"
    if low >= 0 > low_fake:
        warn(f"No value of the first minibatch is below 0: {ranges}. If that is [0, 1], scale it: 2 x - 1.")
    elif low_fake >= 0 > low:
        warn(f"G makes no value below 0: {ranges}. End G in a tanh, whose range is that of the data.")
    elif 0 < high - low < 0.1:
        warn(f"The images hardly differ from a single grey: {ranges}. Were they scaled twice?")


@contextmanager
def step(D: nn.Module, *, first: bool) -> Iterator[None]:
    """Within the block, at the first step look at what D gives; at each, explain what PyTorch refuses."""
    handle = D.register_forward_hook(_look(set())) if first else None
    try:
        yield
    except (ValueError, RuntimeError) as error:
        sentence = next((sentence for said, sentence in EXPLAINED.items() if said in str(error)), None)
        if sentence is None:
            raise
        raise InputError(sentence) from error
    finally:
        if handle:
            handle.remove()


def _look(said: set[str]) -> Callable[[nn.Module, tuple, Any], None]:
    """A hook on D that looks at what it gives: one logit an image, and not a probability. It says nothing twice."""

    def look(D: nn.Module, inputs: tuple, out: Any) -> None:
        sentences = _wrong_outputs(D, len(inputs[0]), out) if inputs and isinstance(out, Tensor) else ()
        for sentence in set(sentences) - said:
            said.add(sentence)
            warn(sentence)

    return look


def _wrong_outputs(D: nn.Module, n: int, out: Tensor) -> Iterator[str]:
    """Sentences about outputs of D for n images; raises InputError for a number that is not theirs."""
    shape, pack = tuple(out.shape), getattr(getattr(D, "module", D), "pack", 1)  # images that D judges as one
    pack = pack if isinstance(pack, int) else 1  # somebody's own layer may have this name
    if out.ndim == 0 or len(out) != n // pack:
        what = f"each of {n} images" if pack == 1 else f"each pack of {pack} of {n} images"
        raise InputError(f"Expected one logit of D for {what}, ({n // pack},), got {shape}.")
    if out.ndim == 2:
        yield (
            f"D gives {shape[1]} numbers an image, in the shape {shape}, where objectives expect logits ({n},). What "
            f"combines both shapes broadcasts them to ({n}, {n}). " + ("End D in nn.Flatten(0)." * (shape[1] == 1))
        ).strip()
    if squashed := _last(D, out):
        yield (
            f"D ends in a {squashed}, and objectives expect logits, which have no bounds: they bring the sigmoid "
            f"themselves, and with another both losses stay near 0.693. Leave the {squashed} of D out."
        )


def _last(D: nn.Module, out: Tensor) -> str:
    """The name of the squashing function that made `out`, empty if there is none: it is asked of autograd's graph."""
    node = out.grad_fn
    while node is not None and any(word in node.name().lower() for word in SHAPING) and node.next_functions:
        node = node.next_functions[0][0]
    name = "" if node is None else node.name().lower()
    if name.startswith("compiled"):  # one node for all of D: what is left are its layers, in their order
        *_, last = D.modules()
        name = type(last).__name__.lower()
    return next((kind for kind in ("sigmoid", "softmax") if kind in name), "")


def _sort(value: Any) -> str:
    return f"{type(value).__name__} {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
