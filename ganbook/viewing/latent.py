"""The space of the noise: ways between two z, truncation, directions with a meaning, and the z of a given image."""

from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbook.base import validate
from ganbook.base.errors import InputError
from ganbook.models import takes_labels, with_labels
from ganbook.models.conditional import ConditionalBatchNorm2d
from ganbook.models.sampling import fixed_noise


def lerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Return the points (1 - t) a + t b of the straight way from a to b: (n, d), (n, d), (k,) -> (k, n, d)."""
    _check_pair(a, b, t)
    return torch.lerp(a, b, t.to(a)[:, None, None])


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Return the points of the way from a to b on an arc about the origin: (n, d), (n, d), (k,) -> (k, n, d).

    (sin((1 - t) w) a + sin(t w) b) / sin w, w the angle between a and b: White (2016), section 2.1. Between ends of
    equal norm all points have that norm; where the ends point the same way it is lerp.

    Raises InputError if an end is zero, or two ends are opposite, where no arc is shorter than the others.
    """
    _check_pair(a, b, t)
    start, end, t = _double(a), _double(b), _double(t)
    u, v = F.normalize(start, dim=-1), F.normalize(end, dim=-1)
    angle = 2 * torch.atan2((u - v).norm(dim=-1), (u + v).norm(dim=-1))  # (n,); acos(u·v) is imprecise near 0
    if not ((angle < 3.1415).all() and start.norm(dim=-1).all() and end.norm(dim=-1).all()):
        raise InputError("Expected ends a and b that are not zero and not opposite: there is no arc, or more than one.")
    turn = angle[:, None] / torch.pi  # sin(s w) / sin w is s sinc(s w) / sinc(w), which has a value at w = 0 too
    t = t[:, None, None]
    from_a, from_b = (s * torch.sinc(s * turn) / torch.sinc(turn) for s in (1 - t, t))  # (k, n, 1)
    return _like(a, from_a * start + from_b * end)


def truncate(z: Tensor, psi: float) -> Tensor:
    """Turn z ~ N(0, I) of any shape into noise none of whose components is larger than `psi`.

    The result is distributed as if every component outside [-psi, psi] were drawn again until it lies inside (Marchesi,
    2017; Brock et al., 2019, section 3.1), but no component is drawn again: with F, the distribution function of
    N(0, 1), F(z) is uniform, and so is its image in [F(-psi), F(psi)]. A z therefore moves continuously with psi, and
    its components keep their signs and their order. psi = infinity leaves z as it is.

    Raises InputError unless psi > 0.
    """
    if not psi > 0:
        raise InputError(f"Expected psi > 0, got {psi}.")
    if psi == float("inf"):
        return z
    root = 2**0.5
    inside = torch.erf(torch.tensor(psi / root, dtype=torch.float64))  # P(|z| < psi)
    return _like(z, root * torch.erfinv(inside * torch.erf(_double(z) / root)))


def class_means(z: Tensor, y: Tensor, classes: int = 10) -> Tensor:
    """Return the mean (classes, d) of the noise z (n, d) whose images have each of the labels y (n,).

    The vectors of Radford et al. (2016), section 6.3.2. Raises InputError if a class has no image.
    """
    validate.at_least(1, "classes", classes)
    if z.ndim != 2 or not z.is_floating_point() or y.shape != z.shape[:1] or y.dtype != torch.int64:
        raise InputError(
            f"Expected noise z (n, d) and labels y int64 (n,), got {z.dtype} {tuple(z.shape)} and {y.dtype} "
            f"{tuple(y.shape)}."
        )
    count = y[(y >= 0) & (y < classes)].bincount(minlength=classes)
    if count.sum() != len(y) or count.min() == 0:
        raise InputError(f"Expected {len(z)} labels, each of 0 to {classes - 1} at least once, got {count.tolist()}.")
    return F.one_hot(y, classes).to(z).T @ z / count[:, None]


