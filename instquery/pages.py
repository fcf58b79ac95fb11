"""What is answered: one page of records, where to go on, and how it is shown."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy, deepcopy
from html import escape
from typing import Any, NamedTuple, SupportsIndex, overload

from instquery.errors import InstqueryError
from instquery.frames import to_arrow, to_pandas, to_polars
from instquery.options import counted
from instquery.query import Record

__all__ = ["Page", "Plain", "picked"]

# What a notebook shows of a page and of a value.
_ROWS_SHOWN = 100
_LETTERS_SHOWN = 200


class Plain(NamedTuple):
    """What is known of the items of a page, so that a reply need not look at each again."""

    schema: object
    """Whose fields alone they have as members, each with a value."""

    timespecs: frozenset[str]
    """Their instants are text in each of these forms; where there is none, nothing is known."""


class Page(Sequence[Record]):
    """One page of an answer: items in order, the exact number of all matches, where to go on.

    It is a sequence of its items: `len(page)`, `page[0]`, `for record in page`; a slice is a list.

    `items` and `cursor` are made when they are first asked for, and stay: who asks for the total
    alone pays for no copies. `total` is `None` where the query spared it. `version` is that of the
    state it was read from, 0 where a database keeps none. Two pages are equal if their items and
    totals are.

    A page can be copied and pickled. A copy makes its cursor when it is asked for it, as the page
    does; for a pickle it is made. Where it cannot be made, asking for it raises the same error.
    """

    __slots__ = ("_cursor", "_items", "_plain", "total", "version")

    def __init__(
        self,
        items: list[Record] | Callable[[], list[Record]],
        total: int | None,
        cursor: str | Callable[[], str] | InstqueryError | None = None,
        version: int = 0,
        plain: Plain | None = None,
    ) -> None:
        self._items = items
        self.total = total
        self.version = version
        self._cursor = cursor
        self._plain = plain

    @property
    def items(self) -> list[Record]:
        """The records of the page: one list of copies, which are the caller's to change.

        The first access copies: 0.3 µs a flat record, 6 µs one with the nested members of ECS.
        """
        items = self._items  # looked up once: another thread may put the list in its place
        if callable(items):
            items = self._items = items()
        return items

    @property
    def cursor(self) -> str | None:
        """Where to go on; `None` where nothing follows.

        Raises `QueryError` where something follows and the store has no cursors.
        """
        cursor = self._cursor  # looked up once, as the items are
        if callable(cursor):
            cursor = self._cursor = cursor()
        if isinstance(cursor, InstqueryError):
            # A copy: the frames of one raise would otherwise be kept for the next.
            raise copy(cursor)
        return cursor

    @property
    def has_more(self) -> bool:
        """Whether more matches follow, so that there is a cursor; asking makes and keeps nothing.

        A page of no items has none, so with `limit=0` it is false.
        """
        return self._cursor is not None

    @overload
    def __getitem__(self, at: SupportsIndex) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> list[Record]: ...
    def __getitem__(self, at: SupportsIndex | slice) -> Record | list[Record]:
        return self.items[at]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.items)

    def is_plain(self, schema: object, timespec: str) -> bool:
        """Tell whether all items are known to be plain, as they are kept.

        Then their members are fields of this very schema, each with a value, and their instants are
        text as `to_text` writes it with this timespec. It says nothing of what a caller has made of
        them, and of a copied page nothing is known.
        """
        plain = self._plain
        return plain is not None and plain.schema is schema and timespec in plain.timespecs

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Page):
            return NotImplemented
        return (self.items, self.total) == (other.items, other.total)

    __hash__ = None  # type: ignore[assignment]  # items can be changed

    def __copy__(self) -> "Page":
        return Page(self.items, self.total, self._cursor, self.version)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Page":
        # The way to a cursor holds the state that the page is of: there is nothing in it to copy.
        return Page(deepcopy(self.items, memo), self.total, self._cursor, self.version)

    def __reduce__(self) -> tuple[type["Page"], tuple[Any, ...]]:
        # A pickle holds the items and the cursor, not the store they are from.
        cursor: str | InstqueryError | None
        try:
            cursor = self.cursor
        except InstqueryError as error:
            # Only who asks for the cursor needs it: the copy raises this when it is asked.
            cursor = copy(error)
        return Page, (self.items, self.total, cursor, self.version)

    def __repr__(self) -> str:
        # It asks for no cursor: that would be made, and keep a state.
        total = "" if self.total is None else f", total {self.total:,}"
        more = "" if self._cursor is None else ", more follow"
        return f"<Page of {counted(len(self.items), 'item')}{total}{more}>"

    def to_arrow(self) -> Any:
        """Return the items as a `pyarrow.Table`: one column a member, missing values null.

        Raises `ImportError` that names the extra, and `InstqueryError` for a member of unlike
        values.
        """
        return to_arrow(self.items)

    def to_pandas(self) -> Any:
        """Return the items as a `pandas.DataFrame`, values as they are, missing ones `None`.

        Raises `ImportError` that names the extra.
        """
        return to_pandas(self.items)

    def to_polars(self) -> Any:
        """Return the items as a `polars.DataFrame`: one column a member, missing values null.

        Raises `ImportError` that names the extra.
        """
        return to_polars(self.items)

    def _repr_html_(self) -> str:
        """Return a table for notebooks: one column a member, in order of first appearance."""
        shown = self.items[:_ROWS_SHOWN]
        names = list(dict.fromkeys(name for record in shown for name in record))
        rows = ["".join([f"<td>{_cell(record, name)}</td>" for name in names]) for record in shown]
        head = "".join([f"<th>{_brief(name)}</th>" for name in names])
        body = "".join([f"<tr>{row}</tr>" for row in rows])

        parts = [counted(len(self.items), "item")]
        parts += [] if self.total is None else [f"total {self.total:,}"]
        parts += ["more follow"] if self.has_more else []
        caption = f"<caption>{', '.join(parts)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(record: Record, name: str) -> str:
    """Write a value for a page of HTML; a missing one is empty."""
    value = record.get(name)
    return "" if value is None else _brief(value)


def _brief(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    is_long = len(text) > _LETTERS_SHOWN
    return escape(text[:_LETTERS_SHOWN] + ("…" if is_long else ""))


def picked(record: Record, fields: tuple[str, ...]) -> Record:
    """Return the members of a record that are asked for, of those that it has."""
    return {name: record[name] for name in fields if name in record}
