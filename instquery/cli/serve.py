"""`instquery serve`: files or durable stores over HTTP, until the process ends."""

import gc
import logging
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock, Thread

from instquery import InstqueryError, Store
from instquery.apis.catalog import CATALOG
from instquery.asgi import Keys, Server, create_app
from instquery.cli.show import console, errors, plain, plain_lines, progress_bar
from instquery.durable import DurableStore
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["Keys", "Load", "run_serve", "stores_of"]

Load = Callable[[str, str], list[Record]]
"""Reads an API's records from a file. Raises `InstqueryError` or `OSError`, changing nothing."""


def stores_of(files: Mapping[str, str], folder: str | None, load: Load) -> dict[str, Store]:
    """Return the stores to serve, by API: made of files, or durable.

    Files are copied into durable stores.
    """
    stores: dict[str, Store] = {}
    for name, api in CATALOG.items():
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            stores[name] = _open(Path(folder) / f"{name}.db", api.operation.schema)
            if name in files:
                stores[name].replace_all(load(name, files[name]))
        elif name in files:
            stores[name] = Store(api.operation.schema, load(name, files[name]))
    if not stores:
        options = " or ".join(f"--{name}" for name in CATALOG)
        raise InstqueryError(f"give a file for {options}, or a folder for --db")
    return stores


def _open(path: Path, schema: Schema) -> DurableStore:
    """Open a durable store, with a progress bar."""
    with progress_bar() as bar:
        task = bar.add_task(f"opening {plain(path)}", total=None)
        return DurableStore.open(
            path, schema, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )


def run_serve(
    stores: Mapping[str, Store],
    files: Mapping[str, str],
    load: Load,
    *,
    host: str,
    port: int,
    keys: Keys | None,
) -> None:
    """Serve until SIGINT or SIGTERM; on SIGHUP read the files again."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    app = create_app(*map(stores.get, CATALOG), keys=keys)
    server = Server(app, host=host, port=port)
    loading = Lock()

    def reload() -> None:
        with loading:
            for name, file in files.items():
                _take_over(name, file, stores[name], load)

    def hung_up(*_: object) -> None:
        Thread(target=reload).start()

    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, hung_up)
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector need not look through it again and again
    held = " and ".join(f"{len(store):,} {name} records" for name, store in stores.items())
    checked = (
        "signatures are not checked"
        if keys is None
        else f"requests are signed with one of {len(keys)} keys"
    )
    console.print(
        f"serving {held} on http://{server.endpoint}; {checked}", soft_wrap=True, markup=False
    )
    server.run()


def _take_over(name: str, file: str, store: Store, load: Load) -> None:
    """Read a file again; a bad one leaves the records as they are, and it is said why."""
    try:
        changes = store.replace_all(load(name, file))
    except (OSError, InstqueryError) as error:
        errors.print(
            f"{plain(file)} is not taken over: {plain_lines(error)}", markup=False, soft_wrap=True
        )
        return
    told = f"{changes.added:,} added, {changes.updated:,} changed, {changes.removed:,} removed"
    console.print(f"{plain(file)} read again: {told}", soft_wrap=True, markup=False)
