"""The discriminator of Goodfellow et al. (2014), section 5: maxout units and dropout. Its generator is `mlp`'s."""

from torch import Tensor, nn


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


class Discriminator(nn.Module):
    """x (m, 1, 28, 28) in [-1, 1] -> logits (m,); two hidden layers of 240 maxout units with 5 pieces each.

    Dropout 0.2 on the pixels and 0.5 on both hidden layers, weights uniform in [-0.005, 0.005], biases 0: the settings
    in the experiment file that the authors published with the paper.
    """

    def __init__(self, width: int = 240, pieces: int = 5) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),  # (m, 1, 28, 28) -> (m, 784)
            *(nn.Dropout(0.2), Maxout(784, width, pieces)),  # (m, 784) -> (m, width)
            *(nn.Dropout(0.5), Maxout(width, width, pieces)),
            *(nn.Dropout(0.5), nn.Linear(width, 1), nn.Flatten(0)),  # (m, width) -> (m,)
        )
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.uniform_(layer.weight, -0.005, 0.005)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
