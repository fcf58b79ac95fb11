"""Questions of tags, many values, numbers and patterns, of records as ECS describes instances.

Each is asked of ours and of SQLite by hand, with side tables, FTS5 and a column of reversed names,
and the answers are compared. Run it as `python -m benchmarks.tagged 100000`.
"""
# ruff: noqa: S608 - nothing but names of ours is put into texts of SQL

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from time import process_time
from typing import Any

from benchmarks.beyond import Question, compared
from benchmarks.by_hand import ByHand, Sql
from benchmarks.nested import nested
from instquery import (
    Eq,
    Has,
    In,
    Like,
    Order,
    Predicate,
    Query,
    Range,
    Record,
    Schema,
    Store,
    instant,
    keyword,
    number,
    tags,
    text,
)

__all__ = ["measure"]

_ENOUGH = 0.2  # seconds that one way is timed
_LIMIT = 50
_WEIGHED = 2_000  # records whose memory is counted
_WRITTEN = 500  # records that are written again, one by one

_FLAT: Mapping[str, Any] = {
    "InstanceId": text(),
    "InstanceName": text(),
    "Status": keyword(),
    "Cpu": number(),
    "CreationTime": instant(),
}
_PLAIN = Schema(key="InstanceId", order=Order("CreationTime"), fields=_FLAT)
SCHEMA = Schema(
    key="InstanceId",
    order=Order("CreationTime"),
    fields={
        **_FLAT,
        "VpcId": keyword(path="VpcAttributes.VpcId"),
        "Addresses": keyword(many=True, path="VpcAttributes.PrivateIpAddress.IpAddress"),
        "Groups": keyword(many=True, path="SecurityGroupIds.SecurityGroupId"),
        "Tags": tags(path="Tags.Tag", key="TagKey", value="TagValue"),
    },
)

_RANK, _KEY = "CreationTime_us", "InstanceId"
_ORDER = f"{_RANK} DESC, {_KEY}"
_LAST = f"ORDER BY {_ORDER} LIMIT {_LIMIT}"
_TAG = "key = ? AND value = ?"
_TAGGED = f"SELECT 1 FROM tags INDEXED BY of_rows WHERE row = r.rowid AND {_TAG}"
_ENVIRONMENTS = ("prod", "prod", "prod", "dev", "dev", "test")


