"""A store that survives its process: SQLite keeps the records, memory answers.

The engine is rebuilt from the file on open.
"""

import os
import sqlite3
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing, suppress
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from instquery.bodies import from_json, to_json
from instquery.errors import InstqueryError, RecordError
from instquery.leases import Leases
from instquery.options import check_callable, check_flag, told
from instquery.query import Clock, Record, system_clock
from instquery.schema import Entry, Schema
from instquery.store import SEGMENT_ROWS, Store, check_options

__all__ = ["DurableError", "DurableStore"]

Progress = Callable[[int, int], None]
"""Told how many records have been read, of how many."""

_APPLICATION = 0x69_6E_73_71  # "insq", in the header of each of our files
_FORMAT = 1
_EVERY = 1000  # records between two reports of progress

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE records (key BLOB PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO facts VALUES ('version', 0), ('schema', '{}');
"""
_PUT = "INSERT INTO records VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"


class DurableError(InstqueryError):
    """A file that cannot be used as a durable store, or a write that did not reach it."""


class DurableStore(Store):
    """A store whose writes are on disk before they return; the same reads and writes as a `Store`.

    Made by `DurableStore.open`. A batch is on disk whole or not at all. It holds what a `Store`
    holds, and hands it back as it was given.
    """

    _file: "_File"

    @classmethod
    def open(  # noqa: PLR0913 - independent options, all but two by name
        cls,
        path: str | PathLike[str],
        schema: Schema,
        *,
        progress: Progress | None = None,
        survive_power_loss: bool = True,
        leases: Leases[Any] | None = None,
        cursor_key: bytes | None = None,
        history: int = 10_000,
        clock: Clock = system_clock,
        segment_rows: int = SEGMENT_ROWS,
    ) -> Self:
        """Open a file for this process alone, or make it; the options are those of `Store`.

        Raises `DurableError`, the file left as it was, if it is open elsewhere, damaged, foreign,
        or does not fit the schema: fields may be added, the key stays. With
        `survive_power_loss=False` writes survive the process, not the machine, and wait for no
        disk. Costs 5 µs a record beyond a load.
        """
        kept = {"leases": leases, "cursor_key": cursor_key, "history": history}
        options = _checked(schema, progress, clock=clock, segment_rows=segment_rows, **kept)
        file = _opened(_place(path), survive_power_loss=survive_power_loss)
        records = file.records(progress)
        try:
            file.check(schema)
            store = cls(schema, records, journal=file, **options)
            store._file = file
            file.note(schema)
        except BaseException as error:
            records.close()  # a statement that is not at its end would hold the lock
            file.close()
            file.explain(error)
            raise
        return store

    @staticmethod
    def key_of(path: str | PathLike[str]) -> str:
        """Return the name of the key of a file's records, for whoever does not know their schema.

        As `open` raises.
        """
        place = _place(path)
        _inspect(place)
        file = _File(place, survive_power_loss=True)
        try:
            return str(from_json(file.fact("schema")).get("key", ""))
        finally:
            file.close()

    def close(self) -> None:
        """Let go of the file. Reads go on; a later write is a `DurableError`."""
        with self._current.writing:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _File:
    """An open file of ours: the journal of a store, locked against everyone else."""

    def __init__(self, place: Path, *, survive_power_loss: bool) -> None:
        self._place = place
        self._database = sqlite3.connect(place, timeout=0, check_same_thread=False)
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute(
                f"PRAGMA synchronous = {'FULL' if survive_power_loss else 'NORMAL'}"
            )
            self._database.execute("BEGIN EXCLUSIVE")
            self._database.commit()
            self.begun_at: int = self.fact("version")
        except sqlite3.Error as error:
            self._database.close()
            raise _refusal(place, error) from error

    def record(self, version: int, puts: Mapping[str, Entry], gone: Collection[str]) -> None:
        """Commit a write to the file."""
        rows = [(_octets(key), to_json(entry.row)) for key, entry in puts.items()]
        try:
            with self._database as database:
                database.executemany(
                    "DELETE FROM records WHERE key = ?", [(_octets(key),) for key in gone]
                )
                database.executemany(_PUT, rows)
                database.execute("UPDATE facts SET value = ? WHERE name = 'version'", [version])
        except sqlite3.Error as error:
            raise DurableError(
                f"{self._place}: the write did not reach the file: {error}"
            ) from error

    def has(self, version: int) -> bool:
        """Tell whether the file holds this version: an interrupt may have come after the commit."""
        try:
            return bool(self.fact("version") >= version)
        except sqlite3.Error:
            return False

    def fact(self, name: str) -> Any:
        """Return what is noted under a name."""
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", [name]).fetchone()
        if row is None:
            raise sqlite3.DatabaseError(f"{name} is missing")
        return row[0]

    def records(self, progress: Progress | None) -> Generator[Record]:
        """Walk the records that are held."""
        total = self._database.execute("SELECT count(*) FROM records").fetchone()[0]
        for number, (body,) in enumerate(self._database.execute("SELECT body FROM records")):
            if progress is not None and number % _EVERY == 0:
                progress(number, total)
            yield from_json(body)
        if progress is not None:
            progress(total, total)

    def check(self, schema: Schema) -> None:
        """Refuse a schema that names records by another field."""
        known = from_json(self.fact("schema"))
        if known and known["key"] != schema.key:
            raise DurableError(
                f"{self._place}: its records are named by {known['key']}", field=schema.key
            )

    def note(self, schema: Schema) -> None:
        """Write down what the schema says, for whoever opens the file later."""
        fields = {name: field.kind.name for name, field in schema.fields.items()}
        order = [schema.order.field, schema.order.descending]
        facts = {"key": schema.key, "order": order, "fields": fields}
        if facts != from_json(self.fact("schema")):
            body = to_json(facts)
            with self._database as database:
                database.execute("UPDATE facts SET value = ? WHERE name = 'schema'", [body])

    def explain(self, error: BaseException) -> None:
        """Raise the error of this package for one that came while the file was read."""
        if isinstance(error, RecordError):
            raise DurableError(
                f"{self._place}: the schema does not fit: {error}", field=error.field
            ) from error
        if isinstance(error, sqlite3.Error | ValueError):
            raise DurableError(f"{self._place}: is damaged: {error}") from error

    def close(self) -> None:
        """Unlock the file."""
        self._database.close()


def _place(path: object) -> Path:
    """Return the path of a file. Raises `DurableError` for what is none."""
    try:
        place = Path(path)  # type: ignore[arg-type]  # anything else is a TypeError
        os.fsencode(place)
    except (TypeError, ValueError) as error:
        raise DurableError(f"path must be text or a PathLike, not {told(path)}: {error}") from None
    if "\0" in str(place):
        raise DurableError("path must name a file: no name holds a NUL")
    return place


def _checked(schema: Schema, progress: Progress | None, **options: Any) -> dict[str, Any]:
    """Return the options of a store, before there is a file that they would not fit."""
    check_options(schema, **options)
    if progress is not None:
        check_callable("progress", progress, "nothing")
    return options


def _opened(place: Path, *, survive_power_loss: bool) -> _File:
    """Open a file of ours, made if it is not there. Raises `DurableError`."""
    check_flag("survive_power_loss", survive_power_loss)
    if not place.exists():
        _make(place)
    _inspect(place)
    return _File(place, survive_power_loss=survive_power_loss)


def _make(file: Path) -> None:
    """Make an empty file of ours; nobody ever sees it half made."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        with closing(sqlite3.connect(draft)) as database:
            database.executescript(_TABLES)
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute(f"PRAGMA user_version = {_FORMAT}")
        with suppress(FileExistsError):  # another process was faster
            os.link(draft, file)
    except (sqlite3.Error, OSError) as error:
        raise DurableError(f"{file}: cannot be made: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def _inspect(place: Path) -> None:
    """Refuse a file that is not ours, or damaged, without writing to it.

    Only SQLite may open it: that a process closes a file of its own accord ends the locks SQLite
    has on it.
    """
    try:
        with closing(
            sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True, timeout=0)
        ) as database:
            facts = [
                database.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            ]
            found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise _refusal(place, error) from error
    if facts[0] != _APPLICATION:
        raise DurableError(f"{place}: is not a durable store")
    if facts[1] != _FORMAT:
        raise DurableError(f"{place}: has format {facts[1]}, this release knows {_FORMAT}")
    if found != "ok":
        raise DurableError(f"{place}: is damaged: {found}")


def _refusal(file: Path, error: sqlite3.Error) -> DurableError:
    if "locked" in str(error):
        return DurableError(f"{file}: is open elsewhere")
    return DurableError(f"{file}: is damaged, or no durable store: {error}")


def _octets(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
