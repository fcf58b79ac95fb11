"""NumPy and StringZilla: what a specialist would write by hand for data that seldom changes."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import stringzilla as sz

from benchmarks.contenders.sorted_columns import Instants, Keys, Keywords, Places
from benchmarks.contenders.table import Table, bound, columns, place
from instquery import Contains, Eq, In, Page, Query
from instquery.predicates import Bounded
from instquery.ranges import Interval

__all__ = ["Arrays"]

# Where a condition leaves fewer than one row in this many, others are tested row by row of these.
_FEW = 8
# To test a text by itself costs as much as to pass over so many bytes of all texts.
_TEXT = 1200
# Rows that are tested at a time while no total is wanted.
_STRETCH = 8192


class Arrays:
    """Sorted columns in answer order, one long string a text field.

    Writes move what is behind.
    """

    def __init__(self, table: Table) -> None:
        self._schema = schema = table.schema
        self._rows = table.rows.copy()
        found = table.columns
        self._by_key = {row[schema.key]: row for row in self._rows}
        self._keys = Keys(self._by_key)
        self._keywords: dict[str, Keywords] = {}
        self._instants: dict[str, Instants] = {}
        self._texts: dict[str, tuple[sz.Str, Places]] = {}
        self._folded: dict[str, list[str]] = {}
        for name, field in schema.fields.items():
            if field.kind == "keyword" and name != schema.key:
                self._keywords[name] = Keywords(found[name])
            elif field.kind == "instant" and field.indexed:
                self._instants[name] = Instants(found[name + "_us"])
            elif field.kind == "text":
                self._folded[name] = [value or "" for value in found[name + "_folded"]]
                parts = [value.encode() for value in self._folded[name]]
                starts = np.cumsum([0, *(len(part) + 1 for part in parts)])
                self._texts[name] = (sz.Str(b"\0".join([*parts, b""])), starts)

    def page(self, query: Query) -> Page:
        """Begin with the condition that leaves the fewest rows, and test these for the others."""
        where = bound(self._schema, query)
        texts = [one for one in where if isinstance(one, Contains)]
        others: list[Bounded] = [one for one in where if not isinstance(one, Contains)]
        if not where:
            return self._made(range(len(self._rows)), query)
        if not others:
            return self._made(self._hits(texts, None, self._enough(query)), query)
        return self._made(self._found(texts, others, query), query)

    def _found(self, texts: list[Contains], others: list[Bounded], query: Query) -> Any:
        """Return the places of the matches, ascending; without a total, as many as are wanted."""
        found = sorted(((self._places(one), one) for one in others), key=lambda pair: len(pair[0]))
        places, first = found[0]
        left = [one for _, one in found[1:]]
        if texts and len(places) * _TEXT > len(self._texts[texts[0].field][0]):
            # Few hits of a needle are tested row by row; many end the search early.
            return self._hits(texts, others, self._enough(query))
        if not texts and not left and not isinstance(first, Interval):
            return places
        if not query.total and not texts:
            return self._walked(others, self._enough(query))
        tested = self._tested(places, first, left)
        if texts:
            hits = (at for at in tested if all(self._holds(one, at) for one in texts))
            return list(islice(hits, self._enough(query)))
        return tested

    def put(self, record: Mapping[str, Any]) -> None:
        """Change a row in place where its texts and instants stay, else replace it."""
        row = self._schema.take(record).row
        key = row[self._schema.key]
        old = self._by_key.get(key)
        if old is not None:
            moved = [*self._texts, *self._instants]
            if all(old.get(name) == row.get(name) for name in moved):
                at = place(self._schema, self._rows, old)
                self._rows[at] = self._by_key[key] = row
                for name, keywords in self._keywords.items():
                    keywords.change(at, row.get(name))
                return
            self.discard(key)
        at = place(self._schema, self._rows, row)
        self._rows.insert(at, row)
        self._by_key[key] = row
        self._keys.insert(at, key)
        found = {name: column[0] for name, column in columns(self._schema, [row]).items()}
        for name, keywords in self._keywords.items():
            keywords.insert(at, found[name])
        for name, instants in self._instants.items():
            instants.insert(at, found[name + "_us"])
        for name in self._texts:
            self._folded[name].insert(at, found[name + "_folded"] or "")
            self._splice(name, at, at, self._folded[name][at] + "\0")

    def put_many(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Put one by one."""
        for record in records:
            self.put(record)

    def discard(self, key: str) -> None:
        """Cut a row out of every array and string."""
        at = place(self._schema, self._rows, self._by_key.pop(key))
        del self._rows[at]
        self._keys.delete(at)
        for keywords in self._keywords.values():
            keywords.delete(at)
        for instants in self._instants.values():
            instants.delete(at)
        for name in self._texts:
            del self._folded[name][at]
            self._splice(name, at, at + 1, "")

    def _splice(self, name: str, first: int, end: int, text: str) -> None:
        """Put a text in the place of those of rows `first` to `end`."""
        haystack, starts = self._texts[name]
        low, high = int(starts[first]), int(starts[end])
        octets = memoryview(haystack)
        joined = b"".join([octets[:low], text.encode(), octets[high:]])
        moved = starts[end:] + (len(text.encode()) - (high - low))
        kept = starts[: first + 1] if text else starts[:first]
        self._texts[name] = (sz.Str(joined), np.concatenate([kept, moved]))

    def _enough(self, query: Query) -> int:
        return len(self._rows) if query.total else query.offset + query.limit

    def _places(self, predicate: Bounded) -> Places:
        """Return the rows that match; ascending, unless it is a range of another order."""
        if isinstance(predicate, Interval):
            if predicate.field != self._schema.order.field:
                return self._instants[predicate.field].between(predicate.low, predicate.high)
            oldest_first = self._instants[predicate.field].micros[::-1]  # no copy
            low = max(predicate.low, np.iinfo(np.int64).min + 1)
            first = len(self._rows) - np.searchsorted(oldest_first, predicate.high, side="right")
            end = len(self._rows) - np.searchsorted(oldest_first, low)
            return np.arange(first, end)
        if isinstance(predicate, In):
            near = self._keys.places(map(str, predicate.values))
            key = self._schema.key
            return near[[self._rows[at][key] in predicate.members for at in near]]
        assert isinstance(predicate, Eq)
        keywords = self._keywords[predicate.field]
        return keywords.places(keywords.code(predicate.value))

    def _test(self, predicate: Bounded, where: slice | Places) -> Places:
        """Tell for each of these rows whether it matches."""
        if isinstance(predicate, Interval):
            micros = self._instants[predicate.field].micros[where]
            return (micros >= predicate.low) & (micros <= predicate.high)
        if isinstance(predicate, In):
            return np.isin(np.arange(len(self._rows))[where], self._places(predicate))
        assert isinstance(predicate, Eq)
        keywords = self._keywords[predicate.field]
        code, codes = keywords.code(predicate.value), keywords.codes[where]
        return np.zeros(len(codes), bool) if code is None else codes == codes.dtype.type(code)

    def _holds(self, predicate: Contains, at: int) -> bool:
        return predicate.folded in self._folded[predicate.field][at]

    def _tested(self, places: Places, first: Bounded, left: Sequence[Bounded]) -> Places:
        if len(places) * _FEW > len(self._rows):
            mask = self._test(first, slice(None))
            for predicate in left:
                mask &= self._test(predicate, slice(None))
            places = np.flatnonzero(mask)
        else:
            for predicate in left:
                places = places[self._test(predicate, places)]
            if isinstance(first, Interval):
                places = np.sort(places)
        return places

    def _walked(self, where: Sequence[Bounded], enough: int) -> list[int]:
        """Test stretch by stretch until there are enough."""
        found: list[int] = []
        for start in range(0, len(self._rows), _STRETCH):
            stretch = slice(start, start + _STRETCH)
            mask = self._test(where[0], stretch)
            for predicate in where[1:]:
                mask &= self._test(predicate, stretch)
            found += (np.flatnonzero(mask) + start).tolist()
            if len(found) >= enough:
                break
        return found

    def _hits(
        self, texts: list[Contains], others: Sequence[Bounded] | None, enough: int
    ) -> list[int]:
        """Find the needle in the one long string, hit by hit.

        After each hit the search goes on with the next row.
        """
        first, *more = texts
        haystack, starts = self._texts[first.field]
        size = len(haystack)
        found: list[int] = []
        at = 0
        mask = None
        while len(found) < enough:
            hit = haystack.find(first.folded, at)
            if hit < 0:
                break
            row = int(np.searchsorted(starts, hit, side="right")) - 1
            if others and mask is None:
                mask = np.logical_and.reduce([self._test(one, slice(None)) for one in others])
            if (mask is None or mask[row]) and all(self._holds(one, row) for one in more):
                found.append(row)
            at = int(starts[row + 1])
            if at >= size:
                break
        return found

    def _made(self, places: Any, query: Query) -> Page:
        part = places[query.offset : query.offset + query.limit] if query.limit else ()
        items = [self._rows[at].copy() for at in part]
        return Page(items, len(places) if query.total else None)
