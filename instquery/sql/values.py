"""Values in SQL text, so that databases compare and order them as memory does."""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from instquery.predicates import Value

__all__ = ["CLICKHOUSE", "Row", "Statement", "Word", "can_be_key", "can_hold", "written"]

Statement = sa.Select[*tuple[Any, ...]]
"""A statement that reads rows, whatever their columns."""

Row = sa.Row[*tuple[Any, ...]]
"""What such a statement finds."""

CLICKHOUSE = "clickhousedb"
"""The name by which SQLAlchemy knows the dialect."""

# What no SQL text can hold (NUL, halves of surrogate pairs) is spelled as a mark and four more,
# which are spelled themselves wherever a text has them. A spelling begins nowhere but with its
# mark: parts of a text stay its parts.
_NUMBER, _MARK, _DIGITS = "\U00100000", "\U00100001", "".join(map(chr, range(0x100002, 0x100012)))
_SPELLED = re.compile(f"[\0\ud800-\udfff{_NUMBER}-{_DIGITS[-1]}]")
_HALF = re.compile("[\ud800-\udfff]")
_SPELLING = re.compile(f"{_MARK}([{_DIGITS}]{{4}})")


def can_be_key(key: str) -> bool:
    """Tell whether a key is stored as it is, and so sorts as it does in memory."""
    return _SPELLED.search(key) is None


def can_hold(held: TypeEngine[Any], value: Value, dialect: str) -> bool:
    """Tell whether a column of this type can hold a value.

    What it cannot hold, equals nothing in it.

    So no driver is asked with what it would refuse: halves of surrogate pairs, NUL on PostgreSQL,
    and integers beyond 64 bits (sign included), but on ClickHouse, which has wider ones.
    """
    if isinstance(held, Word):
        return True

    if isinstance(value, str):
        has_nul = dialect == "postgresql" and "\0" in value
        return held.python_type is str and not has_nul and not _HALF.search(value)

    is_narrow = dialect == CLICKHOUSE or -(1 << 63) <= value < 1 << 63
    return type(value) is held.python_type and is_narrow


def written(value: Value) -> str:
    """Return a value as it stands in a column of words."""
    return f"{_NUMBER}{int(value):x}" if isinstance(value, int) else _spell(value)


class Word(sa.TypeDecorator[Value]):
    """Text of a value that is matched whole.

    Numbers are marked, so that 1 equals True and differs from "1".
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, inner: TypeEngine[str]) -> None:
        super().__init__()
        self.inner = inner

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return the type that the column has in the database."""
        return dialect.type_descriptor(self.inner)

    def process_bind_param(self, value: Value | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - as declared
        """Write a value."""
        return None if value is None else written(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Value | None:  # noqa: ARG002 - as declared
        """Read a value."""
        if value is None or not value.startswith(_NUMBER):
            return None if value is None else _SPELLING.sub(_read, value)
        return int(value[1:], 16)


def _spell(text: str) -> str:
    return _SPELLED.sub(_write, text) if not text.isascii() or "\0" in text else text


def _write(found: re.Match[str]) -> str:
    code = ord(found[0])
    number = (
        code - 0x100000 + 1 if code >= 0x100000 else code
    )  # 0 is NUL, then the marks, then the surrogates
    return _MARK + "".join(_DIGITS[int(digit, 16)] for digit in f"{number:04x}")


def _read(found: re.Match[str]) -> str:
    number = int("".join(f"{_DIGITS.index(digit):x}" for digit in found[1]), 16)
    return chr(number if number == 0 or number >= 0xD800 else number - 1 + 0x100000)
