"""How requests and replies look on a terminal."""

import json
import sys
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, cast

import typer
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from instquery.apis.catalog import Api
from instquery.apis.nesting import found
from instquery.apis.plainjson import plain_value
from instquery.errors import InstqueryError
from instquery.query import Record

__all__ = [
    "OUTPUT",
    "console",
    "errors",
    "is_narrow",
    "items_table",
    "json_text",
    "need_output",
    "plain",
    "plain_lines",
    "print_one_by_one",
    "progress_bar",
    "put_out",
    "request_text",
]

_NARROW = 60  # columns of a terminal below which a table of figures has no room
_NARROWEST = 8  # columns of a terminal below which no cell is wrapped
_LONGEST = 60  # characters of a nested member; the rest is shown by --json
_NESTED = (Mapping, list, tuple, set, frozenset)

OUTPUT = "standard output"


@contextmanager
def _named() -> Generator[None]:
    """Say of what goes wrong that it is of standard output."""
    try:
        yield
    except OSError as error:
        error.filename = OUTPUT
        raise


class _Output(Console):
    """Standard output; what goes wrong there is said of it by name."""

    def print(self, *objects: Any, **how: Any) -> None:
        """Print as any console does."""
        with _named():
            super().print(*objects, **how)


console = _Output(highlight=False)
errors = Console(stderr=True, highlight=False)


def need_output() -> None:
    """Raise `InstqueryError` where all that a command has to say would be lost."""
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - it is closed
        raise InstqueryError(f"{OUTPUT} is closed, and the answer would be lost: give it a place")


def put_out(text: str | bytes, *, has_end: bool = True) -> None:
    """Write to standard output what is no table, and the end of a line.

    Raises:
        InstqueryError: where it is closed.
        OSError: where it takes no more.

    """
    need_output()
    with _named():
        typer.echo(text, nl=has_end)


def items_table(api: Api, items: Sequence[Record]) -> Table:
    """Return a table of the items of a reply, times to the day, nested members in brief.

    Where it has no room, the members of each item stand one under the other.
    """
    schema, times = api.operation.schema, api.operation.envelope.times
    key = ".".join(schema.fields[schema.key].path or (schema.key,))
    columns = api.columns or tuple(dict.fromkeys(chain.from_iterable(items)))
    rows = [
        {column: _cell(item, column, is_time=column in times) for column in columns}
        for item in items
    ]

    whole = {column for column in columns if column == key or column in times}
    if _least_width(columns, rows, whole) > console.width:
        return _one_by_one(rows)

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*map(Text, row.values()))
    return table


def _cell(item: Record, column: str, *, is_time: bool) -> str:
    """Return a member of an item, which a path may lead to, as a table shows it."""
    if column not in item and "." in column:
        values = found(item, column)
        member: object = values if len(values) != 1 else values[0]
    else:
        member = item.get(column, "")

    if is_time:
        moments = cast(list[object], member) if isinstance(member, list) else [member]
        days = [str(value)[:10] for value in moments]
        return plain(", ".join(days))
    text = _in_brief(member)
    is_long = isinstance(member, _NESTED) and len(text) > _LONGEST
    return plain(f"{text[: _LONGEST - 1]}…" if is_long else text)


def _in_brief(value: Any, *, is_within: bool = False) -> str:
    """Return a value as text: `name: lan, size: 8` for an object, `a, b` for a list."""
    if isinstance(value, Mapping):
        members = cast(Mapping[str, Any], value)
        inner = [f"{name}: {_in_brief(one, is_within=True)}" for name, one in members.items()]
        return f"{{{', '.join(inner)}}}" if is_within else ", ".join(inner)
    if isinstance(value, list | tuple | set | frozenset):
        inner = [_in_brief(one, is_within=True) for one in cast(Iterable[Any], value)]
        return f"[{', '.join(inner)}]" if is_within else ", ".join(inner)
    return str(value)


def _least_width(
    columns: Sequence[str], rows: Sequence[Mapping[str, str]], whole: Collection[str]
) -> int:
    """Return how wide a table of rows is at least: `whole` columns are not wrapped."""
    widths = {
        column: max(map(cell_len, (column, *(row[column] for row in rows)))) for column in columns
    }
    return sum(
        1 + (width if column in whole else min(width, _NARROWEST))
        for column, width in widths.items()
    )


def _one_by_one(rows: Sequence[Mapping[str, str]]) -> Table:
    """Return a table with a line for each member of each row."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for number, row in enumerate(rows):
        if number:
            table.add_row()
        for name, value in row.items():
            table.add_row(Text(name, "dim"), Text(value))
    return table


def is_narrow() -> bool:
    """Tell whether figures stand under what they are of, as a table has no room."""
    return console.width < _NARROW


def print_one_by_one(names: Sequence[str], rows: Iterable[tuple[Text, Sequence[str]]]) -> None:
    """Print what each row is about, and its figures below."""
    for about, figures in rows:
        console.print(about, overflow="fold")
        for name, figure in zip(names, figures, strict=True):
            console.print(f"  {name}: {figure}", markup=False)
        console.print()


def plain(value: object) -> str:
    """Return a value as text that cannot steer a terminal: escapes are spelled out."""
    text = str(value)
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    )


def plain_lines(value: object) -> str:
    """Return several lines of text, each made plain."""
    return "\n".join(map(plain, str(value).split("\n")))


def json_text(body: Mapping[str, Any]) -> str:
    """Return a body as JSON, in letters where the output has them."""
    has_letters = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    return json.dumps(body, ensure_ascii=not has_letters, indent=2, default=plain_value)


def request_text(params: Mapping[str, object]) -> str:
    """Return a request as a query string, its letters left readable."""
    return "&".join(f"{name}={plain(value)}" for name, value in params.items()) or "(no parameters)"


def progress_bar() -> Progress:
    """Return a progress bar on stderr; none where stderr is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
