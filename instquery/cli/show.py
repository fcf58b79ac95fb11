"""How requests and replies look on a terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from instquery.apis.catalog import Api
from instquery.query import Record

__all__ = [
    "console",
    "errors",
    "items_table",
    "json_text",
    "plain",
    "plain_lines",
    "progress_bar",
    "request_text",
]

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def items_table(api: Api, items: Sequence[Record]) -> Table:
    """Return a table of the items of a reply, times to the day."""
    key, times = api.operation.schema.key, api.operation.envelope.times
    columns = api.columns or tuple(dict.fromkeys(chain.from_iterable(items)))

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == key or column in times)

    for item in items:
        cells = {column: plain(item.get(column, "")) for column in columns}
        days = {column: cells[column][:10] for column in columns if column in times}
        table.add_row(*map(Text, (cells | days).values()))
    return table


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
    has_letters = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(body, ensure_ascii=not has_letters, indent=2)


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
