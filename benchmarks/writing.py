"""The writes that are timed, always the same for every engine."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import count as numbers
from random import Random

from benchmarks.conftest import Field
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros, to_text
from instquery.query import Record

__all__ = ["KINDS", "written"]

_YEARS = 5 * 365 * 86_400
_STATES = {
    "airec": ("status", ("Running", "Ready", "Initializing")),
    "bss": ("Status", ("Normal", "Creating", "Released")),
}
_RENAMED = {"airec": "name", "bss": "Region"}


def _status(field: Field, record: Record, random: Random, _number: int) -> Record:
    """Change the status to another one."""
    name, values = _STATES[field.api]
    return {name: random.choice([value for value in values if value != record.get(name)])}


def _rename(field: Field, _record: Record, random: Random, number: int) -> Record:
    """Give the name of another record and a number behind it; of BSS, the region of another."""
    name = _RENAMED[field.api]
    other = random.choice(field.records).get(name, "none")
    return {name: f"{other}-{number}" if name == "name" else other}


def _newest(field: Field, _record: Record, random: Random, number: int) -> Record:
    return _added(field, random, number, f"new-{len(field.records)}", -number)


def _at_random(field: Field, _record: Record, random: Random, number: int) -> Record:
    seconds = int(random.random() * _YEARS)
    return _added(field, random, number, f"any-{len(field.records)}", seconds)


def _added(field: Field, random: Random, number: int, prefix: str, seconds: int) -> Record:
    """Make a new key, and a creation so many seconds ago."""
    schema = field.operation.schema
    created = to_micros(ANCHOR - timedelta(seconds=seconds))
    key = f"{prefix}-{number}-{random.getrandbits(40):x}"
    return {schema.key: key, schema.order.field: to_text(created, "seconds")}


KINDS: Mapping[str, Callable[[Field, Record, Random, int], Record]] = {
    "status update": _status,
    "rename": _rename,
    "add, the newest": _newest,
    "add at a random time": _at_random,
}
"""What each kind of write changes in a record drawn at random."""


def written(field: Field, kind: str, run: str) -> Iterator[Record]:
    """Make the records of a kind of write; `run` tells apart who writes them."""
    random = Random(f"{kind} {run}")
    for number in numbers(1):
        record = random.choice(field.records)
        yield record | KINDS[kind](field, record, random, number)
