"""Leases: states of a store that are kept for walks, for a bounded time and in a bounded number."""

from collections import OrderedDict
from collections.abc import Callable
from threading import RLock
from time import monotonic
from typing import Generic, TypeVar

from instquery.forks import renew_after_fork
from instquery.options import check_callable, check_seconds, check_whole

__all__ = ["Leases"]

Held = TypeVar("Held")


class Leases(Generic[Held]):
    """Things by name, each until it is too old or too many have come after it.

    A lease ends by age, counted from its first grant, or when `count` younger ones have been
    granted; then nothing here holds the thing any more. `clock` tells seconds and never goes back.
    Threads may share one, and so may several owners: each then puts something of its own into the
    names it gives.

    >>> seconds = iter([0, 0, 50, 61])
    >>> leases = Leases(count=2, age=60, clock=lambda: next(seconds))
    >>> leases.grant("a", "the state of a")
    >>> leases.find("a"), leases.find("a"), leases.find("a")
    ('the state of a', 'the state of a', None)
    """

    def __init__(
        self, *, count: int = 32, age: float = 300, clock: Callable[[], float] = monotonic
    ) -> None:
        check_whole("leases are bounded: count", count)
        check_seconds("leases are bounded: age", age)
        check_callable("clock", clock, "seconds")
        self._most, self._age, self._clock = count, age, clock
        self._held: OrderedDict[object, tuple[float, Held]] = OrderedDict()  # oldest first
        self.renew_locks()
        renew_after_fork(self)

    def renew_locks(self) -> None:
        """Take a new lock: that of a forked process may be held by a thread that it has not.

        What it guards is never half changed: each step is one of an `OrderedDict`.
        """
        self._lock = RLock()  # a signal handler may come in between

    def grant(self, name: object, thing: Held) -> None:
        """Keep a thing under a name.

        One that is kept already stays as it is, and as old as it is.
        """
        with self._lock:
            self._end()
            self._held.setdefault(name, (self._clock(), thing))
            while len(self._held) > self._most:
                self._held.popitem(last=False)

    def find(self, name: object) -> Held | None:
        """Return what is kept under a name, or `None` after its lease."""
        with self._lock:
            self._end()
            held = self._held.get(name)
            return None if held is None else held[1]

    def end(self, name: object) -> None:
        """Let go of what is kept under a name, if anything is."""
        with self._lock:
            self._held.pop(name, None)

    def end_old(self) -> None:
        """Let go of what is too old; costs 0.3 µs where there is nothing."""
        if self._held:
            with self._lock:
                self._end()

    def __len__(self) -> int:
        return len(self._held)

    def _end(self) -> None:
        now = self._clock() if self._held else 0
        while self._held and now - next(iter(self._held.values()))[0] > self._age:
            self._held.popitem(last=False)
