"""Ranges: bounds as given, units of integers, deltas from now, walks while time passes."""

import calendar
import copy
import dataclasses
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from dateutil.relativedelta import FR, relativedelta
from hypothesis import example, given
from hypothesis import strategies as st

import naive
from instquery import (
    Contains,
    Eq,
    In,
    Order,
    Query,
    QueryError,
    Range,
    RecordError,
    Schema,
    SchemaError,
    Store,
    instant,
)
from instquery import text as text_field
from instquery.bounds import Instant
from instquery.instants import TrustedMicros, to_micros
from strategies import NOW

FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
UNITS = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000}


def schema(**expires):
    return Schema(
        key="id",
        order=Order("created"),
        fields={"id": text_field(), "created": instant(), "expires": instant(**expires)},
    )


# integers in records


@pytest.mark.parametrize(
    "number", [0, 1, -1, 1_767_225_600, 1_767_225_600_000, 1_767_225_600_000_000]
)
@pytest.mark.parametrize("field", ["created", "expires"])
def test_an_integer_without_a_unit_is_refused_with_the_cure(number, field):
    store = Store(schema())
    with pytest.raises(RecordError, match=r'instant\(integers="seconds"\)') as caught:
        store.put({"id": "i-1", field: number})
    assert caught.value.field == field
    with pytest.raises(RecordError):
        store.put_many([{"id": "i-0"}, {"id": "i-1", field: number}])
    with pytest.raises(RecordError):
        store.replace_all([{"id": "i-1", field: number}])
    assert len(store) == 0


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("indexed", [True, False])
def test_an_integer_counts_in_the_unit_that_its_field_declares(unit, indexed):
    declared = Schema(
        key="id",
        order=Order("created"),
        fields={
            "id": text_field(),
            "created": instant(integers=unit),
            "expires": instant(integers=unit, indexed=indexed),
        },
    )
    scale = UNITS[unit]
    day = 86_400
    records = [
        {"id": f"i-{n}", "created": n * day * scale, "expires": (n + 10) * day * scale}
        for n in range(9)
    ]
    store = Store(declared, records, segment_rows=4)
    assert list(store) == records[::-1]
    window = Range("expires", since="1970-01-13", before="1970-01-15")
    assert [item["id"] for item in store.page(Query(window)).items] == ["i-3", "i-2"]
    assert store.count(Range("created", after="1970-01-02", until="1970-01-04")) == 2
    assert [declared.matches(window, record) for record in records[1:5]] == [
        False,
        True,
        True,
        False,
    ]
    store.put(records[0] | {"expires": 12 * day * scale})
    assert store.count(window) == 3
    store.discard("i-2")
    assert store.count(window) == 2
    assert store.verify() == []


def test_an_integer_beyond_the_years_is_refused_in_every_unit():
    for unit in UNITS:
        with pytest.raises(RecordError, match="years 1 to 9999"):
            Store(schema(integers=unit)).put({"id": "i", "expires": 10**18})
    for wrong in ("minutes", "s", 1, True):
        with pytest.raises(SchemaError, match="integers must be one of"):
            instant(integers=wrong)
    for wrong in (True, 1.5):
        with pytest.raises(RecordError, match="must be a datetime"):
            Store(schema(integers="seconds")).put({"id": "i", "expires": wrong})


def test_a_blank_time_is_none_where_the_field_says_so():
    declared = schema(blank_is_missing=True)
    store = Store(declared, [{"id": "a", "expires": ""}, {"id": "b", "expires": "2026-01-01"}])
    assert store.count(Range("expires", since=FIRST)) == 1
    assert store.get("a") == {"id": "a", "expires": ""}
    assert not declared.matches(Range("expires", since=FIRST), {"id": "a", "expires": ""})
    store.put({"id": "a", "expires": "2026-01-02"})
    store.put({"id": "b", "expires": ""})
    assert store.count(Range("expires", since=FIRST)) == 1
    assert store.verify() == []
    with pytest.raises(RecordError):
        Store(schema()).put({"id": "a", "expires": ""})


# integers of callers


