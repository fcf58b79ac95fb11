"""Forms: a reply that trusts what is known of its records says what one says that looks."""

import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instquery import Contains, Eq, In, Order, Query, Range, Schema, Store, instant, stored, text
from instquery.apis.catalog import CATALOG
from instquery.apis.envelope import Envelope
from instquery.engine.passing import passing
from instquery.pages import Page
from strategies import SCHEMA

FIELDS = {"id": text(), "note": stored(), "made": instant(integers="seconds"), "seen": instant()}
OWN = Schema(key="id", order=Order("made"), fields=FIELDS)
FORMS = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04Z", None]

records = st.fixed_dictionaries(
    {"id": st.sampled_from("abcdef"), "made": st.sampled_from(FORMS)},
    optional={
        "note": st.sampled_from(["x", 1, None, ["x", None], {"y": 1}]),
        "seen": st.sampled_from(FORMS),
        "undeclared": st.just("z"),
    },
)


def specs_of(rows):
    """Say in which forms all rows are plain, by looking at each: shares nothing with the engine."""
    found = set()
    for spec, length in (("seconds", 20), ("milliseconds", 24)):
        times = [row[name] for row in rows for name in ("made", "seen") if name in row]
        has_names = all(row.keys() <= FIELDS.keys() for row in rows)
        has_values = all(value is not None for row in rows for value in row.values())
        if has_names and has_values and all(len(time) == length for time in times):
            found.add(spec)
    return found


def known(page):
    return {spec for spec in ("seconds", "milliseconds") if page.is_plain(OWN, spec)}


@given(st.lists(st.tuples(st.sampled_from(["put", "discard", "batch", "all"]), records)))
def test_what_is_known_of_a_page_is_true_of_every_record(writes):
    store = Store(OWN, segment_rows=4)
    for kind, record in writes:
        if kind == "put":
            store.put(record)
        elif kind == "discard":
            store.discard(record["id"])
        elif kind == "batch":
            store.put_many([record, {**record, "id": "g"}])
        else:
            store.replace_all([record])
        assert known(store.page(Query())) == specs_of(list(store))
        assert store.verify() == []


def test_a_page_of_another_schema_is_looked_at():
    other = Schema(key="id", order=Order("made"), fields={**FIELDS, "more": text()})
    page = Store(other, [{"id": "a", "made": FORMS[0], "more": "x"}]).page(Query())
    assert page.is_plain(other, "seconds")
    assert not page.is_plain(OWN, "seconds")


def test_nothing_is_known_of_a_page_that_was_made_elsewhere_or_has_travelled():
    page = Store(OWN, [{"id": "a", "made": FORMS[0]}]).page(Query())
    assert page.is_plain(OWN, "seconds")
    assert not pickle.loads(pickle.dumps(page)).is_plain(OWN, "seconds")
    assert not Page([], 0).is_plain(OWN, "seconds")


def test_a_snapshot_knows_what_it_knew():
    store = Store(OWN, [{"id": "a", "made": FORMS[0]}])
    snapshot = store.snapshot()
    store.put({"id": "b", "made": FORMS[1]})
    assert known(snapshot.page(Query())) == {"seconds"}
    assert known(store.page(Query())) == set()
    store.discard("b")
    assert known(store.page(Query())) == {"seconds"}


def test_a_record_with_a_blank_time_is_not_plain():
    fields = {"id": text(), "made": instant(blank_is_missing=True)}
    schema = Schema(key="id", order=Order("made"), fields=fields)
    store = Store(schema, [{"id": "a", "made": ""}])
    assert not store.page(Query()).is_plain(schema, "seconds")


@pytest.mark.parametrize("size", [1, 3])
def test_what_is_loaded_is_counted_as_what_is_put(size):
    """Records without a time are plain in every form, in bulk and one by one."""
    dated = [{"id": f"d{number}", "made": FORMS[0]} for number in range(size)]
    undated = [{"id": f"u{number}"} for number in range(size)]
    store = Store(OWN, [*dated, *undated])
    assert store.verify() == []
    store.put({**dated[0], "note": "x", "more": 1})
    assert store.verify() == []

    for record in undated:
        store.discard(record["id"])
    store.put({**dated[0], "made": None})
    store.replace_all(dated)
    assert store.verify() == []
    assert store.page(Query()).is_plain(OWN, "seconds") == Store(OWN, dated).page(Query()).is_plain(
        OWN, "seconds"
    )


def test_verify_names_forms_that_differ():
    store = Store(OWN, [{"id": "a", "made": FORMS[0]}])
    store._current.census._forms._counts["other"] = 1
    assert store.verify() == ["forms of records"]


def an_envelope(members, times):
    return Envelope(
        members=members,
        times=frozenset(times),
        timespec="seconds",
        success=lambda answer: {"items": answer.items},
        failure=lambda refused: {"code": refused.code},
    )


@pytest.mark.parametrize(
    ("members", "times", "has_all"),
    [
        (("id", "note", "made", "seen"), ("made", "seen"), True),
        (("id", "note", "made"), ("made",), False),  # a field that is no member is left out
        (("id", "note", "made", "seen"), ("made",), False),
        (("id", "note", "made", "seen"), ("made", "seen", "note"), False),
    ],
)
def test_an_envelope_trusts_plain_records_where_it_has_all_fields(members, times, has_all):
    assert an_envelope(members, times).has_all(OWN) is has_all


class Bare:
    """A store that says nothing of its pages but what they hold."""

    def __init__(self, store):
        self._store = store

    def page(self, query):
        page = self._store.page(query)
        return Page(page.items, page.total)


@pytest.mark.parametrize("name", CATALOG)
@pytest.mark.parametrize("odd", [{}, {"undeclared": 1}, {"status": None}, {"Status": None}])
def test_a_reply_is_the_one_that_looks_at_each_record(name, odd):
    api = CATALOG[name]
    operation = api.operation
    rows = list(api.samples(60))
    store = Store(operation.schema, [rows[0] | odd, *rows[1:]])
    params = {param.name: rows[0][param.name] for param in operation.params if param.required}
    replies = [operation(asked, params, request_id="x") for asked in (store, Bare(store))]
    assert replies[0] == replies[1]
    assert replies[0].answer.items
    is_plain = store.page(Query()).is_plain(operation.schema, operation.envelope.timespec)
    is_flat = not any(field.is_drawn for field in operation.schema.fields.values())
    assert is_plain is (is_flat and not odd)


TEXTS = ["prod", "PROD-1", "推荐", None, ""]


@pytest.mark.parametrize(
    "predicate",
    [
        Eq("status", "Ready"),
        In("status", ["Ready", 7]),
        Contains("name", "ro"),
        Contains("name", ""),
        Range("expires", since=5, before=20),
    ],
    ids=str,
)
def test_many_records_pass_as_each_alone_matches(predicate):
    chance = random.Random(4)
    rows = [
        {
            "id": str(number),
            "status": chance.choice(["Ready", "Running", 7, True, None]),
            "name": chance.choice(TEXTS),
            "created": number,
            "expires": chance.choice([1, 5, 19, 20, None]),
        }
        for number in range(200)
    ]
    bound = SCHEMA.bound(predicate, None)
    assert passing(bound, rows) == [row for row in rows if bound.matches(row)]
