"""The way out: replies and their bodies as an API's document shows them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Literal

from instquery.instants import to_micros, to_text
from instquery.query import Record

__all__ = ["Answer", "Envelope", "Fault", "Refused", "Reply"]

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The facts of a success: the page's items in the API's form, its number and size, the total of all matches."""

    request_id: str
    items: list[Record]
    number: int
    size: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers: the HTTP status and the body, ready for JSON.

    `answer` holds the facts of a success once more, apart from their wrapping; `None` for a refusal.
    """

    status: int
    body: Body
    answer: Answer | None = attribute(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """The facts of a failure."""

    request_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of an API's error table; `message` may hold `{parameter}` and `{reason}`."""

    message: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Envelope:
    """How one API writes its items and wraps them.

    `members` are those of an item, in the document's order; one that a record lacks is left out. Of
    them `times` are written as UTC text to the `timespec`; what is finer is cut off.
    """

    members: tuple[str, ...]
    times: frozenset[str]
    timespec: Literal["seconds", "milliseconds"]
    success: Callable[[Answer], Body]
    failure: Callable[[Refused], Body]
    _names: frozenset[str] = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", frozenset(self.members))

    def item(self, record: Record) -> Record:
        """Write one record as an item of the API; the record is the caller's own, and may become the item."""
        item = record
        if not record.keys() <= self._names or None in record.values():
            item = {member: value for member in self.members if (value := record.get(member)) is not None}
        is_written = _WRITTEN[self.timespec]
        for member in self.times:
            value = item.get(member)
            if value is not None and not (type(value) is str and is_written(value)):
                item[member] = to_text(to_micros(value), self.timespec)
        return item


# Whether a time that is known to be valid has been written in the API's own form already: the usual
# case, and ten times cheaper than to parse it and write it anew.
_SECONDS = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
_WRITTEN = {
    "seconds": re.compile(_SECONDS + "Z").fullmatch,
    "milliseconds": re.compile(_SECONDS + r"\.[0-9]{3}Z").fullmatch,
}
