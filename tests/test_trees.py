"""Trees of predicates as values, and what every store answers to them."""

import copy
import json
import pickle
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

import many_checks
import naive
import worn
from effort import examples, tries
from engines import readings
from instquery import (
    And,
    Contains,
    CursorInvalid,
    Eq,
    Has,
    In,
    Like,
    Missing,
    Not,
    Or,
    Order,
    Predicate,
    Query,
    QueryError,
    Range,
    Schema,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.canonical import canonical_form
from instquery.engine import match as match_room
from instquery.engine import placed as placed_room
from instquery.engine.indexes.text import TextIndex
from instquery.terms import TRUE, Tree
from strategies import NOW, SCHEMA, conditions, order, orders, predicate, records, trees

GOLDEN = Path(__file__).parent / "golden" / "canonical.json"

A, B, C = Eq("status", "a"), Eq("status", "b"), Contains("name", "c")
DAY = timedelta(days=1)


# as values


def test_operators_make_trees_and_open_chains():
    assert (And(A, B), Or(A, B), Not(A)) == (A & B, A | B, ~A)
    assert (A & B & C).operands == (A, B, C) == And(And(A), And(B, And(C))).operands
    assert (A | (B | C)).depth == 2
    assert ((A & B) | C).depth == 3
    with pytest.raises(TypeError):
        A & "b"


@pytest.mark.parametrize("made", [A, And(), Or(A, B), ~A, Missing("zone")])
@pytest.mark.parametrize(
    "drop",
    [
        lambda one: one and B,
        lambda one: one or B,
        lambda one: not one,
        lambda one: 1 if one else 2,
        bool,
    ],
)
def test_a_predicate_has_no_truth_value_by_which_it_would_be_dropped(made, drop):
    kind = type(made).__name__
    with pytest.raises(QueryError, match=rf"^{kind} has no truth value: use &, \| and ~"):
        drop(made)
    assert made in [B, made]
    assert made == made & made


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (And(A, B), And(B, A)),
        (And(A, A), A),
        (And(A), A),
        (Or(And(Or(A))), A),
        (And(A, Or(B, B)), And(A, B)),
        (And(A, Or(And(B, C), And(C, B))), And(A, B, C)),
        (And(A, And()), A),
        (Or(A, Or()), A),
        (And(And(), And()), And()),
        (Not(And(A)), Not(A)),
        (Eq("n", 1), Eq("n", True)),
        (In("n", [1, "b", 0]), In("n", [False, True, "b", 1])),
        (Eq("n", 1), Eq("n", Decimal("1.00"))),
        (In("n", [0.5, 2**70]), In("n", [2.0**70, Decimal("0.50"), 2**9_999])),
        (Range("n", after=5, until=0.5), Range("n", after=5.0, until=Decimal("0.50"))),
        (Has("t", "k", ["a", "b"]), Has("t", "k", ("b", "a", "b"))),
        (Has("t", "k", "a"), Has("t", "k", ["a"])),
        (Like("n", "a*"), Like("n", "a*", case=False)),
        (Range("at", after=DAY), Range("at", after=relativedelta(days=1))),
        (Range("at", after="2026-01-01"), Range("at", after=datetime(2026, 1, 1, tzinfo=UTC))),
    ],
)
def test_what_has_one_form_is_equal(one, other):
    assert one == other
    assert other == one
    assert hash(one) == hash(other)
    assert Query(one) == Query(other)
    assert hash(Query([one])) == hash(Query([other]))
    assert Query(one).to_dict() == Query(other).to_dict()


def test_nothing_else_is_rewritten():
    different = [
        *(A, B, Not(A), Not(Not(A)), And(), Or(), Not(And()), And(A, B), Or(A, B)),
        *(In("status", ["a"]), Not(And(A, B)), Or(Not(A), Not(B)), And(A, Or(B, C)), Missing("n")),
        *(And(A, Or()), Or(A, And()), Eq("n", 1), Eq("n", "1"), Eq("n", 0)),
        *(Eq("n", 0.1), Eq("n", Decimal("0.1")), Eq("n", float("inf")), Eq("n", 2.0**53)),
        *(Eq("n", 2**53 + 1), Eq("n", Decimal("1E+400")), Eq("n", Decimal("1E-400"))),
        *(Has("t", "k"), Has("t", "k", []), Has("t", "k", "a"), Has("t", "K")),
        *(Like("n", "a*"), Like("n", "a*", case=True), Like("n", "a**")),
    ]
    for number, one in enumerate(different):
        for other in different[number + 1 :]:
            assert one != other
            assert Query(one) != Query(other)
            assert Query(one).to_dict() != Query(other).to_dict()
    assert A != "status = 'a'"
    assert And(A, B) != "status = 'a'"


def test_a_query_is_its_predicates_and_its_part():
    assert Query([A, B]) == Query(And(B, A)) == Query(iter((B, A, A)))
    assert Query() == Query(And()) == Query([And(), And()])
    for other in (Query(A, limit=1), Query(A, offset=1), Query(A, total=False), Query(A, now=NOW)):
        assert other != Query(A)
    assert Query(A) != A
    assert len({Query([A, B]), Query([B, A]), Query(A & B), Query(A)}) == 2


