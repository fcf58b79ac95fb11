"""Connections of a server: how many it takes, and what it says of those that it does not take."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from instquery.errors import InstqueryError
from instquery.options import check_whole

try:
    import resource
except ModuleNotFoundError:  # it is there on Unix alone
    resource = None  # type: ignore[assignment, unused-ignore]

__all__ = ["BACKLOG", "Connections", "Turns", "allow_many_files"]

_log = logging.getLogger(__name__)

BACKLOG = 128
"""Connections that wait to be accepted, and the most that are accepted in one turn of the loop."""

# Descriptors that are no connections: the process's own files, and what one turn of the loop may
# accept before the first of it is closed again.
_RESERVE = BACKLOG + 100

# An idle connection costs about 17 KB (`python -m benchmarks.connections`): 280 MB in all.
_MOST = 16_384

_FILES = 65_536  # as many as systems allow a process without being asked


def _limit() -> int | None:
    """Return how many files this process may have open; `None` where nobody says."""
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def allow_many_files() -> None:
    """Raise this process's own limit of open files towards what its system allows it at most.

    Not done by a library: it concerns the whole process, its children included.
    """
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = _FILES if hard == unlimited else min(_FILES, hard)
    if soft != unlimited and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Connections:
    """The connections of one server, counted and bounded. Used by the thread of its loop alone.

    A connection beyond the bound is closed at once. While that happens, one line a second is
    logged, which tells how many there were.

    Args:
        most: the bound. By default it is 16,384, or less where the limit of open files is low.

    Attributes:
        most: the bound.
        held: how many there are.
        refused: how many have been closed at once since the start.
        turns: those whose next request has come already.

    Raises:
        InstqueryError: for a bound that the limit of open files does not allow.

    """

    def __init__(self, most: int | None = None) -> None:
        limit = _limit()
        allowed = None if limit is None else max(limit - _RESERVE, limit // 2, 1)
        if most is not None:
            check_whole("connections", most, least=1)
            if allowed is not None and most > allowed:
                raise InstqueryError(
                    f"connections must be an integer from 1 to {allowed}, not {most}: "
                    f"this process may have {limit} files open; raise that by ulimit -n"
                )
        else:
            most = _MOST if allowed is None else min(_MOST, allowed)

        self.most = most
        self.held = 0
        self.refused = 0
        self.turns = Turns()
        self._refusals = _Tally(
            lambda count: (
                f"{count} connections closed at once: there are {self.most} already; "
                "more need a higher bound, and a higher limit of open files"
            )
        )
        self._failures = _Tally(
            lambda count: (
                f"no connection could be accepted, {count} times: "
                "the process or the machine is out of file descriptors or memory"
            )
        )

    def admit(self) -> bool:
        """Take a connection, or say that there are too many. One that is taken must `leave`."""
        if self.held >= self.most:
            self.refused += 1
            self._refusals.add()
            return False
        self.held += 1
        return True

    def leave(self) -> None:
        """Let go of a connection that was taken."""
        self.held -= 1

    def on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Count what could not be accepted; hand any other error of a loop on.

        A loop that runs out of descriptors calls this for each waiting connection, again and again:
        the tracebacks would fill a disk.
        """
        if str(context.get("message", "")).startswith("socket.accept()"):
            self._failures.add()
        else:
            loop.default_exception_handler(context)


class Turns:
    """Connections that have sent requests ahead: one of them goes on in each turn of the loop.

    So a client that pipelines a thousand requests delays the others by one reply at a time.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def queue(self, go_on: Callable[[], None]) -> None:
        """Have a connection go on when its turn comes. Needs a running loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
        self._waiting.append(go_on)

    def _next(self) -> None:
        go_on = self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
        go_on()


class _Tally:
    """Events that are logged by their number, in one line a second."""

    def __init__(self, line: Callable[[int], str]) -> None:
        self._line = line
        self._count = 0

    def add(self) -> None:
        """Count an event. Needs a running loop."""
        if not self._count:
            asyncio.get_running_loop().call_later(1, self._tell)
        self._count += 1

    def _tell(self) -> None:
        count, self._count = self._count, 0
        _log.warning(self._line(count))
