"""The store beside a plain list: reads, writes, batches all or nothing, records copied in."""

import copy
import random
import threading

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import instquery
import naive
from effort import examples
from engines import readings
from instquery import (
    Conflict,
    Contains,
    CursorInvalid,
    Eq,
    InstqueryError,
    Query,
    Range,
    RecordError,
    Snapshot,
    Store,
)
from instquery.engine.plan import plans
from instquery.engine.search import search
from shaped import TAG_KEYS, Shape, predicates
from strategies import SCHEMA, at, conditions, ids, order, orders, predicate, records

pytestmark = pytest.mark.usefixtures("engine")

seeds = st.integers(0, 2**32 - 1)
"""What random schemas, records and conditions are chosen by."""


class BesideAPlainList(RuleBasedStateMachine):
    """A store of tiny segments, which split, thin out and merge, beside a dict."""

    def __init__(self):
        super().__init__()
        self.store = Store(SCHEMA, segment_rows=4)
        self.records = {}
        self.snapshots = []
        self.walks = []

    @rule(record=records())
    def put(self, record):
        self.store.put(record)
        self.records[record["id"]] = copy.deepcopy(record)

    @rule(batch=st.lists(records(), max_size=12))
    def put_many(self, batch):
        assert self.store.put_many(batch) == len({record["id"] for record in batch})
        self.records.update({record["id"]: record for record in batch})

    @rule(
        batch=st.lists(records(), max_size=6),
        bad=st.sampled_from([{"id": ""}, {"id": "x", "created": "soon"}, 7]),
    )
    def put_a_bad_batch(self, batch, bad):
        with pytest.raises(RecordError):
            self.store.put_many([*batch, bad])

    @rule(record=records())
    def discard(self, record):
        key = record["id"]
        assert self.store.discard(key) == (self.records.pop(key, None) is not None)

    @rule(data=st.data(), changed=records(), guess=records(), guesses=st.booleans())
    def update(self, data, changed, guess, guesses):
        key = changed.pop("id") if not self.records else data.draw(st.sampled_from([*self.records]))
        changed = {name: value for name, value in changed.items() if name != "id"}
        old = self.records.get(key)
        names = data.draw(st.sets(st.sampled_from(["name", "status", "owner"])))
        expect = {name: (guess if guesses else old or {}).get(name) for name in names}
        try:
            expected = None if old is None else naive.updated(old, changed, expect)
        except naive.Otherwise:
            with pytest.raises(Conflict):
                self.store.update(key, changed, expect=expect)
        else:
            assert self.store.update(key, changed, expect=expect) == (old is not None)
            if old is not None:
                self.records[key] = expected

    @rule(keys=st.lists(ids, max_size=8))
    def discard_many(self, keys):
        gone = self.records.keys() & set(keys)
        assert self.store.discard_many(keys) == len(gone)
        for key in gone:
            del self.records[key]

    @rule(where=st.lists(conditions(), min_size=1, max_size=3))
    def discard_where(self, where):
        kept = naive.without(self.records, where)
        count = self.store.discard_where([predicate(condition) for condition in where])
        assert count == len(self.records) - len(kept)
        self.records = kept

    @precondition(lambda self: self.records)
    @rule(data=st.data(), changed=records())
    def change_fields_in_place(self, data, changed):
        old = self.records[data.draw(st.sampled_from(sorted(self.records)))]
        record = {**changed, "id": old["id"], "created": old.get("created")}
        self.store.put(record)
        self.records[record["id"]] = record

    @rule(listing=st.lists(records(), max_size=20), keep=st.booleans())
    def replace_all(self, listing, keep):
        wanted = {
            record["id"]: record for record in ([*self.records.values()] if keep else []) + listing
        }
        changes = self.store.replace_all(wanted.values())
        both = wanted.keys() & self.records.keys()
        assert changes.added == len(wanted.keys() - self.records.keys())
        assert changes.removed == len(self.records.keys() - wanted.keys())
        assert changes.updated == sum(wanted[key] != self.records[key] for key in both)
        self.records = wanted

    @precondition(lambda self: hasattr(self.store, "snapshot"))
    @rule()
    def snapshot(self):
        self.snapshots = [*self.snapshots[-2:], (self.store.snapshot(), dict(self.records))]

    @rule(
        where=st.lists(conditions(), max_size=3), offset=st.integers(0, 6), limit=st.integers(0, 6)
    )
    def ask(self, where, offset, limit):
        query = Query([predicate(condition) for condition in where], offset=offset, limit=limit)
        for reading, held in [(self.store, self.records), *self.snapshots]:
            page = reading.page(query)
            assert (page.items, page.total) == naive.page(
                held.values(), where, offset, limit, "id", "created"
            )
            for plan, answer in answers(reading, query):
                assert answer == (page.items, page.total), plan

    @precondition(lambda self: hasattr(self.store, "snapshot"))
    @rule(
        where=st.lists(conditions(), max_size=2),
        given=orders,
        offset=st.integers(0, 6),
        limit=st.integers(0, 6),
    )
    def ask_in_an_order(self, where, given, offset, limit):
        wanted = [predicate(condition) for condition in where]
        query = Query(wanted, order=order(given), offset=offset, limit=limit)
        for reading, held in [(self.store, self.records), *self.snapshots]:
            expected = matching(held, where, given)
            page = reading.page(query)
            assert page.items == expected[offset : offset + limit]
            assert page.total == len(expected)
            for plan, answer in answers(reading, query):
                assert answer == (page.items, page.total), plan

    @precondition(lambda self: hasattr(self.store, "snapshot"))
    @rule(where=st.lists(conditions(), max_size=2), given=orders, limit=st.integers(1, 4))
    def begin_a_walk(self, where, given, limit):
        wanted = [predicate(condition) for condition in where]
        query = Query(wanted, order=order(given), limit=limit)
        page = self.store.page(query)
        expected = matching(self.records, where, given)
        assert page.items == expected[:limit]
        if page.has_more:
            self.walks = [*self.walks[-3:], (query, page.cursor, expected, limit)]

    @precondition(lambda self: self.walks)
    @rule(data=st.data())
    def go_on_with_a_walk(self, data):
        walk = data.draw(st.sampled_from(self.walks))
        self.walks.remove(walk)
        query, cursor, expected, at = walk
        page = self.store.page(query, cursor)
        assert page.items == expected[at : at + query.limit]
        assert page.total == len(expected)
        assert page.has_more == (at + query.limit < len(expected))
        if page.has_more:
            self.walks.append((query, page.cursor, expected, at + query.limit))

    @invariant()
    def holds_the_same(self):
        expected = naive.in_order(list(self.records.values()), "id", "created")
        assert len(self.store) == len(expected)
        assert list(self.store) == expected
        for record in expected:
            assert self.store.get(record["id"]) == record
            assert record["id"] in self.store

    def teardown(self):
        for snapshot, held in self.snapshots:
            assert list(snapshot) == naive.in_order(list(held.values()), "id", "created")
            assert len(snapshot) == len(held)
            assert all(
                snapshot.get(key) == record and key in snapshot for key, record in held.items()
            )


