"""Stores on databases: what conformance tests do not show.

Transactions, faults, mapped tables, layouts.
"""

import logging
from datetime import UTC, datetime
from functools import cache
from random import Random
from threading import Thread

import pytest
import sqlalchemy as sa

import naive
import servers
from engines import DATABASES
from instquery import (
    Contains,
    CursorInvalid,
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
    keyword,
    text,
)
from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.sql import SqlStore, planner, statements
from instquery.sql.clickhouse import CLICKHOUSE
from strategies import SCHEMA, at, predicate

APIS = {"airec": airec.SCHEMA, "bss": bss.SCHEMA}


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number, **members}


@pytest.fixture(params=DATABASES)
def tables(request, databases):
    return databases.tables(request.param)


@pytest.fixture
def postgresql(databases):
    return databases.tables("postgresql")


def asked(random, schema, records):
    """Make a random query of what some record holds.

    Returns the conditions as the naive reading takes them, the offset and the limit.
    """
    example = random.choice(records)
    where = []
    for field in random.sample(sorted(schema.fields), random.choice([0, 1, 1, 2, 2, 3])):
        kind, value = schema.fields[field].kind, example.get(field)
        if value is None or kind == "stored":
            continue
        if kind == "instant":
            other = random.choice(records).get(field) or value
            low, high = sorted([value, other]) if random.random() < 0.7 else (other, value)
            where.append(
                ("range", field, random.choice([{"since": low}, {"after": low, "until": high}]))
            )
        elif kind == "text" and random.random() < 0.8:
            start = random.randrange(len(value))
            where.append(
                ("contains", field, value[start : start + random.choice([1, 2, 3, 5, 40])].upper())
            )
        elif random.random() < 0.7:
            where.append(("eq", field, value))
        else:
            others = [record.get(field) for record in random.sample(records, 5)]
            where.append(("in", field, [value, *(other for other in others if other is not None)]))
    most = len(records)
    offsets = [0, 0, 0, 10, most // 20, most // 5, most * 9 // 10, 10**20]
    return where, random.choice(offsets), random.choice([0, 1, 10, 50])


@cache
def answered(api, count, number):
    """Return an inventory, and random queries of it with what the naive reading answers."""
    random, schema, records = Random(7), APIS[api], list(CATALOG[api].samples(count))
    order = schema.order.field
    questions = [asked(random, schema, records) for _ in range(number)]
    return records, [
        (question, naive.page(records, *question, schema.key, order)) for question in questions
    ]


@pytest.mark.long
@pytest.mark.parametrize("api", APIS)
def test_random_queries_over_100_000_records_agree_with_the_naive_reading(tables, api, tries):
    """By default over 3,000; where that should be many, the next test says so."""
    records, answers = answered(api, tries(100_000, quick=3_000), tries(150, quick=24))
    store = tables.store(APIS[api], records)
    found = 0
    for number, ((where, offset, limit), (items, total)) in enumerate(answers):
        query = Query([predicate(condition) for condition in where], offset=offset, limit=limit)
        page = store.page(query)
        assert (page.items, page.total) == (items, total), query
        if number % 4 == 0:
            assert (
                store.page(Query(query.where, offset=offset, limit=limit, total=False)).items
                == items
            ), query
        found += bool(items)
    assert found > len(answers) / 4


@pytest.mark.long
def test_every_way_gives_the_identical_page_and_total(tables, monkeypatch, tries):
    """Sixty records are many where all bounds are low."""
    for room, name, bound in (
        (statements, "_FIRST", 3),
        (statements, "FEW", 20),
        (planner, "FEW", 20),
        (planner, "_DEEP", 5),
    ):
        monkeypatch.setattr(room, name, bound)
    random, schema, records = Random(11), airec.SCHEMA, list(CATALOG["airec"].samples(60))
    records += [{"instanceId": f"undated-{n}", "status": "Running"} for n in range(9)]
    store = tables.store(schema, records)
    taken = set()
    rounds = tries(300, quick=60 if tables.engine.dialect.name == CLICKHOUSE.name else 220)
    for _ in range(rounds):
        where, _, limit = asked(random, schema, records)
        offset = random.choice([0, 1, 4, 5, 8, 20, 60])
        expected = naive.page(records, where, offset, limit, schema.key, schema.order.field)
        for total in (True, False):
            query = Query(
                [predicate(condition) for condition in where],
                offset=offset,
                limit=limit,
                total=total,
            )
            page, way = store.page(query), store.explain(query)
            assert (page.items, page.total) == (expected[0], expected[1] if total else None), query
            assert not total or way.matches == expected[1]
            taken.add((way.name, way.rows is None))
    walk, nothing = ("a walk through the order", True), ("nothing but the total", True)
    assert {walk, nothing} <= taken
    if tables.engine.dialect.name != CLICKHOUSE.name:
        days, few = (
            ("a walk from the day that the page begins in", True),
            ("the matches, sorted", False),
        )
        assert taken == {walk, nothing, days, few, ("the matches, sorted", True)}


@pytest.mark.long
def test_a_shard_that_is_killed_in_the_middle_is_an_error_and_never_a_part_of_an_answer(
    databases, caplog
):
    tables = databases.tables("shards")
    _, shards = databases.cluster()
    records = [
        {"InstanceID": f"i-{n:05}", "CreateTime": at(n), "ProductCode": "ecs"} for n in range(6000)
    ]
    store = tables.store(bss.SCHEMA, records)
    statements = []

    @sa.event.listens_for(tables.engine, "before_cursor_execute")
    def kill_before_the_page(connection, cursor, statement, *rest):
        statements.append(statement)
        if len(statements) == 2:
            shards[1].stop("immediate")

    try:
        with caplog.at_level(logging.ERROR):
            reply = bss.query_available_instances(store, {"ProductCode": "ecs"}, request_id="R-7")
        assert len(statements) == 2
        assert (reply.status, reply.body["Code"]) == (500, "InternalError")
        assert "Data" not in reply.body
        assert "shard" in caplog.text or "server" in caplog.text
        assert "R-7" in caplog.text
        with pytest.raises(sa.exc.DBAPIError):
            store.put_many([{**record, "ProductCode": "rds"} for record in records[:100]])
        shards[1].start()
        walk = iter(store)
        assert next(walk)["InstanceID"] == "i-05999"
        shards[1].stop("immediate")
        with pytest.raises(sa.exc.DBAPIError):
            list(walk)
    finally:
        sa.event.remove(tables.engine, "before_cursor_execute", kill_before_the_page)
        if not shards[1].is_running():
            shards[1].start()
    assert store.count() == 6000
    assert store.facets("ProductCode") == {"ecs": 6000}


def test_a_database_that_is_away_is_an_internal_error_with_its_cause_in_the_log(caplog):
    store = SqlStore(sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"), airec.SCHEMA)
    with caplog.at_level(logging.ERROR):
        reply = airec.list_instance(store, {})
    assert (reply.status, reply.body["code"]) == (500, "InternalServerError")
    assert "127.0.0.1" in caplog.text
    assert "127.0.0.1" not in str(reply.body)


def test_page_and_total_are_of_one_moment(postgresql):
    store = postgresql.store(SCHEMA, [made(n, status="on") for n in range(30)])
    elsewhere = sa.create_engine(postgresql.engine.url)
    other = SqlStore(elsewhere, SCHEMA, store.table.name)
    statements = []

    @sa.event.listens_for(postgresql.engine, "before_cursor_execute")
    def write_before_the_page(connection, cursor, statement, *rest):
        statements.append(statement)
        if len(statements) == 2:
            other.replace_all([made(99, status="on")])

    try:
        page = store.page(Query((Eq("status", "on"),), limit=100))
    finally:
        sa.event.remove(postgresql.engine, "before_cursor_execute", write_before_the_page)
        elsewhere.dispose()
    assert (len(page.items), page.total) == (30, 30)
    assert store.count() == 1


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_writers_come_one_after_the_other(databases, name):
    tables = databases.tables(name)
    store = tables.store(SCHEMA)
    failures = []

    def write(status):
        try:
            for _ in range(10):
                store.put_many([made(n, status=status) for n in range(20)])
        except Exception as failure:
            failures.append(failure)

    threads = [Thread(target=write, args=(status,)) for status in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert list(store.facets("status").values()) == [20]


def test_a_batch_is_put_whole_or_not_at_all(tables):
    store = tables.store(SCHEMA, [made(1, name="old")])
    with pytest.raises(RecordError, match="character that SQL text cannot") as caught:
        store.put_many([made(1, name="new"), {"id": "a\0b"}])
    assert caught.value.field == "id"
    with pytest.raises(RecordError, match="note: cannot be stored: object is not allowed"):
        store.put_many([made(1, name="new"), made(2, note=object())])
    with pytest.raises(RecordError, match="record 2 of the batch"):
        store.replace_all([made(3), {"id": 7}])
    assert list(store) == [made(1, name="old")]


def test_a_batch_of_long_keys_is_put(tables):
    keys = [f"{number:05}{'键' * 100}'\\" for number in range(1100)]
    store = tables.store(SCHEMA, [{"id": key} for key in keys])
    assert store.put_many({"id": key, "status": "new"} for key in keys) == len(keys)
    assert (len(store), store.count([Eq("status", "new")])) == (len(keys), len(keys))
    assert store.discard(keys[-1])
    assert not store.discard("\ud800\0")


LETTERS = {
    "one byte": lambda random: chr(random.randrange(33, 127)),
    "three bytes": lambda random: chr(random.randrange(0x4E00, 0x9FFF)),
    "four bytes": lambda random: chr(random.randrange(0x10000, 0xE0000)),
    "the same": lambda random: "键",
}


@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize("field", ["id", "status", "name"])
def test_the_longest_values_are_found_again_or_refused_by_the_name_of_their_field(
    tables, letters, field
):
    """PostgreSQL indexes no more than about 2,704 bytes, once they are compressed."""
    random = Random(5)
    value = "".join(LETTERS[letters](random) for _ in range(4096))
    record = made(1) | {field: value}
    store = tables.store(SCHEMA, [made(2)])
    is_refused = (
        tables.engine.dialect.name == "postgresql" and letters != "the same" and field != "name"
    )
    if is_refused:
        with pytest.raises(RecordError) as caught:
            store.put_many([made(3), record, made(4, status="short")])
        assert caught.value.field == field
        assert "too long for an index of the database, with" in caught.value.reason
        assert f"{len(value.encode()):,} bytes" in caught.value.reason
        assert list(store) == [made(2)]
    else:
        store.put_many([made(3), record])
        assert store.get(record["id"]) == record
        assert store.page(Query(Eq(field, value))).items == [record]
        assert store.discard(record["id"])
    assert store.put_many([made(5)]) == 1


def test_a_key_that_is_too_long_with_a_keyword_is_refused_by_the_longer_of_them(databases):
    random = Random(6)
    key, status = (
        "".join(LETTERS["one byte"](random) for _ in range(size)) for size in (1500, 2000)
    )
    for name in ("sqlite", "postgresql"):
        store = databases.tables(name).store(SCHEMA)
        store.put_many([{"id": key}, made(1, status=status), made(2, owner="x" * 4096)])
        if name == "sqlite":
            store.put({"id": key, "status": status})
            continue
        with pytest.raises(RecordError) as caught:
            store.put({"id": key, "status": status, "owner": "x" * 4096})
        assert caught.value.field == "status"
        assert store.get(key) == {"id": key}


def test_values_that_no_record_can_hold_match_nothing_and_are_not_asked_for(tables):
    store = tables.store(SCHEMA, [made(1, status="on", name="x" * 5000)])
    statements = []

    @sa.event.listens_for(tables.engine, "before_cursor_execute")
    def note(connection, cursor, statement, *rest):
        statements.append(statement)

    try:
        for never in ("x" * 4097, "x" * 1_000_000, 1 << 64, -(1 << 63) - 1):
            assert store.count(Eq("status", never)) == 0
            assert store.count(Eq("id", never)) == 0
        assert store.get("x" * 4097) is None
        assert "x" * 4097 not in store
        assert not store.discard("x" * 4097)
    finally:
        sa.event.remove(tables.engine, "before_cursor_execute", note)
    assert [
        statement for statement in statements if "SELECT" in statement or "DELETE" in statement
    ] == []
    assert store.count(In("status", ["on", "x" * 4097, 1 << 64])) == 1
    assert store.count(Eq("name", "x" * 5000)) == 1  # texts have no such bound


def test_a_record_that_moves_in_the_order_is_there_once(tables):
    store = tables.store(SCHEMA, [made(n) for n in range(5)])
    store.put({"id": "i-00000", "created": 9})
    store.put({"id": "i-00004"})
    assert [record["id"][-1] for record in store] == list("03214")
    assert store.count() == 5
    assert store.discard("i-00000")
    store.put(made(0))
    assert [record["id"][-1] for record in store] == list("32104")


def test_what_is_not_text_elsewhere_is_found(tables):
    odd = ["a\0b", "\ud800", "\U00100000x", "\U00100011", "%_/\\*'\"", "\x01", "e\u0301"]
    store = tables.store(SCHEMA, [made(n, name=text, status=text) for n, text in enumerate(odd)])
    for number, value in enumerate(odd):
        for found in (
            Eq("name", value),
            Eq("status", value),
            Contains("name", value),
            In("status", [value]),
        ):
            assert [item["id"] for item in store.page(Query((found,))).items] == [
                f"i-{number:05}"
            ], found
    assert store.facets("status") == dict.fromkeys(odd, 1)
    assert store.count([Contains("name", "\0")]) == 1
    assert store.count([Contains("name", "\U00100012")]) == 0


def test_numbers_and_texts_of_digits_differ(tables):
    store = tables.store(
        SCHEMA,
        [
            made(1, status=1),
            made(2, status="1"),
            made(3, status=True),
            made(4, status=(1 << 64) - 1),
        ],
    )
    assert store.count([Eq("status", 1)]) == store.count([Eq("status", True)]) == 2
    assert store.count([Eq("status", "1")]) == store.count([Eq("status", (1 << 64) - 1)]) == 1
    assert store.facets("status") == {1: 2, "1": 1, (1 << 64) - 1: 1}


def test_a_number_that_becomes_a_bool_is_a_change(tables):
    store = tables.store(SCHEMA, [made(1, status=1)])
    assert store.replace_all([made(1, status=1)]) == (0, 0, 0)
    assert store.replace_all([made(1, status=True)]) == (0, 1, 0)
    assert store.get("i-00001")["status"] is True


def test_what_a_store_refuses_is_refused_here(tables):
    store = tables.store(SCHEMA, [made(1)])
    for wrong in (
        Contains("status", "x"),
        Eq("created", 1),
        Eq("nothing", 1),
        Range("name", since=1),
    ):
        with pytest.raises(QueryError):
            store.page(Query((wrong,)))
    with pytest.raises(QueryError):
        store.facets("name")
    with pytest.raises(QueryError):
        store.page({"limit": 1})
    with pytest.raises(CursorInvalid):
        store.page(Query(), cursor="made up")
    assert store.get(7) is None
    assert 7 not in store


def test_the_way_is_told(postgresql):
    store = postgresql.store(SCHEMA, [made(n, name="web-推荐", owner="x") for n in range(30)])
    short = store.explain(Query((Contains("name", "推荐"),)))
    assert short.name == "the matches, sorted"
    assert "too short for trigrams" in short.notes[0]
    assert store.explain(Query((Contains("name", "推荐"), Eq("owner", "x")))).notes == ()
    for in_order in (Eq("owner", "x"), Range("created", since=7)):
        assert store.explain(Query((in_order,))).name == "a walk through the order"
    absent = store.explain(Query((Contains("name", "absent"),)))
    assert (absent.name, absent.statement, absent.matches) == ("nothing but the total", None, 0)
    assert absent.to_dict()["statement"] is None
    assert "ORDER BY" in str(short)
    assert "ORDER BY" in short.to_dict()["statement"]


def test_queries_that_differ_in_values_alone_share_a_statement(tables):
    store = tables.store(SCHEMA, [made(n, name=f"web-{n}", status=f"s{n}") for n in range(9)])
    for one, other in (
        (Eq("status", "s1"), Eq("status", "s2")),
        (In("id", ["a"]), In("id", ["i-00001", "i-00002"])),
    ):
        ways = [
            store.explain(Query((predicate,), limit=limit))
            for predicate, limit in ((one, 1), (other, 5))
        ]
        statements = {way.statement for way in ways} - {None}
        assert len(statements) == 1, one
    assert [item["id"] for item in store.page(Query((Contains("name", "B-3"),))).items] == [
        "i-00003"
    ]
    assert [item["id"] for item in store.page(Query((Contains("name", "b-4"),))).items] == [
        "i-00004"
    ]


def test_what_nothing_can_match_is_not_asked(tables):
    store = tables.store(SCHEMA, [made(1, status="on")])
    statements = []

    @sa.event.listens_for(tables.engine, "before_cursor_execute")
    def note(connection, cursor, statement, *rest):
        statements.append(statement)

    try:
        for never in (In("status", []), Range("created", after=5, before=5)):
            assert store.page(Query((never, Eq("status", "on")))).total == 0
            assert store.facets("status", [never]) == {}
    finally:
        sa.event.remove(tables.engine, "before_cursor_execute", note)
    assert [statement for statement in statements if "SELECT" in statement] == []


def test_a_table_that_is_there_stays(tables):
    store = tables.store(SCHEMA, [made(1)])
    store.create()
    assert list(SqlStore(tables.engine, SCHEMA, store.table.name)) == [made(1)]


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_an_existing_table_is_mapped(databases, name):
    engine = databases.tables(name).engine
    table = sa.Table(
        "legacy",
        sa.MetaData(),
        sa.Column("id", sa.Text(collation="C" if name == "postgresql" else None), primary_key=True),
        sa.Column("name", sa.Text()),
        sa.Column("name_folded", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("cores", sa.Integer()),
        sa.Column("created", sa.DateTime(timezone=name == "postgresql")),
    )
    table.drop(engine, checkfirst=True)
    table.create(engine)
    fields = {
        "id": text(),
        "name": text(),
        "title": text(),
        "cores": keyword(),
        "created": instant(),
        "x": keyword(),
    }
    store = SqlStore(engine, Schema(key="id", order=Order("created"), fields=fields), table)
    then = datetime(2026, 1, 1, tzinfo=UTC if name == "postgresql" else None)
    rows = [{"id": "a", "name": "Straße", "cores": 4, "created": then}, {"id": "b", "name": "x"}]
    assert store.put_many(rows) == 2
    assert list(store) == rows
    assert store.get("a") == rows[0]
    assert (
        store.page(
            Query((Contains("name", "STRASSE"), Eq("cores", 4), Range("created", since=then)))
        ).items
        == rows[:1]
    )
    assert store.count([Eq("cores", "4")]) == 0
    assert store.page(Query((), offset=20_000)).total == 2
    with pytest.raises(QueryError, match="title_folded"):
        store.count([Contains("title", "x")])
    with pytest.raises(QueryError, match="no such column"):
        store.count([Eq("x", "y")])
    with pytest.raises(RecordError, match="no such column"):
        store.put({"id": "c", "colour": "red"})
    assert store.replace_all([rows[1]]) == (0, 0, 1)
    table.drop(engine)


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_a_mapped_table_is_not_asked_for_what_its_columns_cannot_hold(databases, name):
    engine = databases.tables(name).engine
    columns = [
        sa.Column("title", sa.Text()),
        sa.Column("title_folded", sa.Text()),
        sa.Column("cores", sa.BigInteger()),
    ]
    key = sa.Column(
        "id", sa.Text(collation="C" if name == "postgresql" else None), primary_key=True
    )
    table = sa.Table("plain", sa.MetaData(), key, *columns, sa.Column("created", sa.BigInteger()))
    table.drop(engine, checkfirst=True)
    table.create(engine)
    fields = {"id": text(), "title": text(), "cores": keyword(), "created": instant()}
    store = SqlStore(engine, Schema(key="id", order=Order("created"), fields=fields), table)
    long = "x" * 5000  # as others may have written it
    with engine.begin() as connection:
        connection.execute(
            sa.insert(table), [{"id": long, "title": "on", "title_folded": "on", "cores": 4}]
        )
    for never in ("\ud800", "on\ud800", "\ud800\udc00", "\0", 1 << 63):
        assert store.count(Eq("title", never)) == store.count(In("title", [never])) == 0
        assert store.count(Eq("cores", never)) == 0
        if isinstance(never, str):
            assert store.count(Contains("title", never)) == 0
            assert store.get(never) is None
            assert never not in store
            assert not store.discard(never)
    assert store.get(long)["cores"] == 4
    assert store.count(In("title", ["on", "\ud800"])) == 1
    for field, value in (("title", "half \ud800"), ("cores", 1 << 63)):
        if name == "postgresql" and field == "cores":
            continue  # which PostgreSQL says itself, as SQLAlchemy raises it
        with pytest.raises(RecordError) as caught:
            store.put_many([{"id": "b"}, {"id": "a", field: value}])
        assert caught.value.field == field
    assert len(store) == 1
    table.drop(engine)


def test_a_mapped_table_that_needs_a_time_refuses_a_record_without(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/legacy.sqlite")
    columns = (
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    table = sa.Table("legacy", sa.MetaData(), *columns)
    table.create(engine)
    fields = {"id": text(), "at": instant(integers="microseconds")}
    store = SqlStore(engine, Schema(key="id", order=Order("at"), fields=fields), table)
    with pytest.raises(RecordError) as caught:
        store.put_many([{"id": "a", "at": 1}, {"id": "b"}])
    assert caught.value.field == "at"
    assert len(store) == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("unit", "scale"), [("seconds", 1), ("milliseconds", 1_000), ("microseconds", 1_000_000)]
)
def test_integers_of_a_mapped_table_count_what_the_field_declares(tmp_path, unit, scale):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/legacy.sqlite")
    columns = (
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    table = sa.Table("legacy", sa.MetaData(), *columns)
    table.create(engine)
    fields = {"id": text(), "at": instant(integers=unit)}
    schema = Schema(key="id", order=Order("at"), fields=fields)
    store = SqlStore(engine, schema, table)
    with engine.begin() as connection:
        connection.execute(sa.insert(table), [{"id": f"i-{n}", "at": n * scale} for n in range(9)])
    store.put({"id": "i-9", "at": "1970-01-01T00:00:09Z"})
    assert list(store) == [{"id": f"i-{n}", "at": n * scale} for n in range(9, -1, -1)]
    for low, high, matches in ((2, 4, 3), (1.5, 4.5, 3), (8.5, 9.5, 1)):
        window = Range("at", since=at(int(low * 1e6)), until=at(int(high * 1e6)))
        assert store.count(window) == matches
        assert Store(schema, store).count(window) == matches
    engine.dispose()


def test_a_table_must_have_the_key_and_the_order():
    with pytest.raises(SchemaError) as caught:
        SqlStore(
            sa.create_engine("sqlite://"),
            SCHEMA,
            sa.Table("t", sa.MetaData(), sa.Column("id", sa.Text())),
        )
    assert caught.value.field == "created"


def test_citus_is_told_by_what_to_distribute(postgresql):
    with (
        postgresql.engine.begin() as connection
    ):  # stands in for Citus, which no registry of ours has
        connection.exec_driver_sql("CREATE TABLE told (what text, by_what text)")
        connection.exec_driver_sql(
            "CREATE FUNCTION create_distributed_table(text, text) RETURNS void LANGUAGE sql"
            " AS 'INSERT INTO told VALUES ($1, $2)'"
        )
        connection.exec_driver_sql(
            "CREATE TABLE public.pg_extension AS SELECT 'citus'::name AS extname"
        )
        connection.exec_driver_sql("ALTER ROLE tests SET search_path = public, pg_catalog")
    postgresql.engine.dispose()
    try:
        for name, by in (("citus_a", None), ("Citus_b", "owner")):
            store = SqlStore(postgresql.engine, SCHEMA, name, shard_by=by)
            store.create()
            keys = [column.name for column in store.table.primary_key]
            assert keys == ([by, "id"] if by else ["id"])
        with pytest.raises(RecordError) as caught:
            store.put(made(1))
        assert caught.value.field == "owner"
        store.put_many([made(1, owner="a"), made(1, owner="b")])
        store.put(made(1, owner="c"))
        assert [record["owner"] for record in store] == ["c"]
        with postgresql.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT * FROM told").all() == [
                ("citus_a", "id"),
                ('"Citus_b"', "owner"),
            ]
    finally:
        with postgresql.engine.begin() as connection:
            connection.exec_driver_sql("ALTER ROLE tests RESET search_path")
            connection.exec_driver_sql("DROP FUNCTION create_distributed_table")
            connection.exec_driver_sql('DROP TABLE told, public.pg_extension, citus_a, "Citus_b"')
        postgresql.engine.dispose()


@pytest.mark.parametrize("by", ["name", "nothing", "created"])
def test_a_table_is_sharded_by_a_keyword_field(by):
    with pytest.raises(SchemaError) as caught:
        SqlStore(sa.create_engine("sqlite://"), SCHEMA, shard_by=by)
    assert caught.value.field == by


def test_names_of_the_tables_own_columns_are_taken():
    taken = Schema(key="record", order=Order("at"), fields={"record": text(), "at": instant()})
    with pytest.raises(SchemaError, match="own"):
        SqlStore(sa.create_engine("sqlite://"), taken)


def test_servers_leave_nothing_behind():
    with servers.server() as server:
        folder = server._folder
        assert server.is_running()
    assert not folder.exists()
    with pytest.raises(sa.exc.OperationalError):
        sa.create_engine(server.url).connect()
