"""The commands: query a file, time its questions, make an inventory, see a demonstration."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from inspect import Parameter
from time import perf_counter
from typing import Annotated

import typer

from instquery import InstqueryError, Store, __version__
from instquery.apis.catalog import CATALOG, Api, facts_in_files
from instquery.cli.answers import print_answer
from instquery.cli.bench import own_questions, run_bench
from instquery.cli.copy import run_copy
from instquery.cli.demo import run_demo
from instquery.cli.failures import Commands, about, usage_errors
from instquery.cli.generate import generate_command
from instquery.cli.options import (
    INTEGERS,
    NOW,
    SKIP_BAD,
    SOURCE,
    TABLE,
    TABLES,
    Integers,
    as_command,
    identifier,
    option,
    tables_of,
)
from instquery.cli.reading import Held, opened, read_records, records_of
from instquery.cli.rooms import room
from instquery.cli.show import console, need_output, plain, progress_bar
from instquery.instants import to_datetime, to_micros
from instquery.query import Record

__all__ = ["app"]

app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Query inventories of cloud instances as their own APIs would.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
query_app = typer.Typer(
    help="Ask an inventory; exit code 1 if the API refuses.", no_args_is_help=True
)
generate_app = typer.Typer(help="Make up an inventory, as JSON lines.", no_args_is_help=True)
bench_app = typer.Typer(help="Time what is asked of an inventory.", no_args_is_help=True)
app.add_typer(query_app, name="query")
app.add_typer(generate_app, name="generate")
app.add_typer(bench_app, name="bench")


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 - how Typer calls it
    if is_wanted:
        typer.echo(f"instquery {__version__}")
        raise typer.Exit


@app.callback()
def instquery(
    version: Annotated[  # noqa: FBT002 - how Typer declares a flag
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take what stands before the command."""


@app.command()
def demo(
    count: Annotated[
        int, typer.Option(min=100, max=10_000_000, help="Records in each inventory.")
    ] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed makes another inventory.")] = 1,
) -> None:
    """Make a sample inventory for each API, ask it, and show replies, times, plans."""
    need_output()
    stores: dict[str, Store] = {}
    for name, api in CATALOG.items():
        with progress_bar() as progress:
            made = progress.track(
                api.samples(count, seed=seed), total=count, description=f"making {name} records"
            )
            records = list(made)
            progress.add_task(f"loading {name} records", total=None)
            start = perf_counter()
            stores[name] = Store(api.operation.schema, records)
            seconds = perf_counter() - start
        console.print(f"{count:,} {name} records loaded in {seconds:.2f} s", style="dim")
    run_demo(stores)


def query_command(api: Api) -> Callable[..., None]:
    """Make the command that asks one API: an option for each of its parameters."""

    def command(  # noqa: PLR0913 - the options of the command, by name
        file: str,
        *,
        table: str,
        now: str | None,
        as_json: bool,
        explain: bool,
        skip_bad: bool,
        integers: Integers | None,
        **given: str | None,
    ) -> None:
        params = {param.name: given[identifier(param.name)] for param in api.operation.params}
        read = partial(read_records, skip_bad=skip_bad, integers=integers)
        with usage_errors():
            moment = _moment(api, now)
            with opened(api, file, table=table, read=read) as store:
                print_answer(api, store, params, now=moment, as_json=as_json, explain=explain)

    parameters = [
        Parameter(
            "file",
            Parameter.POSITIONAL_OR_KEYWORD,
            annotation=Annotated[str, typer.Argument(help=SOURCE)],
        ),
        *(
            option(identifier(param.name), str | None, param.about)
            for param in api.operation.params
        ),
        option("table", str, TABLE, default="instances"),
        option("now", str | None, NOW),
        option("as_json", bool, "print the API's own reply", default=False, flag="--json"),
        option("explain", bool, "print the plan by which the engine answers", default=False),
        option("skip_bad", bool, SKIP_BAD, default=False),
        option("integers", Integers | None, INTEGERS),
    ]
    text = f"Ask {api.operation.name} (version {api.operation.version}) of the records in FILE."
    return as_command(command, parameters, text)


