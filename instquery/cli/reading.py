"""Inventories that commands read: files, durable stores, databases."""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

from instquery import InstqueryError, Store
from instquery.apis.catalog import Api
from instquery.apis.inventory import InventoryError, standard_input
from instquery.cli.options import Integers
from instquery.cli.places import Place, source_of
from instquery.cli.rooms import room
from instquery.cli.show import errors, plain, progress_bar
from instquery.contract import Reads, Writes
from instquery.durable import DurableError, DurableStore
from instquery.query import Record
from instquery.schema import Schema

__all__ = [
    "Held",
    "Read",
    "databases",
    "named_as_typed",
    "octets_of",
    "open_durable",
    "opened",
    "read_records",
    "records_of",
]


class Read(Protocol):
    """Reads the records of an API from a file, or from what has been read of it."""

    def __call__(self, api: Api, file: str, octets: bytes | None = None, /) -> list[Record]:
        """Return the records. Raises `InstqueryError` and `OSError`."""
        ...


_FOREIGN = {
    b"SQLite format 3\0": "a SQLite database: name it *.db if it is a durable store, or by its URL",
    b"\x1f\x8b": "compressed by gzip: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: unpack it first",
    b"BZh": "compressed by bzip2: unpack it first",
    b"\xfd7zXZ": "compressed by xz: unpack it first",
    b"PK\x03\x04": "a zip archive, or a workbook in one: unpack or export it first",
    b"PAR1": "a Parquet file: export it as JSON lines first",
}
"""Files that cannot be JSON, by how they begin."""


class Held(Reads, Writes, Protocol):
    """A store of any kind."""


def read_records(
    api: Api,
    file: str,
    octets: bytes | None = None,
    *,
    skip_bad: bool,
    integers: Integers | None = None,
    must_be_whole: bool = False,
) -> list[Record]:
    """Read the records of a file, with a progress bar; says on stderr what was left out.

    `octets` is what the file holds, where it has been read. Where the file `must_be_whole`, what is
    blank or no JSON is refused, `skip_bad` or not: a copy that has ended early looks so, and would
    take out what it lacks.
    """
    unit = None if integers is None else integers.unit
    if octets is None:
        _check_form(file, _beginning(file))
    with progress_bar() as progress:

        def watch(lines: list[Any]) -> Iterable[Any]:
            return progress.track(lines, description=f"reading {plain(file)}")

        try:
            source = file if octets is None else BytesIO(octets)
            inventory = api.read.load(source, watch, integers=unit)
        except InventoryError as error:  # about all of the file, not about its records
            name = "standard input" if file == "-" else plain(file)
            raise InstqueryError(f"{name}: {error.bad[0].reason}") from None
    if inventory.bad and not skip_bad:
        raise InventoryError(inventory.bad, inventory.bad_count)
    if must_be_whole and inventory.torn is not None:
        raise InstqueryError(f"the file may be cut short: {inventory.torn}")
    if inventory.bad:
        errors.print(
            f"left out {inventory.bad_count} bad records, such as {plain(inventory.bad[0])}",
            markup=False,
            soft_wrap=True,
        )
    return inventory.records


def octets_of(file: str) -> bytes:
    """Return all bytes of a file, or of standard input.

    Raises:
        InstqueryError: for a file that is of another form by how it begins.
        OSError: where there is nothing to read.

    """
    octets = standard_input() if file == "-" else Path(file).read_bytes()
    _check_form(file, octets)
    return octets


def _beginning(file: str) -> bytes:
    """Return the first bytes of a file; nothing of what can be read once."""
    if not Path(file).is_file():
        return b""
    with Path(file).open("rb") as opened_file:
        return opened_file.read(max(map(len, _FOREIGN)))


def _check_form(file: str, octets: bytes) -> None:
    """Refuse a file that is of another form by how it begins."""
    for start, what in _FOREIGN.items():
        if octets.startswith(start):
            raise InstqueryError(f"{plain(file)}: is {what}")


def databases() -> Any:
    """Return the room `cli.databases`. Raises `InstqueryError` where the extra is missing."""
    return room("instquery.cli.databases", purpose="a database", extra="sql")


@contextmanager
def opened(
    api: Api, name: str, *, table: str, read: Read, cursor_key: bytes | None = None
) -> Generator[Held]:
    """Open what holds the records of an API: a file, a durable store or a table of a database.

    `cursor_key` signs the cursors of what is read from a file; a durable store keeps its own.

    Raises:
        InstqueryError: where it does not hold any of this API.
        OSError: where there is nothing to read.

    """
    place, schema = source_of(name), api.operation.schema
    if place.form == "durable":
        with open_durable(place, schema) as durable:
            yield durable
    elif place.form == "database":
        with databases().opened(place, schema, table) as store:
            yield store
    else:
        yield Store(schema, read(api, name), cursor_key=cursor_key)


def records_of(api: Api, name: str, *, table: str, read: Read) -> list[Record]:
    """Return the records of an API that any place holds; raises as `opened` does."""
    if source_of(name).form in ("file", "stream"):
        return read(api, name)
    with opened(api, name, table=table, read=read) as store:
        return list(store)


def open_durable(place: Place, schema: Schema) -> DurableStore:
    """Open a durable store, with a progress bar. Raises `InstqueryError` that names it as typed."""
    with progress_bar() as bar:
        task = bar.add_task(f"opening {place.shown}", total=None)
        with named_as_typed(place):
            return DurableStore.open(
                place.name,
                schema,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )


@contextmanager
def named_as_typed(place: Place) -> Generator[None]:
    """Name a durable store as it was typed, where something is wrong with it."""
    try:
        yield
    except DurableError as error:
        told = error.reason.replace(os.path.realpath(place.name), place.shown)
        raise InstqueryError(told) from error
