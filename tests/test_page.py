"""A page is a sequence of its items, and is shown as a table."""

import pickle
import sys
from collections import Counter
from collections.abc import Sequence
from copy import copy, deepcopy
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from instquery import InstqueryError, Leases, Page, Query, QueryError, Store
from strategies import SCHEMA


def made(number, **members):
    return {"id": f"i-{number}", "created": number * 1_000_000, **members}


def test_a_page_is_a_sequence_of_its_items():
    store = Store(SCHEMA, map(made, range(5)))
    page = store.page(Query(limit=3))
    assert isinstance(page, Sequence)
    assert len(page) == 3
    assert [*page] == page.items == [made(4), made(3), made(2)]
    assert page[0] is page.items[0]
    assert page[-1] == made(2)
    assert page[1:] == [made(3), made(2)]
    assert type(page[1:]) is list
    assert made(3) in page
    assert page.index(made(3)) == 1
    assert [*reversed(page)] == page.items[::-1]
    with pytest.raises(IndexError):
        page[3]


class Raced(Page):
    """A page whose parts another thread makes right after they were first looked up."""

    _items = property(lambda page: page.looked_up("items"), lambda page, value: None)
    _cursor = property(lambda page: page.looked_up("cursor"), lambda page, value: None)

    def __init__(self):
        self.looks = Counter()
        super().__init__([], 1)

    def looked_up(self, name):
        self.looks[name] += 1
        part = {"items": [made(1)], "cursor": "behind"}[name]
        return (lambda: part) if self.looks[name] == 1 else part


def test_a_page_may_be_asked_by_two_threads_at_once():
    page = Raced()
    assert page.items == [made(1)]
    assert page.cursor == "behind"


def test_a_page_equals_pages_alone():
    store = Store(SCHEMA, map(made, range(5)))
    page = store.page(Query(limit=3))
    assert page == store.page(Query(limit=3))
    assert page != store.page(Query(limit=3, total=False))
    assert page != page.items
    assert page.items != page
    assert page != tuple(page.items)
    assert page != None  # noqa: E711
    with pytest.raises(TypeError):
        hash(page)


@pytest.mark.parametrize(
    ("query", "has_more"),
    [
        (Query(limit=3), True),
        (Query(limit=5), False),
        (Query(offset=2, limit=3), False),
        (Query(offset=1, limit=3, total=False), True),
        (Query(limit=0), False),
        (Query(offset=9), False),
    ],
)
def test_more_follows_exactly_where_there_is_a_cursor_and_asking_keeps_nothing(query, has_more):
    leases = Leases()
    store = Store(SCHEMA, map(made, range(5)), leases=leases)
    for page in (store.page(query), copy(store.page(query)), deepcopy(store.page(query))):
        assert page.has_more is has_more
        assert len(leases) == 0
    page = store.page(query)
    assert (page.cursor is not None) is has_more
    assert len(leases) == has_more


def test_a_copy_keeps_the_way_to_its_cursor_and_a_pickle_makes_it():
    leases = Leases()
    store = Store(SCHEMA, (made(number, note=[number]) for number in range(5)), leases=leases)
    page = store.page(Query(limit=2))
    first, second = copy(page), deepcopy(page)
    assert first == second == page
    second[0]["note"].append("mine")
    assert page[0]["note"] == [4]
    assert len(leases) == 0
    assert (
        store.page(Query(limit=2), first.cursor).items == store.page(Query(offset=2, limit=2)).items
    )
    assert len(leases) == 1

    leases.end((store._signer, store._current.view().epoch))
    dumped = pickle.dumps(page)
    assert len(leases) == 1
    assert pickle.loads(dumped).has_more
    assert pickle.loads(dumped).cursor == page.cursor


def test_a_pickle_of_a_page_whose_cursor_cannot_be_made_says_so_when_it_is_asked():
    def none_here():
        raise QueryError("there are no cursors here")

    page = Page([made(1)], 2, none_here)
    for again in (copy(page), deepcopy(page), pickle.loads(pickle.dumps(page))):
        assert again == page
        assert again.has_more
        for _ in range(2):
            with pytest.raises(QueryError, match="no cursors here"):
                assert again.cursor


def test_a_page_tells_how_many_matches_came_before_it():
    store = Store(SCHEMA, map(made, range(5)))
    page = store.page(Query(limit=2))
    following = store.page(Query(limit=2), page.cursor)
    for shown, came in ((page, 0), (following, 2), (store.page(Query(offset=3)), 3)):
        copies = (copy(shown), deepcopy(shown), pickle.loads(pickle.dumps(shown)))
        assert {one.came for one in (shown, *copies)} == {came}
    assert store.page(Query(offset=9)).came == 9
    assert Page([], 0).came is None


def test_a_page_as_a_table():
    records = [made(1, name="<b>&\"'", note={"a": "<i>"}), {"id": "i-2", "owner": "<o>"}]
    shown = Store(SCHEMA, records).page(Query())._repr_html_()
    assert "&lt;b&gt;&amp;&quot;&#x27;" in shown
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "<o>" not in shown
    heads = ["id", "created", "name", "note", "owner"]
    assert "".join(f"<th>{head}</th>" for head in heads) in shown
    assert shown.count("<td>") == 2 * len(heads)
    assert "2 items, total 2" in shown

    odd = Page([{"<script>": "x" * 10**6}] * 1000, None)._repr_html_()
    assert "<script>" not in odd
    assert len(odd) < 10**5
    assert Page([], 0)._repr_html_()


# tables


