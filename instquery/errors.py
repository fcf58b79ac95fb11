"""The errors of the package: one family, each with the facts of its case as attributes.

What a program goes by is the class and the `code`: both are stable, texts may change. A class has
the code of most of its cases. Where a case is told apart from these, it is raised with a code of
its own. `docs/errors.md` lists all codes with cause and cure.
"""

from collections.abc import Callable
from copy import copy
from typing import Any, Literal, Self, TypeAlias

__all__ = [
    "Code",
    "Conflict",
    "CursorExpired",
    "CursorInvalid",
    "HistoryGap",
    "InstqueryError",
    "QueryError",
    "RecordError",
    "SchemaError",
]


Code: TypeAlias = Literal[
    "cursor.expired",
    "cursor.invalid",
    "history.gap",
    "option.invalid",
    "query.empty",
    "query.field",
    "query.invalid",
    "query.kind",
    "query.now",
    "query.value",
    "record.batch",
    "record.field",
    "record.inventory",
    "record.key",
    "record.shape",
    "record.unknown",
    "schema.invalid",
    "server.address",
    "server.stopped",
    "store.connection",
    "store.file",
    "store.table",
    "write.conflict",
]
"""Every code of an error of the package. What an API refuses has a code of that API instead."""


class InstqueryError(Exception):
    """Anything this package refuses to do.

    Attributes:
        code: what is wrong, for programs: stable.
        reason: what is wrong, in words that may change.
        field: the field, member or parameter it is about, where there is one.

    >>> error = RecordError("must be text, not int", field="name")
    >>> str(error), error.field, error.reason, error.code
    ('name: must be text, not int', 'name', 'must be text, not int', 'record.field')

    An error can be pickled and copied, whatever its `__init__` takes: a process pool hands it on.

    """

    code: str = "option.invalid"

    def __init__(self, reason: str, *, field: str | None = None, code: Code | None = None) -> None:
        super().__init__(reason, field)
        self.reason = reason
        self.field = field
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return self.reason if self.field is None else f"{self.field}: {self.reason}"

    def with_reason(self, reason: str) -> Self:
        """Return the same error in other words: class, code, field and all else stay."""
        twin = copy(self)
        twin.reason, twin.args = reason, (reason, self.field)
        return twin

    def __reduce__(self) -> tuple[Callable[..., "InstqueryError"], tuple[Any, ...], dict[str, Any]]:
        # Python would call the class with `args`, which is not what its __init__ takes, and an
        # error that cannot be unpickled ends a process pool. So a copy is made without __init__,
        # its attributes handed over.
        return _made_again, (type(self), self.args), self.__dict__


class SchemaError(InstqueryError):
    """A schema that contradicts itself; the fault of whoever declared it."""

    code = "schema.invalid"


class RecordError(InstqueryError):
    """A record that does not fit the schema. Nothing of its batch was taken in."""

    code = "record.field"


class QueryError(InstqueryError):
    """A query that the schema cannot answer, or a value that its field cannot hold."""

    code = "query.invalid"


class CursorInvalid(InstqueryError):  # noqa: N818 - it names what the cursor is, as callers know it
    """A cursor that was not issued for this query by this store."""

    code = "cursor.invalid"


class CursorExpired(InstqueryError):  # noqa: N818 - it names what the cursor is, as callers know it
    """A cursor whose snapshot is no longer kept."""

    code = "cursor.expired"


class HistoryGap(InstqueryError):  # noqa: N818 - it names what the history has, as callers know it
    """Changes were asked for that are forgotten by now, or that are not yet made."""

    code = "history.gap"


class Conflict(InstqueryError):  # noqa: N818 - it names what two writers have, as callers know it
    """A record is not as an update expects it. Nothing was changed; `field` names the member."""

    code = "write.conflict"


def _made_again(kind: type[InstqueryError], args: tuple[Any, ...]) -> InstqueryError:
    """Make an error without its `__init__`; its attributes follow."""
    return kind.__new__(kind, *args)