class Regression(NamedTuple):
    """vector (d,): unit; slope: growth of the value on each unit of the way; r2: share of its variance explained."""

    vector: Tensor
    slope: float
    r2: float


def regress(z: Tensor, values: Tensor) -> Regression:
    """Fit values (n,) by a linear function of z (n, d), with a constant, by least squares.

    For z ~ N(0, I) its gradient estimates the mean gradient of what is fitted, however it curves (Stein's identity).
    r2 is that of the same n samples: chance alone gives about d / n.

    Raises InputError unless n > d + 1 and the values differ.
    """
    fit = z.ndim == 2 and 0 not in z.shape and values.shape == z.shape[:1]
    if not (fit and z.isfinite().all() and values.isfinite().all()):
        raise InputError(f"Expected finite z (n, d) and values (n,), got {tuple(z.shape)} and {tuple(values.shape)}.")
    n, d = z.shape
    if n <= d + 1 or values.min() == values.max():
        raise InputError(f"Expected more than {d + 1} values, one a z, not all equal, got {len(values)} for {n} z.")
    inputs, offsets = (x - x.mean(0) for x in (_double(z), _double(values)))
    gradient = torch.linalg.lstsq(inputs, offsets[:, None]).solution[:, 0]  # (d,)
    residual = offsets - inputs @ gradient
    slope = gradient.norm()
    r2 = 1 - residual.square().sum() / offsets.square().sum()
    return Regression((gradient / slope).float().to(z.device), slope.item(), r2.item())


def principal(G: nn.Module, count: int = 6) -> Tensor:
    """Return the `count` unit vectors (count, z_dim) of z along which the features of G's first layer vary most.

    The principal components of those features for z ~ N(0, I), as in Härkönen et al. (2020), section 2.1. The layer and
    the BatchNorm behind it are linear in z, so no samples are needed: the vectors are the right singular vectors of
    their matrix (Shen and Zhou, 2021). Of a vector and its opposite neither is better; this is the one that came out.
    Conditional BatchNorm scales the features of each label by itself: the variance is then the mean over the labels.

    Raises InputError if no linear layer or transposed convolution comes first, the BatchNorm behind it has no
    running statistics, or `count` is not from 1 to z_dim.
    """
    net = G
    while isinstance(inner := getattr(net, "net", None), nn.Module):  # behind labels, whose inputs come after the noise
        net = inner
    layers = [layer for layer in getattr(net, "layers", []) if not isinstance(layer, nn.Unflatten | nn.Flatten)]
    z_dim = getattr(G, "z_dim", 0)
    if not layers or not isinstance(layers[0], nn.Linear | nn.ConvTranspose2d) or not 1 <= count <= z_dim:
        raise InputError(
            f"Expected a generator whose `layers` start with a linear layer or a transposed convolution, and a count "
            f"from 1 to {z_dim or 'z_dim'}, got a {type(net).__name__} and {count}."
        )
    layer, then = [*layers, None][:2]
    weight = layer.weight if isinstance(layer, nn.ConvTranspose2d) else layer.weight.T[:, :, None, None]
    scale = weight.new_ones(weight.shape[1])
    norm = then.norm if isinstance(then, ConditionalBatchNorm2d) else then
    if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
        if norm.running_var is None:
            raise InputError("Expected a BatchNorm with running statistics behind G's first layer, got one without.")
        scale = norm.weight if norm is then else then.scale.weight.square().mean(1).sqrt()
        scale = scale / (norm.running_var + norm.eps).sqrt()
    matrix = (weight * scale[:, None, None]).flatten(1)[:z_dim].T  # (in, out, k, k) -> (out k k, z_dim)
    return torch.linalg.svd(matrix.detach(), full_matrices=False).Vh[:count]


class Inversion(NamedTuple):
    """z (n, z_dim) and the images x (n, c, h, w) that G makes of it; error (n,): mean squared difference of pixels."""

    z: Tensor
    x: Tensor
    error: Tensor


