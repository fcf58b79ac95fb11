"""Stores on databases, as people use them first.

Calls inside a walk, threads, long lists, names of their own, a table not yet made.
"""

import pickle
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
from itertools import islice
from random import Random

import pytest
import sqlalchemy as sa

import naive
from engines import DATABASES
from instquery import (
    Contains,
    CursorInvalid,
    Eq,
    In,
    InstqueryError,
    Order,
    Page,
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
from instquery.apis import bss
from instquery.sql import SqlStore, bindings, walk, writer
from instquery.sql.names import index_name
from strategies import SCHEMA

ONE_MACHINE = ["sqlite", "chdb", "postgresql"]


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number, **members}


def newest_first(number):
    return [f"i-{n:05}" for n in reversed(range(number))]


@pytest.fixture(params=DATABASES)
def tables(request, databases):
    return databases.tables(request.param)


@pytest.fixture(params=["sqlite", "postgresql"])
def indexed(request, databases):
    return databases.tables(request.param)


def one_connection(url):
    """Return an engine that gives one connection at a time, and does not wait for another."""
    options = {"poolclass": sa.QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1}
    return sa.create_engine(url, **options)


@pytest.fixture
def held(indexed):
    """A table of three portions, on an engine that has one connection."""
    engine = one_connection(indexed.engine.url)
    table = indexed.store(SCHEMA, [made(n) for n in range(2_500)]).table.name
    yield SqlStore(engine, SCHEMA, table)
    engine.dispose()


# cursors


@pytest.mark.parametrize("total", [True, False])
def test_a_cursor_that_a_database_does_not_have_is_refused_where_more_follows(tables, total):
    store = tables.store(SCHEMA, [made(n, status="on", name="web") for n in range(10)])
    for where in ((), Eq("status", "on"), Contains("name", "web"), Range("created", since=0)):
        for offset in range(12):
            for limit in (0, 1, 4, 9, 10, 11):
                page = store.page(Query(where, offset=offset, limit=limit, total=total))
                assert len(page.items) == max(0, min(limit, 10 - offset))
                if not limit or offset + limit >= 10:
                    assert page.cursor is None
                    continue
                with pytest.raises(QueryError, match=r"no cursors: .*offset"):
                    page.cursor  # noqa: B018 - asking is the test


def test_the_deep_page_of_a_database_says_whether_more_follows(indexed, monkeypatch):
    monkeypatch.setattr("instquery.sql.planner._DEEP", 3)
    store = indexed.store(SCHEMA, [made(n) for n in range(10)])
    for total in (True, False):
        with pytest.raises(QueryError):
            store.page(Query((), offset=5, limit=4, total=total)).cursor  # noqa: B018 - asking is the test
        assert store.page(Query((), offset=5, limit=5, total=total)).cursor is None


@pytest.mark.parametrize(
    "copied", [copy, deepcopy, lambda page: pickle.loads(pickle.dumps(page))], ids=str
)
def test_a_copied_page_keeps_that_its_cursor_is_refused(indexed, copied):
    page = indexed.store(SCHEMA, [made(n) for n in range(10)]).page(Query(limit=4))
    other = copied(copied(page))
    assert other == page
    assert (len(other.items), other.total) == (4, 10)
    frames = []
    for _ in range(3):
        with pytest.raises(QueryError, match="offset") as caught:
            other.cursor  # noqa: B018 - asking is the test
        frames.append(len(caught.traceback))
    assert len(set(frames)) == 1  # no error grows by being raised again


def test_an_error_of_another_kind_ends_a_pickle_and_is_kept_by_a_copy():
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        pickle.dumps(Page([], 0, broken))
    for copied in (copy(Page([], 0, broken)), deepcopy(Page([], 0, broken))):
        with pytest.raises(ZeroDivisionError):
            copied.cursor  # noqa: B018 - asking is the test


