"""The corridor of every API: parameters → query → page → reply."""

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from instquery.apis.answering import answer_of, page_of, prepared_of
from instquery.apis.asking import Asking, Pins
from instquery.apis.checks import (
    check_codes,
    check_envelope,
    check_errors,
    check_host,
    check_params,
    check_rules,
    listed_as,
)
from instquery.apis.envelope import Envelope, Fault, Refused, Reply, new_request_id
from instquery.apis.params import Param
from instquery.apis.requests import Given, Meant, Requests
from instquery.apis.rules import NOTHING_ASKED, Asked, Refusal, Rule, in_order
from instquery.apis.values import named
from instquery.contract import Pages
from instquery.errors import CursorExpired, CursorInvalid, SchemaError
from instquery.instants import Moment, TrustedMicros
from instquery.instants import moment as read_moment
from instquery.pages import Page
from instquery.query import Query
from instquery.schema import Schema

__all__ = ["Asked", "Engine", "Operation", "Refusal", "Rule", "in_order"]

_log = logging.getLogger(__name__)

_TOKEN_ERRORS = (CursorExpired, CursorInvalid)


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
    missing: str | None = None
    """The code for a required parameter that is not given; `invalid` where there is none."""
    total: bool = True
    """Whether the reply tells the number of all matches."""
    rules: tuple[Rule, ...] = ()
    host: tuple[str, ...] = ()
    """The names of the facts that a host may hand to the rules."""
    clock: Callable[[], datetime] = attribute(default=lambda: datetime.now(UTC))
    """Read once a request that brings no `now` of its own."""
    _requests: Requests = attribute(init=False, repr=False, compare=False)
    _has_all_fields: bool = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for part in ("params", "rules", "host"):
            object.__setattr__(self, part, listed_as(part, getattr(self, part)))
        for part in ("name", "version"):
            if not isinstance(getattr(self, part), str) or not getattr(self, part):
                raise SchemaError("must be text that is not empty", field=part)
        check_envelope(self.envelope, self.schema)
        check_params(self.params)
        check_errors(self.errors, self.invalid, self.internal, self.missing)
        check_codes(self.params, self.errors)
        check_rules(self.rules, self.params, self.errors)
        check_host(self.host, self.clock)

        requests = Requests(
            self.schema,
            self.params,
            self.rules,
            invalid=self.invalid,
            missing=self.missing or self.invalid,
            total=self.total,
        )
        object.__setattr__(self, "_requests", requests)
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
        if host or walker is not None:
            self._check_who(walker, host)
        try:
            meant = self._meant(store, params, now, host, walker)
            page = page_of(meant)
        except Exception as error:
            return self.fail(error, identity)
        return self._reply(meant, page, identity)

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
        param's `longest` is refused before it is read, and the bare name of a family is ignored.
        """
        identity = new_request_id() if request_id is None else request_id
        self._check_who(walker, host)
        try:
            if is_remote:
                params = self._requests.of_network(params or {})
            meant = self._meant(store, params, now, host, walker)
            prepared = prepared_of(meant)
        except Exception as error:
            return Asking(None, None, partial(self.fail, error, identity))
        ask = partial(self._asked, meant, prepared.page, identity)
        return Asking(meant.query, prepared, ask)

    def query(
        self, params: Mapping[str, object] | None = None, *, now: Moment | None = None, **host: Any
    ) -> Query:
        """Read a request into the query it stands for, such as for `store.explain`.

        A token does not count: it leads to a page of the same query. Raises `Refusal`.
        """
        self._check_host(host)
        params = params or {}
        given = self._requests.given(params, self._requests.token(params))
        return self._requests.meant(None, given, self._moment(now), host).query

    def answer(self, store: Pages, query: Query, request_id: str) -> Reply:
        """Answer a request that `query` has read. Never raises."""
        return self.reply(query, partial(store.page, query), request_id)

    def reply(self, query: Query, ask: Callable[[], Page], request_id: str) -> Reply:
        """Reply with the page that `ask` returns for a query. Never raises."""
        return self._asked(Meant(None, query, NOTHING_ASKED, None, False), ask, request_id)  # noqa: FBT003

    def refuse(self, code: str, message: str, status: int, request_id: str) -> Reply:
        """Reply with a failure of any code, in the operation's own form.

        For what a host refuses itself, before the operation sees it.
        """
        refused = Refused(request_id, code, message, status)
        return Reply(status, self.envelope.failure(refused))

    def fail(self, error: Exception, request_id: str) -> Reply:
        """Reply to a request that was refused or failed; a fault of ours is logged.

        The reply does not tell the cause of such a fault.
        """
        refusal = self._as_refusal(error)
        if refusal is not None:
            return self._refuse(refusal, request_id)
        _log.error("%s failed, request %s", self.name, request_id, exc_info=error)
        return self._refuse(Refusal(self.internal), request_id)

    def _as_refusal(self, error: Exception) -> Refusal | None:
        """Return an error as the refusal that it is, `None` for a fault of ours."""
        found = self._requests.refused_token(error) if isinstance(error, _TOKEN_ERRORS) else error
        return found if isinstance(found, Refusal) else None

    def _asked(self, meant: Meant, ask: Callable[[], Page], request_id: str) -> Reply:
        """Reply with the page that `ask` returns. Never raises."""
        try:
            page = ask()
        except Exception as error:
            return self.fail(error, request_id)
        return self._reply(meant, page, request_id)

    def _reply(self, meant: Meant, page: Page, request_id: str) -> Reply:
        """Reply with a page. Never raises."""
        try:
            items = page.items
            envelope = self.envelope
            if not (self._has_all_fields and page.is_plain(self.schema, envelope.timespec)):
                items = envelope.items(items, self.schema)
            answer = answer_of(meant, page, items, request_id)
            return Reply(200, envelope.success(answer), answer)
        except Exception as error:
            return self.fail(error, request_id)

    def _meant(
        self,
        store: Pages,
        params: Mapping[str, object] | None,
        now: Moment | None,
        host: Mapping[str, Any],
        walker: str | None,
    ) -> Meant:
        """Return what a request asks for, and the state that answers it.

        Raises what is wrong with it.
        """
        moment = self._moment(now)
        requests, params = self._requests, params or {}
        token = None
        if requests.has_tokens:
            token = requests.token(params)
            if token is not None:
                moment = requests.moment_in(store, token, moment)
        given = requests.given(params, token)
        pins: Pins | None = getattr(store, "pins", None)
        if pins is not None and not given.is_walked:
            return self._turn(store, pins, given, moment, host, walker)
        return self._requests.meant(store, given, moment, host)

    def _moment(self, now: Moment | None) -> TrustedMicros:
        """Read the moment of a request, in microseconds."""
        return read_moment(self.clock() if now is None else now)

    def _turn(
        self,
        store: Pages,
        pins: Pins,
        given: Given,
        moment: TrustedMicros,
        host: Mapping[str, Any],
        walker: str | None,
    ) -> Meant:
        """Find the state of a page's walk, and make its query at the walk's moment.

        A request that is refused neither begins a walk nor ends one.
        """
        number, size = self._requests.numbers(given, moment)
        walk = self._walk(given, size, host.get("caller"), walker)
        if walk is not None and number == 1:
            meant = self._requests.meant(store, given, moment, host)
            return meant._replace(store=pins.begin(walk, moment))

        going = None if walk is None else pins.going(walk)
        if going is None:
            return self._requests.meant(store, given, moment, host)
        view, pinned = going
        return self._requests.meant(view, given, pinned, host)

    def _walk(self, given: Given, size: int, caller: object, walker: str | None) -> Hashable | None:
        """Name the walk that a request belongs to: who asks, and for what but the page's number.

        The name depends on no moment and on no spelling. `None` where it is not known who asks,
        and for an operation without page numbers.
        """
        walker = walker or None
        caller = None if caller == "" else caller
        if not self._requests.has_numbers or (walker is None and caller is None):
            return None

        # The type tells apart callers that Python takes for equal, such as 1 and True.
        filters = [named(value) for value in self._requests.spelled(given)]
        return (self.name, self.version, walker, repr(type(caller)), caller, size, *filters)

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
        refused = Refused(identity, refusal.code, message, fault.status, refusal.field)
        return Reply(fault.status, self.envelope.failure(refused), refusal=refusal)
