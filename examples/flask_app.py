"""An inventory behind Flask: filters from a table, numbered pages, cursors, counts by value.

Run it from a checkout with the extra `dev`, or where instquery and flask are installed:

    python -m flask --app examples/flask_app.py run

Then ask it:

    curl 'localhost:5000/instances?status=Running&status=Starting&name=prod&page=2&size=10'
    curl 'localhost:5000/instances?expires_within_days=7'
    curl 'localhost:5000/instances/count?by=status&region=cn-beijing'
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from flask import Flask, request
from werkzeug.datastructures import MultiDict

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


def whole(name: str, given: str, most: int) -> int:
    """Read a number from 1 to `most`.

    Raises `QueryError`, as the engine does, so that the reply is the same.
    """
    if not (given.isascii() and given.isdecimal() and len(given) < 20 and 1 <= int(given) <= most):
        raise QueryError(f"must be an integer from 1 to {most}", field=name)
    return int(given)


def within_days(given: str) -> Predicate:
    """Count a window from now: the engine reads the clock, and a cursor keeps what it said."""
    days = whole("expires_within_days", given, most=3650)
    return Range("expires", within=timedelta(days=days))


# A filter is a row here: its parameter, and what it means. One that may be given more than once
# takes all values; of the others the last one counts.
MANY: dict[str, Callable[[list[str]], Predicate]] = {
    "status": lambda given: In("status", given),
    "region": lambda given: In("region", given),
}
ONE: dict[str, Callable[[str], Predicate]] = {
    "name": lambda given: Contains("name", given),
    "created_since": lambda given: Range("created", since=given),
    "expires_within_days": within_days,
}


def where(args: MultiDict[str, str], *others: str) -> list[Predicate]:
    """Return the filters of a request, all of which must hold; `others` are the other parameters.

    Their sequence means nothing, to a cursor neither. An unknown parameter is a `QueryError`: a
    filter with a typo must not list everything. An empty value is as if absent: forms send those.
    """
    unknown = args.keys() - MANY.keys() - ONE.keys() - set(others)
    if unknown:
        raise QueryError("is no parameter of this page", field=min(unknown))

    given = {name: [value for value in args.getlist(name) if value] for name in args}
    many = [make(given[name]) for name, make in MANY.items() if given.get(name)]
    one = [make(given[name][-1]) for name, make in ONE.items() if given.get(name)]
    return many + one


def create_app(store: Store) -> Flask:
    """Return the application that serves a store."""
    app = Flask(__name__)

    # What the engine refuses is the caller's mistake. Its other errors, such as a full disk under a
    # durable store, are not: they stay 500.

    @app.errorhandler(QueryError)
    @app.errorhandler(CursorInvalid)
    def refuse(error: QueryError | CursorInvalid) -> tuple[dict[str, str], int]:
        return {"error": str(error)}, 400

    @app.errorhandler(CursorExpired)
    def expire(error: CursorExpired) -> tuple[dict[str, str], int]:
        return {"error": f"{error}: begin again without a cursor"}, 410

    @app.get("/instances")
    def list_instances() -> Record:
        """Answer one page, by its number or by the cursor that another page gave as `next`.

        Numbers are for people: what is written meanwhile shifts the pages that follow. Cursors are
        for programs: a walk sees the records of its first page's moment, each once.
        """
        args = request.args
        size = whole("size", args.get("size", "20"), most=200)
        number = whole("page", args.get("page", "1"), most=1_000_000)

        filters = where(args, "page", "size", "cursor")
        query = Query(filters, offset=(number - 1) * size, limit=size)
        page = store.page(query, args.get("cursor"))

        total = page.total or 0
        pages = -(-total // size)
        return {"items": page.items, "total": total, "pages": pages, "next": page.cursor}

    @app.get("/instances/count")
    def count_instances() -> Record:
        """Count the matches by value of a field, most frequent first: a sidebar of filters."""
        by = request.args.get("by", "status")
        counts = store.facets(by, where(request.args, "by"))
        return {"counts": [{"value": value, "count": count} for value, count in counts.items()]}

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
