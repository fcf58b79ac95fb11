"""`instquery serve`: files or durable stores over HTTP, until the process ends.

SIGHUP reads the files again: keys, then facts, then records. Each file is taken over whole or not
at all: one that is bad leaves what it has brought before.
"""

import gc
import logging
import signal
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from errno import EACCES, EADDRINUSE
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NamedTuple, Protocol

from starlette.applications import Starlette

from instquery import InstqueryError
from instquery.apis.catalog import CATALOG, facts_in_files
from instquery.asgi import Gate, Keys, Server, create_app
from instquery.asgi.connections import allow_many_files
from instquery.cli.failures import about
from instquery.cli.places import Place, source_of
from instquery.cli.reading import Held, open_durable
from instquery.cli.show import console, errors, plain, plain_lines
from instquery.durable import DurableStore
from instquery.query import Record

__all__ = ["Hold", "Listening", "Load", "Sources", "read_again", "run_serve", "stores_of"]


class Load(Protocol):
    """Reads an API's records from a file. Raises `InstqueryError` or `OSError`."""

    def __call__(self, name: str, file: str, *, must_be_whole: bool) -> list[Record]:
        """Read; `must_be_whole` where the records take the place of others."""
        ...


Hold = Callable[[str, str], Held]
"""Opens the store that a file, a durable store or a database is, until the process ends."""


class Sources(NamedTuple):
    """The files that are served from, and read again by SIGHUP."""

    records: Mapping[str, str]
    """By the name of the API."""

    facts: Mapping[str, str]
    """By the name of the fact."""

    keys: str | None
    """Without a file the environment may hold the keys, once."""


class Listening(NamedTuple):
    """How is served."""

    host: str
    port: int
    slow: float
    metrics: bool | None


def stores_of(
    files: Mapping[str, str], folder: str | None, load: Load, hold: Hold
) -> dict[str, Held]:
    """Return the stores to serve, by API: what is named, or durable ones that it is copied into."""
    if folder is not None:
        return dict(_durable_stores(files, Path(folder), load))

    stores: dict[str, Held] = {}
    for name, file in files.items():
        with _naming(file):
            stores[name] = hold(name, file)
    if not stores:
        options = " or ".join(f"--{name}" for name in CATALOG)
        raise InstqueryError(
            f"give a file for {options}, for any API by --store NAME=FILE, or a folder for --db"
        )
    return stores


def _durable_stores(files: Mapping[str, str], folder: Path, load: Load) -> dict[str, DurableStore]:
    """Open the stores of a folder, and copy files into them; closes them where one is wrong."""
    with about("--db"):
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        stores: dict[str, DurableStore] = {}
        for name, api in CATALOG.items():
            place = Place(str(folder / f"{name}.db"), "durable")
            stores[name] = store = open_durable(place, api.operation.schema)
            opened.callback(store.close)
        for name, file in files.items():
            store = stores[name]
            with _naming(file):
                store.replace_all(load(name, file, must_be_whole=len(store) > 0))
        opened.pop_all()  # all is well: they stay open
    return stores


def read_again(files: Mapping[str, str], folder: str | None) -> dict[str, str]:
    """Return the files whose records are held apart from them, so that they can be read again."""
    if folder is not None:
        return dict(files)
    return {
        name: file
        for name, file in files.items()
        if source_of(file).form not in ("durable", "database")
    }


def run_serve(
    stores: Mapping[str, Held], sources: Sources, load: Load, listening: Listening
) -> None:
    """Serve until SIGINT or SIGTERM; on SIGHUP read the files again."""
    keys = _keys(sources) if sources.keys is not None else Keys.from_environment()
    facts = _facts(sources)
    gate = None if keys is None else Gate(keys)
    _check_callers(stores, facts, are_known=keys is not None)

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    app = create_app(
        *(CATALOG[name].served(store) for name, store in stores.items()),
        keys=gate,
        slow=listening.slow,
        metrics=listening.metrics,
        **facts,
    )
    allow_many_files()
    try:
        server = Server(app, host=listening.host, port=listening.port)
    except InstqueryError as error:
        is_port = getattr(error.__cause__, "errno", None) in (EACCES, EADDRINUSE)
        option = "--port" if is_port else "--host"
        raise InstqueryError(error.reason, field=option) from None
    _read_again_on_sighup(_Reloader(stores, sources, load, gate, app))
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector need not look through it again and again

    held = " and ".join(f"{len(store):,} {name} records" for name, store in stores.items())
    checked = "signatures are not checked"
    if keys is not None:
        which = "the key" if len(keys) == 1 else f"one of {len(keys)} keys"
        checked = f"requests must be signed with {which}"
    console.print(
        f"serving {held} on http://{server.endpoint}; {checked}", soft_wrap=True, markup=False
    )
    server.run()


