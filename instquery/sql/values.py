"""Values in SQL text, so that databases compare and order them as memory does."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from instquery.predicates import Value

__all__ = [
    "GONE",
    "RECORD",
    "VERSION",
    "Listed",
    "Row",
    "Statement",
    "Word",
    "can_be_key",
    "is_split",
    "written",
]

Statement = sa.Select[*tuple[Any, ...]]
"""A statement that reads rows, whatever their columns."""

Row = sa.Row[*tuple[Any, ...]]
"""What such a statement finds."""

RECORD = "record"
"""The column of whole records."""

VERSION, GONE = "_version", "_gone"
"""The columns of a table that keeps versions: the row's, and whether it says that none is there."""

# What no SQL text can hold (NUL, halves of surrogate pairs) is spelled as a mark and four more,
# which are spelled themselves wherever a text has them. A spelling begins nowhere but with its
# mark: parts of a text stay its parts.
_NUMBER = "\U00100000"
_MARK = "\U00100001"
_DIGITS = "".join(map(chr, range(0x100002, 0x100012)))
_SPELLED = re.compile(f"[\0\ud800-\udfff{_NUMBER}-{_DIGITS[-1]}]")
_HALF = re.compile("[\ud800-\udfff]")
_SPELLING = re.compile(f"{_MARK}([{_DIGITS}]{{4}})")


def can_be_key(key: str) -> bool:
    """Tell whether a key is stored as it is, and so sorts as it does in memory."""
    return _SPELLED.search(key) is None


def is_split(text: str) -> bool:
    """Tell whether a text has halves of surrogate pairs, which UTF-8 cannot encode."""
    return _HALF.search(text) is not None


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
        if value is None:
            return None
        if value.startswith(_NUMBER):
            return int(value[1:], 16)
        return _SPELLING.sub(_read, value)


class Listed(sa.types.UserDefinedType[Sequence[Value]]):
    """A list of values that is handed to the driver as one, however many they are.

    Args:
        item: the type of each value.
        pack: makes the one value of the list.

    """

    cache_ok = True

    def __init__(self, item: TypeEngine[Any], pack: Callable[[list[Any]], Any]) -> None:
        self.item = item
        self.pack = pack

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Sequence[Value] | None], Any]:
        """Return what writes a list as the driver takes it."""
        write = self.item.dialect_impl(dialect).bind_processor(dialect)

        def packed(values: Sequence[Value] | None) -> Any:
            if values is None:
                return None
            return self.pack(list(values) if write is None else list(map(write, values)))

        return packed


def _spell(text: str) -> str:
    return _SPELLED.sub(_write, text) if not text.isascii() or "\0" in text else text


def _write(found: re.Match[str]) -> str:
    # 0 is NUL; the marks, which are beyond all others, come next; then the surrogates.
    code = ord(found[0])
    number = code - 0x100000 + 1 if code >= 0x100000 else code
    return _MARK + "".join(_DIGITS[int(digit, 16)] for digit in f"{number:04x}")


def _read(found: re.Match[str]) -> str:
    number = int("".join(f"{_DIGITS.index(digit):x}" for digit in found[1]), 16)
    return chr(number if number == 0 or number >= 0xD800 else number - 1 + 0x100000)
