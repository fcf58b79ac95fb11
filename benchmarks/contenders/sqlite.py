"""SQLite in memory, tuned.

It has covering indexes, FTS5 trigrams, cached counts, and a plan made for each query.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.contenders.sqlite_indexes import INDEXES, Index, Statistics, column_of
from benchmarks.contenders.table import Table, bound, columns
from instquery import Contains, Eq, In, Page, Query
from instquery.predicates import Bounded, Predicate

__all__ = ["Sqlite"]

# An FTS match of more rows than this is slower than a walk in answer order that tests each row.
_MANY = 2000
# Every trigram of a phrase is a list to read: of a longer needle the end is looked up.
_PHRASE = 8
# Sorting a match costs about as much as passing so many entries of an index.
_SORT = 4


class Sqlite:
    """One table with an index for each way it is asked.

    Text is found by trigram, or by a walk through a covering index where that is faster.
    """

    def __init__(self, table: Table) -> None:
        self._schema = schema = table.schema
        found = table.columns | {"rank": [schema.rank(row) for row in table.rows]}
        self._members = list(schema.fields)
        self._columns = list(found)
        self._statistics = Statistics(schema, found, len(table.rows))
        self._texts = [name for name, field in schema.fields.items() if field.kind == "text"]
        self._counts: dict[tuple[Predicate, ...], int] = {}
        # Threads may ask it, one at a time: whoever has several brings the lock.
        self._db = sqlite3.connect(
            ":memory:", isolation_level=None, cached_statements=1000, check_same_thread=False
        )
        self._fill(found)

    def _fill(self, found: Mapping[str, list[Any]]) -> None:
        run, key = self._db.execute, self._schema.key
        for setting in ("journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY"):
            run(f"PRAGMA {setting}")
        run("BEGIN")
        run(f"CREATE TABLE r ({', '.join(found)})")
        self._db.executemany(
            f"INSERT INTO r VALUES ({', '.join('?' * len(found))})",  # noqa: S608
            zip(*found.values(), strict=True),
        )
        run(f"CREATE UNIQUE INDEX by_key ON r ({key})")
        for index in INDEXES[key]:
            run(index.create(key))
        if self._texts:
            folded = ", ".join(f"{name}_folded" for name in self._texts)
            run(
                f"CREATE VIRTUAL TABLE fts USING fts5({folded},"
                " content='', tokenize='trigram case_sensitive 1')"
            )
            run(f"INSERT INTO fts (rowid, {folded}) SELECT rowid, {folded} FROM r")  # noqa: S608
        run("COMMIT")
        run("ANALYZE")

    def page(self, query: Query) -> Page:
        """Count by one index, then select the page by the one that is cheapest for it."""
        where = bound(self._schema, query)
        conditions, values, few = self._conditions(where)
        source, total = self._source(where, few), None
        if query.total or self._is_kept(query):
            total = self._count(query, f"{source} {conditions}", values)
        if total is not None and query.offset >= total:
            return Page([], total if query.total else None)
        names = ", ".join(self._members)
        limits = "LIMIT ? OFFSET ?"
        limit, offset = query.limit, min(query.offset, (1 << 63) - 1)
        is_backward = total is not None and 2 * offset > total  # nearer to the other end
        order = f"ORDER BY rank DESC, {self._schema.key}"
        if is_backward and total is not None:
            limit = min(limit, total - offset)
            offset = total - offset - limit
            order = f"ORDER BY rank, {self._schema.key} DESC"
        by_order = self._by_order(where, few, offset + limit, total)
        if by_order:
            sql = f"SELECT {names} FROM r INDEXED BY {by_order} {conditions} {order} {limits}"  # noqa: S608
        else:  # the rows themselves are looked at for the page alone
            inner = f"SELECT rowid FROM r {source} {conditions} {order} {limits}"  # noqa: S608
            sql = f"SELECT {names} FROM r NOT INDEXED WHERE rowid IN ({inner}) {order}"  # noqa: S608
        found = self._db.execute(sql, (*values, limit, offset)).fetchall()
        items = [
            {m: v for m, v in zip(self._members, row, strict=True) if v is not None}
            for row in (reversed(found) if is_backward else found)
        ]
        return Page(items, total if query.total else None)

    def put(self, record: Mapping[str, Any]) -> None:
        """Insert or update a row in the table, its indexes and the trigrams."""
        row = self._schema.take(record).row
        new = {name: column[0] for name, column in columns(self._schema, [row]).items()}
        new["rank"] = self._schema.rank(row)
        old = self._row(new[self._schema.key])
        values = list(new.values())
        if old is None:
            marks = ", ".join("?" * len(values))
            rowid = self._db.execute(f"INSERT INTO r VALUES ({marks})", values).lastrowid  # noqa: S608
        else:
            rowid = old["rowid"]
            sets = ", ".join(f"{name} = ?" for name in new if new[name] != old[name])
            if sets:
                changed = [value for name, value in new.items() if value != old[name]]
                self._db.execute(f"UPDATE r SET {sets} WHERE rowid = ?", [*changed, rowid])  # noqa: S608
        self._index_texts(rowid, old, new)
        self._recount(old, new)

    def put_many(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Put in one transaction."""
        self._db.execute("BEGIN")
        for record in records:
            self.put(record)
        self._db.execute("COMMIT")

    def discard(self, key: str) -> None:
        """Delete a row, and its trigrams."""
        old = self._row(key)
        if old is not None:
            self._db.execute("DELETE FROM r WHERE rowid = ?", (old["rowid"],))
            self._index_texts(old["rowid"], old, None)
            self._recount(old, None)

    def _row(self, key: object) -> dict[str, Any] | None:
        names = ["rowid", *self._columns]
        sql = f"SELECT {', '.join(names)} FROM r WHERE {self._schema.key} = ?"  # noqa: S608
        found = self._db.execute(sql, (key,)).fetchone()
        return None if found is None else dict(zip(names, found, strict=True))

    def _index_texts(
        self, rowid: int | None, old: dict[str, Any] | None, new: dict[str, Any] | None
    ) -> None:
        """Bring the trigrams of a row up to date where its texts have changed."""
        folded = [f"{name}_folded" for name in self._texts]
        before, after = ([row[name] for name in folded] if row else None for row in (old, new))
        if not folded or before == after:
            return
        names, marks = ", ".join(folded), ", ".join("?" * len(folded))
        if before:
            sql = f"INSERT INTO fts (fts, rowid, {names}) VALUES ('delete', ?, {marks})"  # noqa: S608
            self._db.execute(sql, (rowid, *before))
        if after:
            sql = f"INSERT INTO fts (rowid, {names}) VALUES (?, {marks})"  # noqa: S608
            self._db.execute(sql, (rowid, *after))

    def _recount(self, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        """Keep the cached counts right."""
        for where in self._counts:
            for row, change in ((old, -1), (new, 1)):
                if row is not None and all(
                    isinstance(one, Eq) and row[one.field] == one.value for one in where
                ):
                    self._counts[where] += change

    def _is_kept(self, query: Query) -> bool:
        return not query.where or (len(query.where) == 1 and isinstance(query.where[0], Eq))

    def _count(self, query: Query, rest: str, values: list[Any]) -> int:
        """Count the matches.

        Counts of everything and of one equality stay right until a write, and are kept.
        """
        cached = self._is_kept(query)
        if cached and query.where in self._counts:
            return self._counts[query.where]
        count: int = self._db.execute(f"SELECT count(*) FROM r {rest}", values).fetchone()[0]  # noqa: S608
        if cached:
            self._counts[query.where] = count
        return count

    def _source(self, where: Sequence[Bounded], few: str | None) -> str:
        """Say what the matches are found by: few rows by their numbers, else an index."""
        if few:
            return few
        index = self._best(where, INDEXES[self._schema.key])[0]
        return f"INDEXED BY {index.name}" if index else ""

    def _by_order(
        self, where: Sequence[Bounded], few: str | None, rows: int, total: int | None
    ) -> str | None:
        """Return the index that is walked in answer order until the page is full, if it pays."""
        if few:
            return None
        ordered = [index for index in INDEXES[self._schema.key] if index.range is None]
        index, entries = self._best(where, ordered)
        _, least = self._best(where, INDEXES[self._schema.key])
        matches: float | None = total
        if matches is None:
            matches = entries
            for predicate in where:
                if index and column_of(self._schema, predicate) not in index.equal:
                    matches *= self._statistics.share(predicate)
        share = min(1.0, rows / max(1.0, matches))
        is_walk = index is not None and entries * share <= least + _SORT * matches
        return index.name if index and is_walk else None

    def _best(
        self, where: Sequence[Bounded], indexes: Iterable[Index]
    ) -> tuple[Index | None, float]:
        """Return the index of which the fewest entries are looked at, and how many."""
        best: tuple[Index | None, float] = (None, float("inf"))
        for index in indexes:
            entries = self._statistics.walked(index, where)
            if entries is not None and entries < best[1]:
                best = (index, entries)
        return best

    def _conditions(self, where: Iterable[Bounded]) -> tuple[str, list[Any], str | None]:
        """Return conditions and their values; and what to look at where few rows are left."""
        parts: list[str] = []
        values: list[Any] = []
        few: str | None = None
        for predicate in where:
            column = column_of(self._schema, predicate)
            match predicate:
                case Eq(value=value):
                    parts.append(f"{column} = ?")
                    values.append(value)
                    if predicate.field == self._schema.key:
                        few = "INDEXED BY by_key"
                case In(field=field, values=listed):
                    parts.append(f"{field} IN ({', '.join('?' * len(listed))})")
                    values += listed
                    if field == self._schema.key:
                        few = "INDEXED BY by_key"
                case Contains(field=field, folded=needle):
                    part, sought, is_found = self._contains(field, needle)
                    parts.append(part)
                    values += sought
                    few = few or ("NOT INDEXED" if is_found else None)
                case _:
                    parts.append(f"{column} BETWEEN ? AND ?")
                    values += [predicate.low, predicate.high]
        return ("WHERE " + " AND ".join(parts) if parts else ""), values, few

    def _contains(self, field: str, needle: str) -> tuple[str, list[str], bool]:
        """Find text by trigram where few rows have it, and say whether it is found so.

        A needle of one or two characters has no trigram.
        """
        if len(needle) >= 3:
            last = needle[-_PHRASE:].replace('"', '""')
            phrase = f'{field}_folded : "{last}"'
            sample = "SELECT count(*) FROM (SELECT 1 FROM fts WHERE fts MATCH ? LIMIT ?)"
            if self._db.execute(sample, (phrase, _MANY)).fetchone()[0] < _MANY:
                matched = "rowid IN (SELECT rowid FROM fts WHERE fts MATCH ?)"
                if len(needle) > _PHRASE:
                    return f"{matched} AND instr({field}_folded, ?)", [phrase, needle], True
                return matched, [phrase], True
        return f"instr({field}_folded, ?)", [needle], False
