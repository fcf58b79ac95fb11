"""Files that commands read, and what they say of those that they cannot."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

import typer

from instquery import InstqueryError
from instquery.apis.catalog import Api
from instquery.apis.inventory import InventoryError
from instquery.cli.options import Integers
from instquery.cli.show import errors, plain, plain_lines, progress_bar
from instquery.query import Record

__all__ = ["read_records", "usage_errors"]

UNUSABLE = 2
"""The exit code where the input cannot be used."""


def read_records(
    api: Api,
    file: str,
    *,
    skip_bad: bool,
    integers: Integers | None,
    must_be_whole: bool = False,
) -> list[Record]:
    """Read the records of a file, with a progress bar; says on stderr what was left out.

    Where the file `must_be_whole`, what is blank or no JSON is refused, `skip_bad` or not: a copy
    that has ended early looks so, and would take out what it lacks.
    """
    unit = None if integers is None else integers.unit
    with progress_bar() as progress:

        def watch(lines: list[Any]) -> Iterable[Any]:
            return progress.track(lines, description=f"reading {plain(file)}")

        inventory = api.read.load(file, watch, integers=unit)
    if inventory.bad and not skip_bad:
        raise InventoryError(inventory.bad, inventory.bad_count)
    if must_be_whole and inventory.torn is not None:
        raise InstqueryError(f"the file may be cut short: {inventory.torn}")
    if inventory.bad:
        errors.print(
            f"left out {inventory.bad_count} bad records, such as {plain(inventory.bad[0])}",
            markup=False,
            soft_wrap=True,
        )
    return inventory.records


@contextmanager
def usage_errors() -> Generator[None]:
    """End with exit code 2 and a message, not a traceback, where the input cannot be used."""
    try:
        yield
    except (OSError, InstqueryError, ValueError) as error:
        errors.print(plain_lines(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(UNUSABLE) from None