def test_operations_ask_for_no_cursor(tables):
    records = [
        {"InstanceID": f"i-{n}", "CreateTime": f"2026-01-0{n}T00:00:00Z"} for n in range(1, 6)
    ]
    store = tables.store(bss.SCHEMA, records)
    reply = bss.query_available_instances(store, {"PageSize": 2})
    assert (reply.status, reply.body["Data"]["TotalCount"]) == (200, 5)
    with pytest.raises(CursorInvalid, match="offset"):
        store.page(Query(), "made up")


# a table that is not there


def test_a_table_that_is_not_there_is_said_so_with_the_cure(databases):
    for name in ONE_MACHINE:
        store = SqlStore(databases.tables(name).engine, SCHEMA, "never made")
        for asked in (
            lambda store: store.get("a"),
            lambda store: "a" in store,
            len,
            lambda store: next(iter(store)),
            lambda store: store.page(Query()),
            lambda store: store.page(Query(Contains("name", "x"))),
            lambda store: store.explain(Query()),
            lambda store: store.facets("status"),
            lambda store: store.put(made(1)),
            lambda store: store.discard("a"),
            lambda store: store.replace_all([]),
        ):
            with pytest.raises(SchemaError, match=r"never made.*create\(\)") as caught:
                asked(store)
            assert isinstance(caught.value.__cause__, sa.exc.DBAPIError)


def test_another_error_of_the_database_stays_what_it_is(indexed):
    store = indexed.store(SCHEMA, [made(1)])
    other = Schema(
        key="id",
        order=Order("created"),
        fields={"id": text(), "created": instant(), "colour": keyword()},
    )
    with pytest.raises(sa.exc.DBAPIError, match="colour"):
        SqlStore(indexed.engine, other, store.table.name).count(Eq("colour", "red"))


# walks


def test_every_call_can_be_made_inside_a_walk(held):
    seen = []
    for record in held:
        seen.append(record["id"])
        if len(seen) % 600 != 1:
            continue
        assert held.get(record["id"]) == record
        assert record["id"] in held
        held.put({**record, "status": "seen"})
        assert held.count(Eq("status", "seen")) == held.facets("status")["seen"]
        assert held.page(Query(Eq("id", record["id"]))).items == [{**record, "status": "seen"}]
        assert held.discard(record["id"])
        assert next(iter(held))["id"] != record["id"]
    assert seen == newest_first(2_500)
    assert len(held) == 2_500 - 5


def test_a_walk_meets_each_record_once_while_records_are_moved(tables):
    store = tables.store(SCHEMA, [made(n) for n in range(1_200)])
    moves = iter(store)
    seen = [next(moves)]
    # All that are still to come, ahead of the place or behind it.
    store.put_many({**made(n), "created": n - 5_000 if n % 2 else n + 5_000} for n in range(1_190))
    seen += moves
    assert [record["id"] for record in seen] == newest_first(1_200)
    assert len(store) == 1_200


def test_a_walk_ends_although_it_puts_all_records_ahead_of_itself(indexed):
    store = indexed.store(SCHEMA, [made(n) for n in range(30)])
    walked = islice(store, 100)
    assert sum(1 for record in walked if store.put({**record, "created": -1}) is None) == 30


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("noted", [1, 3, 7, 21, 22, 1_000])
def test_a_walk_goes_on_behind_the_keys_that_it_has_noted(tables, monkeypatch, noted, descending):
    monkeypatch.setattr(walk, "_NOTED", noted)
    schema = Schema(
        key=SCHEMA.key, order=Order("created", descending=descending), fields=SCHEMA.fields
    )
    records = [{"id": f"i-{n % 7}-{n}", "created": n % 4} for n in range(18)]
    records += [{"id": f"undated-{n}"} for n in (2, 1, 3)]
    expected = naive.in_order(records, "id", "created", newest_first=descending)
    assert list(tables.store(schema, records)) == expected


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("noted", [1, 2, 5, 1_000])
def test_a_walk_of_a_mapped_table_goes_on_behind_records_without_a_time(
    indexed, monkeypatch, noted, descending
):
    monkeypatch.setattr(walk, "_NOTED", noted)
    is_postgresql = indexed.engine.dialect.name == "postgresql"
    key = sa.Text(collation="C" if is_postgresql else None)
    table = sa.Table(
        "walked",
        sa.MetaData(),
        sa.Column("id", key, primary_key=True),
        sa.Column("created", sa.BigInteger()),
    )
    table.drop(indexed.engine, checkfirst=True)
    table.create(indexed.engine)
    fields = {"id": text(), "created": instant(integers="microseconds")}
    order = Order("created", descending=descending)
    store = SqlStore(indexed.engine, Schema(key="id", order=order, fields=fields), table)
    records = [{"id": key, "created": n} for n in (1, 2) for key in (f"b{n}", f"a{n}")]
    records += [{"id": key} for key in ("d", "c", "e")]
    store.put_many(records)
    expected = naive.in_order(records, "id", "created", newest_first=descending)
    assert list(store) == expected
    table.drop(indexed.engine)


