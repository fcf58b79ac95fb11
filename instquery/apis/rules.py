"""Rules: what holds between parameters or depends on the host, and the refusals they raise."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from instquery.errors import InstqueryError
from instquery.instants import to_micros
from instquery.predicates import Predicate

__all__ = ["NOTHING_ASKED", "Asked", "InOrder", "Refusal", "Rule", "in_order"]


class Refusal(InstqueryError):  # noqa: N818 - it is an answer of the API, not a fault
    """A request that the API refuses: the code of its error table, and the parameter it is about.

    Raised by params and rules, and by a host's own hooks; it becomes the reply. Where a param
    raises it and names no parameter, it is about its own.
    """

    def __init__(self, code: str, parameter: str | None = None, reason: str = "") -> None:
        super().__init__(reason or code, field=parameter)
        self.code = code


class Asked(NamedTuple):
    """A request as rules and bodies see it.

    Attributes:
        filters: what was asked for, by parameter: a predicate, or several that must all hold.
        now: the moment of the request, in microseconds.
        host: the facts that the host gave.
        values: what was given, by parameter, as `Param.value` reads it. A rule looks at these
            rather than at predicates, which a param may write in several ways.
        given: what was given, as it came: also what is no parameter.

    """

    filters: Mapping[str, Predicate | tuple[Predicate, ...]]
    now: int
    host: Mapping[str, Any]
    values: Mapping[str, object] = MappingProxyType({})
    given: Mapping[str, object] = MappingProxyType({})


NOTHING_ASKED = Asked(MappingProxyType({}), 0, MappingProxyType({}))
"""A request without parameters, for what is not the answer to any."""

Rule: TypeAlias = Callable[[Asked], Iterable[Predicate]]
"""Checks a request: raises `Refusal`, or returns predicates that are added to the query."""


@dataclass(frozen=True, slots=True)
class InOrder:
    """The rule that the start of a window may not be after its end; made by `in_order`."""

    start: str
    end: str
    code: str

    def __call__(self, asked: Asked) -> Iterable[Predicate]:
        """Refuse a window that ends before it starts."""
        first, last = asked.values.get(self.start), asked.values.get(self.end)
        if first is not None and last is not None and _instant(first) > _instant(last):
            raise Refusal(self.code, self.start, f"must not be after {self.end}")
        return ()


def in_order(start: str, end: str, code: str) -> Rule:
    """Make the rule that the start of a window may not be after its end.

    The refusal has the code, and names the start.
    """
    return InOrder(start, end, code)


def _instant(value: object) -> int:
    """Return a value as microseconds; params of this package have read it already."""
    return value if isinstance(value, int) else to_micros(value)
