"""Groups of commands, one for each API: those of the catalog, and those that join it by `--api`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeAlias

import typer
from typer.core import TyperGroup

from instquery.apis.catalog import CATALOG, Api, join_by_name, join_installed
from instquery.cli.failures import about, warn

__all__ = ["Joined", "api_group"]

Make: TypeAlias = Callable[[Api], Callable[..., None]]
"""Makes the command of one API."""


def _join(places: list[str] | None) -> None:
    """Let the APIs join that `--api` names: modules of this folder too, as `python -m` has it."""
    here = str(Path.cwd())
    if places and not {"", here}.intersection(sys.path):
        sys.path.insert(0, here)
    for place in places or ():
        with about("--api"):
            join_by_name(place)


Joined: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--api",
        callback=_join,
        is_eager=True,
        metavar="MODULE:NAME",
        help="an API of your own: an operation in a module; NAME=MODULE:NAME gives it another "
        "name; may be repeated",
    ),
]
"""The option by which APIs join the catalog, before anything else of a command is read."""


class _ApiCommands(TyperGroup):
    """Commands by the names of the catalog, also of those that have joined since."""

    make: ClassVar[Make]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as in click
        """List the APIs."""
        return list(CATALOG)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of an API; made when it is asked for."""
        if cmd_name in CATALOG and cmd_name not in self.commands:
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(type(self).make(CATALOG[cmd_name]))
            command = typer.main.get_command(alone)
            command.name = cmd_name
            self.commands[cmd_name] = command
        return super().get_command(ctx, cmd_name)


def api_group(make: Make, help_text: str) -> typer.Typer:
    """Return a group with a command for each API."""
    kind = type("ApiCommands", (_ApiCommands,), {"make": staticmethod(make)})
    group = typer.Typer(cls=kind, help=help_text, no_args_is_help=True)

    @group.callback()
    def joined(api: Joined = None) -> None:  # pyright: ignore[reportUnusedFunction]
        """Take what stands before the API."""

    for name, api in CATALOG.items():
        group.command(name)(make(api))
    return group


join_installed(warn)
