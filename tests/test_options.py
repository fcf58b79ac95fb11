"""A wrong option is refused when it is given, by an error that names it and the cure."""

import io
import socket
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import count

import pytest
import sqlalchemy as sa

from instquery import (
    Contains,
    Eq,
    In,
    InstqueryError,
    Leases,
    Order,
    Query,
    QueryError,
    Range,
    RecordError,
    Schema,
    SchemaError,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.apis.inventory import Reader
from instquery.apis.walks import Walks
from instquery.asgi import AccessKey, Keys, Server, create_app
from instquery.asgi.signing import Gate
from instquery.durable import DurableError, DurableStore
from instquery.schema import Field
from instquery.sql import SqlStore
from instquery.testing import Double
from strategies import SCHEMA

KEYS = Keys({"AKID": AccessKey("the secret")})
TAKEN = socket.create_server(("127.0.0.1", 0))


def schema(**fields):
    return Schema(key="id", order=Order("at"), fields={"id": text(), "at": instant(), **fields})


def engine():
    return sa.create_engine("sqlite://")


def opened(**options):
    DurableStore.open("never.db", **{"schema": SCHEMA, **options}).close()


def served(**options):
    Server(**{"app": create_app(), **options})._socket.close()


REFUSED = {
    # the class of the error: what is made, and what its text says
    SchemaError: [
        (lambda: Store({"id": "text"}), "schema must be a Schema, not dict"),
        (lambda: Store(None), "schema must be a Schema, not None"),
        (
            lambda: Schema(key=5, order=Order("at"), fields={}),
            "key must be the name of a field, not 5",
        ),
        (
            lambda: Schema(key="id", order="at", fields={}),
            "order takes Order('at', descending=False), or a list of them, not str",
        ),
        (lambda: Schema(key="id", order=Order("at"), fields=[]), "fields must be a mapping"),
        (
            lambda: Schema("id", Order("at"), schema().fields, strict=1),
            "strict must be True or False, not 1",
        ),
        (lambda: keyword(indexed=1), "indexed must be True or False, not 1"),
        (lambda: keyword(as_text="yes"), "as_text must be True or False, not str"),
        (lambda: instant(blank_is_missing=0), "blank_is_missing must be True or False, not 0"),
        (
            lambda: instant(integers=["seconds"]),
            "integers must be one of seconds, milliseconds, microseconds",
        ),
        (
            lambda: Field("numbers"),
            "the kind of a field must be one of keyword, text, instant, number, tags, stored",
        ),
        (lambda: schema(x=keyword(aliases="y")), "x: aliases must be a tuple of names, not str"),
        (lambda: schema(x=keyword(aliases=["y"])), "x: aliases must be a tuple of names, not list"),
        (lambda: Order("at", descending="down"), "descending must be True or False, not str"),
        (lambda: opened(schema={}), "schema must be a Schema, not dict"),
        (lambda: SqlStore(engine(), airec), "schema must be a Schema, not module"),
        (lambda: SqlStore(engine(), SCHEMA, ""), "table must be a name"),
        (
            lambda: SqlStore(engine(), SCHEMA, shard_by=["id"]),
            "shard_by must be the name of a keyword field",
        ),
        (lambda: Reader(SCHEMA, "Data"), "path: must be a tuple of names"),
        (lambda: Reader({}, ()), "schema must be a Schema"),
    ],
    InstqueryError: [
        (lambda: Store(SCHEMA, history=-1), "history must be an integer from 0, not -1"),
        (lambda: Store(SCHEMA, history=10.0), "history must be an integer from 0, not 10.0"),
        (lambda: Store(SCHEMA, history=True), "history must be an integer from 0, not True"),
        (
            lambda: Store(SCHEMA, cursor_key="the secret"),
            "cursor_key must be bytes, such as secrets.token",
        ),
        (lambda: Store(SCHEMA, cursor_key=b""), "cursor_key must not be empty"),
        (
            lambda: Store(SCHEMA, segment_rows=2.5),
            "segment_rows must be an integer from 1 to 32768, not 2",
        ),
        (lambda: Store(SCHEMA, segment_rows=True), "segment_rows must be an integer"),
        (
            lambda: Store(SCHEMA, segment_rows=0),
            "segment_rows must be an integer from 1 to 32768, not 0",
        ),
        (lambda: Store(SCHEMA, leases={}), "leases must be an instance of Leases, not dict"),
        (
            lambda: Store(SCHEMA, leases=Leases),
            "leases must be an instance of Leases, not the class",
        ),
        (lambda: Store(SCHEMA, clock=datetime(2026, 1, 1, tzinfo=UTC)), "clock must be a function"),
        (lambda: Store(SCHEMA, journal="a.db"), "journal must be a Journal, not str"),
        (lambda: Leases(count=1.5), "count must be an integer from 0, not 1.5"),
        (lambda: Leases(count="5"), "count must be an integer from 0, not str"),
        (lambda: Leases(age=float("nan")), "age must be a number of seconds from 0, not nan"),
        (
            lambda: Leases(age=timedelta(seconds=5)),
            "age must be a number of seconds from 0, not timedelta",
        ),
        (lambda: Leases(clock=5), "clock must be a function that returns seconds, not 5"),
        (
            lambda: opened(survive_power_loss="no"),
            "survive_power_loss must be True or False, not str",
        ),
        (lambda: opened(progress=5), "progress must be a function"),
        (lambda: opened(history=-1), "history must be"),
        (lambda: opened(cursor_key="text"), "cursor_key must be"),
        (lambda: opened(segment_rows=2.5), "segment_rows must be"),
        (lambda: opened(leases=5), "leases must be"),
        (lambda: opened(clock="now"), "clock must be a function"),
        (
            lambda: SqlStore("sqlite://", SCHEMA),
            "engine must be an Engine, as sqlalchemy.create_engine",
        ),
        (lambda: SqlStore(engine(), SCHEMA, 5), "table must be the name of a table"),
        (lambda: SqlStore(engine(), SCHEMA, clock=5), "clock must be a function"),
        (lambda: Walks(SqlStore(engine(), SCHEMA)), "store must be a Store, which keeps"),
        (lambda: Walks(Store(SCHEMA), count=-1), "count must be"),
        (
            lambda: airec.read(5),
            "a source must be a path, a file object or - (standard input), not 5",
        ),
        (lambda: airec.read("a\0b"), "a source must be a path"),
        (
            lambda: airec.read(io.StringIO("[]"), skip_bad="no"),
            "skip_bad must be True or False, not str",
        ),
        (lambda: Keys({"AKID": "the secret"}), "the key AKID must be an AccessKey, not str"),
        (lambda: Keys([("AKID", "the secret")]), "keys must be a mapping"),
        (lambda: Keys.parse(b"{}"), "access keys must be a JSON object, as text, not bytes"),
        (lambda: Keys.from_file(5), "path must be the path of a file, not 5"),
        (lambda: AccessKey("\ud800"), "secret: must be text that UTF-8 can hold"),
        (lambda: AccessKey("the secret", caller=1001), "caller: must be the owner ID as text"),
        (lambda: Gate({}), "keys must be an instance of Keys, not dict"),
        (lambda: Gate(KEYS).replace({}), "keys must be an instance of Keys, not dict"),
        (lambda: Gate(KEYS, most="all"), "most must be an integer from 0 to 100000000, not str"),
        (lambda: served(app=None), "app must be a function"),
        (lambda: served(host=None), "host must be an address"),
        (lambda: served(host=""), "host must not be empty"),
        (lambda: served(host="a\0b"), "cannot listen on"),
        (lambda: served(port=TAKEN.getsockname()[1]), "free the port, or take another"),
        (lambda: served(port="80"), "port must be an integer from 0 to 65535, not str"),
        (lambda: served(port=70_000), "port must be an integer from 0 to 65535, not 70000"),
        (
            lambda: served(grace=float("inf")),
            "grace must be a number of seconds from 0 to 86,400, not inf",
        ),
        (lambda: create_app(5), "airec must be a store with the records of ListInstance, not 5"),
        (lambda: create_app(Store), "airec must be a store with the records of ListInstance"),
        (lambda: create_app(Store(bss.SCHEMA)), "this store holds them by InstanceID"),
        (lambda: create_app(bss=Store(airec.SCHEMA)), "asks for records by InstanceID, and"),
        (lambda: create_app(keys={"AKID": AccessKey("x")}), "keys must be an instance of Keys"),
        (
            lambda: create_app(directory=["1001"]),
            "directory must be a mapping of owner IDs to callers",
        ),
        (
            lambda: create_app(directory={"1001": "owner"}),
            "the caller 1001 must be a Caller, not str",
        ),
        (
            lambda: create_app(products="ecs"),
            "products must be a collection of product codes, not str",
        ),
        (lambda: create_app(clock=datetime(2026, 1, 1, tzinfo=UTC)), "clock must be a function"),
        (lambda: Double(products="ecs"), "products must be a collection of product codes"),
        (lambda: Double(keys="AKID"), "keys must be an instance of Keys"),
        (lambda: Double().fail(500), "code must be the code of an error, as text, not 500"),
        (
            lambda: Double().fail("Busy", status="503"),
            "status must be an integer from 200 to 599, not str",
        ),
        (lambda: Double().throttle(1.5), "times must be an integer"),
        (lambda: Double().delay("1"), "seconds must be a number of seconds"),
        (lambda: bss.Caller(customers="2001"), "customers: must be a collection of owner IDs"),
        (lambda: bss.Caller(customers={2001}), "customers: must be owner IDs as text"),
        (lambda: bss.Caller(applicable="no"), "applicable must be True or False, not str"),
        (lambda: bss.Directory({"1001": "owner"}), "the caller 1001 must be a Caller, not str"),
        (lambda: CATALOG["airec"].samples("5"), "count must be an integer from 0, not str"),
        (lambda: CATALOG["bss"].samples(5, now="2026-01-01"), "now must be a datetime, not str"),
    ],
    RecordError: [
        (lambda: Store(SCHEMA, "text"), "records must be a collection of mappings, not str"),
        (
            lambda: Store(SCHEMA).replace_all(""),
            "records must be a collection of mappings, not str",
        ),
        (
            lambda: Store(SCHEMA).put_many({"id": "a"}),
            "records must be a collection of mappings, not dict",
        ),
    ],
    QueryError: [
        (lambda: Store(SCHEMA).page(Query(), live="no"), "live must be True or False, not str"),
        (lambda: Store(SCHEMA).changes("1"), "since must be an integer, not str"),
        (lambda: Store(SCHEMA).facets(["status"]), "field must be the name of a field, or a tuple"),
        (lambda: Store(SCHEMA).snapshot().facets(["status"]), "field must be the name of a field"),
        (lambda: Query(total="no"), "total must be True or False, not str"),
        (lambda: Query(total=None), "total must be True or False, not None"),
        (
            lambda: SqlStore(engine(), SCHEMA).facets(["status"]),
            "field must be the name of a field",
        ),
        (lambda: Double().set_clock("soon"), "now is not an ISO 8601 time"),
    ],
    DurableError: [
        (lambda: DurableStore.open(5, SCHEMA), "path must be text or a PathLike"),
        (lambda: DurableStore.open("a\0b", SCHEMA), "path must"),
    ],
}


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        pytest.param(make, kind, said, id=f"{kind.__name__}-{number}")
        for kind, refused in REFUSED.items()
        for number, (make, said) in enumerate(refused)
    ],
)
def test_a_wrong_option_is_refused_when_it_is_given(make, kind, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind) as caught:
        make()
    assert type(caught.value) is kind
    assert said in str(caught.value)
    assert "the secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []  # no file was made


