"""Questions to ListInstance: what consoles and control planes ask, whatever the inventory holds."""

from collections import Counter
from collections.abc import Sequence

from instquery.apis.questions import (
    Questions,
    first_with,
    middle_record,
    most_common,
    newest_records,
    value_of,
)
from instquery.contract import Reads
from instquery.query import Record

__all__ = ["SAMPLE_QUESTIONS", "questions"]

_SECOND = 1_000_000
_DAY = 86_400  # in seconds

SAMPLE_QUESTIONS: Questions = {
    "Running, with 推荐 in the name": {"status": "Running", "name": "推荐", "size": "5"},
    "Letters of any case and width": {"name": "ＰＲＯＤ"},
    "A status that does not exist": {"status": "Stopped"},
}
"""Questions to the samples, beside those that suit any inventory."""


def questions(store: Reads, now: int) -> Questions:
    """Make the questions of what is common in a store, and of a record in its middle."""
    schema, newest = store.schema, newest_records(store)
    middle = middle_record(store)
    named = first_with(schema, [middle, *newest], "name")
    pages = max(1, -(-len(store) // 50))
    status = most_common(schema, newest, "status")
    piece = _common_piece(newest)
    second = now // _SECOND

    return {
        "The newest instances": {},
        "The last page of everything": {"page": pages, "size": 50},
        f"One status, {status}": {"status": status},
        "One status, far from the first page": {
            "status": status,
            "page": max(1, pages // 3),
            "size": 50,
        },
        "Two characters that many names have": {"name": piece},
        "One character": {"name": piece[:1]},
        "A whole name": {"name": value_of(schema, named, "name")},
        "Nothing has this name": {"name": "no such instance"},
        "A whole ID": {"instanceId": middle["instanceId"]},
        "The end of an ID": {"instanceId": middle["instanceId"][-4:]},
        "About to expire: within seven days": {"expiredTime": second + 7 * _DAY},
        "One status, part of the name, expiring within 30 days": {
            "status": status,
            "name": piece,
            "expiredTime": second + 30 * _DAY,
        },
    }


def _common_piece(records: Sequence[Record]) -> str:
    """Return the two characters that most names hold; names are looked at in three places."""
    names = [str(record.get("name")) for record in records]
    pieces = Counter(piece for name in names for at in (0, 3, 6) if (piece := name[at : at + 2]))
    return pieces.most_common(1)[0][0] if pieces else "prod"
