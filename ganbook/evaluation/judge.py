"""The judge: a small classifier that names the digit in an image and gives the features on which sets are compared.

Its weights come with the package (float16); `python -m tools.experiments.train_judge` of the book's repository trains
them again. Distances on these features are not comparable with the FID of the literature, which is taken on Inception
features.
"""

import hashlib
import io
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbook.base.devices import full_float32
from ganbook.base.files import ASSETS

WEIGHTS = ASSETS / "weights" / "judge.pt"


class Judge(nn.Module):
    """x (m, 1, 28, 28) in [-1, 1] -> logits (m, 10), by two convolutional stages and one hidden layer of 128 units."""

    def __init__(self, width: int = 32, features: int = 128, classes: int = 10, dropout: float = 0.3) -> None:
        super().__init__()
        self.stages = nn.Sequential(
            *(nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()),
            nn.MaxPool2d(2),  # (m, 32, 28, 28) -> (m, 32, 14, 14)
            *(nn.Conv2d(width, 2 * width, 3, padding=1, bias=False), nn.BatchNorm2d(2 * width), nn.ReLU()),
            nn.MaxPool2d(2),  # (m, 64, 14, 14) -> (m, 64, 7, 7)
            nn.Flatten(),
        )
        self.hidden = nn.Sequential(nn.Linear(2 * width * 7 * 7, features), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(features, classes)
        self.sha256 = ""  # of the file the weights came from, which every score quotes

    def features(self, x: Tensor) -> Tensor:
        """Return the activations (m, 128) of the hidden layer, none of them negative."""
        return self.hidden(self.stages(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dropout(self.features(x)))


def load(path: str | Path = WEIGHTS, device: torch.device | str = "cpu") -> Judge:
    """Return the judge with its stored weights, in evaluation mode and without gradients for its parameters.

    Raises ValueError if the file is missing or damaged.
    """
    with torch.random.fork_rng(devices=[]):  # the weights drawn here are replaced at once
        judge = Judge()
    try:
        content = Path(path).read_bytes()
        judge.load_state_dict(torch.load(io.BytesIO(content), weights_only=True))  # float16 into float32 parameters
    except Exception as error:  # on damaged bytes an unpickler raises whatever it came upon
        raise ValueError(f"{path} is missing, damaged or not the judge's weights. Install ganbook again.") from error
    judge.sha256 = hashlib.sha256(content).hexdigest()
    return judge.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)


def at_judges_size(x: Tensor) -> Tensor:
    """Return images x (n, 1, h, w) as the judge takes them, (n, 1, 28, 28): resized (bilinear) if they are not so."""
    return x if x.shape[-2:] == (28, 28) else F.interpolate(x, (28, 28), mode="bilinear", antialias=True)


@torch.no_grad()
def judged(judge: Judge, x: Tensor, chunk: int = 100) -> tuple[Tensor, Tensor]:
    """Return features (n, 128) and class probabilities (n, 10) of images x (n, 1, 28, 28) in [-1, 1].

    Works through `chunk` images at a time (a hundred fit into a CPU's cache); the result does not depend on it, since
    the judge is in evaluation mode, nor on a reduced precision that the user has allowed (see full_float32).

    Raises ValueError if x is something else, or chunk < 1.
    """
    if x.shape[1:] != (1, 28, 28) or len(x) == 0 or chunk < 1:
        raise ValueError(f"Expected images x (n, 1, 28, 28), n >= 1, and chunk >= 1, got {tuple(x.shape)} and {chunk}.")
    with full_float32(x.device):
        features = torch.cat([judge.features(part.float()) for part in x.split(chunk)])
        return features, torch.softmax(judge.head(features), dim=1)