@given(st.lists(conditions(), max_size=3), st.randoms())
@examples(200)
def test_the_sequence_of_operands_never_counts(given_conditions, chance):
    def shuffled(condition):
        if condition[0] in ("and", "or"):
            parts = [shuffled(one) for one in condition[1]]
            chance.shuffle(parts)
            again = [chance.choice(parts)] if parts else []
            return condition[0], [*parts, *again]
        return ("not", shuffled(condition[1])) if condition[0] == "not" else condition

    where = [predicate(condition) for condition in given_conditions]
    other = [predicate(shuffled(condition)) for condition in given_conditions][::-1]
    assert Query(where) == Query(other)
    assert hash(Query(where)) == hash(Query(other))
    assert Query(where).to_dict() == Query(other).to_dict()


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))]
)
def test_trees_are_frozen_and_can_be_copied(copied):
    tree = Not(Or(And(A, B), Missing("name"), Range("at", after=DAY, before="2026-01-01")))
    assert copied(tree) == tree
    assert repr(copied(tree)) == repr(tree)
    assert isinstance(tree, Predicate)
    for one in (tree, And(A, B), Missing("name")):
        for name in ("operand", "operands", "_given", "field", "anything"):
            with pytest.raises((AttributeError, TypeError)):
                setattr(one, name, 1)


def test_fields_are_those_of_the_leaves():
    tree = (A & ~C) | Missing("expires") | In("id", [])
    assert tree.fields == {"status", "name", "expires", "id"}
    assert Range("created", since=0).fields == {"created"}
    assert And().fields == frozenset()


@pytest.mark.parametrize(
    ("tree", "called", "said"),
    [
        (
            And(A, Not(C)),
            "And(Eq(field='status', value='a'), Not(Contains(field='name', needle='c')))",
            "status = 'a' and (not (name contains 'c'))",
        ),
        (~(A | Missing("x")), "Not(Or(Eq(field='status', value='a'), Missing('x')))", None),
        (And(), "And()", "everything"),
        (Or(), "Or()", "nothing"),
        (Missing("x"), "Missing('x')", "x is missing"),
    ],
)
def test_trees_read_well(tree, called, said):
    assert repr(tree) == called
    if said is not None:
        assert str(tree) == said
        assert str(SCHEMA.bound(tree, None) if tree.fields <= {"status", "name"} else tree) == said


@pytest.mark.parametrize("make", [And, Or, Not, lambda one: And(A, one)])
@pytest.mark.parametrize("wrong", ["a", None, [A], (A, B), Eq, 5])
def test_what_is_no_predicate_is_refused(make, wrong):
    with pytest.raises(QueryError, match="takes predicates, not"):
        make(wrong)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(QueryError, match="a field name must be text"):
        Missing(5)


# of any size


def deep(count, leaf=A):
    for number in range(count):
        leaf = (Not(leaf), leaf & Eq("b", number), leaf | Eq("c", number))[number % 3]
    return leaf


def test_a_chain_is_built_in_one_step_a_link_and_is_not_deep():
    chain = A
    for number in range(20_000):
        chain = chain & Eq("n", number)
        assert len(chain._given) == 2
    assert chain.depth == 2
    assert len(chain.operands) == 20_001
    assert chain == And(*chain.operands[::-1])
    assert chain.matches({"status": "a"}) is False


@pytest.mark.parametrize(
    "make",
    [
        lambda: deep(5_000),
        lambda: Or(*[Eq("n", number) for number in range(12_000)]),
        lambda: Not(And(*[deep(100) for _ in range(100)])),
    ],
    ids=["deep", "wide", "both"],
)
def test_a_tree_of_any_size_is_a_value_and_no_query(make):
    tree, other = make(), make()
    assert tree == other
    assert hash(tree) == hash(other)
    assert pickle.loads(pickle.dumps(tree)) == copy.deepcopy(tree) == tree
    assert len(repr(tree)) < 2_000
    assert len(str(tree)) < 2_000
    assert tree.fields
    assert tree.matches({"status": "a", "n": 7}) in (True, False)
    with pytest.raises(QueryError, match=r"deep, and 32 is the most|more than 10,000"):
        Query(tree)
    for ask in (lambda: SCHEMA.bound(tree, 0), lambda: SCHEMA.matches(tree, {"id": "a"})):
        with pytest.raises(QueryError):
            ask()


def test_a_subtree_in_many_places_is_looked_at_once():
    tree = A
    for number in range(200):  # which has 2**200 leaves
        tree = And(Or(tree, Eq("b", number)), Or(tree, Eq("c", number)))
    assert hash(tree) == hash(pickle.loads(pickle.dumps(tree)))
    assert tree.fields == {"status", "b", "c"}
    assert not tree.matches({})
    twice = A
    for _ in range(200):
        twice = And(twice, twice)
    assert twice == A


