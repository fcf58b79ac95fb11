"""Hostile input ends in the documented error, or in an error of the package.

Never in anything else.
"""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instquery import Contains, Eq, In, InstqueryError, Query, Range, Store
from instquery.apis import airec, bss
from strategies import SCHEMA

NESTED = json.loads('{"a": ' * 50 + "1" + "}" * 50)
HOSTILE = [
    *(
        "\x00",
        "a\x00b",
        "\ud800",
        "\udfff\ud800",
        "x" * 100_000,
        "实" * 50_000,
        "%s%n",
        "' OR 1=1 --",
        "\u202e",
        "𝕏" * 3,
    ),
    *(-1, 0, 2**63, 2**64, -(2**63), True, False, 1e308, float("nan"), float("inf"), 1 + 2j),
    *(b"bytes", [], [1], {}, NESTED, {"a"}, object(), Ellipsis, range(3), (), ("a",), lambda: 0),
    *(
        "9" * 19,
        "9" * 20,
        "0x10",
        "1e3",
        "1_000",
        "+1",
        " 1 ",
        "1\n",
        "٣",
        "2026-01-01T00:00:00\x00Z",
        "T",
        "-",
        "24:00",
    ),
]
values = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.binary(max_size=5),
)

RECORDS = {
    airec: {
        "instanceId": "a",
        "name": "实例",
        "status": "Running",
        "gmtCreate": "2026-01-01",
        "expiredTime": "2027-01-01",
    },
    bss: {
        "InstanceID": "a",
        "OwnerId": "1",
        "ProductCode": "ecs",
        "CreateTime": "2026-01-01",
        "EndTime": "2027-01-01",
    },
}
OPERATIONS = {airec: airec.list_instance, bss: bss.query_available_instances}
STORES = {api: Store(api.SCHEMA, [record]) for api, record in RECORDS.items()}


@pytest.mark.parametrize("api", RECORDS, ids=["airec", "bss"])
@given(data=st.data())
def test_any_value_of_any_parameter_is_answered_or_refused(api, data):
    operation = OPERATIONS[api]
    names = [param.name for param in operation.params]
    params = data.draw(st.dictionaries(st.sampled_from([*names, "Other", ""]), values, max_size=4))
    reply = operation(STORES[api], params, now="2026-06-01")
    assert reply.status in (200, 400), reply
    json.dumps(reply.body)


@pytest.mark.parametrize("api", RECORDS, ids=["airec", "bss"])
@given(data=st.data())
def test_any_value_of_any_member_is_taken_in_or_refused(api, data):
    members = data.draw(
        st.dictionaries(st.sampled_from([*api.SCHEMA.fields, "extra"]), values, max_size=4)
    )
    store = Store(api.SCHEMA, [RECORDS[api]])
    try:
        store.put({**RECORDS[api], **members})
    except InstqueryError as error:
        assert error.reason
        assert list(store) == [RECORDS[api]]
        return
    reply = OPERATIONS[api](store, {}, now="2026-06-01")
    assert reply.status == 200


@given(values, values, st.sampled_from(["id", "name", "status", "created", "note", "gone"]))
def test_any_value_of_any_predicate_is_answered_or_refused(value, other, field):
    store = Store(SCHEMA, [{"id": "a", "name": "b", "status": "c", "created": 1}])
    makers = [
        lambda: Eq(field, value),
        lambda: In(field, [value, other]),
        lambda: In(field, value),
        lambda: Contains(field, value),
        lambda: Range(field, since=value, before=other),
        lambda: value,
    ]
    for make in makers:
        try:
            page = store.page(Query([make()], limit=5))
        except InstqueryError as error:
            assert error.reason
        else:
            assert page.total in (0, 1)
    for arguments in ({"where": value}, {"offset": value}, {"limit": value}):
        try:
            store.page(Query(**arguments))
        except InstqueryError as error:
            assert error.reason


