"""Params beside records that hold text, numbers and bools, on every store.

And refusals that params raise.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from instquery import (
    Eq,
    In,
    Order,
    QueryError,
    Range,
    Schema,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.apis import airec, bss
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.operation import Operation, Refusal
from instquery.apis.params import (
    Param,
    exact,
    expiring_until,
    listed,
    not_after,
    not_before,
    one_of,
    page_size,
)
from instquery.apis.values import iso_time, unix_seconds

pytestmark = pytest.mark.usefixtures("engine")

SCHEMA = Schema(
    key="Id",
    order=Order("Created"),
    fields={
        "Id": keyword(),
        "Name": text(),
        "Flag": keyword(),
        "Plain": keyword(indexed=False),
        "Owner": keyword(as_text=True),
        "Created": instant(),
    },
)
PARAMS = (
    exact("Flag"),
    exact("Plain"),
    exact("Owner"),
    exact("Name"),
    exact("Id"),
    one_of("Choice", ("1", "true", "2"), "Flag"),
    listed("Flags", "Flag", most=3),
    listed("Owners", "Owner", most=3),
    listed("Ids", "Id", most=3),
    page_size("Size", default=100, most=100),
)
LIST = Operation(
    name="List",
    version="1",
    schema=SCHEMA,
    params=PARAMS,
    envelope=Envelope(
        members=("Id",),
        times=frozenset(),
        timespec="seconds",
        success=lambda answer: {"found": answer.items},
        failure=lambda refused: {"code": refused.code, "message": refused.message},
    ),
    errors={
        "Invalid": Fault("{parameter} {reason}"),
        "Gone": Fault("{parameter} is gone: {reason}", status=404),
        "Internal": Fault("ours", status=500),
    },
    invalid="Invalid",
    internal="Internal",
)
VALUES = [
    *("1", 1, 0, "0", "true", True, False, "True"),
    *("-5", -5, "01", "1.0", 2**63, str(2**63), "x"),
]


@pytest.fixture(scope="module")
def found(engine):
    records = [
        {"Id": f"{number}", "Flag": value, "Plain": value, "Owner": value, "Name": str(value)}
        for number, value in enumerate(VALUES)
    ]
    store = Store(SCHEMA, records)

    def ask(**params):
        reply = LIST(store, params)
        assert reply.status == 200, reply
        return [
            VALUES[number] for number in sorted(int(item["Id"]) for item in reply.body["found"])
        ]

    return ask


def same(values, expected):
    """Compare with types, as 1 equals True."""
    return list(map(repr, values)) == list(map(repr, expected))


@pytest.mark.parametrize("name", ["Flag", "Plain", "Flags"])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("1", ["1", 1, True]),  # 1 and True are one value
        (1, ["1", 1, True]),
        ("true", [1, "true", True]),
        (True, [1, "true", True]),
        ("TRUE", [1, True]),  # a text is matched in its case
        ("True", [1, True, "True"]),
        ("0", [0, "0", False]),
        ("false", [0, False]),
        (False, [0, False]),
        ("-5", ["-5", -5]),
        (-5, ["-5", -5]),
        ("01", ["01"]),
        ("1.0", ["1.0"]),
        (str(2**63), [2**63, str(2**63)]),
        ("-0", []),
        ("+1", []),
        ("１", []),
        ("9" * 300, []),
        ("x", ["x"]),
    ],
)
def test_a_keyword_is_found_by_the_text_that_spells_its_value(found, name, asked, expected):
    values = found(**{name: asked})
    assert same(values, expected) or same(
        values, [1 if value is True else value for value in expected]
    )


def test_a_list_and_a_choice_are_typed_too(found):
    assert set(map(str, found(Flags=" true ,-5, x"))) == {"1", "true", "True", "-5", "x"}
    assert len(found(Flags="true,-5,x")) == 6
    assert len(found(Choice="1")) == len(found(Choice=1)) == 3
    assert len(found(Choice=True)) == 3


def test_a_field_that_turns_numbers_into_text_holds_none(found):
    """Nobody is shown the records of True for those of 1."""
    assert list(map(str, found(Owner="1"))) == ["1", "1"]
    assert list(map(str, found(Owner=1))) == ["1", "1"]
    assert list(map(str, found(Owners="1,0"))) == ["1", "1", "0", "0"]
    assert {str(value).lower() for value in found(Owner="true")} <= {"true", "1"}
    assert len(found(Owner="true")) == 2


def test_texts_and_keys_hold_nothing_but_text(found):
    assert len(found(Name="True")) == 2
    assert len(found(Name="1")) == 2
    assert found(Id="1") == found(Ids="1") == [VALUES[1]]
    asked = LIST.query({"Id": "1", "Ids": "1", "Name": "1"}).where
    assert asked == (Eq("Name", "1"), Eq("Id", "1"), In("Id", ["1"]))


def test_owners_are_asked_for_as_text():
    assert bss.query_available_instances.query({"OwnerId": "1"}).where == (Eq("OwnerId", "1"),)
    assert bss.query_available_instances.query({"OwnerId": 1}).where == (Eq("OwnerId", "1"),)


@pytest.mark.parametrize("value", [1.5, None, b"1", ["1"], 10**4000])
def test_what_is_no_text_number_or_bool_is_refused(value):
    if value is None:
        assert LIST.query({"Flag": value}).where == ()
        return
    for name in ("Flag", "Flags", "Choice"):
        assert LIST(Store(SCHEMA), {name: value}).body == {
            "code": "Invalid",
            "message": f"{name} must be text",
        }


def test_rules_see_values_however_a_param_asks():
    """A catalogue of products and customers of an owner are told as text."""
    store = Store(bss.SCHEMA, [{"InstanceID": "a", "ProductCode": 1, "OwnerId": True}])
    ask = bss.query_available_instances
    for code in ("1", 1, "true"):
        assert ask(store, {"ProductCode": code}).body["Data"]["TotalCount"] == 1
        assert ask(store, {"ProductCode": code}, products={"ecs"}).body["Code"] == "ProductNotFind"
    assert ask(store, {"ProductCode": 1}, products={"1"}).body["Data"]["TotalCount"] == 1
    directory = bss.Directory(
        {"1": bss.Caller(), "9": bss.Caller(role="reseller", customers={"2"})}
    )
    for caller in ("1", "9"):
        reply = ask(store, {"OwnerId": "true"}, caller=caller, directory=directory)
        assert reply.body["Code"] == "InvalidOwner"
    for params in ({}, {"OwnerId": "1"}, {"OwnerId": 1}):
        assert ask(store, params, caller="1", directory=directory).body["Data"]["TotalCount"] == 0


def refusing(error):
    def read(value, now):
        raise error

    return Operation(**{**parts(LIST), "params": (*PARAMS, Param("Own", "filter", read, "own"))})


def parts(operation):
    names = ("name", "version", "schema", "params", "envelope", "errors", "invalid", "internal")
    return {name: getattr(operation, name) for name in names}


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (Refusal("Gone"), 404, "Own is gone: Gone"),
        (Refusal("Gone", reason="since May"), 404, "Own is gone: since May"),
        (Refusal("Gone", "Other", "since May"), 404, "Other is gone: since May"),
        (Refusal("Unheard"), 500, "ours"),
        (ValueError("must be right"), 400, "Own must be right"),
        (QueryError("must be right", field="Flag"), 400, "Own must be right"),
        (KeyError("x"), 500, "ours"),
    ],
)
def test_a_refusal_that_a_param_raises_is_that_refusal(error, status, message):
    for _ in range(2):  # an error that is raised again is as it was
        reply = refusing(error)(Store(SCHEMA), {"Own": "x"})
        assert (reply.status, reply.body["message"]) == (status, message)


def test_a_page_number_may_refuse_too():
    def read(value, now):
        raise Refusal("Gone")

    operation = Operation(**{**parts(LIST), "params": (Param("Page", "number", read, "own"),)})
    assert operation(Store(SCHEMA), {"Page": 1}).body == {
        "code": "Gone",
        "message": "Page is gone: Gone",
    }


@pytest.mark.parametrize("read", [0, -1])
@pytest.mark.parametrize("role", ["number", "size"])
def test_no_page_is_before_the_first_nor_of_no_size(role, read):
    param = Param("Page", role, lambda _value, _now: read, "own")
    body = Operation(**{**parts(LIST), "params": (param,)})(Store(SCHEMA), {"Page": 1}).body
    assert "must be an integer from 1" in body["message"]


def test_windows_are_asked_for_by_instants_of_any_age():
    """An integer would not say its unit.

    1971 in microseconds may be 2026 in seconds.
    """
    now = datetime(1971, 1, 1, tzinfo=UTC)
    params = (
        not_before("Start", "Created"),
        not_after("End", "Created"),
        expiring_until("Expiry", "Created"),
    )
    operation = Operation(**{**parts(LIST), "params": params})
    given = {
        "Start": "1971-01-01T00:00:00Z",
        "End": "1971-01-02T08:00:00+08:00",
        "Expiry": 31622400,
    }
    assert set(operation.query(given, now=now).where) == {
        Range("Created", since="1971-01-01"),
        Range("Created", until="1971-01-02"),
        Range("Created", after="1971-01-01", until="1971-01-02"),
    }
    records = [
        {"Id": "a", "Created": "1971-01-01T12:00:00Z"},
        {"Id": "b", "Created": "1971-01-01T00:00:00Z"},
    ]
    assert operation(Store(SCHEMA, records), given, now=now).body["found"] == [{"Id": "a"}]


@pytest.mark.parametrize(
    ("read_value", "given"), [(iso_time, "1971-01-01T12:00:00Z"), (unix_seconds, "31579200")]
)
def test_params_and_rules_of_ones_own_take_the_moments_they_are_handed(read_value, given):
    """As integers of microseconds they are as small as seconds of today."""

    def read(value, now):
        return Range("Created", after=now, until=value)

    def rule(asked):
        return [Range("Created", since=asked.now, before=asked.values["Own"] + 1)]

    own = Param("Own", "filter", read, "own", value=read_value)
    operation = Operation(**{**parts(LIST), "params": (own,), "rules": (rule,)})
    records = [
        {"Id": "a", "Created": "1971-01-01T12:00:00Z"},
        {"Id": "b", "Created": "1971-01-01T00:00:00Z"},
    ]
    reply = operation(Store(SCHEMA, records), {"Own": given}, now=datetime(1971, 1, 1, tzinfo=UTC))
    assert reply.body == {"found": [{"Id": "a"}]}


def test_a_window_is_in_order_however_its_ends_are_spelled():
    ask = bss.query_available_instances
    store = Store(bss.SCHEMA)
    right = datetime(2026, 1, 1, tzinfo=UTC)
    for start, end, status in [
        ("2026-01-01T08:00:00+08:00", "2026-01-01", 200),
        (right, "2026-01-01T00:00:00.000001Z", 200),
        ("2026-01-01T00:00:00.000001Z", right, 400),
        ("1971-01-02", "1971-01-01", 400),
        ("9999-12-31T23:59:59.999999Z", "0001-01-01", 400),
        ("2026-01-01", "", 200),
    ]:
        reply = ask(store, {"EndTimeStart": start, "EndTimeEnd": end})
        assert reply.status == status
        assert status == 200 or " EndTimeStart " in reply.body["Message"]


@pytest.mark.parametrize(
    ("integers", "number"), [("seconds", 1), ("milliseconds", 1_000), ("microseconds", 1_000_000)]
)
def test_an_instant_is_written_by_the_unit_that_its_field_declares(integers, number):
    fields = {**airec.SCHEMA.fields, "gmtModified": instant(integers=integers)}
    operation = replace(airec.list_instance, schema=replace(airec.SCHEMA, fields=fields))
    store = Store(operation.schema, [{"instanceId": "a", "gmtModified": 1_767_225_600 * number}])
    assert operation(store).body["result"] == [
        {"instanceId": "a", "gmtModified": "2026-01-01T00:00:00.000Z"}
    ]


def test_a_blank_time_of_a_saved_reply_is_no_time():
    """The record is kept as it came; the reply leaves the member out, and no window holds it."""
    saved = {"InstanceID": "a", "CreateTime": "", "EndTime": "", "StopTime": ""}
    store = Store(
        bss.SCHEMA,
        [saved, {"InstanceID": "b", "CreateTime": "0001-01-01", "EndTime": "2026-01-01"}],
    )
    assert store.get("a") == saved
    data = bss.query_available_instances(store).body["Data"]
    assert [sorted(item) for item in data["InstanceList"]] == [
        ["CreateTime", "EndTime", "InstanceID"],
        ["InstanceID"],
    ]
    reply = bss.query_available_instances(store, {"EndTimeStart": "0001-01-01"})
    assert reply.body["Data"]["TotalCount"] == 1


BLANKS = ["", " ", "\t"]
NO_TIMES = ["-", "soon", "2026-13-01T00:00:00Z", 1767225600, True, 1.5, ["x"], "12"]


def timed(value):
    fields = {**airec.SCHEMA.fields, "gmtModified": stored()}
    operation = replace(airec.list_instance, schema=replace(airec.SCHEMA, fields=fields))
    records = [
        {"instanceId": "a", "gmtModified": value, "gmtCreate": "2026-01-01T00:00:00Z"},
        {"instanceId": "b", "gmtModified": "2026-01-01T08:00:00+08:00"},
    ]
    reply = operation(Store(operation.schema, records))
    assert reply.status == 200
    assert reply.body["result"][1]["gmtModified"] == "2026-01-01T00:00:00.000Z"
    assert reply.body["result"][0]["gmtCreate"] == "2026-01-01T00:00:00.000Z"
    return reply.body["result"][0]


@pytest.mark.parametrize("value", [*BLANKS, None])
def test_a_blank_time_is_no_time(value):
    assert "gmtModified" not in timed(value)


@pytest.mark.parametrize("value", NO_TIMES)
def test_what_is_no_time_is_written_as_it_is(value):
    """A page does not fail for it, and an integer without a unit is not silently in 1970."""
    assert timed(value)["gmtModified"] == value