@pytest.mark.parametrize("number", [10**8, 1_767_225_600, 1_767_225_600_000, 10**14])
@pytest.mark.parametrize("name", ["after", "since", "until", "before"])
@pytest.mark.parametrize("field", ["created", "expires"])
def test_seconds_and_milliseconds_are_refused_as_bounds_once_the_schema_is_known(
    number, name, field
):
    window = Range(field, **{name: number})
    store = Store(schema(), [{"id": "i-1", "expires": NOW, "created": NOW}])
    asked = [
        lambda: store.page(Query(window)),
        lambda: store.count([window, Eq("id", "none")]),
        lambda: store.explain(Query(window)),
        lambda: store.snapshot().count(window),
        lambda: store.watch(window).poll(),
        lambda: schema().matches(window, {"id": "i-1"}),
    ]
    for ask in asked:
        with pytest.raises(QueryError, match="multiply them by 1_000_000 or 1_000") as caught:
            ask()
        assert caught.value.field == field
        assert caught.value.reason.startswith(name)


@pytest.mark.parametrize("number", [0, -1, 10**8 - 1, 10**14 + 1, 1_767_225_600_000_000, -(10**9)])
def test_integer_microseconds_are_bounds(number):
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)
    store = Store(schema(), [{"id": "i-1", "expires": at}])
    assert store.count(Range("expires", since=number, until=number)) == 1
    assert (
        store.count(Range("expires", after=number))
        == store.count(Range("expires", before=number))
        == 0
    )


@pytest.mark.parametrize("number", [10**8, 1_767_225_600, 1_767_225_600_000, 10**14])
def test_seconds_and_milliseconds_are_refused_as_now(number):
    store = Store(schema())
    soon = Range("expires", within=timedelta(days=1))
    ways = [
        lambda: Query(now=number),
        lambda: store.count(soon, now=number),
        lambda: store.snapshot().count(soon, now=number),
        lambda: store.watch(soon).poll(now=number),
        lambda: Store(schema(), clock=lambda: number).count(soon),
        lambda: schema().matches(soon, {}, now=number),
    ]
    for way in ways:
        with pytest.raises(QueryError, match="now must be in microseconds"):
            way()


def test_a_clock_in_1971_is_no_integer_of_a_caller():
    at = datetime(1971, 1, 1, tzinfo=UTC)
    store = Store(
        schema(),
        [{"id": f"i-{n}", "expires": at + timedelta(days=n)} for n in range(5)],
        clock=lambda: at,
    )
    soon = Range("expires", within=timedelta(days=3))
    page = store.page(Query(soon, limit=2))
    assert [item["id"] for item in page.items] == ["i-1", "i-2"]
    assert [item["id"] for item in store.page(Query(soon, limit=2), page.cursor).items] == ["i-3"]
    watch = store.watch(soon)
    assert len(watch.poll().entered) == 3
    at += timedelta(days=1)
    assert [item["id"] for item in watch.poll().entered] == ["i-4"]


# bounds as values


def test_bounds_are_kept_as_given():
    assert Range("at", since="2026-01-01") == Range("at", since=datetime(2026, 1, 1))  # noqa: DTZ001 - UTC without a zone
    assert Range("at", since="2026-01-01T08:00:00+08:00") == Range("at", since="2026-01-01")
    assert Range("at", since=5) != Range("at", after=4)
    assert Range("at", after=timedelta(days=1)) == Range("at", after=relativedelta(days=1))
    assert Range("at", after=timedelta(days=30)) != Range("at", after=relativedelta(months=1))
    assert Range("at", after=timedelta(hours=24)) == Range("at", after=timedelta(days=1))
    both = Range("at", after=10, since=5, until=20, before=20)
    assert hash(both) == hash(Range("at", before=20, until=20, since=5, after=10))
    for one in (
        both,
        Range("at", within=relativedelta(months=1, days=-30)),
        Range("at", until="9999-12-31"),
    ):
        assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    delta = relativedelta(months=1)
    window = Range("at", within=delta)
    delta.months = 7
    assert window == Range("at", within=relativedelta(months=1))


def test_within_is_a_range_from_now_either_way():
    week = timedelta(days=7)
    assert Range("at", within=week) == Range("at", after=timedelta(0), until=week)
    assert Range("at", within=-week) == Range("at", since=-week, before=timedelta(0))
    assert Range("at", within=relativedelta(years=1)) == Range(
        "at", after=timedelta(0), until=relativedelta(months=12)
    )
    for other in ("after", "since", "until", "before"):
        with pytest.raises(QueryError, match="within stands alone") as caught:
            Range("at", within=week, **{other: "2026-01-01"})
        assert caught.value.field == "at"
    for wrong in (7, "P7D", 1.5, NOW):
        with pytest.raises(QueryError, match="within must be a timedelta or relativedelta"):
            Range("at", within=wrong)


