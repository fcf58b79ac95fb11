"""Trees of predicates on databases: two truths where SQL has three, and what no record can have."""

import random

import pytest
import sqlalchemy as sa

import naive
import worn
from engines import DATABASES
from instquery import Eq, In, Missing, Not, Or, Query, QueryError
from instquery.sql import SqlStore
from strategies import predicate


@pytest.fixture(params=DATABASES)
def tables(request, databases):
    return databases.tables(request.param)


def estate(chance):
    """Records without members that are None, which some databases do not hand out."""
    records = [worn.made(chance, number) for number in range(40)]
    return [
        {name: value for name, value in record.items() if value is not None} for record in records
    ]


def leaves_of(chance):
    """Every kind of leaf on every field, and values that a driver or a column refuses."""
    odd = ["a\0b", "\ud800", 2**64 - 1, "x" * 5000]
    texts = [value for value in odd if isinstance(value, str)]
    return [
        *worn.some_conditions(chance),
        *(("eq", "status", value) for value in odd),
        *(("contains", "name", value) for value in texts),
        ("in", "status", [*odd, "Ready"]),
        ("range", "expires", {"since": worn.second(3), "before": worn.second(2)}),
        ("missing", "expires"),
    ]


def trees_of(chance):
    """Each leaf by itself and denied, in pairs, and random trees."""
    leaves = leaves_of(chance)
    for leaf in leaves:
        yield leaf
        yield "not", leaf
        yield "not", (chance.choice(["and", "or"]), [leaf, chance.choice(leaves)])
    for _ in range(40):
        yield worn.some_tree(chance, leaves)


@pytest.mark.parametrize("descending", [True, False])
def test_trees_are_answered_as_in_memory(tables, descending):
    chance = random.Random(f"{descending}")
    records = estate(chance)
    store = tables.store(worn.schema(descending=descending), records)
    for condition in trees_of(chance):
        tree = predicate(condition)
        expected = worn.matching(records, [condition], descending=descending)
        page = store.page(Query(tree, offset=1, limit=7))
        assert (page.items, page.total) == (expected[1:8], len(expected)), condition
        beside = [("missing", "owner"), condition]
        also = worn.matching(records, beside, descending=descending)
        assert store.count(worn.predicates(beside)) == len(also), condition
        if chance.random() < 0.2:
            values = [record["owner"] for record in expected if "owner" in record]
            assert store.facets("owner", tree) == {one: values.count(one) for one in values}


def test_a_tree_is_discarded(tables):
    chance = random.Random(4)
    records = estate(chance)
    store = tables.store(worn.schema(), records)
    condition = ("not", ("or", [("in", "owner", ["1", "2"]), ("missing", "name")]))
    kept = [record for record in records if not naive.holds(record, condition)]
    assert store.discard_where(predicate(condition)) == len(records) - len(kept)
    assert list(store) == naive.in_order(kept, "id", "created")


def test_a_tree_has_as_many_leaves_as_databases_take(tables):
    """A chain of `OR` is as deep as it is long, and 1,000 is the deepest for two of them."""
    records = estate(random.Random(5))
    store = tables.store(worn.schema(), records)
    pairs = [Eq("owner", f"{n}") & ~Eq("status", f"{n}") for n in range(250)]
    expected = sum("owner" in record for record in records)
    assert store.count(Or(*pairs)) == expected
    assert store.count(Not(Or(*pairs))) == len(records) - expected
    with pytest.raises(QueryError, match="a tree of 501 predicates is more than the 500"):
        store.count(Or(*pairs, Missing("name")))
    assert store.count(Or(*[Eq("owner", f"{n}") for n in range(5_000)])) == expected


def test_what_is_missing_in_a_table_that_exists(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/mapped.db")
    columns = [sa.Column(name, sa.Text()) for name in ("status", "owner", "name", "name_folded")]
    table = sa.Table(
        "mapped",
        sa.MetaData(),
        sa.Column("id", sa.Text(), primary_key=True),
        *columns,
        sa.Column("created", sa.BigInteger()),
        sa.Column("expires", sa.BigInteger()),
    )
    table.create(engine)
    with engine.begin() as connection:
        rows = [
            {"id": "a", "status": "x", "created": 5},
            {"id": "b", "status": None, "created": None},
        ]
        connection.execute(table.insert(), rows)
    store = SqlStore(engine, worn.schema(), table)
    asked = [Missing("created"), ~Missing("created"), Missing("status"), ~In("status", ["x", "y"])]
    found = [[item["id"] for item in store.page(Query(one)).items] for one in asked]
    assert found == [["b"], ["a"], ["b"], ["b"]]
