"""The errors of the package: one family, each with the facts of its case as attributes."""

from collections.abc import Callable
from typing import Any

__all__ = [
    "CursorExpired",
    "CursorInvalid",
    "HistoryGap",
    "InstqueryError",
    "QueryError",
    "RecordError",
    "SchemaError",
]


class InstqueryError(Exception):
    """Anything this package refuses to do.

    `reason` says what is wrong in words; `field` names the field it is about, where there is one.

    >>> error = RecordError("must be text, not int", field="name")
    >>> str(error), error.field, error.reason
    ('name: must be text, not int', 'name', 'must be text, not int')

    An error can be pickled and copied, whatever its `__init__` takes: a process pool hands it on.
    """

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason, field)
        self.reason = reason
        self.field = field

    def __str__(self) -> str:
        return self.reason if self.field is None else f"{self.field}: {self.reason}"

    def __reduce__(self) -> tuple[Callable[..., "InstqueryError"], tuple[Any, ...], dict[str, Any]]:
        # Python would call the class with `args`, which is not what its __init__ takes, and an
        # error that cannot be unpickled ends a process pool. So a copy is made without __init__,
        # its attributes handed over.
        return _made_again, (type(self), self.args), self.__dict__


class SchemaError(InstqueryError):
    """A schema that contradicts itself; the fault of whoever declared it."""


class RecordError(InstqueryError):
    """A record that does not fit the schema. Nothing of its batch was taken in."""


class QueryError(InstqueryError):
    """A query that the schema cannot answer, or a value that its field cannot hold."""


class CursorInvalid(InstqueryError):  # noqa: N818 - it names what the cursor is, as callers know it
    """A cursor that was not issued for this query by this store."""


class CursorExpired(InstqueryError):  # noqa: N818 - it names what the cursor is, as callers know it
    """A cursor whose snapshot is no longer kept."""


class HistoryGap(InstqueryError):  # noqa: N818 - it names what the history has, as callers know it
    """Changes were asked for that are forgotten by now, or that are not yet made."""


def _made_again(kind: type[InstqueryError], args: tuple[Any, ...]) -> InstqueryError:
    """Make an error without its `__init__`; its attributes follow."""
    return kind.__new__(kind, *args)
