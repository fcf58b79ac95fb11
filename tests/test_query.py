"""Predicates and queries as values: what they accept, refuse and say."""

import json
from datetime import datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given

import naive
from instquery import (
    Contains,
    CursorInvalid,
    Eq,
    In,
    Order,
    Query,
    QueryError,
    Range,
    Schema,
    SchemaError,
    Store,
    instant,
    keyword,
    text,
)
from strategies import SCHEMA, conditions, predicate, records


@given(records(), conditions())
def test_the_predicate_is_the_truth(record, condition):
    assert SCHEMA.matches(predicate(condition), record) == naive.holds(record, condition)


@pytest.mark.parametrize(
    ("make", "field", "said"),
    [
        (lambda: Eq("status", None), "status", "a value must be text"),
        (lambda: Eq("status", 1j), "status", "a value must be text"),
        (lambda: Eq("status", float("nan")), "status", "NaN equals nothing"),
        (
            lambda: SCHEMA.matches(Eq("status", 1.5), {}),
            "status",
            "a keyword field holds no float",
        ),
        (lambda: Eq(5, "x"), None, "a field name must be text"),
        (lambda: In("id", "abc"), "id", "a collection of values"),
        (lambda: In("id", 7), "id", "a collection of values"),
        (lambda: In("id", ["a", ["b"]]), "id", "a value must be text"),
        (lambda: Contains("name", 7), "name", "a needle must be text"),
        (lambda: Range("created"), "created", "at least one of"),
        (
            lambda: Range("created", after="soon"),
            "created",
            "after is not an ISO 8601 time: 'soon'",
        ),
        (lambda: Range("created", until=1j), "created", "until must be a datetime"),
        (
            lambda: SCHEMA.matches(Range("created", until=1.5), {}),
            "created",
            "until must be a datetime",
        ),
        (
            lambda: SCHEMA.matches(Range("created", before=10**40), {}),
            "created",
            "before must lie within the years",
        ),
        (lambda: Query(7), None, "where takes a predicate or a collection"),
        (lambda: Query("ab"), None, "where takes a predicate or a collection"),
        (lambda: Query(In), None, "where takes a predicate or a collection"),
        (lambda: Query([("a", "b")]), None, "tuple is not a predicate"),
        (lambda: Query(Query()), None, "not Query: give its where"),
        (lambda: Query(offset=-1), None, "offset must be an integer from 0, not -1"),
        (lambda: Query(limit=True), None, "limit must be an integer from 0, not True"),
        (lambda: Query(limit="5"), None, "limit must be an integer from 0, not str"),
        (lambda: Query(limit=1 << 63), None, "limit must fit 64 bits"),
    ],
)
def test_bad_input_is_refused_with_its_field_and_reason(make, field, said):
    with pytest.raises(QueryError) as caught:
        make()
    assert caught.value.field == field
    assert said in caught.value.reason


def test_an_order_is_checked():
    with pytest.raises(SchemaError):
        Order("created", "down")


def test_bounds_are_whole_microseconds_both_included():
    def read(**bounds):
        return SCHEMA.bound(Range("expires", **bounds), None)

    window = read(after=10, since=5, until=20, before=20)
    assert (window.low, window.high) == (11, 19)
    assert window == read(since=11, until=19)
    assert read(since=datetime(1970, 1, 1)).low == 0  # noqa: DTZ001 - a time without a zone is UTC
    both = read(since=5).intersection(read(until=9))
    assert both == read(since=5, until=9)


def test_one_predicate_is_asked_as_it_is():
    assert Query(Eq("a", "b")) == Query([Eq("a", "b")]) == Query(iter((Eq("a", "b"),)))


def test_predicates_are_values():
    assert (
        len({Eq("a", "b"), Eq("a", "b"), In("a", ["x", "x"]), In("a", ("x",)), Contains("a", "N")})
        == 3
    )
    with pytest.raises(AttributeError):
        Eq("a", "b").value = "c"


