"""Walks by page number: which pages share one, what moment judges it, who shares none."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from instquery import Contains, Eq, Query, Store
from instquery.apis import airec, bss
from instquery.apis.params import Param
from instquery.apis.walks import Walks
from instquery.asgi import AccessKey, Gate, Keys, create_app

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = datetime(2026, 6, 1, 0, 1, tzinfo=UTC)
BETWEEN = int(NOW.timestamp()) + 30  # seconds, between the two
BILL = bss.query_available_instances


def instance(number):
    return {
        "instanceId": f"i-{number}",
        "name": "db",
        "gmtCreate": f"2026-01-0{number}T00:00:00Z",
        "expiredTime": "2026-06-01T00:00:20Z",
    }


def bill(number):
    return {
        "InstanceID": f"i-{number}",
        "ProductCode": "ecs",
        "OwnerId": "181",
        "CreateTime": f"2026-01-0{number}T00:00:00Z",
    }


class Pages:
    """A store that is walked through, and pages of it as the last characters of IDs."""

    def __init__(
        self, operation=airec.list_instance, schema=airec.SCHEMA, made=instance, **options
    ):
        self.made = made
        self.store = Store(schema, map(made, (1, 2, 3, 4)))
        self.walks = Walks(self.store, **options)
        self.operation = operation
        self.number = next(param.name for param in operation.params if param.role == "number")

    def ask(self, page, params, *, operation=None, **given):
        params = {"size": 2, "PageSize": 2, **params, self.number: page}
        reply = (operation or self.operation)(self.walks, params, **{"now": NOW, **given})
        assert reply.answer is not None, reply
        ids = [item.get("instanceId") or item.get("InstanceID") for item in reply.answer.items]
        return "".join(identity[-1] for identity in ids)

    def add(self):
        self.store.put(self.made(9))


def airec_pages():
    return Pages()


def bss_pages():
    return Pages(BILL, bss.SCHEMA, bill)


def test_the_following_pages_are_those_of_the_first_ones_state():
    pages = airec_pages()
    assert pages.ask(1, {}, walker="ann") == "43"
    pages.add()
    assert [pages.ask(number, {}, walker="ann") for number in (2, 3, 2)] == ["21", "", "21"]
    assert pages.ask(1, {}, walker="ann") == "94"
    assert pages.ask(2, {}, walker="ann") == "32"


def test_a_request_is_judged_by_the_moment_of_its_walk():
    pages = airec_pages()
    params = {"expiredTime": BETWEEN}
    assert pages.ask(1, params, walker="ann") == "43"
    pages.add()
    assert (
        pages.ask(2, params, walker="ann", now=LATER) == "21"
    )  # once refused: must be later than now
    assert pages.ask(2, params, walker="ann", now=NOW) == "21"
    assert airec.list_instance(pages.walks, params, walker="ann", now=LATER).status == 400


def test_the_clock_does_not_judge_the_following_pages():
    moments = iter([NOW, LATER])
    pages = Pages(replace(airec.list_instance, clock=lambda: next(moments)))
    params = {"expiredTime": BETWEEN}
    assert pages.ask(1, params, walker="ann", now=None) == "43"
    assert pages.ask(2, params, walker="ann", now=None) == "21"


def test_a_moment_that_cannot_be_read_is_a_fault_of_ours_in_a_walk_too():
    pages = airec_pages()
    pages.ask(1, {}, walker="ann")
    assert airec.list_instance(pages.walks, {"page": 2}, walker="ann", now="soon").status == 500


SPELLINGS = {
    "absent": (
        airec_pages,
        [{}, {"status": None}, {"status": ""}, {"name": "", "expiredTime": None}],
    ),
    "unknown ones": (airec_pages, [{}, {"RegionId": "cn-beijing", "SignatureNonce": "x"}]),
    "numbers": (airec_pages, [{"size": 2}, {"size": "2"}, {"size": "02"}]),
    "a needle": (airec_pages, [{"instanceId": "-"}, {"instanceId": "-", "name": ""}]),
    "order": (airec_pages, [{"name": "db", "instanceId": "i"}, {"instanceId": "i", "name": "db"}]),
    "unix seconds": (
        airec_pages,
        [
            {"expiredTime": BETWEEN},
            {"expiredTime": str(BETWEEN)},
            {"expiredTime": f"0{BETWEEN}"},
            {"expiredTime": datetime.fromtimestamp(BETWEEN, UTC)},
        ],
    ),
    "a list": (
        bss_pages,
        [{"InstanceIDs": "i-1,i-2,i-3,i-4,i-9"}, {"InstanceIDs": " i-9, i-4, i-3,i-2 ,,i-1,i-1"}],
    ),
    "an owner": (bss_pages, [{"OwnerId": 181}, {"OwnerId": "181"}]),
    "times": (
        bss_pages,
        [
            {"CreateTimeStart": "2026-01-01"},
            {"CreateTimeStart": "2026-01-01T00:00:00Z"},
            {"CreateTimeStart": "2026-01-01T08:00:00+08:00"},
            {"CreateTimeStart": datetime(2026, 1, 1, tzinfo=UTC)},
        ],
    ),
}


@pytest.mark.parametrize("what", SPELLINGS)
def test_however_it_is_spelled_one_request_is_one_walk(what):
    make, spellings = SPELLINGS[what]
    for first in spellings:
        for second in spellings:
            pages = make()
            assert pages.ask(1, first, walker="ann") == "43"
            pages.add()
            assert pages.ask(2, second, walker="ann") == "21", (first, second)


def test_a_default_given_or_left_out_is_one_walk():
    operation = replace(
        airec.list_instance,
        params=tuple(
            replace(param, default=2) if param.role == "size" else param
            for param in airec.list_instance.params
        ),
    )
    for first, second in [(None, "2"), ("2", ""), (2, None)]:
        pages = Pages(operation)
        assert pages.ask(1, {"size": first}, walker="ann") == "43"
        pages.add()
        assert pages.ask(2, {"size": second}, walker="ann") == "21"
    pages = Pages(operation)
    pages.ask("", {}, walker="ann")  # the first page is the default one too
    pages.add()
    assert pages.ask(2, {}, walker="ann") == "21"


@pytest.mark.parametrize(
    ("other", "present"),
    [
        ({"size": 1}, "4"),
        ({"name": "d"}, "32"),
        ({"instanceId": "i"}, "32"),
        ({"expiredTime": BETWEEN}, "32"),
    ],
)
def test_another_request_is_another_walk(other, present):
    pages = airec_pages()
    pages.ask(1, {}, walker="ann")
    pages.add()
    assert pages.ask(2, other, walker="ann") == present
    assert pages.ask(2, {}, walker="ann") == "21"


def test_without_knowing_who_asks_every_page_is_of_the_present_state():
    pages = airec_pages()
    for nobody in ({}, {"walker": None}, {"walker": ""}):
        pages.store.discard("i-9")
        assert pages.ask(1, {}, **nobody) == "43"
        pages.add()
        assert pages.ask(2, {}, **nobody) == "32"
    assert pages.ask(2, {"expiredTime": BETWEEN}) == "32"
    assert (
        airec.list_instance(pages.walks, {"expiredTime": BETWEEN, "page": 2}, now=LATER).status
        == 400
    )


def over_http(app, page, *, address="10.0.0.1", headers=None):
    """Ask for a page over HTTP from an address; return the last characters of its IDs."""

    async def ask():
        client = None if address is None else (address, 5000)
        transport = httpx.ASGITransport(app=app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://airec") as client:
            params = {"size": "2", "page": str(page)}
            return await client.get("/v2/openapi/instances", params=params, headers=headers)

    reply = asyncio.run(ask())
    assert reply.status_code == 200, reply.text
    return "".join(item["instanceId"][-1] for item in reply.json()["result"])


def test_over_http_the_address_is_the_walker():
    pages = airec_pages()
    app = create_app(airec=pages.walks)
    assert over_http(app, 1, address="10.0.0.1") == "43"
    pages.add()
    assert over_http(app, 2, address="10.0.0.2") == "32"
    assert over_http(app, 1, address="10.0.0.2") == "94"
    assert over_http(app, 2, address="10.0.0.1") == "21"
    assert over_http(app, 2, address="10.0.0.2") == "32"


def test_over_http_without_an_address_nobody_is_pinned():
    pages = airec_pages()
    app = create_app(airec=pages.walks)
    assert over_http(app, 1, address=None) == "43"
    pages.add()
    assert over_http(app, 2, address=None) == "32"


def test_over_http_with_keys_the_caller_is_the_walker(monkeypatch):
    """Wherever it asks from; and a caller that is called like an address is no address."""
    pages = airec_pages()
    accounts = {"A": "1001", "B": "1002", "C": "peer 10.0.0.1"[5:], "NOBODY": None}
    keys = Keys({name: AccessKey("s", caller=caller) for name, caller in accounts.items()})
    monkeypatch.setattr(Gate, "admit", lambda _, signed: keys[signed.headers["x-key"]])
    app = create_app(airec=pages.walks, keys=keys)

    def ask(page, key, address):
        return over_http(app, page, address=address, headers={"x-key": key})

    assert ask(1, "A", "10.0.0.1") == "43"
    assert ask(1, "NOBODY", "10.0.0.1") == "43"
    pages.add()
    assert ask(2, "B", "10.0.0.1") == "32"
    assert ask(2, "C", "10.0.0.1") == "32"
    assert ask(2, "A", "10.0.0.7") == "21"
    assert ask(2, "NOBODY", "10.0.0.1") == "21"
    assert ask(2, "NOBODY", "10.0.0.7") == "32"


def test_two_clients_never_share_a_walk():
    pages = airec_pages()
    pages.ask(1, {}, walker="ann")
    pages.add()
    pages.ask(1, {}, walker="bob")
    assert pages.ask(2, {}, walker="ann") == "21"
    assert pages.ask(2, {}, walker="bob") == "32"
    assert pages.ask(2, {}) == "32"


def test_a_walker_and_a_caller_of_one_name_are_two():
    pages = bss_pages()
    pages.ask(1, {}, walker="x")
    pages.add()
    assert pages.ask(2, {}, caller="x") == "32"
    pages.ask(1, {}, caller="x")
    assert pages.ask(2, {}, walker="x") == "21"
    assert pages.ask(2, {}, walker="x", caller="") == "21"  # no caller


def test_callers_with_walkers_of_one_name_are_two():
    pages = bss_pages()
    pages.ask(1, {}, walker="tab 1", caller="181")
    pages.add()
    pages.ask(1, {}, walker="tab 1", caller="182")
    assert pages.ask(2, {}, walker="tab 1", caller="181") == "21"
    assert pages.ask(2, {}, walker="tab 1", caller="182") == "32"
    assert pages.ask(2, {}, walker="tab 2", caller="181") == "32"


def test_callers_that_python_takes_for_equal_are_two():
    pages = bss_pages()
    pages.ask(1, {}, caller=1)
    pages.add()
    assert [pages.ask(2, {}, caller=caller) for caller in (1, True, 1.0, "1")] == [
        "21",
        "32",
        "32",
        "32",
    ]


@pytest.mark.parametrize("walker", [1, 0, True, b"ann", ["ann"], UUID(int=1)])
def test_a_walker_that_is_no_text_is_the_hosts_mistake(walker):
    for store in (airec_pages().walks, Store(airec.SCHEMA)):
        with pytest.raises(TypeError, match=r"walker must be text, not .*: give str"):
            airec.list_instance(store, {}, walker=walker)


def test_operations_of_one_name_and_of_several_versions_are_several():
    pages = airec_pages()
    older = replace(airec.list_instance, version="2018-10-12")
    other = replace(airec.list_instance, name="ListOthers")
    pages.ask(1, {}, walker="ann")
    pages.add()
    for operation in (older, other):
        assert pages.ask(2, {}, walker="ann", operation=operation) == "32"
        pages.ask(1, {}, walker="ann", operation=operation)
    assert pages.ask(2, {}, walker="ann") == "21"


def test_walks_over_several_stores_are_several():
    one, other = airec_pages(), airec_pages()
    one.ask(1, {}, walker="ann")
    other.store.replace_all([instance(7), instance(8), instance(9)])
    assert other.ask(2, {}, walker="ann") == "7"
    other.ask(1, {}, walker="ann")
    one.add()
    assert one.ask(2, {}, walker="ann") == "21"


WRONG = {
    "status": {"status": "gone"},
    "size": {"size": 0},
    "expiredTime": {"expiredTime": BETWEEN - 30},
    "name": {"name": [10**5000]},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_request_that_is_refused_neither_begins_a_walk_nor_ends_one(name):
    pages = Pages(count=1)
    pages.ask(1, {}, walker="ann")
    pages.add()
    for page, named in [(1, name), (2, name), ("x", "page")]:
        params = {**WRONG[name], "page": page}
        reply = airec.list_instance(pages.walks, params, walker="ann", now=NOW)
        assert reply.status == 400
        assert f" {named} " in reply.body["message"]
    assert pages.ask(2, {}, walker="ann") == "21"


def test_a_walk_that_has_ended_goes_on_in_the_present_state():
    seconds = [0.0]
    pages = Pages(count=2, age=60, clock=lambda: seconds[0])
    for walker in "abc":
        pages.ask(1, {}, walker=walker)
    pages.add()
    assert [pages.ask(2, {}, walker=walker) for walker in "abc"] == ["32", "21", "21"]
    seconds[0] = 61
    assert pages.ask(2, {}, walker="c") == "32"


def test_params_of_a_users_own_name_walks_too():
    """Whatever `read` and `value` do: by default a value is what it is spelled as."""
    moments = []

    def read(value, now):
        moments.append(now)
        return Contains("name", "d") if isinstance(value, list) else Eq("name", "db")

    operation = replace(
        airec.list_instance,
        params=(*airec.list_instance.params, Param("own", "filter", read, "own")),
    )
    pages = Pages(operation)
    pages.ask(1, {"own": ["a"]}, walker="ann")
    pages.ask(1, {"own": 5}, walker="ann")
    pages.add()
    assert pages.ask(2, {"own": ["a"]}, walker="ann", now=LATER) == "21"
    assert pages.ask(2, {"own": "5"}, walker="ann", now=LATER) == "21"
    assert pages.ask(2, {"own": ["b"]}, walker="ann") == "32"
    assert pages.ask(2, {"own": 6}, walker="ann") == "32"
    assert len(set(moments)) == 1


def test_an_operation_without_page_numbers_is_never_pinned():
    params = tuple(param for param in airec.list_instance.params if param.role != "number")
    operation = replace(airec.list_instance, params=params)
    pages = airec_pages()
    assert pages.ask(1, {}, walker="ann", operation=operation) == "43"
    pages.add()
    assert pages.ask(1, {}, walker="ann", operation=operation) == "94"


def test_what_is_held_is_told_with_the_walks_that_have_not_ended():
    now = [0.0]
    pages = Pages(clock=lambda: now[0], age=60)
    assert pages.store.page(Query(limit=1)).cursor  # a lease of the store
    pages.ask(1, {}, walker="ann")
    pages.ask(1, {}, walker="bob")
    assert pages.walks.holdings.leases == 3
    now[0] = 61.0
    assert pages.walks.holdings.leases == 1


def test_a_live_page_stays_one():
    pages = airec_pages()
    seen, real = [], pages.store.prepare

    class Seen:
        snapshot = pages.store.snapshot

        def prepare(self, query, cursor=None, *, live=False):
            seen.append(live)
            return real(query, cursor, live=live)

    for live in (True, False):
        Walks(Seen()).prepare(Query(limit=1), live=live)
    assert seen == [True, False]
