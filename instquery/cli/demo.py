"""The demonstration: what callers ask of each API, what they get, and at what cost."""

from collections.abc import Mapping
from statistics import median
from typing import NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from instquery import Store
from instquery.apis.catalog import CATALOG, Api
from instquery.apis.envelope import Reply
from instquery.apis.samples import ANCHOR
from instquery.cli.bench import timed
from instquery.cli.show import (
    console,
    is_narrow,
    items_table,
    json_text,
    plain_lines,
    print_one_by_one,
    request_text,
)
from instquery.instants import to_micros

__all__ = ["run_demo"]

_SHOWN = 4  # items of a reply that are printed
_REPEATS = 15
_NOW = ANCHOR


class Asked(NamedTuple):
    """One request of the demonstration; its first and its median time in µs."""

    title: str
    request: str
    outcome: str
    first: float
    usual: float


def run_demo(stores: Mapping[str, Store]) -> None:
    """Ask a store of each API, print the replies, and a table of all requests."""
    asked: list[Asked] = []
    for name, api in CATALOG.items():
        store = stores[name]
        console.print()
        console.rule(f"{api.operation.name} {api.operation.version}, {len(store):,} records")

        questions = {**api.questions(store, to_micros(_NOW)), **api.sample_questions}
        asked += [_ask(api, store, title, params) for title, params in questions.items()]

    console.print()
    console.rule("all requests")
    _print_summary(asked)


def _ask(api: Api, store: Store, title: str, params: Mapping[str, object]) -> Asked:
    """Ask once and print, then ask again to see the usual time."""
    times = [timed(api.operation, store, params, _NOW) for _ in range(_REPEATS)]
    first, usual = times[0], median(times)
    reply = api.operation(store, params, now=_NOW)

    request = request_text(params)
    shown = request if len(request) < 200 else request[:199] + "…"
    console.print(f"\n[bold]{title}[/bold]")
    console.print(shown, style="cyan", markup=False, soft_wrap=True)

    outcome = _print_reply(api, store, params, reply)
    console.print(
        f"{outcome}; {first:,.0f} µs the first time, {usual:,.0f} µs the usual time", style="green"
    )
    return Asked(title, request, outcome, first, usual)


def _print_reply(api: Api, store: Store, params: Mapping[str, object], reply: Reply) -> str:
    """Print a reply and the plan behind it; returns the outcome in a few words."""
    if reply.answer is None:
        console.print(json_text(reply.body), markup=False, soft_wrap=True)
        return f"refused with status {reply.status}"

    items = reply.answer.items
    if items:
        console.print(items_table(api, items[:_SHOWN]))
    if len(items) > _SHOWN:
        console.print(f"… and {len(items) - _SHOWN} more on this page", style="dim")

    query = api.operation.query(params, now=_NOW)
    console.print(plain_lines(store.explain(query)), style="dim", markup=False, soft_wrap=True)
    total = store.count(query.where)
    return "1 match" if total == 1 else f"{total:,} matches"


def _print_summary(asked: list[Asked]) -> None:
    figures = ("answer", "first µs", "usual µs")
    rows = [
        (Text(row.title), [row.outcome, f"{row.first:,.0f}", f"{row.usual:,.0f}"]) for row in asked
    ]
    if is_narrow():
        print_one_by_one(figures, rows)
        return

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("request", overflow="fold")
    for column in figures:
        table.add_column(column, justify="right", no_wrap=True)
    for title, told in rows:
        table.add_row(title, *told)
    console.print(table)