def test_the_bounds_of_a_query():
    tree = A
    for _ in range(31):
        tree = Not(tree)
    assert Query(tree).where[0].depth == 32
    for wrong in (Not(tree), [tree, A], [Or(tree, B)]):
        with pytest.raises(QueryError, match="33 deep, and 32 is the most"):
            Query(wrong)

    leaves = [Eq("n", number) for number in range(10_001)]
    for most in (
        leaves[1:],
        And(*leaves[1:]),
        Or(*leaves[1:]),
        [Or(*leaves[:5000]), *leaves[:5000]],
    ):
        Query(most)
    for wrong in (leaves, And(*leaves), Or(*leaves), [Or(*leaves[1:]), A], Not(Or(*leaves))):
        with pytest.raises(QueryError, match="more than 10,000 predicates"):
            Query(wrong)


def doubled(tree, times):
    for number in range(times):
        tree = (And, Or)[number % 2](tree, tree)
    return tree


def test_groups_of_nothing_count_as_leaves():
    """A tree of nothing else would be bounded by depth alone, and cost two to its power."""
    assert (And().leaves, Or().leaves, And(And(), And()).leaves) == (1, 1, 1)
    assert Not(Or(And(), And())).leaves == 2
    assert And(A, And()).leaves == 1
    for nothing in (Not(Or()), And(), Or()):
        with pytest.raises(QueryError, match="more than 10,000 predicates"):
            Query(doubled(Not(nothing), 16))
    assert Store(SCHEMA, estate(5)).count(doubled(Not(Or()), 6)) == 5


@pytest.mark.parametrize("leaf", [A, And(), Or(), Not(Or())])
def test_what_is_written_of_a_tree_is_bounded_whatever_it_is_made_of(leaf):
    tree = Not(leaf)
    for number in range(9):
        tree = (And, Or)[number % 2](*[tree] * 12)
    for written in (repr(tree), str(tree)):
        assert len(written) < 2_000
    assert len(repr(And(*[Not(leaf)] * 500))) < 1_000


@pytest.mark.parametrize("leaf", [{"eq": ["a", 1]}, {"and": []}, {"not": {"or": []}}])
def test_a_form_whose_parts_are_shared_is_read_within_bounds(leaf):
    """As readers of YAML make it: one mapping in many places."""
    form = leaf
    for number in range(30):
        form = {("and", "or")[number % 2]: [form, form]}
    with pytest.raises(QueryError, match="at most 10,000 leaves"):
        Query.from_dict({**Query().to_dict(), "where": form})


def test_trees_that_differ_by_a_word_alone_have_hashes_of_their_own():
    """Or sets of them, which differ in every place, would cost the square of their number."""
    for several in ([And(A, B), Or(A, B), Not(And(A, B)), Not(Or(A, B))], [A, Not(A), Not(Not(A))]):
        assert len({hash(tree) for tree in several}) == len(several)


@pytest.mark.parametrize(
    "make", [lambda n: Eq("n", n), lambda n: Range("at", since=n)], ids=["values", "bounds"]
)
def test_numbers_that_python_hashes_alike_cost_no_square(make):
    made = [make(number * (2**61 - 1)) for number in range(1, 2_001)]
    assert len({hash(one) for one in made}) > 1_900
    assert len(dict.fromkeys(made)) == 2_000
    assert hash(Or(*made)) == hash(Or(*made[::-1]))
    assert hash(Eq("n", 1)) == hash(Eq("n", True))
    assert hash(make(10**30)) == hash(make(10**30))


def test_the_largest_tree_that_is_taken_is_answered():
    tree = Or(*[Eq("status", f"s-{n}") & Eq("owner", f"{n}") for n in range(5_000)])
    found = [{"id": f"i-{n}", "status": f"s-{n % 9}", "owner": f"{n}"} for n in range(40)]
    store = Store(SCHEMA, found, segment_rows=8)
    assert store.count(tree) == 9
    nested = Eq("owner", "3")
    for number in range(31):
        nested = Not(nested) if number % 2 else Or(nested, Eq("owner", f"{number % 3}"))
    assert nested.depth == 32
    assert store.count(nested) == sum(nested.matches(record) for record in found)


# in plain JSON


WHERES = {
    "nothing asked": (),
    "one value": Eq("status", "Running"),
    "a number": Eq("n", 7),
    "true is one": Eq("n", True),
    "beyond 53 bits": Eq("n", 2**63 + 1),
    "a huge number": Eq("n", -(16**200)),
    "half of a pair": Eq("name", "\ud800x"),
    "values": In("zone", ["b", "a", 10, 9, False, "b"]),
    "no values": In("zone", []),
    "a needle": Contains("name", "推荐"),
    "missing": Missing("expires"),
    "instants": Range("at", since="2026-01-01T08:00:00+08:00", before="2026-01-02T00:00:00.5Z"),
    "an integer as a bound": Range("at", after=5, until=-5),
    "deltas": Range("at", after=timedelta(0), until=relativedelta(months=1, days=-1)),
    "within": Range("at", within=relativedelta(months=1, days=-30)),
    "a list": [Eq("status", "Running"), Contains("name", "a")],
    "a chain": Eq("a", "1") & Eq("b", "2") & (Eq("c", "3") & Eq("a", "1")),
    "any": Or(Missing("zone"), In("zone", ["a"]), Eq("zone", "b")),
    "not": ~Eq("status", "Running"),
    "not not": ~~Eq("status", "Running"),
    "false": Or(),
    "a but not": And(Eq("a", "1"), Not(Or(Eq("b", "2"), Range("at", before="2026-01-01")))),
    "shells and repeats": And(Or(And(Eq("a", 1), Eq("a", True))), And(Or(Eq("b", "2")))),
    "sorted": Or(And(Eq("b", "2"), Eq("a", "1")), And(Eq("a", "1"), Eq("a", "0"))),
    "a float": Eq("n", 0.1),
    "a decimal": In("n", [Decimal("0.10"), Decimal("2.50"), 3.0, float("-inf")]),
    "numbers as bounds": Range("n", since=2.5, before=Decimal("1E+400")),
    "a pattern": Like("name", "a*?\\\\*"),
    "a pattern by case": Like("name", "推*", case=True),
    "a tag": Has("tags", "env"),
    "a tag of values": Has("tags", "env", ["prod", "", "dev"]),
}


