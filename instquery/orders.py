"""Orders as callers give them: fields with directions. See `orderings` for what they mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from instquery.errors import InstqueryError, SchemaError
from instquery.options import brief, check_flag, check_kind, is_collection, told

__all__ = ["ORDERS", "Order", "Ordered", "orders_of"]


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """An order by one field. Records without a value come last, in either direction.

    Instants are ordered by value, text by code point; of a keyword's values text comes before
    numbers and bools. Among equals the next order decides, and at the end the key, ascending. A
    field that comes again decides nothing.

    Args:
        field: the name of a field.
        descending: whether high values come first, the latest instant or the last letter.

    Raises:
        SchemaError: for what is neither.

    """

    field: str
    descending: bool = True

    def __post_init__(self) -> None:
        check_kind("field", self.field, str, "the name of a field", SchemaError)
        check_flag("descending", self.descending, SchemaError)

    def __repr__(self) -> str:
        descending = "" if self.descending else ", descending=False"
        return f"Order({brief(self.field)}{descending})"


Ordered: TypeAlias = Order | Iterable[Order] | None
"""An order as a caller gives it: one, up to three, or the one that goes without saying."""


ORDERS = 3
"""The most orders that decide one after the other."""


def orders_of(
    order: Ordered, error: type[InstqueryError], *, most: int | None = ORDERS
) -> tuple[Order, ...]:
    """Return the orders that a caller gives, as they are. Raises the error for anything else."""
    if isinstance(order, Order):
        return (order,)
    if order is None:
        return ()

    if not is_collection(order):
        raise _no_order(order, error)
    listed = tuple(order if most is None else islice(order, most + 1))
    for one in listed:
        if not isinstance(one, Order):
            raise _no_order(one, error)
    if most is not None and len(listed) > most:
        raise error(f"order has up to {ORDERS} Orders: the key decides among what is left")
    return listed


def _no_order(given: object, error: type[InstqueryError]) -> InstqueryError:
    """Return the error for what is no order; of a name, with the order that may be meant."""
    name = given.lstrip("+-") if isinstance(given, str) else ""
    example = Order(name or "field", isinstance(given, str) and given.startswith("-"))
    return error(f"order takes {example}, or a list of them, not {told(given)}")
