"""Orders as callers give them: fields with directions. See `orderings` for what they mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from instquery.errors import InstqueryError, SchemaError
from instquery.options import brief, check_kind, is_collection, told

__all__ = ["ORDERS", "Order", "Ordered", "orders_of"]


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """An order by one field. Records without a value come last, in either direction.

    Instants are ordered by value, text by code point; of a keyword's values text comes before
    numbers and bools. Among equals the next order decides, and at the end the key, ascending.
    """

    field: str
    descending: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.field, str) or not isinstance(self.descending, bool):
            raise SchemaError("an order is a field name and a bool")

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
        raise error(f"order must be an Order, or up to {ORDERS} of them, not {told(order)}")
    listed = tuple(order if most is None else islice(order, most + 1))
    for one in listed:
        check_kind("order", one, Order, "an Order", error)
    if most is not None and len(listed) > most:
        raise error(f"order has up to {ORDERS} Orders: the key decides among what is left")
    return listed
