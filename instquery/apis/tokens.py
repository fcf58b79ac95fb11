"""Tokens: where a walk through pages goes on, as an API hands it out and takes it again.

A token is the engine's cursor, which is signed, and behind it how many matches have come so far.
The count is for `Answer.remaining` alone. It is protected against accidents, not against whoever
wants to be told a wrong number. A cursor by itself is taken too; then the count is not known.
"""

from hashlib import blake2b
from typing import NamedTuple

__all__ = ["Token", "read_token", "written_token"]

_MARK = "."  # no letter of a cursor


class Token(NamedTuple):
    """A cursor, and how many matches came before its page; `None` where that is not known."""

    cursor: str
    came: int | None


def written_token(token: Token) -> str:
    """Return a token as text.

    >>> read_token(written_token(Token("abc", 50)))
    Token(cursor='abc', came=50)
    """
    if token.came is None:
        return token.cursor
    return f"{token.cursor}{_MARK}{token.came:x}{_MARK}{_check(token)}"


def read_token(given: object) -> Token:
    """Read a token. Whether its cursor is one, only the store can tell. Raises `ValueError`."""
    if not isinstance(given, str) or not given:
        raise ValueError("is invalid")
    cursor, *counted = given.split(_MARK)
    if not counted:
        return Token(cursor, None)

    try:
        count, _ = counted
        token = Token(cursor, int(count, 16))
    except ValueError:
        raise ValueError("is invalid") from None
    if written_token(token) != given:
        raise ValueError("is invalid")
    return token


def _check(token: Token) -> str:
    text = f"{token.cursor}{_MARK}{token.came}"
    return blake2b(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()
