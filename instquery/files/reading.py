"""Reading a file: all that is in it, checked before anything is made of it.

A file is read through a connection that cannot write. So whatever is refused is left as it was, and
a log of a killed process too: SQLite would write that into the file as soon as it is closed.
"""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path

from instquery.bodies import from_json
from instquery.errors import RecordError
from instquery.files.filelock import Note
from instquery.files.layout import (
    APPLICATION,
    FORMAT,
    State,
    StateError,
    mark_of,
    octets_of,
    read_fact,
    read_state,
)
from instquery.files.notes import key_in
from instquery.files.place import beside, refuse_other_names
from instquery.files.progress import Progress, watched
from instquery.files.refusals import DurableError, damage, refusal
from instquery.files.walfile import has_lost_writes
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["Reading"]

_COLUMNS = {
    "facts": [("name", "TEXT", 1), ("value", "", 0), ("mark", "INTEGER", 0)],
    "records": [("key", "BLOB", 1), ("body", "TEXT", 0), ("mark", "INTEGER", 0)],
}
"""The columns of each table: name, type, place in the key. In format 1 there is no mark."""

_NAMED = 3  # records that an error names of those that it counts


class Reading:
    """A file that is read, by whoever has its lock.

    Raises `DurableError` for a file that is not ours, damaged, of a later release, or that SQLite
    cannot read. `noted` is the last write that is known to have returned.
    """

    state: State
    notes: str
    cursor_key: str | None = None
    file: str | None = None
    """The name that the file gives itself; no other file has it. None in format 1."""

    def __init__(
        self, place: Path, *, noted: Note | None = None, spares_disk: bool = False
    ) -> None:
        self.place = place
        self._cursors: list[sqlite3.Cursor] = []
        log, index = beside(place, "-wal"), beside(place, "-shm")
        has_log = log.exists()
        self._made = None if index.exists() or not has_log else index
        refuse_other_names(place)
        self._database = _connected(place, has_log=has_log)
        try:
            self.format = self._known_format()
            self._check_layout()
            self._read_facts()
            if has_log:
                self._check_log_is_its_own(log)
            if not spares_disk:
                self._check_last_writes(log, index, noted, has_log=has_log)
        except StateError as error:
            self.close()
            raise damage(place, str(error)) from error
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise refusal(place, error) from error
        except BaseException:
            self.close()
            raise

    def records(self, progress: Progress | None = None) -> Generator[Record]:
        """Walk the records, each checked as it is read, and all of them in the end.

        Raises `DurableError` that names the key of what is damaged.
        """
        with closing(self._named(progress)) as named:
            for _, record in named:
                yield record

    def _named(self, progress: Progress | None = None) -> Generator[tuple[str, Record]]:
        """Walk the records with their keys, as `records` does."""
        noted = key_in(self.notes)
        with closing(self.lines(progress)) as lines:
            for key, line in lines:
                record = self._decoded(key, line)
                named = noted.of(record)
                if type(named) is not str or octets_of(named) != key:
                    raise damage(self.place, f"the record {_shown(key)} has another {noted.name}")
                yield named, record

    def lines(self, progress: Progress | None = None) -> Generator[tuple[bytes, str]]:
        """Walk the keys and the records as JSON, checked in the same way, but not decoded."""
        state = self.state
        has_marks = self.format > 1
        count = total = 0
        former = b""
        try:
            for key, line, mark in watched(self._rows(), state.size, progress):
                if type(key) is not bytes or type(line) is not str or key <= former:
                    raise damage(self.place, f"the key {_shown(key)} is out of order")
                if has_marks and mark != mark_of(key, line):
                    raise damage(self.place, f"the checksum of the record {_shown(key)} differs")
                former = key
                count += 1
                total += mark
                yield key, line
        except sqlite3.Error as error:
            raise damage(self.place, f"after the record {_shown(former)}: {error}") from error

        if has_marks and (count != state.size or (total - state.total) % (1 << 64)):
            raise damage(
                self.place,
                f"its {count:,} records are not the {state.size:,} of its last write",
            )

    def refused(self, schema: Schema, error: RecordError) -> DurableError:
        """Return the error about records that a schema refuses: their number, and some keys."""
        refused = list(self._refused(schema))
        shown = "; ".join(f"{key} ({why})" for key, why in refused[:_NAMED])
        return DurableError(
            f"{self.place}: the schema does not fit {len(refused):,} of its records: {shown}"
            f"{' …' if len(refused) > _NAMED else ''}. Nothing was changed: correct the schema, or "
            f"take the records out with: instquery copy {self.place} -",
            field=error.field,
        )

    def close(self) -> None:
        """Let go of the file, and leave nothing beside it that was not there."""
        # The traceback of an error may hold a cursor, and that would hold the file.
        for cursor in self._cursors:
            cursor.close()
        self._database.close()
        if self._made is not None:
            with suppress(OSError):
                self._made.unlink()

    def _rows(self) -> Iterator[tuple[object, str, int]]:
        mark = "mark" if self.format > 1 else "0"
        cursor = self._database.cursor()
        self._cursors.append(cursor)
        return cursor.execute(f"SELECT key, body, {mark} FROM records ORDER BY key")  # noqa: S608

    def _decoded(self, key: object, body: str) -> Record:
        """Return the record of a body whose checksum is right."""
        try:
            record = from_json(body)
        except (ValueError, RecursionError) as error:
            if self.format == 1:
                raise damage(self.place, f"the record {_shown(key)}: {error}") from error
            raise DurableError(
                f"{self.place}: the record {_shown(key)} cannot be read here: {error}"
            ) from error
        if not isinstance(record, dict):
            raise damage(self.place, f"the record {_shown(key)} is no object")
        return record

    def _refused(self, schema: Schema) -> Iterator[tuple[str, str]]:
        for key, record in self._named():
            try:
                schema.take(record)
            except RecordError as error:
                yield key, str(error)

    def _known_format(self) -> int:
        """Return the format of a file of ours. Raises `DurableError` for another one."""
        application, number = [
            self._database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        ]
        if application != APPLICATION:
            raise DurableError(f"{self.place}: is not a durable store: name another file")
        if number > FORMAT:
            raise DurableError(
                f"{self.place}: has format {number}, and this release knows up to {FORMAT}: "
                "open it with the release that wrote it, or a later one"
            )
        if number < 1:
            raise damage(self.place, f"there is no format {number}")
        return int(number)

    def _check_layout(self) -> None:
        """Refuse a file whose pages or tables are not in order."""
        found = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise damage(self.place, found)
        for table, columns in _COLUMNS.items():
            told = self._database.execute(f"PRAGMA table_info({table})").fetchall()
            expected = columns if self.format > 1 else columns[:2]
            if [(name, kind, key) for _, name, kind, _, _, key in told] != expected:
                raise damage(self.place, f"the table {table} is another one")

    def _read_facts(self) -> None:
        """Read what is noted beside the records. Raises `StateError`."""
        database = self._database
        if self.format > 1:
            self.state = read_state(database)
            self.notes = _checked_notes(read_fact(database, "schema"))
            self.cursor_key = read_fact(database, "cursor_key")
            self.file = read_fact(database, "file")
            return

        facts = dict(database.execute("SELECT name, value FROM facts").fetchall())
        if not isinstance(facts.get("version"), int):
            raise StateError("its version is missing")
        self.notes = _checked_notes(facts.get("schema"))
        (count,) = database.execute("SELECT count(*) FROM records").fetchone()
        self.state = State(facts["version"], count, 0)

    def _check_log_is_its_own(self, log: Path) -> None:
        """Refuse a log that was left by another file, where this one was put in its place."""
        with closing(_connected(self.place, has_log=False)) as alone:
            try:
                owner = read_fact(alone, "file")
            except (sqlite3.Error, StateError):  # of format 1, or half written from the log
                return
        if owner != self.file:
            raise DurableError(
                f"{self.place}: was put in the place of another file, whose last writes are still "
                f"in {log.name}: put that file back, or remove {log.name} and "
                f"{beside(self.place, '.lock').name}"
            )

    def _check_last_writes(
        self, log: Path, index: Path, noted: Note | None, *, has_log: bool
    ) -> None:
        """Refuse a file without writes that are known to have returned."""
        is_noted = noted is not None and noted.file == self.file
        if noted is not None and is_noted and noted.version > self.state.version:
            lock = beside(self.place, ".lock").name
            raise damage(
                self.place,
                f"it has {self.state.version:,} writes, and {lock} tells of {noted.version:,}. If "
                f"this is an older copy that was put back, remove {lock} and {log.name}; to do "
                "without the last writes, open it once with survive_power_loss=False",
            )
        if has_log and has_lost_writes(log, index):
            raise damage(
                self.place,
                f"writes in {log.name} cannot be read. To do without them, open it once with "
                "survive_power_loss=False",
            )


def _connected(place: Path, *, has_log: bool) -> sqlite3.Connection:
    """Return a connection that only reads. Without a log it takes no locks and makes no files."""
    options = "mode=ro" if has_log else "mode=ro&immutable=1"
    try:
        return sqlite3.connect(
            f"{place.as_uri()}?{options}", uri=True, timeout=0, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise refusal(place, error) from error


def _checked_notes(notes: object) -> str:
    """Return what a file says of its schema. Raises `StateError` for what says nothing."""
    try:
        if isinstance(notes, str) and isinstance(from_json(notes), dict):
            return notes
    except (ValueError, RecursionError):
        pass
    raise StateError("what it says of its schema cannot be read")


def _shown(key: object) -> str:
    """Return a key for an error text."""
    return repr(key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else key)