class BesideAListOfShapes(RuleBasedStateMachine):
    """A store of a random schema of paths, many values, tags and numbers, beside a dict.

    The naive reading is asked what fields hold; whole records are compared as they came.
    """

    @initialize(seed=seeds)
    def declare(self, seed):
        self.shape = Shape(random.Random(seed))
        self.store = Store(self.shape.schema, segment_rows=4)
        self.records = {}
        self.snapshots = []
        self.walks = []

    def chosen_by(self, seed):
        """Let what is drawn from now on be chosen by a seed."""
        self.shape.chance = random.Random(seed)
        return self.shape

    def some(self, count):
        """Make records, of one key perhaps more than one; the last counts."""
        chance = self.shape.chance
        made_now = [self.shape.record(chance.randrange(20)) for _ in range(count)]
        return made_now, {self.shape.flat(record)["id"]: record for record in made_now}

    def matching(self, held, where, given):
        """Return the records that match, in an order."""
        seen = [{**self.shape.flat(record), "": record} for record in held.values()]
        listed = naive.sorted_by(seen, given or self.shape.own)
        return [
            flat[""] for flat in listed if all(naive.holds(flat, condition) for condition in where)
        ]

    @rule(seed=seeds, count=st.integers(0, 8))
    def put_many(self, seed, count):
        self.chosen_by(seed)
        batch, by_key = self.some(count)
        assert self.store.put_many(batch) == len(by_key)
        self.records.update(by_key)

    @rule(seed=seeds)
    def put(self, seed):
        self.chosen_by(seed)
        (record,), by_key = self.some(1)
        self.store.put(record)
        self.records.update(by_key)

    @rule(seed=seeds, keep=st.booleans())
    def replace_all(self, seed, keep):
        self.chosen_by(seed)
        _, by_key = self.some(6)
        wanted = {**(self.records if keep else {}), **by_key}
        changes = self.store.replace_all(wanted.values())
        assert changes.added == len(wanted.keys() - self.records.keys())
        assert changes.removed == len(self.records.keys() - wanted.keys())
        self.records = wanted

    @precondition(lambda self: self.records)
    @rule(seed=seeds, data=st.data())
    def update(self, seed, data):
        key = data.draw(st.sampled_from(sorted(self.records)))
        old, other = self.records[key], self.chosen_by(seed).record(int(key.removeprefix("i-")))
        path, _ = self.shape.shapes["id"]
        names = {name for name in {**old, **other} if self.shape.chance.random() < 0.5}
        members = {name: other.get(name) for name in names - {path[0]}}
        assert self.store.update(key, members, expect={})
        self.records[key] = naive.updated(old, members)

    @precondition(lambda self: self.records)
    @rule(data=st.data())
    def discard(self, data):
        key = data.draw(st.sampled_from(sorted(self.records)))
        assert self.store.discard(key)
        del self.records[key]

    @rule(seed=seeds)
    def discard_where(self, seed):
        where = [self.chosen_by(seed).tree(), self.shape.leaf()]
        gone = [self.shape.flat(one)["id"] for one in self.matching(self.records, where, [])]
        assert self.store.discard_where(predicates(where)) == len(gone)
        for key in gone:
            del self.records[key]

    @rule()
    def snapshot(self):
        self.snapshots = [*self.snapshots[-2:], (self.store.snapshot(), dict(self.records))]

    @rule(seed=seeds, offset=st.integers(0, 4), limit=st.integers(0, 6), ordered=st.booleans())
    def ask(self, seed, offset, limit, ordered):
        where = [self.chosen_by(seed).tree() for _ in range(self.shape.chance.randrange(3))]
        given = self.shape.some_order() if ordered else []
        wanted = predicates(where)
        query = Query(wanted, order=order(given) or None, offset=offset, limit=limit)
        for reading, held in [(self.store, self.records), *self.snapshots]:
            expected = self.matching(held, where, given)
            page = reading.page(query)
            assert page.items == expected[offset : offset + limit]
            assert page.total == len(expected)
            for plan, (rows, total) in answers(reading, query):
                assert ([row.copy() for row in rows], total) == (page.items, page.total), plan

    @rule(seed=seeds, field=st.sampled_from(["status", "groups"]), missing=st.booleans())
    def count_values(self, seed, field, missing):
        where = [self.chosen_by(seed).tree()]
        key = self.shape.chance.choice([None, *TAG_KEYS])
        for reading, held in [(self.store, self.records), *self.snapshots]:
            seen = [self.shape.flat(record) for record in held.values()]
            found = reading.facets("tags", predicates(where), key=key, missing=missing)
            expected = naive.tag_facets(seen, where, "tags", key, missing)
            assert [*found.items()] == [(one, count) for (one,), count in expected]
            counts = reading.facets(field, predicates(where), missing=missing)
            expected = naive.facets(seen, where, [field], missing)
            assert counts == {one: count for (one,), count in expected}

    @rule(seed=seeds, limit=st.integers(1, 4))
    def begin_a_walk(self, seed, limit):
        where, given = [self.chosen_by(seed).tree()], self.shape.some_order()
        query = Query(predicates(where), order=order(given), limit=limit)
        page = self.store.page(query)
        expected = self.matching(self.records, where, given)
        assert page.items == expected[:limit]
        if page.has_more:
            self.walks = [*self.walks[-3:], (query, page.cursor, expected, limit)]

    @precondition(lambda self: self.walks)
    @rule()
    def go_on_with_a_walk(self):
        query, cursor, expected, at = self.walks.pop(0)
        page = self.store.page(query, cursor)
        assert page.items == expected[at : at + query.limit]
        assert page.total == len(expected)
        if page.has_more:
            self.walks.append((query, page.cursor, expected, at + query.limit))

    @invariant()
    def holds_the_same(self):
        assert self.store.verify() == []
        assert list(self.store) == self.matching(self.records, [], [])

    def teardown(self):
        for snapshot, held in getattr(self, "snapshots", ()):
            assert list(snapshot) == self.matching(held, [], [])


