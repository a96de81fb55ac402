"""Learning GANs by running them: the package behind the book.

`import ganbook` loads torch and nothing heavier, and changes nothing for the process that imports it; plotting and
notebook helpers are modules of their own (`ganbook.viewing.plots`, `ganbook.chapters.notebook`).
"""

from ganbook.base.errors import GanbookError
from ganbook.data import Digits, Images
from ganbook.evaluation.report import evaluate
from ganbook.models.sampling import sample
from ganbook.training.loop import Record, train, update
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run

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
