"""Columns of numbers with a sorted copy beside each: what `benchmarks.contenders.arrays` is of.

Rows are numbered in answer order. A number of a row is called its place.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Instants", "Keys", "Keywords", "Places"]

Places: TypeAlias = npt.NDArray[Any]

_NONE = np.iinfo(np.int64).min


class Keywords:
    """A keyword column as integer codes, and the places of each code together, ascending."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._known: dict[Any, int] = {None: 0}
        column = [self._known.setdefault(value, len(self._known)) for value in values]
        kind = np.uint8 if len(self._known) < 256 else np.uint32
        self.codes: Places = np.array(column, kind)
        self._places: Places = np.argsort(self.codes, kind="stable").astype(np.int32)
        totals = np.bincount(self.codes, minlength=len(self._known))
        self._starts: Places = np.concatenate([[0], np.cumsum(totals)])

    def code(self, value: object) -> int | None:
        """Return the code of a value, or nothing for one that no row has."""
        return self._known.get(value)

    def places(self, code: int | None) -> Places:
        """Return the places of a code, ascending."""
        if code is None:
            return self._places[:0]
        return self._places[self._starts[code] : self._starts[code + 1]]

    def insert(self, place: int, value: object) -> None:
        """Let all rows behind move up by one."""
        code = self._known.setdefault(value, len(self._known))
        if code + 2 > len(self._starts):
            self._starts = np.append(self._starts, self._starts[-1])
            wider = np.promote_types(self.codes.dtype, np.min_scalar_type(code))
            self.codes = self.codes.astype(wider)
        self.codes = np.insert(self.codes, place, code)
        self._places[self._places >= place] += 1
        self._enter(place, code)

    def delete(self, place: int) -> None:
        """Let all rows behind move down by one."""
        self._leave(place, int(self.codes[place]))
        self.codes = np.delete(self.codes, place)
        self._places[self._places > place] -= 1

    def change(self, place: int, value: object) -> None:
        """Give a row another value."""
        old = int(self.codes[place])
        if self._known.get(value) == old:
            return
        self._leave(place, old)
        code = self._known.setdefault(value, len(self._known))
        if code + 2 > len(self._starts):
            self._starts = np.append(self._starts, self._starts[-1])
            wider = np.promote_types(self.codes.dtype, np.min_scalar_type(code))
            self.codes = self.codes.astype(wider)
        self.codes[place] = code
        self._enter(place, code)

    def _enter(self, place: int, code: int) -> None:
        at = self._starts[code] + np.searchsorted(self.places(code), place)
        self._places = np.insert(self._places, at, place)
        self._starts[code + 1 :] += 1

    def _leave(self, place: int, code: int) -> None:
        at = self._starts[code] + np.searchsorted(self.places(code), place)
        self._places = np.delete(self._places, at)
        self._starts[code + 1 :] -= 1


class Instants:
    """Instants in microseconds, and a sorted copy with the place of each."""

    def __init__(self, values: Iterable[int | None]) -> None:
        self.micros: Places = np.array([_NONE if one is None else one for one in values], np.int64)
        self._places: Places = np.argsort(self.micros, kind="stable").astype(np.int32)
        self._sorted: Places = self.micros[self._places]

    def between(self, low: int, high: int) -> Places:
        """Return the places of a range in no order. A missing instant is in none."""
        first = np.searchsorted(self._sorted, max(low, _NONE + 1))
        end = np.searchsorted(self._sorted, max(high, _NONE + 1), side="right")
        return self._places[first:end]

    def insert(self, place: int, value: int | None) -> None:
        """Let all rows behind move up by one."""
        micros = _NONE if value is None else value
        self.micros = np.insert(self.micros, place, micros)
        self._places[self._places >= place] += 1
        at = np.searchsorted(self._sorted, micros)
        self._sorted = np.insert(self._sorted, at, micros)
        self._places = np.insert(self._places, at, place)

    def delete(self, place: int) -> None:
        """Let all rows behind move down by one."""
        first = np.searchsorted(self._sorted, self.micros[place])
        at = first + np.flatnonzero(self._places[first:] == place)[0]
        self.micros = np.delete(self.micros, place)
        self._sorted = np.delete(self._sorted, at)
        self._places = np.delete(self._places, at)
        self._places[self._places > place] -= 1


class Keys:
    """Hashes of keys, sorted, with the place of each: many keys are looked up at once."""

    def __init__(self, keys: Iterable[str]) -> None:
        hashes = np.array([hash(key) for key in keys], np.int64)
        self._places: Places = np.argsort(hashes, kind="stable").astype(np.int32)
        self._hashes: Places = hashes[self._places]

    def places(self, keys: Iterable[str]) -> Places:
        """Return the places of keys, ascending; of another key too, if it has the same hash."""
        wanted = np.unique(np.array([hash(key) for key in keys], np.int64))
        first = np.searchsorted(self._hashes, wanted)
        count = np.searchsorted(self._hashes, wanted, side="right") - first
        if (count <= 1).all():
            return np.sort(self._places[first[count == 1]])
        spans = [self._places[at : at + size] for at, size in zip(first, count, strict=True)]
        return np.unique(np.concatenate(spans))

    def insert(self, place: int, key: str) -> None:
        """Let all rows behind move up by one."""
        self._places[self._places >= place] += 1
        at = np.searchsorted(self._hashes, hash(key))
        self._hashes = np.insert(self._hashes, at, hash(key))
        self._places = np.insert(self._places, at, place)

    def delete(self, place: int) -> None:
        """Let all rows behind move down by one."""
        at = np.flatnonzero(self._places == place)[0]
        self._hashes = np.delete(self._hashes, at)
        self._places = np.delete(self._places, at)
        self._places[self._places > place] -= 1
