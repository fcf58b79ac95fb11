"""The corridor of every API: parameters → query → page → reply."""

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from instquery.apis.asking import Asking, Pins, check_lengths
from instquery.apis.checks import (
    check_envelope,
    check_errors,
    check_host,
    check_params,
    check_rules,
    listed_as,
)
from instquery.apis.envelope import Answer, Envelope, Fault, Refused, Reply, new_request_id
from instquery.apis.params import Param, Read
from instquery.apis.rules import Asked, Refusal, Rule, in_order
from instquery.apis.values import named
from instquery.contract import Pages, prepare
from instquery.errors import InstqueryError, SchemaError
from instquery.instants import Moment, TrustedMicros
from instquery.instants import moment as read_moment
from instquery.pages import Page
from instquery.predicates import Predicate, conditions
from instquery.query import Query, trusted_query
from instquery.schema import Schema

__all__ = ["Asked", "Engine", "Operation", "Refusal", "Rule", "in_order"]

_log = logging.getLogger(__name__)

Engine: TypeAlias = Pages
"""What an operation needs of a store: a `Store`, a `Snapshot`, or whatever answers pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One action of one API, as a value: what it takes, in which order it answers, how it replies.

    Call it with a store and the request's parameters; see `__call__`.

    Its parts are checked with each other and with the schema when it is made: `SchemaError` names
    the part and what to do about it.
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
    _reads: Mapping[str, Read] = attribute(init=False, repr=False, compare=False)
    _filters: Mapping[str, Param] = attribute(init=False, repr=False, compare=False)
    _paging: tuple[Param, ...] = attribute(init=False, repr=False, compare=False)
    _defaults: Mapping[str, int] = attribute(init=False, repr=False, compare=False)
    _has_all_fields: bool = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for part in ("params", "rules", "host"):
            object.__setattr__(self, part, listed_as(part, getattr(self, part)))
        for part in ("name", "version"):
            if not isinstance(getattr(self, part), str) or not getattr(self, part):
                raise SchemaError("must be text that is not empty", field=part)
        check_envelope(self.envelope, self.schema)
        check_params(self.params)
        check_errors(self.errors, self.invalid, self.internal)
        check_rules(self.rules, self.params, self.errors)
        check_host(self.host, self.clock)

        reads = {param.name: param.over(self.schema) for param in self.params}
        filters = {param.name: param for param in self.params if param.role == "filter"}
        paging = tuple(param for param in self.params if param.role != "filter")
        defaults = {"number": 1, "size": 1} | {param.role: param.default for param in paging}
        object.__setattr__(self, "_reads", reads)
        object.__setattr__(self, "_filters", filters)
        object.__setattr__(self, "_paging", paging)
        object.__setattr__(self, "_defaults", defaults)
        has_all_fields = self.envelope.has_all(self.schema)
        object.__setattr__(self, "_has_all_fields", has_all_fields)

    def __call__(
        self,
        store: Pages,
        params: Mapping[str, object] | None = None,
        *,
        now: Moment | None = None,
        request_id: str | None = None,
        walker: str | None = None,
        **host: Any,
    ) -> Reply:
        """Answer one request.

        Never raises for a caller's mistake: the documented error is the reply.

        Args:
            store: what is asked: a store, a snapshot, or a `Walks`.
            params: text, or `str`, `int`, `bool` and `datetime` from Python. Unknown ones are
                ignored. Empty ones (`None` and `""`) are as if absent.
            now: the moment of the request, from the clock unless given. The following pages of a
                walk are judged by the moment of its first page, whatever this is.
            request_id: a fresh upper-case GUID unless given.
            walker: who asks, where `store` is a `Walks`; it counts beside the host's fact `caller`.
                With neither, no walk is pinned.
            host: the facts named in `self.host`.

        Raises:
            TypeError: for a mistake of the host: an unknown fact, a walker that is no text.

        """
        identity = new_request_id() if request_id is None else request_id
        self._check_who(walker, host)
        try:
            store, query = self._meant(store, params, now, host, walker)
        except Exception as error:
            return self.fail(error, identity)
        return self.answer(store, query, identity)

    def prepare(
        self,
        store: Pages,
        params: Mapping[str, object] | None = None,
        *,
        now: Moment | None = None,
        request_id: str | None = None,
        walker: str | None = None,
        is_remote: bool = False,
        **host: Any,
    ) -> Asking:
        """Read a request and plan it, for hosts that decide by the plan where it is answered.

        Takes and raises what a call takes and raises. Does no I/O; `Asking.reply` gives the reply.
        `is_remote` says that the request has come over a network: a value that is longer than its
        param's `longest` is refused before it is read.
        """
        identity = new_request_id() if request_id is None else request_id
        self._check_who(walker, host)
        try:
            if is_remote:
                check_lengths(self.params, params or {}, self.invalid)
            store, query = self._meant(store, params, now, host, walker)
            prepared = prepare(store, query)
        except Exception as error:
            return Asking(None, None, partial(self.fail, error, identity))
        return Asking(query, prepared, partial(self.reply, query, prepared.page, identity))

    def query(
        self, params: Mapping[str, object] | None = None, *, now: Moment | None = None, **host: Any
    ) -> Query:
        """Read a request into the query it stands for, such as for `store.explain`.

        Raises `Refusal`.
        """
        self._check_host(host)
        return self._query(self._values(params or {}), self._moment(now), host)

    def answer(self, store: Pages, query: Query, request_id: str) -> Reply:
        """Answer a request that `query` has read. Never raises."""
        return self.reply(query, partial(store.page, query), request_id)

    def reply(self, query: Query, ask: Callable[[], Page], request_id: str) -> Reply:
        """Reply with the page that `ask` returns for a query. Never raises."""
        try:
            page = ask()
            items = page.items
            envelope = self.envelope
            if not (self._has_all_fields and page.is_plain(self.schema, envelope.timespec)):
                items = envelope.items(items, self.schema)
            answer = Answer(
                request_id, items, query.offset // query.limit + 1, query.limit, page.total
            )
            return Reply(200, envelope.success(answer), answer)
        except Exception as error:
            return self.fail(error, request_id)

    def fail(self, error: Exception, request_id: str) -> Reply:
        """Reply to a request that was refused or failed; a fault of ours is logged.

        The reply does not tell the cause of such a fault.
        """
        if isinstance(error, Refusal):
            return self._refuse(error, request_id)
        _log.error("%s failed, request %s", self.name, request_id, exc_info=error)
        return self._refuse(Refusal(self.internal), request_id)

    def _meant(
        self,
        store: Pages,
        params: Mapping[str, object] | None,
        now: Moment | None,
        host: Mapping[str, Any],
        walker: str | None,
    ) -> tuple[Pages, Query]:
        """Return what a request asks for, and the state that answers it.

        Raises what is wrong with it.
        """
        moment = self._moment(now)
        values = self._values(params or {})
        pins: Pins | None = getattr(store, "pins", None)
        if pins is None:
            return store, self._query(values, moment, host)
        return self._turn(store, pins, values, moment, host, walker)

    def _moment(self, now: Moment | None) -> TrustedMicros:
        """Read the moment of a request, in microseconds."""
        return read_moment(self.clock() if now is None else now)

    def _values(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Read what was given into what it means, by parameter.

        What is as if absent is left out.
        """
        values: dict[str, Any] = {}
        for param in self.params:
            value = given.get(param.name)
            if value is None or value == "":
                continue
            try:
                values[param.name] = param.value(value)
            except (ValueError, InstqueryError) as error:
                raise self._refusal(param, error) from None
        return values

    def _query(
        self, values: Mapping[str, Any], moment: TrustedMicros, host: Mapping[str, Any]
    ) -> Query:
        """Make the query that values stand for at a moment."""
        numbers = self._numbers(values, moment)
        filters: dict[str, Predicate] = {}
        for name, value in values.items():
            param = self._filters.get(name)
            if param is not None:
                read = self._read(param, value, moment)
                if not isinstance(read, int):
                    filters[name] = read

        added: list[Predicate] = []
        if self.rules:
            asked = Asked(filters, moment, host, values)
            added = [predicate for rule in self.rules for predicate in rule(asked)]
        number, size = numbers["number"], numbers["size"]
        where = (*filters.values(), *added)
        if where:  # params and rules of an API's own may return anything
            where = conditions(where)
        return trusted_query(where, (number - 1) * size, size, total=self.total, now=moment)

    def _numbers(self, values: Mapping[str, Any], moment: TrustedMicros) -> dict[str, int]:
        """Return the number of the page that is wanted, and its size."""
        numbers = dict(self._defaults)
        for param in self._paging:
            if param.name in values:
                read = self._read(param, values[param.name], moment)
                if isinstance(read, int):
                    numbers[param.role] = read
        return numbers

    def _turn(
        self,
        store: Pages,
        pins: Pins,
        values: Mapping[str, Any],
        moment: TrustedMicros,
        host: Mapping[str, Any],
        walker: str | None,
    ) -> tuple[Pages, Query]:
        """Find the state of a page's walk, and make its query at the walk's moment.

        A request that is refused neither begins a walk nor ends one.
        """
        numbers = self._numbers(values, moment)
        walk = self._walk(values, numbers["size"], host.get("caller"), walker)
        if walk is not None and numbers["number"] == 1:
            query = self._query(values, moment, host)
            return pins.begin(walk, moment), query

        going = None if walk is None else pins.going(walk)
        if going is None:
            return store, self._query(values, moment, host)
        view, pinned = going
        return view, self._query(values, pinned, host)

    def _walk(
        self, values: Mapping[str, Any], size: int, caller: object, walker: str | None
    ) -> Hashable | None:
        """Name the walk that a request belongs to: who asks, and for what but the page's number.

        The name depends on no moment and on no spelling. `None` where it is not known who asks,
        and for an operation without page numbers.
        """
        walker = walker or None
        caller = None if caller == "" else caller
        has_numbers = any(param.role == "number" for param in self._paging)
        if not has_numbers or (walker is None and caller is None):
            return None

        # The type tells apart callers that Python takes for equal, such as 1 and True.
        filters = [named(values.get(name)) for name in self._filters]
        return (self.name, self.version, walker, repr(type(caller)), caller, size, *filters)

    def _read(self, param: Param, value: Any, moment: TrustedMicros) -> Predicate | int:
        """Turn a value into what it asks for at a moment."""
        try:
            return self._reads[param.name](value, moment)
        except (ValueError, InstqueryError) as error:
            raise self._refusal(param, error) from None

    def _refusal(self, param: Param, error: ValueError | InstqueryError) -> Refusal:
        """Return the refusal that a param has raised, or that its rule is broken."""
        if isinstance(error, Refusal):
            return (
                error if error.field is not None else Refusal(error.code, param.name, error.reason)
            )
        reason = error.reason if isinstance(error, InstqueryError) else str(error)
        return Refusal(self.invalid, param.name, reason)

    def _check_who(self, walker: object, host: Mapping[str, Any]) -> None:
        """Refuse a walker that is no text and unknown facts: mistakes of the host."""
        self._check_host(host)
        if walker is not None and not isinstance(walker, str):
            raise TypeError(f"walker must be text, not {type(walker).__name__}: give str(…) of it")

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
