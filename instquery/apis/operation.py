"""The corridor of every API: parameters → query → page → reply."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from instquery.apis.envelope import Answer, Envelope, Fault, Refused, Reply
from instquery.apis.params import Param
from instquery.apis.walks import Walks
from instquery.errors import InstqueryError
from instquery.instants import EARLIEST, LATEST
from instquery.instants import moment as read_moment
from instquery.predicates import Predicate, Range
from instquery.query import Page, Query, dated
from instquery.schema import Schema

__all__ = ["Asked", "Engine", "Operation", "Refusal", "Rule", "in_order"]

_log = logging.getLogger(__name__)


class Engine(Protocol):
    """What an operation needs of a store: a `Store`, a `Snapshot`, or whatever answers the same."""

    def page(self, query: Query, /) -> Page:
        """Return one page of the records that match, in order, with the exact total."""


class Refusal(InstqueryError):  # noqa: N818 - it is an answer of the API, not a fault
    """A request that the API refuses: the code of its error table, and the parameter it is about.

    Raised by params and rules, and by a host's own hooks; it becomes the reply.
    """

    def __init__(self, code: str, parameter: str | None = None, reason: str = "") -> None:
        super().__init__(reason or code, field=parameter)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as rules see it: its filters by parameter, its moment, and the facts that the host gave."""

    filters: Mapping[str, Predicate]
    now: int
    host: Mapping[str, Any]


