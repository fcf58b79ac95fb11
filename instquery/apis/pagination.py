"""Parameters about pages: their number, their size, and the token that leads to the next one."""

import re
from typing import Unpack

from instquery.apis.param import Common, Param, Role, is_count
from instquery.apis.values import LARGEST, integer, plain_text
from instquery.errors import SchemaError

__all__ = ["page_number", "page_size", "page_token"]

_SIGNED = re.compile("[+-]?[0-9]+", re.ASCII)
_DIGITS = 19  # of the largest integer


def page_number(name: str, **common: Unpack[Common]) -> Param:
    """Declare the number of the page that is wanted: an integer from 1 that fits 64 bits.

    With a token it does not count, and is not checked.
    """

    def value(given: object) -> int:
        return integer(given, LARGEST)

    return Param(name, "number", _as_read, "page number, from 1", value=value, **common)


def page_size(
    name: str,
    *,
    default: int,
    most: int,
    least: int = 1,
    corrected: bool = False,
    by_token: bool = False,
    **common: Unpack[Common],
) -> Param:
    """Declare how many items a page holds.

    Args:
        name: of the parameter.
        default: where none is given.
        most: the largest size.
        least: the smallest one. Where it is 0, a size of 0 stands for the default.
        corrected: takes `least` for a smaller integer and `most` for a larger one. Otherwise they
            are refused.
        by_token: for an API with two sizes, that of the pages that are walked by token. Where it or
            a token is given, the page's number and the other size do not count, and are not
            checked. Where neither is given, the reply has no token.
        common: see `Common`.

    """
    if not is_count(default) or not is_count(most) or default > most:
        raise SchemaError(
            "default and most must be integers from 1, default not above most", field=name
        )
    if type(least) is not int or not 0 <= least <= most:
        raise SchemaError("least must be an integer from 0, not above most", field=name)

    def value(given: object) -> int:
        size = _corrected(given, least, most) if corrected else integer(given, most, least=least)
        return size or default

    rule = f"items on a page, {least} to {most}{', else corrected' if corrected else ''}"
    role: Role = "limit" if by_token else "size"
    return Param(name, role, _as_read, rule, default, value, **common)


def page_token(
    name: str, *, invalid: str | None = None, expired: str | None = None, **common: Unpack[Common]
) -> Param:
    """Declare the token of the page that is wanted, as the reply before it has told it.

    The pages of a walk are those of one state and one moment, whatever is written meanwhile: a
    request with a token is read as of the moment of its first page, before its other parameters. On
    a store that keeps no states a walk goes on in the present one.

    A token is the store's own cursor, which is signed. Whether it is one, the store tells.

    Args:
        name: of the parameter.
        invalid: the code of the error table for a token that was changed, or is of other filters;
            `{reason}` in its message is "is invalid". By default the operation's code `invalid`.
        expired: the code for one whose state is no longer kept; `{reason}` is "has expired". By
            default the same code.
        common: see `Common`; `code` is another way to write `invalid`.

    """
    common["code"] = invalid or common.get("code")
    about = "the token of the reply before"
    return Param(name, "token", _as_read, about, value=_cursor, expired=expired, **common)


def _corrected(given: object, least: int, most: int) -> int:
    """Read a size, and put one that is out of range at its end."""
    text = plain_text(given)
    if not _SIGNED.fullmatch(text):
        raise ValueError("must be an integer")
    digits = text.lstrip("+-").lstrip("0")
    is_huge = len(digits) > _DIGITS  # Python refuses to read thousands of digits
    size = LARGEST if is_huge else int(digits or "0")
    return max(least, min(-size if text[0] == "-" else size, most))


def _cursor(given: object) -> str:
    """Take what may be a cursor."""
    if not isinstance(given, str):
        raise ValueError("is invalid")
    return given


def _as_read(value: int, _now: int) -> int:
    """Take a number, or a token, which is read already."""
    return value
