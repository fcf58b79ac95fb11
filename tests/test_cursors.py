"""Cursors: a walk returns exactly the first page's set, whatever is written.

Foreign and old ones are refused.
"""

import base64
import hmac
import json
import os
import pickle
import random
import threading
from copy import copy, deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from effort import examples
from instquery import (
    Contains,
    CursorExpired,
    CursorInvalid,
    Eq,
    In,
    Leases,
    Order,
    Query,
    QueryError,
    Range,
    RecordError,
    Schema,
    Store,
    instant,
    keyword,
    text,
)
from strategies import SCHEMA, conditions, predicate, records


class Clock:
    """A clock that is moved by hand."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


def walk(store, query, *, between=lambda: None, **options):
    """Yield the pages of a walk; between two pages something else may happen."""
    page = store.page(query)
    yield page
    while page.cursor is not None:
        cursor = page.cursor
        between()
        page = store.page(query, cursor=cursor, **options)
        yield page


inventories = st.lists(records(), max_size=30)
wheres = st.lists(conditions(), max_size=3)


@given(
    inventories,
    wheres,
    st.integers(0, 4),
    st.integers(1, 5),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
)
@examples(200)
def test_a_walk_agrees_with_the_naive_reading(
    inventory, where, offset, limit, segment_rows, total, frozen
):
    store = Store(SCHEMA, inventory, segment_rows=segment_rows)
    query = Query(
        [predicate(condition) for condition in where], offset=offset, limit=limit, total=total
    )
    expected, count = naive.page(
        list({record["id"]: record for record in inventory}.values()),
        where,
        offset,
        10**6,
        "id",
        "created",
    )
    reading = store.snapshot() if frozen else store
    pages = list(walk(reading, query))
    assert [item for page in pages for item in page.items] == expected
    assert {page.total for page in pages} == {count if total else None}
    assert all(len(page.items) == limit for page in pages[:-1])
    assert pages[-1].cursor is None


@given(st.randoms(use_true_random=False), st.sampled_from([1, 2, 7, 50]), st.booleans())
@examples(60)
def test_a_walk_sees_exactly_the_first_pages_set_under_random_writes(chance, limit, filtered):
    store = Store(SCHEMA, (made(number, status="a") for number in range(100)), segment_rows=16)
    where = [Eq("status", "a"), Contains("id", "i-")] if filtered else []
    expected = list(store)

    def write():
        for _ in range(chance.randrange(4)):
            number = chance.randrange(130)
            if chance.random() < 0.4:
                store.discard(f"i-{number:05}")
            else:
                store.put(made(number, status=chance.choice("ab"), created=chance.randrange(10**9)))
        if chance.random() < 0.1:
            store.put_many(made(number, status="b") for number in range(60, 90))

    pages = list(walk(store, Query(where, limit=limit), between=write))
    assert [item for page in pages for item in page.items] == expected
    assert {page.total for page in pages} == {100}
    assert store.verify() == []


@pytest.mark.long
def test_a_walk_over_100_000_records_under_continuous_writes():
    """Another thread adds, changes, moves and removes all the while.

    The walk sees the first page's set, once each.
    """
    store = Store(SCHEMA, (made(number, status="a") for number in range(100_000)))
    stop, written = threading.Event(), []

    def write():
        chance = random.Random(4)
        while not stop.is_set():
            number = chance.randrange(110_000)
            kind = chance.random()
            if kind < 0.3:
                store.discard(f"i-{number:05}")
            elif kind < 0.35:
                store.put_many(made(n, status="b") for n in range(number, number + 50))
            else:
                store.put(made(number, status="b", created=chance.randrange(10**11)))
            written.append(number)

    first = store.page(Query(limit=500))
    cursor = first.cursor
    thread = threading.Thread(target=write)
    thread.start()
    try:
        walked = [item["id"] for item in first.items]
        while cursor is not None:
            page = store.page(Query(limit=500), cursor=cursor)
            walked += [item["id"] for item in page.items]
            cursor = page.cursor
            while (
                len(written) * 500 < len(walked) and thread.is_alive()
            ):  # at least one write a page
                stop.wait(0.001)
    finally:
        stop.set()
        thread.join()
    assert walked == [f"i-{number:05}" for number in range(99_999, -1, -1)]
    assert len(written) >= 200


def test_a_cursor_works_after_its_record_is_gone():
    store = Store(SCHEMA, map(made, range(10)))
    page = store.page(Query(limit=3))
    cursor = page.cursor
    store.discard(page.items[-1]["id"])
    assert [item["id"] for item in store.page(Query(limit=3), cursor=cursor).items] == [
        "i-00006",
        "i-00005",
        "i-00004",
    ]


def test_a_cursor_expires_with_the_age_or_the_number_of_leases():
    clock = Clock()
    store = Store(SCHEMA, map(made, range(10)), leases=Leases(count=2, age=60, clock=clock))
    query = Query(limit=3)
    cursor = store.page(query).cursor
    clock.seconds = 60
    assert len(store.page(query, cursor=cursor).items) == 3
    clock.seconds = 60.1
    with pytest.raises(CursorExpired):
        store.page(query, cursor=cursor)
    cursors = []
    for number in range(3):
        store.put(made(20 + number))
        cursors.append(store.page(query).cursor)
    with pytest.raises(CursorExpired):
        store.page(query, cursor=cursors[0])
    assert len(store.page(query, cursor=cursors[1]).items) == 3


def test_a_lease_that_has_ended_holds_no_memory():
    clock = Clock()
    leases = Leases(count=5, age=60, clock=clock)
    store = Store(SCHEMA, map(made, range(10)), leases=leases)
    assert store.page(Query(limit=3)).cursor
    assert len(leases) == 1
    clock.seconds = 61
    store.put(made(11))
    assert len(leases) == 0


def test_a_live_walk_goes_on_where_it_was_without_repeats():
    clock = Clock()
    store = Store(SCHEMA, map(made, range(10)), leases=Leases(age=60, clock=clock))
    query = Query(limit=4)
    first = store.page(query)
    cursor = first.cursor
    store.discard("i-00005")
    store.put(made(99))
    store.put(made(3, name="renamed"))
    clock.seconds = 100
    second = store.page(query, cursor=cursor, live=True)
    assert [item["id"] for item in second.items] == ["i-00004", "i-00003", "i-00002", "i-00001"]
    assert second.items[1]["name"] == "renamed"
    assert second.total == 10
    third = store.page(query, cursor=second.cursor, live=True)
    assert [item["id"] for item in third.items] == ["i-00000"]
    assert third.cursor is None


def test_a_live_walk_uses_the_kept_state_while_there_is_one():
    store = Store(SCHEMA, map(made, range(10)))
    cursor = store.page(Query(limit=4)).cursor
    store.discard("i-00005")
    assert store.page(Query(limit=4), cursor=cursor, live=True).items[0]["id"] == "i-00005"


def test_a_cursor_for_another_query_or_another_owner_is_refused():
    store = Store(SCHEMA, [made(number, owner=str(number % 2)) for number in range(20)])
    mine = Query([Eq("owner", "1"), In("status", ["a", "b"]), Range("created", since=0)], limit=2)
    store.put_many(made(number, owner="1", status="a") for number in range(20))
    cursor = store.page(mine).cursor
    same = Query([Range("created", since=0), In("status", ["b", "a"]), Eq("owner", "1")], limit=5)
    assert len(store.page(same, cursor=cursor).items) == 5
    for other in (
        Query(),
        Query([Eq("owner", "2"), *mine.where[1:]], limit=2),
        Query([*mine.where[:2], Range("created", since=1)], limit=2),
        Query([*mine.where, Eq("name", "x")], limit=2),
    ):
        with pytest.raises(CursorInvalid):
            store.page(other, cursor=cursor)


def test_no_byte_of_a_cursor_can_be_changed():
    store = Store(SCHEMA, map(made, range(10)))
    cursor = store.page(Query(limit=2)).cursor
    chance = random.Random(3)
    alphabet = "ABCabc019-_"
    for at in range(len(cursor)):
        other = chance.choice(alphabet.replace(cursor[at], ""))
        for changed in (
            cursor[:at] + other + cursor[at + 1 :],
            cursor[:at],
            cursor[:at] + "!" + cursor[at:],
        ):
            with pytest.raises(CursorInvalid):
                store.page(Query(limit=2), cursor=changed)
    for wrong in (
        "",
        "x",
        "推荐",
        "=" * 8,
        cursor + "A",
        cursor + "=",
        cursor + "\n",
        "A" * (1 << 21),
        7,
        b"x",
    ):
        with pytest.raises(CursorInvalid):
            store.page(Query(limit=2), cursor=wrong)


def test_cursors_of_another_store_are_refused_with_the_same_key_they_are_old():
    stores = [Store(SCHEMA, map(made, range(10)), cursor_key=key) for key in (b"k", b"k", b"other")]
    query = Query(limit=2)
    cursor = stores[0].page(query).cursor
    with pytest.raises(CursorExpired, match="live=True"):
        stores[1].page(query, cursor=cursor)
    assert len(stores[1].page(query, cursor=cursor, live=True).items) == 2
    with pytest.raises(CursorInvalid, match="share cursor_key"):
        stores[2].page(query, cursor=cursor)
    with pytest.raises(CursorInvalid, match="ask with the predicates of its first page"):
        stores[0].page(Query(Eq(SCHEMA.key, "i-00001"), limit=2), cursor=cursor)


def test_a_snapshot_takes_its_own_cursors_only():
    store = Store(SCHEMA, map(made, range(10)))
    query = Query(limit=2)
    old = store.snapshot()
    cursor = store.page(query).cursor
    assert [item["id"] for item in old.page(query, cursor=cursor).items] == ["i-00007", "i-00006"]
    store.put(made(11))
    with pytest.raises(CursorInvalid):
        store.snapshot().page(query, cursor=cursor)


def test_a_cursor_keeps_the_moment_of_its_walk():
    store = Store(SCHEMA, map(made, range(10)))

    def query(now):
        return Query([Range("created", after=now)], limit=2, now=now)

    first = store.page(query(3_000_000))
    assert store.moment(first.cursor) == 3_000_000
    second = store.page(query(store.moment(first.cursor)), cursor=first.cursor)
    assert store.moment(second.cursor) == 3_000_000
    assert store.moment(store.page(Query(limit=1)).cursor) is None
    with pytest.raises(QueryError):
        Query(now="soon")
    with pytest.raises(CursorInvalid):
        store.moment("made up")


def test_a_page_without_rows_or_with_nothing_behind_has_no_cursor():
    store = Store(SCHEMA, map(made, range(4)))
    for query in (
        Query(limit=4),
        Query(limit=0),
        Query(offset=2, limit=2),
        Query(offset=9),
        Query(limit=4, total=False),
    ):
        assert store.page(query).cursor is None
    assert store.page(Query(limit=3, total=False)).cursor is not None
    assert store.page(Query(limit=(1 << 63) - 1)).cursor is None


def test_leases_have_bounds():
    for wrong in ({"count": -1}, {"age": -1}, {"age": float("nan")}):
        with pytest.raises(Exception, match="bounded"):
            Leases(**wrong)
    none = Store(SCHEMA, map(made, range(9)), leases=Leases(count=0))
    with pytest.raises(CursorExpired):
        none.page(Query(limit=2), cursor=none.page(Query(limit=2)).cursor)


@pytest.mark.parametrize("copied", [copy, deepcopy, lambda page: pickle.loads(pickle.dumps(page))])
def test_a_page_can_be_copied_and_kept_elsewhere_with_its_cursor(copied):
    store = Store(SCHEMA, map(made, range(5)))
    page = copied(store.page(Query(limit=2)))
    assert (page, page.version) == (store.page(Query(limit=2)), store.version)
    following = store.page(Query(limit=2), cursor=page.cursor)
    assert following.items == store.page(Query(offset=2, limit=2)).items


# Keys of any characters.

ODD = "\0a\ud800\udbff\udc00\udfff\uffff\U00010000\U0010ffff推"
PAIR = "\ud800\udc00"  # two characters, which JSON joins to one

KEYED = {
    kind: Schema(key="id", order=Order("created"), fields={"id": made_kind(), "created": instant()})
    for kind, made_kind in (("text", text), ("keyword", keyword))
}


def keys_of(pages):
    return [item["id"] for page in pages for item in page.items]


@pytest.mark.parametrize("kind", KEYED)
@given(
    st.sets(st.text(st.sampled_from(ODD), min_size=1, max_size=4), max_size=12), st.integers(1, 3)
)
def test_a_walk_passes_keys_of_any_characters(kind, keys, limit):
    store = Store(KEYED[kind], ({"id": key} for key in keys))
    expected = sorted(keys)
    query = Query(limit=limit)
    assert keys_of(walk(store, query)) == expected
    assert keys_of(walk(store.snapshot(), query)) == expected
    elsewhere = Store(KEYED[kind], store, cursor_key=b"k")
    for page in walk(Store(KEYED[kind], store, cursor_key=b"k"), query):
        if page.cursor is not None:
            followed = elsewhere.page(Query(limit=len(keys)), cursor=page.cursor, live=True)
            assert followed.items[:1] == [
                {"id": expected[expected.index(page.items[-1]["id"]) + 1]}
            ]


def test_a_split_pair_and_the_character_that_json_makes_of_it_are_two_keys():
    keys = [PAIR, "\udc00x", "\uff71", "\U00010000", "z"]
    store = Store(KEYED["text"], ({"id": key} for key in keys))
    assert keys_of(walk(store, Query(limit=1))) == sorted(keys)
    assert store.get(PAIR) == {"id": PAIR}
    assert store.page(Query(Eq("id", PAIR))).items == [{"id": PAIR}]
    assert store.count(In("id", [PAIR, "\U00010000"])) == 2


@pytest.mark.parametrize("kind", KEYED)
@pytest.mark.parametrize("letter", ["a", "推", "\U0010ffff", "\ud800", "\0", PAIR])
def test_the_longest_key_has_a_cursor_and_a_longer_one_is_refused(kind, letter):
    keys = [letter * (4096 // len(letter) - 1) + end * len(letter) for end in "abc"]
    assert {len(key) for key in keys} == {4096}
    store = Store(KEYED[kind], ({"id": key} for key in keys))
    assert keys_of(walk(store, Query(limit=1))) == sorted(keys)
    with pytest.raises(RecordError) as caught:
        store.put({"id": keys[0] + "x"})
    assert caught.value.field == "id"
    assert "4,096 characters, not 4,097" in caught.value.reason
    assert len(store) == 3
    assert store.count(Eq("id", keys[0] + "x")) == 0


def test_a_cursor_of_a_release_that_wrote_another_form_is_refused():
    """It is signed with the host's key, but its key is not hex, or by chance is."""
    key = b"k" * 32
    store = Store(KEYED["text"], [{"id": "aa"}, {"id": "bb"}, {"id": "cc"}], cursor_key=key)
    query = Query(limit=1)
    body = json.dumps([-(1 << 62), "bb", "0" * 24, None, 1, "0" * 16, 3]).encode()
    old = (
        base64.urlsafe_b64encode(hmac.digest(key, body, "sha256")[:16] + body).decode().rstrip("=")
    )
    for ask in (store.moment, lambda cursor: store.page(query, cursor=cursor, live=True)):
        with pytest.raises(CursorInvalid):
            ask(old)


