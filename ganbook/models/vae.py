"""Variational autoencoder: a generator that learns by explaining images. Kingma and Welling (2014)."""

import math

import torch
from torch import Tensor, nn

from ganbook.models import OfNoise, dcgan


def divergence(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, diag exp(log_var)) || N(0, I)) (m,), in nats, of rows (m, z_dim): Kingma and Welling, appendix B."""
    return (mean.square() + log_var.exp() - 1 - log_var).sum(1) / 2


class VAE(OfNoise):
    """z (m, z_dim) ~ N(0, I) -> x (m, 1, 28, 28) in [-1, 1]; drawn from like any Generator of this package.

    The decoder is the generator of ganbook.models.dcgan, and p(x|z) = N(decoder(z), s^2 I), with one s for all pixels
    and images that is learned with the weights (Rybkin et al., 2021). What `forward` gives is the mean of
    p(x|z): the noise of size s, which stands for what the decoder cannot explain, is left out.
    The encoder has the layers of dcgan.Discriminator and ends in mean and log variance of q(z|x), two of each z.
    """

    def __init__(self, z_dim: int = 16, width: int = 32, encoder_width: int = 24) -> None:
        super().__init__(z_dim)
        c = encoder_width
        self.decoder = dcgan.Generator(z_dim, width)
        self.encoder = nn.Sequential(
            *dcgan.down(1, c, 3, 2),  # 28 -> 13
            *dcgan.down(c, 2 * c, 5, 2),  # 13 -> 5
            *dcgan.down(2 * c, 4 * c, 5, 2),  # 5 -> 1
            *(nn.Flatten(), nn.Linear(4 * c, 2 * z_dim)),  # (m, 4 c, 1, 1) -> (m, 2 z_dim)
        )
        self.encoder.apply(dcgan.init)
        self.log_sd = nn.Parameter(torch.tensor(-1.0))  # log s; s = 0.37 to begin with, where pixels span 2

    def forward(self, z: Tensor) -> Tensor:
        return self.decoder(z)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log variance (m, z_dim) of q(z|x) for images x."""
        mean, log_var = self.encoder(x).chunk(2, dim=1)
        return mean, log_var

    def loss(self, x: Tensor) -> dict[str, Tensor]:
        """Return "loss", the negative ELBO of images x in nats an image, and its parts: Kingma and Welling, eq. 10.

        "loss" = "kl" + "surprise", where surprise is -log p(x|z) for one z drawn from q(z|x) (their L = 1); "sd" is s.
        The densities are those of grey values in [-1, 1], so the loss may be negative, and is no number of bits.
        """
        mean, log_var = self.encode(x)
        z = mean + (log_var / 2).exp() * torch.randn_like(mean)  # so that gradients reach mean and log_var
        squares = (x - self(z)).flatten(1).square()  # (m, pixels)
        normal = self.log_sd + math.log(2 * math.pi) / 2  # -log of the density's peak, a pixel
        surprise = (squares / (2 * (2 * self.log_sd).exp()) + normal).sum(1).mean()
        kl = divergence(mean, log_var).mean()
        return {"loss": kl + surprise, "kl": kl, "surprise": surprise, "sd": self.log_sd.exp()}
