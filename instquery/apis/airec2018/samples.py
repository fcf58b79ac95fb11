"""Made-up records of Airec instances, in the spelling of version 2018-10-12."""

from collections.abc import Iterator
from datetime import datetime

from instquery.apis.airec import samples as later
from instquery.apis.samples import ANCHOR
from instquery.query import Record

__all__ = ["records"]

_SCENES = {"content": "feed", "item": "recommend", "news": "news"}


def records(count: int, *, seed: int = 1, now: datetime = ANCHOR) -> Iterator[Record]:
    """Yield `count` records of Airec instances as seen at `now`, in no order.

    Raises:
        InstqueryError: for an option that cannot be used; when it is called.

    """
    return map(_as_it_was, later.records(count, seed=seed, now=now))


def _as_it_was(record: Record) -> Record:
    """Spell a record of today's version as that one did."""
    spelled = {f"{name[:1].upper()}{name[1:]}": value for name, value in record.items()}
    return {**spelled, "Scene": _SCENES[record["industry"]]}
