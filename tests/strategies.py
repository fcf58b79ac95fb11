"""Random records, queries and requests, made to meet.

They draw from few values, near instants and shared letters.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from instquery import (
    And,
    Contains,
    Eq,
    Has,
    In,
    Like,
    Missing,
    Not,
    Or,
    Order,
    Range,
    Schema,
    instant,
    keyword,
    stored,
    text,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(micros):
    """Return an instant as a caller gives it, from its microseconds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": text(),
        "name": text(),
        "status": keyword(),
        "owner": keyword(),
        "created": instant(integers="microseconds"),
        "expires": instant(integers="microseconds"),
        "note": stored(),
    },
)

ids = st.builds("{}-{}".format, st.sampled_from(["i", "I", "airec", "实例"]), st.integers(0, 30))
names = st.one_of(
    st.text(st.sampled_from("abAB推荐ßﬀＡ*%_[ "), max_size=12),
    st.builds(
        "{}-{}-{}".format,
        st.sampled_from(["prod", "推荐", "Straße"]),
        st.sampled_from(["web", "数据库"]),
        st.integers(0, 9),
    ),
    st.text(max_size=5),
)
needles = st.one_of(
    st.text(st.sampled_from("abAB推荐ßsfＡ*%_[ "), max_size=4),
    st.sampled_from(
        ["prod", "推荐", "推", "荐-数", "STRASSE", "web-1", "数据库", "-", "absent", "\x00"]
    ),
    st.text(max_size=3),
)
# Combining characters of many classes, two that decompose into others, and U+0345, which folds to a
# letter.
_MARKS = (
    "\u0301\u0327\u0323\u0345\u0334\u093c\u094d\u3099\u0f71"
    "\u0f74\u05b0\u064b\u0e48\u20d0\u0344\u0340\U0001d165"
)
# What stands between marks and has class 0, though some of it decomposes into marks or has them at
# its end.
_UNMARKED = (
    "a\u0903\u200d\u0f73\u0f75\u0f81\uff9e\uff9f\u1f82\u0130"
    "\u1faf\u01d5\u304b\ufdfa\u1100\u1161\uac00\u034f-"
)
_runs_of_marks = st.one_of(
    st.text(st.sampled_from(_MARKS), max_size=3),
    st.text(st.sampled_from(_MARKS), min_size=28, max_size=35),
    st.builds(
        lambda marks, length: (marks * 35)[:length],
        st.text(st.sampled_from(_MARKS), min_size=1, max_size=3),
        st.integers(28, 70),
    ),
    st.text(
        st.sampled_from("\u0f73\u0f75\u0f81\uff9e\uff9f\u0301\u0334"), min_size=28, max_size=70
    ),
)
marked_texts = st.lists(
    st.one_of(
        _runs_of_marks,
        st.text(st.sampled_from(_UNMARKED), max_size=3),
        st.text(st.sampled_from(_UNMARKED), min_size=30, max_size=35),
    ),
    max_size=5,
).map("".join)
"""Text rich in combining characters, in runs of about the length that counts."""

keywords = st.sampled_from(["Running", "Ready", "running", "", "待机", 1, True, 0])
owners = st.integers(0, 12).map(str)

_SECONDS = st.integers(-3, 3).map(lambda n: NOW + timedelta(seconds=n))
_FAR = st.sampled_from(
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2999, 9, 8, 16, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
    ]
)
_FINE = st.builds(
    lambda at, us: at + timedelta(microseconds=us),
    _SECONDS,
    st.sampled_from([0, 1, -1, 1000, 500_000]),
)
moments = st.one_of(
    _SECONDS, _FINE, st.integers(-400, 400).map(lambda n: NOW + timedelta(days=n)), _FAR
)


@st.composite
def times(draw):
    """A time in one of the forms that a record may hold."""
    at = draw(moments)
    form = draw(st.integers(0, 5))
    if form == 0:
        return at
    if form == 1:
        return at.replace(tzinfo=None).isoformat()
    if form == 2:
        return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if form == 3 and 1 < at.year < 9999:
        return (
            at.astimezone(__import__("zoneinfo").ZoneInfo("Asia/Shanghai")).isoformat()
            if at.year > 1930
            else at.isoformat()
        )
    return at.isoformat().replace("+00:00", "Z")


@st.composite
def records(draw, keys=ids):
    """A record of the generic schema, with any member but the key missing or None."""
    record = {"id": draw(keys)}
    optional = {
        "name": names,
        "status": keywords,
        "owner": owners,
        "created": times(),
        "expires": times(),
        "note": st.just([1]),
    }
    for member, values in optional.items():
        choice = draw(st.integers(0, 9))
        if choice > 1:
            record[member] = draw(values)
        elif choice == 1:
            record[member] = None
    return record


@st.composite
def leaves(draw):
    """A condition on one field, as the naive reading takes it."""
    kind = draw(st.sampled_from(["eq", "in", "contains", "range", "missing"]))
    if kind == "missing":
        return kind, draw(st.sampled_from(["status", "owner", "id", "name", "created", "expires"]))
    if kind == "contains":
        return kind, draw(st.sampled_from(["name", "id"])), draw(needles)
    if kind == "range":
        bounds = draw(
            st.dictionaries(
                st.sampled_from(["after", "since", "until", "before"]),
                times(),
                min_size=1,
                max_size=3,
            )
        )
        return kind, draw(st.sampled_from(["created", "expires"])), bounds
    field = draw(st.sampled_from(["status", "owner", "id", "name"]))
    values = {"status": keywords, "owner": owners, "id": ids, "name": names}[field]
    return (
        (kind, field, draw(values))
        if kind == "eq"
        else (kind, field, draw(st.lists(values, max_size=5)))
    )


@st.composite
def trees(draw, depth=5):
    """A tree of conditions, up to five deep, as the naive reading takes it."""
    kind = draw(st.sampled_from(["leaf", "and", "or", "not"])) if depth > 1 else "leaf"
    if kind == "leaf":
        return draw(leaves())
    if kind == "not":
        return kind, draw(trees(depth - 1))
    return kind, draw(st.lists(trees(depth - 1), max_size=3))


def conditions():
    """A condition as the naive reading takes it; `predicate` makes the package's own of it."""
    return st.one_of(leaves(), leaves(), trees())


orders = st.lists(
    st.tuples(st.sampled_from(["status", "owner", "created", "expires", "id"]), st.booleans()),
    min_size=1,
    max_size=3,
)
"""Orders as the naive reading takes them; `order` makes the package's own of them."""


def order(given):
    return [Order(field, descending=falls) for field, falls in given]


def predicate(condition):  # noqa: PLR0911 - a line for each kind
    kind, field, *rest = condition
    if kind == "not":
        return Not(predicate(field))
    if kind in ("and", "or"):
        return (And if kind == "and" else Or)(*map(predicate, field))
    if kind == "missing":
        return Missing(field)
    (value,) = rest
    if kind == "range":
        return Range(field, **value)
    if kind == "like":
        return Like(field, value[0], case=value[1])
    if kind == "has":
        return Has(field, *value)
    return {"eq": Eq, "in": In, "contains": Contains}[kind](field, value)
