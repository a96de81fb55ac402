"""The discriminator of ganbook.models.dcgan with spectral normalisation: Miyato et al. (2018)."""

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganbook.models import dcgan


class Discriminator(dcgan.Discriminator):
    """x (m, channels, 28, 28) in [-1, 1] -> logits (m,), without BatchNorm, every weight divided by its largest
    singular value (eq. 8).

    PyTorch estimates that value by one step of power iteration at each pass in training mode (algorithm 1), of the
    weight as a matrix (c_out, c_in * kernel^2). LeakyReLU has slopes of at most 1, so the product over the layers
    bounds the Lipschitz constant of D (section 2.1), up to what this matrix misses of the convolution's true norm: for
    kernel k and stride s at most a factor of ceil(k / s), since an input pixel is seen by that many windows a side.
    """

    def __init__(self, width: int = 16, channels: int = 1) -> None:
        super().__init__(width, channels, norm=nn.Identity)
        for layer in self.layers:
            if hasattr(layer, "weight"):
                spectral_norm(layer)
