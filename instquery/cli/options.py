"""Options of commands that are made at run time: of an API's parameters, of the catalog's APIs."""

import re
from collections.abc import Callable
from enum import StrEnum
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from instquery.instants import Unit

__all__ = [
    "INTEGERS",
    "NOW",
    "SKIP_BAD",
    "SOURCE",
    "Integers",
    "as_command",
    "identifier",
    "option",
]

SOURCE = "JSON lines, a JSON array or saved replies; - for standard input."
NOW = "the moment of the request, ISO 8601; from the clock unless given"
INTEGERS = "what an integer counts since 1970 where a file should have the text of a time"
SKIP_BAD = "load the good records of a file that has bad ones"


class Integers(StrEnum):
    """The units of integers, as a choice of the command line."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"

    @property
    def unit(self) -> Unit:
        """The unit, as readers take it."""
        return self.value


def as_command(
    command: Callable[..., None], parameters: list[Parameter], about: str
) -> Callable[..., None]:
    """Give a function the parameters and the description that its command has."""
    # Every function takes one.
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = about
    return command


def option(  # noqa: PLR0913 - as Typer's own
    identifier: str,
    kind: Any,
    text: str,
    *,
    default: object = None,
    flag: str | None = None,
    least: int | None = None,
    most: int | None = None,
) -> Parameter:
    """Return an option of a command that is made at run time."""
    flag = flag or "--" + identifier.replace("_", "-")
    annotation = Annotated[kind, typer.Option(flag, help=text, min=least, max=most)]
    return Parameter(identifier, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def identifier(name: str) -> str:
    """Return a parameter's name as an identifier.

    `product_code` of `ProductCode`, `instance_ids` of `InstanceIDs`.
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