def test_a_walk_passes_over_what_is_gone_and_shows_what_is_there_by_then(indexed):
    store = indexed.store(SCHEMA, [made(n) for n in range(1_500)])
    moves = iter(store)
    seen = [next(moves)]
    store.discard("i-00003")
    store.put(made(4, status="new"))
    store.put({**made(9_000)})
    seen += moves
    assert [record["id"] for record in seen] == [
        key for key in newest_first(1_500) if key != "i-00003"
    ]
    assert seen[-4] == made(4, status="new")


def test_a_walk_that_is_left_holds_no_connection(held):
    moves = iter(held)
    next(moves)
    assert len(held) == 2_500
    with held._transactions.writing() as connection:
        connection.execute(sa.select(1))
    moves.close()
    for record in held:
        assert held.discard(record["id"])
        break
    assert len(held) == 2_499


def test_another_thread_writes_during_a_walk(held):
    with ThreadPoolExecutor(1) as pool:
        seen = []
        for number, record in enumerate(held):
            seen.append(record["id"])
            if number % 500 == 0:
                pool.submit(held.put, made(10_000 + number)).result(timeout=20)
    assert seen == newest_first(2_500)
    assert len(held) == 2_505


# long lists


@pytest.mark.parametrize("field", ["id", "status"])
def test_a_list_of_300_000_values_is_answered(databases, field):
    for name, number in (("sqlite", 300_000), ("postgresql", 300_000), ("chdb", 40_000)):
        records = [made(n, status=f"i-{n:05}") for n in range(0, 3_000, 3)]
        store = databases.tables(name).store(SCHEMA, [*records, made(1)])
        values = [f"i-{n:05}" for n in range(6, number + 6)]
        wanted = set(values)
        matches = [record for record in records if record[field] in wanted]
        expected = naive.page(matches, [], 900, 50, "id", "created")
        page = store.page(Query(In(field, values), offset=900, limit=50))
        assert (page.items, page.total) == expected
        assert page.total == 998


def test_lists_are_cut_for_writes_by_their_number_and_by_their_size(tables, monkeypatch):
    monkeypatch.setattr(writer, "_MOST_KEYS", 4)
    monkeypatch.setattr(writer, "_MOST_TEXT", 25)
    assert [len(some) for some in writer._portions(["x" * 6] * 5 + ["y" * 99] + ["z"] * 5)] == [
        4,
        1,
        1,
        4,
        1,
    ]
    store = tables.store(SCHEMA, [made(n) for n in range(11)])
    assert store.put_many(made(n, status="new") for n in range(3, 14)) == 11
    assert (len(store), store.count(Eq("status", "new"))) == (14, 11)
    assert store.replace_all([made(0)]) == (0, 0, 13)


def test_a_list_that_no_parameter_holds_is_refused(tables, monkeypatch):
    monkeypatch.setattr(bindings, "_MOST_TEXT", 20)
    store = tables.store(SCHEMA, [made(1)])
    assert store.count(In("id", ["i-00001", "i-00002"])) == 1
    with pytest.raises(QueryError, match=r"21 characters.*ask in parts") as caught:
        store.count(In("id", ["i-00001", "i-00002", "i-00003"]))
    assert caught.value.field == "id"


