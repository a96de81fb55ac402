"""The pair of the first GAN paper on MNIST: Goodfellow et al. (2014), section 5, and the experiment file beside it.

Sizes, dropout and initial weights are those of the file (mnist.yaml in the authors' repository); they matter: from
PyTorch's own initial weights this pair does not learn at its published rate.
"""

from collections.abc import Callable

from torch import Tensor, nn

from ganbook.models import OfNoise
from ganbook.models.minibatch import OfBatch


def uniform_(module: nn.Module, bound: float) -> None:
    """Draw the weights of all linear layers of `module` from [-bound, bound] and set their biases to 0, in place."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.uniform_(layer.weight, -bound, bound)
            nn.init.zeros_(layer.bias)


class Maxout(nn.Module):
    """h_j(x) = max over pieces i of (x W_ij + b_ij): (m, n_in) -> (m, n_out).

    Source: Goodfellow et al. (2013), "Maxout networks", section 3.
    """

    def __init__(self, n_in: int, n_out: int, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(n_in, n_out * pieces)

    def forward(self, x: Tensor) -> Tensor:
        h = self.linear(x).unflatten(1, (-1, self.pieces))  # (m, n_in) -> (m, n_out, pieces)
        return h.amax(dim=2)  # (m, n_out, pieces) -> (m, n_out)


class Generator(OfNoise):
    """z (m, 100) -> x (m, 1, 28, 28) in [-1, 1]: two hidden layers of 1200 ReLU units, weights from [-0.05, 0.05].

    The file ends in a sigmoid; 2 sigmoid(a) - 1 is the same picture in the range of this book.
    """

    def __init__(self, z_dim: int = 100, width: int = 1200) -> None:
        super().__init__(z_dim)
        self.layers = nn.Sequential(
            *(nn.Linear(z_dim, width), nn.ReLU()),  # (m, z_dim) -> (m, width)
            *(nn.Linear(width, width), nn.ReLU()),
            *(nn.Linear(width, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))),  # (m, width) -> (m, 1, 28, 28)
        )
        uniform_(self, 0.05)

    def forward(self, z: Tensor) -> Tensor:
        return 2 * self.layers(z) - 1


class Discriminator(nn.Module):
    """x (m, c, 28, 28) in [-1, 1] -> logits (m,); two hidden layers of 240 maxout units with 5 pieces each.

    Dropout 0.2 on the pixels and 0.5 on both hidden layers, weights from [-0.005, 0.005]. The file's pixels are in
    [0, 1], so this network maps its input there first: at a rate of 0.1 the range decides whether losses stay finite.
    minibatch: as in ganbook.models.dcgan.Discriminator.
    """

    def __init__(
        self,
        width: int = 240,
        pieces: int = 5,
        channels: int = 1,
        minibatch: Callable[[int], OfBatch] | None = None,
    ) -> None:
        super().__init__()
        look = minibatch(width) if minibatch else None
        hidden = (
            nn.Flatten(),  # (m, c, 28, 28) -> (m, 784 c)
            *(nn.Dropout(0.2), Maxout(784 * channels, width, pieces)),  # (m, 784 c) -> (m, width)
            *(nn.Dropout(0.5), Maxout(width, width, pieces), nn.Dropout(0.5)),
        )
        last = nn.Linear(width + (look.extra if look else 0), 1)  # (m, width [+ extra]) -> (m, 1)
        for layer in (*hidden, last):  # what looks at the batch keeps weights of its own
            uniform_(layer, 0.005)
        self.layers = nn.Sequential(*hidden, *([look] if look else []), last, nn.Flatten(0))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers((x + 1) / 2)
