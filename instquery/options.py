"""Options: what callers hand to constructors, checked when it is given, not when it is first used.

Each message names the option, what was given in its place, and what to give. Only numbers are
quoted: text may be a secret.
"""

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from itertools import islice
from reprlib import Repr
from typing import Any, TypeGuard, TypeVar

from instquery.errors import InstqueryError

__all__ = [
    "brief",
    "check_callable",
    "check_flag",
    "check_kind",
    "check_seconds",
    "check_whole",
    "counted",
    "is_collection",
    "nearest",
    "some",
    "told",
]

Kind = TypeVar("Kind")

Refused = type[InstqueryError]
"""The class of the error that is raised."""


def check_flag(name: str, value: object, error: Refused = InstqueryError) -> None:
    """Refuse what is neither `True` nor `False`.

    >>> check_flag("live", "no")
    Traceback (most recent call last):
        ...
    instquery.errors.InstqueryError: live must be True or False, not str
    """
    if not isinstance(value, bool):
        raise error(f"{name} must be True or False, not {told(value)}")


def check_whole(
    name: str,
    value: object,
    *,
    least: int | None = 0,
    most: int | None = None,
    error: Refused = InstqueryError,
) -> None:
    """Refuse what is no integer, or one beyond the bounds. A bool is none.

    >>> check_whole("history", -1)
    Traceback (most recent call last):
        ...
    instquery.errors.InstqueryError: history must be an integer from 0, not -1
    """
    if isinstance(value, int) and not isinstance(value, bool):
        is_enough = least is None or least <= value
        if is_enough and (most is None or value <= most):
            return

    bounds = ("" if least is None else f" from {least}") + ("" if most is None else f" to {most}")
    raise error(f"{name} must be an integer{bounds}, not {told(value)}")


def check_seconds(name: str, value: object, *, most: float | None = None) -> None:
    """Refuse what is no int or float from 0, NaN among them."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_from_zero = value >= 0  # NaN is not
        if is_from_zero and (most is None or value <= most):
            return

    bounds = "from 0" if most is None else f"from 0 to {most:,}"
    raise InstqueryError(f"{name} must be a number of seconds {bounds}, not {told(value)}")


def check_callable(name: str, value: object, what: str, error: Refused = InstqueryError) -> None:
    """Refuse what cannot be called; `what` says what a call returns."""
    if not callable(value):
        raise error(f"{name} must be a function that returns {what}, not {told(value)}")


def check_kind(
    name: str,
    value: object,
    kinds: type[Any] | tuple[type[Any], ...],
    what: str,
    error: Callable[[str], InstqueryError] = InstqueryError,
) -> None:
    """Refuse what is of none of the types; `what` says in words what is wanted.

    >>> check_kind("cursor_key", "secret", bytes, "bytes: secrets.token_bytes(32)")
    Traceback (most recent call last):
        ...
    instquery.errors.InstqueryError: cursor_key must be bytes: secrets.token_bytes(32), not str
    """
    if not isinstance(value, kinds):
        raise error(f"{name} must be {what}, not {told(value)}")


def is_collection(value: object) -> TypeGuard[Iterable[Any]]:
    """Tell whether a value can be walked, and is neither text nor bytes: one thing by itself.

    >>> is_collection(("a", "b")), is_collection("ab"), is_collection(b"")
    (True, False, False)
    """
    return isinstance(value, Iterable) and not isinstance(value, _ONE_THING)


def told(value: object) -> str:
    """Say what was given: a number or nothing as it is, anything else by its type.

    >>> told(-1), told(None), told("secret"), told(int), told(10**400)
    ('-1', 'None', 'str', 'the class int', 'a huge integer')
    """
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a huge integer"
    is_plain = value is None or type(value) in (bool, int, float)
    return repr(value) if is_plain else type(value).__name__


def brief(value: object) -> str:
    """Quote a value for people, in at most some 60 characters, whatever it is.

    >>> brief("Running"), brief("x" * 10**7), brief(10**5000)
    ("'Running'", "'xxxxxxxxxxxxxxxxxxxx'…", 'a huge integer')
    """
    if isinstance(value, str):
        return repr(value) if len(value) <= _QUOTED else f"{value[:20]!r}…"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a huge integer"
    try:
        text = _BRIEF.repr(value)
    except Exception:  # code of a class of the caller's, or an integer too long to be written
        return f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:59]}…"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the name that may be meant by one that is not known.

    >>> nearest("Status", ["id", "status"]), nearest("x", ["id", "status"])
    ('status', None)
    """
    by_fold = {own.casefold(): own for own in known}
    near = get_close_matches(name[:_LONGEST].casefold(), by_fold, n=1)
    return by_fold[near[0]] if near else None


def counted(number: int, noun: str) -> str:
    """Say how many there are.

    >>> counted(1, "item"), counted(1200, "item")
    ('1 item', '1,200 items')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def some(values: Collection[object]) -> str:
    """Write the first of many values as a tuple; those of this package have a short `repr`.

    >>> some((1, 2)), some(range(10**6))
    ('(1, 2)', '(0, 1, 2, … 999,997 more)')
    """
    first = [brief(one) if isinstance(one, str | int) else repr(one) for one in islice(values, 3)]
    if len(values) > len(first):
        first.append(f"… {len(values) - len(first):,} more")
    return f"({', '.join(first)}{',' if len(first) == 1 else ''})"


_ONE_THING = (str, bytes, bytearray, memoryview)

_QUOTED = 40

_LONGEST = 60  # characters of a name that are compared

_BRIEF = Repr()
_BRIEF.maxlevel = 2