def made(at: int) -> Record:
    """Make an instance: six environments' worth of tags, an address of its own, some hundred sizes.

    Numbers are spread by multiplication, so that no two members go together.
    """
    spread = at * 2_654_435_761 % 2**32
    address = f"10.{spread >> 24}.{spread >> 16 & 255}.{spread >> 8 & 255}"
    record = nested(at)
    pairs = [
        ("env", _ENVIRONMENTS[spread % 6]),
        ("team", f"team-{spread // 6 % 40}"),
        ("app", f"app-{spread // 240 % 500}"),
    ]
    if spread % 7 == 0:
        pairs.append(("owner", f"user-{spread // 7 % 2_000}"))
    record["Tags"] = {"Tag": [{"TagKey": key, "TagValue": value} for key, value in pairs]}
    record["VpcAttributes"]["PrivateIpAddress"] = {"IpAddress": [address]}
    record["Cpu"] = (0.5, 1, 2, 4, 8, 16, 32, 64)[spread // 11 % 8] * (1 + spread // 97 % 13)
    return record


class _Tables(ByHand):
    """A table of what is ranged over, side tables, and the whole record as JSON."""

    def __init__(self, records: Sequence[Record]) -> None:
        indexes = {
            "by_rank": f"{_RANK} DESC, {_KEY}",
            "by_name": f"InstanceName, {_RANK} DESC, {_KEY}",
            "by_number": f"Cpu DESC, {_KEY}",
        }
        super().__init__(_PLAIN, records, indexes)
        run = self._db.execute
        run("BEGIN")
        run("CREATE TABLE bodies (row INTEGER PRIMARY KEY, body)")
        run(f"CREATE TABLE tags (row INTEGER, key, value, {_RANK}, {_KEY})")
        run(f"CREATE TABLE addresses (row INTEGER, value, {_RANK}, {_KEY})")
        run(f"CREATE TABLE reversed (row INTEGER, value, {_RANK}, {_KEY})")
        run("CREATE VIRTUAL TABLE fts USING fts5(name, tokenize = 'trigram')")
        for row, record in enumerate(records, 1):
            self._add(row, record)
        run(f"CREATE INDEX of_tags ON tags (key, value, {_RANK} DESC, {_KEY}, row)")
        run("CREATE INDEX of_rows ON tags (row, key, value)")
        run(f"CREATE INDEX of_addresses ON addresses (value, {_RANK} DESC, {_KEY}, row)")
        run("CREATE INDEX of_address_rows ON addresses (row)")
        run(f"CREATE INDEX of_reversed ON reversed (value, {_RANK} DESC, {_KEY}, row)")
        run("CREATE INDEX of_reversed_rows ON reversed (row)")
        run("COMMIT")
        run("ANALYZE")

    def _add(self, row: int, record: Record) -> None:
        """Enter what is beside the main table."""
        run = self._db.execute
        rank, key = run(f"SELECT {_RANK}, {_KEY} FROM r WHERE rowid = ?", (row,)).fetchone()
        name = record["InstanceName"]
        run("INSERT INTO bodies VALUES (?, ?)", (row, json.dumps(record)))
        for pair in record["Tags"]["Tag"]:
            values = (row, pair["TagKey"], pair["TagValue"], rank, key)
            run("INSERT INTO tags VALUES (?, ?, ?, ?, ?)", values)
        for address in record["VpcAttributes"]["PrivateIpAddress"]["IpAddress"]:
            run("INSERT INTO addresses VALUES (?, ?, ?, ?)", (row, address, rank, key))
        run("INSERT INTO reversed VALUES (?, ?, ?, ?)", (row, name[::-1], rank, key))
        run("INSERT INTO fts (rowid, name) VALUES (?, ?)", (row, name))

    def put(self, row: int, record: Record) -> None:
        """Replace a record in all tables."""
        run = self._db.execute
        run("BEGIN")
        run(
            "UPDATE r SET Status = ?, Cpu = ? WHERE rowid = ?",
            (record["Status"], record["Cpu"], row),
        )
        for table in ("bodies", "tags", "addresses", "reversed"):
            run(f"DELETE FROM {table} WHERE row = ?", (row,))
        run("DELETE FROM fts WHERE rowid = ?", (row,))
        self._add(row, record)
        run("COMMIT")

    def records(self, rowids: Sql, order: str) -> list[Record]:
        """Fetch whole records of a page whose row numbers are selected, in order."""
        found = "SELECT body FROM r CROSS JOIN bodies ON row = r.rowid"
        text = f"{found} WHERE r.rowid IN ({rowids.text}) ORDER BY {order}"
        rows = self._db.execute(text, rowids.values)
        return [json.loads(body) for (body,) in rows]

    def size(self) -> int:
        """Return how many bytes it takes."""
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        return int(pages * self._db.execute("PRAGMA page_size").fetchone()[0])


class _Asked:
    """The same records in both engines."""

    def __init__(self, count: int) -> None:
        self.records = list(map(made, range(count)))
        self.store = Store(SCHEMA, self.records)
        self.table = _Tables(self.records)
        middle = self.records[count // 2]
        self._team = f"team-{count % 40}"
        self._app = middle["Tags"]["Tag"][2]["TagValue"]
        step = max(1, count // 100)
        self._addresses = sorted(
            {
                one["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0]
                for one in self.records[::step][:100]
            }
        )

    def questions(self) -> Iterator[Question]:
        """Yield all questions."""
        yield from self._tags()
        yield from self._patterns()
        yield from self._numbers()
        page = Sql(f"SELECT rowid FROM r {{index}} {_LAST}")
        yield Question("a page of nested records", self._paged(()), [page], order=_ORDER)

    def _paged(self, where: Any, order: Order | None = None) -> Callable[[], Any]:
        query = Query(where, order=order, limit=_LIMIT)

        def ask() -> Any:
            page = self.store.page(query)
            return page.items, page.total

        return ask

    def _ask(
        self, title: str, where: Predicate, wheres: Sequence[tuple[str, Sequence[object]]]
    ) -> Question:
        """Ask for a page and the total; each way is a source of numbers of rows, rank and key."""
        return Question(
            title,
            self._paged(where),
            [Sql(f"SELECT number FROM ({source}) {_LAST}", values) for source, values in wheres],
            [Sql(f"SELECT count(*) FROM ({source})", values) for source, values in wheres],
            _ORDER,
        )

    def _tags(self) -> Iterator[Question]:
        tag = f"SELECT row AS number, {_RANK}, {_KEY} FROM tags WHERE {_TAG}"
        row = f"SELECT rowid AS number, {_RANK}, {_KEY} FROM r"
        team, app, prod = ("team", self._team), ("app", self._app), ("env", "prod")

        yield self._ask("one tag", Has("Tags", *team), [(tag, team)])
        too = "SELECT 1 FROM tags AS t INDEXED BY of_rows WHERE t.row = tags.row"
        both = f"{tag} AND EXISTS ({too} AND t.key = ? AND t.value = ?)"
        yield self._ask(
            "two tags",
            Has("Tags", *prod) & Has("Tags", *team),
            [
                (both, (*team, *prod)),
                (both, (*prod, *team)),
                (f"{tag} INTERSECT {tag}", (*team, *prod)),
            ],
        )
        lacks = f"{row} WHERE NOT EXISTS ({_TAGGED})"
        others = Sql(
            f"SELECT (SELECT count(*) FROM r) - (SELECT count(*) FROM tags WHERE {_TAG})", prod
        )
        without = self._ask("not a tag", ~Has("Tags", *prod), [(lacks, prod)])
        yield without._replace(total=[*without.total, others])

        marks = ", ".join("?" * len(self._addresses))
        held = f"SELECT DISTINCT row AS number, {_RANK}, {_KEY} FROM addresses"
        held = f"{held} WHERE value IN ({marks})"
        yield self._ask(
            "any of 100 addresses", In("Addresses", self._addresses), [(held, self._addresses)]
        )
        yield Question(
            "facets of tags",
            lambda: self.store.facets("Tags"),
            [Sql("SELECT key, count(*) FROM tags GROUP BY key")],
            made=dict,
        )
        yield Question(
            "facets of one tag, under another",
            lambda: self.store.facets("Tags", Has("Tags", *app), key="team"),
            [
                Sql(
                    "SELECT t.value, count(*) FROM tags CROSS JOIN tags AS t INDEXED BY of_rows"
                    " ON t.row = tags.row AND t.key = 'team' WHERE tags.key = ? AND tags.value = ?"
                    " GROUP BY t.value",
                    app,
                )
            ],
            made=dict,
        )

    def _patterns(self) -> Iterator[Question]:
        row = f"SELECT rowid AS number, {_RANK}, {_KEY} FROM r {{index}} WHERE"
        grams = f"SELECT r.rowid AS number, {_RANK}, {_KEY} FROM fts JOIN r ON r.rowid = fts.rowid"
        grams = f"{grams} WHERE"
        back = f"SELECT row AS number, {_RANK}, {_KEY} FROM reversed WHERE"
        between = "InstanceName >= ? AND InstanceName < ?"
        yield self._ask(
            "a prefix",
            Like("InstanceName", "shop-web-12*"),
            [(f"{row} {between}", ("shop-web-12", "shop-web-13"))],
        )
        yield self._ask(
            "an inner pattern",
            Like("InstanceName", "*web*12*"),
            [
                (f"{row} InstanceName LIKE ?", ("%web%12%",)),
                (f"{grams} fts.name LIKE ?", ("%web%12%",)),
            ],
        )
        yield self._ask(
            "a suffix",
            Like("InstanceName", "*-77"),
            [
                (f"{row} InstanceName LIKE ?", ("%-77",)),
                (f"{grams} fts.name LIKE ?", ("%-77",)),
                (f"{back} value >= ? AND value < ?", ("77-", "77.")),
            ],
        )

    def _numbers(self) -> Iterator[Question]:
        prod = ("env", "prod")
        tag = f"SELECT row AS number, tags.{_RANK}, tags.{_KEY} FROM tags JOIN r ON r.rowid = row"
        tag = f"{tag} WHERE {_TAG} AND Cpu >= ? AND Cpu <= ?"
        row = f"SELECT rowid AS number, {_RANK}, {_KEY} FROM r {{index}}"
        row = f"{row} WHERE Cpu >= ? AND Cpu <= ? AND EXISTS ({_TAGGED})"
        yield self._ask(
            "a number range with a tag",
            Has("Tags", *prod) & Range("Cpu", since=24, until=64),
            [(tag, (*prod, 24, 64)), (row, (24, 64, *prod))],
        )
        order = f"Cpu DESC, {_KEY}"
        yield Question(
            "the first page by a number",
            self._paged((), Order("Cpu")),
            [Sql(f"SELECT rowid FROM r {{index}} ORDER BY {order} LIMIT {_LIMIT}")],
            order=order,
        )


def measure(count: int, *, brief: bool = False) -> dict[str, dict[str, float]]:
    """Return title → engine → µs, and how many records match; then writes, and bytes a record."""
    gc.disable()  # it would look through millions of records again and again
    asked = _Asked(count)
    gc.collect()
    gc.freeze()
    gc.enable()
    enough = 0.0 if brief else _ENOUGH
    found = {one.title: compared(one, asked.table, enough) for one in asked.questions()}
    gc.unfreeze()
    found["a record written again"] = _writes(asked)
    found["memory, bytes a record"] = {
        "matches": count,
        "instquery": _weight(asked.records[:_WEIGHED]),
        "sqlite": asked.table.size() / count,
    }
    return found


def _writes(asked: _Asked) -> dict[str, float]:
    """Change a status and a tag of records, one by one; both must hold the same afterwards."""
    times: dict[str, list[float]] = {"instquery": [], "sqlite": []}
    count = len(asked.records)
    chosen = range(0, count, max(1, count // _WRITTEN))
    for at in chosen:
        record = made(at)
        record["Status"] = "Stopping"
        record["Tags"]["Tag"][0]["TagValue"] = "moved"
        start = process_time()
        asked.store.put(record)
        between = process_time()
        asked.table.put(at + 1, record)
        times["instquery"].append((between - start) * 1e6)
        times["sqlite"].append((process_time() - between) * 1e6)

    moved = asked.store.count(Has("Tags", "env", "moved") & Eq("Status", "Stopping"))
    sql = Sql(
        "SELECT count(*) FROM tags JOIN r ON r.rowid = row"
        " WHERE key = 'env' AND value = 'moved' AND Status = 'Stopping'"
    )
    assert moved == asked.table.run(sql)[0][0] == len(chosen)
    return {"matches": moved, **{engine: median(each) for engine, each in times.items()}}


def _weight(records: Sequence[Record]) -> float:
    """Return the bytes of a record in a store, what was given not counted."""
    gc.collect()
    tracemalloc.start()
    store = Store(SCHEMA, records)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return taken / len(store)


def main() -> None:
    """Print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{count:,} records, µs\n")  # noqa: T201 - a report
    for title, row in measure(count).items():
        ratio = row["sqlite"] / row["instquery"]
        print(  # noqa: T201
            f"{title:<34} {row['matches']:>9,.0f} {row['instquery']:>11,.1f}"
            f" {row['sqlite']:>13,.1f} {ratio:>9.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
