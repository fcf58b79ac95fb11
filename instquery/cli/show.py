"""How requests and replies look on a terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from instquery.apis.operation import Operation
from instquery.query import Record

__all__ = ["console", "errors", "items_table", "json_text", "plain", "plain_lines", "progress_bar", "request_text"]

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

# The members that fit a terminal and tell instances apart; of an API not listed, all are shown.
_COLUMNS: Mapping[str, Sequence[str]] = {
    "ListInstance": ("instanceId", "name", "status", "gmtCreate", "expiredTime"),
    "QueryAvailableInstances": ("InstanceID", "OwnerId", "ProductCode", "CreateTime", "EndTime"),
}


def items_table(operation: Operation, items: Sequence[Record]) -> Table:
    """Return a table of the items of a reply, times to the day."""
    columns = _COLUMNS.get(operation.name) or list(dict.fromkeys(member for item in items for member in item))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for column in columns:
        is_key = column == operation.schema.key
        table.add_column(column, overflow="fold", no_wrap=is_key or column in operation.envelope.times)
    for item in items:
        table.add_row(*(Text(_cell(operation, item, column)) for column in columns))
    return table


def _cell(operation: Operation, item: Record, column: str) -> str:
    text = plain(item.get(column, ""))
    return text[:10] if column in operation.envelope.times else text


def plain(value: object) -> str:
    """Return a value as text that cannot steer a terminal: what is not printable is written as an escape."""
    text = str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


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
    """Return a progress bar on stderr that is gone when it is done, and never there without a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
