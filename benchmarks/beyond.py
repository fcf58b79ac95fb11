"""Questions beyond those of the two APIs: trees, other orders, counts by values and by months.

Each is asked of ours and of SQLite by hand, and the answers are compared.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from statistics import median
from time import process_time
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta

from benchmarks.by_hand import ByHand, Sql
from benchmarks.inventories import FIELDS, inventory
from instquery import Eq, Missing, Order, Predicate, Query, Range, Store
from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros
from instquery.query import Record

__all__ = ["Question", "compared", "measure"]

_LIMIT = 50
_DEEP = 999  # pages before page 1,000
_ENOUGH = 0.2  # seconds that one way is timed
_FEWEST = 3  # times, at the least
_GIVEN_UP = 3  # times as long as the fastest
_MONTH = relativedelta(months=1)
_SOON = timedelta(days=90)
_SINCE, _UNTIL = ANCHOR - relativedelta(years=5), ANCHOR + relativedelta(years=2)


class Roles(NamedTuple):
    """Which fields of an inventory are asked for."""

    kind: str
    """A keyword with few values, one of them of most records."""
    place: str
    """A keyword with some more."""
    end: str
    """An instant that is not the order, and that some records lack."""


_ROLES = {
    "airec": Roles("status", "regionId", "expiredTime"),
    "bss": Roles("Status", "Region", "EndTime"),
}


class Question(NamedTuple):
    """A title, how ours is asked, and the ways to ask SQLite, of which the fastest counts."""

    title: str
    ours: Callable[[], Any]
    """Returns records and total, or counts."""
    page: Sequence[Sql]
    """Ways to the numbers of the page's rows; without `order`, to the whole answer."""
    total: Sequence[Sql] = ()
    """Ways to count; none where all records match: that count anybody keeps."""
    order: str = ""
    made: Callable[[list[Any]], Any] = list
    """Makes an answer of what is fetched."""


def measure(data: str, count: int, *, brief: bool = False) -> dict[str, dict[str, float]]:
    """Return title → engine → µs, and how many records match, or how many counts there are."""
    found: dict[str, dict[str, float]] = {}
    for api in [api for of, api in FIELDS if of == data and api in _ROLES]:
        gc.disable()  # it would look through millions of records again and again
        asked = _Asked(api, list(inventory(data, api, count)))
        gc.collect()
        gc.freeze()
        gc.enable()
        for question in asked.questions():
            enough = 0.0 if brief else _ENOUGH
            found[f"{api}: {question.title}"] = compared(question, asked.table, enough)
        gc.unfreeze()
    return found


def compared(question: Question, table: ByHand, enough: float) -> dict[str, float]:
    """Time both, and compare all answers."""
    answer = question.ours()
    sqlite = 0.0
    if question.total:
        sqlite += _fastest(
            question.total, table, lambda sql: table.run(sql)[0][0], answer[1], enough
        )

    expected = answer[0] if question.order else answer
    sqlite += _fastest(question.page, table, partial(_fetched, question, table), expected, enough)
    matches = answer[1] if question.order else len(answer)
    ours = _time(question.ours, enough)
    return {"matches": matches, "instquery": ours, "sqlite": sqlite}


def _fastest(
    ways: Sequence[Sql],
    table: ByHand,
    ask: Callable[[Sql], Any],
    expected: object,
    enough: float,
) -> float:
    """Return how long the fastest way takes; each way's answer is compared.

    One that takes several times as long as another is given up.
    """
    best = float("inf")
    for sql in table.ways(*ways):
        try:
            with table.within(best * _GIVEN_UP):
                start = process_time()
                found = ask(sql)
                first = (process_time() - start) * 1e6
        except TimeoutError:
            continue
        assert found == expected, sql
        if first < best * 2:
            best = min(best, first, _time(partial(ask, sql), enough))
    return best


def _fetched(question: Question, table: ByHand, sql: Sql) -> Any:
    if question.order:
        return table.records(sql, question.order)
    return question.made(table.run(sql))


def _time(ask: Callable[[], Any], enough: float) -> float:
    """Return the median of the processor's time in µs: whatever else runs does not count."""
    times: list[float] = []
    while len(times) < _FEWEST or sum(times) < enough:
        start = process_time()
        ask()
        times.append(process_time() - start)
    return median(times) * 1e6


