"""What databases do each in their own way, as one value: a `Dialect`.

Everything else of this wing is the same for all of them. One room holds one database's value:
`postgresql`, `sqlite`, `clickhouse`. To change how a database is asked, change its room.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from instquery.predicates import Value
from instquery.sql.values import Statement, Word, is_split

__all__ = ["Column", "Dialect", "value_of"]

Column = sa.ColumnElement[Any]


def value_of(name: str, column: Column) -> sa.BindParameter[Any]:
    """Return the place of a value that is compared with a column and handed over by name."""
    return sa.bindparam(name, type_=column.type)


def _among(column: Column, name: str) -> sa.ColumnElement[bool]:
    return column.in_(sa.bindparam(name, type_=column.type, expanding=True))


def _has_part(column: Column, name: str) -> sa.ColumnElement[bool]:
    return sa.func.instr(column, value_of(name, column)) > 0


def _as_it_is(part: str) -> str:
    return part


def _nothing(*_: object) -> None:
    pass


def _is_shared(_: sa.Connection) -> bool:
    return False


def _may_be(_: BaseException) -> bool:
    return True


def _no_items(_: Sequence[Column]) -> tuple[SchemaItem, ...]:
    return ()


def _all_rows(rows: Statement, _: sa.Table) -> Statement:
    return rows


_NO_NAMES = re.compile("(?!)")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one database is declared, written and asked; the defaults suit most."""

    name: str
    """The name by which SQLAlchemy knows it."""

    # Types of columns. Text must be compared and ordered by code points.
    text: TypeEngine[str] = field(default_factory=sa.Text)
    whole: TypeEngine[int] = field(default_factory=sa.BigInteger)
    maybe_text: TypeEngine[str] = field(default_factory=sa.Text)
    maybe_whole: TypeEngine[int] = field(default_factory=sa.BigInteger)
    flag: TypeEngine[int] = field(default_factory=sa.SmallInteger)

    # What drivers or columns refuse; see `can_hold`.
    takes_nul: bool = True
    takes_wide_integers: bool = False

    # Names that the database keeps to itself.
    own_names: re.Pattern[str] = _NO_NAMES
    """Names of columns that every table has already."""

    own_tables: re.Pattern[str] = _NO_NAMES
    """Names that no table may have."""

    # The table.
    has_indexes: bool = True
    """Whether keys are unique and rows are indexed; else rows lie in the order of answers."""

    table_items: Callable[[Sequence[Column]], Sequence[SchemaItem]] = _no_items
    """Return what a table has beside its columns; given what its rows are ordered by."""

    index_parts: Callable[[sa.Table, Sequence[sa.Column[Any]]], None] = _nothing
    """Add indexes for parts of the text in these columns."""

    distribute: Callable[[sa.Connection, sa.Table, str], None] = _nothing
    """Spread a new table over machines, by a column."""

    keeps_versions: bool = False
    """Whether a row is replaced by writing another of a later version."""

    present: Callable[[Statement, sa.Table], Statement] = _all_rows
    """Leave out the rows of a table that keeps versions which others have replaced."""

    # Transactions.
    begin_read: Callable[[sa.Connection], None] = _nothing
    """Have all reads of a transaction see one moment."""

    begin_write: Callable[[sa.Connection, int], None] = _nothing
    """Wait until no other writer is left; those of one table share a number."""

    may_be_missing: Callable[[BaseException], bool] = _may_be
    """Tell whether a driver's error may say that a table is not there; then it is looked for."""

    is_apart: Callable[[sa.Connection], bool] = _is_shared
    """Tell whether a connection has a database of its own, which no other connection sees."""

    portion: int = 1_000
    """Records that a walk looks up at once, by their keys."""

    # Conditions.
    among: Callable[[Column, str], sa.ColumnElement[bool]] = _among
    """Say that a column's value is one of those handed over under a name."""

    has_part: Callable[[Column, str], sa.ColumnElement[bool]] = _has_part
    """Say that a column's text has the part handed over under a name, character by character."""

    part: Callable[[str], str] = _as_it_is
    """Return a part as it is handed over."""

    shortest_part: int = 1
    """Characters of a part below which no index helps."""

    def can_hold(self, held: TypeEngine[Any], value: Value) -> bool:
        """Tell whether a column of this type can hold a value: else no record has it there.

        So no driver is asked with what it would refuse: halves of surrogate pairs, NUL, and
        integers that are too wide.
        """
        if isinstance(held, Word):
            return True

        if isinstance(value, str):
            has_nul = not self.takes_nul and "\0" in value
            return held.python_type is str and not has_nul and not is_split(value)

        fits = self.takes_wide_integers or -(1 << 63) <= value < 1 << 63
        return type(value) is held.python_type and fits
