"""Ctrl-C that waits until what must not be cut in two is done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held() -> Iterator[list[int]]:
    """Within the block Ctrl-C is only noted, in the list given; whoever holds it raises KeyboardInterrupt later.

    A second one interrupts at once. Where Ctrl-C does not raise KeyboardInterrupt (in a thread that is not the main
    one, or where the program handles it in its own way), the block changes nothing and the list stays empty.
    """
    noted: list[int] = []
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
        yield noted
        return

    def note(number: int, frame: object) -> None:
        noted.append(number)
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, usual)