# What stores share.


def two(**options):
    """Two stores of other records, with the same number of writes behind them."""
    return [
        Store(SCHEMA, [made(number, owner=owner) for number in range(6)], **options)
        for owner in ("first", "second")
    ]


@pytest.mark.parametrize("options", [{}, {"cursor_key": b"k"}, {"history": 0}])
def test_stores_that_share_leases_answer_from_their_own_records(options):
    stores = two(leases=Leases(), **options)
    query = Query(limit=2)
    pages = [store.page(query) for store in stores]
    cursors = [page.cursor for page in pages]
    for store, page, cursor in zip(stores, pages, cursors, strict=True):
        store.put(made(9, owner="later"))
        assert page.items + store.page(query, cursor=cursor).items == [
            made(number, owner=page.items[0]["owner"]) for number in (5, 4, 3, 2)
        ]
    for store, cursor, owner in zip(stores, cursors[::-1], ("first", "second"), strict=True):
        with pytest.raises((CursorExpired, CursorInvalid)):
            store.page(query, cursor=cursor)
        with pytest.raises(CursorInvalid):
            store.snapshot().page(query, cursor=cursor)
        if options.get("cursor_key"):
            live = store.page(query, cursor=cursor, live=True)
            assert {item["owner"] for item in live.items} == {owner}
            assert live.total == 7


