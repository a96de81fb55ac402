"""Learning GANs by running them: the package behind the book.

`import ganbook` loads torch and nothing heavier; plotting and notebook helpers are modules of their own
(`ganbook.plots`, `ganbook.notebook`).
"""

from ganbook.data import Digits
from ganbook.errors import GanbookError
from ganbook.train import Record, train, update

__version__ = "0.1.0"
__all__ = ["Digits", "GanbookError", "Record", "__version__", "train", "update"]