@pytest.mark.parametrize(
    "delta",
    [
        relativedelta(year=2026),
        relativedelta(month=1),
        relativedelta(day=31),
        relativedelta(hour=0),
        relativedelta(minute=0),
        relativedelta(second=0),
        relativedelta(microsecond=0),
        relativedelta(weekday=FR),
        relativedelta(leapdays=1),
        relativedelta(days=float("nan")),
        relativedelta(days=1, weekday=FR(-1)),
    ],
)
def test_a_delta_that_is_no_distance_is_refused(delta):
    for make in (lambda: Range("at", within=delta), lambda: Range("at", since=delta)):
        with pytest.raises(QueryError, match="must be a distance from now") as caught:
            make()
        assert caught.value.field == "at"


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (Range("at", after=FIRST), "0001-01-01T00:00:00Z < at"),
        (Range("at", before=FIRST), "at < 0001-01-01T00:00:00Z"),
        (Range("at", until=FIRST), "at <= 0001-01-01T00:00:00Z"),
        (Range("at", after=LAST), "9999-12-31T23:59:59.999999Z < at"),
        (Range("at", since=LAST), "9999-12-31T23:59:59.999999Z <= at"),
        (Range("at", before=LAST), "at <= 9999-12-31T23:59:59.999998Z"),
        (
            Range("at", after=LAST, before=FIRST),
            "9999-12-31T23:59:59.999999Z < at < 0001-01-01T00:00:00Z",
        ),
        (Range("at", after=timedelta(days=-(10**6)), before=timedelta(days=10**6)), None),
    ],
)
def test_windows_at_the_ends_of_time_can_be_told(window, said):
    declared = Schema(key="id", order=Order("at"), fields={"id": text_field(), "at": instant()})
    store = Store(declared, [{"id": "a", "at": FIRST}, {"id": "b", "at": LAST}])
    for told in (
        str(window),
        repr(window),
        str(store.explain(Query(window))),
        str(store.explain(Query(window)).to_dict()),
    ):
        assert "at" in told
    if said is not None:
        assert said in str(store.explain(Query(window)))
    expected = [record["id"] for record in store if declared.matches(window, record, now=NOW)]
    assert [item["id"] for item in store.page(Query(window, now=NOW)).items] == expected


# deltas beside the naive reading


def naive_shift(at, months, micros):
    """Count a delta from an instant, months first, by the calendar of the standard library."""
    month = at.year * 12 + at.month - 1 + months
    if month < 12:
        moved = FIRST
    elif month >= 120_000:
        moved = LAST
    else:
        year, month = divmod(month, 12)
        last = calendar.monthrange(year, month + 1)[1]
        moved = at.replace(year=year, month=month + 1, day=min(at.day, last))
    try:
        return moved + timedelta(microseconds=micros)
    except OverflowError:
        return FIRST if micros < 0 else LAST


distances = st.tuples(
    st.one_of(st.just(0), st.integers(-30, 30), st.integers(-200_000, 200_000)),
    st.one_of(st.integers(-3, 3).map(lambda n: n * 86_400_000_000), st.integers(-(10**17), 10**17)),
)


def as_delta(distance):
    months, micros = distance
    return (
        relativedelta(months=months, microseconds=micros)
        if months
        else timedelta(microseconds=micros)
    )


@given(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.dictionaries(st.sampled_from(["after", "since", "until", "before"]), distances, min_size=1),
    st.lists(distances, max_size=4),
)
@example(datetime(2026, 1, 31, tzinfo=UTC), {"until": (1, 0)}, [(1, 0), (1, 86_400_000_000)])
def test_deltas_are_counted_from_now(now, bounds, places):
    edges = {name: naive_shift(now, *distance) for name, distance in bounds.items()}
    window = Range("expires", **{name: as_delta(distance) for name, distance in bounds.items()})
    declared = schema()
    instants = [naive_shift(now, *place) for place in places] + [*edges.values(), now, FIRST, LAST]
    for at in instants:
        record = {"id": "i", "expires": at}
        expected = naive.holds(record, ("range", "expires", edges))
        assert declared.matches(window, record, now=now) == expected, at