def test_the_forms_are_those_of_earlier_releases():
    """A file of theirs: what differs breaks whoever has kept a form."""
    golden = json.loads(GOLDEN.read_text("utf-8"))
    forms = {name: Query(where).to_dict()["where"] for name, where in WHERES.items()}
    assert forms == golden
    assert len(golden) >= 20


@pytest.mark.parametrize("name", WHERES)
def test_a_form_is_plain_json_and_is_read_back(name):
    query = Query(WHERES[name], offset=3, limit=7, total=False, now="2026-01-01T00:00:00.5Z")
    plain = query.to_dict()
    assert list(plain) == ["version", "where", "order", "offset", "limit", "total", "now"]
    assert (plain["version"], plain["order"], plain["now"]) == (
        1,
        [],
        "2026-01-01T00:00:00.500000Z",
    )
    again = Query.from_dict(json.loads(json.dumps(plain)))
    assert again == query
    assert again.to_dict() == plain
    assert Query.from_dict(Query(WHERES[name]).to_dict()) == Query(WHERES[name])


ORDERS = {
    "the schema's own": None,
    "newest first": Order("created"),
    "by key": Order("id", descending=False),
    "three": [Order("zone"), Order("created", descending=False), Order("id")],
    "a name that JSON would lose": Order("\ud800x"),
}


def test_the_forms_of_orders_are_those_of_earlier_releases():
    forms = {name: Query(order=given).to_dict()["order"] for name, given in ORDERS.items()}
    assert forms == json.loads(GOLDEN.with_name("orders.json").read_text("utf-8"))
    for given_order in ORDERS.values():
        query = Query(A, order=given_order, fields=["id", "\ud800x"])
        plain_query = json.loads(json.dumps(query.to_dict()))
        assert Query.from_dict(plain_query) == query
        assert hash(Query.from_dict(plain_query)) == hash(query)


def test_queries_differ_by_order_and_by_fields():
    different = [
        Query(A),
        Query(A, order=Order("created")),
        Query(A, order=Order("created", descending=False)),
        Query(A, order=[Order("created"), Order("id")]),
        Query(A, fields=[]),
        Query(A, fields=["id"]),
        Query(A, fields=["id", "zone"]),
    ]
    assert len({*different}) == len(different)
    forms = [json.dumps(query.to_dict()) for query in different]
    assert len({*forms}) == len(different)
    assert Query(A, order=[Order("created")], fields=["id", "id"]) == Query(
        And(A, A), order=Order("created"), fields=("id",)
    )
    assert "fields" not in Query(A).to_dict()


@given(
    st.lists(conditions(), max_size=3),
    st.one_of(st.none(), orders),
    st.one_of(st.none(), st.lists(st.sampled_from(["id", "zone", "\ud800"]))),
    st.one_of(st.none(), st.just(NOW)),
)
@examples(200)
def test_any_query_is_read_back(given_conditions, given_order, fields, now):
    query = Query(
        [predicate(condition) for condition in given_conditions],
        order=None if given_order is None else order(given_order),
        now=now,
        fields=fields,
    )
    assert Query.from_dict(json.loads(json.dumps(query.to_dict()))) == query


