"""What questions cost on somebody's own inventory."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median, quantiles
from time import perf_counter
from urllib.parse import parse_qsl

from rich import box
from rich.table import Table
from rich.text import Text

from instquery.apis.operation import Operation
from instquery.apis.questions import Questions
from instquery.apis.spelling import undeclared
from instquery.cli.failures import warn
from instquery.cli.show import console, is_narrow, need_output, print_one_by_one, request_text
from instquery.contract import Reads
from instquery.errors import InstqueryError

__all__ = ["own_questions", "run_bench", "timed"]

_FIGURES = ("matches", "median µs", "p99 µs")


def own_questions(operation: Operation, asked: Iterable[str]) -> dict[str, dict[str, str]]:
    """Read the questions that `--ask` gives; says which of their names are no parameters.

    Raises:
        InstqueryError: for what is no query string.

    """
    questions: dict[str, dict[str, str]] = {}
    for number, text in enumerate(asked, 1):
        try:
            params = dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True))
        except ValueError:
            raise InstqueryError(
                f"must be a query string, such as name=value&other=value, not {text!r}",
                field="--ask",
            ) from None

        unknown = undeclared(operation, params)
        if unknown is not None:
            warn(f"--ask: {unknown} (the API ignores what it does not know)")
        questions[f"Your own, {number}"] = params
    return questions


def run_bench(
    operation: Operation, store: Reads, questions: Questions, *, now: datetime, rounds: int
) -> None:
    """Ask each question `rounds` times, and print what it costs with its reply."""
    need_output()
    rows: list[tuple[Text, list[str]]] = []
    for title, params in questions.items():
        times = [timed(operation, store, params, now) for _ in range(rounds)]
        slow = quantiles(times, n=100)[-1] if rounds > 1 else times[0]
        answer = _answer(operation, store, params, now)
        question = Text.assemble(title, "\n", (request_text(params), "cyan"))
        rows.append((question, [answer, f"{median(times):,.0f}", f"{slow:,.0f}"]))

    if is_narrow():
        print_one_by_one(_FIGURES, rows)
        return

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(
        "question, and its request", overflow="ellipsis", no_wrap=True, max_width=console.width - 36
    )
    for column in _FIGURES:
        table.add_column(column, justify="right", no_wrap=True)
    for question, figures in rows:
        table.add_row(question, *figures)
    console.print(table)


def timed(operation: Operation, store: Reads, params: Mapping[str, object], now: datetime) -> float:
    """Return the microseconds that one request takes."""
    start = perf_counter()
    operation(store, params, now=now)
    return (perf_counter() - start) * 1e6


def _answer(operation: Operation, store: Reads, params: Mapping[str, object], now: datetime) -> str:
    """Return the number of matches, or that the API refuses."""
    if operation(store, params, now=now).answer is None:
        return "refused"
    return f"{store.count(operation.query(params, now=now).where):,}"
