"""Progress: telling whoever waits how many records have been read."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

__all__ = ["Progress", "watched"]

Thing = TypeVar("Thing")

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many records have been read, of how many."""

_EVERY = 1000  # records between two reports


def watched(things: Iterable[Thing], total: int, progress: Progress | None) -> Iterator[Thing]:
    """Walk things, and tell how many have been walked."""
    if progress is None:
        yield from things
        return

    for number, thing in enumerate(things):
        if number % _EVERY == 0:
            progress(number, total)
        yield thing
    progress(total, total)