def bench_command(api: Api) -> Callable[..., None]:
    """Make the command that times the questions to one API."""

    def command(  # noqa: PLR0913, PLR0917 - the options of the command
        file: Annotated[str, typer.Argument(help=SOURCE)],
        ask: Annotated[
            list[str] | None,
            typer.Option(help="A question of your own, as a query string; may be repeated."),
        ] = None,
        rounds: Annotated[int, typer.Option(min=1, help="How often each question is asked.")] = 200,
        table: Annotated[str, typer.Option(help=TABLE)] = "instances",
        now: Annotated[str | None, typer.Option(help=NOW)] = None,
        skip_bad: Annotated[bool, typer.Option(help=SKIP_BAD)] = False,  # noqa: FBT002 - how Typer declares a flag
        integers: Annotated[Integers | None, typer.Option(help=INTEGERS)] = None,
    ) -> None:
        read = partial(read_records, skip_bad=skip_bad, integers=integers)
        with usage_errors():
            moment = _moment(api, now)
            own = own_questions(api.operation, ask or ())
            start = perf_counter()
            with opened(api, file, table=table, read=read) as store:
                count, seconds = len(store), perf_counter() - start
                if not count:
                    raise InstqueryError("there is no record in it to ask about", field=plain(file))
                console.print(f"{count:,} records read and loaded in {seconds:.1f} s", style="dim")
                questions = {**api.questions(store, to_micros(moment)), **own}
                run_bench(api.operation, store, questions, now=moment, rounds=rounds)

    command.__doc__ = (
        f"Ask {api.operation.name} questions that suit the records in FILE, "
        "and print what each of them costs."
    )
    return command


def serve_command() -> Callable[..., None]:
    """Make the command that serves: an option for the file of each API, and of each fact."""

    def command(  # noqa: PLR0913 - the options of the command, by name
        *,
        db: str | None,
        table: list[str] | None,
        keys: str | None,
        host: str,
        port: int,
        slow: float,
        metrics: bool | None,
        skip_bad: bool,
        integers: Integers | None,
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
            records = _named(CATALOG, files)
            sources = serve.Sources(
                serve.read_again(records, db), _named(facts_in_files(), files), keys
            )
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


def _named(names: Iterable[str], files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that options have given, by the names that the options stand for."""
    return {name: files[named] for name in names if (named := identifier(name)) in files}


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


@app.command()
def copy(
    source: Annotated[str, typer.Argument(help=SOURCE)],
    target: Annotated[
        str,
        typer.Argument(
            help="A file (*.jsonl, *.ndjson, *.json), a durable store (*.db), a database's URL "
            "as SQLAlchemy takes it; - for standard output."
        ),
    ],
    table: Annotated[
        str, typer.Option(help=f"{TABLE}; made in a target if it is not there")
    ] = "instances",
    skip_bad: Annotated[bool, typer.Option(help=SKIP_BAD)] = False,  # noqa: FBT002 - how Typer declares a flag
    integers: Annotated[Integers | None, typer.Option(help=INTEGERS)] = None,
) -> None:
    """Copy an inventory between files, durable stores and databases, and compare both.

    Run again, it goes on where it has ended. A file is replaced.
    """
    with usage_errors():
        run_copy(
            source,
            target,
            table=table,
            read=partial(read_records, skip_bad=skip_bad, integers=integers),
        )


def _moment(api: Api, now: str | None) -> datetime:
    """Read the moment of a request, from the clock where none is given."""
    if now is None:
        return to_datetime(to_micros(api.operation.clock()))
    with about("--now"):
        return to_datetime(to_micros(now))


for _name, _api in CATALOG.items():
    query_app.command(_name)(query_command(_api))
    generate_app.command(_name)(generate_command(_api))
    bench_app.command(_name)(bench_command(_api))
app.command("serve")(serve_command())