def matching(held, where, given):
    """Return the records that match, in an order."""
    return [
        record
        for record in naive.sorted_by(held.values(), given)
        if all(naive.holds(record, condition) for condition in where)
    ]


def answers(reading, query):
    """Carry out every plan of a store in memory, or of a snapshot."""
    if hasattr(reading, "snapshot") or isinstance(reading, Snapshot):
        version = (reading if isinstance(reading, Snapshot) else reading.snapshot())._view.version
        for plan in plans(query, version):
            yield plan, search(version, query, plan)


@pytest.mark.long
def test_beside_a_plain_list(tries):
    # A database takes milliseconds for what takes microseconds here.
    runs, steps = (
        (tries(150, quick=50), 40) if Store is instquery.Store else (5, tries(40, quick=15))
    )
    run_state_machine_as_test(BesideAPlainList, settings=examples(runs, stateful_step_count=steps))


@pytest.mark.memory
@pytest.mark.long
def test_beside_a_list_of_shapes(tries):
    run_state_machine_as_test(
        BesideAListOfShapes, settings=examples(tries(100, quick=15), stateful_step_count=30)
    )


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


@pytest.mark.memory
def test_segments_split_thin_out_and_merge():
    store = Store(SCHEMA, segment_rows=8)
    numbers = list(range(400))
    random.Random(5).shuffle(numbers)
    for number in numbers:
        store.put(made(number))
    sizes = [len(segment) for segment in store._current.version.segments]
    assert sum(sizes) == 400
    assert max(sizes) <= 16
    for number in numbers[:-3]:
        store.discard(f"i-{number:05}")
    assert len(store._current.version.segments) == 1
    assert len(store._current.version.segments[0]) <= 6
    for number in numbers[-3:]:
        store.discard(f"i-{number:05}")
    assert store._current.version.segments == ()
    assert store.page(Query()).items == []