def plain(**members):
    return {**Query(A).to_dict(), **members}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "is a mapping with version, where"),
        ("{}", "is a mapping with version, where, .* if it names them, not str$"),
        ({"where": {}}, "lacks version: it is a mapping with version, where"),
        ({**plain(), "limt": 5}, "has no member 'limt': did you mean limit\\?"),
        ({"version": 1, "were": {}}, "has no member 'were': did you mean where"),
        (plain(more=1), "has no member 'more'"),
        (plain(colour=1), "has no member 'colour': it is a mapping with version, where"),
        ({**plain(), 5: 1}, "has no member 5: it is a mapping"),
        (plain(version=2), "must have version 1, not 2"),
        (plain(version=True), "must have version 1"),
        (plain(order=None), "form of an order has lists"),
        (plain(order=["name"]), "form of an order has lists"),
        (plain(order=[["name"]]), 'is a field and "asc" or "desc"'),
        (plain(order=[["name", "up"]]), 'is a field and "asc" or "desc", not \'up\'$'),
        (plain(order=[["name", True]]), 'is a field and "asc" or "desc"'),
        (plain(order=[["name", []]]), 'is a field and "asc" or "desc"'),
        (plain(order=[[5, "asc"]]), 'is a field and "asc" or "desc"'),
        (plain(order=[["name", "asc"]] * 4), "up to 3 Orders"),
        (plain(fields="id"), "form of fields has lists"),
        (plain(fields=["id", None]), "form of fields has names alone"),
        (plain(offset=-1), "offset must be"),
        (plain(total=1), "total must be"),
        (plain(now="soon"), "now is not"),
        (plain(where=None), "is one word"),
        (plain(where={}), "is one word"),
        (plain(where={"and": [], "or": []}), "is one word"),
        (plain(where={"and": {}}), "has lists of parts"),
        (plain(where={"glob": ["a", "b"]}), "begins with one of and, or, not, .*, not 'glob'$"),
        (plain(where={"like": ["a", "b"]}), r"of like has 3 parts, not \['a', 'b'\]$"),
        (plain(where={"like": ["a", "b", 1]}), "case must be true or false"),
        (plain(where={"like": ["a", "b\\", True]}), "lone backslash"),
        (plain(where={"has": ["a"]}), r"of has has 2 or 3 parts, not \['a'\]$"),
        (plain(where={"has": ["a", "b", "c"]}), "has lists of parts"),
        (plain(where={"eq": ["a", {"number": "nan"}]}), "must be a finite number"),
        (plain(where={"eq": ["a", {"number": "1e999999999"}]}), "at most 40 digits"),
        (plain(where={"eq": ["a"]}), r"of eq has 2 parts, not \['a'\]$"),
        (plain(where={"missing": []}), r"of missing has 1 part, not \[\]$"),
        (plain(where={"eq": ["a", None]}), "a value must be text"),
        (plain(where={"eq": [5, "a"]}), "a field name must be text"),
        (plain(where={"eq": ["a", {"number": "x"}]}), "number or hex"),
        (plain(where={"eq": ["a", {"hex": 5}]}), "number or hex"),
        (plain(where={"in": ["a", "b"]}), "has lists of parts"),
        (plain(where={"range": ["a", []]}), "of range has bounds"),
        (plain(where={"range": ["a", {}]}), "at least one of"),
        (plain(where={"range": ["a", {"behind": 1}]}), "of range has bounds"),
        (plain(where={"range": ["a", {"after": "soon"}]}), "not an ISO 8601 time"),
        (plain(where={"range": ["a", {"after": {"delta": [1]}}]}), "of delta has months"),
        (plain(where={"range": ["a", {"after": {"delta": [1, "2"]}}]}), "of delta has months"),
    ],
)
def test_what_is_no_form_is_refused(wrong, said):
    with pytest.raises(QueryError, match=said):
        Query.from_dict(wrong)


class Both(And):
    """A class that may mean something else."""

    __slots__ = ()


class Negated(Not):
    __slots__ = ()


@pytest.mark.parametrize(
    "tree",
    [
        Both(A, B),
        And(A, Not(Both(A, B))),
        Or(Negated(A), B),
        [A, Not(Negated(Both(A, B)))],
    ],
    ids=["at the top", "within", "a negation", "several"],
)
def test_a_class_derived_from_one_is_never_written_as_that_one(tree):
    with pytest.raises(QueryError, match="is not answered here"):
        Query(tree).to_dict()
    with pytest.raises(QueryError, match="is not answered here"):
        Store(SCHEMA).count(tree)


def test_numbers_are_plain_as_long_as_every_reader_of_json_has_them_exactly():
    for number in (2**53, -(2**53)):
        assert canonical_form([Eq("n", number)]) == {"eq": ["n", number]}
    for number in (2**53 + 1, -(2**53) - 1, 2**54):
        assert canonical_form([Eq("n", number)]) == {"eq": ["n", {"number": str(number)}]}


def test_more_orders_than_are_taken_are_not_read():
    read = []

    class Watched(list):
        def __getitem__(self, at):
            read.append(at)
            return super().__getitem__(at)

    form = {**Query().to_dict(), "order": Watched([["status", "asc"]] * 100_000)}
    with pytest.raises(QueryError, match="up to 3 Orders"):
        Query.from_dict(form)
    assert read == [slice(None, 4)]


def test_a_form_that_is_too_deep_is_refused():
    form = {"eq": ["a", "b"]}
    for _ in range(500):
        form = {"not": form}
    with pytest.raises(QueryError, match="at most 32 deep"):
        Query.from_dict(plain(where=form))


# the truth


@given(records(), trees())
@examples(400)
def test_the_tree_is_the_truth(record, condition):
    tree = predicate(condition)
    expected = naive.holds(record, condition)
    assert SCHEMA.matches(tree, record) == expected
    assert SCHEMA.matches([tree, tree], record) == expected
    flat = {name: value for name, value in record.items() if not isinstance(value, int)}
    if "created" not in tree.fields and "expires" not in tree.fields and flat == record:
        assert tree.matches(record) == expected


BLANK = Schema(
    key="id",
    order=Order("at"),
    fields={
        "id": text(),
        "at": instant(blank_is_missing=True),
        "end": instant(blank_is_missing=True),
        "plain": instant(blank_is_missing=True, indexed=False),
        "zone": keyword(),
        "note": stored(),
    },
)


