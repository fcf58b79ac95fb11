"""NumPy and StringZilla: the strongest thing that a specialist would write by hand for data that stays put."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import stringzilla as sz

from benchmarks.contenders.table import columns, in_answer_order
from instquery import Contains, Eq, In, Page, Query, Range
from instquery.schema import Schema

__all__ = ["Arrays"]

_NONE = np.iinfo(np.int64).min


class Arrays:
    """Columns of codes and instants in answer order, one long string a text field; any write builds it anew."""

    def __init__(self, schema: Schema, records: Iterable[Mapping[str, Any]]) -> None:
        self._rows = in_answer_order(schema, records)
        found = columns(schema, self._rows)
        self._key = schema.key
        self._at = {row[schema.key]: at for at, row in enumerate(self._rows)}
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
                micros = np.array([_NONE if value is None else value for value in found[name + "_us"]], np.int64)
                self._micros[name], self._sorted[name] = micros, np.sort(micros)
            elif field.kind == "text":
                parts = [("" if value is None else value).encode() for value in found[name + "_folded"]]
                starts = np.cumsum([0, *(len(part) + 1 for part in parts)])
                self._texts[name] = (sz.Str(b"\0".join(parts).decode()), starts)

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
        texts = [predicate for predicate in query.where if isinstance(predicate, Contains)]
        mask = None
        for predicate in query.where:
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

    def _mask(self, predicate: Eq | Range) -> np.ndarray:
        if isinstance(predicate, Range):
            micros = self._micros[predicate.field]
            return (micros >= predicate.low) & (micros <= predicate.high)
        code = self._values[predicate.field].get(predicate.value, -1)
        if code < 0:
            return np.zeros(len(self._rows), bool)
        return self._codes[predicate.field] == self._codes[predicate.field].dtype.type(code)

    def _named(self, predicate: In) -> np.ndarray:
        mask = np.zeros(len(self._rows), bool)
        mask[[self._at[key] for key in predicate.values if key in self._at]] = True
        return mask

    def _hits(self, texts: list[Contains], mask: np.ndarray | None, enough: int) -> list[int]:
        """Find the needle in the one long string, hit by hit, skipping to the next row after each."""
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
            if (mask is None or mask[row]) and all(predicate.matches(self._rows[row]) for predicate in others):
                found.append(row)
            at = int(starts[row + 1])
            if at >= size:
                break
        return found

    def _made(self, positions: Any, query: Query) -> Page:
        part = positions[query.offset : query.offset + query.limit] if query.offset < len(positions) else ()
        items = [self._rows[at].copy() for at in part]
        return Page(items, len(positions) if query.total else None)


def _and(mask: np.ndarray | None, other: np.ndarray) -> np.ndarray:
    return other if mask is None else mask & other