def at(**bounds):
    return SCHEMA.bound(Range("expires", **bounds), None)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Eq("status", "Running"), "status = 'Running'"),
        (Eq("cpu", 1 << 90), "cpu = a huge integer"),
        (In("id", "abcd"[:4].split("x") * 2), "id in 1 values ('abcd')"),
        (In("id", list("abcd")), "id in 4 values ('a', 'b', 'c', …)"),
        (Contains("name", "x" * 100), f"name contains '{'x' * 40}'…"),
        (
            at(since="2026-01-01", until="2026-01-02"),
            "2026-01-01T00:00:00Z <= expires <= 2026-01-02T00:00:00Z",
        ),
        (
            at(after="2026-01-01", before="2026-01-02"),
            "2026-01-01T00:00:00Z < expires < 2026-01-02T00:00:00Z",
        ),
        (at(since="0001-01-01"), "expires is set"),
        (Range("at", since="2026-01-01", before=5), "at >= 2026-01-01T00:00:00Z and at < 5"),
        (Range("at", within=timedelta(days=7)), "at > now and at <= now + timedelta(days=7)"),
        (
            Range("at", before=relativedelta(months=1, days=-3)),
            "at < now + relativedelta(months=1, days=-3)",
        ),
    ],
)
def test_predicates_read_well(condition, said):
    assert str(condition) == said


def test_integers_that_python_refuses_to_write_are_asked_like_any_other():
    """Of more than 4,300 digits; no record holds one."""
    schema = Schema(
        key="id", order=Order("at"), fields={"id": text(), "at": instant(), "cpu": keyword()}
    )
    store = Store(schema, [{"id": "a", "cpu": 1}, {"id": "b", "cpu": 1}])
    cursor = store.page(Query(limit=1)).cursor
    for where in (Eq("cpu", 10**5000), Eq("cpu", -(10**5000)), In("cpu", [10**5000])):
        assert store.page(Query(where)).total == 0
        assert len(repr(Query(where))) < 200
        with pytest.raises(CursorInvalid):
            store.page(Query(where), cursor)


def test_repr_of_eq_reads_like_a_call():
    assert [repr(Eq("a", value)) for value in ("x", 1, True)] == [
        "Eq(field='a', value='x')",
        "Eq(field='a', value=1)",
        "Eq(field='a', value=True)",
    ]


@pytest.mark.parametrize("nothing", [b"", bytearray(), memoryview(b""), ""])
@pytest.mark.parametrize(
    "ask",
    [
        Query,
        lambda given: Query(order=given),
        lambda given: Query(fields=given),
        lambda given: In("cpu", given),
        lambda given: Store(SCHEMA).histogram("created", given),
        lambda given: Store(SCHEMA).facets("status", given),
    ],
    ids=["where", "order", "fields", "values", "edges", "facets"],
)
def test_bytes_without_a_byte_are_no_collection_of_nothing(ask, nothing):
    with pytest.raises(QueryError, match=r"collection|order takes Order"):
        ask(nothing)


@pytest.mark.parametrize(
    "size",
    [0, 2**53, 2**53 + 1, 2**63 - 1, 10**5000],
    ids=["none", "exact", "marked", "largest", "huge"],
)
def test_an_offset_of_any_size_is_written_in_json(size):
    query = Query(offset=size, limit=min(size, 2**63 - 1))
    assert Query.from_dict(json.loads(json.dumps(query.to_dict()))) == query
    plain = query.to_dict()
    assert (type(plain["offset"]) is int) == (type(plain["limit"]) is int) == (size <= 2**53)


@pytest.mark.parametrize("values", [b"abc", bytearray(b"abc"), "abc", 5, None])
def test_bytes_are_no_collection_of_integers(values):
    with pytest.raises(QueryError, match="In takes a collection"):
        In("cpu", values)