@pytest.mark.parametrize("indexed", [True, False])
def test_numbers_and_bools_fit_no_pattern(indexed):
    fields = {"id": text(), "owner": keyword(indexed=indexed)}
    values = ["1", 1, True, "True", None, "", "None"]
    found = [{"id": f"i-{at}", "owner": one} for at, one in enumerate(values)]
    store = Store(Schema(key="id", fields=fields), found)
    for pattern in ("1", "1*", "*", "True", "?rue", "None", ""):
        asked = ("like", "owner", (pattern, False))
        fitting = [one for one in found if naive.holds(one, asked)]
        for where in (Like("owner", pattern), Or(Like("owner", pattern), Eq("id", "none"))):
            assert sorted(one["id"] for one in store.page(Query(where))) == [
                one["id"] for one in fitting
            ]


def test_missing_is_answered_for_every_kind_and_a_stored_field_names_the_cure():
    made = [
        {"id": "a", "at": "", "end": "", "plain": "", "zone": ""},
        {"id": "b", "at": "2026-01-01", "end": None},
        {"id": "c", "at": "2026-01-01", "end": "2026-01-01", "plain": "2026-01-01", "zone": "x"},
        {"id": "d"},
    ]
    store = Store(BLANK, made, segment_rows=2)
    expected = {"id": "", "at": "ad", "end": "abd", "plain": "abd", "zone": "bd"}
    for reading in readings(store):
        for field, keys in expected.items():
            found = [item["id"] for item in reading.page(Query(Missing(field))).items]
            assert sorted(found) == list(keys), field
            there = [item["id"] for item in reading.page(Query(~Missing(field))).items]
            assert sorted(there) == sorted(set("abcd") - set(keys)), field
            for record in made:
                assert BLANK.matches(Missing(field), record) == (record["id"] in keys)
    for tree in (Missing("note"), ~Missing("note"), Or(Missing("note"), Eq("zone", "x"))):
        with pytest.raises(
            QueryError, match=r"stored field does not answer Missing: declare it as"
        ):
            store.count(tree)
    with pytest.raises(QueryError, match="no such field"):
        store.count(Or(Missing("gone"), Eq("zone", "x")))


def test_records_without_the_field_are_in_not():
    store = Store(SCHEMA, [{"id": "a", "status": "x"}, {"id": "b"}, {"id": "c", "status": "y"}])
    assert store.count(~Eq("status", "x")) == 2
    assert store.count(~Range("expires", since="2026-01-01")) == 3
    assert store.count(~Contains("name", "")) == 3
    assert store.count(~Or(Eq("status", "x"), Missing("status"))) == 1


# terms and plans


def bound(tree):
    return SCHEMA.bound(tree, 0)


def test_what_is_bound_is_simplified():
    assert bound(And()) == bound(Not(Or())) == bound(Or(A, And())) == TRUE
    assert bound(Not(Not(A))) == A
    assert bound(And(A, Or())) == bound(Or())
    assert bound(Or(A, B, In("status", ["c"]))) == In("status", ["a", "b", "c"])
    early, late = Range("expires", until="2026-03-01"), Range("expires", since="2026-02-01")
    both = bound(And(early, A, And(late)))
    assert len(both.parts) == 2
    assert bound(And(early, late)) == bound(early).intersection(bound(late))
    assert len(bound(Or(early, late)).parts) == 2
    assert str(bound(Not(Or(A, C)))) == "not (status = 'a' or name contains 'c')"
    assert pickle.loads(pickle.dumps(bound(Or(A, C)))) == bound(Or(A, C))


def estate(count=1000):
    return [
        {
            "id": f"i-{n:04}",
            "name": f"推荐-{n}",
            "status": "Ready" if n % 10 == 0 else "Running",
            "owner": str(n % 100),
            "created": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n),
        }
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("where", "driver", "known"),
    [
        (And(), "row sets", 1000),
        (Or(), "nothing", 0),
        (~Eq("status", "Ready"), "row sets", 900),
        (Missing("status"), "nothing", 0),
        (Missing("expires"), "row sets", 1000),
        (Or(Eq("status", "Ready"), Eq("status", "Running")), "row sets", 1000),
        (Or(Eq("status", "Ready"), Contains("name", "推")), "row sets", None),
        (Or(Eq("id", "i-0001"), Eq("owner", "7")), "keys", None),
        (Or(Eq("id", "i-0001"), And(Eq("owner", "7"), Contains("name", "-1"))), "keys", None),
        (Or(Eq("id", "i-0001"), Eq("status", "Ready")), "row sets", None),
        (~Eq("id", "i-0001"), "row sets", 999),
        ([And(Eq("status", "Ready"), Eq("status", "Stopped")), A], "nothing", 0),
    ],
)
def test_the_plan_of_a_tree(where, driver, known):
    store = Store(SCHEMA, estate())
    plan = store.explain(Query(where))
    assert (plan.driver, plan.known) == (driver, known)
    given = where if isinstance(where, list) else [where]
    matches = [one for one in estate() if all(part.matches(one) for part in given)]
    assert store.count(where) == len(matches)
    assert known in (None, len(matches))


def test_a_conjunction_is_planned_as_a_list_is():
    store = Store(SCHEMA, estate())
    parts = [Eq("status", "Ready"), Contains("name", "推"), Range("created", since="2026-01-01")]
    for sequence in permutations(parts):
        assert store.explain(Query(And(*sequence))) == store.explain(Query(sequence))


