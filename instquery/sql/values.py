"""How values stand in SQL text, so that every engine compares and orders them as the engine in memory does."""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from instquery.predicates import Value

__all__ = ["Row", "Statement", "Word", "can_be_key"]

Statement = sa.Select[*tuple[Any, ...]]
"""A statement that reads rows, whatever their columns."""

Row = sa.Row[*tuple[Any, ...]]
"""What such a statement finds."""

# What no SQL text can hold (NUL, halves of surrogate pairs) is spelled as a mark and four more, which are spelled
# themselves wherever a text has them. A spelling begins nowhere but with its mark: parts of a text stay its parts.
_NUMBER, _MARK, _DIGITS = "\U00100000", "\U00100001", "".join(map(chr, range(0x100002, 0x100012)))
_SPELLED = re.compile(f"[\0\ud800-\udfff{_NUMBER}-{_DIGITS[-1]}]")
_SPELLING = re.compile(f"{_MARK}([{_DIGITS}]{{4}})")


def can_be_key(key: str) -> bool:
    """Tell whether a key stands in SQL text as it is, and so has the same place in the order of keys."""
    return _SPELLED.search(key) is None


class Word(sa.TypeDecorator[Value]):
    """Text, and values that are matched whole as text: numbers marked, so that 1 equals True and differs from "1"."""

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
        if isinstance(value, int):
            return f"{_NUMBER}{int(value):x}"
        return None if value is None else _spell(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Value | None:  # noqa: ARG002 - as declared
        """Read a value."""
        if value is None or not value.startswith(_NUMBER):
            return None if value is None else _SPELLING.sub(_read, value)
        return int(value[1:], 16)


def _spell(text: str) -> str:
    return _SPELLED.sub(_write, text) if not text.isascii() or "\0" in text else text


def _write(found: re.Match[str]) -> str:
    code = ord(found[0])
    number = code - 0x100000 + 1 if code >= 0x100000 else code  # 0 is NUL, then the marks, then the surrogates
    return _MARK + "".join(_DIGITS[int(digit, 16)] for digit in f"{number:04x}")


def _read(found: re.Match[str]) -> str:
    number = int("".join(f"{_DIGITS.index(digit):x}" for digit in found[1]), 16)
    return chr(number if number == 0 or number >= 0xD800 else number - 1 + 0x100000)