@given(st.lists(st.text(max_size=6), max_size=12), st.text(max_size=4))
def test_any_text_is_found_as_it_is(names, needle):
    records = [{"id": f"i{number}", "name": name} for number, name in enumerate(names)]
    store = Store(SCHEMA, records, segment_rows=4)
    for text in [needle, *names]:
        found = {item["id"] for item in store.page(Query([Contains("name", text)])).items}
        assert {f"i{number}" for number, name in enumerate(names) if text in name} <= found


@pytest.mark.parametrize(
    "needle",
    ["x" * 10_000_000, "实例" * 5_000_000, "ab" * 5_000_000],
    ids=["one letter", "Chinese", "two"],
)
def test_a_needle_of_ten_megabytes(needle):
    store = Store(airec.SCHEMA, [{"instanceId": "a", "name": "x实例ab" * 100}])
    reply = airec.list_instance(store, {"name": needle})
    assert (reply.status, reply.body["result"]) == (200, [])


class Hashed(int):
    """An integer that notes when its hash is taken."""

    taken = 0

    def __hash__(self):
        Hashed.taken += 1
        return super().__hash__()


@pytest.mark.parametrize("unit", [2**61 - 1, -(2**61 - 1), 10**4000])
def test_integers_of_more_than_64_bits_are_put_into_no_set(unit):
    """A set of n integers of one hash takes n² steps: 100,000 of them took minutes.

    A float or a Decimal may equal one of up to 1,500 bits, so that its digits are in the set.
    """
    Hashed.taken = 0
    predicate = In(
        "owner",
        [*(Hashed(unit * number) for number in range(20, 1020)), "a", 2**64 - 1, -(2**63), True],
    )
    assert not Hashed.taken
    assert predicate.values[-4:] == ("a", 2**64 - 1, -(2**63), True)
    assert len(predicate.values) == (4 if unit == 10**4000 else 1_004)
    digits = {member for member in predicate.members if isinstance(member, tuple)}
    assert predicate.members - digits == {"a", 2**64 - 1, -(2**63), True}
    assert all(isinstance(part, str) for member in digits for part in member)


@pytest.mark.parametrize("value", [-(2**63), 2**64 - 1, 0, -(2**63) - 1, 2**64, 10**4000])
def test_integers_of_64_bits_are_found_and_larger_ones_match_nothing(value):
    owners = {"a": 2**64 - 1, "b": -(2**63), "c": 0, "d": 1}
    store = Store(SCHEMA, [{"id": key, "owner": owner} for key, owner in owners.items()])
    for predicate in (Eq("owner", value), In("owner", [value, "x"])):
        page = store.page(Query([predicate]))
        assert [item["owner"] for item in page.items] == [
            owner for owner in owners.values() if owner == value
        ]
        assert len(str(predicate)) < 100


def test_a_name_of_fifty_thousand_marks():
    """Normalisation alone sorts them by insertion: 22 s for this one name."""
    name = "x" + "\u0301\u0327" * 25_000
    store = Store(airec.SCHEMA, [{"instanceId": "a", "name": name}])
    for part in (name[:20_000], name[1:]):
        assert len(airec.list_instance(store, {"name": part}).body["result"]) == 1


def test_names_of_ten_thousand_characters():
    random = Random(3)
    long = "".join(random.choices("abc推荐", k=10_000))
    store = Store(
        airec.SCHEMA, [{"instanceId": f"i{n}", "name": long[n:] + str(n)} for n in range(40)]
    )
    reply = airec.list_instance(store, {"name": long[5000:7000], "size": 50})
    assert len(reply.body["result"]) == 40
    assert len(airec.list_instance(store, {"name": long[:9999]}).body["result"]) == 1


def test_a_hundred_thousand_parameters_and_ids():
    params = {f"p{number}": "x" for number in range(100_000)}
    assert airec.list_instance(STORES[airec], params).status == 200
    ids = ",".join(f"i-{number}" for number in range(100_000))
    reply = bss.query_available_instances(STORES[bss], {"InstanceIDs": ids})
    assert reply.body["Code"] == "InvalidParameter"