def test_explain_prints_the_tree():
    store = Store(SCHEMA, estate())
    tree = Eq("status", "Ready") & ~(Contains("name", "9") | Missing("owner"))
    assert str(store.explain(Query(tree))) == (
        "1,000 records in 1 segment: row sets, newest segment first\n"
        "  row set   100 with status = 'Ready'\n"
        f"  row set   about {store.explain(Query(tree)).steps[1].size.expected:,} "
        "with not (name contains '9' or owner is missing)\n"
        "  total     counted along the way"
    )


def test_only_rows_between_sure_and_maybe_are_tested(monkeypatch):
    """Rows that an exact index has are in an `Or` for sure, whatever a text index says."""
    store = Store(SCHEMA, estate(), segment_rows=64)
    tested = []
    build = Tree.__post_init__

    def noted(tree):
        build(tree)
        test = tree.test
        object.__setattr__(
            tree, "test", lambda record: (tested.append(record["id"]), test(record))[1]
        )

    monkeypatch.setattr(Tree, "__post_init__", noted)
    tree = Or(
        Eq("status", "Running"), Contains("name", "-123"), Range("created", before="2020-01-01")
    )
    assert store.count(tree) == 900
    assert set(tested) <= {f"i-{n:04}" for n in range(0, 1000, 10)}
    tested.clear()
    assert store.count(Or(Eq("status", "Running"), Eq("owner", "0"))) == 910
    assert tested == []


# stores


BESIDE = Schema(
    key="id",
    fields={"id": text(), "status": keyword(), "owner": keyword(indexed=False)},
)


def test_a_row_is_sure_of_a_group_only_where_it_is_of_each_part():
    found = [
        {"id": f"{n:04}", "status": "abc"[n % 3], "owner": "xy"[n % 2], "n": n} for n in range(300)
    ]
    store = Store(BESIDE, found, segment_rows=64)
    parts = [("eq", "owner", "x"), ("eq", "status", "a"), ("in", "status", ["a", "b"])]
    for size in (2, 3):
        for sequence in permutations(parts, size):
            both = ("and", [*sequence])
            for asked in (both, ("not", both), ("or", [("eq", "id", "0001"), both])):
                fitting = [one for one in found if naive.holds(one, asked)]
                where = worn.predicates([asked])
                assert store.count(where) == len(fitting), asked
                assert [*store.page(Query(where, limit=300))] == fitting


def test_what_has_no_index_is_tested_beside_a_tree_that_is_sure():
    found = [
        {"id": f"{n:04}", "status": "abc"[n % 3], "owner": "xy"[n % 2], "n": n} for n in range(300)
    ]
    store = Store(BESIDE, found, segment_rows=64)
    owner = Eq("owner", "x")
    for tree in (Not(A), Or(A, B), And(Not(A), Not(B)), Or(A, Missing("status"))):
        wanted = [one for one in found if BESIDE.matches([tree, owner], one)]
        for total in (True, False):
            page = store.page(Query([tree, owner], limit=20, total=total))
            assert page.items == wanted[:20]
            assert page.total == (len(wanted) if total else None)
        assert store.count([tree, owner]) == len(wanted)


@pytest.mark.parametrize("shift", range(11))
def test_a_page_over_portions_of_unsure_rows_loses_none(shift):
    found = [
        {"id": f"{n:04}", "status": "a" if n == 1_500 else "b", "owner": f"{n % 11}"}
        for n in range(2_000)
    ]
    store = Store(BESIDE, found)
    tree = Or(A, Eq("owner", f"{shift}"))
    wanted = [one for one in found if BESIDE.matches(tree, one)]
    for limit in (5, 9, 40):
        for offset in (0, 1, 7, 60):
            page = store.page(Query(tree, limit=limit, offset=offset, total=False))
            assert page.items == wanted[offset : offset + limit]


@given(
    st.lists(records(), max_size=30),
    st.lists(trees(), min_size=1, max_size=3),
    st.integers(1, 9),
)
@examples(100)
def test_facets_cursors_and_snapshots_take_trees(inventory, given_conditions, segment_rows):
    inventory = list({record["id"]: record for record in inventory}.values())
    where = [predicate(condition) for condition in given_conditions]
    store = Store(SCHEMA, inventory, segment_rows=segment_rows)
    kept = [
        record
        for record in inventory
        if all(naive.holds(record, condition) for condition in given_conditions)
    ]
    ordered = naive.in_order(kept, "id", "created")
    for reading in (store, store.snapshot()):
        page = reading.page(Query(where, limit=4))
        walked = page.items
        while page.cursor is not None:
            page = reading.page(Query(And(*where[::-1]), limit=4), page.cursor)
            walked = walked + page.items
        assert walked == ordered
        owners = [record["owner"] for record in kept if record.get("owner") is not None]
        assert reading.facets("owner", where) == {one: owners.count(one) for one in owners}
        assert reading.prepare(Query(where)).page().total == len(kept)
    assert store.discard_where(where) == len(kept)
    assert len(store) == len(inventory) - len(kept)


