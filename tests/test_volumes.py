"""Grams that segments share: each look-up beside a plain reading of the texts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from instquery import Contains, Eq, Order, Query, Range, Schema, Store, instant, keyword, text
from instquery.engine import search as search_room
from instquery.engine.indexes import frequent as frequent_room
from instquery.engine.indexes import sought as sought_room
from instquery.engine.indexes import volume as volume_room
from instquery.engine.indexes.grams import cut
from instquery.engine.indexes.sought import grouped, sought
from instquery.engine.indexes.text import TextIndex
from instquery.engine.opening import Opening
from instquery.engine.rowsets import positions
from instquery.engine.segment import Segment
from strategies import names

columns = st.lists(st.lists(st.none() | names, max_size=12), min_size=1, max_size=7)

SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": text(),
        "name": text(),
        "status": keyword(),
        "created": instant(integers="seconds"),
    },
)


def joined(several):
    """Return an index of each column, joined."""
    indexes = [TextIndex.build(column) for column in several]
    TextIndex.join(indexes)
    return indexes


def folded(column):
    return ["" if value is None else value.casefold() for value in column]


def agree(indexes, several):
    """Each gram is in the rows of each segment that hold it, and in no other."""
    texts = [list(index._texts) for index in indexes]
    every = set().union(*[cut(one) for some in texts for one in some])
    for index, some in zip(indexes, texts, strict=True):
        for gram in every - index._frequent.numbers.keys():
            holding = {at for at, one in enumerate(some) if gram in one}
            assert set(index.built.listed(gram)) == holding, gram
            if len(gram) == 3:
                first, end = index.built.span(gram)
                assert list(index.built.rows[first:end]) == sorted(holding)
        assert list(index.faults(several[indexes.index(index)])) == []


@given(columns)
@examples(300, quick=60)
def test_joined_segments_hold_every_row_of_every_gram_and_no_other(several):
    indexes = joined(several)
    agree(indexes, several)
    known = [index.grams() for index in indexes]
    assert set().union(*known) == {
        gram for index in indexes for one in index._texts for gram in cut(one) if len(gram) == 3
    }


@given(columns)
@examples(100, quick=30)
def test_a_volume_is_never_larger_than_the_tables_that_it_replaces(several):
    alone = [TextIndex.build(column).built for column in several]
    together = [index.built for index in joined(several)]
    before = sum(len(one.volume.grams) * 2 + 1 for one in alone)
    shared = {id(one.volume): one.volume.grams for one in together}.values()
    after = sum(len(grams) * (grams.width + 1) + grams.width for grams in shared)
    after += sum(2 * len(one.own) + 1 for one in together)
    assert after <= before + len(several)  # the ends of tables without grams
    assert [len(one.rows) for one in together] == [len(one.rows) for one in alone]


def test_grams_that_few_segments_have_stay_with_these():
    several = [["abcd"], ["abcx"], ["abcd"], ["abyz"]]
    indexes = joined(several)
    assert len({id(index.built.volume) for index in indexes}) == 1
    volume = indexes[0].built.volume
    assert volume.texts(volume.grams.numbers) == {"abc"}
    assert [volume.texts(index.built.own.numbers) for index in indexes] == [
        {"bcd"},
        {"bcx"},
        {"bcd"},
        {"aby", "byz"},
    ]
    agree(indexes, several)
    assert list(indexes[3].built.listed("ab")) == [0]  # of its own, behind none that is shared


@pytest.mark.parametrize(
    ("several", "together"),
    [
        ([["abc"]], 1),
        ([["abc"], ["abd"]], 1),
        ([[chr(0x4E00 + at) * 3 for at in range(300)], ["abc"], ["abd"]], 2),  # of its own
        ([["abc"], [chr(0x4E00 + at) * 3 for at in range(300)], ["abd"]], 3),
        ([[chr(0x4E00 + at + 200 * n) * 3 for at in range(200)] for n in range(3)], 3),
        ([[*["abc"] * 9, *[chr(0x4E00 + at) * 3 for at in range(300)]], ["abc"], ["cab"]], 2),
        ([["abc"], [*["abc"] * 9, *[chr(0x4E00 + at) * 3 for at in range(300)]], ["cab"]], 3),
        ([["abc"]] * 5, 3),
    ],
)
def test_segments_share_a_volume_while_their_characters_have_room(monkeypatch, several, together):
    monkeypatch.setattr(volume_room, "_SLOTS", 2 if len(several) == 5 else 64)
    indexes = joined(several)
    assert len({id(index.built.volume) for index in indexes}) == together
    for index, column in zip(indexes, several, strict=True):
        assert list(index.faults(column)) == []
        for one in column:
            leaf = Contains("f", one)
            places, _ = index.select(leaf)
            expected = [at for at, text in enumerate(column) if text == one]
            assert index.test(leaf, sorted(places_of(places), reverse=True), []) == expected[::-1]


def places_of(rows):
    return rows if isinstance(rows, list) else positions(rows)


NEEDLES = [
    "prod",
    "web-",
    "-web",
    "推荐w",
    "strasse",
    "ab",
    "",
    "absent",
    "od-web-2",
    "rod",
    "zzzz",
]


def changed(index, column, chance):
    """Change an index as writes do, and the column with it."""
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(column) + 1)
        what = chance.randrange(4)
        if what == 0 and at < len(column):
            index.open(Opening([at], len(column)))
            column.insert(at, None)
        elif what == 1 and at < len(column):
            index.drop(at, column[at])
            column[at] = None
        elif at == len(column) or column[at] is None:
            value = chance.choice(["prod-web-1", "x", "推荐web", "od-web-22", None])
            index.add(at, value)
            column[at : at + 1] = [value]


@pytest.mark.parametrize("seed", range(40))
def test_what_is_sought_is_every_match_and_no_other_after_writes(monkeypatch, seed):
    monkeypatch.setattr(sought_room, "_LEAST", 1)
    monkeypatch.setattr(frequent_room, "_SMALL", 4)
    monkeypatch.setattr(frequent_room, "_FREQUENT", 3)
    chance = Random(seed)
    values = ["prod-web-1", "prod-web-2", "PROD", "推荐-web", "推荐web", "Straße", "b", "", None]
    several = [chance.choices(values, k=chance.randrange(1, 20)) for _ in range(6)]
    indexes = joined(several)
    if seed % 2:
        indexes = [index.copy() for index in indexes]
        for index, column in zip(indexes, several, strict=True):
            changed(index, column, chance)
    chance.shuffle(pairs := list(zip(indexes, several, strict=True)))
    groups = grouped([index for index, _ in pairs])

    known = 0
    for needle in NEEDLES:
        leaf = Contains("f", needle)
        for (index, column), rows in zip(pairs, sought(groups, leaf), strict=True):
            expected = [at for at, value in enumerate(column) if leaf.matches({"f": value})]
            if rows is not None:
                assert rows == expected[::-1], needle
                known += 1
            else:
                size = index.size(leaf, (1 << len(column)) - 1)
                assert size.least <= len(expected) <= size.most
    assert known


def records(count):
    return [
        {
            "id": f"i-{at * 7919 % 99991:05}-{at % 10}",
            "name": f"prod-{at * 31 % 1000:03}-{'推荐' if at % 3 else 'web'}",
            "status": "Ready" if at % 5 else "Running",
            "created": at,
        }
        for at in range(count)
    ]


def expected(kept, needle, **others):
    return [
        one["id"]
        for one in sorted(kept, key=lambda one: -one["created"])
        if all(needle[field] in one[field] for field in needle)
        and all(one[field] == value for field, value in others.items())
    ]


@pytest.fixture
def asked(monkeypatch):
    """Notes each segment that is asked by its indexes."""
    segments = []
    select = TextIndex.select
    monkeypatch.setattr(
        TextIndex, "select", lambda self, leaf: (segments.append(self), select(self, leaf))[1]
    )
    return segments


@pytest.fixture(scope="module")
def kept():
    return records(6000)


def test_only_segments_that_hold_a_rare_needle_are_asked(kept, asked):
    store = Store(SCHEMA, kept, segment_rows=600)
    needle = kept[3000]["id"]
    for query in (
        Query(Contains("id", needle)),
        Query(Contains("id", needle), total=False),
        Query([Contains("id", needle), Eq("status", kept[3000]["status"])]),
        Query([Contains("id", needle), Range("created", since="1970-01-01T00:40:00Z")]),
    ):
        page = store.page(query)
        assert [one["id"] for one in page] == [needle]
    assert store.count(Contains("id", needle)) == 1
    assert not asked

    store.put({"id": "late", "name": "other", "created": 1234})
    assert store.count(Contains("id", needle)) == 1
    assert not asked  # what was written since has none of its grams
    store.put({"id": f"<{needle}>", "name": "other", "created": 1234})
    assert store.count(Contains("id", needle)) == 2
    assert len(asked) == 1  # the one that was written to


@pytest.mark.parametrize("total", [True, False])
def test_walks_of_needles_agree_page_by_page(monkeypatch, kept, total):
    monkeypatch.setattr(search_room, "_SOON", 10**6)
    store = Store(SCHEMA, kept, segment_rows=600)
    for needle, others in (("-12", {}), ("123-", {"status": "Ready"}), ("-推荐", {})):
        where = [Contains("name", needle), *[Eq(*pair) for pair in others.items()]]
        query = Query(where, limit=7, total=total)
        found, cursor = [], None
        while True:
            page = store.page(query, cursor)
            found += [one["id"] for one in page]
            cursor = page.cursor
            if cursor is None or len(found) > 60:
                break
        wanted = expected(kept, {"name": needle}, **others)
        assert found == wanted[: len(found)]
        assert len(found) == min(len(wanted), len(found))
        assert not total or page.total == len(wanted)
        skipped = store.page(Query(where, offset=5, limit=9, total=total))
        assert [one["id"] for one in skipped] == wanted[5:14]


def test_a_copy_and_a_snapshot_share_the_volume(kept):
    store = Store(SCHEMA, kept, segment_rows=600)
    before = [index.built for index in _indexes(store)]
    snapshot = store.snapshot()
    for at in range(0, 6000, 500):
        store.put({**kept[at], "name": "renamed"})
    assert store.count(Contains("name", "renamed")) == 12
    assert snapshot.count(Contains("name", "renamed")) == 0
    assert [index.built for index in _indexes(store)] == before
    assert store.verify() == []


def _indexes(store):
    ((_, _, ids), _) = Segment.texts(store._current.version.segments)
    return ids


def test_a_needle_that_is_nowhere_ends_a_request_before_other_filters_are_weighed(kept):
    store = Store(SCHEMA, kept, segment_rows=600)
    version, census = store._current.version, store._current.census
    weighed = []

    class Watched:
        def estimate(self, term):
            weighed.append(term.field)
            return census.estimate(term)

    where = [Eq("status", "Ready"), Range("created", since=0), Contains("name", "qqq")]
    bound = Query(where)
    plan = search_room.plans(bound, version, Watched())
    assert next(plan).driver == "nothing"
    assert weighed == ["status", "name"]  # a count costs less than to part them
    assert {one.driver for one in plan} == {"row sets", "scan"}


def test_grams_together_are_no_proof_of_a_longer_needle(monkeypatch):
    monkeypatch.setattr(sought_room, "_LEAST", 1)
    indexes = joined([["abc-bcd", "abcd"], ["bcd-abc"], ["x"]])
    assert list(sought(grouped(indexes), Contains("f", "abcd"))) == [[1], [], []]


def test_a_character_that_shares_its_number_is_looked_for_in_the_texts(monkeypatch):
    monkeypatch.setattr(sought_room, "_LEAST", 1)
    crowd = [chr(0x4E00 + at) * 3 for at in range(300)]
    for at in (3, 270, 299):
        (rows,) = sought(grouped(joined([crowd])), Contains("f", crowd[at]))
        assert rows == [at]


def test_a_needle_in_many_rows_is_left_to_the_segments(monkeypatch):
    monkeypatch.setattr(sought_room, "_MANY", 3)
    several = [["abcd", "abce", "x"], ["abcd", "abcf"], ["abcd"], ["abcg", "abch", "abci"]]
    groups = grouped(joined(several))
    assert list(sought(groups, Contains("f", "abc"))) == [[1, 0], [1, 0], [0], [2, 1, 0]]
    monkeypatch.setattr(sought_room, "_MANY", 1)
    assert list(sought(groups, Contains("f", "abc"))) == [None] * 4
    assert list(sought(groups, Contains("f", "abcd"))) == [[0], [0], [0], []]


@pytest.mark.parametrize(("others", "read"), [(4, [1, 4]), (5, [1])])
def test_a_gram_in_many_rows_is_not_read_beside_a_rare_one(monkeypatch, others, read):
    monkeypatch.setattr(sought_room, "_LEAST", 1)
    monkeypatch.setattr(sought_room, "_FEW", 1)
    groups = grouped(joined([["abcd", *["bcd"] * (others - 2)], ["bcd"]]))
    needle = Contains("f", "abcd")
    assert [line.total for line in sought_room._rarest(groups[0], needle)] == read
    assert list(sought(groups, needle)) == [[0], []]


def test_a_newest_segment_that_is_just_begun_says_little_of_the_others(kept):
    store = Store(SCHEMA, kept, segment_rows=600)
    store.put({"id": "newest", "name": "other", "created": 10**6})
    assert len(store._current.version.segments[0]) == 1
    (step,) = store.explain(Query(Contains("name", "推荐"))).steps
    assert step.size.expected > 3000