@given(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    distances,
    st.lists(distances, max_size=4),
)
def test_within_agrees_with_the_naive_reading(now, distance, places):
    end = naive_shift(now, *distance)
    edges = {"after": now, "until": end} if end >= now else {"since": end, "before": now}
    window = Range("expires", within=as_delta(distance))
    for at in [naive_shift(now, *place) for place in places] + [now, end, FIRST, LAST]:
        record = {"id": "i", "expires": at}
        assert schema().matches(window, record, now=now) == naive.holds(
            record, ("range", "expires", edges)
        ), at


def test_the_truth_says_where_it_cannot_know():
    soon = Range("expires", within=timedelta(days=1))
    with pytest.raises(QueryError, match="counted from now") as caught:
        soon.matches({"expires": "2026-01-01"})
    assert caught.value.field == "expires"
    with pytest.raises(QueryError, match=r"Schema\.matches"):
        Range("expires", after="2026-01-01").matches({"expires": 5})
    with pytest.raises(QueryError, match="counted from now"):
        schema().matches(soon, {"expires": "2026-01-01"})
    with pytest.raises(QueryError, match="no such field"):
        schema().matches([Eq("id", "i"), Eq("other", "x")], {"id": "j"})
    assert schema().matches((), {}) is True
    assert schema().matches(
        [soon, In("id", ["i"])], {"id": "i", "expires": NOW}, now=NOW - timedelta(hours=1)
    )


def test_a_schema_is_a_value():
    declared = schema(integers="seconds")
    assert declared == schema(integers="seconds") != schema()
    assert hash(declared) == hash(schema(integers="seconds"))
    for twin in (
        pickle.loads(pickle.dumps(declared)),
        copy.copy(declared),
        copy.deepcopy(declared),
    ):
        assert twin == declared
        assert twin.matches(Range("expires", until="1970-01-01T00:00:05Z"), {"expires": 5})


# moments that the package hands out


def test_moments_that_are_handed_out_are_taken_back_whatever_their_size():
    """A clock in 1971 tells microseconds that a caller's integer could not be."""
    records = [
        {"id": f"i-{n}", "created": f"1971-01-0{n}", "expires": f"1971-02-0{n}"}
        for n in range(1, 9)
    ]
    store = Store(schema(), records, clock=lambda: "1971-01-05")
    month = 30 * 86_400_000_000

    windows = [
        lambda now: Range("expires", after=now),
        lambda now: Range("expires", since=now, until=now + month),
        lambda now: Range("expires", since=now - month, until=month + now),
    ]
    assert [len(store.watch(window).poll().entered) for window in windows] == [8, 4, 4]

    query = Query(Range("expires", within=timedelta(days=30)), limit=1, now="1971-01-05")
    page = store.page(query)
    for now in (query.now, store.moment(page.cursor), store.snapshot().page(query) and query.now):
        assert store.page(Query(query.where, limit=1, now=now), page.cursor).items[0]["id"] == "i-3"
        assert store.count(Range("expires", after=now), now=now) == 8
        assert schema().matches(Range("expires", since=now), records[0], now=now)
    assert dataclasses.replace(query, limit=5).now == query.now
    assert pickle.loads(pickle.dumps(query.now)) + 1 == query.now + 1
    with pytest.raises(QueryError, match="microseconds"):
        Store(schema(), records).count(Range("expires", after=int(query.now)))


@pytest.mark.parametrize(
    "window",
    [
        Range("expires", since=7, before="2026-01-01"),
        Range("expires", within=timedelta(days=3)),
        Range("expires", within=relativedelta(months=1, days=-30)),
        Range("expires", after=relativedelta(years=1)),
    ],
)
def test_a_range_is_made_again_of_its_own_bounds(window):
    again = dataclasses.replace(window)
    assert again == window
    assert hash(again) == hash(window)
    assert dataclasses.replace(window, field="created") != window


@pytest.mark.parametrize("sign", [1, -1])
def test_deltas_beyond_every_calendar_can_be_written(sign):
    """Python refuses to write an integer of more than 4,300 digits."""
    farthest = timedelta.max if sign > 0 else timedelta.min
    for delta in (
        relativedelta(years=sign * 10**5000),
        relativedelta(days=sign * 10**5000),
        farthest,
    ):
        window = Range("expires", within=delta)
        assert len(str(window)) < 200
        assert len(repr(window)) < 200
        store = Store(schema(), [{"id": f"i-{n}", "expires": f"2026-01-0{n}"} for n in (1, 2)])
        page = store.page(Query(window, limit=1, now="2026-01-03" if sign < 0 else "2025-01-01"))
        assert store.page(Query(window, limit=1), page.cursor).items[0]["id"] == "i-2"


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("months", "micros"), [(10**40, 0), (0, 10**40), (10**9, 10**60)])
def test_forms_of_deltas_beyond_every_calendar_are_cut(sign, months, micros):
    parts = [{"number": str(sign * months)}, {"number": hex(sign * micros)}]
    where = {"range": ["expires", {"since": {"delta": parts}}]}
    query = Query.from_dict({**Query(now="2026-01-01").to_dict(), "where": where})
    assert Query.from_dict(query.to_dict()) == query
    assert len(repr(query)) < 300
    assert len(str(query.where[0])) < 200
    store = Store(schema(), [{"id": "i-1", "expires": "2026-01-01"}])
    assert store.page(query).total == (1 if sign < 0 else 0)


