"""Keep a store in step with an upstream listing, and act on what changes and on what will expire.

Run it from a checkout with the extra `dev`, or where instquery and httpx are installed:

    python examples/sync_loop.py https://inventory.example.com --every 60

The upstream answers GET /instances with {"items": [...], "next": "..."}, and with ?next=... the
following page. On the last one "next" is null.
"""

import argparse
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import count

import httpx

from instquery import (
    Change,
    Changes,
    HistoryGap,
    Order,
    Range,
    Record,
    RecordError,
    Schema,
    Store,
    instant,
    keyword,
    text,
)

log = logging.getLogger("sync")

SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": text(),
        "name": text(),
        "status": keyword(),
        "created": instant(),
        "expires": instant(),
    },
)

LONGEST_WAIT = timedelta(minutes=15)


class Suspicious(Exception):  # noqa: N818 - it names what the listing is
    """A listing that is more likely wrong than true."""


def listing(upstream: httpx.Client) -> Iterator[Record]:
    """Yield all that the upstream lists. Raises `httpx.HTTPError` and `Suspicious`."""
    token = ""
    while token is not None:
        reply = upstream.get("/instances", params={"next": token} if token else {})
        reply.raise_for_status()
        try:
            body = reply.json()
            items, token = body["items"], body["next"]
        except (ValueError, KeyError, TypeError) as error:
            raise Suspicious(f"no listing came from {reply.url}: {error!r}") from error

        yield from items


def replace(store: Store, records: Iterable[Record]) -> Changes:
    """Make the listing the content of the store, whole or not at all; readers go on meanwhile.

    Only what differs is written. Raises `RecordError` for a record that does not fit the schema,
    and `Suspicious` for an empty listing: then the store stays as it is.
    """
    found = list(records)
    if not found and len(store):
        raise Suspicious(f"the upstream lists nothing where there were {len(store)} instances")
    return store.replace_all(found)


class Sync:
    """A store that follows its upstream, and a consumer that follows the store.

    `changed` is told each change, in order. `replaced` is told all records where the store no
    longer remembers what the consumer has missed (`Store(..., history=10_000)`).
    Where one of these two raises, the next round tells it the same again. `expiring` is told each
    instance once, when it comes within `notice` of its expiry.
    """

    def __init__(
        self,
        store: Store,
        fetch: Callable[[], Iterable[Record]],
        *,
        changed: Callable[[Change], None],
        replaced: Callable[[Iterable[Record]], None],
        expiring: Callable[[Record], None],
        notice: timedelta = timedelta(days=7),
    ) -> None:
        self._store = store
        self._fetch = fetch
        self._changed = changed
        self._replaced = replaced
        self._expiring = expiring
        self._version = store.version
        self._soon = store.watch(Range("expires", within=notice))

    def once(self) -> bool:
        """Take over the upstream's listing and tell what is new; return whether it was usable."""
        is_usable = True
        try:
            changes = replace(self._store, self._fetch())
            log.info("%d added, %d changed, %d removed", *changes)
        except (httpx.HTTPError, RecordError, Suspicious) as error:
            log.warning("the last good listing stays: %s", error)
            is_usable = False

        self._tell_changes()

        # Asked in every round: an instance comes within the notice by a write or as time passes.
        for record in self._soon.poll().entered:
            self._expiring(record)

        return is_usable

    def _tell_changes(self) -> None:
        try:
            changes = self._store.changes(self._version)
        except HistoryGap:
            snapshot = self._store.snapshot()
            self._replaced(snapshot)
            self._version = snapshot.version
            return

        for change in changes:
            self._changed(change)
        if changes:
            self._version = changes[-1].version


def run(
    once: Callable[[], bool],
    *,
    every: timedelta,
    rounds: Iterable[int] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Call `once` for ever or for some rounds, less often while the upstream is unusable."""
    wait = every
    for _ in count() if rounds is None else rounds:
        wait = every if once() else min(2 * wait, max(every, LONGEST_WAIT))
        sleep(wait.total_seconds())


def main() -> None:
    """Follow an upstream, and log what happens."""
    parser = argparse.ArgumentParser(description="Keep a store in step with an upstream listing.")
    parser.add_argument("upstream", help="the base URL of the upstream")
    parser.add_argument("--every", type=int, default=60, help="seconds between two listings (60)")
    asked = parser.parse_args()

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    with httpx.Client(base_url=asked.upstream, timeout=10) as upstream:
        sync = Sync(
            Store(SCHEMA),
            lambda: listing(upstream),
            changed=lambda change: log.info("%s is now %s", change.key, change.after),
            replaced=lambda records: log.info("all anew: %s", [record["id"] for record in records]),
            expiring=lambda record: log.warning("%s expires: %s", record["id"], record["expires"]),
        )
        run(sync.once, every=timedelta(seconds=asked.every))


if __name__ == "__main__":
    main()
