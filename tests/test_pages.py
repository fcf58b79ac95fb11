"""Pages agree with the naive reading: by every plan, at every offset, behind every place."""

import random
from collections import Counter
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
import worn
from effort import examples
from instquery import In, Order, Query, Schema, Store, instant, text
from instquery.engine.plan import plans
from instquery.engine.search import resume, search

VARIANTS = list(product(["text", "keyword"], [True, False], [True, False]))

MANY = 1 << 20


@pytest.fixture
def small_numbers(monkeypatch):
    worn.have_small_numbers(monkeypatch)


def agree(store, where, expected, offsets, limits):
    """Every plan gives the pages and the total of the naive reading."""
    version = store._current.version
    wanted = worn.predicates(where)
    for total, plan in every_plan(store, wanted):
        assert plan.known in (None, len(expected)), plan
        for offset, limit in product(offsets, limits):
            rows, count = search(
                version, Query(wanted, offset=offset, limit=limit, total=total), plan
            )
            assert rows == expected[offset : offset + limit], (offset, limit, plan)
            assert count == (len(expected) if total else None), (offset, limit, plan)


def every_plan(store, wanted):
    """Yield every plan, with and without the census.

    Each comes once with a total and once without.
    """
    for total in (True, False):
        seen = []
        for census in (store._current.census, None):
            for plan in plans(Query(wanted, total=total), store._current.version, census):
                if plan not in seen:
                    seen.append(plan)
                    yield total, plan


def agree_behind(store, where, ordered, expected, places, limit):
    """Every plan goes on behind each place as the naive reading does.

    The record at the place may match or not.
    """
    version = store._current.version
    wanted = worn.predicates(where)
    matches = {record["id"] for record in expected}
    behind = [0]  # how many matches are at or before each place
    for record in ordered:
        behind.append(behind[-1] + (record["id"] in matches))

    for plan in plans(Query(wanted), version, store._current.census):
        for at in places:
            place = store.schema.ordering.place(ordered[at])
            rows, _ = resume(version, Query(wanted, limit=limit), plan, place)
            first = behind[at + 1]
            assert rows == expected[first : first + limit + 1], (place, plan)


def agree_in_facets(store, where, expected):
    """The records by value add up to those of the naive reading."""
    for reading, field in product((store, store.snapshot()), ("status", "owner")):
        values = [record[field] for record in expected if record.get(field) is not None]
        assert reading.facets(field, worn.predicates(where)) == Counter(values)


def agree_in_walks(store, where, expected, limit):
    """A walk by cursors, and one by offsets, see each match once."""
    for reading, total in product((store, store.snapshot()), (True, False)):
        page = reading.page(Query(worn.predicates(where), limit=limit, total=total))
        walked = page.items
        while page.cursor is not None:
            page = reading.page(
                Query(worn.predicates(where), limit=limit, total=total), page.cursor
            )
            walked = walked + page.items
        assert walked == expected

    offsets = range(0, len(expected) + limit, limit)
    pages = [
        store.page(Query(worn.predicates(where), offset=offset, limit=limit)) for offset in offsets
    ]
    assert [item for page in pages for item in page.items] == expected
    assert {page.total for page in pages} == {len(expected)}


def agree_everywhere(store, held, where):
    """Compare at every offset, behind every place, and in whole walks."""
    descending = store.schema.order.descending
    ordered = worn.matching(held.values(), [], descending=descending)
    expected = worn.matching(held.values(), where, descending=descending)

    agree(store, where, expected, range(len(expected) + 2), (0, 1, 3, MANY))
    agree_in_facets(store, where, expected)
    agree_behind(store, where, ordered, expected, range(len(ordered)), 2)
    agree_in_walks(store, where, expected, 3)


def compare_worn_stores(kind_of_key, indexed, descending, seeds):
    declared = worn.schema(kind_of_key, indexed=indexed, descending=descending)
    for seed in seeds:
        chance = random.Random(f"{kind_of_key} {indexed} {descending} {seed}")
        store, held = worn.worn(declared, chance)
        for where in worn.some_wheres(chance, kind_of_key):
            agree_everywhere(store, held, where)


@pytest.mark.usefixtures("small_numbers")
@pytest.mark.parametrize(("kind_of_key", "indexed", "descending"), VARIANTS)
def test_pages_at_every_offset_over_small_segments_with_vacant_rows(
    kind_of_key, indexed, descending
):
    compare_worn_stores(kind_of_key, indexed, descending, range(3))


@pytest.mark.long
@pytest.mark.usefixtures("small_numbers")
@pytest.mark.parametrize(("kind_of_key", "indexed", "descending"), VARIANTS)
def test_pages_at_every_offset_of_many_small_stores(kind_of_key, indexed, descending):
    compare_worn_stores(kind_of_key, indexed, descending, range(3, 40))


@given(
    st.randoms(use_true_random=False),
    st.sampled_from(["text", "keyword"]),
    st.booleans(),
    st.integers(1, 3),
)
@examples(25)
def test_pages_at_every_offset_of_stores_built_in_bulk(chance, kind_of_key, descending, count):
    declared = worn.schema(kind_of_key, descending=descending)
    store, held = worn.worn(declared, chance, most=20)
    where = chance.sample(worn.some_conditions(chance, kind_of_key), count)
    agree_everywhere(store, held, where)