def test_lists_tell_what_is_not_text_elsewhere_apart(tables):
    odd = [
        "a",
        "a\0",
        "a\0b",
        "\0",
        "",
        "\ue000",
        "\ue0000",
        "\ue0001",
        '"',
        "'",
        "\\",
        "\\u0000",
        "]",
    ]
    odd += ["\ud800", "\U00100000", "%", "实例", "1", 1, 0, -1, (1 << 64) - 1]
    store = tables.store(SCHEMA, [made(n, status=value) for n, value in enumerate(odd)])
    for number, value in enumerate(odd):
        found = store.page(Query(In("status", [value, "absent"]))).items
        assert [item["id"] for item in found] == [f"i-{number:05}"], repr(value)
    assert store.count(In("status", odd)) == len(odd)


def test_lists_tell_plain_columns_of_sqlite_apart():
    """SQLite reads JSON up to its first NUL."""
    engine = sa.create_engine("sqlite://")
    columns = sa.Column("title", sa.Text()), sa.Column("cores", sa.BigInteger())
    table = sa.Table(
        "plain",
        sa.MetaData(),
        sa.Column("id", sa.Text(), primary_key=True),
        *columns,
        sa.Column("created", sa.BigInteger()),
    )
    table.create(engine)
    fields = {"id": text(), "title": keyword(), "cores": keyword(), "created": instant()}
    store = SqlStore(engine, Schema(key="id", order=Order("created"), fields=fields), table)
    odd = ["on", "on\0", "on\0x", "\0", "\ue000", "\ue0000", "\ue0001", "\ue000\0", "\0" + "1", "1"]
    with engine.begin() as connection:
        rows = [{"id": f"{n}", "title": title, "cores": n} for n, title in enumerate(odd)]
        connection.execute(sa.insert(table), rows)
    for number, title in enumerate(odd):
        found = store.page(Query(In("title", [title, "absent"]))).items
        assert [item["title"] for item in found] == [title]
        assert store.count(In("cores", [number, 99])) == 1
    assert store.count(In("cores", ["1"])) == 0


# databases in memory


def test_a_database_in_memory_serves_one_thread_and_is_refused_to_another():
    engine = sa.create_engine("sqlite://")
    store = SqlStore(engine, SCHEMA, "t")
    store.create()
    store.put_many([made(1), made(2)])
    for record in store:
        assert store.get(record["id"]) == record
    later = SqlStore(engine, SCHEMA, "t")
    with ThreadPoolExecutor(1) as pool:
        for asked in (store.create, store.__len__, lambda: store.put(made(3)), later.create):
            with pytest.raises(InstqueryError, match="StaticPool") as caught:
                pool.submit(asked).result()
            assert not isinstance(caught.value, SchemaError)
    assert len(later) == 2
    engine.dispose()  # and with it the database
    with pytest.raises(SchemaError, match="create"):
        len(store)
    with ThreadPoolExecutor(1) as pool:
        engine.dispose()
        assert pool.submit(lambda: (store.create(), len(store))[1]).result() == 0


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"]
)
@pytest.mark.parametrize("pool", [sa.NullPool, sa.SingletonThreadPool])
def test_a_database_in_memory_is_not_asked_by_a_second_connection(url, pool):
    engine = sa.create_engine(url, poolclass=pool)
    store = SqlStore(engine, SCHEMA)
    store.create()
    if pool is sa.NullPool:
        with pytest.raises(InstqueryError, match="or use a file"):
            len(store)
    else:
        assert len(store) == 0


def test_the_cure_for_a_database_in_memory_cures_it():
    engine = sa.create_engine(
        "sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False}
    )
    store = SqlStore(engine, SCHEMA)
    store.create()

    def work(number):
        for turn in range(20):
            store.put(made(number, status=f"s{turn}"))
            assert store.get(f"i-{number:05}")["status"] == f"s{turn}"
            assert SqlStore(engine, SCHEMA).count(Eq("id", f"i-{number:05}")) == 1
            assert f"i-{number:05}" in {record["id"] for record in store}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(store) == 8


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///file:shared_by_name?mode=memory&cache=shared&uri=true",
        "sqlite:///file:/shared_by_path?vfs=memdb&uri=true",
    ],
)
def test_a_database_in_memory_that_connections_share_serves_all_threads(url):
    engine = sa.create_engine(url, poolclass=sa.QueuePool)
    with engine.connect():  # it lives as long as one connection does
        store = SqlStore(engine, SCHEMA)
        store.create()
        store.put(made(1))
        with engine.connect(), ThreadPoolExecutor(1) as pool:
            assert pool.submit(len, store).result() == 1
    engine.dispose()


