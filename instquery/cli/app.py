"""The commands: query a file, time its questions, make an inventory, see a demonstration."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from inspect import Parameter
from time import perf_counter
from typing import Annotated

import typer

from instquery import InstqueryError, Store, __version__
from instquery.apis.catalog import CATALOG, Api
from instquery.apis.params import Param
from instquery.apis.served import checked_store
from instquery.cli.answers import print_answer
from instquery.cli.bench import own_questions, run_bench
from instquery.cli.copy import run_copy
from instquery.cli.demo import run_demo
from instquery.cli.failures import Commands, about, usage_errors
from instquery.cli.generate import generate_command
from instquery.cli.groups import Joined, api_group
from instquery.cli.options import (
    INTEGERS,
    NOW,
    SKIP_BAD,
    SOURCE,
    TABLE,
    Integers,
    as_command,
    flags_of,
    option,
    typed_value,
)
from instquery.cli.reading import opened, read_records
from instquery.cli.serving import serve_command
from instquery.cli.show import console, need_output, plain, progress_bar
from instquery.instants import to_datetime, to_micros

__all__ = ["app"]

app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Query inventories of cloud instances as their own APIs would.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


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
    api: Joined = None,
) -> None:
    """Take what stands before the command."""


_TOKENS = b"tokens of the command line: not secret"
"""Signs tokens of files, so that the next command knows them: who asks has the records anyway."""


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
    flags = flags_of(api.operation)
    asked = {f"given_{number}": param for number, param in enumerate(api.operation.params)}

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
        read = partial(read_records, skip_bad=skip_bad, integers=integers)
        with usage_errors():
            params = {
                param.name: typed_value(param, given[name], flags[param.name])
                for name, param in asked.items()
            }
            moment = _moment(api, now)
            with opened(api, file, table=table, read=read, cursor_key=_TOKENS) as store:
                checked_store("FILE", store, api.operation)
                print_answer(api, store, params, now=moment, as_json=as_json, explain=explain)

    text = f"Ask {api.operation.name} (version {api.operation.version}) of the records in FILE."
    return as_command(command, _query_options(asked, flags), text)


def _query_options(asked: Mapping[str, Param], flags: Mapping[str, str]) -> list[Parameter]:
    """Return the options of the command that asks: the API's parameters, and its own."""
    return [
        Parameter(
            "file",
            Parameter.POSITIONAL_OR_KEYWORD,
            annotation=Annotated[str, typer.Argument(help=SOURCE)],
        ),
        *(
            option(name, str | None, param.about, flag=flags[param.name])
            for name, param in asked.items()
        ),
        option("table", str, TABLE, default="instances"),
        option("now", str | None, NOW),
        option("as_json", bool, "print the API's own reply", default=False, flag="--json"),
        option("explain", bool, "print the plan by which the engine answers", default=False),
        option("skip_bad", bool, SKIP_BAD, default=False),
        option("integers", Integers | None, INTEGERS),
    ]


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


app.add_typer(
    api_group(query_command, "Ask an inventory; exit code 1 if the API refuses."), name="query"
)
app.add_typer(api_group(generate_command, "Make up an inventory, as JSON lines."), name="generate")
app.add_typer(api_group(bench_command, "Time what is asked of an inventory."), name="bench")
app.command("serve")(serve_command())