Rule = Callable[[Asked], Iterable[Predicate]]
"""What holds between parameters or depends on the host: raises `Refusal`, or adds predicates to the query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One action of one API, as a value: what it takes, in which order it answers, how it replies.

    Call it with a store and the request's parameters; see `__call__`.
    """

    name: str
    version: str
    schema: Schema
    """The records it is asked about, and their order."""
    params: tuple[Param, ...]
    envelope: Envelope
    errors: Mapping[str, Fault]
    """The API's error table."""
    invalid: str
    """The code for a value that breaks the rule of its parameter."""
    internal: str
    """The code for a fault of ours; its cause goes to the log alone."""
    total: bool = True
    """Whether the reply tells the number of all matches."""
    rules: tuple[Rule, ...] = ()
    host: tuple[str, ...] = ()
    """The names of the facts that a host may hand to the rules."""
    clock: Callable[[], datetime] = attribute(default=lambda: datetime.now(UTC))
    """Read once a request that brings no `now` of its own."""
    _defaults: Mapping[str, int] = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given = {param.role: param.default for param in self.params if param.role != "filter"}
        object.__setattr__(self, "_defaults", {"number": 1, "size": 1} | given)

    def __call__(
        self,
        store: Engine,
        params: Mapping[str, object] | None = None,
        *,
        now: datetime | str | int | None = None,
        request_id: str | None = None,
        walker: str | None = None,
        **host: Any,
    ) -> Reply:
        """Answer one request. Never raises for a caller's mistake: the documented error is the reply.

        `params` are text, or `str`, `int` and `datetime` from Python; unknown ones are ignored, empty ones
        are as if absent. `now` is the moment of the request, from the clock unless given. `request_id` is
        a fresh upper-case GUID unless given. `walker` tells apart those who walk page by page through a
        `Walks`. `host` holds the facts named in `self.host`.
        """
        identity = str(uuid4()).upper() if request_id is None else request_id
        self._check_host(host)
        try:
            query = self._query(params, now, host)
            if isinstance(store, Walks):
                store, query = self._turn(store, params, query, (walker, host))
        except Exception as error:
            return self.fail(error, identity)
        return self.answer(store, query, identity)

    def query(
        self, params: Mapping[str, object] | None = None, *, now: datetime | str | int | None = None, **host: Any
    ) -> Query:
        """Read a request into the query it stands for, such as for `store.explain`. Raises `Refusal`."""
        self._check_host(host)
        return self._query(params, now, host)

    def answer(self, store: Engine, query: Query, request_id: str) -> Reply:
        """Answer a request that `query` has read. Never raises."""
        try:
            page = store.page(query)
            items = self.envelope.items(page.items)
            answer = Answer(request_id, items, query.offset // query.limit + 1, query.limit, page.total)
            return Reply(200, self.envelope.success(answer), answer)
        except Exception as error:
            return self.fail(error, request_id)

    def fail(self, error: Exception, request_id: str) -> Reply:
        """Reply to a request that was refused, or that failed: the cause of a fault of ours goes to the log alone."""
        if isinstance(error, Refusal):
            return self._refuse(error, request_id)
        _log.error("%s failed, request %s", self.name, request_id, exc_info=error)
        return self._refuse(Refusal(self.internal), request_id)

    def _turn(
        self, walks: Walks, params: Mapping[str, object] | None, query: Query, who: tuple[str | None, Mapping[str, Any]]
    ) -> tuple[Engine, Query]:
        """Find the state of a page's walk, which the same caller began with the same parameters, and its query."""
        walker, host = who
        given = params or {}
        asked = [(param.name, str(given.get(param.name, ""))) for param in self.params if param.role != "number"]
        walk = (self.name, walker or host.get("caller"), tuple(asked))
        if not query.offset:
            return walks.begin(walk, query.now), query
        going = walks.going(walk)
        if going is None:
            return walks, query
        view, moment = going
        return view, self._query(params, moment, host)

    def _query(
        self, params: Mapping[str, object] | None, now: datetime | str | int | None, host: Mapping[str, Any]
    ) -> Query:
        moment = read_moment(self.clock() if now is None else now)
        filters: dict[str, Predicate] = {}
        numbers = dict(self._defaults)
        values = params or {}
        for param in self.params:
            given = values.get(param.name)
            if given is None or given == "":
                continue
            read = self._read(param, given, moment)
            if isinstance(read, int):
                numbers[param.role] = read
            else:
                filters[param.name] = read
        asked = Asked(filters, moment, host)
        added = [predicate for rule in self.rules for predicate in rule(asked)]
        number, size = numbers["number"], numbers["size"]
        query = Query((*filters.values(), *added), (number - 1) * size, size, total=self.total)
        return dated(query, moment)

    def _read(self, param: Param, given: object, moment: int) -> Predicate | int:
        try:
            return param.read(given, moment)
        except (ValueError, InstqueryError) as error:
            reason = error.reason if isinstance(error, InstqueryError) else str(error)
            raise Refusal(self.invalid, param.name, reason) from None

    def _check_host(self, host: Mapping[str, Any]) -> None:
        if host and (unknown := host.keys() - set(self.host)):
            raise TypeError(f"{self.name} takes no {min(unknown)}")

    def _refuse(self, refusal: Refusal, identity: str) -> Reply:
        """Reply with a row of the error table; a code that is not in it is a fault of ours."""
        fault = self.errors.get(refusal.code)
        if fault is None:
            _log.error("%s has no error %s, request %s", self.name, refusal.code, identity)
            refusal, fault = Refusal(self.internal), self.errors[self.internal]
        message = fault.message.format(parameter=refusal.field, reason=refusal.reason)
        return Reply(fault.status, self.envelope.failure(Refused(identity, refusal.code, message)))


def _since(predicate: Predicate | None) -> int:
    bound = predicate.since if isinstance(predicate, Range) else None
    return EARLIEST if bound is None else bound.micros(None)


def _until(predicate: Predicate | None) -> int:
    bound = predicate.until if isinstance(predicate, Range) else None
    return LATEST if bound is None else bound.micros(None)


def in_order(start: str, end: str, code: str) -> Rule:
    """Make the rule that the start of a window may not be after its end; the start is named as the fault."""

    def rule(asked: Asked) -> Iterable[Predicate]:
        first, last = asked.filters.get(start), asked.filters.get(end)
        if _since(first) > _until(last):
            raise Refusal(code, start, f"must not be after {end}")
        return ()

    return rule
