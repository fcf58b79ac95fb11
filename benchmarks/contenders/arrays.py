"""NumPy and StringZilla: what a specialist would write by hand for data that seldom changes."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import stringzilla as sz

from benchmarks.contenders.table import bound, columns, in_answer_order, place
from instquery import Contains, Eq, In, Page, Query
from instquery.query import Record
from instquery.ranges import Interval
from instquery.schema import Schema

__all__ = ["Arrays"]

_NONE = np.iinfo(np.int64).min


class Arrays:
    """Columns of codes and instants in answer order, one long string a text field.

    Writes move what is behind.
    """

    def __init__(self, schema: Schema, records: Iterable[Mapping[str, Any]]) -> None:
        self._schema = schema
        self._rows = in_answer_order(schema, records)
        found = columns(schema, self._rows)
        self._by_key = {row[schema.key]: row for row in self._rows}
        self._values: dict[str, dict[Any, int]] = {}
        self._codes: dict[str, np.ndarray] = {}
        self._totals: dict[str, np.ndarray] = {}
        self._micros: dict[str, np.ndarray] = {}
        self._sorted: dict[str, np.ndarray] = {}
        self._texts: dict[str, tuple[sz.Str, np.ndarray]] = {}
        for name, field in schema.fields.items():
            if field.kind == "keyword" and name != schema.key:
                self._add_keyword(name, found[name])
            elif field.kind == "instant":
                micros = np.array(
                    [_NONE if value is None else value for value in found[name + "_us"]], np.int64
                )
                self._micros[name], self._sorted[name] = micros, np.sort(micros)
            elif field.kind == "text":
                parts = [
                    ("" if value is None else value).encode() for value in found[name + "_folded"]
                ]
                starts = np.cumsum([0, *(len(part) + 1 for part in parts)])
                self._texts[name] = (sz.Str(b"\0".join([*parts, b""])), starts)

    def _add_keyword(self, name: str, values: list[Any]) -> None:
        codes: dict[Any, int] = {None: 0}
        column = [codes.setdefault(value, len(codes)) for value in values]
        kind = np.uint8 if len(codes) < 256 else np.uint32
        self._values[name], self._codes[name] = codes, np.array(column, kind)
        self._totals[name] = np.bincount(self._codes[name], minlength=len(codes))

    def page(self, query: Query) -> Page:
        """AND masks, or walk the hits of a needle in order while no total is wanted."""
        if not query.where:
            return self._made(range(len(self._rows)), query)
        texts = [
            predicate for predicate in bound(self._schema, query) if isinstance(predicate, Contains)
        ]
        mask = None
        for predicate in bound(self._schema, query):
            if isinstance(predicate, In):
                mask = _and(mask, self._named(predicate))
            elif not isinstance(predicate, Contains):
                mask = _and(mask, self._mask(predicate))
        if texts and not query.total:
            return self._made(self._hits(texts, mask, query.offset + query.limit), query)
        if texts:
            hits = np.array(self._hits(texts, mask, len(self._rows)), np.int64)
            return self._made(hits, query)
        return self._made(np.flatnonzero(mask), query)

    def put(self, record: Mapping[str, Any]) -> None:
        """Change a row in place where its texts and instants stay, else replace it."""
        row = self._schema.take(record).row
        old = self._by_key.get(row[self._schema.key])
        if old is not None:
            moved = [*self._texts, *self._micros]
            if all(old.get(name) == row.get(name) for name in moved):
                self._change(place(self._schema, self._rows, old), old, row)
                return
            self.discard(row[self._schema.key])
        at = place(self._schema, self._rows, row)
        self._rows.insert(at, row)
        self._by_key[row[self._schema.key]] = row
        found = {name: column[0] for name, column in columns(self._schema, [row]).items()}
        for name in self._codes:
            self._codes[name] = np.insert(self._codes[name], at, self._code(name, found[name], 1))
        for name in self._micros:
            micros = _NONE if found[name + "_us"] is None else found[name + "_us"]
            self._micros[name] = np.insert(self._micros[name], at, micros)
            self._sorted[name] = np.insert(
                self._sorted[name], np.searchsorted(self._sorted[name], micros), micros
            )
        for name in self._texts:
            self._splice(name, at, at, (found[name + "_folded"] or "") + "\0")

    def put_many(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Put one by one."""
        for record in records:
            self.put(record)

    def discard(self, key: str) -> None:
        """Cut a row out of every array and string."""
        row = self._by_key.pop(key)
        at = place(self._schema, self._rows, row)
        del self._rows[at]
        for name in self._codes:
            self._code(name, row.get(name), -1)
            self._codes[name] = np.delete(self._codes[name], at)
        for name in self._micros:
            micros = self._micros[name][at]
            self._micros[name] = np.delete(self._micros[name], at)
            self._sorted[name] = np.delete(
                self._sorted[name], np.searchsorted(self._sorted[name], micros)
            )
        for name in self._texts:
            self._splice(name, at, at + 1, "")

    def _change(self, at: int, old: Record, row: Record) -> None:
        self._rows[at] = self._by_key[row[self._schema.key]] = row
        for name in self._codes:
            if old.get(name) != row.get(name):
                self._code(name, old.get(name), -1)
                self._codes[name][at] = self._code(name, row.get(name), 1)

    def _code(self, name: str, value: object, change: int) -> int:
        """Return the code of a value, a new one if need be, and keep its count."""
        code = self._values[name].setdefault(value, len(self._values[name]))
        if code == len(self._totals[name]):
            self._totals[name] = np.append(self._totals[name], 0)
            self._codes[name] = self._codes[name].astype(np.min_scalar_type(code))
        self._totals[name][code] += change
        return code

    def _splice(self, name: str, first: int, end: int, text: str) -> None:
        """Put a text in the place of those of rows `first` to `end`."""
        haystack, starts = self._texts[name]
        low, high = int(starts[first]), int(starts[end])
        octets = memoryview(haystack)
        joined = b"".join([octets[:low], text.encode(), octets[high:]])
        moved = starts[end:] + (len(text.encode()) - (high - low))
        kept = starts[: first + 1] if text else starts[:first]
        self._texts[name] = (sz.Str(joined), np.concatenate([kept, moved]))

    def _mask(self, predicate: Eq | Interval) -> np.ndarray:
        if isinstance(predicate, Interval):
            micros = self._micros[predicate.field]
            return (micros >= predicate.low) & (micros <= predicate.high)
        code = self._values[predicate.field].get(predicate.value, -1)
        if code < 0:
            return np.zeros(len(self._rows), bool)
        return self._codes[predicate.field] == self._codes[predicate.field].dtype.type(code)

    def _named(self, predicate: In) -> np.ndarray:
        mask = np.zeros(len(self._rows), bool)
        named = [self._by_key[key] for key in predicate.values if key in self._by_key]
        mask[[place(self._schema, self._rows, row) for row in named]] = True
        return mask

    def _hits(self, texts: list[Contains], mask: np.ndarray | None, enough: int) -> list[int]:
        """Find the needle in the one long string, hit by hit.

        After each hit the search goes on with the next row.
        """
        first, *others = texts
        haystack, starts = self._texts[first.field]
        needle = first.folded
        size = len(haystack)
        found: list[int] = []
        at = 0
        while len(found) < enough:
            hit = haystack.find(needle, at)
            if hit < 0:
                break
            row = int(np.searchsorted(starts, hit, side="right")) - 1
            if (mask is None or mask[row]) and all(
                predicate.matches(self._rows[row]) for predicate in others
            ):
                found.append(row)
            at = int(starts[row + 1])
            if at >= size:
                break
        return found

    def _made(self, positions: Any, query: Query) -> Page:
        part = (
            positions[query.offset : query.offset + query.limit]
            if query.offset < len(positions)
            else ()
        )
        items = [self._rows[at].copy() for at in part]
        return Page(items, len(positions) if query.total else None)


def _and(mask: np.ndarray | None, other: np.ndarray) -> np.ndarray:
    return other if mask is None else mask & other
