"""Convolutional pair for 28x28 images, after Radford et al. (2016), with the sizes of tutorial A."""

from collections.abc import Callable

from torch import Tensor, nn

from ganbook.models import OfNoise
from ganbook.models.minibatch import OfBatch


def init(module: nn.Module) -> None:
    """Draw convolutions from N(0, 0.02) and BatchNorm's scale from N(1, 0.02), with biases at 0, in place.

    For use as `network.apply(init)`. Radford et al. (2016), section 4, say N(0, 0.02) of "all weights"; the scale of
    BatchNorm is not one of them: it multiplies, so it starts around 1. Around 0 it would all but switch the layer off.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    if isinstance(module, nn.BatchNorm2d) and module.affine:
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def he(module: nn.Module) -> None:
    """Draw convolutions from N(0, 2 / ((1 + 0.2^2) inputs)), biases at 0, in place: for use as `network.apply(he)`.

    He et al. (2015), "Delving deep into rectifiers", eq. 15: a signal keeps its size through a LeakyReLU 0.2, so that a
    network without normalisation has something to say from its first step on.
    """
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, a=0.2)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def up(
    c_in: int, c_out: int, kernel: int, stride: int, norm: Callable[[int], nn.Module] = nn.BatchNorm2d
) -> list[nn.Module]:
    """Transposed convolution, BatchNorm or another `norm`, ReLU: side n -> (n - 1) * stride + kernel."""
    return [nn.ConvTranspose2d(c_in, c_out, kernel, stride), norm(c_out), nn.ReLU()]


def down(
    c_in: int, c_out: int, kernel: int, stride: int, norm: Callable[[int], nn.Module] = nn.BatchNorm2d
) -> list[nn.Module]:
    """Convolution, BatchNorm or another `norm`, LeakyReLU 0.2: side n -> (n - kernel) // stride + 1."""
    return [nn.Conv2d(c_in, c_out, kernel, stride), norm(c_out), nn.LeakyReLU(0.2)]


class Generator(OfNoise):
    """z (m, z_dim) -> x (m, channels, 28, 28) in [-1, 1]; the last hidden layer has `width` channels.

    even: a kernel of 4 instead of 3 in the one layer whose kernel is no multiple of its stride, so that all pixels are
        made by equally many products (Odena et al., 2016); the frame that is then too much is cut off at the end.
    norm: called with a number of channels, gives the layer after each transposed convolution but the last.
    """

    def __init__(
        self,
        z_dim: int = 64,
        width: int = 64,
        channels: int = 1,
        even: bool = False,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
    ) -> None:
        super().__init__(z_dim)
        self.layers = nn.Sequential(
            nn.Unflatten(1, (z_dim, 1, 1)),  # (m, z_dim) -> (m, z_dim, 1, 1)
            *up(z_dim, 4 * width, 3, 2, norm),  # 1 -> 3
            *up(4 * width, 2 * width, 4, 1, norm),  # 3 -> 6
            *up(2 * width, width, 4 if even else 3, 2, norm),  # 6 -> 13, or 14
            *(nn.ConvTranspose2d(width, channels, 4, 2, padding=int(even)), nn.Tanh()),  # -> 28
        )
        self.apply(init)

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Discriminator(nn.Module):
    """x (m, channels, 28, 28) in [-1, 1] -> logits (m,); the first layer has `width` channels.

    norm: called with a number of channels, gives the layer after each convolution. A penalty on D's slope does not
        allow BatchNorm; partial(nn.GroupNorm, 1) normalises each image by itself, nn.Identity nothing.
    first: draws the first weights, in place, of each layer that it is called with. The default is `init`, or with
        nn.Identity PyTorch's own weights, since N(0, 0.02) would let the signal fade; `he` keeps its size.
    minibatch: called with the number of features, gives a layer that lets an image see its batch
        (ganbook.models.minibatch); it stands before the last linear layer.
    """

    def __init__(
        self,
        width: int = 16,
        channels: int = 1,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
        minibatch: Callable[[int], OfBatch] | None = None,
        first: Callable[[nn.Module], None] | None = None,
    ) -> None:
        super().__init__()
        look = minibatch(4 * width) if minibatch else None
        self.layers = nn.Sequential(
            *down(channels, width, 3, 2, norm),  # 28 -> 13
            *down(width, 2 * width, 5, 2, norm),  # 13 -> 5
            *down(2 * width, 4 * width, 5, 2, norm),  # 5 -> 1
            *([nn.Flatten(), look] if look else [nn.Flatten()]),  # (m, 4 width, 1, 1) -> (m, 4 width [+ extra])
            *(nn.Linear(4 * width + (look.extra if look else 0), 1), nn.Flatten(0)),  # -> (m,)
        )
        if first is None and norm is not nn.Identity:
            first = init
        if first:
            self.apply(first)

    def features(self, x: Tensor) -> Tensor:
        """Return what the linear layer reads of images x: h (m, 4 width), and what `minibatch` has appended."""
        return self.layers[:-2](x)

    def score(self, h: Tensor) -> Tensor:
        """Return the logits (m,) of features h."""
        return self.layers[-2:](h)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
