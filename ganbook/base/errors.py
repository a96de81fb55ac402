"""The errors that ganbook raises on purpose; each message says what was expected, what came and what to do.

What a caller passes is looked at where it comes in (ganbook.base.validate). Networks, objectives and optimisers are
plain PyTorch and raise its errors, and functions of ganbook.metrics, which imports nothing else of the package,
ValueError.
"""


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