def test_a_file_serves_all_threads_whoever_connects_to_it(tmp_path):
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(tmp_path / "t.sqlite"))
    store = SqlStore(engine, SCHEMA)
    store.create()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(store.put_many, [made(1)]).result() == 1
    assert len(store) == 1


# names


def schema_with(**fields):
    return Schema(
        key="id", order=Order("created"), fields={"id": text(), "created": instant(), **fields}
    )


def engine_of(name):
    """Return an engine that is never connected."""
    return sa.create_engine(
        {
            "sqlite": "sqlite://",
            "postgresql": "postgresql+psycopg://nobody@127.0.0.1:1/none",
            "clickhouse": "clickhousedb://127.0.0.1:1/none",
        }[name]
    )


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "clickhouse"])
@pytest.mark.parametrize(
    ("fields", "culprit", "why"),
    [
        ({"Name": keyword(), "name": keyword()}, "name", "differs from the field Name in case"),
        ({"name": text(), "NAME": text()}, "NAME", "differs from the field name in case"),
        ({"ID": keyword()}, "ID", "differs from the field id in case"),
        ({"Record": keyword()}, "Record", "the table's own, in either case"),
        ({"ID_Folded": keyword()}, "ID_Folded", "the table's own, in either case"),
        ({"x" * 64: keyword()}, "x" * 64, "its name has 64 bytes"),
        ({"实" * 22: instant()}, "实" * 22, "its name has 66 bytes"),
        ({"x" * 57: text()}, "x" * 57, "<name>_folded has 64 bytes"),
        ({"": keyword()}, "", "cannot be the name of a column"),
        ({"a\0b": keyword()}, "a\0b", "cannot be the name of a column"),
        ({"\ud800": keyword()}, "\ud800", "cannot be the name of a column"),
    ],
)
def test_a_name_that_some_database_does_not_take_is_refused_by_its_field(
    dialect, fields, culprit, why
):
    with pytest.raises(SchemaError, match=why) as caught:
        SqlStore(engine_of(dialect), schema_with(**fields))
    assert caught.value.field == culprit
    assert "rename the field, or declare it stored()" in caught.value.reason
    SqlStore(engine_of(dialect), schema_with(**dict.fromkeys(fields, stored())))


@pytest.mark.parametrize(
    ("dialect", "own"),
    [
        *(("sqlite", name) for name in ("rowid", "oid", "_rowid_", "ROWID", "Oid")),
        *(("postgresql", name) for name in ["tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"]),
        *(("clickhouse", name) for name in ("_part", "_row_exists", "_block_number")),
    ],
)
def test_a_column_of_the_databases_own_is_refused_by_its_field(dialect, own):
    with pytest.raises(SchemaError, match="the database's own: rename") as caught:
        SqlStore(engine_of(dialect), schema_with(**{own: keyword()}))
    assert caught.value.field == own
    for other in {"sqlite", "postgresql", "clickhouse"} - {dialect}:
        SqlStore(engine_of(other), schema_with(**{own: keyword()}))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "clickhouse"])
def test_a_name_of_a_table_that_some_database_does_not_take_is_refused(dialect):
    for name, why in (("x" * 64, "64"), ("实" * 22, "66"), ("", "not empty"), ("a\0", "NUL")):
        with pytest.raises(SchemaError, match=why):
            SqlStore(engine_of(dialect), SCHEMA, name)
    if dialect == "sqlite":
        with pytest.raises(SchemaError, match="belongs to the database"):
            SqlStore(engine_of(dialect), SCHEMA, "SQLite_mine")


ODD = [
    "order",
    "select",
    "user",
    "table",
    "group",
    "in_order",
    "a b",
    'a"b',
    "a%(b)s",
    "a:b",
    "a.b",
]