def unlike():
    items = [
        {"id": "a", "n": 1, "tags": {"x": ["1"]}, "at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"id": "b", "n": None, "price": Decimal("1.50"), "ids": ("p", "q"), "tags": {"x": []}},
    ]
    return Page(items, 2)


def test_a_page_is_a_table_of_arrow():
    table = unlike().to_arrow()
    assert table.column_names == ["id", "n", "tags", "at", "price", "ids"]
    assert table.to_pydict() == {
        "id": ["a", "b"],
        "n": [1, None],
        "tags": [{"x": ["1"]}, {"x": []}],
        "at": [datetime(2026, 1, 1, tzinfo=UTC), None],
        "price": [None, Decimal("1.50")],
        "ids": [None, ["p", "q"]],
    }
    assert Page([], 0).to_arrow().num_columns == 0
    with pytest.raises(InstqueryError, match=r"mixed: .*leave it out by Query\(fields"):
        Page([{"mixed": 1}, {"mixed": "a"}], 2).to_arrow()


def test_a_page_is_a_frame_of_pandas():
    frame = unlike().to_pandas()
    assert [*frame.columns] == ["id", "n", "tags", "at", "price", "ids"]
    assert frame["n"].tolist() == [1, None]
    assert frame["ids"].tolist() == [None, ("p", "q")]
    assert len(Page([{}, {}], 2).to_pandas()) == 2


def test_a_page_is_a_frame_of_polars():
    frame = unlike().to_polars()
    assert frame.columns == ["id", "n", "tags", "at", "price", "ids"]
    assert frame["n"].to_list() == [1, None]
    assert frame["price"].to_list() == [None, Decimal("1.50")]
    mixed = Page([{"mixed": 1}, {"mixed": "a"}, {}], 3).to_polars()
    assert mixed["mixed"].to_list() == [1, "a", None]


@pytest.mark.parametrize("name", ["pyarrow", "pandas", "polars"])
def test_a_table_without_its_library_names_the_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    extra = {"pyarrow": "arrow"}.get(name, name)
    make = getattr(Page([], 0), f"to_{extra}")
    with pytest.raises(ImportError, match=rf"needs {name}: .*\[{extra}\]"):
        make()


AWARE = datetime(2026, 1, 1, 12, tzinfo=UTC)
NAIVE = AWARE.replace(tzinfo=None)

# Values that a library would change to make them fit the first of them.
UNLIKE = [
    [1, True],
    [0.5, True],
    [0.5, 2**53 + 1],
    [0.1, Decimal("0.1")],
    [Decimal("1.5"), 1],
    ["a", b"b"],
    [NAIVE, AWARE],
    [AWARE, NAIVE],
    [NAIVE, 5],
    [date(2026, 1, 1), NAIVE],
    [date(2026, 1, 1), 5],
    [[date(2026, 1, 1), NAIVE]],
    [["x", b"y"]],
    [[[1]], [["a"]]],
    [{"a": 1}, {"a": True}],
    [{"a": date(2026, 1, 1)}, {"a": NAIVE}],
    [1, [1]],
    [{"a": 1}, "a"],
    [AWARE.replace(year=1, month=1, day=1, hour=0, tzinfo=timezone(timedelta(hours=5)))],
]


@pytest.mark.parametrize("values", UNLIKE, ids=str)
def test_a_table_changes_no_value_to_make_it_fit_another(values):
    page = Page([{"mixed": value} for value in values], None)
    held = page.to_polars()["mixed"].to_list()
    assert held == values
    assert [*map(type, held)] == [*map(type, values)]
    assert page.to_pandas()["mixed"].tolist() == values
    with pytest.raises(InstqueryError, match=r"mixed: has values that no column of Arrow holds"):
        page.to_arrow()


# What members are in a table, where they are of one kind but not of one form.
ALIKE = [
    ([{"a": 1}, None, {"b": 2}], [{"a": 1, "b": None}, None, {"a": None, "b": 2}]),
    ([{}, {"a": {}}, {"a": {"b": 1}}], [{"a": None}, {"a": {"b": None}}, {"a": {"b": 1}}]),
    ([[{"a": 1}, {"b": "x"}], []], [[{"a": 1, "b": None}, {"a": None, "b": "x"}], []]),
    ([[1], [2.5]], [[1.0], [2.5]]),
    ([[1, None], (2,), None, {3}], [[1, None], [2], None, [3]]),
    ([1] * 500 + [2.5], [1.0] * 500 + [2.5]),
    ([{"a": 1}] * 500 + [{"a": 2.5, "b": [None]}], None),
    ([2**64 - 1, 1], [2**64 - 1, 1]),
    ([Decimal("1.0"), Decimal("2.25")], [Decimal("1.0"), Decimal("2.25")]),
    ([AWARE, AWARE.astimezone(timezone(timedelta(hours=5)))], [AWARE, AWARE]),
]


@pytest.mark.parametrize(("values", "columns"), ALIKE, ids=str)
def test_members_of_one_kind_are_one_column(values, columns):
    if columns is None:
        columns = [{"a": 1.0, "b": None}] * 500 + [{"a": 2.5, "b": [None]}]
    page = Page([{"m": value} for value in values], None)
    assert page.to_arrow()["m"].to_pylist() == columns
    frame = page.to_polars()
    assert frame["m"].to_list() == columns
    assert str(frame["m"].dtype) != "Object"


def test_a_member_whose_name_no_table_can_have_is_named():
    page = Page([{"\ud800": 1}], None)
    for make in (page.to_arrow, page.to_polars):
        with pytest.raises(InstqueryError, match=r"ud800: .*leave it out by Query\(fields"):
            make()
    assert [*page.to_pandas().columns] == ["\ud800"]
