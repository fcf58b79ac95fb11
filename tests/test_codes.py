"""The codes of errors: each is in the document's table, raised where it says, and told the cure."""

import copy
import pickle
import re
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import create_engine

import instquery
from instquery import (
    Contains,
    Eq,
    In,
    InstqueryError,
    Like,
    Order,
    Query,
    QueryError,
    Range,
    RecordError,
    Schema,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.apis.inventory import Reader
from instquery.apis.rules import Refusal
from instquery.asgi.refusals import Wrong
from instquery.asgi.server import Server
from instquery.asgi.signing import Denied
from instquery.durable import DurableStore
from instquery.errors import Code
from instquery.fields import Field
from instquery.kinds import Each, Kind
from instquery.sql import SqlStore
from instquery.testing import Double
from test_errors import classes

FIELDS = {
    "id": text(),
    "name": text(),
    "status": keyword(),
    "created": instant(),
    "note": stored(),
}
SCHEMA = Schema(key="id", order=Order("created"), fields=FIELDS)
STRICT = Schema(key="id", order=Order("created"), fields=FIELDS, strict=True)
PAGE = Path(__file__).parent.parent / "docs" / "errors.md"


def filled():
    return Store(SCHEMA, [{"id": "i-1", "status": "Running"}, {"id": "i-2"}])


def expired():
    query = Query(limit=1)
    one, other = (Store(SCHEMA, list(filled()), cursor_key=b"k" * 32) for _ in range(2))
    return other.page(query, one.page(query).cursor)


def listen_twice(_):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        Server(lambda *_: None, port=taken.getsockname()[1])


def other_connection(_):
    store = SqlStore(create_engine("sqlite://"), SCHEMA)
    store.create()
    raised = []

    def count():
        try:
            store.count()
        except InstqueryError as error:
            raised.append(error)

    thread = threading.Thread(target=count)
    thread.start()
    thread.join()
    raise raised[0]


def foreign_file(folder):
    (folder / "foreign.db").write_bytes(b"no database, and not a small one" * 100)
    DurableStore.open(folder / "foreign.db", SCHEMA)


def bad_inventory(folder):
    (folder / "bad.jsonl").write_text('{"id": "i-1", "name": 5}\n')
    Reader(SCHEMA, ("items",))(folder / "bad.jsonl")


RAISED = {
    "cursor.expired": lambda _: expired(),
    "cursor.invalid": lambda _: filled().page(Query(), "no cursor"),
    "history.gap": lambda _: filled().changes(99),
    "option.invalid": lambda _: Store(SCHEMA, history=-1),
    "query.empty": lambda _: filled().discard_where([]),
    "query.field": lambda _: filled().count(Eq("colour", "red")),
    "query.invalid": lambda _: Query(limit=-1),
    "query.kind": lambda _: filled().count(Contains("status", "R")),
    "query.now": lambda _: SCHEMA.matches(Range("created", within=timedelta(1)), {"id": "i-1"}),
    "query.value": lambda _: Eq("status", None),
    "record.batch": lambda _: filled().put_many({"id": "i-1"}),
    "record.field": lambda _: filled().put({"id": "i-1", "name": 5}),
    "record.inventory": bad_inventory,
    "record.key": lambda _: filled().put({"name": "no key"}),
    "record.shape": lambda _: filled().put(5),
    "record.unknown": lambda _: Store(STRICT).put({"id": "i-1", "colour": "red"}),
    "schema.invalid": lambda _: Schema(key="gone", order=Order("created"), fields=FIELDS),
    "server.address": listen_twice,
    "server.stopped": lambda _: Double().endpoint,
    "store.connection": other_connection,
    "store.file": foreign_file,
    "store.table": lambda _: SqlStore(create_engine("sqlite://"), SCHEMA).count(),
    "write.conflict": lambda _: filled().update("i-1", {}, expect={"status": "Ready"}),
}
"""What raises each code, given a folder."""


def table():
    """Return the rows of the document: classes, cause and cure by code."""
    section = PAGE.read_text("utf-8").split("## All codes")[1]
    rows = re.findall(r"^\| `([a-z.]+)` \| (.+) \| (.+) \| (.+) \|$", section, re.MULTILINE)
    return {code: rest for code, *rest in rows}


def test_the_table_has_every_code_in_order_and_no_other():
    assert list(table()) == sorted(get_args(Code)) == sorted(RAISED)
    assert all(cause and cure for _, cause, cure in table().values())


@pytest.mark.parametrize("code", RAISED)
def test_every_code_is_raised_by_the_class_that_the_table_names(code, tmp_path):
    with pytest.raises(InstqueryError) as caught:
        RAISED[code](tmp_path)
    error = caught.value
    assert error.code == code
    assert error.reason
    names = re.findall(r"`([A-Z]\w+)`", table()[code][0])
    assert type(error).__name__ in names
    for twin in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert (type(twin), twin.code, twin.field) == (type(error), code, error.field)


def test_every_class_has_a_code_of_the_table():
    """But for those that carry the code of an API."""
    own = [kind for kind in classes() if kind not in (Refusal, Wrong, Denied)]
    assert {kind.__name__: kind.code for kind in own if kind.code not in get_args(Code)} == {}
    bare = [kind.__name__ for kind in own if "code" not in vars(kind)]
    assert bare == [], "each class says its own"
    names = {name for row in table().values() for name in re.findall(r"`([A-Z]\w+)`", row[0])}
    assert names | {"StateError"} == {kind.__name__ for kind in own}


def test_an_apis_own_refusals_keep_its_codes():
    assert Refusal("InvalidParameter", "Size").code == "InvalidParameter"
    assert Denied("SignatureDoesNotMatch", "no").code == "SignatureDoesNotMatch"
    assert pickle.loads(pickle.dumps(Wrong(404, "NotFound", "no"))).code == "NotFound"


def test_a_code_stays_where_an_error_is_told_again():
    """The number of the record in its batch is added to the words alone."""
    for schema, record, code, field in [
        (SCHEMA, 5, "record.shape", None),
        (SCHEMA, {5: 6}, "record.shape", None),
        (SCHEMA, {}, "record.key", "id"),
        (SCHEMA, {"id": "i-3", "name": 5}, "record.field", "name"),
        (STRICT, {"id": "i-3", "colour": 5}, "record.unknown", "colour"),
    ]:
        for write in (Store(schema).put_many, Store(schema).replace_all):
            with pytest.raises(RecordError) as caught:
                write([{"id": "i-1"}, record])
            assert (caught.value.code, caught.value.field) == (code, field)
            assert caught.value.reason.endswith("(record 2 of the batch)")
            assert caught.value.args == (caught.value.reason, field)


class Taxed(RecordError):
    """A class of a user's own, with a code and a fact of its own."""

    code = "mine.taxed"

    def __init__(self, field, rate):
        super().__init__("is taxed", field=field)
        self.rate = rate


def test_an_error_of_a_users_own_kind_stays_itself_in_a_batch():
    def check(value, field):
        raise Taxed(field, 19)

    taxed = Kind("taxed", (Eq,), take=Each(check))
    fields = {**FIELDS, "price": Field(taxed, indexed=False)}
    store = Store(Schema(key="id", order=Order("created"), fields=fields))
    with pytest.raises(Taxed) as caught:
        store.put_many([{"id": "i-1", "price": 1}])
    assert (caught.value.code, caught.value.rate) == ("mine.taxed", 19)
    assert str(caught.value) == "price: is taxed (record 1 of the batch)"


ANSWERED = {
    "id": {Eq, In, Contains, Like},
    "name": {Eq, In, Contains, Like},
    "status": {Eq, In, Like},
    "created": {Range},
    "note": set(),
}
ASKED = {
    Eq: lambda field: Eq(field, "x"),
    In: lambda field: In(field, ["x"]),
    Contains: lambda field: Contains(field, "x"),
    Like: lambda field: Like(field, "x*"),
    Range: lambda field: Range(field, after="2026-01-01"),
}


@pytest.mark.parametrize("kind", ASKED, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("field", FIELDS)
def test_what_a_field_does_not_answer_names_what_does(field, kind):
    """Both ways out: a predicate that the field answers, and a kind that answers the predicate."""
    for store in (filled(), filled().snapshot()):
        if kind in ANSWERED[field]:
            assert store.count(ASKED[kind](field)) == 0
            continue
        with pytest.raises(QueryError) as caught:
            store.count(ASKED[kind](field))
        assert (caught.value.code, caught.value.field) == ("query.kind", field)
        reason, cure = caught.value.reason.split(": ", 1)
        assert reason.endswith(f"field does not answer {kind.__name__}")
        with_cure, _, as_cure = cure.rpartition("declare it as ")
        assert set(re.findall(r"[A-Z]\w+", with_cure)) == {one.__name__ for one in ANSWERED[field]}
        assert set(re.findall(r"\w+(?=\(\))", as_cure)) == {
            {"name": "text", "status": "keyword", "created": "instant"}[other]
            for other in ("name", "status", "created")
            if kind in ANSWERED[other]
        } | ({"number"} if kind in (Eq, In, Range) else set())


@pytest.mark.parametrize(
    ("make", "cure"),
    [
        (lambda: Eq("status", None), "not None: ask with Missing for records without a value"),
        (lambda: In("status", ["a", None]), "not None: ask with Missing"),
        (lambda: Eq("created", datetime(2026, 1, 1, tzinfo=UTC)), "ask with Range for times"),
        (lambda: In("created", [datetime(2026, 1, 1, tzinfo=UTC).date()]), "ask with Range"),
        (lambda: Eq("status", 1.5j), "must be text, a number or a bool, not complex"),
    ],
)
def test_a_value_that_equals_nothing_names_the_cure(make, cure):
    with pytest.raises(QueryError, match=cure) as caught:
        make()
    assert caught.value.code == "query.value"


@pytest.mark.parametrize("make", [lambda: Eq("status", 1.5), lambda: In("status", ["a", 1.5])])
def test_a_number_that_no_keyword_can_be_names_the_kind_that_holds_it(make):
    with pytest.raises(QueryError, match=r"holds no float and no Decimal: .* number\(\)") as caught:
        filled().count(make())
    assert (caught.value.code, caught.value.field) == ("query.value", "status")


def test_names_are_exported():
    assert instquery.Conflict is instquery.errors.Conflict
    assert "Conflict" in instquery.__all__
