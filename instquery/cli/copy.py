"""`instquery copy`: records between files, durable stores and databases, checked."""

import re
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager, suppress
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol

from rich.progress import Progress

from instquery import In, InstqueryError, Query, Schema
from instquery.apis.catalog import CATALOG, Api
from instquery.apis.inventory import fault_of_all
from instquery.apis.replies import folded
from instquery.bodies import to_json
from instquery.cli.failures import say
from instquery.cli.places import Place, PlaceError, check_apart, source_of, target_of
from instquery.cli.reading import (
    Held,
    Read,
    databases,
    named_as_typed,
    octets_of,
    open_durable,
    opened,
)
from instquery.cli.show import console, errors, progress_bar, put_out
from instquery.cli.writing import JsonForm, whole_file, write_lines
from instquery.contents import is_same
from instquery.durable import DurableStore
from instquery.files.place import beside, remove
from instquery.query import Record

__all__ = ["run_copy"]

_BATCH = 20_000  # records that are put at once
_GLANCE = 100_000  # bytes of a file that tell whose records it holds
_LOOKED_UP = 1_000  # keys that are looked up at once
_PORTION = 1 << 20  # bytes that are written to standard output at once


class Told(NamedTuple):
    """What a copy has come to: records that were moved, those there are, their checksum."""

    copied: int
    held: int
    checksum: int
    times: int = 0
    """Times that were written as text."""


class Target(Protocol):
    """A store that records are copied to; made if it is not there."""

    is_new: bool

    def opened(self) -> AbstractContextManager[Held]:
        """Open it, and make it first where it is not there."""
        ...

    def is_empty(self) -> bool:
        """Tell whether it holds nothing; false where that cannot be told."""
        ...

    def remove(self) -> None:
        """Remove what was made."""
        ...


class DurableFile:
    """A durable store that records are copied to."""

    def __init__(self, place: Place, schema: Schema) -> None:
        self._place = place
        self._schema = schema
        self.is_new = not place.is_there()

    def opened(self) -> DurableStore:
        """Open the file, and make it first where it is not there."""
        return open_durable(self._place, self._schema)

    def is_empty(self) -> bool:
        """Tell whether it holds nothing; false where that cannot be told."""
        with suppress(InstqueryError), self.opened() as store:
            return not len(store)
        return False

    def remove(self) -> None:
        """Remove the file, and what is kept beside it."""
        path = Path(self._place.name)
        remove(path)
        beside(path, ".lock").unlink(missing_ok=True)


def run_copy(source: str, target: str, *, table: str, read: Read) -> None:
    """Copy what the target does not hold yet, then read both and compare.

    Raises:
        InstqueryError: for what cannot be copied, or is not the same in the end. What this copy has
            made is removed, but for whole batches that a next one can go on from.

    """
    origin, goal = source_of(source), target_of(target)
    check_apart(origin, goal)
    if origin.form == "durable" and goal.form == "stream" and not _can_be_opened(origin):
        _print_lines(origin)
        return
    octets = octets_of(source) if origin.form in ("file", "stream") else None
    name = _api_of(origin, table, octets)
    api = CATALOG[name]

    with progress_bar() as bar, _records(api, origin, table, read, octets) as records:
        if goal.form in ("durable", "database"):
            told = _fill(_target(goal, api.operation.schema, table), goal, records, bar)
        elif goal.form == "stream":
            told = _emit(api, records, read, bar)
        else:
            told = _write(api, goal, Path(target), records, read, bar)

    (errors if goal.form == "stream" else console).print(
        _sentence(name, told), soft_wrap=True, markup=False
    )


def _can_be_opened(place: Place) -> bool:
    """Tell whether a durable store holds records of an API of ours, as this release takes them."""
    try:
        api = CATALOG[_api_of(place, "", None)]
        with open_durable(place, api.operation.schema):
            return True
    except InstqueryError:
        return False


def _print_lines(place: Place) -> None:
    """Write the records of a durable store to standard output as they stand in its file.

    It is the way out for those that no schema takes in. Raises `InstqueryError`.
    """
    count = 0
    for count, line in enumerate(DurableStore.lines_of(place.name), 1):  # noqa: B007 - the last
        put_out(line.encode())
    errors.print(
        f"{count:,} records as they stand in {place.shown}: no API of ours takes all of them in",
        soft_wrap=True,
        markup=False,
    )


@contextmanager
def _records(
    api: Api, place: Place, table: str, read: Read, octets: bytes | None
) -> Generator[list[Record] | Held]:
    """Hand out what the source holds, each key once."""
    if octets is None:
        with opened(api, place.name, table=table, read=read) as store:
            yield store
    else:
        key_of = api.operation.schema.key_of
        records = read(api, place.name, octets)
        yield list({key_of(record): record for record in records}.values())


def _target(place: Place, schema: Schema, table: str) -> Target:
    """Return the store that is copied to. Nothing is made yet."""
    if place.form == "durable":
        return DurableFile(place, schema)
    made: Target = databases().Table(place, schema, table)
    return made


def _fill(target: Target, place: Place, records: list[Record] | Held, bar: Progress) -> Told:
    """Put records into a store, and compare; see `run_copy` for what is left by a failure."""
    moved = bar.track(records, total=len(records), description=f"copying to {place.shown}")
    try:
        with target.opened() as store:
            copied = _put(store, moved)
        told = _checksum(bar.track(records, total=len(records), description="checking the source"))
        with target.opened() as store:
            _compare(told, store, bar)
    except BaseException as error:
        is_final = isinstance(error, InstqueryError) and not isinstance(error, PlaceError)
        if target.is_new and (is_final or target.is_empty()):
            target.remove()
        elif isinstance(error, KeyboardInterrupt):
            say("not finished: what is copied stays, and the same command goes on from there")
        raise
    return Told(copied, *told)


