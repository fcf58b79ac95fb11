"""The commands: query a file, time its questions, make an inventory, see a demonstration."""

from collections.abc import Callable
from datetime import datetime
from inspect import Parameter
from time import perf_counter
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl

import typer

from instquery import InstqueryError, Store
from instquery.apis.catalog import CATALOG, Api, facts_in_files
from instquery.cli.bench import run_bench
from instquery.cli.demo import run_demo
from instquery.cli.generate import generate_command
from instquery.cli.options import (
    INTEGERS,
    NOW,
    SKIP_BAD,
    SOURCE,
    Integers,
    as_command,
    identifier,
    option,
)
from instquery.cli.reading import read_records, usage_errors
from instquery.cli.show import (
    console,
    errors,
    items_table,
    json_text,
    plain,
    plain_lines,
    progress_bar,
)
from instquery.instants import to_datetime, to_micros
from instquery.query import Record

try:
    from instquery.cli.copy import print_lines, run_copy

    _can_copy = True
# The extra `sql` is not installed; where types are checked it is.
except ModuleNotFoundError as missing:
    if TYPE_CHECKING or missing.name != "sqlalchemy":
        raise
    _can_copy = False

try:
    from instquery.cli.serve import Listening, Load, Sources, run_serve, stores_of

    _can_serve = True
# The extra `server` is not installed; where types are checked it is.
except ModuleNotFoundError as missing:
    if TYPE_CHECKING or missing.name not in ("orjson", "starlette", "uvicorn"):
        raise
    _can_serve = False

__all__ = ["app"]

app = typer.Typer(
    help="Query inventories of cloud instances as their own APIs would.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
query_app = typer.Typer(
    help="Ask an inventory in a file; exit code 1 if the API refuses.", no_args_is_help=True
)
generate_app = typer.Typer(help="Make up an inventory, as JSON lines.", no_args_is_help=True)
bench_app = typer.Typer(help="Time what is asked of an inventory in a file.", no_args_is_help=True)
app.add_typer(query_app, name="query")
app.add_typer(generate_app, name="generate")
app.add_typer(bench_app, name="bench")

REFUSED = 1
"""The exit code where the API refuses a request."""


@app.command()
def demo(
    count: Annotated[int, typer.Option(min=100, help="Records in each inventory.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed makes another inventory.")] = 1,
) -> None:
    """Make a sample inventory for each API, ask it, and show replies, times, plans."""
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

    def command(
        file: str,
        *,
        now: str | None,
        as_json: bool,
        explain: bool,
        skip_bad: bool,
        integers: Integers | None,
        **given: str | None,
    ) -> None:
        params = {param.name: given[identifier(param.name)] for param in api.operation.params}
        with usage_errors():
            moment = to_datetime(to_micros(now or api.operation.clock()))
            records = read_records(api, file, skip_bad=skip_bad, integers=integers)
            store = Store(api.operation.schema, records)
        _answer(api, store, params, now=moment, as_json=as_json, explain=explain)

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
        option("now", str | None, NOW),
        option("as_json", bool, "print the API's own reply", default=False, flag="--json"),
        option("explain", bool, "print the plan by which the engine answers", default=False),
        option("skip_bad", bool, SKIP_BAD, default=False),
        option("integers", Integers | None, INTEGERS),
    ]
    about = f"Ask {api.operation.name} (version {api.operation.version}) of the records in FILE."
    return as_command(command, parameters, about)


