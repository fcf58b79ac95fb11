"""`instquery copy`: records between files, durable stores and databases, checked."""

import json
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from instquery import In, InstqueryError, Query, RecordError, Schema, Store
from instquery.apis.catalog import CATALOG
from instquery.bodies import to_json
from instquery.cli.show import console, plain, progress_bar
from instquery.contents import is_same
from instquery.durable import DurableStore
from instquery.query import Record
from instquery.sql import SqlStore

__all__ = ["print_lines", "run_copy"]

Read = Callable[[str, str], list[Record]]
"""Reads the records of an API from a file."""

_BATCH = 20_000  # records that are put at once
_GLANCE = 100_000  # characters of a file that tell whose records it holds
_LOOKED_UP = 1_000  # keys that are looked up at once


def run_copy(source: str, target: str, *, table: str, read: Read) -> None:
    """Copy what the target does not hold yet, then read both and compare.

    Raises `InstqueryError`.
    """
    with _said_plainly(), progress_bar() as bar:
        api = _api_of(source, table)
        schema = CATALOG[api].operation.schema
        with _opened(source, schema, table, lambda: read(api, source)) as records:
            if _is_file(target):
                _write(
                    target,
                    bar.track(records, total=len(records), description=f"writing {plain(target)}"),
                )
                copied = len(records)
            else:
                with _opened(target, schema, table, list) as store:
                    assert not isinstance(store, Sequence)  # noqa: S101 - for the types: it is no file
                    moved = bar.track(
                        records, total=len(records), description=f"copying to {plain(target)}"
                    )
                    copied = _put(store, moved)
            with _opened(target, schema, table, lambda: read(api, target)) as held:
                told = _checksum(
                    bar.track(records, total=len(records), description="checking the source")
                )
                found = _checksum(
                    bar.track(held, total=len(held), description="checking the target")
                )
    if told != found:
        raise InstqueryError(
            f"the target holds {found[0]:,} records and not the {told[0]:,} of the source"
        )
    count, checksum = told
    sentence = (
        f"{copied:,} of {count:,} {api} records copied; "
        f"the target holds the same, checksum {checksum:032x}"
    )
    console.print(sentence, soft_wrap=True, markup=False)


def print_lines(source: str) -> None:
    """Write the records of a durable store to standard output as they stand in its file.

    One a line, whether or not a schema takes them in. Raises `InstqueryError`.
    """
    if "://" in source or _is_file(source):
        raise InstqueryError(f"to standard output a durable store (*.db) is copied, not {source}")
    for line in DurableStore.lines_of(source):
        console.out(line, highlight=False)


def _put(store: Store | SqlStore, records: Iterable[Record]) -> int:
    """Put the records that a store does not hold yet, in batches.

    What was copied before is left as it is.
    """
    copied, is_empty, key, moving = 0, not len(store), store.schema.key, iter(records)
    while batch := list(islice(moving, _BATCH)):
        there: dict[str, Record] = {}
        for start in range(0, 0 if is_empty else len(batch), _LOOKED_UP):
            keys = [record[key] for record in batch[start : start + _LOOKED_UP]]
            there |= {
                record[key]: record
                for record in store.page(Query((In(key, keys),), limit=len(keys))).items
            }
        copied += store.put_many(
            [record for record in batch if not is_same(there.get(record[key]), record)]
        )
    return copied


def _write(file: str, records: Iterable[Record]) -> None:
    """Write JSON lines, under another name until all are written."""
    part = Path(f"{file}.part")
    is_empty = True
    with part.open("w", encoding="utf-8") as lines:
        for record in records:
            lines.write(_line(record) + "\n")
            is_empty = False
        if is_empty:
            lines.write("[]\n")  # a file without anything could as well be a copy that failed
    part.replace(file)


def _line(record: Record) -> str:
    """Write a record as plain JSON that is read as the same record. Raises `RecordError`."""
    try:
        line = json.dumps(record, ensure_ascii=False)
        if not _is_utf8(line):  # half of a surrogate pair has an escape alone
            line = json.dumps(record)
        if json.loads(line) == record:
            return line
    except (TypeError, ValueError, RecursionError):
        pass
    raise RecordError(
        "a file of plain JSON has no form for a record of these: copy to a *.db instead"
    )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checksum(records: Iterable[Record]) -> tuple[int, int]:
    """Count records, and sum up the hashes of each: the same whatever their order."""
    count = total = 0
    for count, record in enumerate(records, 1):  # noqa: B007 - the last count is the result
        body = to_json(dict(sorted(record.items()))).encode()
        total += int.from_bytes(blake2b(body, digest_size=16).digest())
    return count, total % (1 << 128)


@contextmanager
def _opened(
    place: str, schema: Schema, table: str, read: Callable[[], list[Record]]
) -> Generator[list[Record] | Store | SqlStore]:
    """Open what holds records, or is to hold them."""
    if "://" in place:
        with _connected(place) as engine:
            store = SqlStore(engine, schema, table)
            store.create()
            yield store
    elif _is_file(place):
        yield list({record[schema.key]: record for record in read()}.values())
    else:
        with DurableStore.open(place, schema) as durable:
            yield durable


@contextmanager
def _connected(place: str) -> Generator[Engine]:
    """Connect to a database, and close every connection in the end, also when it fails."""
    engine = create_engine(place)
    try:
        yield engine
    finally:
        engine.dispose()


def _is_file(place: str) -> bool:
    return "://" not in place and not place.endswith(".db")


def _api_of(place: str, table: str) -> str:
    """Tell which API's records a place holds, by the names of their members.

    The key's name decides, then the number of names in common.
    """
    names: set[str]
    if "://" in place:
        with _connected(place) as engine:
            names = {column["name"] for column in inspect(engine).get_columns(table)}
    elif _is_file(place):
        with Path(place).open(encoding="utf-8", errors="replace") as file:
            names = set(re.findall(r'"(\w+)"\s*:', file.read(_GLANCE)))
    else:
        names = {DurableStore.key_of(place)}

    schemas = {api: entry.operation.schema for api, entry in CATALOG.items()}
    known = {
        api: len(names & set(schema.fields))
        for api, schema in schemas.items()
        if schema.key in names
    }
    if not known:
        raise InstqueryError(f"{place}: holds no records of {' or '.join(CATALOG)}")
    return max(known, key=known.__getitem__)


@contextmanager
def _said_plainly() -> Generator[None]:
    """Say in a line what a database refuses."""
    try:
        yield
    except NoSuchTableError as error:
        raise InstqueryError(f"the database has no table {error}") from None
    except SQLAlchemyError as error:
        raise InstqueryError(str(getattr(error, "orig", None) or error)) from error
