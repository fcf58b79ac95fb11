"""A store that survives its process: SQLite keeps the records, memory answers.

The engine is rebuilt from the file on open.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from os import PathLike
from pathlib import Path
from secrets import token_bytes
from types import TracebackType
from typing import Any, Self

from instquery.bodies import to_json
from instquery.errors import InstqueryError, RecordError
from instquery.files.claim import claimed, made_at, read_alone
from instquery.files.layout import make, octets_of
from instquery.files.live import LiveFile
from instquery.files.notes import check_fits, fields_in, key_in, notes_of
from instquery.files.place import place_of
from instquery.files.progress import Progress
from instquery.files.reading import Reading
from instquery.files.refusals import DurableError
from instquery.leases import Leases
from instquery.options import check_callable, check_flag
from instquery.query import Clock, system_clock
from instquery.schema import Schema
from instquery.store import SEGMENT_ROWS, Store, check_options

__all__ = ["DurableError", "DurableStore"]


class DurableStore(Store):
    """A store whose writes are on disk before they return; the same reads and writes as a `Store`.

    Made by `DurableStore.open`. A batch is on disk whole or not at all. It holds what a `Store`
    holds, and hands it back as it was given.
    """

    _file: LiveFile

    def __init__(self, *arguments: Any, journal: LiveFile | None = None, **options: Any) -> None:
        """Refuse to be made without a file, as its writes would be lost: `open` makes one.

        Raises:
            InstqueryError: if it is called by anyone but `open`.

        """
        if journal is None:
            raise InstqueryError("a DurableStore is made by DurableStore.open(path, schema)")
        super().__init__(*arguments, journal=journal, **options)

    @classmethod
    def open(  # noqa: PLR0913 - independent options, all but two by name
        cls,
        path: str | PathLike[str],
        schema: Schema,
        *,
        migrate: bool = False,
        progress: Progress | None = None,
        survive_power_loss: bool = True,
        leases: Leases[Any] | None = None,
        cursor_key: bytes | None = None,
        history: int = 10_000,
        clock: Clock = system_clock,
        segment_rows: int = SEGMENT_ROWS,
    ) -> Self:
        """Open a file for this process alone, or make it. Costs 6 µs a record beyond a load.

        The options are those of `Store`, but for these. Fields may be added to the schema, and with
        `migrate` may have another kind or unit than the file notes; the key stays. `progress` is
        told how many records have been read, of how many. `survive_power_loss=False` spares a wait
        for the disk: writes then survive the process, not the machine, and a file that has lost its
        last writes is opened without them. `cursor_key` takes the place of the key that the file
        keeps. Raises `DurableError` if the file is open elsewhere, damaged, not one of ours, or
        does not fit the schema: it is left as it was.
        """
        _check(migrate, progress, survive_power_loss)
        options: dict[str, Any] = {"leases": leases, "history": history, "clock": clock}
        options |= {"cursor_key": cursor_key, "segment_rows": segment_rows}
        check_options(schema, **options)
        return cls._opened(place_of(path), schema, options, migrate, progress, survive_power_loss)

    @staticmethod
    def key_of(path: str | PathLike[str]) -> str:
        """Return the name of the key of a file's records, for whoever does not know their schema.

        As `open` raises.
        """
        with read_alone(place_of(path)) as reading:
            return key_in(reading.notes).name

    @staticmethod
    def fields_of(path: str | PathLike[str]) -> frozenset[str]:
        """Return the names of the fields that a file's records were declared with.

        Several schemas may have a key of one name. As `open` raises.
        """
        with read_alone(place_of(path)) as reading:
            return fields_in(reading.notes)

    @staticmethod
    def lines_of(path: str | PathLike[str]) -> Generator[str]:
        """Walk the records of a file as JSON, one a line, whatever a schema says of them.

        It is the way out for records that no schema of this release takes in. Raises as `open`.
        """
        with read_alone(place_of(path)) as reading, closing(reading.lines()) as lines:
            for _, line in lines:
                yield line

    def backup(self, path: str | PathLike[str]) -> None:
        """Write the present records into another file, which can be opened as this one.

        It is of one moment, whole, and on disk when this returns; writes go on meanwhile. It has
        the key that signs cursors, so it is for its owner's eyes alone (mode 0600). Costs 15 µs a
        record.

        Raises:
            DurableError: where there is a file already, or none can be made; nothing is left of it.

        """
        self._file.check_owner()
        view = self._current.view()

        def rows() -> Iterator[tuple[bytes, str]]:
            for key, row in sorted(view.directory.items()):
                yield octets_of(key), to_json(row)

        place = place_of(path)
        with made_at(place):
            make(place, view.number, self._file.notes, self._file.cursor_key, rows())

    def close(self) -> None:
        """Let go of the file. Reads go on; a later write is a `DurableError`.

        In a process that was forked from the one that has opened the file, that is a `DurableError`
        too, and nothing is touched.
        """
        self._file.check_owner()
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
        if self._file.is_ours:  # a forked process leaves the file to its parent
            self.close()

    @classmethod
    def _opened(
        cls,
        place: Path,
        schema: Schema,
        options: dict[str, Any],
        migrate: bool,  # noqa: FBT001
        progress: Progress | None,
        survive_power_loss: bool,  # noqa: FBT001
    ) -> Self:
        """Open a file with options that have been checked."""
        with claimed(place, _drawn_key()) as lock:
            reading = Reading(place, noted=lock.noted, spares_disk=not survive_power_loss)
            with closing(reading):
                check_fits(place, reading.notes, schema, migrate=migrate)
                file = LiveFile(lock, reading, reading.cursor_key or _drawn_key())
                if options["cursor_key"] is None:
                    options["cursor_key"] = bytes.fromhex(file.cursor_key)
                try:
                    with closing(reading.records(progress)) as records:
                        store = cls(schema, records, journal=file, **options)
                except RecordError as error:
                    raise reading.refused(schema, error) from error
            file.begin(notes_of(schema, reading.notes), survive_power_loss=survive_power_loss)
        store._file = file
        return store


def _check(migrate: object, progress: object, survive_power_loss: object) -> None:
    """Refuse options of `open` that are not those of `Store`."""
    check_flag("migrate", migrate)
    check_flag("survive_power_loss", survive_power_loss)
    if progress is not None:
        check_callable("progress", progress, "nothing")


def _drawn_key() -> str:
    """Return a new key that signs cursors, as it stands in a file."""
    return token_bytes(32).hex()