@pytest.mark.memory
def test_appending_opens_new_segments_instead_of_rebuilding_full_ones():
    store = Store(SCHEMA, segment_rows=8)
    store.put_many(made(number) for number in range(8))
    full = store._current.version.segments[0]
    store.put(made(8))
    assert store._current.version.segments[1] is full


@pytest.mark.parametrize("segment_rows", [64, 32768])
def test_back_dated_records_go_where_they_belong(segment_rows):
    store = Store(
        SCHEMA,
        (made(2 * number, name=f"推荐-{number}") for number in range(200)),
        segment_rows=segment_rows,
    )
    for number in range(0, 200, 7):
        store.put(made(2 * number + 1, name=f"late {number}"))
    listed = [item["id"] for item in store]
    assert listed == sorted(listed, reverse=True)
    assert store.count([Contains("name", "late 1")]) == len(
        [n for n in range(0, 200, 7) if str(n).startswith("1")]
    )


def test_a_key_replaced_with_another_creation_time_moves():
    store = Store(SCHEMA, [made(1), made(2)])
    store.put({"id": "i-00001", "created": 3_000_000})
    assert [item["id"] for item in store] == ["i-00001", "i-00002"]
    assert len(store) == 2


def test_equal_creation_times_come_in_order_of_their_ids():
    store = Store(
        SCHEMA, [{"id": key, "created": 5} for key in ("b", "ä", "a", "B")], segment_rows=2
    )
    assert [item["id"] for item in store] == ["B", "a", "b", "ä"]


def test_records_without_creation_time_come_last():
    store = Store(
        SCHEMA, [{"id": "b"}, {"id": "c", "created": "0001-01-01"}, {"id": "a", "created": None}]
    )
    assert [item["id"] for item in store] == ["c", "a", "b"]


def test_of_records_with_one_key_in_a_batch_the_last_counts():
    store = Store(SCHEMA, [made(1, name="first"), made(1, name="second")])
    assert [item["name"] for item in store] == ["second"]