def test_words_of_sql_and_the_longest_names_serve_as_fields_and_tables(databases):
    for name in ONE_MACHINE:
        engine = databases.tables(name).engine
        for table in ("select", "实" * 21):
            fields = {"user": text(), "order": instant(integers="microseconds")}
            fields |= {word: keyword() for word in (*ODD, "x" * 63, "y" * 62) if word not in fields}
            fields |= {"z" * 56: text()}
            schema = Schema(key="user", order=Order("order"), fields=fields)
            store = SqlStore(engine, schema, table)
            store.table.drop(engine, checkfirst=True)
            store.create()
            records = [
                {"user": f"u{n}", "order": n, "select": n % 2, "z" * 56: f"Name-{n}"}
                for n in range(4)
            ]
            store.put_many(records)
            words = [field for field in fields if field not in records[0]]
            store.put({"user": "odd"} | {word: f"{word}!" for word in words})
            for word in words:
                assert store.page(Query(Eq(word, f"{word}!"))).total == 1, word
                assert store.facets(word) == {f"{word}!": 1}
            assert list(store)[:4] == records[::-1]
            assert store.facets("select") == {0: 2, 1: 2}
            assert store.page(Query(Contains("z" * 56, "nAME-3"))).items == [records[3]]
            store.table.drop(engine)


def test_tables_whose_names_and_fields_run_together_stand_side_by_side(indexed):
    pairs = [("a", "b_c"), ("a_b", "c"), ("b", "in_order"), ("b_in", "order")]
    stores = [
        SqlStore(indexed.engine, schema_with(**{field: keyword()}), table) for table, field in pairs
    ]
    for store in stores:
        store.create()
        store.put({"id": "x"})
    for store in stores:
        store.table.drop(indexed.engine)


def test_names_of_indexes_fit_and_differ():
    names = [
        index_name(table, column)
        for table in ("实" * 21, "实" * 20 + "a", "t")
        for column in (None, "in_order", "x" * 63, "x" * 62 + "y")
    ]
    assert len(set(names)) == len(names)
    assert max(len(name.encode()) for name in names) <= 63
    assert index_name("t", "status") == "t_status"
    assert index_name("t_t", "status").startswith("t_t_status_")


def test_a_value_too_long_is_named_in_a_table_with_the_longest_name(databases):
    """PostgreSQL cuts the name of the key's index so that it fits."""
    engine = databases.tables("postgresql").engine
    store = SqlStore(engine, SCHEMA, "实" * 21)
    store.create()
    random = Random(8)
    key, status = (
        "".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(size)) for size in (2000, 3000)
    )
    with pytest.raises(RecordError) as caught:
        store.put({"id": key, "status": status})
    assert caught.value.field == "id"
    store.table.drop(engine)


def test_a_store_in_memory_takes_a_walk_of_a_database(indexed):
    store = indexed.store(SCHEMA, [made(n) for n in range(1_200)])
    assert list(Store(SCHEMA, store)) == list(store)


def test_what_is_the_same_is_not_written_again():
    """A row that is replaced gets another rowid, and would lose columns of others."""
    store = SqlStore(sa.create_engine("sqlite://"), SCHEMA)
    store.create()
    store.put_many(made(number) for number in range(3))

    def rows():
        with store._transactions.reading() as connection:
            return dict(map(tuple, connection.execute(sa.text("SELECT id, rowid FROM instances"))))

    before = rows()
    changed = {**made(1), "more": "changed"}
    assert tuple(store.replace_all([made(0), changed, made(2)])) == (0, 1, 0)
    assert {key for key, row in rows().items() if row != before[key]} == {made(1)["id"]}


def test_versions_ascend_whatever_the_clock_says(monkeypatch):
    store = SqlStore(sa.create_engine("sqlite://"), SCHEMA)
    store.create()
    found = []
    for now in (50, 50, 10, 70):
        monkeypatch.setattr("instquery.sql.writer.time_ns", lambda now=now: now)
        store.put(made(0))
        found.append(store._writer._version)
    assert found == [50, 51, 52, 70]
