"""Orders: every plan, at every offset, behind every place, in every order, agrees with a sort."""

import pickle
import random
from datetime import timedelta
from decimal import Decimal
from itertools import product
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
import worn
from effort import examples
from instquery import (
    CursorInvalid,
    Eq,
    Order,
    Query,
    QueryError,
    Range,
    Schema,
    SchemaError,
    Snapshot,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.engine import bykey as bykey_room
from instquery.engine import keycodes as keycodes_room
from instquery.engine import stretches as stretches_room
from instquery.engine.plan import plans
from instquery.engine.rowsets import set_of
from instquery.engine.search import resume, search
from instquery.orderings import Ordering
from instquery.values import sortable
from strategies import SCHEMA, conditions, order, orders, predicate, records
from test_search import UNINDEXED

FALLING = [False, True]
ONE = [
    [(field, falls)]
    for field in ("created", "expires", "status", "owner", "id")
    for falls in FALLING
]
SEVERAL = [
    [("status", True), ("expires", False)],
    [("status", False), ("owner", True), ("created", False)],
    [("expires", False), ("status", False)],
    [("expires", True), ("id", True)],
    [("status", False), ("id", True), ("owner", True)],
    [("created", False), ("owner", True)],
]
EVERY = ONE + SEVERAL


@pytest.fixture
def small_numbers(monkeypatch):
    worn.have_small_numbers(monkeypatch)


def every_plan(store, query):
    """Yield every plan, with and without the census."""
    for census in (store._current.census, None):
        yield from plans(query, store._current.version, census)


def agree(store, held, where, given_order, limits=(0, 1, 3, 1 << 40)):
    """Every plan gives each page and the total, and goes on behind each place."""
    version = store._current.version
    wanted = worn.predicates(where)
    ordered = naive.sorted_by(held.values(), given_order)
    expected = [one for one in ordered if all(naive.holds(one, condition) for condition in where)]

    for total in (True, False):
        query = Query(wanted, order=order(given_order), total=total)
        for plan, offset, limit in product(
            every_plan(store, query), range(len(expected) + 2), limits
        ):
            query = Query(wanted, order=order(given_order), offset=offset, limit=limit, total=total)
            rows, count = search(version, query, plan)
            assert rows == expected[offset : offset + limit], (plan, offset, limit)
            assert count == (len(expected) if total else None), plan

    query = Query(wanted, order=order(given_order), limit=2)
    ordering = store.schema.ordering_of(query.order)
    for plan, at in product(every_plan(store, query), range(len(ordered))):
        rows, came = resume(version, query, plan, ordering.place(ordered[at]))
        before = [one for one in expected if one in ordered[: at + 1]]
        assert rows == expected[len(before) : len(before) + 3], (plan, at)
        assert came in (None, len(before)) or plan.driver == "nothing"


def walked(reading, query, **options):
    """Return what the pages of a walk hold together."""
    page = reading.page(query)
    found = [*page]
    while page.has_more:
        page = reading.page(query, page.cursor, **options)
        found += page
    assert page.cursor is None
    return found


@pytest.mark.long
@pytest.mark.usefixtures("small_numbers")
@pytest.mark.parametrize("given_order", EVERY, ids=str)
@pytest.mark.parametrize("indexed", [True, False])
def test_every_plan_at_every_offset_over_small_segments_with_vacant_rows(
    given_order, indexed, tries
):
    for seed in range(tries(8, quick=1)):
        chance = random.Random(f"{given_order} {indexed} {seed}")
        kind = chance.choice(["text", "keyword"])
        store, held = worn.worn(worn.schema(kind, indexed=indexed), chance)
        wheres = [[], *chance.sample(worn.some_conditions(chance, kind), 2)]
        for where in ([], [wheres[1]], [wheres[2]]):
            agree(store, held, where, given_order)
            expected = [
                one
                for one in naive.sorted_by(held.values(), given_order)
                if all(naive.holds(one, condition) for condition in where)
            ]
            query = Query(worn.predicates(where), order=order(given_order), limit=3)
            for reading in (store, store.snapshot()):
                assert walked(reading, query) == expected
        assert store.verify() == []


@pytest.mark.long
@pytest.mark.parametrize("own", [None, *EVERY], ids=str)
def test_a_store_is_kept_in_any_order(own, small_numbers, tries):
    """Its own pages, cursors, snapshots and writes, and what other orders it answers."""
    own_order = None if own is None else order(own)
    for seed in range(tries(8, quick=1)):
        chance = random.Random(f"{own} {seed}")
        declared = worn.schema(order=own_order, indexed=chance.random() < 0.7)
        store, held = worn.worn(declared, chance)
        kept = store.snapshot(), dict(held)
        lost = {}
        for _ in range(20):
            worn.write(store, held, lost, chance)
            assert store.verify() == []
        store.put_many(held.values())

        for reading, records_by_key in ((store, held), kept):
            expected = naive.sorted_by(records_by_key.values(), own or [])
            assert [*reading] == expected
            assert walked(reading, Query(limit=3)) == expected
            for offset in range(len(expected) + 1):
                assert reading.page(Query(offset=offset, limit=4)).items == expected[offset:][:4]

        agree(store, held, [], own or [("id", False)], (1, 3))
        agree(store, held, [chance.choice(worn.some_conditions(chance))], own or [], (2,))
        agree(store, held, [], chance.choice(EVERY), (3,))
        assert store.verify() == []


@given(
    st.lists(records(), max_size=40),
    st.lists(conditions(), max_size=3),
    orders,
    st.one_of(st.none(), orders),
    st.integers(0, 12),
    st.integers(0, 8),
    st.integers(1, 9),
    st.booleans(),
    st.sets(st.sampled_from(["id", "name", "status", "gone"])),
)
@examples(300, quick=40)
def test_any_order_agrees_with_the_naive_reading(
    inventory, where, given_order, own, offset, limit, segment_rows, indexed, fields
):
    declared = SCHEMA if indexed else UNINDEXED
    declared = Schema("id", None if own is None else order(own), declared.fields)
    held = {record["id"]: record for record in inventory}
    store = Store(declared, inventory, segment_rows=segment_rows)
    expected = [
        one
        for one in naive.sorted_by(held.values(), given_order)
        if all(naive.holds(one, condition) for condition in where)
    ]
    query = Query(
        [predicate(one) for one in where], order=order(given_order), offset=offset, limit=limit
    )
    for reading in (store, store.snapshot()):
        page = reading.page(query)
        assert page.items == expected[offset : offset + limit]
        assert page.total == len(expected)
        assert page.has_more == (page.cursor is not None)
        assert page.has_more == (limit > 0 and offset + limit < len(expected))
        narrow = Query(query.where, order=query.order, offset=offset, limit=limit, fields=fields)
        assert reading.page(narrow).items == [naive.chosen(one, fields) for one in page]
        chosen = reading.select(query.where, order=query.order, fields=fields)
        assert [*chosen] == [naive.chosen(one, fields) for one in expected]


def large(count, chance):
    """Records with blocks of equal values, large and small."""
    for number in range(count):
        record = {"id": f"i-{chance.randrange(10**9)}-{number}"}
        if chance.random() < 0.95:
            record["status"] = chance.choice(["a", "a", "a", "b", "c", 1, True])
        if chance.random() < 0.95:
            record["owner"] = str(int(chance.paretovariate(0.4)) % 5000)
        if chance.random() < 0.9:
            record["created"] = chance.randrange(10**6) * 1_000_000
        if chance.random() < 0.9:
            record["expires"] = chance.choice([5, 9, chance.randrange(9_000)]) * 1_000_000
        yield record


@pytest.fixture(scope="module")
def larger():
    """Return a store of larger segments, with vacant rows."""
    store = Store(SCHEMA, large(6_000, random.Random(3)), segment_rows=2_048)
    for key in [record["id"] for record in store][::9]:
        store.discard(key)
    return store


@pytest.mark.parametrize("given_order", EVERY, ids=str)
def test_pages_of_larger_segments(given_order, larger):
    """Where the real thresholds decide."""
    store = larger
    expected = naive.sorted_by([*store], given_order)
    for where, wanted in (
        ((), expected),
        (Eq("status", "a"), [one for one in expected if one.get("status") == "a"]),
    ):
        for offset in (0, 1, 40, 700, 1900, len(wanted) // 2, len(wanted) - 60, len(wanted) - 5):
            page = store.page(Query(where, order=order(given_order), offset=offset, limit=20))
            assert page.items == wanted[offset : offset + 20], offset
            assert page.total == len(wanted)
        assert [*store.select(where, order=order(given_order))] == wanted
        assert walked(store, Query(where, order=order(given_order), limit=900)) == wanted


@pytest.mark.parametrize("falls", [True, False])
def test_few_records_are_sorted_for_a_page_whatever_block_it_lies_in(falls, monkeypatch):
    """Of 6,000 records half have one instant: no more than a page and a few beside are sorted."""
    sizes = []
    sort = Ordering.sort

    def counted(ordering, found):
        sizes.append(len(found))
        sort(ordering, found)

    found = [
        {"id": f"i-{n:05}", "created": 0, "expires": 5_000 if n % 2 else n} for n in range(6_000)
    ]
    store = Store(SCHEMA, found)
    wanted = naive.sorted_by(found, [("expires", falls)])
    monkeypatch.setattr(Ordering, "sort", counted)
    for offset in (0, 1_000, 2_495, 2_505, 3_000, 3_499, 5_500, 5_990):
        query = Query(order=Order("expires", descending=falls), offset=offset, limit=10)
        assert store.page(query).items == wanted[offset : offset + 10]
    few = 64 + 16 * 2  # segments
    assert sizes
    assert max(sizes) <= 10 + few


@pytest.fixture(scope="module")
def prefixed():
    """Return a store in which a value's keys have one prefix, and the ends of them are vacant."""
    found = [
        {"id": f"{'abcd'[n % 4]}-{n * 7919 % 40_000:05}", "created": n, "status": "abcd"[n % 4]}
        for n in range(40_000)
    ]
    store = Store(SCHEMA, found)
    for value in "abcd":
        for key in [f"{value}-{n:05}" for n in (0, 1, 2, 3, 39_999, 39_998)]:
            store.discard(key)
    return store


@pytest.mark.parametrize("falls", [True, False])
@pytest.mark.parametrize("value", ["a", "b", "c", "d"])
def test_few_keys_are_looked_at_for_a_first_page_wherever_they_lie(
    falls, value, prefixed, monkeypatch
):
    """The keys of a value have one prefix, so that one end of all keys is that of one value."""
    looked_at = []
    list_positions = bykey_room.positions

    def counted(rows):
        found = list_positions(rows)
        looked_at.append(len(found))
        return found

    store = prefixed
    here = sorted([key for key in map(itemgetter("id"), store) if key[0] == value], reverse=falls)
    monkeypatch.setattr(bykey_room, "positions", counted)
    leaps = []
    leap = bykey_room._leap
    monkeypatch.setattr(bykey_room, "_leap", lambda *given: leaps.append(1) or leap(*given))
    orders_ = Order("status"), Order("id", descending=falls)
    for query in (
        Query(Eq("status", value), order=orders_, limit=10),
        Query(order=orders_, limit=10, offset=sum(1 for one in store if one["status"] > value)),
    ):
        assert [one["id"] for one in store.page(query)] == here[:10]
    assert sum(looked_at) < 4_000  # of twice 10,000
    # Nor is a walk through the keys of other values.
    assert bool(leaps) is (value != ("d" if falls else "a"))


@pytest.mark.parametrize("falls", [True, False])
def test_of_many_records_a_first_page_is_cut_out_at_once(falls, monkeypatch):
    cuts = []
    cut = stretches_room._cut

    def counted(bracket, at):
        cuts.append(bracket.number)
        return cut(bracket, at)

    monkeypatch.setattr(stretches_room, "_cut", counted)
    monkeypatch.setattr(stretches_room, "_SAMPLED", 8)
    monkeypatch.setattr(stretches_room, "_ROWS_A_SAMPLE", 16)
    found = [{"id": f"i-{n}", "expires": n * 7919 % 4_001} for n in range(4_000)]
    store = Store(SCHEMA, found)
    wanted = naive.sorted_by(found, [("expires", falls)])
    page = store.page(Query(order=Order("expires", descending=falls), limit=10))
    assert page.items == wanted[:10]
    assert cuts == [4_000]


def test_codes_tell_the_first_rows_by_key_and_a_stretch_more_at_the_most(monkeypatch):
    monkeypatch.setattr(keycodes_room, "_BITS", 3)
    for seed in range(200):
        chance = random.Random(seed)
        width = chance.randrange(60)
        keys = [f"{number:02}" for number in chance.sample(range(99), width)]
        listed = sorted(range(width), key=keys.__getitem__)
        codes = keycodes_room.codes_of(listed)
        assert codes.agree_with(keys)
        assert not codes.agree_with([*keys, "99"])

        wanted = {at for at in range(width) if chance.random() < chance.choice([0.2, 0.8])}
        most = chance.randint(1, 40)
        for falls in FALLING:
            ordered = [at for at in (listed[::-1] if falls else listed) if at in wanted]
            found = codes.first(set_of(sorted(wanted), width), most, descending=falls)
            count = found.bit_count()
            assert found == set_of(ordered[:count], width)
            stretch = (width >> 3) + 1
            assert min(most, len(wanted)) <= count < most + stretch


def test_an_order_that_is_named_and_one_that_goes_without_saying_are_one_query():
    records_ = [{"id": f"i-{n}", "created": n * 1_000_000} for n in range(6)]
    store = Store(SCHEMA, records_)
    own, named = Query(limit=2), Query(limit=2, order=Order("created"))
    longer = Query(limit=2, order=(Order("created"), Order("id", descending=False), Order("owner")))
    assert store.page(own) == store.page(named) == store.page(longer)
    cursor = store.page(own).cursor
    assert store.page(named, cursor) == store.page(longer, cursor) == store.page(own, cursor)
    for other in (
        Order("created", descending=False),
        Order("id"),
        (Order("created"), Order("status")),
    ):
        with pytest.raises(CursorInvalid):
            store.page(Query(limit=2, order=other), cursor)
    fewer = store.page(Query(limit=2, fields=["id"]), cursor)
    assert [*fewer] == [{"id": "i-3"}, {"id": "i-2"}]

    by_key = Store(Schema("id", fields=SCHEMA.fields), records_)
    named = Query(order=Order("id", descending=False), limit=2)
    assert by_key.page(named, by_key.page(Query(limit=2)).cursor).items == records_[2:4]
    assert by_key.explain(named).is_own


@pytest.mark.parametrize("given_order", EVERY, ids=str)
def test_a_walk_sees_its_first_pages_set_whatever_is_written(given_order):
    chance = random.Random(str(given_order))
    store, held = worn.worn(worn.schema(), chance, most=60)
    expected = naive.sorted_by(held.values(), given_order)
    query = Query(order=order(given_order), limit=4)
    page = store.page(query)
    found, lost = [*page], {}
    while page.has_more:
        cursor = page.cursor
        for _ in range(chance.randrange(4)):
            worn.write(store, held, lost, chance)
        page = store.page(query, cursor)
        found += page
        assert page.total == len(expected)
    assert found == expected


@pytest.mark.parametrize("given_order", EVERY, ids=str)
def test_a_live_walk_goes_on_behind_its_place_in_the_present_records(given_order, small_numbers):
    """Whatever is written, a page is what comes after the record that was last before."""
    chance = random.Random(str(given_order))
    store, held = worn.worn(worn.schema(), chance, most=60)
    query = Query(order=order(given_order), limit=3)
    page, lost = store.page(query), {}
    for _ in range(12):
        if not page.has_more:
            break
        last, cursor = page[-1], page.cursor
        for _ in range(chance.randrange(3)):
            worn.write(store, held, lost, chance)
        behind = naive.behind(held.values(), last, given_order)
        store._leases.end((store._signer, store._signer.read(cursor).epoch))
        page = store.page(query, cursor, live=True)
        assert [*page] == behind[:3]
        assert page.total == len(held)
        if page.has_more:
            came = store._signer.read(page.cursor).came
            assert came == len(held) - len(behind) + 3 or store.explain(query).is_own


@pytest.mark.long
@pytest.mark.parametrize("held_by_reader", [True, False])
def test_orders_are_right_after_each_write(held_by_reader, small_numbers, tries):
    """What a segment has listed for an order follows its rows, in place and in copies."""
    for seed in range(tries(20, quick=3)):
        chance = random.Random(f"{seed} {held_by_reader}")
        store, held = worn.worn(worn.schema(), chance, segment_rows=16)
        lost, views = {}, []
        for number in range(30):
            for given_order in ([("owner", False)], [("id", False)], [("status", True)]):
                expected = naive.sorted_by(held.values(), given_order)
                for offset in (0, 1, len(expected) // 2, len(expected) - 2):
                    query = Query(order=order(given_order), offset=max(0, offset), limit=2)
                    assert [*store.page(query)] == expected[max(0, offset) :][:2]
            assert store.verify() == []
            if held_by_reader:
                views = [*views[-2:], store.snapshot()]

            if chance.random() < 0.5:
                worn.write(store, held, lost, chance)
                continue
            # A new record at the top, with a value that no other has.
            key = chance.choice("abixyz") + str(number)
            record = {"id": key, "owner": key, "created": worn.second(60 + number)}
            held[key] = record
            store.put(record)
            if chance.random() < 0.3:
                del held[key]
                store.discard(key)


ODD = [
    "\ud800",
    "\0",
    "\U0010ffff",
    "推",
    "",
    "a" * 4096,
    "\udc00\ud800",
    "a\0",
    "a",
    1,
    (1 << 64) - 1,
    -(1 << 63),
]


@pytest.mark.parametrize("falls", FALLING)
@pytest.mark.parametrize("is_own", [True, False])
def test_cursors_carry_values_of_any_characters(falls, is_own):
    held = [{"id": f"i-{n}", "status": value} for n, value in enumerate(ODD)] + [{"id": "none"}]
    wanted = Order("status", descending=falls)
    declared = Schema("id", wanted if is_own else None, SCHEMA.fields)
    expected = naive.sorted_by(held, [("status", falls)])
    key = b"k" * 32
    store = Store(declared, held, cursor_key=key, segment_rows=4)
    query = Query(order=wanted, limit=1)
    assert walked(store, query) == expected
    page = store.page(query)
    found = [*page]
    while page.has_more:
        page = Store(declared, held, cursor_key=key).page(query, page.cursor, live=True)
        found += page
    assert found == expected


def test_a_cursor_keeps_its_now_in_any_order():
    store = Store(SCHEMA, [{"id": f"i-{n}", "expires": n * 1_000_000} for n in range(9)])
    query = Query(
        Range("expires", after=timedelta(0)),
        order=Order("id"),
        limit=2,
        now=3_000_000,
    )
    cursor = store.page(query).cursor
    assert store.moment(cursor) == 3_000_000
    later = Query(query.where, order=query.order, limit=9, now=8_000_000)
    assert [one["id"] for one in store.page(later, cursor)] == ["i-6", "i-5", "i-4"]


def test_of_one_field_the_first_order_decides():
    found = [
        {"id": f"i-{n}", "status": "abc"[n % 3], "owner": "xy"[n % 2], "created": n}
        for n in range(12)
    ]
    store = Store(SCHEMA, found)
    for falls in (True, False):
        given = [
            Order("status", descending=falls),
            Order("owner"),
            Order("status", descending=not falls),
        ]
        wanted = naive.sorted_by(found, [("status", falls), ("owner", True)])
        assert store.page(Query(order=given)).items == wanted
        assert [*store.select(order=given)] == wanted
        cursor = store.page(Query(order=given, limit=5)).cursor
        assert store.page(Query(order=given[:2], limit=50), cursor).items == wanted[5:]


def test_a_cursor_is_for_one_key():
    fields = {"id": text(), "name": text(), "created": instant()}
    found = [{"id": f"i-{n}", "name": f"n-{n}", "created": "2026-01-01"} for n in range(4)]
    stores = [
        Store(Schema(key=key, order=Order("created"), fields=fields), found, cursor_key=b"k" * 32)
        for key in ("id", "name")
    ]
    for store, other in (stores, stores[::-1]):
        cursor = store.page(Query(limit=2)).cursor
        for live in (True, False):
            with pytest.raises(CursorInvalid, match="in another order, or by another key"):
                other.page(Query(limit=2), cursor, live=live)


def test_a_plan_names_its_order():
    store = Store(SCHEMA, [{"id": "i-1", "status": "a"}])
    plan = store.explain(Query(order=[Order("status", descending=False), Order("expires")]))
    assert plan.to_dict()["order"] == [["status", "asc"], ["expires", "desc"]]
    assert "order     status ascending, expires descending, key ascending" in str(plan)
    assert pickle.loads(pickle.dumps(plan)) == plan
    own = store.explain(Query())
    assert own.to_dict()["order"] == [["created", "desc"]]
    assert "order " not in str(own)
    assert not store.prepare(Query(order=Order("status"))).brief


@pytest.mark.parametrize(
    ("made", "error", "said"),
    [
        (
            lambda: Query(order="created"),
            QueryError,
            r"^order takes Order\('created', descending=False\), or a list of them, not str$",
        ),
        (lambda: Query(order="-created"), QueryError, r"^order takes Order\('created'\), or"),
        (lambda: Query(order=["created"]), QueryError, r"Order\('created', descending=False\), or"),
        (
            lambda: Query(order=("created", "desc")),
            QueryError,
            r"takes Order\('created', desc.* not s",
        ),
        (lambda: Query(order=5), QueryError, r"Order\('field', descending=False\), .* not 5"),
        (lambda: Order("created", "asc"), SchemaError, "^descending must be True or False, not s"),
        (lambda: Order(5), SchemaError, "^field must be the name of a field, not 5"),
        (lambda: Query(order=[Order("created")] * 4), QueryError, "order has up to 3 Orders"),
        (lambda: Query(fields="id"), QueryError, "fields takes a collection of names"),
        (lambda: Query(fields=[1]), QueryError, "fields must be names of members, not 1"),
        (lambda: Schema("id", [Order("id")] * 4, SCHEMA.fields), SchemaError, "order has up to 3"),
        (lambda: Schema("id", Order("name"), SCHEMA.fields), SchemaError, "the order must be by"),
        (lambda: Schema("id", Order("note"), SCHEMA.fields), SchemaError, "the order must be by"),
        (lambda: Schema("id", None, SCHEMA.fields, orders="id"), SchemaError, "order takes Order"),
        (
            lambda: Schema("id", None, SCHEMA.fields, orders=[Order("note")]),
            SchemaError,
            "the order must be by",
        ),
        (lambda: Store(SCHEMA).page(Query(order=Order("gone"))), QueryError, "gone: the order"),
        (lambda: Store(SCHEMA).page(Query(order=Order("note"))), QueryError, "note: the order"),
        (
            lambda: Store(SCHEMA).explain(Query(order=Order("name", descending=False))),
            QueryError,
            "^name: the order must be by an instant, a number, a keyword or the key, "
            "not by a text field: "
            r"declare Schema\(orders=\[Order\('name', descending=False\)\]\) for it$",
        ),
        (lambda: Store(SCHEMA).select(order=Order("name")), QueryError, "name: the order"),
        (lambda: Store(SCHEMA).select(fields="id"), QueryError, "fields takes"),
    ],
)
def test_what_is_no_order_is_refused(made, error, said):
    with pytest.raises(error, match=said):
        made()


@pytest.mark.parametrize("is_own", [True, False])
def test_a_text_is_ordered_by_where_the_schema_says_so(is_own):
    fields = {"id": text(), "name": text(), "at": instant()}
    by_name = Order("name", descending=False)
    declared = Schema("id", by_name if is_own else None, fields, orders=[by_name])
    held = [
        {"id": f"i-{n}", **({"name": name} if name is not None else {})}
        for n, name in enumerate(["b", "", "推", None, "B", "b", "a"])
    ]
    store = Store(declared, held, segment_rows=2)
    for falls in FALLING:
        query = Query(order=Order("name", descending=falls), limit=2)
        assert walked(store, query) == naive.sorted_by(held, [("name", falls)])
    assert pickle.loads(pickle.dumps(declared)) == declared
    assert hash(pickle.loads(pickle.dumps(declared))) == hash(declared)
    assert "orders=(Order('name', descending=False),)" in repr(declared)


numbers = st.one_of(
    st.booleans(),
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.integers(-30, 30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.builds(
        lambda digits, exponent: Decimal(digits).scaleb(exponent),
        st.integers(-99, 99),
        st.integers(-399, 399),
    ),
)


@given(st.lists(st.one_of(numbers, st.text(max_size=3)), min_size=2, max_size=6))
@examples(300)
def test_values_are_in_order_as_text(values):
    expected = sorted(one for one in values if isinstance(one, str))
    others = sorted(one for one in values if not isinstance(one, str))
    assert sorted(values, key=sortable) == expected + others
    for one, other in product(others, others):
        assert (sortable(one) == sortable(other)) is (one == other)


def test_of_a_schema_as_it_was_declared():
    fields = {"id": text(), "status": keyword(), "at": instant(), "note": stored()}
    two = Schema("id", [Order("status"), Order("at")], fields)
    assert two.order == (Order("status"), Order("at"))
    assert Schema("id", [Order("at")], fields) == Schema("id", Order("at"), fields)
    assert Schema("id", None, fields).order is None
    assert two != Schema("id", Order("status"), fields)
    assert pickle.loads(pickle.dumps(two)) == two
    names = {"Schema": Schema, "Order": Order, "text": text, "keyword": keyword}
    names |= {"instant": instant, "stored": stored}
    assert eval(repr(two), names) == two  # noqa: S307 - our own text
    assert isinstance(Store(two).snapshot(), Snapshot)
