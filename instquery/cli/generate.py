"""`instquery generate`: an inventory that is made up, as JSON."""

import json
from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from instquery.apis.catalog import Api
from instquery.cli.failures import about, usage_errors
from instquery.cli.places import Place, file_target_of
from instquery.cli.show import progress_bar, put_out
from instquery.cli.writing import whole_file, write_lines
from instquery.query import Record

__all__ = ["generate_command"]


def generate_command(api: Api) -> Callable[..., None]:
    """Make the command that makes up an inventory of one API."""

    def command(
        count: Annotated[int, typer.Option(min=0, help="How many records.")] = 1000,
        out: Annotated[
            str,
            typer.Option(help="The file to write, *.jsonl or *.json; - for standard output."),
        ] = "-",
        seed: Annotated[int, typer.Option(help="Another seed makes another inventory.")] = 1,
    ) -> None:
        with usage_errors():
            with about("--out"):
                place = file_target_of(out)
            _write(place, api.samples(count, seed=seed), count)

    command.__doc__ = f"Make up records of {api.operation.name}, shaped like a real estate."
    return command


def _write(place: Place, records: Iterable[Record], count: int) -> None:
    """Write records that were made up, which JSON has a form for."""
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    if place.path is None:
        for line in lines:
            put_out(line.encode())  # as a file would hold it, whatever the terminal shows
        return

    with about("--out"), progress_bar() as progress, whole_file(place.path) as part:
        moved = progress.track(lines, total=count, description=f"writing {place.shown}")
        write_lines(part, moved, as_array=place.form == "array")