def test_a_record_that_no_store_holds_is_refused_by_the_truth():
    cases = [
        (Range("expires", after="2026-01-01"), {"id": "i", "expires": 5}),
        (Range("expires", after="2026-01-01"), {"id": "i", "expires": "soon"}),
        (Contains("id", "x"), {"id": 5}),
    ]
    for where, record in cases:
        with pytest.raises(RecordError) as caught:
            schema().matches(where, record)
        assert caught.value.field == where.field


def test_plans_of_ranges_are_pickled():
    store = Store(schema(integers="seconds"), [{"id": "i", "expires": 5}])
    plan = store.explain(Query([Range("expires", before="2026-01-01"), Eq("id", "i")]))
    for again in (pickle.loads(pickle.dumps(plan)), copy.deepcopy(plan)):
        assert again == plan
        assert all(step.predicate.matches({"id": "i", "expires": 5}) for step in again.steps)


def test_deltas_of_another_librarys_numbers_do_not_overflow():
    number = pytest.importorskip("numpy").int64
    far = Range("expires", before=relativedelta(days=number(10**9)))
    assert far == Range("expires", before=relativedelta(days=10**9))
    assert Range("expires", before=relativedelta(days=1.5)) == Range(
        "expires", before=timedelta(days=1.5)
    )
    assert Range("expires", before=relativedelta(days=-1.25)) == Range(
        "expires", before=timedelta(days=-1.25)
    )


@pytest.mark.parametrize(
    "first",
    [NOW, NOW.isoformat(), (NOW - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)],
)
def test_a_window_from_the_cursors_moment_is_the_same_query(first):
    """However its first page has spelled that moment.

    The message for other windows names this way.
    """
    store = Store(
        schema(), [{"id": f"i-{n}", "expires": NOW + timedelta(days=n)} for n in range(1, 6)]
    )
    page = store.page(Query(Range("expires", after=first), limit=2, now=first))
    moment = store.moment(page.cursor)
    again = store.page(Query(Range("expires", after=moment), limit=2, now=moment), page.cursor)
    assert [item["id"] for item in again.items] == ["i-3", "i-4"]


def test_a_walk_of_a_snapshot_keeps_its_moment_while_the_clock_goes_on():
    days = iter(range(100))
    records = [{"id": f"i-{n}", "expires": NOW + timedelta(days=n, hours=1)} for n in range(9)]
    view = Store(schema(), records, clock=lambda: NOW + timedelta(days=next(days))).snapshot()
    query = Query(Range("expires", within=timedelta(days=5)), limit=2)

    page = view.page(query)
    walked = page.items
    while page.cursor is not None:
        page = (
            view.prepare(query, page.cursor).page()
            if len(walked) == 2
            else view.page(query, page.cursor)
        )
        walked = walked + page.items
    assert [item["id"] for item in walked] == ["i-0", "i-1", "i-2", "i-3", "i-4"]
    assert next(days) > 2


@pytest.mark.parametrize(
    "bounds",
    [
        {"since": Instant(TrustedMicros(5)), "until": Instant(TrustedMicros(9))},
        {"after": TrustedMicros(5), "before": TrustedMicros(9)},
        {"after": timedelta(0), "until": relativedelta(months=1)},
        {"within": timedelta(days=7)},
        {"since": "2026-01-01"},
    ],
)
def test_what_indexes_are_asked_are_plain_integers(bounds):
    """A class of its own, with sums and differences in Python, slowed every comparison."""
    schema = Schema(key="id", order=Order("at"), fields={"id": text_field(), "at": instant()})
    bound = schema.bound(Range("at", **bounds), TrustedMicros(to_micros(NOW)))
    assert type(bound.low) is type(bound.high) is int
