"""The census: facts of a whole store, kept up with every write, which plans weigh by."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self

from instquery.engine.books import Book, Estimate, GramBook, InstantBook, KeywordBook
from instquery.engine.forms import FormBook
from instquery.engine.manybooks import ManyBook, ManyGramBook, TagBook
from instquery.instants import Micros, Unit
from instquery.predicates import Bounded, Missing, Value, check_answered
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["Census"]

_BOOKS: Mapping[str, Callable[[Schema, str], Book]] = {
    "counts": lambda schema, field: KeywordBook(),  # noqa: ARG005 - one form for all
    "instants": lambda schema, field: InstantBook(schema.read(field)),
    "grams": lambda schema, field: GramBook(),  # noqa: ARG005
    "pairs": lambda schema, field: TagBook(),  # noqa: ARG005
}
"""How the book of a field is made, by what its kind says is kept."""

_MANY: Mapping[str, Callable[[], Book]] = {"counts": ManyBook, "grams": ManyGramBook}
"""The same for fields of many values."""


_NONE: Record = {}

# From so many new records on, all books are told of them together.
_TOGETHER = 8


class Census:
    """One book for each indexed field, but the order field, whose segments are as fast; and forms.

    Writes come in by one door, `change`, and in bulk by `load` with `note`. A census is of one
    version at a time: whoever holds both (see `current`) keeps them in step.
    """

    __slots__ = ("_books", "_forms", "_key")

    def __init__(self, schema: Schema) -> None:
        self._key = schema.key
        self._forms = FormBook(schema)
        self._books: dict[str, Book] = {}
        for name, field in schema.fields.items():
            facts = field.kind.facts
            is_ranked = schema.ranked is not None and name == schema.ranked.field
            if field.indexed and facts is not None and not is_ranked:
                self._books[name] = _MANY[facts]() if field.many else _BOOKS[facts](schema, name)

    @classmethod
    def of(cls, schema: Schema, records: Sequence[Record]) -> Self:
        """Take the census of records. Costs 2 µs a record, and 5 a text."""
        census = cls(schema)
        census.enter(records)
        return census

    # writing

    def change(self, old: Record | None, new: Record | None) -> None:
        """Note that a record has been added (no `old`), replaced, or removed (no `new`).

        Costs 1 µs a changed keyword, 5 µs a changed instant or text.
        """
        before = _NONE if old is None else old
        after = _NONE if new is None else new
        key = (before if new is None else new)[self._key]
        self._forms.change(old, new)
        for name, book in self._books.items():
            value, earlier = after.get(name), before.get(name)
            if value is not earlier and value != earlier:
                book.change(earlier, value, key)

    def enter(self, records: Sequence[Record]) -> None:
        """Count new records in: many for less than one by one."""
        if len(records) < _TOGETHER:
            for record in records:
                self.change(None, record)
            return

        self.load(records)
        for name, book in self._books.items():
            if isinstance(book, GramBook):
                book.enter([record.get(name) for record in records])

    def load(self, records: Sequence[Record]) -> None:
        """Count many new records in, for less than one by one.

        The grams of their texts are left to `note`: the segments that are built of them know them.
        """
        self._forms.load(records)
        keys = [record[self._key] for record in records]
        for name, book in self._books.items():
            book.load([record.get(name) for record in records], keys)

    def note(self, grams: Iterable[tuple[str, set[str] | None]]) -> None:
        """Note the grams of a segment's text fields; `None` where they are not known."""
        for name, grams_of_field in grams:
            book = self._books.get(name)
            if isinstance(book, GramBook):
                book.note(grams_of_field)

    # reading

    @property
    def timespecs(self) -> frozenset[Unit]:
        """The timespecs in which every record is plain; see `FormBook`."""
        return self._forms.timespecs

    def estimate(self, predicate: Bounded) -> Estimate | None:
        """Tell what is known of the records that match; `None` where nothing is known here."""
        book = self._books.get(predicate.field)
        if book is None or type(predicate) is Missing:  # which the segments know
            check_answered(predicate)
            return None
        return book.estimate(predicate)

    def facets(self, field: str, key: str | None = None) -> dict[Value, int] | None:
        """Return the records by value of a field; `None` where this is not known here.

        Of tags by key; or, with a key, by its values.
        """
        book = self._books.get(field)
        if isinstance(book, TagBook) and key is not None:
            return dict(book.counts_with(key))
        counts = None if book is None else book.counts
        return None if counts is None else dict(counts)

    def binned(self, field: str, edges: Sequence[Micros]) -> list[int] | None:
        """Return the records by bins of an instant; `None` where this is not known here."""
        book = self._books.get(field)
        return book.binned(edges) if isinstance(book, InstantBook) else None

    def faults(self, schema: Schema, records: Sequence[Record]) -> Iterator[str]:
        """Name what does not agree with the records."""
        fresh = type(self).of(schema, records)
        yield from self._forms.faults(fresh._forms)
        for name, book in self._books.items():
            for fault in book.faults(fresh._books[name]):
                yield f"{fault} {name}"
