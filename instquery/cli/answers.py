"""What a request comes to, as a terminal shows it: the reply, or why it is refused."""

import re
from collections.abc import Mapping
from datetime import datetime
from time import perf_counter

import typer

from instquery.apis.catalog import Api
from instquery.apis.envelope import Answer
from instquery.apis.operation import Operation
from instquery.cli.failures import REFUSED, say
from instquery.cli.options import flags_of
from instquery.cli.show import (
    console,
    errors,
    items_table,
    json_text,
    need_output,
    plain_lines,
    put_out,
)
from instquery.contract import Reads
from instquery.query import Query

__all__ = ["print_answer"]


def print_answer(
    api: Api,
    store: Reads,
    params: Mapping[str, object],
    *,
    now: datetime,
    as_json: bool,
    explain: bool,
) -> None:
    """Ask, and print the reply. A refusal is said as an error, or printed as the reply it is.

    Raises:
        typer.Exit: where the API refuses.

    """
    need_output()
    start = perf_counter()
    reply = api.operation(store, params, now=now)
    milliseconds = (perf_counter() - start) * 1000
    if as_json:
        put_out(json_text(reply.body))
    if reply.answer is None:
        if not as_json:
            say(_refusal(api.operation, store, params, now))
        raise typer.Exit(REFUSED)

    query = api.operation.query(params, now=now)
    if not as_json:
        items, number, size = reply.answer.items, reply.answer.number, reply.answer.size
        console.print(items_table(api, items))
        total = _total(reply.answer, store, query)
        console.print(
            f"{len(items)} of {total:,} {'match' if total == 1 else 'matches'}, "
            f"page {number} of size {size}, in {milliseconds:.2f} ms",
            style="dim",
        )
    if explain:
        (errors if as_json else console).print(
            plain_lines(store.explain(query)), markup=False, soft_wrap=True
        )


def _total(answer: Answer, store: Reads, query: Query) -> int:
    """Return the number of all matches, counted where the reply does not tell it."""
    return store.count(query.where) if answer.total is None else answer.total


def _refusal(
    operation: Operation, store: Reads, params: Mapping[str, object], now: datetime
) -> str:
    """Say why a request is refused: the API's code and message, of options as they were typed."""
    refusal = operation.refusal(store, params, now=now)
    options = flags_of(operation)
    field = None if refusal.field is None else options.get(refusal.field, refusal.field)
    reason = _with_options(refusal.reason, options)
    template = operation.errors[refusal.code].message
    message = template.format(parameter=field, reason=reason)

    is_told = "{reason}" in template or refusal.reason == refusal.code
    return f"{refusal.code}: {message}" if is_told else f"{refusal.code}: {message} It {reason}."


def _with_options(reason: str, options: Mapping[str, str]) -> str:
    """Put options in the place of parameters that a reason names.

    Names that are words as well, such as `status`, are left.
    """
    for name, flag in options.items():
        if not name.islower():
            reason = re.sub(rf"\b{re.escape(name)}\b", flag, reason)
    return reason
