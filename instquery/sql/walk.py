"""A walk over all records of a table, with no transaction open between two of them.

    step                        transaction                  sees
    1. note up to a million     one, ended before the first  which records there are, in which
       keys, in order           record is handed out         order, at one moment
    2. look up a portion of     one a portion, ended before  each record as it is by then, or that
       them                     its records are handed out   it is gone
    3. on from the last key     as 1                         as 1

Noted keys make a walk end, and meet each record once, also when its owner changes the order of
records on the way: `for record in store: store.put(...)`. A walk by places alone would meet a
record again that has been moved ahead of it.
"""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from instquery.query import Record
from instquery.sql.layout import Layout
from instquery.sql.transactions import Transactions
from instquery.sql.values import Row

__all__ = ["walk"]

_NOTED = 1_000_000  # keys at once, some 100 bytes each
_FETCHED = 10_000  # keys that are fetched from the database at once


def walk(transactions: Transactions, layout: Layout) -> Iterator[Record]:
    """Yield all records, in order; see the table above for what is seen."""
    portion = layout.dialect.portion
    chosen = layout.keyed()
    last: Row | None = None

    while True:
        with transactions.reading() as connection:
            keys, last = _noted(connection, layout, last)

        for start in range(0, len(keys), portion):
            some = keys[start : start + portion]
            with transactions.reading() as connection:
                rows = connection.execute(chosen, {"keys": some}).all()
            yield from _in_their_order(some, map(layout.read, rows), layout.schema.key)

        if last is None:
            return


def _noted(
    connection: sa.Connection, layout: Layout, behind: Row | None
) -> tuple[list[str], Row | None]:
    """List the keys behind a place, in order, and the place of the last if more may follow."""
    places = layout.select(layout.key, layout.order).order_by(*layout.in_order()).limit(_NOTED)
    if behind is not None:
        places = places.where(layout.behind(*behind))

    keys: list[str] = []
    place: Row | None = None
    with connection.execute(places, execution_options={"yield_per": _FETCHED}) as rows:
        for place in rows:
            keys.append(place[0])
    return keys, place if len(keys) == _NOTED else None


def _in_their_order(keys: list[str], records: Iterable[Record], key: str) -> Iterator[Record]:
    """Yield records in the order of their keys; those of other keys are gone by now."""
    found = {record[key]: record for record in records}
    return (found[key] for key in keys if key in found)
