"""Books of fields that may have several values in a record, and of tags."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from instquery.engine.books import Estimate, GramBook, KeywordBook
from instquery.engine.indexes.index import values_of
from instquery.engine.sizes import Size
from instquery.predicates import Eq, Has, In, Missing, Some, check_answered

__all__ = ["ManyBook", "ManyGramBook", "TagBook"]


class ManyBook:
    """A `KeywordBook` of records that may have several values: so counts do not add up to records.

    A change costs 1 µs for each value that comes or goes.
    """

    __slots__ = ("_book",)

    def __init__(self) -> None:
        self._book = KeywordBook()

    @property
    def counts(self) -> Counter[Any]:
        """Value → how many records have it."""
        return self._book.counts

    def change(self, old: Sequence[Any] | None, new: Sequence[Any] | None, key: str) -> None:
        """Count a record out under the values that it has no more, and in under new ones."""
        before, after = dict.fromkeys(old or ()), dict.fromkeys(new or ())
        for value in before.keys() - after.keys():
            self._book.change(value, None, key)
        for value in after.keys() - before.keys():
            self._book.change(None, value, key)

    def load(self, values: Sequence[Sequence[Any] | None], keys: Sequence[str]) -> None:
        """Count many new records in. Costs 0.1 µs a value."""
        found: list[Any] = []
        named: list[str] = []
        for held, key in zip(values, keys, strict=True):
            if held is not None:
                found += held
                named += [key] * len(held)
        self._book.load(found, named)

    def estimate(self, predicate: Some | Missing) -> Estimate | None:
        """Count the records with one value exactly, bound those with several; list rare ones."""
        check_answered(predicate, (Some, Missing))
        leaf = predicate.leaf if isinstance(predicate, Some) else predicate
        if not isinstance(leaf, Eq | In):
            return None
        return self.of_values(values_of(leaf, (Eq, In)))

    def of_values(self, values: Sequence[Any]) -> Estimate:
        """Tell what is known of the records that have one of some values."""
        if len(values) == 1:
            return self._book.of_one(values[0])

        counts = [self._book.counts.get(value, 0) for value in values]
        size = Size(max(counts, default=0), sum(counts), sum(counts))
        keys = self._book.keys(values)
        return Estimate(size, None if keys is None else list(dict.fromkeys(keys)))

    def faults(self, fresh: Self) -> Iterator[str]:
        """Compare the counts, and the keys that are listed."""
        return self._book.faults(fresh._book)


class TagBook:
    """The number of records by pair, and by key; see `ManyBook`."""

    __slots__ = ("_keys", "_pairs")

    def __init__(self) -> None:
        self._keys = ManyBook()
        self._pairs = ManyBook()

    @property
    def counts(self) -> Mapping[Any, int]:
        """Key → how many records have it."""
        return self._keys.counts

    def counts_with(self, key: str) -> Mapping[Any, int]:
        """Value of a key → how many records have it. Costs a look at each pair."""
        return {pair[1]: count for pair, count in self._pairs.counts.items() if pair[0] == key}

    def change(self, old: Sequence[Any] | None, new: Sequence[Any] | None, key: str) -> None:
        """Count a record out under the tags that it has no more, and in under new ones."""
        self._pairs.change(old, new, key)
        self._keys.change(_keys_of(old), _keys_of(new), key)

    def load(self, values: Sequence[Sequence[Any] | None], keys: Sequence[str]) -> None:
        """Count many new records in. Costs 0.3 µs a tag."""
        self._pairs.load(values, keys)
        self._keys.load([_keys_of(pairs) for pairs in values], keys)

    def estimate(self, predicate: Has | Missing) -> Estimate | None:
        """Count the records with one tag exactly, bound those with several; list rare ones."""
        check_answered(predicate, (Has, Missing))
        if isinstance(predicate, Missing):
            return None
        if predicate.values is None:
            return self._keys.of_values([predicate.key])
        return self._pairs.of_values([(predicate.key, value) for value in predicate.values])

    def faults(self, fresh: Self) -> Iterator[str]:
        """Compare the counts, and the keys of records that are listed."""
        yield from self._pairs.faults(fresh._pairs)
        yield from self._keys.faults(fresh._keys)


def _keys_of(pairs: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return the keys of pairs, each once."""
    return None if pairs is None else tuple(dict.fromkeys([key for key, _ in pairs]))


class ManyGramBook(GramBook):
    """A `GramBook` of records that may have several texts."""

    __slots__ = ()

    def change(self, old: Any, new: Any, key: str) -> None:  # noqa: ARG002 - as every book has it
        """Note the grams of new texts."""
        for text in new or ():
            super().change(None, text, key)

    def enter(self, values: Sequence[Any]) -> None:
        """Note the grams of many new texts."""
        super().enter([text for texts in values for text in texts or ()])

    def estimate(self, predicate: Any) -> Estimate | None:
        """Tell that nothing matches, if that is certain."""
        check_answered(predicate, (Some,))
        return super().estimate(predicate.leaf)