def test_an_option_that_there_is_not_makes_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TypeError, match="histroy"):
        opened(histroy=5)
    assert list(tmp_path.iterdir()) == []


def test_products_given_to_an_operation_are_checked_too():
    """In text every part of a code would be a product."""
    store = Store(bss.SCHEMA, [{"InstanceID": "a", "ProductCode": "ec"}])
    reply = bss.query_available_instances(store, {"ProductCode": "ec"}, products="ecs")
    assert reply.status == 500


def test_options_that_fit_are_taken():
    Store(
        SCHEMA,
        iter([{"id": "a"}]),
        leases=Leases(count=0, age=0.5),
        cursor_key=b"\0",
        history=0,
        segment_rows=1,
    )
    Leases(age=float("inf"), clock=lambda: 0)
    Keys({})
    create_app(
        Store(airec.SCHEMA), Store(bss.SCHEMA).snapshot(), keys=KEYS, directory={}, products=[]
    )
    create_app(Walks(Store(airec.SCHEMA)), SqlStore(engine(), bss.SCHEMA))
    served(host="localhost", grace=0)


# Whatever is given.


class NoOffset(tzinfo):
    def utcoffset(self, at):
        return None


class Unhashable:
    __hash__ = None


VALUES = [
    *(None, True, 0, -1, 2.5, float("nan"), float("inf"), 10**400, 1 + 2j),
    *("", "text", "\ud800", "a\0b", b"", b"bytes"),
    *([], ["a"], [[1]], {}, {"a": 1}, {1: 2}, {"a"}, (), ("a",), (1,), range(3)),
    *(object(), Unhashable(), Ellipsis, int, Exception("x"), timedelta(1), date(2026, 1, 1)),
    *(datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=NoOffset())),  # noqa: DTZ001 - both are wanted
    *(Eq("a", "b"), [Eq("id", "b")], Query(), SCHEMA, Leases()),
]

