"""What operators are told of each request: a line in the access log, and one if it was slow.

Lines are JSON, each of them one line whatever a client sends: what cannot be printed is escaped,
and long texts are cut.
"""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic, perf_counter, time
from typing import Any

import orjson
from starlette.types import Scope

from instquery.apis.asking import Asking
from instquery.apis.envelope import new_request_id
from instquery.apis.operation import Operation

__all__ = ["GONE", "Exchange", "SlowLog", "log_access"]

_access = logging.getLogger("instquery.access")
_slow = logging.getLogger("instquery.slow")

GONE = 499
"""The status of a request whose client has gone before it was read; it is in no reply."""

_LONGEST = 1_024  # characters of a text in a line: a path may be 64 KB, an attacker's to choose
_PLAN = 4_096  # characters of a plan in a line: it may name a thousand values
_LINES = 10  # lines of slow requests in a second; where all is slow, plans would make it slower


class Exchange:
    """One request and its reply, as far as they have come.

    Attributes:
        request_id: names it in the reply and in every log.
        scope: as ASGI has it.
        operation: what it asks for; `None` where that is not known.
        asking: the request as it was planned, if it has come so far.
        caller: whose key has signed it.
        status: of the reply.
        size: bytes of the reply's body.
        seconds: from the request's head to the reply being ready to leave.
        own_seconds: the part of them that follows the reading of the request, which may have waited
            for the client.

    """

    __slots__ = (
        "_read",
        "_start",
        "asking",
        "caller",
        "moment",
        "operation",
        "own_seconds",
        "request_id",
        "scope",
        "seconds",
        "size",
        "status",
    )

    def __init__(self, scope: Scope) -> None:
        self.request_id = new_request_id()
        self.scope = scope
        self.operation: Operation | None = None
        self.asking: Asking | None = None
        self.caller: str | None = None
        self.status = GONE
        self.size = 0
        self.seconds = 0.0
        self.own_seconds = 0.0
        self.moment = time()
        self._start = self._read = perf_counter()

    @property
    def action(self) -> str:
        """The name of the operation, `-` where none is known: a client cannot make names up."""
        return "-" if self.operation is None else self.operation.name

    @property
    def peer(self) -> str | None:
        """The address that the connection comes from, which may be a proxy's."""
        client = self.scope.get("client")
        return None if client is None else str(client[0])

    def is_read(self, operation: Operation, caller: str | None) -> None:
        """Note what has been read."""
        self.operation, self.caller = operation, caller
        self._read = perf_counter()

    def stop(self) -> None:
        """Take the time: the reply is ready."""
        now = perf_counter()
        self.seconds = now - self._start
        self.own_seconds = now - self._read


def log_access(exchange: Exchange) -> None:
    """Write the line of a request, if somebody reads such lines."""
    if not _access.isEnabledFor(logging.INFO):
        return
    told = _told(exchange)
    # Made here, as `info` would look for who has called it.
    record = _access.makeRecord(
        _access.name, logging.INFO, __file__, 0, _line(told), (), None, extra=told
    )
    _access.handle(record)


class SlowLog:
    """Tells of requests that took longer than so many seconds, and by which plan.

    At most ten lines a second are written; the next one tells how many were left out.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._second = 0
        self._written = 0
        self._left_out = 0

    def wants(self, exchange: Exchange) -> bool:
        """Tell whether a line is to be written of a request; refused before, it has no plan."""
        if exchange.own_seconds < self._seconds or exchange.operation is None:
            return False
        if not _slow.isEnabledFor(logging.WARNING):
            return False

        second = int(monotonic())
        if second != self._second:
            self._second, self._written = second, 0
        if self._written >= _LINES:
            self._left_out += 1
            return False
        self._written += 1
        return True

    def write(self, exchange: Exchange) -> None:
        """Write the line. A plan that was not made yet is made, which may cost a database's time.

        Unlike the access log it holds what was asked for.
        """
        asking = exchange.asking
        told = _told(exchange)
        try:
            plan = None if asking is None else asking.plan
        except Exception as error:  # such as a database that is gone: the line is of use without
            told["plan"] = f"unknown: {type(error).__name__}"
        else:
            told["plan"] = None if plan is None else str(plan)[:_PLAN]
        told["left_out"], self._left_out = self._left_out, 0
        _slow.warning("%s", _line(told), extra=told)


def _told(exchange: Exchange) -> dict[str, Any]:
    """Say what a line holds: no parameter of the request, as it may be a secret."""
    scope = exchange.scope
    moment = datetime.fromtimestamp(exchange.moment, UTC)
    return {
        "time": moment.isoformat(timespec="milliseconds"),
        "request_id": exchange.request_id,
        "method": scope["method"][:_LONGEST],
        "path": scope["path"][:_LONGEST],
        "action": exchange.action,
        "status": exchange.status,
        "bytes": exchange.size,
        "ms": round(exchange.seconds * 1000, 3),
        "caller": exchange.caller,
        "peer": exchange.peer,
    }


def _line(told: Mapping[str, Any]) -> str:
    r"""Write JSON as one line of what can be printed: nothing in it can steer a terminal.

    JSON itself escapes ASCII's control characters alone.

    >>> print(_line({"path": "/a" + chr(10) + chr(0x9b) + chr(0x2028) + "推荐"}))
    {"path":"/a\n\u009b\u2028推荐"}
    """
    try:
        line = orjson.dumps(told).decode()
    except TypeError:  # half of a surrogate pair
        line = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    if line.isprintable():
        return line
    return "".join([one if one.isprintable() else json.dumps(one)[1:-1] for one in line])
