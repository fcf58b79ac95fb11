"""A page is a sequence of its items, and is shown as a table."""

import pickle
import sys
from collections import Counter
from collections.abc import Sequence
from copy import copy, deepcopy
from datetime import UTC, datetime
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
