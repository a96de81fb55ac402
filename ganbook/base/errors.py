"""The errors that ganbook raises on purpose; each message says what was expected, what came and what to do.

What is almost surely a mistake and may yet be right is not refused: there it warns, with a GanbookWarning.

What a caller passes is looked at where it comes in (ganbook.base.validate). Networks, objectives and optimisers are
plain PyTorch and raise its errors, but generators look at the width of their noise (ganbook.models.OfNoise). Functions
of ganbook.metrics, which imports nothing else of the package, raise ValueError.
"""

import warnings


class GanbookError(Exception):
    """Base of all errors that ganbook raises on purpose.

    >>> from ganbook import Digits, GanbookError
    >>> try:
    ...     Digits(size=500)
    ... except GanbookError as error:
    ...     print(error)
    Expected a size from 1 to 256 pixels, got 500.
    """


class InputError(GanbookError, ValueError):
    """Something the user named or passed cannot be used: a recipe, a file, a shape, a range."""


class DivergedError(GanbookError, ArithmeticError):
    """Training produced a loss or a weight that is not a finite number."""


class LostError(GanbookError, ConnectionError):
    """One of the processes that train together has ended, or cannot be reached."""


class GanbookWarning(UserWarning):
    """Something looks like a mistake that would train without an error; the message says what to check.

    `warnings.simplefilter("error", GanbookWarning)` turns all of them into errors, "ignore" silences them.
    """


def warn(sentence: str) -> None:
    """Show `sentence` as a GanbookWarning, also if it was shown before: that was another training."""
    warnings.warn_explicit(sentence, GanbookWarning, filename="ganbook", lineno=1)