def bench_command(api: Api) -> Callable[..., None]:
    """Make the command that times the questions to one API."""

    def command(
        file: Annotated[str, typer.Argument(help=SOURCE)],
        ask: Annotated[
            list[str] | None,
            typer.Option(help="A question of your own, as a query string; may be repeated."),
        ] = None,
        rounds: Annotated[int, typer.Option(min=1, help="How often each question is asked.")] = 200,
        now: Annotated[str | None, typer.Option(help=NOW)] = None,
        skip_bad: Annotated[bool, typer.Option(help=SKIP_BAD)] = False,  # noqa: FBT002 - how Typer declares a flag
        integers: Annotated[Integers | None, typer.Option(help=INTEGERS)] = None,
    ) -> None:
        with usage_errors():
            moment = to_datetime(to_micros(now or api.operation.clock()))
            own = {
                f"Your own, {number}": dict(
                    parse_qsl(text, keep_blank_values=True, strict_parsing=True)
                )
                for number, text in enumerate(ask or (), 1)
            }
            start = perf_counter()
            records = read_records(api, file, skip_bad=skip_bad, integers=integers)
            store = Store(api.operation.schema, records)
            seconds = perf_counter() - start
            if not len(store):
                raise InstqueryError("there is no record in it to ask about", field=plain(file))
        console.print(f"{len(store):,} records read and loaded in {seconds:.1f} s", style="dim")
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
        keys: str | None,
        host: str,
        port: int,
        slow: float,
        metrics: bool | None,
        skip_bad: bool,
        integers: Integers | None,
        **given: str | None,
    ) -> None:
        load = _load(integers, skip_bad=skip_bad)
        with usage_errors():
            if not _can_serve:
                raise InstqueryError(
                    "serving needs starlette and uvicorn: pip install 'instquery[server]'"
                )
            files = {name: file for name, file in given.items() if file is not None}
            records = {
                name: files[named] for name in CATALOG if (named := identifier(name)) in files
            }
            facts = {
                name: files[named]
                for name in facts_in_files()
                if (named := identifier(name)) in files
            }
            listening = Listening(host, port, slow / 1000, metrics)
            sources = Sources(records, facts, keys or None)
            run_serve(stores_of(records, db, load), sources, load, listening)

    return as_command(
        command,
        _serve_options(),
        "Serve APIs over HTTP, as the official clients ask for them; SIGHUP reads the files again.",
    )


def _load(integers: Integers | None, *, skip_bad: bool) -> "Load":
    """Return what reads the files of a server."""

    def load(name: str, file: str, *, must_be_whole: bool) -> list[Record]:
        how = {"skip_bad": skip_bad, "must_be_whole": must_be_whole}
        return read_records(CATALOG[name], file, integers=integers, **how)

    return load


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
    source: Annotated[
        str, typer.Argument(help=f"A file, a durable store (*.db) or a database's URL. {SOURCE}")
    ],
    target: Annotated[
        str,
        typer.Argument(
            help="A database's URL as SQLAlchemy takes it, a durable store or a file; - writes the "
            "lines of a durable store to standard output, whether or not its API takes them in."
        ),
    ],
    table: Annotated[
        str, typer.Option(help="The table in the database; made if it is not there.")
    ] = "instances",
    skip_bad: Annotated[bool, typer.Option(help=SKIP_BAD)] = False,  # noqa: FBT002 - how Typer declares a flag
    integers: Annotated[Integers | None, typer.Option(help=INTEGERS)] = None,
) -> None:
    """Copy an inventory to a database, or back, and compare both.

    Run again, it goes on where it has ended.
    """
    with usage_errors():
        if not _can_copy:
            raise InstqueryError("copying needs sqlalchemy: pip install 'instquery[sql]'")
        if target == "-":
            print_lines(source)
            return

        run_copy(
            source,
            target,
            table=table,
            read=lambda api, file: read_records(
                CATALOG[api], file, skip_bad=skip_bad, integers=integers
            ),
        )


def _answer(
    api: Api,
    store: Store,
    params: dict[str, str | None],
    *,
    now: datetime,
    as_json: bool,
    explain: bool,
) -> None:
    """Ask, and print the reply; a refused request is printed as the reply it is."""
    start = perf_counter()
    reply = api.operation(store, params, now=now)
    milliseconds = (perf_counter() - start) * 1000
    if reply.answer is None:
        typer.echo(json_text(reply.body))
        raise typer.Exit(REFUSED)
    query = api.operation.query(params, now=now)
    if as_json:
        typer.echo(json_text(reply.body))
    else:
        items, number, size = reply.answer.items, reply.answer.number, reply.answer.size
        console.print(items_table(api, items))
        total = store.count(query.where)
        console.print(
            f"{len(items)} of {total:,} matches, page {number} of size {size}, "
            f"in {milliseconds:.2f} ms",
            style="dim",
        )
    if explain:
        (errors if as_json else console).print(
            plain_lines(store.explain(query)), markup=False, soft_wrap=True
        )


for _name, _api in CATALOG.items():
    query_app.command(_name)(query_command(_api))
    generate_app.command(_name)(generate_command(_api))
    bench_app.command(_name)(bench_command(_api))
app.command("serve")(serve_command())
