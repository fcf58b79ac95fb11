"""An inventory behind FastAPI: typed filters, exact totals, cursor paging, writes.

Run it from a checkout with the extra `dev`, or where instquery, fastapi and uvicorn are installed:

    python -m uvicorn --app-dir examples fastapi_app:app

Then ask it:

    curl 'localhost:8000/instances?status=Running&status=Starting&name=prod&limit=10'
    curl 'localhost:8000/instances?expires_within_days=7'
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import fastapi
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from instquery import (
    Contains,
    CursorExpired,
    CursorInvalid,
    In,
    Order,
    Predicate,
    Query,
    QueryError,
    Range,
    Record,
    RecordError,
    Schema,
    Store,
    instant,
    keyword,
    text,
)

SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": text(),
        "name": text(),
        "status": keyword(),
        "region": keyword(),
        "created": instant(),
        "expires": instant(),
    },
)

# What the engine refuses is the caller's mistake. Its other errors, such as a full disk under a
# durable store, are not: they stay 500.
STATUS = {CursorExpired: 410, CursorInvalid: 400, QueryError: 400, RecordError: 400}


class Asked(BaseModel, extra="forbid"):
    """The parameters of a listing.

    An unknown one is refused: a filter with a typo must not list everything.
    """

    status: list[str] = []
    region: list[str] = []
    name: str | None = None
    created_since: str | None = None
    expires_within_days: int | None = Field(None, ge=1, le=3650)
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None

    def where(self) -> list[Predicate]:
        """Return the filters, all of which must hold.

        Their sequence means nothing, to a cursor neither.
        """
        where: list[Predicate] = []

        if self.status:
            where.append(In("status", self.status))
        if self.region:
            where.append(In("region", self.region))
        if self.name:
            where.append(Contains("name", self.name))
        if self.created_since:
            where.append(Range("created", since=self.created_since))
        if self.expires_within_days:
            # Counted from now, not from a moment computed here: so it is the same query on page 2,
            # whose cursor keeps the now of page 1.
            where.append(Range("expires", within=timedelta(days=self.expires_within_days)))

        return where


class Listing(BaseModel):
    """A page: its items, the exact number of all matches, and the cursor of the next page."""

    items: list[Record]
    total: int | None
    next: str | None


def refusal(status: int) -> Callable[[Request, Exception], JSONResponse]:
    """Return a handler that hands on the engine's text, which names the culprit and the cure."""

    def refuse(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status)

    return refuse


def create_app(store: Store) -> FastAPI:
    """Return the application that serves a store."""
    app = FastAPI(title="Instances")

    for kind, status in STATUS.items():
        app.add_exception_handler(kind, refusal(status))

    # A read takes microseconds and does no I/O, so it may run in the event loop. With a store on a
    # database, declare these functions with `def`: FastAPI then runs them in threads.

    @app.get("/instances")
    async def list_instances(asked: Annotated[Asked, fastapi.Query()]) -> Listing:
        """List the newest first. With a `cursor`, repeat the other parameters as they were."""
        page = store.page(Query(asked.where(), limit=asked.limit), asked.cursor)
        return Listing(items=page.items, total=page.total, next=page.cursor)

    @app.get("/instances/{key}")
    async def get_instance(key: str) -> Record:
        """Return one instance."""
        record = store.get(key)
        if record is None:
            raise HTTPException(404, f"there is no instance {key}")
        return record

    @app.put("/instances/{key}", status_code=204)
    def put_instance(key: str, members: dict[str, Any]) -> None:
        """Add an instance, or replace it; the path says which.

        A write may wait for another one, so this runs in a thread.
        """
        store.put({**members, "id": key})

    return app


def samples(count: int) -> Iterator[Record]:
    """Make instances that expire one after the other, a day apart."""
    today = datetime.now(UTC).replace(microsecond=0)

    for number in range(1, count + 1):
        yield {
            "id": f"i-{number:04}",
            "name": f"{'test' if number % 3 == 0 else 'prod'}-{number}",
            "status": "Running" if number % 4 else "Stopped",
            "region": "cn-hangzhou" if number % 2 else "cn-beijing",
            "created": (today - timedelta(days=number)).isoformat(),
            "expires": (today + timedelta(days=number)).isoformat(),
        }


app = create_app(Store(SCHEMA, samples(500)))
