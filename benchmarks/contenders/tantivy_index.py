"""tantivy: a search engine's inverted index, with every gram of one to three characters."""

from typing import Any

import tantivy

from benchmarks.contenders.table import Table, Unanswered, bound
from instquery import Contains, Eq, In, Page, Query
from instquery.predicates import Bounded
from instquery.ranges import Interval

__all__ = ["Tantivy"]

_GRAM = 3
_AT_ONCE = 1000  # candidates of a longer needle that are looked at in one go


class Tantivy:
    """One document a row, sorted by its place in answer order, a fast field.

    A longer needle is found by its grams, and the rows are looked at. Nothing can be written.
    """

    def __init__(self, table: Table) -> None:
        self._schema = table.schema
        self._rows = table.rows
        self._index = self._made()
        self._fill(table)
        self._index.reload()
        self._searcher = self._index.searcher()

    def _made(self) -> Any:
        """Declare a field for each that is indexed."""
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("place", fast=True)
        self._instants = []
        for name, field in self._schema.fields.items():
            if field.kind == "instant" and field.indexed:
                self._instants.append(name)
                builder.add_integer_field(name, indexed=True, fast=True)
            elif field.kind in ("text", "keyword"):
                grams = "grams" if field.kind == "text" else "raw"
                builder.add_text_field(name, tokenizer_name=grams, index_option="basic")
        self._fields = builder.build()
        index = tantivy.Index(self._fields)
        tokens = tantivy.Tokenizer.ngram(1, _GRAM, False)  # noqa: FBT003 - it has no names
        index.register_tokenizer("grams", tantivy.TextAnalyzerBuilder(tokens).build())
        return index

    def _fill(self, table: Table) -> None:
        writer = self._index.writer(300_000_000, 1)
        for place in range(len(table.rows)):
            document = tantivy.Document()
            document.add_unsigned("place", place)
            for name, field in self._schema.fields.items():
                folded = name + "_folded" if field.kind == "text" else name
                value = table.columns[folded][place]
                if value is not None and field.kind in ("text", "keyword"):
                    document.add_text(name, str(value))
            for name in self._instants:
                micros = table.columns[name + "_us"][place]
                if micros is not None:
                    document.add_integer(name, micros)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def page(self, query: Query) -> Page:
        """Search with a limit and an offset, or through the candidates of longer needles."""
        where = bound(self._schema, query)
        parts = [(tantivy.Occur.Must, part) for one in where for part in self._parts(one)]
        asked = tantivy.Query.boolean_query(parts) if parts else tantivy.Query.all_query()
        long = [one for one in where if isinstance(one, Contains) and len(one.folded) > _GRAM]
        if long:
            return self._looked_at(asked, long, query)
        if query.offset >= len(self._rows):
            return Page([], self._search(asked, 1, 0, count=True).count if query.total else None)
        found = self._search(asked, max(1, query.limit), query.offset, count=query.total)
        return self._page([place for place, _ in found.hits[: query.limit]], found.count, query)

    def _looked_at(self, asked: Any, long: list[Contains], query: Query) -> Page:
        """Go through candidates in order, until there are enough if no total is wanted."""
        kept: list[int] = []
        start = 0
        while True:
            found = self._search(asked, _AT_ONCE, start, count=False)
            kept += [
                place
                for place, _ in found.hits
                if all(one.matches(self._rows[place]) for one in long)
            ]
            start += _AT_ONCE
            is_enough = not query.total and len(kept) >= query.offset + query.limit
            if len(found.hits) < _AT_ONCE or is_enough:
                break
        return self._page(kept[query.offset : query.offset + query.limit], len(kept), query)

    def _search(self, asked: Any, limit: int, offset: int, *, count: bool) -> Any:
        order = tantivy.Order.Asc
        return self._searcher.search(asked, limit, count, "place", offset, order)

    def _page(self, places: list[int], total: int | None, query: Query) -> Page:
        return Page([self._rows[place].copy() for place in places], total if query.total else None)

    def _parts(self, predicate: Bounded) -> list[Any]:
        fields, name = self._fields, predicate.field
        if isinstance(predicate, Interval):
            low, high = predicate.low, predicate.high
            kind = tantivy.FieldType.Integer
            return [tantivy.Query.range_query(fields, name, kind, low, high)]
        if self._schema.fields[name].kind == "text" and not isinstance(predicate, Contains):
            raise Unanswered
        if isinstance(predicate, Eq):
            return [tantivy.Query.term_query(fields, name, predicate.value)]
        if isinstance(predicate, In):
            return [tantivy.Query.term_set_query(fields, name, list(predicate.values))]
        needle = predicate.folded
        size = min(_GRAM, len(needle))
        grams = {needle[at : at + size] for at in range(len(needle) - size + 1)}
        return [tantivy.Query.term_query(fields, name, gram) for gram in sorted(grams)]