class _Asked:
    """One inventory in both engines."""

    def __init__(self, api: str, records: Sequence[Record]) -> None:
        schema = CATALOG[api].operation.schema
        self._store = Store(schema, records)
        self._count = len(records)
        self._kind, self._place, self._end = _ROLES[api]
        assert schema.ranked is not None
        self._rank, self._key = f"{schema.ranked.field}_us", schema.key
        self._order = schema.ranked.field
        self._kinds = [*self._store.facets(self._kind)]
        self._places = [*self._store.facets(self._place)]
        self.table = ByHand(schema, records, self._indexes())

    def _indexes(self) -> Mapping[str, str]:
        kind, place, key = self._kind, self._place, self._key
        rank, end = self._rank, f"{self._end}_us"
        return {
            "by_rank": f"{rank} DESC, {key}, {kind}, {place}, {end}",
            "by_kind": f"{kind}, {rank} DESC, {key}, {place}, {end}",
            "by_kind_and_place": f"{kind}, {place}, {end}",
            "by_place": f"{place}, {rank} DESC, {key}, {kind}",
            "by_place_and_kind": f"{place}, {kind}, {end} IS NULL",
            "by_missing": f"{end} IS NULL, {rank} DESC, {key}",
            "by_end_rising": f"{end} IS NULL, {end}, {key}",
            "by_end_falling": f"{end} DESC, {key}",
            "by_place_and_key": f"{place}, {key}",
        }

    def questions(self) -> Iterator[Question]:
        """Yield all questions."""
        yield from self._trees()
        yield from self._orders()
        yield from self._counts()

    # trees

    def _trees(self) -> Iterator[Question]:
        kind, place, end = self._kind, self._place, f"{self._end}_us"
        usual, rare = self._kinds[0], self._kinds[-1]
        main, some = self._places[0], self._places[-1]
        now = to_micros(ANCHOR)
        until = to_micros(ANCHOR + _SOON)

        yield self._tree(
            "one of two keywords",
            Eq(kind, rare) | Eq(place, some),
            [(f"{kind} = ? OR {place} = ?", (rare, some))],
            Sql(
                f"SELECT (SELECT count(*) FROM r WHERE {kind} = ?)"  # noqa: S608
                f" + (SELECT count(*) FROM r WHERE {place} = ?)"
                f" - (SELECT count(*) FROM r WHERE {kind} = ? AND {place} = ?)",
                (rare, some, rare, some),
            ),
            self._merged([(f"{kind} = ?", rare), (f"{place} = ?", some)]),
        )
        yield self._tree(
            "not the usual value",
            ~Eq(kind, usual),
            [(f"{kind} <> ?", (usual,)), (f"{kind} < ? OR {kind} > ?", (usual, usual))],
            Sql(
                "SELECT (SELECT count(*) FROM r)"  # noqa: S608
                f" - (SELECT count(*) FROM r WHERE {kind} = ?)",
                (usual,),
            ),
        )
        yield self._tree(
            "the usual value and not (a place or ending within 90 days)",
            Eq(kind, usual)
            & ~(Eq(place, main) | Range(self._end, since=ANCHOR, until=ANCHOR + _SOON)),
            [
                (
                    f"{kind} = ? AND {place} <> ? AND ({end} IS NULL OR {end} < ? OR {end} > ?)",
                    (usual, main, now, until),
                )
            ],
        )
        yield self._tree(
            "missing", Missing(self._end), [(f"({end} IS NULL) = 1", ()), (f"{end} IS NULL", ())]
        )

    def _tree(
        self,
        title: str,
        tree: Predicate,
        wheres: Sequence[tuple[str, tuple[object, ...]]],
        *more: Sql,
    ) -> Question:
        """Ask for the first page and the total; of `more` the first counts, the others select."""
        order = f"{self._rank} DESC, {self._key}"
        count, select = "SELECT count(*)", "SELECT rowid"
        last = f"ORDER BY {order} LIMIT {_LIMIT}"
        rest = [(f"FROM r {{index}} WHERE {text}", values) for text, values in wheres]
        counts = [Sql(f"{count} {text}", values) for text, values in rest]
        pages = [Sql(f"{select} {text} {last}", values) for text, values in rest]
        return Question(
            title, self._paged(Query(tree)), [*pages, *more[1:]], [*counts, *more[:1]], order
        )

    def _merged(self, branches: Sequence[tuple[str, object]]) -> Sql:
        """Merge the first rows of each branch, each in order by an index of its own."""
        order = f"{self._rank} DESC, {self._key}"
        parts = [
            "SELECT * FROM (SELECT rowid AS number, "  # noqa: S608
            f"{self._rank}, {self._key} FROM r WHERE {text} ORDER BY {order} LIMIT {_LIMIT})"
            for text, _ in branches
        ]
        text = f"SELECT number FROM ({' UNION '.join(parts)}) ORDER BY {order} LIMIT {_LIMIT}"  # noqa: S608
        return Sql(text, [value for _, value in branches])

    def _paged(self, query: Query) -> Callable[[], Any]:
        """Return what asks ours for the items of a page, and the total."""

        def ask() -> Any:
            page = self._store.page(query)
            return page.items, page.total

        return ask

    # orders

    def _orders(self) -> Iterator[Question]:
        end, key = f"{self._end}_us", self._key
        ways = [
            ("the soonest to end first", self._end, False, f"{end} IS NULL, {end}, {key}"),
            ("the last to end first", self._end, True, f"{end} DESC, {key}"),
            ("by a keyword", self._place, False, f"{self._place}, {key}"),
        ]
        for title, field, falls, order in ways:
            # The last page that is full, where there are not so many.
            for pages in (0, min(_DEEP, max(0, self._count // _LIMIT - 1))):
                asked = Query(
                    order=Order(field, descending=falls), offset=pages * _LIMIT, limit=_LIMIT
                )
                text = f"SELECT rowid FROM r {{index}} ORDER BY {order} LIMIT {_LIMIT} OFFSET ?"  # noqa: S608
                yield Question(
                    f"{title}, page {'1,000' if pages else '1'}",
                    self._paged(asked),
                    [Sql(text, (pages * _LIMIT,))],
                    order=order,
                )

    # counts

    def _counts(self) -> Iterator[Question]:
        kind, place, end = self._kind, self._place, f"{self._end}_us"
        main = self._places[0]
        yield Question(
            "facets of two fields under a filter",
            lambda: self._store.facets((place, kind), Missing(self._end)),
            [
                Sql(
                    f"SELECT {place}, {kind}, count(*) FROM r {{index}} WHERE {text}"  # noqa: S608
                    f" AND {place} IS NOT NULL AND {kind} IS NOT NULL GROUP BY {place}, {kind}"
                )
                for text in (f"({end} IS NULL) = 1", f"{end} IS NULL")
            ],
            made=lambda rows: {(first, second): count for first, second, count in rows},
        )
        for title, field in (("creation", self._order), ("end", self._end)):
            edges = self._store.histogram(field, every=_MONTH, since=_SINCE, until=_UNTIL).edges
            micros = [to_micros(edge) for edge in edges]
            yield Question(
                f"histogram by month of {title}",
                partial(self._store.histogram, field, every=_MONTH, since=_SINCE, until=_UNTIL),
                [self._each_month(field, micros), self._all_months(field, micros)],
                made=partial(_binned, bins=len(micros) - 1),
            )
        yield Question(
            "histogram by month of end under a filter",
            lambda: self._store.histogram(
                self._end, where=Eq(place, main), every=_MONTH, since=_SINCE, until=_UNTIL
            ),
            [
                self._each_month(self._end, micros, f"{place} = ?", (main,)),
                self._all_months(self._end, micros, f"{place} = ?", (main,)),
            ],
            made=partial(_binned, bins=len(micros) - 1),
        )

    def _each_month(
        self, field: str, edges: Sequence[int], where: str = "TRUE", values: Sequence[object] = ()
    ) -> Sql:
        """Count each bin by itself."""
        counts = [
            f"SELECT ? AS bin, count(*) FROM r {{index}} WHERE {where}"  # noqa: S608
            f" AND {field}_us >= ? AND {field}_us < ?"
        ] * (len(edges) - 1)
        asked = [
            (number, *values, edges[number], edges[number + 1]) for number in range(len(edges) - 1)
        ]
        return Sql(" UNION ALL ".join(counts), [one for values in asked for one in values])

    def _all_months(
        self, field: str, edges: Sequence[int], where: str = "TRUE", values: Sequence[object] = ()
    ) -> Sql:
        """Count by month in one walk: months are those of the calendar, as are the edges."""
        text = (
            f"SELECT strftime('%Y', {field}_us / 1000000, 'unixepoch') * 12"  # noqa: S608
            f" + strftime('%m', {field}_us / 1000000, 'unixepoch') - ? AS bin, count(*)"
            f" FROM r {{index}} WHERE {where} AND {field}_us >= ? AND {field}_us < ? GROUP BY bin"
        )
        first = _SINCE.year * 12 + _SINCE.month
        return Sql(text, (first, *values, edges[0], edges[-1]))


def _binned(rows: Sequence[tuple[int, int]], bins: int) -> list[int]:
    counts = Counter(dict(rows))
    return [counts[number] for number in range(bins)]
