"""An inventory behind Django, in one file: filters from a table, cursors that several workers know.

Run it from a checkout with the extra `dev`, or where instquery and django are installed:

    python examples/django_app.py runserver

Then ask it:

    curl 'localhost:8000/instances?status=Running,Starting&name=prod&limit=10'
    curl 'localhost:8000/instances?expires_within_days=7'
"""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import path
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_GET

from instquery import (
    Contains,
    CursorExpired,
    CursorInvalid,
    In,
    Leases,
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

if not settings.configured:  # in a project of several files these are in its settings
    settings.configure(
        SECRET_KEY=os.environ.get("SECRET_KEY", "for this example alone"),
        ALLOWED_HOSTS=["localhost", "127.0.0.1", "testserver"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[f"{__name__}.Refusals"],
        USE_TZ=True,
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


def new_store() -> Store:
    """Make the store of one worker.

    Every worker process has a copy of its own. They share the key that signs cursors, so that each
    knows the cursors of the others. A walk's state is kept for ten minutes, for 100 walks at most.
    """
    cursor_key = salted_hmac("instquery.cursors", "", algorithm="sha256").digest()
    return Store(SCHEMA, samples(500), cursor_key=cursor_key, leases=Leases(count=100, age=600))


store = new_store()


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


FILTERS: dict[str, Callable[[str], Predicate]] = {
    "status": lambda given: In("status", given.split(",")),
    "region": lambda given: In("region", given.split(",")),
    "name": lambda given: Contains("name", given),
    "created_since": lambda given: Range("created", since=given),
    "expires_within_days": within_days,
}
OTHERS = {"limit", "cursor", "live"}


def where(params: QueryDict) -> list[Predicate]:
    """Return the filters of a request, all of which must hold.

    Their sequence means nothing, to a cursor neither. An unknown parameter is a `QueryError`: a
    filter with a typo must not list everything. An empty value is as if absent: forms send those.
    """
    unknown = params.keys() - FILTERS.keys() - OTHERS
    if unknown:
        raise QueryError("is no parameter of this page", field=min(unknown))

    return [make(given) for name, make in FILTERS.items() if (given := params.get(name))]


@require_GET
def list_instances(request: HttpRequest) -> JsonResponse:
    """Answer one page.

    A cursor whose state is not kept in this process is expired, which is 410: it is too old, or
    another worker gave it. With `live=1` the walk then goes on from the same place in the present
    records. It repeats none, and may miss what was written since.
    """
    params = request.GET
    limit = whole("limit", params.get("limit", "50"), most=200)

    query = Query(where(params), limit=limit)
    page = store.page(query, params.get("cursor"), live=params.get("live") == "1")

    return JsonResponse({"items": page.items, "total": page.total, "next": page.cursor})


class Refusals:
    """Middleware that turns what the engine refuses into a reply.

    Other errors of the engine, such as a full disk under a durable store, are no fault of the
    caller: they stay 500.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand the request on."""
        return self.get_response(request)

    def process_exception(self, _: HttpRequest, error: Exception) -> JsonResponse | None:
        """Say what was wrong: the engine's texts name the culprit and the cure."""
        if isinstance(error, CursorExpired):
            return JsonResponse({"error": f"{error}: begin again without a cursor"}, status=410)
        if isinstance(error, QueryError | CursorInvalid):
            return JsonResponse({"error": str(error)}, status=400)
        return None


urlpatterns = [path("instances", list_instances)]

application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
