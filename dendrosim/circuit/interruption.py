"""Ctrl-C while a circuit runs: what is finished is kept, and then it is said that the rest is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Iterator[list[KeyboardInterrupt]]:
    """Leave the block at once when Ctrl-C comes, and tell whoever follows: the list is empty unless it came."""
    interrupted: list[KeyboardInterrupt] = []
    try:
        yield interrupted
    except KeyboardInterrupt as interrupt:
        interrupted.append(interrupt)
