"""Options of commands that are made at run time: of an API's parameters, of the catalog's APIs."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from instquery.errors import InstqueryError
from instquery.instants import Unit

__all__ = [
    "INTEGERS",
    "NOW",
    "SKIP_BAD",
    "SOURCE",
    "TABLE",
    "TABLES",
    "Integers",
    "as_command",
    "flag_of",
    "identifier",
    "option",
    "tables_of",
]

SOURCE = (
    "A file of JSON lines, a JSON array or saved replies, a durable store (*.db), or a database's "
    "URL; - for standard input."
)
TABLE = "the table, where a database is named"
TABLES = f"{TABLE}, for all APIs, or API=TABLE for one; may be repeated (instances)"
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
    flag = flag or flag_of(identifier)
    annotation = Annotated[kind, typer.Option(flag, help=text, min=least, max=most)]
    return Parameter(identifier, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def identifier(name: str) -> str:
    """Return a parameter's name as an identifier.

    `product_code` of `ProductCode`, `instance_ids` of `InstanceIDs`.
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def flag_of(name: str) -> str:
    """Return the option of a parameter, as it is typed.

    >>> flag_of("PageSize")
    '--page-size'
    """
    return "--" + identifier(name).replace("_", "-")


def tables_of(given: Iterable[str], apis: Iterable[str]) -> dict[str, str]:
    """Return the table of each API, as `--table` names them.

    Raises:
        InstqueryError: for one of an API that there is not.

    """
    tables = dict.fromkeys(apis, "instances")
    for text in given:
        name, is_of_one, table = text.partition("=")
        if not is_of_one:
            tables = dict.fromkeys(tables, text)
        elif name in tables:
            tables[name] = table
        else:
            raise InstqueryError(
                f"there is no API {name}: name one of {', '.join(tables)}", field="--table"
            )
    return tables
