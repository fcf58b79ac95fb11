"""Whose records these are: readers that have a name know each other's.

A reader is known from when it is made. A record is taken for one of the API with which it shares
the most names of members; where two share as many, of the one whose spelling it has. At least half
of its members must be known there: a key of the same name alone says nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from instquery.apis.documents import Unreadable
from instquery.apis.replies import Replies, folded
from instquery.apis.respelling import Names, names_of, respelled
from instquery.schema import Schema

__all__ = ["Members", "foreign_record", "foreign_reply", "make_known"]


@dataclass(frozen=True, slots=True)
class Members:
    """The names that the members of an API's records go by."""

    exact: frozenset[str]
    by_fold: Mapping[str, str]
    """The fields by their names without casing, where these differ."""
    within: Names
    """The members that lead to others, with the names of these."""
    replies: Replies

    @classmethod
    def of(cls, schema: Schema, replies: Replies, nested: Iterable[str] = ()) -> "Members":
        """Collect the names of a schema's fields, their aliases, and what is within members.

        `nested` are paths of members that no field leads to.
        """
        fields = {
            name: field
            for field, declared in schema.fields.items()
            for name in (field, *declared.aliases)
        }
        by_fold: dict[str, str] = {}
        ambiguous: set[str] = set()
        for name, field in fields.items():
            if by_fold.setdefault(folded(name), field) != field:
                ambiguous.add(folded(name))
        for name in ambiguous:
            del by_fold[name]
        return cls(frozenset(fields), by_fold, names_of(schema, nested), replies)

    def likeness(self, record: Mapping[str, Any]) -> tuple[int, int]:
        """Count the names that a record shares: in any casing, and exactly."""
        names = [name for name in record if isinstance(name, str)]
        alike = sum(folded(name) in self.by_fold for name in names)
        return alike, len(self.exact.intersection(names))

    def respelled(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a record with its members, and those within them, as the API spells them."""
        if not self.replies.keys.isdisjoint(record):
            return record
        renamed: dict[str, Any] = {}
        for given, value in record.items():
            name = self.by_fold.get(folded(given), given)
            # A name that is there by itself is left to it.
            renamed[given if name in record or name in renamed else name] = value
        return cast(Mapping[str, Any], respelled(renamed, self.within))


_known: dict[str, Members] = {}


def make_known(name: str, members: Members) -> None:
    """Let readers of other APIs recognise the records of this one."""
    _known[name] = members


def foreign_record(record: Any, own: Members, name: str | None) -> Unreadable | None:
    """Say of which other API a record looks like one; `None` where it may well be one's own."""
    if not isinstance(record, Mapping):
        return None
    given = cast(Mapping[str, Any], record)
    best, most = None, own.likeness(given)
    for other, members in list(_known.items()):
        if other == name or members.replies.keys.isdisjoint(given):
            continue
        likeness = members.likeness(given)
        if likeness > most and 2 * likeness[1] >= len(given):
            best, most = other, likeness
    return None if best is None else _told(best, name)


def foreign_reply(document: Any, own: Members, name: str | None) -> tuple[Unreadable, int] | None:
    """Say of which other API a document is a reply, and how many records it holds.

    `None` for what is no reply, or has a list at the place where one's own replies have it.
    """
    if not isinstance(document, dict):
        return None
    reply = cast(dict[str, Any], document)
    if own.replies.is_record(reply) or own.replies.items(reply) is not None:
        return None
    for other, members in list(_known.items()):
        items = None if other == name else members.replies.items(reply)
        if items is None:
            continue
        # Names of lists are much the same everywhere: the records decide, where there are any.
        told = foreign_record(items[0], own, name) if items else _told(other, name)
        if told is not None:
            return told, max(1, len(items))
    return None


def _told(other: str, name: str | None) -> Unreadable:
    """Say whose records these are, and how to ask about them."""
    own = "" if name is None else f", not of {name}"
    reason = (
        f"these look like records of {other}{own}: instquery query {other} (in Python {other}.read)"
    )
    return Unreadable(reason, kind=f"of {other}")
