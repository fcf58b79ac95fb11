"""What questions cost on somebody's own inventory."""

from collections.abc import Mapping
from datetime import datetime
from statistics import median, quantiles
from time import perf_counter

from rich import box
from rich.table import Table
from rich.text import Text

from instquery import Store
from instquery.apis.operation import Operation
from instquery.apis.questions import Questions
from instquery.cli.show import console, request_text

__all__ = ["run_bench", "timed"]


def run_bench(
    operation: Operation, store: Store, questions: Questions, *, now: datetime, rounds: int
) -> None:
    """Ask each question `rounds` times, and print what it costs with its reply."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(
        "question, and its request", overflow="ellipsis", no_wrap=True, max_width=console.width - 36
    )
    for column in ("matches", "median µs", "p99 µs"):
        table.add_column(column, justify="right", no_wrap=True)
    for title, params in questions.items():
        times = [timed(operation, store, params, now) for _ in range(rounds)]
        slow = quantiles(times, n=100)[-1] if rounds > 1 else times[0]
        answer = _answer(operation, store, params, now)
        question = Text.assemble(title, "\n", (request_text(params), "cyan"))
        table.add_row(question, answer, f"{median(times):,.0f}", f"{slow:,.0f}")
    console.print(table)


def timed(operation: Operation, store: Store, params: Mapping[str, object], now: datetime) -> float:
    """Return the microseconds that one request takes."""
    start = perf_counter()
    operation(store, params, now=now)
    return (perf_counter() - start) * 1e6


def _answer(operation: Operation, store: Store, params: Mapping[str, object], now: datetime) -> str:
    """Return the number of matches, or that the API refuses."""
    if operation(store, params, now=now).answer is None:
        return "refused"
    return f"{store.count(operation.query(params, now=now).where):,}"
