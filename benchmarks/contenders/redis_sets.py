"""Redis, without modules: sorted sets in answer order, and sorted sets of instants.

It answers keywords, keys and one range. Text needs RediSearch, which is no part of Redis 7.
"""

import atexit
import json
import subprocess
from pathlib import Path
from shutil import rmtree, which
from tempfile import mkdtemp
from time import sleep
from typing import Any

import redis

from benchmarks.contenders.table import Table, Unanswered, bound
from instquery import Contains, Eq, In, Page, Query
from instquery.ranges import Interval

__all__ = ["Redis"]

_PIPELINE = 10_000


class Redis:
    """A server of its own behind a socket file; each row is JSON under its place."""

    def __init__(self, table: Table) -> None:
        if which("redis-server") is None:
            raise FileNotFoundError("redis-server")
        self._schema = table.schema
        self._folder = Path(mkdtemp(prefix="instquery-redis-"))
        socket = self._folder / "socket"
        command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", ""]
        command += ["--dir", str(self._folder), "--logfile", str(self._folder / "log")]
        self._server = subprocess.Popen(command)  # noqa: S603
        atexit.register(self.close)
        self._db = redis.Redis(unix_socket_path=str(socket))
        while not socket.exists():
            sleep(0.01)
        self._fill(table)

    def _fill(self, table: Table) -> None:
        found, key = table.columns, self._schema.key
        fields = self._schema.fields
        keywords = [name for name in fields if fields[name].kind == "keyword" and name != key]
        instants = [name for name in fields if fields[name].kind == "instant"]
        instants = [name for name in instants if fields[name].indexed]
        pipeline: Any = self._db.pipeline(transaction=False)
        for place, row in enumerate(table.rows):
            pipeline.hset("rows", str(place), json.dumps(row))
            pipeline.hset("keys", row[key], place)
            pipeline.zadd("all", {str(place): place})
            for name in keywords:
                if found[name][place] is not None:
                    pipeline.zadd(f"{name}={found[name][place]}", {str(place): place})
            for name in instants:
                if (micros := found[name + "_us"][place]) is not None:
                    pipeline.zadd(f"{name}@", {str(place): micros})
            if place % _PIPELINE == 0:
                pipeline.execute()
        pipeline.execute()

    def page(self, query: Query) -> Page:
        """Intersect sorted sets on the server, or read one of them."""
        where = bound(self._schema, query)
        if any(isinstance(predicate, Contains) for predicate in where):
            raise Unanswered
        if not where:
            return self._read("all", query)
        if len(where) == 1 and isinstance(where[0], In):
            return self._named(where[0], query)
        sets = [f"{one.field}={one.value}" for one in where if isinstance(one, Eq)]
        ranges = [one for one in where if isinstance(one, Interval)]
        if len(sets) + len(ranges) != len(where) or len(ranges) > 1:
            raise Unanswered
        if not ranges and len(sets) == 1:
            return self._read(sets[0], query)
        return self._intersected(sets, ranges, query)

    def _intersected(self, sets: list[str], ranges: list[Interval], query: Query) -> Page:
        """Store what lies in a range as a set, and intersect it; both in one transaction."""
        db: Any = self._db.pipeline()
        for one in ranges:
            db.zrangestore("range", f"{one.field}@", one.low, one.high, byscore=True)
            sets = [*sets, "range"]
        # The scores are places, but those of a range: "all" has the places, and counts alone.
        db.zinterstore("found", {"all": 1} | dict.fromkeys(sets, 0))
        db.zcard("found")
        db.zrange("found", *self._span(query))
        *_, total, places = db.execute()
        return self._page(places, total, query)

    def _read(self, name: str, query: Query) -> Page:
        db: Any = self._db.pipeline(transaction=False)
        db.zcard(name)
        db.zrange(name, *self._span(query))
        total, places = db.execute()
        return self._page(places, total, query)

    def _named(self, predicate: In, query: Query) -> Page:
        found: Any = self._db.hmget("keys", list(map(str, predicate.values)))
        places = sorted(int(place) for place in found if place is not None)
        part = places[query.offset : query.offset + query.limit]
        return self._page(part, len(places), query)

    def _span(self, query: Query) -> tuple[int, int]:
        offset = min(query.offset, 1 << 40)
        return offset, offset + query.limit - 1

    def _page(self, places: list[Any], total: int, query: Query) -> Page:
        rows: Any = self._db.hmget("rows", places) if places and query.limit else []
        items = [json.loads(row) for row in rows]
        return Page(items, total if query.total else None)

    def close(self) -> None:
        """End the server, and remove what it has left."""
        if self._server.poll() is None:
            self._server.terminate()
            self._server.wait()
        rmtree(self._folder, ignore_errors=True)

    def __del__(self) -> None:
        self.close()
