"""Any operation served: found by path, method, action and version, and refused in its own form."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID
from xml.etree import ElementTree as ET

import httpx
import pytest
import sqlalchemy as sa

from instquery import (
    In,
    InstqueryError,
    Order,
    Schema,
    SchemaError,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.apis import airec, airec2018, bss, ecs, tablestore
from instquery.apis.catalog import CATALOG
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.markup import xml_writer
from instquery.apis.operation import Operation, Refusal
from instquery.apis.params import (
    contains,
    exact,
    page_number,
    page_size,
    page_token,
    repeated,
)
from instquery.apis.walks import Walks
from instquery.asgi import AccessKey, Keys, Served, create_app
from instquery.sql import SqlStore
from instquery.testing import Double

SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={"id": text(), "name": text(), "region": keyword(), "created": instant()},
)
LIST = Operation(
    name="ListThings",
    version="v1",
    schema=SCHEMA,
    params=(
        exact("region"),
        exact("id"),
        contains("name"),
        page_number("page"),
        page_size("size", default=2, most=10),
    ),
    envelope=Envelope(
        members=("id", "name", "region", "created"),
        times=frozenset({"created"}),
        timespec="seconds",
        success=lambda answer: {"things": answer.items, "total": answer.total},
        failure=lambda refused: {
            "error": {"status": refused.status, "reason": refused.code, "about": refused.parameter}
        },
    ),
    errors={"Bad": Fault("{parameter} {reason}", 422), "Ours": Fault("ours", 500)},
    invalid="Bad",
    internal="Ours",
)
TAGGED = replace(LIST, params=(repeated("Tag", most=5, read=lambda items, now: ()),))
PATH = "/v1/regions/{region}/things"


def store(count=3, region="north"):
    return Store(
        SCHEMA,
        [
            {"id": f"i-{n}", "name": f"n{n}", "region": region, "created": f"2026-01-0{n}"}
            for n in range(1, count + 1)
        ],
    )


def in_version(version, operation=LIST, **parts):
    return replace(operation, version=version, **parts)


def ask(app, url, method="GET", **given):
    async def answer():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, url, **given)

    return asyncio.run(answer())


def ids(reply):
    assert reply.status_code == 200, reply.text
    return [thing["id"] for thing in reply.json()["things"]]


# found by path


def test_a_name_in_a_path_is_a_parameter_and_decides():
    app = create_app(Served(LIST, store(), path=PATH))
    assert ids(ask(app, "/v1/regions/north/things")) == ["i-3", "i-2"]
    assert ids(ask(app, "/v1/regions/south/things")) == []
    assert ids(ask(app, "/v1/regions/south/things?region=north")) == []
    assert ids(ask(app, "/v1/regions/north/things?region=south&size=1&page=2")) == ["i-2"]
    assert ids(ask(app, "/v1/regions/north/things", "POST", data={"region": "south"})) != []


@pytest.mark.parametrize("segment", ["%E5%8C%97", "a b", "a%2Bb", "{region}", "..."])
def test_a_segment_is_decoded_once(segment):
    wanted = httpx.URL(f"http://x/{segment}").path[1:]
    held = store(region=wanted)
    app = create_app(Served(LIST, held, path=PATH))
    assert ids(ask(app, f"/v1/regions/{segment}/things")) == ["i-3", "i-2"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/regions//things",
        "/v1/regions/north/things/",
        "/v1/regions/north",
        "/v1/regions/north/east/things",
        "/v1/regions/north%2Feast/things",
        "/v1/Regions/north/things",
        "/v1/regions/{region}",
        "//v1/regions/north/things",
    ],
)
def test_what_is_not_of_the_paths_shape_is_not_found(path):
    reply = ask(create_app(Served(LIST, store(), path=PATH)), f"http://x{path}")
    assert (reply.status_code, reply.json()["Code"]) == (404, "InvalidApi.NotFound")


def test_the_path_that_is_literal_for_longer_goes_first():
    places = ("/v1/{region}/{id}", "/v1/{region}/all", "/v1/north/{id}", "/v1/north/all")
    for order in (places, places[::-1]):
        served = [
            Served(in_version(f"v{n}"), store(n + 1), path=place)
            for n, place in enumerate(places)
            if place in order
        ]
        app = create_app(*(served if order is places else served[::-1]))
        assert ask(app, "/v1/north/all").json()["total"] == 4
        assert ask(app, "/v1/north/i-1").json()["total"] == 1
        assert ask(app, "/v1/south/all").json()["total"] == 0
        assert ask(app, "/v1/north/i-1?region=west").json()["total"] == 0  # not of that path


def test_operations_of_one_path_are_told_apart_by_method():
    both = create_app(
        Served(LIST, store(1), path="/v1/things"),
        Served(LIST, store(2), path="/v1/things", method="POST"),
    )
    assert ask(both, "/v1/things").json()["total"] == 1
    assert ask(both, "/v1/things", "POST").json()["total"] == 2
    one = create_app(Served(LIST, store(1), path="/v1/things"))
    assert ask(one, "/v1/things", "POST").json()["total"] == 1


@pytest.mark.parametrize("path", ["/v1/things", PATH])
def test_operations_of_one_path_are_told_apart_by_version(path):
    app = create_app(
        Served(in_version("v1"), store(1), path=path), Served(in_version("v2"), store(2), path=path)
    )
    url = path.format(region="north")
    for given, total in [
        ({}, 1),
        ({"params": {"Version": "v1"}}, 1),
        ({"params": {"Version": "v2"}}, 2),
        ({"headers": {"x-acs-version": "v2"}}, 2),
        ({"headers": {"x-acs-version": "v2"}, "params": {"Version": "v1"}}, 2),
    ]:
        assert ask(app, url, **given).json()["total"] == total
    reply = ask(app, url, params={"Version": "v3"})
    assert (reply.status_code, reply.json()["error"]["reason"]) == (404, "InvalidApi.NotFound")


def test_the_version_of_a_path_that_leads_to_one_operation_does_not_count():
    app = create_app(Served(LIST, store(1), path="/v1/things"))
    assert ask(app, "/v1/things?Version=v9").json()["total"] == 1


# found by action


def test_operations_of_one_action_are_told_apart_by_version():
    app = create_app(Served(in_version("v1"), store(1)), Served(in_version("v2"), store(2)))
    action = {"Action": "ListThings"}
    assert ask(app, "/", params=action).json()["total"] == 1
    assert ask(app, "/", params={**action, "Version": "v1"}).json()["total"] == 1
    assert ask(app, "/", "POST", data={**action, "Version": "v2"}).json()["total"] == 2
    headers = {"x-acs-action": "listThings", "x-acs-version": "v2"}
    assert ask(app, "/", "POST", headers=headers).json()["total"] == 2
    for version in ("v3", "V1", "v1 "):
        reply = ask(app, "/", params={**action, "Version": version})
        assert reply.status_code == 400
        assert reply.json()["error"]["reason"] == "InvalidAction.NotFound"


def test_the_action_of_one_operation_is_found_in_its_version_alone():
    app = create_app(bss=Store(bss.SCHEMA))
    url = "/?Action=QueryAvailableInstances&Version="
    assert ask(app, url + "2017-12-14").status_code == 200
    reply = ask(app, url + "2014-05-26")
    assert reply.json()["Code"] == reply.json()["code"] == "InvalidAction.NotFound"
    assert "2017-12-14" in reply.json()["Message"]


@pytest.mark.parametrize(
    "served",
    [
        lambda: (Served(LIST, store()), Served(LIST, store())),
        lambda: (Served(LIST, store(), path="/a"), Served(LIST, store(), path="/a")),
        lambda: (
            Served(LIST, store(), path="/{id}"),
            Served(LIST, store(), path="/{region}"),
        ),
    ],
)
def test_operations_that_no_request_tells_apart_are_refused(served):
    with pytest.raises(InstqueryError, match="two APIs are found by"):
        create_app(*served())


# what cannot be served


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Served("x", store()), "operation must be an Operation"),
        (lambda: Served(LIST, 5), "store must be a store with the records of ListThings, not 5"),
        (lambda: Served(LIST, Store(airec.SCHEMA)), "asks for records by id, and this store"),
        (
            lambda: Served(ecs.describe_instances, Store(airec2018.SCHEMA)),
            "store: DescribeInstances cannot ask this store by ZoneId: it asks for ZoneId with Eq",
        ),
        (lambda: Served(TAGGED, store(), path="/{Tag}"), "{Tag} comes in several parts"),
        (lambda: Served(LIST, store(), path="v1"), "path: must begin with /"),
        (lambda: Served(LIST, store(), path="/{colour}"), "{colour} is no parameter of ListThings"),
        (lambda: Served(LIST, store(), path="/{id}/{id}"), "{id} stands twice"),
        (lambda: Served(LIST, store(), path="/v{id}"), "takes a whole segment"),
        (lambda: Served(LIST, store(), path="/{}"), "takes a whole segment"),
        (lambda: Served(LIST, store(), method="PUT"), "must be GET or POST"),
        (lambda: Served(LIST, store(), facts={"x": 1}), "asks for no fact x: it asks for none"),
        (lambda: Served(LIST, store(), walker=5), "walker must be a function"),
        (lambda: create_app(Served(LIST, store(), path="/healthz")), "application's own"),
        (
            lambda: create_app(
                Served(bss.query_available_instances, Store(bss.SCHEMA), facts={"products": "x"})
            ),
            "products must be a collection",
        ),
        (lambda: Double(store()), "Served(operation, store)"),
    ],
)
def test_what_cannot_be_served_is_refused_when_it_is_given(make, told):
    with pytest.raises(InstqueryError) as caught:
        make()
    assert told in str(caught.value)


def test_stores_alone_do_not_stand_beside_served_ones():
    with pytest.raises(TypeError, match="given by name"):
        create_app(Served(LIST, store()), Store(airec.SCHEMA))
    app = create_app(Served(LIST, store()), airec=Store(airec.SCHEMA))
    assert ask(app, "/v2/openapi/instances").status_code == 200
    assert ask(app, "/?Action=ListThings").status_code == 200


# how it looks


def test_a_failure_looks_as_the_operation_says():
    app = create_app(Served(LIST, store(), path="/v1/things"))
    reply = ask(app, "/v1/things?size=x")
    assert reply.status_code == 422
    assert reply.json() == {"error": {"status": 422, "reason": "Bad", "about": "size"}}
    reply = ask(app, "/v1/things?" + "&".join(f"p{n}=1" for n in range(1001)))
    assert reply.json() == {"error": {"status": 400, "reason": "InvalidParameter", "about": None}}
    reply = ask(app, "/v1/things", "DELETE")
    assert (reply.status_code, set(reply.json())) == (405, {"error"})
    reply = ask(create_app(Served(LIST, store()), keys=Keys({})), "/")
    assert (reply.status_code, set(reply.json())) == (403, {"error"})


def test_the_refusals_of_actions_have_the_form_of_all_of_them():
    both = create_app(Served(LIST, store()), bss=Store(bss.SCHEMA))
    assert ask(both, "/?Action=Gone").json()["Code"] == "InvalidAction.NotFound"
    own = create_app(Served(LIST, store()))
    assert ask(own, "/?Action=Gone").json()["error"]["reason"] == "InvalidAction.NotFound"
    assert ask(own, "/gone").json()["code"] == "InvalidApi.NotFound"


def test_both_casings_are_of_those_that_say_so():
    own = replace(tablestore.list_instances.envelope, both_casings=False)
    operation = replace(tablestore.list_instances, envelope=own)
    plain = create_app(Served(operation, Store(tablestore.SCHEMA), path="/a"))
    both = create_app(airec=Store(airec.SCHEMA))
    body = ask(plain, "/a?MaxResults=x").json()
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    body = ask(both, "/v2/openapi/instances?size=x").json()
    assert body["Code"] == body["code"] == "ValidationError"


def in_xml(write=None, **parts):
    envelope = replace(
        LIST.envelope,
        write=write or xml_writer("Reply"),
        content_type="application/xml;charset=utf-8",
        success=lambda answer: {"Things": {"Thing": answer.items}, "Total": answer.total},
    )
    return replace(LIST, envelope=envelope, **parts)


def test_bodies_are_written_by_the_operation():
    held = store(2)
    held.put({"id": "<&>", "name": "推荐\x00\r", "created": "2026-02-01"})
    app = create_app(Served(in_xml(), held, path="/v1/things"))
    reply = ask(app, "/v1/things?size=3")
    assert reply.headers["content-type"] == "application/xml;charset=utf-8"
    tree = ET.fromstring(reply.content)  # noqa: S314 - our own
    assert [thing.findtext("id") for thing in tree.iter("Thing")] == ["<&>", "i-2", "i-1"]
    assert next(tree.iter("name")).text == "推荐\ufffd\r"
    assert tree.findtext("Total") == "3"
    reply = ask(app, "/v1/things?size=x")
    assert (reply.status_code, reply.headers["content-type"][:15]) == (422, "application/xml")
    assert ET.fromstring(reply.content).findtext("error/reason") == "Bad"  # noqa: S314
    reply = ask(app, "/v1/things", "DELETE")
    assert ET.fromstring(reply.content).findtext("error/status") == "405"  # noqa: S314


@pytest.mark.parametrize("write", [lambda body: "text", lambda body: 1 / 0])
def test_a_writer_that_fails_is_a_fault_of_ours(write, caplog):
    app = create_app(Served(in_xml(write), store(), path="/v1/things"))
    reply = ask(app, "/v1/things")
    assert (reply.status_code, reply.json()["Code"]) == (500, "InternalError")
    assert reply.headers["content-type"] == "application/json;charset=utf-8"
    assert caplog.records[0].exc_info


# facts and walkers


def tenants(asked):
    if asked.host.get("tenant") != asked.values.get("region"):
        raise Refusal("Bad", "region", "is somebody else's")
    return ()


def test_each_has_facts_of_its_own():
    operation = replace(LIST, host=("tenant", "caller"), rules=(tenants,))
    facts = {"tenant": "north"}
    app = create_app(
        Served(operation, store(), path="/a", facts=facts),
        Served(operation, store(), path="/b", facts={"tenant": "south"}),
    )
    assert ask(app, "/a?region=north").status_code == 200
    assert ask(app, "/b?region=north").status_code == 422
    facts["tenant"] = "south"  # which counts from the next request on
    assert ask(app, "/a?region=north").status_code == 422


def test_facts_of_the_application_are_shared_and_ones_own_count_before_them():
    held = Store(bss.SCHEMA, [{"InstanceID": "a", "ProductCode": "ecs"}])
    operation = bss.query_available_instances
    app = create_app(
        Served(operation, held, path="/a"),
        Served(operation, held, path="/b", facts={"products": {"rds"}}),
        products={"ecs"},
    )
    assert ask(app, "/a?ProductCode=ecs").status_code == 200
    assert ask(app, "/b?ProductCode=ecs").json()["Code"] == "ProductNotFind"
    app.state.facts.replace(products={"slb"})
    assert ask(app, "/a?ProductCode=ecs").json()["Code"] == "ProductNotFind"


def test_the_walker_is_told_by_the_headers():
    held = store(4)
    served = Served(LIST, Walks(held), path="/a", walker=lambda headers: headers.get("x-user"))
    app = create_app(served)

    def page(number, user):
        return ids(ask(app, f"/a?page={number}", headers={"X-User": user} if user else {}))

    assert page(1, "ann") == page(1, "bob") == ["i-4", "i-3"]
    held.put({"id": "i-9", "created": "2026-03-01"})
    assert page(2, "ann") == ["i-2", "i-1"]
    assert page(1, "bob") == ["i-9", "i-4"]
    assert page(2, "bob") == ["i-3", "i-2"]
    assert page(2, "ann") == ["i-2", "i-1"]
    assert page(2, None) == ["i-3", "i-2"]  # nobody is known: nothing is pinned


def test_two_callers_share_no_walk_whatever_their_headers_say():
    served = Served(LIST, Walks(store()), path="/a", walker="all")
    assert served.walks_as({}, None, "peer x") == "all"
    assert len({served.walks_as({}, caller, None) for caller in ("a", "b", None)}) == 3
    plain = Served(LIST, Walks(store()), path="/a")
    assert plain.walks_as({}, "a", "peer x") == "a"
    assert plain.walks_as({}, None, "peer x") == "peer x"


# values


def test_a_reply_has_every_value_that_a_record_may_hold():
    held = {
        "whole": Decimal("2.0"),
        "part": Decimal("0.50"),
        "huge": Decimal("1E+400"),
        "set": {2, 1},
        "unlike": frozenset({"a", 1}),
        "bytes": b"a",
        "time": datetime(2026, 1, 1, tzinfo=UTC),
        "date": date(2026, 1, 1),
        "id": UUID(int=1),
        "half": "\ud800",
        "tuple": (1, 2),
    }
    schema = Schema(key="id", fields={"id": text(), "held": stored()})
    envelope = replace(LIST.envelope, members=("id", "held"), times=frozenset())
    params = (page_size("size", default=2, most=10),)
    operation = replace(LIST, schema=schema, params=params, envelope=envelope)
    for half in ("\ud800", "x"):  # a body with half of a surrogate pair is written in another way
        things = Store(schema, [{"id": "a", "held": held | {"half": half}}])
        app = create_app(Served(operation, things, path="/things"))
        reply = ask(app, "/things")
        assert reply.status_code == 200, reply.text
        found = reply.json()["things"][0]["held"]
        assert found == {
            "huge": "1E+400",
            "whole": 2,
            "part": 0.5,
            "set": [1, 2],
            "unlike": [1, "a"] if found["unlike"][0] == 1 else ["a", 1],
            "bytes": "YQ==",
            "time": "2026-01-01T00:00:00+00:00",
            "date": "2026-01-01",
            "id": "00000000-0000-0000-0000-000000000001",
            "half": "?" if half == "\ud800" else "x",
            "tuple": [1, 2],
        }


# described


def described(*served):
    return ask(create_app(*served), "/openapi.json").json()["paths"]


def test_a_path_with_names_is_described():
    (path,) = (paths := described(Served(LIST, store(), path=PATH)))
    assert path == PATH
    params = {param["name"]: param for param in paths[path]["get"]["parameters"]}
    assert params["region"]["in"] == "path"
    assert params["region"]["required"] is True
    assert params["size"]["in"] == "query"
    assert set(paths[path]) == {"get"}


@pytest.mark.parametrize("strict", [True, False])
def test_a_double_notes_the_parameters_of_a_path_too(strict):
    with Double(Served(LIST, store(), path=PATH), strict=strict) as double:
        httpx.get(f"{double.url}/v1/regions/no%20rth/things", params={"region": "x", "size": "1"})
        httpx.get(f"{double.url}/nowhere", params={"size": "1"})
        assert [one.params for one in double.requests] == [
            {"region": "no rth", "size": "1"},
            {"size": "1"},
        ]


def test_all_statuses_of_the_error_table_are_described():
    errors = {**LIST.errors, "Also": Fault("also", 422), "Fine": Fault("fine", 200)}
    listed = replace(LIST, errors={**errors, "Wrong": Fault("wrong", 400)})
    (path,) = described(Served(listed, store(), path="/v1")).values()
    told = {status: one["description"] for status, one in path["get"]["responses"].items()}
    assert told["422"] == "Codes: Bad, Also."
    assert told["500"] == "Codes: Ours."
    assert told["400"] == "The request is refused. Codes: Wrong."
    assert told["200"] == "A page of instances. Codes: Fine."
    assert told["413"] == "The body is too large."


IDS = repeated("Id", most=3, names=("ID",), read=lambda ids, now: In("id", ids))


def test_a_family_is_described_by_its_own_names():
    parts = repeated("Filter", ("Key", "Value.N"), most=3, read=lambda *_: ())
    (path,) = described(Served(replace(LIST, params=(parts, IDS)), store(), path="/v1")).values()
    named = {one["name"]: one.get("description") for one in path["get"]["parameters"]}
    assert named == {
        "Filter.1.Key": "Filter.N.Key, Filter.N.Value.N: up to 3",
        "Filter.1.Value.1": "Filter.N.Key, Filter.N.Value.N: up to 3",
        "Id.1": "Id.N: up to 3",
    }
    with pytest.raises(SchemaError, match=r"\{Id\} comes in several parts"):
        Served(replace(LIST, params=(IDS,)), store(), path="/v1/{Id}")


@pytest.mark.parametrize("name", ["Id", "ID", "Id.0", "Id.01"])
def test_a_strict_double_refuses_a_family_under_another_name(name):
    for strict, status in ((True, 400), (False, 200)):
        operation = replace(LIST, params=(IDS, page_size("size", default=5, most=5)))
        with Double(Served(operation, store(), path="/v1"), strict=strict) as double:
            assert httpx.get(f"{double.url}/v1", params={name: "i-1"}).status_code == status
            found = httpx.get(f"{double.url}/v1", params={"ID.1": "i-1"}).json()
            assert found["total"] == 1


def test_each_method_and_each_version_is_described():
    paths = described(
        Served(in_version("v1"), store(), path="/a"),
        Served(in_version("v2"), store(), path="/a"),
        Served(in_xml(), store(), path="/a", method="POST"),
    )
    params = {param["name"]: param for param in paths["/a"]["get"]["parameters"]}
    assert params["Version"]["schema"]["enum"] == ["v1", "v2"]
    assert "Version" not in {param["name"] for param in paths["/a"]["post"]["parameters"]}
    assert set(paths["/a"]["post"]["responses"]["400"]["content"]) == {"application/xml"}
    assert paths["/a"]["get"]["responses"]["400"]["content"]["application/json"]["schema"] == {
        "type": "object"
    }


def test_actions_of_several_versions_are_described():
    paths = described(Served(in_version("v1"), store()), Served(in_version("v2"), store()))
    action, version, *_ = paths["/"]["get"]["parameters"]
    assert (action["schema"]["enum"], version["schema"]["enum"]) == (["ListThings"], ["v1", "v2"])


def test_every_operation_is_described_under_a_name_of_its_own():
    every = [api.served(Store(api.operation.schema)) for api in CATALOG.values()]
    v2 = in_version("v2")
    own = [
        Served(LIST, store(), path="/a"),
        Served(LIST, store(), path="/b"),
        Served(LIST, store(), path="/c"),
        Served(v2, store(), path="/a", method="POST"),
    ]
    paths = described(*every, *own)
    names = [one["operationId"] for there in paths.values() for one in there.values()]
    assert len(set(names)) == len(names)
    assert paths["/openapi/instances"]["get"]["operationId"] == "ListInstance_2018_10_12"
    assert paths["/c"]["get"]["operationId"] == "ListThings_v1_2"
    assert paths["/a"]["post"]["operationId"] == "ListThings_v2"
    for there in paths.values():
        for one in there.values():
            params = [(param["name"], param["in"]) for param in one["parameters"]]
            assert len(set(params)) == len(params)


def test_paths_that_differ_in_names_alone_are_described_as_one():
    v2 = in_version("v2")
    one = Served(LIST, store(), path="/{region}/x")
    paths = described(one, Served(v2, store(), path="/{id}/x"))
    assert list(paths) == ["/{region}/x"]
    params = {param["name"]: param["in"] for param in paths["/{region}/x"]["get"]["parameters"]}
    assert params["region"] == "path"
    assert params["id"] == "query"  # that of the first


def test_what_names_an_action_or_is_required_is_described_so():
    params = (exact("Action", "region"), exact("Version", "region"), exact("id", required=True))
    wanting = replace(LIST, params=params)
    (path,) = described(Served(wanting, store())).values()
    found = [(param["name"], param.get("required", False)) for param in path["get"]["parameters"]]
    assert found == [("Action", True), ("Version", False), ("id", True)]
    (path,) = described(Served(wanting, store()), Served(in_version("v2"), store())).values()
    found = [(param["name"], param.get("required", False)) for param in path["get"]["parameters"]]
    assert found[:3] == [("Action", True), ("Version", False), ("id", False)]


# the double


def test_a_double_of_ones_own():
    with Double(Served(LIST, Store(SCHEMA), path=PATH), strict=True) as double:
        double["ListThings"].put({"id": "a", "region": "north"})
        url = f"{double.url}/v1/regions/north/things"
        assert ids(httpx.get(url)) == ["a"]
        reply = httpx.get(url, params={"sise": 1})
        assert (reply.status_code, set(reply.json())) == (400, {"error"})
        double.fail("Bad")
        reply = httpx.get(url)
        assert (reply.status_code, reply.json()["error"]["reason"]) == (422, "Bad")
        with pytest.raises(InstqueryError, match=r"in no error table \(ListThings\)"):
            double.fail("InternalError")
        assert double.requests[0].path == "/v1/regions/north/things"
        assert repr(double).startswith("<Double of ListThings, at 127.0.0.1")
        double.reset()
        assert ids(httpx.get(url)) == []
    with pytest.raises(AttributeError, match="a double has no airec: its stores are ListThings"):
        double.airec  # noqa: B018 - asking is the point


def test_a_name_that_is_served_twice_is_asked_for_with_its_version():
    one, two = store(1), store(2)
    double = Double(Served(in_version("v1"), one), Served(in_version("v2"), two))
    assert double["ListThings", "v1"] is one
    assert double["ListThings", "v2"] is two
    with pytest.raises(KeyError, match="several versions"):
        double["ListThings"]
    with pytest.raises(KeyError, match="is served: there are ListThings"):
        double["ListThings", "v3"]
    with pytest.raises(KeyError, match="no 'airec' is served"):
        double["airec"]


def test_an_api_of_the_catalog_is_found_by_either_name():
    double = Double()
    assert double["ecs"] is double["DescribeInstances"] is double.ecs
    assert double["airec", "2020-11-26"] is double["ListInstance", "2020-11-26"] is double.airec
    assert double["ListInstance", "2018-10-12"] is double.airec2018
    with pytest.raises(KeyError, match="'ListInstance' is served in several versions: ask for"):
        double["ListInstance"]


def test_a_double_over_walks_keeps_what_it_cannot_empty():
    walks = Walks(store())
    double = Double(Served(LIST, walks, path="/a"))
    double.reset()
    assert ask(double.app, "/a").json()["total"] == 3


def test_figures_have_a_name_for_each(caplog):
    pytest.importorskip("prometheus_client")
    app = create_app(
        Served(in_version("v1"), store(1)),
        Served(in_version("v2"), store(2)),
        airec=Store(airec.SCHEMA),
    )
    told = ask(app, "/metrics").text
    for name, count in (("ListThings v1", 1), ("ListThings v2", 2), ("airec", 0)):
        assert f'instquery_records{{api="{name}"}} {count}.0' in told


def test_keys_name_the_caller_of_ones_own():
    operation = replace(LIST, host=("caller",))
    served = Served(operation, store(), path="/a", facts={"caller": "somebody"})
    assert served.host({}, None) == {"caller": "somebody"}
    assert served.host({}, "1001") == {"caller": "1001"}
    app = create_app(served, keys=Keys({"AK": AccessKey("s")}))
    assert ask(app, "/a").status_code == 403


def test_schema_errors_are_errors_of_the_package():
    with pytest.raises(SchemaError):
        Served(LIST, store(), path="x")
    assert json.dumps(LIST(store(), {"size": 1}).body["total"]) == "3"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_action_and_its_version_are_served_once_whatever_the_method(method):
    with pytest.raises(InstqueryError, match="two APIs are found by ListThings"):
        create_app(Served(LIST, store()), Served(LIST, store(), method=method))


# tokens


TOKENS = replace(LIST, params=(*LIST.params[:3], page_size("size", default=2, most=10)))
TOKENS = replace(TOKENS, params=(*TOKENS.params, page_token("next")))


def test_tokens_are_not_served_from_what_has_no_cursors():
    class Bare:
        def __init__(self, inner):
            self.page = inner.page

    database = SqlStore(sa.create_engine("sqlite://"), SCHEMA)
    for bare in (database, Bare(store())):
        with pytest.raises(InstqueryError) as refused:
            Served(TOKENS, bare)
        told = str(refused.value)
        assert "store: ListThings leads to further pages by next, and this store has no" in told
        assert "give it a Store or a DurableStore, or declare the operation without" in told
        assert Served(LIST, bare).store is bare

    for held in (store(), Walks(store()), store().snapshot()):
        assert Served(TOKENS, held).store is held
