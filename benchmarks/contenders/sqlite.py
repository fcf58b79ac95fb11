"""SQLite in memory, tuned.

It has composite and covering indexes, ANALYZE, FTS5 trigrams and cached counts.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.contenders.table import bound, columns, in_answer_order
from instquery import Contains, Eq, In, Page, Query
from instquery.predicates import Bounded, Predicate
from instquery.ranges import Interval
from instquery.schema import Schema

__all__ = ["Sqlite"]

# Equalities that are often asked together; each index goes on with the order, so that it serves
# page and count.
_TOGETHER = {
    "instanceId": [("status",)],
    "InstanceID": [
        *(
            ("OwnerId",),
            ("OwnerId", "ProductCode"),
            ("ProductCode",),
            ("ProductCode", "Region"),
            ("ProductType",),
        ),
        *(("SubscriptionType",), ("SubscriptionType", "RenewStatus"), ("RenewStatus",)),
        ("ProductCode", "SubscriptionType", "RenewStatus"),
    ],
}
# An FTS match of more rows than this is slower than a walk in answer order that tests each row.
_MANY = 2000


class Sqlite:
    """One table with an index for each way it is asked.

    Text is found by trigram, or by a walk where that is faster.
    """

    def __init__(self, schema: Schema, records: Iterable[Mapping[str, Any]]) -> None:
        self._schema = schema
        rows = in_answer_order(schema, records)
        found = columns(schema, rows)
        found["rank"] = [schema.rank(row) for row in rows]
        self._members = list(schema.fields)
        self._columns = list(found)
        # Threads may ask it, one at a time: whoever has several brings the lock.
        self._db = sqlite3.connect(
            ":memory:", isolation_level=None, cached_statements=1000, check_same_thread=False
        )
        run = self._db.execute
        run("PRAGMA journal_mode = OFF")
        run("PRAGMA synchronous = OFF")
        run("PRAGMA temp_store = MEMORY")
        run("BEGIN")
        run(f"CREATE TABLE r ({', '.join(found)})")
        self._db.executemany(
            f"INSERT INTO r VALUES ({', '.join('?' * len(found))})",  # noqa: S608
            zip(*found.values(), strict=True),
        )
        run(f"CREATE UNIQUE INDEX by_key ON r ({schema.key})")
        run(f"CREATE INDEX by_order ON r (rank DESC, {schema.key})")
        for fields in _TOGETHER[schema.key]:
            run(
                f"CREATE INDEX by_{'_'.join(fields)}"
                f" ON r ({', '.join(fields)}, rank DESC, {schema.key})"
            )
        for name, field in schema.fields.items():
            if field.kind == "instant" and field.indexed and name != schema.order.field:
                run(f"CREATE INDEX by_{name} ON r ({name}_us)")
        self._texts = [name for name, field in schema.fields.items() if field.kind == "text"]
        if self._texts:
            folded = ", ".join(f"{name}_folded" for name in self._texts)
            run(
                f"CREATE VIRTUAL TABLE fts USING fts5({folded},"
                " content='', tokenize='trigram case_sensitive 1')"
            )
            run(f"INSERT INTO fts (rowid, {folded}) SELECT rowid, {folded} FROM r")  # noqa: S608
        run("COMMIT")
        run("ANALYZE")
        self._counts: dict[tuple[Predicate, ...], int] = {}

    def page(self, query: Query) -> Page:
        """Select the page by the order's index or a composite one, and count by a covering one."""
        conditions, values = self._conditions(bound(self._schema, query))
        names = ", ".join(self._members)
        order = f"ORDER BY rank DESC, {self._schema.key} LIMIT ? OFFSET ?"
        sql = f"SELECT {names} FROM r {conditions} {order}"  # noqa: S608
        offset = min(query.offset, (1 << 63) - 1)
        found = self._db.execute(sql, (*values, query.limit, offset)).fetchall()
        items = [
            {m: v for m, v in zip(self._members, row, strict=True) if v is not None}
            for row in found
        ]
        return Page(items, self._count(query, conditions, values) if query.total else None)

    def put(self, record: Mapping[str, Any]) -> None:
        """Insert or update a row in the table, its indexes and the trigrams."""
        row = self._schema.take(record).row
        new = {name: column[0] for name, column in columns(self._schema, [row]).items()}
        new["rank"] = self._schema.rank(row)
        key = self._schema.key
        old = self._row(new[key])
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
        self, rowid: int, old: dict[str, Any] | None, new: dict[str, Any] | None
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

    def _count(self, query: Query, conditions: str, values: list[Any]) -> int:
        """Count the matches.

        Counts of everything and of one equality stay right until a write, and are kept.
        """
        cached = not query.where or (len(query.where) == 1 and isinstance(query.where[0], Eq))
        if cached and query.where in self._counts:
            return self._counts[query.where]
        count: int = self._db.execute(f"SELECT count(*) FROM r {conditions}", values).fetchone()[0]  # noqa: S608
        if cached:
            self._counts[query.where] = count
        return count

    def _conditions(self, where: Iterable[Bounded]) -> tuple[str, list[Any]]:
        parts: list[str] = []
        values: list[Any] = []
        for predicate in where:
            match predicate:
                case Eq(field=field, value=value):
                    parts.append(f"{field} = ?")
                    values.append(value)
                case In(field=field, values=listed):
                    parts.append(f"{field} IN ({', '.join('?' * len(listed))})")
                    values += listed
                case Interval(field=field, low=low, high=high):
                    column = "rank" if field == self._schema.order.field else f"{field}_us"
                    parts.append(f"{column} BETWEEN ? AND ?")
                    values += [low, high]
                case Contains(field=field, folded=needle):
                    part, value = self._contains(field, needle)
                    parts.append(part)
                    values.append(value)
        return ("WHERE " + " AND ".join(parts) if parts else ""), values

    def _contains(self, field: str, needle: str) -> tuple[str, str]:
        """Find text by trigram where few rows have it.

        A needle of one or two characters has no trigram.
        """
        if len(needle) >= 3:
            phrase = f'{field}_folded : "{needle.replace(chr(34), chr(34) * 2)}"'
            sample = "SELECT count(*) FROM (SELECT 1 FROM fts WHERE fts MATCH ? LIMIT ?)"
            if self._db.execute(sample, (phrase, _MANY)).fetchone()[0] < _MANY:
                return "rowid IN (SELECT rowid FROM fts WHERE fts MATCH ?)", phrase
        return f"instr({field}_folded, ?)", needle
