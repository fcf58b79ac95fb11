"""`instquery generate`: an inventory that is made up, as JSON lines."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from instquery.apis.catalog import Api
from instquery.cli.reading import usage_errors
from instquery.cli.show import plain, progress_bar

__all__ = ["generate_command"]


def generate_command(api: Api) -> Callable[..., None]:
    """Make the command that makes up an inventory of one API."""

    def command(
        count: Annotated[int, typer.Option(min=0, help="How many records.")] = 1000,
        out: Annotated[str, typer.Option(help="The file to write; - for standard output.")] = "-",
        seed: Annotated[int, typer.Option(help="Another seed makes another inventory.")] = 1,
    ) -> None:
        lines = (json.dumps(record, ensure_ascii=False) for record in api.samples(count, seed=seed))
        if out == "-":
            for line in lines:
                typer.echo(line)
            return
        with (
            usage_errors(),
            Path(out).open("w", encoding="utf-8") as file,
            progress_bar() as progress,
        ):
            for line in progress.track(lines, total=count, description=f"writing {plain(out)}"):
                file.write(line + "\n")

    command.__doc__ = f"Make up records of {api.operation.name}, shaped like a real estate."
    return command
