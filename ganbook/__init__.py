"""Learning GANs by running them: the package behind the book.

`import ganbook` loads torch and nothing heavier; plotting and notebook helpers are modules of their own
(`ganbook.viewing.plots`, `ganbook.chapters.notebook`). It has PyTorch take numbers too small for full precision as 0.
"""

import numpy as np
import torch

from ganbook.base.errors import GanbookError
from ganbook.data import Digits, Images
from ganbook.evaluation.report import evaluate
from ganbook.models.sampling import sample
from ganbook.training.loop import Record, train, update
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run

# A unit that died leaves Adam averages that shrink below 1e-38 and stay there, and a CPU is over ten times slower on
# such numbers. Here and not in `train`, because a thread that PyTorch has already started would go on with them.
np.finfo(np.float32), np.finfo(np.float64)  # older versions of NumPy would warn at their first look afterwards
torch.set_flush_denormal(True)

__version__ = "0.1.0"
__all__ = [
    "Digits",
    "GanbookError",
    "Images",
    "Recipe",
    "Record",
    "Run",
    "__version__",
    "evaluate",
    "sample",
    "train",
    "update",
]