def test_a_caller_cannot_change_what_is_stored():
    tags = ["a"]
    record = made(1, name="kept", note={"tags": tags})
    store = Store(SCHEMA, [record])
    record["name"] = "changed"
    tags.append("b")
    for handed_out in (
        store.get("i-00001"),
        store.page(Query()).items[0],
        *(next(iter(reading)) for reading in readings(store)),
    ):
        assert handed_out["note"] == {"tags": ["a"]}
        handed_out["name"] = "changed"
        handed_out["note"]["tags"].append("c")
    assert store.get("i-00001") == made(1, name="kept", note={"tags": ["a"]})
    assert type(store.get("i-00001")) is dict
    assert store.count([Contains("name", "kept")]) == 1


def test_a_bad_record_changes_nothing_and_is_named():
    store = Store(SCHEMA, [made(1)])
    with pytest.raises(RecordError) as caught:
        store.put_many([made(2), made(3, name=5)])
    assert caught.value.field == "name"
    assert "record 2 of the batch" in caught.value.reason
    with pytest.raises(RecordError):
        store.replace_all([made(2), {}])
    for wrong in ([{"name": "no key"}], 7, {"id": "one record, not a collection"}):
        with pytest.raises(RecordError):
            Store(SCHEMA, wrong)
    assert list(store) == [made(1)]


def test_replace_all_counts_the_smallest_set_of_changes():
    store = Store(SCHEMA, (made(number) for number in range(10)))
    listing = [made(number) for number in range(1, 9)] + [made(9, name="new name"), made(10)]
    assert store.replace_all(listing) == (1, 1, 1)
    assert store.replace_all(listing) == (0, 0, 0)
    assert store.replace_all([]) == (0, 0, 10)
    assert len(store) == 0


@pytest.mark.memory
def test_a_listing_counts_whatever_is_written_while_it_is_read():
    """The source of the listing takes its time.

    Meanwhile somebody changes, removes and adds records.
    """
    store = Store(SCHEMA, (made(number) for number in range(8)))
    listing = [
        *map(made, range(6)),
        made(3, name="new"),
        made(3),
        made(9),
        made(9, name="last"),
        made(5, status=1),
    ]

    def source():
        for number, record in enumerate(listing):
            yield record
            if number == 4:
                store.put(made(0, name="written meanwhile"))
                store.discard("i-00001")
                store.put(made(77))
                store.put(made(5, status=True))

    assert store.replace_all(source()) == (2, 2, 3)
    expected = {record["id"]: record for record in listing}
    assert list(store) == naive.in_order(list(expected.values()), "id", "created")
    assert store.get("i-00005")["status"] is not True
    assert store.verify() == []


@pytest.mark.memory
def test_writing_during_a_walk_does_not_disturb_it():
    store = Store(SCHEMA, (made(number) for number in range(20)), segment_rows=4)
    walked = []
    for item in store:
        walked.append(item)
        store.discard(item["id"])
    assert len(walked) == 20
    assert len(store) == 0


@pytest.mark.memory
def test_a_walk_that_nobody_else_holds_sees_no_later_write():
    store = Store(SCHEMA, (made(number, name="old") for number in range(20)))
    walks = [iter(store), iter(store.snapshot())]
    expected = [made(number, name="old") for number in range(19, -1, -1)]
    firsts = [next(walk) for walk in walks]
    for number in range(20):
        store.put(made(number, name="new"))
    assert [[first, *walk] for first, walk in zip(firsts, walks, strict=True)] == [
        expected,
        expected,
    ]


@pytest.mark.memory
def test_a_range_of_the_order_field_does_not_count_discarded_rows():
    store = Store(SCHEMA, (made(number) for number in range(10)))
    store.discard("i-00005")
    window = [Range("created", since=3_000_000, until=8_000_000)]
    for reading in readings(store):
        assert reading.explain(Query(window)).known == reading.count(window) == 5


@pytest.mark.memory
def test_segment_rows_has_bounds():
    for wrong in (0, 32769):
        with pytest.raises(InstqueryError):
            Store(SCHEMA, segment_rows=wrong)


def test_no_cursor_has_been_issued():
    with pytest.raises(CursorInvalid):
        Store(SCHEMA).page(Query(), cursor="made up")


@pytest.mark.long
@pytest.mark.one_server
def test_threads_see_whole_batches_only(tries):
    store = Store(SCHEMA, (made(number, status="old") for number in range(50)), segment_rows=8)
    stop = threading.Event()

    def write():
        for turn in range(tries(60, quick=20)):
            store.put_many(made(number, status=f"turn {turn}") for number in range(50))
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    torn = 0
    while not stop.is_set():
        torn += len({item["status"] for item in store.page(Query(limit=50)).items}) != 1
    writer.join()
    assert torn == 0


