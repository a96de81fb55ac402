"""Conditional GAN: G draws the digit it is asked for, D judges image and label together. Mirza and Osindero (2014).

All networks take labels y (m,), int64 in [0, classes), as their second argument, y.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbook.base import validate
from ganbook.base.errors import InputError
from ganbook.models import OfNoise, dcgan
from ganbook.models.minibatch import OfBatch


def one_hot(y: Tensor, n: int, classes: int) -> Tensor:
    """Return labels y (n,) in [0, classes) as rows (n, classes) with a single 1.

    Raises InputError for other than n labels, int64. Whether they are in range is looked at where they come in, by
    `train` at its first step and by `sample`: to look here would make a GPU wait in every pass.
    """
    if y.shape != (n,) or y.dtype != torch.int64:
        raise InputError(f"Expected {n} labels, int64 ({n},), one a sample, got {y.dtype} {tuple(y.shape)}.")
    return F.one_hot(y, classes).float()


class ConditionalBatchNorm2d(nn.Module):
    """x (m, c, h, w), y (m,) -> (m, c, h, w): BatchNorm with a scale and a shift, at first 1 and 0, for each label.

    Dumoulin et al. (2017), "A learned representation for artistic style", section 2.2; in conditional GANs Miyato and
    Koyama (2018), whose code calls it conditional batch normalization. The mean and the variance that are taken out are
    those of the whole batch.
    """

    def __init__(self, channels: int, classes: int = 10) -> None:
        super().__init__()
        self.classes = classes
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale, self.shift = (nn.Linear(classes, channels, bias=False) for _ in range(2))
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        of_label = one_hot(y, len(x), self.classes)  # (m, classes)
        scale, shift = (row(of_label)[:, :, None, None] for row in (self.scale, self.shift))  # (m, c, 1, 1)
        return scale * self.norm(x) + shift


class Generator(OfNoise):
    """z (m, z_dim), y (m,) -> x (m, 1, 28, 28) in [-1, 1]: the label is appended to the noise.

    width, even: see ganbook.models.dcgan.Generator. by_label: BatchNorm gives each label its own scale and shift, see
    ConditionalBatchNorm2d, so that the label reaches every layer and not the first alone.
    """

    def __init__(
        self, z_dim: int = 64, width: int = 64, classes: int = 10, even: bool = False, by_label: bool = False
    ) -> None:
        super().__init__(z_dim)
        self.classes, self.by_label = classes, by_label
        norm = partial(ConditionalBatchNorm2d, classes=classes) if by_label else nn.BatchNorm2d
        self.net = dcgan.Generator(z_dim + classes, width, even=even, norm=norm)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        x = torch.cat([z, one_hot(y, len(z), self.classes)], dim=1)  # (m, z_dim + classes)
        if not self.by_label:
            return self.net(x)
        for layer in self.net.layers:
            x = layer(x, y) if isinstance(layer, ConditionalBatchNorm2d) else layer(x)
        return x


class Coded(OfNoise):
    """z (m, z_dim) -> x (m, 1, 28, 28) in [-1, 1]: a Generator `by_label` that takes its label from z: none is given.

    The label is a categorical code: the place of the largest of the first `codes` numbers of z, each equally likely.
    Chen et al. (2016), "InfoGAN", section 7.2, draw such a code beside z; here no term rewards G for showing it. On a
    path through z the code jumps where another number becomes the largest.

    width, even: see ganbook.models.dcgan.Generator. Raises InputError if codes is no whole number from 2 to z_dim.
    """

    def __init__(self, z_dim: int = 64, width: int = 64, codes: int = 10, even: bool = False) -> None:
        super().__init__(z_dim)
        self.codes = validate.whole(2, "codes", codes)
        if codes > z_dim:
            raise InputError(f"Expected codes of at most z_dim = {z_dim}, since each takes a number of z, got {codes}.")
        self.net = Generator(z_dim, width, codes, even=even, by_label=True)

    def code(self, z: Tensor) -> Tensor:
        """Return the code (m,), int64 in [0, codes), of noise z (m, z_dim)."""
        return z[:, : self.codes].argmax(1)

    def with_code(self, z: Tensor, code: Tensor) -> Tensor:
        """Return noise z (m, z_dim) with other codes, code (m,): the largest of its first numbers changes places.

        From z ~ N(0, I) it makes noise as it is drawn when it has this code, so G(G.with_code(z, code)) are samples of
        the codes. Raises InputError unless code is int64 (m,), from 0 to codes - 1.
        """
        fits = code.shape == (len(z),) and code.dtype == torch.int64
        if not fits or not ((code >= 0) & (code < self.codes)).all():
            found = f"codes from {code.min()} to {code.max()}" if fits else validate.got(code)
            expected = f"Expected codes int64 ({len(z)},), one for each z, from 0 to {self.codes - 1}"
            raise InputError(f"{expected}, got {found}.")
        other, row, own = z.clone(), torch.arange(len(z), device=z.device), self.code(z)
        other[row, code], other[row, own] = z[row, own], z[row, code]
        return other

    def forward(self, z: Tensor) -> Tensor:
        return self.net(z, self.code(z))


class Discriminator(nn.Module):
    """x (m, 1, 28, 28), y (m,) -> logits (m,): the label enters as `classes` more channels, of which one is all 1."""

    def __init__(self, width: int = 16, classes: int = 10) -> None:
        super().__init__()
        self.classes = classes
        self.net = dcgan.Discriminator(width, channels=1 + classes)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        maps = one_hot(y, len(x), self.classes)[:, :, None, None].expand(-1, -1, *x.shape[2:])  # (m, classes, 28, 28)
        return self.net(torch.cat([x, maps], dim=1))


class Projection(nn.Module):
    """x (m, 1, 28, 28), y (m,) -> logits (m,): psi(h) + <e_y, h> for the features h of x and a vector e_y a label.

    Miyato and Koyama (2018), "cGANs with projection discriminator", eq. 3 and figure 1d: the form that the
    optimal D takes when p(y|x) is a softmax of linear functions of h.

    norm, first, minibatch: see ganbook.models.dcgan.Discriminator. What `minibatch` appends enters psi alone.
    """

    def __init__(
        self,
        width: int = 16,
        classes: int = 10,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
        first: Callable[[nn.Module], None] | None = None,
        minibatch: Callable[[int], OfBatch] | None = None,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.net = dcgan.Discriminator(width, norm=norm, first=first, minibatch=minibatch)
        self.embed = nn.Linear(classes, 4 * width, bias=False)  # its columns are the e_y
        # The label says nothing at first. From PyTorch's own initial e_y, which outweigh psi, digits could be read
        # only after 1,000 steps instead of 500 (chapter 11's pair, one seed).
        nn.init.zeros_(self.embed.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.net.features(x)  # (m, 1, 28, 28) -> (m, 4 width [+ extra])
        e = self.embed(one_hot(y, len(x), self.classes))  # (m, 4 width)
        agreement = (e * h[:, : e.shape[1]]).sum(1)  # (m,)
        return self.net.score(h) + agreement
