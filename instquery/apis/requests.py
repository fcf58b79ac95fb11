"""Requests: what was given, read into the query that it stands for.

A request is read in this sequence:

1. its token, if the operation has one. It tells the moment by which all else is read.
2. what was given, into values, parameter by parameter as they are declared. What does not count,
   such as the page's number beside a token, is not looked at.
3. the page's number and size.
4. filters into predicates, then the rules.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from instquery.apis.param import Param, Role
from instquery.apis.rules import Asked, Refusal, Rule
from instquery.contract import Pages
from instquery.errors import CursorExpired, InstqueryError
from instquery.instants import TrustedMicros
from instquery.predicates import Predicate, conditions
from instquery.query import Query, trusted_query
from instquery.schema import Schema

__all__ = ["Given", "Meant", "Requests"]

# Makes a NamedTuple at a third of what a call of its class costs: there are three a request.
_new = tuple.__new__  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

_SIZE = Query().limit
"""Of a page whose operation has no parameter that tells it."""


class Given(NamedTuple):
    """A request whose values are read, though nothing that depends on the moment.

    Attributes:
        values: what was given, by parameter; what is as if absent is left out.
        params: what was given, as it came.
        token: leads to the page.
        is_walked: whether the page is one of those that tokens lead to: its reply has the next one.

    """

    values: Mapping[str, Any]
    params: Mapping[str, object]
    token: str | None
    is_walked: bool


class Meant(NamedTuple):
    """What a request comes to: a query to a store, the request as it was asked, how it is paged.

    The store is `None` where somebody else asks it.
    """

    store: Pages | None
    query: Query
    asked: Asked
    token: str | None
    is_walked: bool


class Requests:
    """Reads the requests to one operation. Raises `Refusal`.

    Attributes:
        has_numbers: whether pages have numbers.
        has_tokens: whether they are walked by tokens.

    """

    def __init__(
        self,
        schema: Schema,
        params: tuple[Param, ...],
        rules: tuple[Rule, ...],
        *,
        invalid: str,
        missing: str,
        total: bool,
    ) -> None:
        self._params = params = tuple([param.over(schema) for param in params])
        self._rules = rules
        self._invalid, self._missing = invalid, missing
        self._total = total
        self._filters = {param.name: param for param in params if param.role == "filter"}
        self._paging = [param for param in params if param.role in ("number", "size", "limit")]
        self._paging_names = frozenset([param.name for param in self._paging])
        self._defaults = {"number": 1, "size": _SIZE} | {
            one.role: one.default for one in self._paging
        }
        self._are_simple = all(param.is_simple for param in params)
        self._named = [(param.name, param) for param in params]
        self._names = frozenset([param.name for param in params])
        self._families = frozenset(
            [name for one in params if one.parts for name in (one.name, *one.names)]
        )
        self._bounded = [param for param in params if param.longest is not None]
        self._token = self._of_role("token")
        self._limit = self._of_role("limit")
        self.has_numbers = self._of_role("number") is not None
        self.has_tokens = self._token is not None

    def token(self, params: Mapping[str, object]) -> str | None:
        """Return the token that was given; `None` for none, and for an API without tokens."""
        param = self._token
        if param is None:
            return None
        found = self._found(param, params)
        token: str | None = None if found is None else self._value(param, found)
        return token

    def moment_in(self, store: Pages, token: str, now: TrustedMicros) -> TrustedMicros:
        """Return the moment of a token's walk; now, where the store does not tell it.

        Raises:
            CursorInvalid: for a token that the store has not issued.

        """
        tell = getattr(store, "moment", None)
        told: int | None = None if tell is None else tell(token)
        return now if told is None else TrustedMicros(told)

    def given(self, params: Mapping[str, object], token: str | None) -> Given:
        """Read what was given beside a token into values."""
        if self._token is None:
            return _new(Given, (self._values(params, ()), params, None, False))

        limit = self._limit
        is_walked = limit is None or token is not None or limit.found(params) is not None
        left_out: tuple[Role, ...] = ("token",)
        if is_walked and limit is not None:
            left_out = ("token", "number", "size")
        elif token is not None:
            left_out = ("token", "number")
        return Given(self._values(params, left_out), params, token, is_walked)

    def of_network(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """Return what has come over a network, without the names that only Python code may give.

        Refuses a value that is longer than its param allows. Nothing of it is read but its length.
        """
        if not self._families.isdisjoint(params):
            params = {name: params[name] for name in params if name not in self._families}
        for param in self._bounded:
            value = params.get(param.name) if self._are_simple else param.found(params)
            longest = param.longest
            if isinstance(value, str) and longest is not None and len(value) > longest:
                reason = f"must have at most {longest:,} characters"
                raise Refusal(param.code or self._invalid, param.name, reason)
        return params

    def numbers(self, given: Given, moment: TrustedMicros) -> tuple[int, int]:
        """Return the number of the page that is wanted, and its size."""
        numbers, values = self._defaults, given.values
        if not self._paging_names.isdisjoint(values):
            for param in self._paging:
                if param.name in values:
                    read = self._read(param, values[param.name], moment)
                    if isinstance(read, int):
                        if read < 1:
                            raise self._refusal(param, ValueError("must be an integer from 1"))
                        numbers = {**numbers, param.role: read}
        size = numbers["limit" if given.is_walked and self._limit is not None else "size"]
        return numbers["number"], size

    def meant(
        self, store: Pages | None, given: Given, moment: TrustedMicros, host: Mapping[str, Any]
    ) -> Meant:
        """Make the query that a request stands for at a moment, and the request as rules see it."""
        number, size = self.numbers(given, moment)
        values, params, token, is_walked = given
        filters: dict[str, Predicate | tuple[Predicate, ...]] = {}
        where: list[Predicate] = []
        for name, value in values.items():
            param = self._filters.get(name)
            if param is None:
                continue
            read = self._read(param, value, moment)
            if isinstance(read, Predicate):
                filters[name] = read
                where.append(read)
            else:  # which refuses a number: a filter that asks for nothing would hide itself
                filters[name] = several = conditions(read)
                where += several

        asked = _new(Asked, (filters, moment, host, values, params))
        for rule in self._rules:
            where += rule(asked)
        # Rules of an API's own may return anything.
        checked = conditions(tuple(where)) if where else ()
        query = trusted_query(checked, (number - 1) * size, size, total=self._total, now=moment)
        return _new(Meant, (store, query, asked, token, is_walked))

    def spelled(self, given: Given) -> list[object]:
        """Return the values of all filters, in the order of their declaration."""
        return [given.values.get(name) for name in self._filters]

    def refused_token(self, error: InstqueryError) -> Refusal | None:
        """Return the refusal of a token by the store; `None` where there are no tokens."""
        param = self._token
        if param is None:
            return None
        invalid = param.code or self._invalid
        if isinstance(error, CursorExpired):
            return Refusal(param.expired or invalid, param.name, "has expired")
        return Refusal(invalid, param.name, "is invalid")

    def _of_role(self, role: Role) -> Param | None:
        return next((param for param in self._params if param.role == role), None)

    def _values(self, given: Mapping[str, object], left_out: tuple[Role, ...]) -> dict[str, Any]:
        """Read what was given into what it means, by parameter."""
        values: dict[str, Any] = {}
        if self._are_simple and not left_out:  # as nearly always
            if self._names.isdisjoint(given):
                return values
            for name, param in self._named:
                value = given.get(name)
                if value is None or value == "":  # not `is_given`: a call each
                    continue
                try:
                    values[name] = param.value(value)
                except (ValueError, InstqueryError) as error:
                    raise self._refusal(param, error) from None
            return values

        for param in self._params:
            if param.role not in left_out:
                value = self._found(param, given)
                if value is not None:
                    values[param.name] = self._value(param, value)
        return values

    def _found(self, param: Param, given: Mapping[str, object]) -> object:
        """Return what was given for a parameter, `None` for nothing."""
        try:
            value = param.found(given)
        except (ValueError, InstqueryError) as error:
            raise self._refusal(param, error) from None
        if value is None and param.required:
            raise Refusal(self._missing, param.name, "must be given")
        return value

    def _value(self, param: Param, value: object) -> Any:
        try:
            return param.value(value)
        except (ValueError, InstqueryError) as error:
            raise self._refusal(param, error) from None

    def _read(self, param: Param, value: Any, moment: TrustedMicros) -> Any:
        """Turn a value into what it asks for at a moment: a predicate, a tuple, or a number."""
        try:
            made = param.read(value, moment)
            if isinstance(made, Predicate) or isinstance(made, int):  # noqa: SIM101 - as is quicker
                return made
            return () if made is None else tuple(made)  # a generator refuses only when it is asked
        except (ValueError, InstqueryError) as error:
            raise self._refusal(param, error) from None

    def _refusal(self, param: Param, error: ValueError | InstqueryError) -> Refusal:
        """Return the refusal that a param has raised, or that its rule is broken."""
        if isinstance(error, Refusal):
            return (
                error if error.field is not None else Refusal(error.code, param.name, error.reason)
            )
        reason = error.reason if isinstance(error, InstqueryError) else str(error)
        return Refusal(param.code or self._invalid, param.name, reason)