def test_the_worn_stores_have_what_they_are_made_for():
    """Segments with vacant rows; every plan, totals known and counted.

    Queries with matches in many segments.
    """
    chance = random.Random(1)
    declared = worn.schema()
    seen, vacant = set(), 0
    for _ in range(20):
        store, _ = worn.worn(declared, chance)
        version = store._current.version
        assert store.verify() == []
        vacant += sum(segment.count < len(segment) for segment in version.segments)
        for where in worn.some_wheres(chance):
            for plan in plans(Query(worn.predicates(where)), version, store._current.census):
                seen.add((plan.driver, plan.total))
    assert vacant > 20
    drivers = {("nothing", "known"), ("keys", "known"), ("keys", "counted"), ("row sets", "known")}
    assert seen >= drivers | {("row sets", "counted"), ("scan", "known"), ("scan", "counted")}


@pytest.mark.parametrize("wanted", [slice(0, 6000, 3), slice(20_000, 24_000, 2)])
def test_pages_of_in_over_the_older_of_70_000_keys(wanted):
    """A text index only bounds how many of the keys a segment has.

    Pages once passed over segments by that.
    """
    keys = [f"i-{number:07}" for number in range(70_000)]
    store = older_keys(tuple(keys))
    expected = keys[wanted][::-1]
    where = (In("id", keys[wanted]),)
    version = store._current.version

    for offset in (0, 200, 400, 1000, 1800, 1999, 2000):
        query = Query(where, offset=offset, limit=200)
        by_driver = {plan.driver: plan for plan in plans(query, version, store._current.census)}
        for driver in ("keys", "row sets"):
            records, total = search(version, query, by_driver[driver])
            assert [record["id"] for record in records] == expected[offset : offset + 200]
            assert total == 2000


@cache
def older_keys(keys):
    declared = Schema(key="id", order=Order("created"), fields={"id": text(), "created": instant()})
    return Store(
        declared, [{"id": key, "created": worn.second(number)} for number, key in enumerate(keys)]
    )


# What each finds lies in one segment or in all of them, among the newest records or the oldest,
# often or seldom.
REAL_WHERES = [
    [],
    [("eq", "status", "Ready")],
    [("eq", "id", "i-1203")],
    [("in", "id", [worn.identifier(number) for number in range(0, 9000, 60)])],
    [
        ("in", "id", [worn.identifier(number) for number in range(0, 500, 3)]),
        ("eq", "status", "Running"),
    ],
    [("in", "status", ["Ready", 1, True, "", "none"])],
    [("in", "owner", ["3", "77", "4000"])],
    [("contains", "name", "推")],
    [("contains", "name", "web-77")],
    [("contains", "id", "99"), ("in", "status", ["Running", 0])],
    [("eq", "name", "prod-web-77")],
    [("in", "name", [f"prod-web-{number}" for number in range(0, 3000, 20)])],
    [("range", "expires", {"since": worn.second(1), "before": worn.second(3)})],
    [("range", "created", {"after": worn.second(5_000), "until": worn.second(22_500)})],
    [("range", "created", {"before": worn.second(40_000)}), ("contains", "name", "od-web")],
    [
        ("range", "created", {"since": worn.second(9_000)}),
        ("eq", "owner", "1"),
        ("in", "status", ["Ready", ""]),
    ],
]


def real(chance, number):
    """One of tens of thousands of records: some values are in every other, some in a few."""
    return {
        "id": worn.identifier(number),
        "name": chance.choice(["prod-web", "推荐", "Straße"]) + f"-{chance.randrange(3000)}",
        "status": chance.choice(worn.STATUSES),
        "owner": str(min(int(chance.paretovariate(0.5)), 5000)),
        "created": worn.second(number * 7919 % 50_000),
        "expires": worn.second(chance.randrange(5)),
    }


def real_store(declared, rows):
    """A store of segments of usual size; some rows are discarded, moved or changed.

    One row in thirty is discarded.
    """
    chance = random.Random(rows)
    held = {record["id"]: record for record in (real(chance, number) for number in range(rows))}
    store = Store(declared, held.values(), segment_rows=rows // 3)
    for key in chance.sample(sorted(held), rows // 30):
        del held[key]
        store.discard(key)
    for key in chance.sample(sorted(held), 100):
        held[key] = {
            **held[key],
            "created": worn.second(chance.randrange(50_000)),
            "name": "prod-web-77",
        }
        store.put(held[key])
    return store, held


def compare_real_store(kind_of_key, descending, rows, offsets):
    """Compare at a few offsets from the beginning, in the middle, at the end and behind it."""
    declared = worn.schema(kind_of_key, descending=descending)
    store, held = real_store(declared, rows)
    assert any(segment.count < len(segment) for segment in store._current.version.segments)
    ordered = worn.matching(held.values(), [], descending=descending)

    for where in REAL_WHERES:
        if kind_of_key == "keyword" and ("contains", "id") in [
            condition[:2] for condition in where
        ]:
            continue
        expected = [
            record
            for record in ordered
            if all(naive.holds(record, condition) for condition in where)
        ]
        last = len(expected)
        some = sorted(
            {0, last - 1, last, *(last * part // offsets for part in range(offsets))} - {-1}
        )
        agree(store, where, expected, some, (50,))
        places = [len(ordered) * part // 5 for part in range(5)]
        agree_behind(store, where, ordered, expected, places, 50)


@pytest.mark.long
def test_pages_of_segments_of_real_size():
    compare_real_store("text", True, 15_000, 2)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind_of_key", "descending"), list(product(["text", "keyword"], [True, False]))
)
def test_pages_of_three_full_segments(kind_of_key, descending):
    compare_real_store(kind_of_key, descending, 90_000, 6)