def invert(
    G: nn.Module,
    x: Tensor,
    *,
    y: Tensor | None = None,
    look: Callable[[Tensor], Tensor] | None = None,
    weight: float = 0.1,
    starts: int = 4,
    steps: int = 200,
    lr: float = 0.1,
    seed: int = 0,
) -> Inversion:
    """Search for the z whose image G(z) is nearest to each of the images x (n, c, h, w) in [-1, 1], by Adam on z.

    Every image is sought from `starts` different noises, and the best end is kept. What is made small is the mean
    squared difference of pixels; with `look`, a function from images to features (n, f), also `weight` times the
    squared difference of features over the squared norm of those of x. y: labels (n,) for a G that takes them.
    With the defaults and the look of the judge, samples of the book's DCGAN were found again (chapter 12); not tuned.

    Source: Zhu et al. (2016), "Generative visual manipulation on the natural image manifold", on projections.
    G is left as it is. Raises InputError if G does not make images like x, or takes labels and y is missing, or
    a number is out of range.
    """
    if x.ndim != 4 or 0 in x.shape or not x.isfinite().all():
        raise InputError(f"Expected images x (n, c, h, w) of finite numbers, got {tuple(x.shape)}, or NaN in them.")
    validate.at_least(1, "starts", starts)
    validate.at_least(0, "steps", steps)
    validate.at_least(0, "lr", lr)
    labels = None
    if takes_labels(G):
        if y is None:
            raise InputError(f"Expected labels y ({len(x)},) for a generator that takes labels.")
        if (classes := getattr(G, "classes", None)) is not None:
            validate.labels(y, len(x), classes, "G")
        labels = y.repeat(starts)
    draw = with_labels(deepcopy(G).eval().requires_grad_(False), labels)
    z = fixed_noise(G, starts * len(x), seed=seed)  # all starts of all images at once: (starts n, z_dim)
    target = x.to(z).repeat(starts, 1, 1, 1)
    wanted = look(target) if look else None
    optimiser = torch.optim.Adam([z.requires_grad_()], lr=lr)

    def compare() -> tuple[Tensor, Tensor, Tensor]:
        made = draw(z)
        if made.shape != target.shape:
            raise InputError(f"Expected images like those of G, {tuple(made.shape[1:])}, got {tuple(x.shape[1:])}.")
        error = (made - target).square().mean((1, 2, 3))  # (starts n,)
        if look is None or wanted is None:
            return made, error, error
        return made, error, error + weight * (look(made) - wanted).square().sum(1) / wanted.square().sum(1)

    with torch.enable_grad():
        for _ in range(steps):
            (z.grad,) = torch.autograd.grad(compare()[2].sum(), z)  # each z has only its own error in the sum
            optimiser.step()
    with torch.no_grad():
        made, error, loss = compare()
    best = loss.view(starts, -1).argmin(0) * len(x) + torch.arange(len(x), device=x.device)  # (n,)
    return Inversion(z.detach()[best], made[best], error[best])


def _double(x: Tensor) -> Tensor:
    """x in float64, on the CPU: MPS has no float64, and noise is small."""
    return x.cpu().double()


def _like(z: Tensor, x: Tensor) -> Tensor:
    """x in the type of z and on its device, in this order: on MPS it cannot arrive as float64."""
    return x.to(z.dtype).to(z.device)


def _check_pair(a: Tensor, b: Tensor, t: Tensor) -> None:
    if a.ndim != 2 or a.shape != b.shape or t.ndim != 1 or not a.is_floating_point() or a.dtype != b.dtype:
        raise InputError(
            f"Expected ends a and b of one shape (n, d), floating point, and t (k,), got {a.dtype} {tuple(a.shape)}, "
            f"{b.dtype} {tuple(b.shape)} and {tuple(t.shape)}."
        )