class _Reloader:
    """Reads the files again, one reload after the other."""

    def __init__(
        self,
        stores: Mapping[str, Held],
        sources: Sources,
        load: Load,
        gate: Gate | None,
        app: Starlette,
    ) -> None:
        self._stores, self._sources, self._load = stores, sources, load
        self._gate, self._app = gate, app
        self._running = Lock()

    def reload(self) -> None:
        """Take over what has changed: first who may ask for what, at once, then the records."""
        sources = self._sources
        with self._running:
            if self._gate is not None and sources.keys is not None:
                self._take_over(sources.keys, self._keys)
            for name, file in sources.facts.items():
                self._take_over(file, partial(self._fact, name))
            for name, file in sources.records.items():
                self._take_over(file, partial(self._records, name))

    def _take_over(self, file: str, take: Callable[[], str]) -> None:
        """Read one file; a bad one leaves things as they are, and it is said why."""
        try:
            told = take()
        except (OSError, InstqueryError, ValueError) as error:
            told = plain_lines(error)
            errors.print(f"{plain(file)} is not taken over: {told}", markup=False, soft_wrap=True)
            return
        console.print(f"{plain(file)} read again: {told}", soft_wrap=True, markup=False)

    def _keys(self) -> str:
        assert self._gate is not None  # noqa: S101 - looked at before
        assert self._sources.keys is not None  # noqa: S101
        keys = Keys.parse(_text(self._sources.keys))
        self._gate.replace(keys)
        return f"{len(keys)} keys in force"

    def _fact(self, name: str) -> str:
        fact = facts_in_files()[name].read(_text(self._sources.facts[name]))
        self._app.state.facts.replace(**{name: fact})
        return "in force"

    def _records(self, name: str) -> str:
        file = self._sources.records[name]
        if file == "-":
            raise InstqueryError("standard input can be read once: give a file")
        changes = self._stores[name].replace_all(self._load(name, file, must_be_whole=True))
        added, changed, removed = changes
        return f"{added:,} added, {changed:,} changed, {removed:,} removed"


def _read_again_on_sighup(reloader: _Reloader) -> None:
    def hung_up(*_: object) -> None:
        Thread(target=reloader.reload).start()

    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, hung_up)


def _keys(sources: Sources) -> Keys:
    assert sources.keys is not None  # noqa: S101 - looked at before
    with _naming(sources.keys):
        return Keys.parse(_text(sources.keys))


def _facts(sources: Sources) -> dict[str, Any]:
    """Return the facts that are in files, by name."""
    facts: dict[str, Any] = {}
    for name, file in sources.facts.items():
        with _naming(file):
            facts[name] = facts_in_files()[name].read(_text(file))
    return facts


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InstqueryError(f"must be JSON in UTF-8: see byte {error.start + 1}") from None


@contextmanager
def _naming(file: str) -> Generator[None]:
    """Name the file that is wrong."""
    try:
        yield
    except InstqueryError as error:
        told, shown = str(error), source_of(file).shown
        is_named = told.startswith(f"{shown}: ")
        raise InstqueryError(told if is_named else f"{shown}: {told}") from None


def _check_callers(
    stores: Mapping[str, Held], facts: Mapping[str, Any], *, are_known: bool
) -> None:
    """Say it once where callers see more than one may think, or where none can be known.

    Raises:
        InstqueryError: for a fact about callers without keys, which name them.

    """
    for name in stores:
        for fact, told in CATALOG[name].facts.items():
            if not told.narrows:
                continue
            if fact in facts and not are_known:
                raise InstqueryError(
                    f"--{fact} needs --keys: without a key nobody is known, and all are refused"
                )
            if fact not in facts and are_known:
                errors.print(
                    f"a key's caller narrows nothing: any key sees every {name} record; "
                    f"--{fact} FILE says whose they are",
                    markup=False,
                    soft_wrap=True,
                )