numbers = count()
STORE = Store(SCHEMA, [{"id": "a", "status": "x", "created": "2026-01-01"}, {"id": "b"}])


def declared(make, **options):
    return schema(x=make(**options))


def ranged(**bounds):
    return STORE.count(Range("created", **bounds))


def kept(**options):
    opened_at = options.pop("path", f"{next(numbers)}.db")
    DurableStore.open(opened_at, **{"schema": SCHEMA, **options}).close()


def saved(path):
    with DurableStore.open(f"{next(numbers)}.db", SCHEMA) as store:
        store.backup(path)


ANY = [
    (
        Store,
        {"schema": SCHEMA},
        "schema records leases cursor_key history segment_rows clock journal",
    ),
    (Leases, {}, "count age clock"),
    (
        Schema,
        {"key": "id", "order": Order("at"), "fields": schema().fields},
        "key order fields strict",
    ),
    (lambda field: schema(x=field), {}, "field"),
    (Order, {"field": "at"}, "field descending"),
    (Field, {"kind": "text"}, "kind indexed aliases as_text integers blank_is_missing"),
    (declared, {"make": keyword}, "indexed aliases as_text"),
    (declared, {"make": text}, "indexed aliases"),
    (declared, {"make": instant}, "indexed aliases integers blank_is_missing"),
    (declared, {"make": stored}, "aliases"),
    (Query, {}, "where offset limit total now"),
    (Eq, {"field": "a", "value": "b"}, "field value"),
    (In, {"field": "a", "values": ["b"]}, "field values"),
    (Contains, {"field": "a", "needle": "b"}, "field needle"),
    (ranged, {}, "since after until before within"),
    (STORE.page, {"query": Query()}, "query cursor live"),
    (STORE.snapshot().page, {"query": Query()}, "query cursor"),
    (STORE.count, {}, "where now"),
    (STORE.facets, {"field": "status"}, "field where now"),
    (STORE.snapshot().facets, {"field": "status"}, "field where now"),
    (STORE.explain, {}, "query"),
    (STORE.get, {}, "key"),
    (STORE.discard, {}, "key"),
    (STORE.put, {}, "record"),
    (Store(SCHEMA).put_many, {}, "records"),
    (Store(SCHEMA).replace_all, {}, "records"),
    (STORE.moment, {}, "cursor"),
    (STORE.changes, {}, "since"),
    (STORE.watch(()).poll, {}, "now"),
    (SCHEMA.matches, {"where": Eq("id", "a"), "record": {"id": "a"}}, "where record now"),
    (
        kept,
        {},
        "path schema migrate progress survive_power_loss leases cursor_key history clock "
        "segment_rows",
    ),
    (DurableStore.key_of, {}, "path"),
    (lambda path: list(DurableStore.lines_of(path)), {}, "path"),
    (saved, {}, "path"),
    (SqlStore, {"engine": engine(), "schema": SCHEMA}, "engine schema table shard_by clock"),
    (Walks, {"store": STORE}, "store count age clock"),
    (Reader, {"schema": SCHEMA, "path": ()}, "schema path integers name failures"),
    (airec.read.load, {"source": io.StringIO("[]")}, "watch integers"),
    (airec.read, {"source": io.StringIO("[]")}, "skip_bad integers"),
    (Keys, {}, "keys"),
    (Keys.parse, {}, "text"),
    (AccessKey, {"secret": "x"}, "secret caller"),
    (Gate, {"keys": KEYS}, "keys clock most"),
    (Gate(KEYS).replace, {}, "keys"),
    (served, {}, "app host port grace"),
    (create_app, {}, "airec bss keys directory products clock"),
    (Double().set_clock, {}, "now"),
    (Double().fail, {"code": "x"}, "code status message"),
    (Double().delay, {"seconds": 1}, "seconds times"),
    (bss.Caller, {}, "role customers applicable"),
    (bss.Directory, {}, "callers"),
    (CATALOG["airec"].samples, {"count": 1}, "count seed now"),
]


@pytest.mark.parametrize(
    ("make", "given", "names"), ANY, ids=[str(number) for number in range(len(ANY))]
)
def test_whatever_is_given_is_taken_or_refused_by_an_error_of_the_package(
    make, given, names, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for name in names.split():
        for value in VALUES:
            if value is int and name in ("progress", "watch"):
                continue  # a function, which fails when it is called
            try:
                make(**{**given, name: value})
            except InstqueryError as error:
                assert error.reason
