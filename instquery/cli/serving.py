"""`instquery serve` as a command: its options, and the stores and facts that they name."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from inspect import Parameter

from instquery import InstqueryError
from instquery.apis.catalog import CATALOG, fact_names, facts_in_files, named
from instquery.cli.failures import usage_errors
from instquery.cli.groups import Joined
from instquery.cli.options import (
    FACTS,
    INTEGERS,
    SKIP_BAD,
    SOURCE,
    STORES,
    TABLES,
    Integers,
    as_command,
    identifier,
    named_files,
    option,
    tables_of,
)
from instquery.cli.reading import Held, opened, read_records, records_of
from instquery.cli.rooms import room
from instquery.query import Record

__all__ = ["serve_command"]


def serve_command() -> Callable[..., None]:
    """Make the command that serves: an option for the file of each API, and of each fact."""

    def command(  # noqa: PLR0913 - the options of the command, by name
        *,
        store: list[str] | None,
        fact: list[str] | None,
        db: str | None,
        table: list[str] | None,
        keys: str | None,
        host: str,
        port: int,
        slow: float,
        metrics: bool | None,
        skip_bad: bool,
        integers: Integers | None,
        api: list[str] | None,  # noqa: ARG001 - they have joined already
        **given: str | None,
    ) -> None:
        with usage_errors(), ExitStack() as stack:
            # Empty where a variable of the shell was: nobody means no keys, or this folder.
            for flag, value in (("--db", db), ("--keys", keys)):
                if value == "":
                    raise InstqueryError("must have a name, not an empty one", field=flag)
            read = partial(read_records, skip_bad=skip_bad, integers=integers)
            load, hold = _doors(stack, tables_of(table or (), CATALOG), read)
            serve = room("instquery.cli.serve", purpose="serving", extra="server")
            files = {name: file for name, file in given.items() if file is not None}
            records = _named(CATALOG, files, store or (), "--store", named)
            facts = _named(facts_in_files(), files, fact or (), "--fact", _fact_named)
            sources = serve.Sources(serve.read_again(records, db), facts, keys)
            stores = serve.stores_of(records, db, load, hold)
            serve.run_serve(
                stores, sources, load, serve.Listening(host, port, slow / 1000, metrics)
            )

    return as_command(
        command,
        _serve_options(),
        "Serve APIs over HTTP, as the official clients ask for them; SIGHUP reads the files again.",
    )


def _doors(
    stack: ExitStack, tables: Mapping[str, str], read: Callable[..., list[Record]]
) -> tuple[Callable[..., list[Record]], Callable[[str, str], Held]]:
    """Return what loads the records of an API, and what opens its store until the stack is left."""

    def load(name: str, file: str, *, must_be_whole: bool) -> list[Record]:
        whole = partial(read, must_be_whole=must_be_whole)
        return records_of(CATALOG[name], file, table=tables[name], read=whole)

    def hold(name: str, file: str) -> Held:
        return stack.enter_context(opened(CATALOG[name], file, table=tables[name], read=read))

    return load, hold


def _named(
    names: Iterable[str],
    files: Mapping[str, str],
    given: Iterable[str],
    flag: str,
    meant: Callable[[str], str],
) -> dict[str, str]:
    """Return the files that options have given, by the names that they stand for.

    Args:
        names: those with an option of their own.
        files: what these options have given.
        given: what `flag` has given, as `NAME=FILE`.
        flag: the option for any name.
        meant: returns the name that a user means by another one.

    """
    own = {name: files[known] for name in names if (known := identifier(name)) in files}
    for name, file in named_files(given, flag, meant).items():
        if name in own:
            raise InstqueryError(f"{name} is given twice: leave one out", field=flag)
        own[name] = file
    return own


def _fact_named(name: str) -> str:
    """Return a fact's name, if it can be read from a file. Raises `InstqueryError`."""
    known = facts_in_files()
    if name in known:
        return name
    told = "cannot be read from a file" if name in fact_names() else "is no fact"
    raise InstqueryError(f"{name} {told}: name one of {', '.join(known) or 'none'}")


def _serve_options() -> list[Parameter]:
    """Return the options of the command that serves: files of APIs and facts, the server's own."""
    return [
        *(
            option(identifier(name), str | None, f"Records of {api.operation.name}. {SOURCE}")
            for name, api in CATALOG.items()
        ),
        *(
            option(identifier(name), str | None, fact.about)
            for name, fact in facts_in_files().items()
        ),
        option("store", list[str] | None, STORES),
        option("fact", list[str] | None, FACTS),
        Parameter("api", Parameter.KEYWORD_ONLY, default=None, annotation=Joined),
        option("db", str | None, "A folder of durable stores; files are taken over into them."),
        option("table", list[str] | None, TABLES),
        option("keys", str | None, "A JSON file of access keys; or INSTQUERY_KEYS holds them."),
        option(
            "host",
            str,
            "The address to listen on; by default this machine alone.",
            default="127.0.0.1",
        ),
        option("port", int, "0 for any that is free.", default=8080, least=0, most=65535),
        option(
            "slow",
            float,
            "Milliseconds from which a request is logged with its plan.",
            default=100,
            least=0,
        ),
        option(
            "metrics",
            bool | None,
            "Whether there is /metrics; by default where the extra is installed.",
            flag="--metrics/--no-metrics",
        ),
        option("skip_bad", bool, SKIP_BAD, default=False),
        option("integers", Integers | None, INTEGERS),
    ]