def _emit(api: Api, records: list[Record] | Held, read: Read, bar: Progress) -> Told:
    """Write JSON lines to standard output, once all of them are known to be right."""
    with TemporaryDirectory(prefix="instquery-") as folder:
        path = Path(folder) / "records.jsonl"
        told = _write(api, Place("-", "stream"), path, records, read, bar)
        with path.open("rb") as lines:
            while told.held and (portion := lines.read(_PORTION)):
                put_out(portion, has_end=False)
    return told


def _write(
    api: Api, place: Place, path: Path, records: list[Record] | Held, read: Read, bar: Progress
) -> Told:
    """Write a file of JSON, read it again, and put it in its place if it holds the same."""
    schema = api.operation.schema
    form = JsonForm(schema)
    with whole_file(path) as part:
        moved = bar.track(records, total=len(records), description=f"writing {place.shown}")
        write_lines(part, map(form.line, moved), as_array=place.form == "array")
        told = _checksum(
            map(
                form.told,
                bar.track(records, total=len(records), description="checking the source"),
            )
        )
        _compare(told, read(api, str(part)), bar)
    return Told(told[0], *told, form.times)


def _put(store: Held, records: Iterable[Record]) -> int:
    """Put the records that a store does not hold yet, in batches.

    What was copied before is left as it is.
    """
    copied, is_empty, moving = 0, not len(store), iter(records)
    key, key_of = store.schema.key, store.schema.key_of
    while batch := list(islice(moving, _BATCH)):
        there: dict[str, Record] = {}
        for start in range(0, 0 if is_empty else len(batch), _LOOKED_UP):
            keys = [key_of(record) for record in batch[start : start + _LOOKED_UP]]
            there |= {
                key_of(record): record
                for record in store.page(Query((In(key, keys),), limit=len(keys))).items
            }
        copied += store.put_many(
            [record for record in batch if not is_same(there.get(key_of(record)), record)]
        )
    return copied


def _checksum(records: Iterable[Record]) -> tuple[int, int]:
    """Count records, and sum up the hashes of each: the same whatever their order."""
    count = total = 0
    for count, record in enumerate(records, 1):  # noqa: B007 - the last count is the result
        body = to_json(dict(sorted(record.items()))).encode()
        total += int.from_bytes(blake2b(body, digest_size=16).digest())
    return count, total % (1 << 128)


def _compare(told: tuple[int, int], held: list[Record] | Held, bar: Progress) -> None:
    """Compare the target with the count and the checksum of the source."""
    found = _checksum(bar.track(held, total=len(held), description="checking the target"))
    if told == found:
        return
    if told[0] == found[0]:
        raise InstqueryError(
            f"the target holds {found[0]:,} records as the source does, but not the same"
        )
    raise InstqueryError(
        f"the target holds {found[0]:,} records and not the {told[0]:,} of the source"
    )


def _sentence(api: str, told: Told) -> str:
    """Say what a copy has come to."""
    held = "the target holds the same"
    if told.times:
        times = "1 time is" if told.times == 1 else f"{told.times:,} times are"
        held = f"the target holds them, but {times} ISO 8601 text there"
    copied = f"{told.copied:,} of {told.held:,} {api} records copied"
    return f"{copied}; {held}, checksum {told.checksum:032x}"


def _api_of(place: Place, table: str, octets: bytes | None) -> str:
    """Tell which API's records a place holds, by the names of their members.

    The key's name decides, then the number of names in common. A file may have them in another
    casing.
    """
    if octets is not None:
        found = _api_in(octets[:_GLANCE]) or _api_in(octets)
    elif place.form == "database":
        found = _api_with(databases().column_names(place, table))
    else:
        with named_as_typed(place):
            key = DurableStore.key_of(place.name)
            found = _api_with({key, *DurableStore.fields_of(place.name)}, key=key)
    if found is not None:
        return found

    fault = None if octets is None else fault_of_all(octets)
    foreign = (
        f"holds no records of {' or '.join(CATALOG)}: name an API of yours by --api before the "
        "command, or copy in Python, by put_many of a DurableStore or SqlStore"
    )
    raise InstqueryError(f"{place.shown}: {fault or foreign}")


def _api_in(octets: bytes) -> str | None:
    """Tell which API's records a file holds; `None` where that cannot be told."""
    names = set(re.findall(r'"(\w+)"\s*:', octets.decode(errors="replace")))
    return _api_with(names) or _api_with(set(map(folded, names)), folded)


def _api_with(
    names: set[str], spelled: Callable[[str], str] = str, *, key: str | None = None
) -> str | None:
    """Tell the API whose key is among names, and most of whose fields are; `None` for none.

    The name of the key is `key`, where that is known.
    """
    likeness: dict[str, int] = {}
    for api, entry in CATALOG.items():
        schema = entry.operation.schema
        if spelled(schema.key) in names and key in (None, schema.key):
            likeness[api] = len(names & set(map(spelled, schema.fields)))
    most = [api for api, count in likeness.items() if count == max(likeness.values())]

    # Of several versions of one operation that are as like, the newest is meant.
    most.sort(key=lambda api: CATALOG[api].operation.version)
    newest = {CATALOG[api].operation.name: api for api in most}
    return next(iter(newest.values())) if len(newest) == 1 else None
