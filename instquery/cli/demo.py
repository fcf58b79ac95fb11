"""The demonstration: what callers ask of both APIs, what they get, and at what cost."""

from collections.abc import Mapping
from statistics import median
from typing import NamedTuple

from rich import box
from rich.table import Table

from instquery import Store
from instquery.apis.catalog import CATALOG
from instquery.apis.envelope import Reply
from instquery.apis.operation import Operation
from instquery.apis.questions import QUESTIONS, Questions
from instquery.apis.samples import ANCHOR
from instquery.cli.bench import timed
from instquery.cli.show import console, items_table, json_text, plain_lines, request_text
from instquery.instants import to_micros

__all__ = ["run_demo"]

_SHOWN = 4  # items of a reply that are printed
_REPEATS = 15
_NOW = to_micros(ANCHOR)


class Asked(NamedTuple):
    """One request of the demonstration, and what it cost in microseconds: the first time, and the median."""

    title: str
    request: str
    answer: str
    first: float
    usual: float


def run_demo(stores: Mapping[str, Store]) -> None:
    """Ask the stores of the catalog's APIs, print each reply, and at last a table of all requests."""
    asked: list[Asked] = []
    for name, api in CATALOG.items():
        operation = api.operation
        questions = {**QUESTIONS[name](stores[name], _NOW), **_MORE[name]}
        console.print()
        console.rule(f"{operation.name} {operation.version}, {len(stores[name]):,} records")
        asked += [_ask(operation, stores[name], title, params) for title, params in questions.items()]
    console.print()
    console.rule("all requests")
    _print_summary(asked)


def _ask(operation: Operation, store: Store, title: str, params: Mapping[str, object]) -> Asked:
    """Ask once and print, then ask again to see the usual time."""
    times = [timed(operation, store, params, _NOW) for _ in range(_REPEATS)]
    reply = operation(store, params, now=_NOW)
    first, usual = times[0], median(times)
    request = request_text(params)
    console.print(f"\n[bold]{title}[/bold]")
    console.print(request if len(request) < 200 else request[:199] + "…", style="cyan", markup=False, soft_wrap=True)
    answer = _print_reply(operation, store, params, reply)
    console.print(f"{answer}; {first:,.0f} µs the first time, {usual:,.0f} µs the usual time", style="green")
    return Asked(title, request, answer, first, usual)


def _print_reply(operation: Operation, store: Store, params: Mapping[str, object], reply: Reply) -> str:
    """Print a reply and the plan behind it; returns the outcome in a few words."""
    if reply.answer is None:
        console.print(json_text(reply.body), markup=False, soft_wrap=True)
        return f"refused with status {reply.status}"
    query = operation.query(params, now=_NOW)
    items = reply.answer.items
    if items:
        console.print(items_table(operation, items[:_SHOWN]))
    if len(items) > _SHOWN:
        console.print(f"… and {len(items) - _SHOWN} more on this page", style="dim")
    console.print(plain_lines(store.explain(query)), style="dim", markup=False, soft_wrap=True)
    total = store.count(query.where)
    return "1 match" if total == 1 else f"{total:,} matches"


def _print_summary(asked: list[Asked]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("request")
    for column in ("answer", "first µs", "usual µs"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in asked:
        table.add_row(row.title, row.answer, f"{row.first:,.0f}", f"{row.usual:,.0f}")
    console.print(table)


_MORE: Mapping[str, Questions] = {
    "airec": {
        "Running, with 推荐 in the name": {"status": "Running", "name": "推荐", "size": "5"},
        "Letters of any case and width": {"name": "ＰＲＯＤ"},
        "A status that does not exist": {"status": "Stopped"},
    },
    "bss": {
        "A region without a product": {"Region": "cn-beijing"},
    },
}
"""Questions to the made-up inventories, beside those that suit any."""