def test_shared_leases_are_bounded_over_all_stores():
    leases = Leases(count=3)
    stores = two(leases=leases)
    cursors = []
    for number in range(10, 14):
        for store in stores:
            store.put(made(number))
            cursors.append((store, store.page(Query(limit=2)).cursor))
    assert len(leases) == 3
    for store, cursor in cursors[:-3]:
        with pytest.raises(CursorExpired):
            store.page(Query(limit=2), cursor=cursor)
    for store, cursor in cursors[-3:]:
        assert len(store.page(Query(limit=2), cursor=cursor).items) == 2


def test_a_cursor_of_the_same_store_made_again_has_expired():
    """As many writes, the same records, the same key: it is another state all the same."""
    leases = Leases()
    first = Store(SCHEMA, map(made, range(6)), cursor_key=b"k", leases=leases)
    cursor = first.page(Query(limit=2)).cursor
    again = Store(SCHEMA, first, cursor_key=b"k", leases=leases)
    assert again.page(Query(limit=2)).cursor is not None
    with pytest.raises(CursorExpired):
        again.page(Query(limit=2), cursor=cursor)
    assert len(first.page(Query(limit=2), cursor=cursor).items) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_processes_that_were_forked_do_not_take_each_others_states():
    store = Store(SCHEMA, map(made, range(6)), cursor_key=b"k")
    before = store.page(Query(limit=2)).cursor
    to_read, to_write = os.pipe()
    child = os.fork()
    store.put(made(10, owner="parent" if child else "child"))
    page = store.page(Query(limit=2))
    if not child:
        os.write(to_write, page.cursor.encode())
        os._exit(0)
    os.close(to_write)
    with os.fdopen(to_read) as pipe:
        foreign = pipe.read()
    os.waitpid(child, 0)
    assert page.cursor is not None  # so that a state of the same version is leased here
    with pytest.raises(CursorExpired):
        store.page(Query(limit=2), cursor=foreign)
    assert store.page(Query(limit=2), cursor=foreign, live=True).total == 7
    assert [item["id"] for item in store.page(Query(limit=2), cursor=before).items] == [
        "i-00003",
        "i-00002",
    ]


def test_the_total_of_another_state_is_not_taken_over():
    """A live walk that comes to a state of the same version counts anew."""
    one, other = (Store(SCHEMA, map(made, range(count)), cursor_key=b"k") for count in (6, 9))
    cursor = one.page(Query(limit=2)).cursor
    assert other.page(Query(limit=2), cursor=cursor, live=True).total == 9


def test_a_cursor_of_another_order_is_refused_whatever_key_has_signed_it():
    """In the other order its place differs: a live walk would lose or repeat rows silently."""
    records = [
        {"id": f"i-{n}", "created": f"2026-01-0{n}", "moved": f"2026-02-0{n}"} for n in range(1, 6)
    ]
    stores = [
        Store(
            Schema(
                key="id",
                order=order,
                fields={"id": text(), "created": instant(), "moved": instant()},
            ),
            records,
            cursor_key=b"one key for all",
        )
        for order in (Order("created"), Order("created", descending=False), Order("moved"))
    ]
    for store in stores:
        cursor = store.page(Query(limit=2)).cursor
        for other in stores:
            if other is not store:
                with pytest.raises(CursorInvalid):
                    other.page(Query(limit=2), cursor, live=True)