@pytest.mark.memory
def test_large_segments_agree_with_the_naive_reading_through_every_kind_of_write():
    """Wide row sets, frequent and rare values, promotion, demotion, and longer blocks."""
    made_by = random.Random(11)

    def some(number):
        return {
            "id": f"i-{number:05}",
            "name": made_by.choice(["推荐", "prod", "Test", "x"])
            + made_by.choice(["-web", "数据", ""])
            + str(number % 37),
            "status": made_by.choice(["Running"] * 8 + ["Ready"]),
            "owner": str(min(int(made_by.paretovariate(0.7)), 500)),
            "created": made_by.randrange(3000) * 1_000_000,
            "expires": made_by.choice([None, made_by.randrange(10**6) * 1_000_000]),
        }

    wheres = [
        [],
        [("contains", "name", "推荐")],
        [("contains", "name", "b1")],
        [("contains", "name", "0")],
        [("contains", "name", "据3"), ("eq", "status", "Running")],
        [("contains", "id", "i-01")],
        [("eq", "owner", "1"), ("range", "expires", {"since": 0, "before": at(400_000_000_000)})],
        [("in", "owner", ["3", "77", "500"]), ("contains", "name", "t")],
        [("range", "created", {"after": at(700_000_000)}), ("eq", "status", "Ready")],
        [("eq", "name", "prod-web11")],
    ]
    store = Store(SCHEMA, segment_rows=4096)
    held = {}

    def agree():
        for where in wheres:
            for offset in (0, 150):
                query = Query(
                    [predicate(condition) for condition in where], offset=offset, limit=20
                )
                page = store.page(query)
                assert (page.items, page.total) == naive.page(
                    held.values(), where, offset, 20, "id", "created"
                ), where
                assert (
                    store.page(Query(query.where, offset=offset, limit=20, total=False)).items
                    == page.items
                )

    for number in range(1200):  # one by one, in any order
        record = some(number)
        store.put(record)
        held[record["id"]] = record
    agree()
    batch = [some(number) for number in range(1000, 6000)]  # many at once, some of them replaced
    store.put_many(batch)
    held.update({record["id"]: record for record in batch})
    agree()
    for number in made_by.sample(range(6000), 2500):
        key = f"i-{number:05}"
        if made_by.random() < 0.5:
            store.discard(key)
            held.pop(key)
        else:
            held[key] = {
                **held[key],
                "name": made_by.choice(["renamed", "推荐"]),
                "owner": "9",
                "expires": number,
            }
            store.put(held[key])
    agree()
    for number in range(6000, 6300):
        store.put(some_new := some(number))
        held[some_new["id"]] = some_new
    agree()
    assert store.facets("owner") == store.snapshot().facets("owner")
    assert store.count([Eq("owner", "9"), Range("created", since=0)]) == sum(
        r["owner"] == "9" for r in held.values()
    )


@pytest.mark.memory
def test_a_renamed_record_is_found_by_grams_that_no_record_had():
    store = Store(
        SCHEMA, [{"id": f"i-{number}", "name": "shop", "created": number} for number in range(10)]
    )
    assert store.count([Contains("name", "quiz")]) == 0
    store.put({"id": "i-3", "name": "Quizás", "created": 3})
    assert [item["id"] for item in store.page(Query([Contains("name", "quizás")])).items] == ["i-3"]
    assert store.explain(Query([Contains("name", "nowhere")])).driver == "nothing"


@pytest.mark.memory
def test_items_read_late_are_those_of_the_page_and_the_callers_own():
    """Copies are made at the first look: writes in between must not be seen in them."""
    nested = [{**made(number), "note": {"tags": [number]}} for number in range(12)]
    store = Store(SCHEMA, nested, segment_rows=4)
    early, late = store.page(Query(limit=5)), store.page(Query(limit=5))
    seen = copy.deepcopy(early.items)
    store.replace_all([{**made(number), "note": {"tags": ["later"]}} for number in range(12)])
    assert late == early
    assert late.items is late.items
    late.items[0]["note"]["tags"].append("the caller's")
    late.items.pop()
    assert early.items == seen
    assert store.page(Query(limit=5)).items[0]["note"] == {"tags": ["later"]}