def test_a_cursor_is_for_one_form():
    store = Store(SCHEMA, estate(20))
    cursor = store.page(Query(Or(A, ~B), limit=3)).cursor
    assert store.page(Query([Or(~B, A, A)], limit=3), cursor).items
    for other in (Or(A, B), ~B, And(A, ~B), ()):
        with pytest.raises(CursorInvalid):
            store.page(Query(other, limit=3), cursor)


def test_everything_is_discarded_by_and():
    store = Store(SCHEMA, estate(20))
    with pytest.raises(QueryError, match=r"And\(\)"):
        store.discard_where([])
    assert store.discard_where(And()) == 20


def test_a_watch_follows_a_tree_by_write_and_clock():
    store = Store(SCHEMA, segment_rows=4)
    tree = Or(Eq("status", "x"), Range("expires", within=DAY)) & ~Missing("owner")
    watch = store.watch(tree)
    store.put({"id": "a", "status": "x", "owner": "1"})
    store.put({"id": "b", "owner": "1", "expires": NOW + 3 * DAY})
    store.put({"id": "c", "status": "x"})

    def poll(now):
        events = watch.poll(now)
        return [[one["id"] for one in part] for part in events[1:]]

    assert poll(NOW) == [["a"], [], []]
    assert poll(NOW + 2.5 * DAY) == [["b"], [], []]
    store.update("c", {"owner": "2"})
    store.update("a", {"status": "y"})
    assert poll(NOW + 4 * DAY) == [["c"], ["a", "b"], []]


def test_leaves_are_counted_where_a_query_is_prepared():
    store = Store(SCHEMA, estate(50))
    few = Or(*[Eq("owner", f"{n}") & Eq("status", "Ready") for n in range(32)])
    many = Or(few, Eq("status", "Ready"))
    wide = ~In("owner", [f"{n}" for n in range(1001)])
    assert store.prepare(Query(few))._plan is not None
    assert store.prepare(Query(many))._plan is None
    assert store.prepare(Query(wide))._plan is None
    for tree in (few, many, wide):
        assert store.prepare(Query(tree)).page() == store.page(Query(tree))


def test_values_count_in_each_place_where_a_query_is_prepared():
    store = Store(SCHEMA, estate(50))
    values = In("owner", [f"{n}" for n in range(400)])
    twice = And(Or(values, A), Or(values, B))
    thrice = And(twice, Not(values))
    assert store.prepare(Query(twice))._plan is not None
    assert store.prepare(Query(thrice))._plan is None


@pytest.mark.long
def test_many_random_checks(monkeypatch):
    """A part of what `python tests/many_checks.py` does."""
    worn.have_small_numbers(monkeypatch)
    first = random.Random(20).randrange(1 << 30)
    assert many_checks.check_many(tries(20_000, quick=1_500), first) >= 1_500


# keys in trees


@pytest.mark.parametrize("kind", [text, keyword])
@pytest.mark.parametrize("rows_a_key", [0, 20, 10**6])
def test_keys_in_a_tree_are_placed_whatever_is_beside_them(kind, rows_a_key, monkeypatch):
    """They are found once, by the directory or by looking at all rows.

    No index is asked for them, and no record is tested.
    """
    monkeypatch.setattr(placed_room, "_ROWS_A_KEY", rows_a_key)
    monkeypatch.setattr(match_room, "_keep", lambda *_: pytest.fail("records are tested"))
    declared = Schema(key="id", order=Order("created"), fields={**SCHEMA.fields, "id": kind()})
    held = {record["id"]: record for record in estate(300)}
    store = Store(declared, held.values(), segment_rows=16)
    for number in range(0, 300, 7):
        store.discard(f"i-{number:04}")
        del held[f"i-{number:04}"]

    asked = []
    select = TextIndex.select
    monkeypatch.setattr(
        TextIndex, "select", lambda index, leaf: asked.append(leaf) or select(index, leaf)
    )
    named = In("id", [f"i-{number:04}" for number in range(0, 400, 3)])
    for tree in (
        named | Eq("status", "Running"),
        Eq("status", "Ready") & ~named,
        ~(named | Eq("id", "i-0001") | Missing("id")),
        named & ~Eq("owner", "3") | Range("created", before="2026-01-01T01:00:00Z"),
    ):
        for reading in readings(store):
            for given_order in ((), Order("owner")):
                query = Query(tree, order=given_order, offset=3, limit=1000)
                expected = [one for one in held.values() if tree.matches(one)]
                page = reading.page(query)
                assert page.total == len(expected)
                assert len(page) == max(0, len(expected) - 3)
            assert reading.count(tree) == len(expected)
            facets = reading.facets("owner", tree)
            assert sum(facets.values()) == len(expected)
    assert asked == []


def test_a_tree_whose_indexes_are_exact_is_brief():
    store = Store(SCHEMA, estate(200))
    exact = Eq("status", "Ready") | ~Eq("owner", "7") | Missing("name") | Eq("id", "i-0001")
    assert store.prepare(Query(exact)).brief
    for long in (
        exact | Contains("name", "推"),
        exact | In("owner", [str(number) for number in range(101)]),
    ):
        assert not store.prepare(Query(long)).brief
    assert not store.prepare(Query(exact, order=Order("expires"))).brief
