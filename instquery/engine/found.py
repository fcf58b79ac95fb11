"""Found: the rows of a rare needle, looked up for all segments before they are walked.

A segment that holds no match is not walked at all. As in `placed`, what is found is by segment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from instquery.engine.indexes.sought import Group, grouped, sought
from instquery.engine.indexes.text import TextIndex
from instquery.engine.match import Match, match, match_listed
from instquery.engine.rowsets import Position
from instquery.engine.segment import Matches, Segment
from instquery.engine.version import Part, Version
from instquery.predicates import Contains
from instquery.terms import Term

__all__ = ["found"]


def found(
    version: Version, parts: Iterable[Part], selected: Sequence[Term]
) -> tuple[Iterable[Part], Match]:
    """Find the rows of the first leaf, if it is a needle.

    Returns the parts that may match, and what matches leaves there. A needle in many rows is left
    to the segments.
    """
    needle = selected[0] if selected else None
    if not isinstance(needle, Contains):
        return parts, match

    left = list(parts)
    groups = _groups(version, left, needle.field)
    if not groups:
        return left, match
    listed: dict[int, list[Position]] = {}
    return _walked(left, sought(groups, needle), listed), _Found(listed).match


def _groups(version: Version, parts: Sequence[Part], field: str) -> Sequence[Group]:
    """Return the indexes of a text field in groups; none where the field has other indexes.

    Those of all segments are grouped once a version.
    """
    is_whole = len(parts) == len(version.segments)
    known = version.texts.get(field) if is_whole else None
    if known is not None:
        return known

    lookups = [segment.lookup(field) for segment, _ in parts]
    indexes = [lookup for lookup in lookups if isinstance(lookup, TextIndex)]
    groups = grouped(indexes) if len(indexes) == len(parts) else ()
    if is_whole:
        version.texts[field] = groups
    return groups


def _walked(
    parts: Iterable[Part],
    found: Iterable[list[Position] | None],
    listed: dict[int, list[Position]],
) -> Iterator[Part]:
    """Walk the parts that may match, and list the rows of each that are known."""
    for part, rows in zip(parts, found, strict=True):
        if rows:
            listed[id(part[0])] = rows
            yield part
        elif rows is None:
            yield part


class _Found:
    """Matches leaves, the rows of the first of which are listed in some segments."""

    def __init__(self, listed: Mapping[int, list[Position]]) -> None:
        self._listed = listed

    def match(
        self,
        segment: Segment,
        selected: Sequence[Any],
        tested: Iterable[Term] = (),
        enough: int | None = None,
        below: Position | None = None,
    ) -> Matches:
        """Match leaves; see `Match`."""
        rows = self._listed.get(id(segment))
        if rows is None:
            return match(segment, selected, tested, enough, below)
        return match_listed(segment, rows, selected[1:], tested, below)
