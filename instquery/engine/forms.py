"""Forms: in which timespecs all records of a store are written, so that nobody looks again."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Self

from instquery.contents import Form, form_of
from instquery.instants import WRITTEN, Unit
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["FormBook"]


class FormBook:
    """How many records are plain, by form.

    A record is plain in a timespec if every member is declared and has a value, and every instant
    is text as `to_text` writes it with that timespec. Replies hand out plain records as they are.
    Costs 1 µs a record that is added, and as much to remove one where not all have one form.
    """

    __slots__ = ("_counts", "_instants", "_is_drawn", "_names", "_usual")

    def __init__(self, schema: Schema) -> None:
        self._names = frozenset(schema.fields)
        self._instants = [name for name, field in schema.fields.items() if field.kind.is_instant]
        self._is_drawn = any(field.is_drawn for field in schema.fields.values())
        self._usual: tuple[Unit, ...] = WRITTEN  # the one that was met last comes first
        self._counts: Counter[Form] = Counter()

    @property
    def timespecs(self) -> frozenset[Unit]:
        """The timespecs in which every record is plain."""
        counts = self._counts
        return frozenset([spec for spec in WRITTEN if not counts.keys() - {spec, "any"}])

    def change(self, old: Record | None, new: Record | None) -> None:
        """Note that a record has been added (no `old`), replaced, or removed (no `new`)."""
        counts = self._counts
        if old is not None:
            form = next(iter(counts)) if len(counts) == 1 else self._form(old)
            counts[form] -= 1
            if not counts[form]:
                del counts[form]
        if new is not None:
            counts[self._form(new)] += 1

    def load(self, records: Sequence[Record]) -> None:
        """Note many new records. Costs 0.6 µs a record where all have one form."""
        form = self._form_of_all(records)
        if form == "other":
            self._counts.update(map(self._form, records))
        elif records:
            undated = records  # which are plain in every form, as `change` counts them too
            for name in self._instants:
                undated = [record for record in undated if record.get(name) is None]
            found: dict[Form, int] = {form: len(records) - len(undated)}
            found["any"] = len(undated)
            self._counts.update({its: count for its, count in found.items() if count})

    def faults(self, fresh: Self) -> Iterator[str]:
        """Compare the counts with those of a book just made of all records."""
        if self._counts != fresh._counts:
            yield "forms of records"

    def _form(self, record: Record) -> Form:
        """Tell the form of one record."""
        return self._form_of_all((record,))

    def _form_of_all(self, records: Sequence[Record]) -> Form:
        """Tell the form that all records have; other, if they have more than one."""
        if self._is_drawn:
            return "other"  # a row of these is no record
        form = form_of(records, self._names, self._instants, self._usual)
        if form in WRITTEN and form != self._usual[0]:
            self._usual = tuple(sorted(WRITTEN, key=form.__ne__))
        return form
