"""Options of commands that are made at run time: of an API's parameters, of the catalog's APIs."""

import json
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from instquery.apis.operation import Operation
from instquery.apis.params import Param
from instquery.errors import InstqueryError
from instquery.instants import Unit

__all__ = [
    "FACTS",
    "INTEGERS",
    "NOW",
    "SKIP_BAD",
    "SOURCE",
    "STORES",
    "TABLE",
    "TABLES",
    "Integers",
    "as_command",
    "flag_of",
    "flags_of",
    "identifier",
    "named_files",
    "option",
    "tables_of",
    "typed_value",
]

SOURCE = (
    "A file of JSON lines, a JSON array or saved replies, a durable store (*.db), or a database's "
    "URL; - for standard input."
)
TABLE = "the table, where a database is named"
TABLES = f"{TABLE}, for all APIs, or API=TABLE for one; may be repeated (instances)"
NOW = "the moment of the request, ISO 8601; from the clock unless given"
STORES = "NAME=PLACE: the records of an API of the catalog, or of --api; may be repeated"
FACTS = "NAME=FILE: a fact for the rules of such an API; may be repeated"
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

    `product_code` of `ProductCode`, `instance_ids` of `InstanceIDs`, `tag_key` of `Tag.Key`.
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return re.sub(r"\W+", "_", apart).strip("_") or "unnamed"


def flag_of(name: str) -> str:
    """Return the option of a parameter, as it is typed.

    >>> flag_of("PageSize")
    '--page-size'
    """
    return "--" + identifier(name).replace("_", "-")


# What the command that asks has for itself.
_OWN_FLAGS = ("--table", "--now", "--json", "--explain", "--skip-bad", "--integers", "--help")


def flags_of(operation: Operation) -> dict[str, str]:
    """Return the option of each parameter, by name; no two are the same, or the command's own."""
    flags: dict[str, str] = {}
    for param in operation.params:
        flag = flag_of(param.name)
        while flag in _OWN_FLAGS or flag in flags.values():
            flag = f"--param-{flag.removeprefix('--')}"
        flags[param.name] = flag
    return flags


def typed_value(param: Param, text: str | None, flag: str) -> object:
    """Return the value of an option as the operation takes it.

    One that comes in several parts over HTTP (`Tag.1.Key`) is typed as a JSON array.

    Raises:
        InstqueryError: for what is none.

    """
    if param.collect is None or not text:
        return text
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise InstqueryError('must be a JSON array, such as \'[{"Key": "env"}]\'', field=flag)
    return items  # pyright: ignore[reportUnknownVariableType]


def named_files(given: Iterable[str], flag: str, named: Callable[[str], str]) -> dict[str, str]:
    """Return the files of `NAME=FILE`, by name.

    Raises:
        InstqueryError: for another form, a name that there is not, or one that is given twice.

    """
    files: dict[str, str] = {}
    for text in given:
        name, _, file = text.partition("=")
        if not name or not file:
            raise InstqueryError(f"must be NAME=FILE, not {text!r}", field=flag)
        try:
            key = named(name)
        except InstqueryError as error:
            raise InstqueryError(str(error), field=flag) from None
        if key in files:
            raise InstqueryError(f"{key} is given twice: leave one out", field=flag)
        files[key] = file
    return files


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
