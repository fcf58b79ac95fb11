"""Items as envelopes write them: members within members, times to the minute, blank times."""

from dataclasses import replace
from itertools import product
from xml.etree import ElementTree as ET

import pytest

from instquery import Order, Schema, SchemaError, Store, instant, stored, text
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.markup import xml_writer
from instquery.apis.nesting import picked, rewritten, tree_of
from instquery.apis.operation import Operation
from instquery.apis.params import page_size

SCHEMA = Schema(
    key="Id",
    order=Order("Created"),
    fields={
        "Id": text(),
        "Vpc": stored(),
        "Locks": stored(),
        "Created": instant(integers="seconds"),
        "Ends": instant(blank_is_missing=True),
        "Note": stored(),
    },
)
PLAIN = Envelope(
    members=("Id", "Created", "Ends"),
    times=frozenset({"Created", "Ends"}),
    timespec="minutes",
    success=lambda answer: {"items": answer.items},
    failure=lambda refused: {"code": refused.code},
)


def written(record, **parts):
    operation = Operation(
        name="List",
        version="1",
        schema=SCHEMA,
        params=(page_size("size", default=5, most=5),),
        envelope=replace(PLAIN, **parts),
        errors={"Bad": Fault(""), "Ours": Fault("", 500)},
        invalid="Bad",
        internal="Ours",
    )
    store = Store(SCHEMA, [{"Id": "a", **record}])
    before = store.get("a")
    reply = operation(store)
    assert reply.status == 200
    assert store.get("a") == before
    return reply.body["items"][0]


@pytest.mark.parametrize(
    ("given", "time"),
    [
        ("2017-12-10T04:04:59Z", "2017-12-10T04:04Z"),
        ("2017-12-10T04:04Z", "2017-12-10T04:04Z"),
        ("2017-12-10T12:04:59.999+08:00", "2017-12-10T04:04Z"),
        (1512878640, "2017-12-10T04:04Z"),
        ("0001-01-01", "0001-01-01T00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59Z"),
    ],
)
def test_times_to_the_minute(given, time):
    assert written({"Created": given})["Created"] == time


@pytest.mark.parametrize("record", [{}, {"Ends": ""}, {"Ends": None}])
def test_blank_times_are_written_where_the_api_does(record):
    assert written(record) == {"Id": "a"}
    assert written(record, blank=frozenset({"Ends"})) == {"Id": "a", "Ends": ""}
    for timespec in ("seconds", "milliseconds"):
        item = written(record, blank={"Ends"}, timespec=timespec)
        assert item == {"Id": "a", "Ends": ""}


def test_a_time_that_is_there_is_not_blank():
    item = written({"Ends": "2026-01-01"}, blank={"Ends", "Created"})
    assert item == {"Id": "a", "Created": "", "Ends": "2026-01-01T00:00Z"}


VPC = {"Id": "v", "Zone": None, "Nets": [{"Name": "n", "Size": 1}, {"Size": 2}, "odd"]}


@pytest.mark.parametrize(
    ("members", "item"),
    [
        (("Vpc",), {"Vpc": VPC}),
        (("Vpc.Id",), {"Vpc": {"Id": "v"}}),
        (("Vpc.Id", "Vpc.Zone"), {"Vpc": {"Id": "v"}}),
        (("Vpc.Nets.Name",), {"Vpc": {"Nets": [{"Name": "n"}, {}]}}),
        (("Vpc.Nets", "Vpc.Id"), {"Vpc": {"Id": "v", "Nets": VPC["Nets"]}}),
        (("Vpc.Gone",), {"Vpc": {}}),
        (("Note.Id",), {}),
        (("Locks.Id",), {}),
    ],
)
def test_members_within_members(members, item):
    record = {"Vpc": VPC, "Note": "text"}
    assert written(record, members=members, times=frozenset()) == item


def test_times_within_members():
    locks = {"Lock": [{"At": "2026-01-01T00:00:30Z"}, {"At": ""}, {"At": "soon", "x": 1}, "odd"]}
    parts = {"members": ("Locks",), "times": {"Locks.Lock.At"}}
    assert written({"Locks": locks}, **parts) == {
        "Locks": {"Lock": [{"At": "2026-01-01T00:00Z"}, {}, {"At": "soon", "x": 1}, "odd"]}
    }
    blank = written({"Locks": locks}, blank={"Locks.Lock.At"}, **parts)
    assert blank["Locks"]["Lock"][1] == {"At": ""}
    assert written({"Locks": "text"}, **parts) == {"Locks": "text"}
    assert written({}, **parts) == {}
    one = {"members": ("Locks.Lock.At",), "times": {"Locks.Lock.At"}}
    assert written({"Locks": locks}, **one)["Locks"]["Lock"][2] == {"At": "soon"}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"members": ("Vpc", "Vpc.Id"), "times": ()}, "Vpc.Id is a part of Vpc"),
        ({"times": {"Vpc.At"}}, "Vpc.At is no member of an item"),
        ({"blank": {"Id"}}, "blank: Id is not among the times"),
        ({"blank": "Ends"}, "blank: must be a collection"),
        ({"timespec": "hours"}, "must be one of minutes, seconds, milliseconds"),
        ({"write": "xml"}, "write: must be a function"),
        ({"content_type": ""}, "content_type: must be a type of content"),
        ({"content_type": "text/x\r\nX: y"}, "content_type: must be a type of content"),
        ({"content_type": 5}, "content_type: must be a type of content"),
        ({"both_casings": 1}, "both_casings: must be True or False"),
    ],
)
def test_what_contradicts_itself_is_refused_when_it_is_declared(parts, said):
    with pytest.raises(SchemaError) as caught:
        replace(PLAIN, **parts)
    assert said in str(caught.value)


def test_the_first_step_of_a_path_is_a_field():
    with pytest.raises(SchemaError, match=r"the member Gone\.Id is no field"):
        written({}, members=("Gone.Id",), times=frozenset())


def test_trees():
    assert tree_of(["a.b.c", "a.d", "e"], len) == {"a": {"b": {"c": 5}, "d": 3}, "e": 1}
    value = {"a": [{"b": 1, "x": 2}], "y": 3}
    assert picked(value, tree_of(["a.b"], lambda _: None)) == {"a": [{"b": 1}]}
    assert rewritten(value, {"a": {"b": None}}, lambda given: given and given + 1) == {
        "a": [{"b": 2, "x": 2}],
        "y": 3,
    }
    assert value == {"a": [{"b": 1, "x": 2}], "y": 3}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"a": None, "b": ""}, "<R><b></b></R>"),
        ({"a": True, "b": 1.5}, "<R><a>true</a><b>1.5</b></R>"),
        ({"a": "1\r\n2"}, "<R><a>1&#13;\n2</a></R>"),
        ({"a": []}, "<R></R>"),
        ({"a": [1, [2, 3]]}, "<R><a>1</a><a>2</a><a>3</a></R>"),
        ({"a": [None, "x", [None]]}, "<R><a></a><a>x</a><a></a></R>"),
        ({"a": [{}, {"b": None}]}, "<R><a></a><a></a></R>"),
        ({"a": {"b": []}}, "<R><a></a></R>"),
        ({"1a<b": "&"}, "<R><_x0031_a_x003C_b>&amp;</_x0031_a_x003C_b></R>"),
        ({"a b": 1, "a:b": 2}, "<R><a_x0020_b>1</a_x0020_b><a_x003A_b>2</a_x003A_b></R>"),
        ({"_x0020_": 1, "a_x": 2}, "<R><_x005F_x0020_>1</_x005F_x0020_><a_x>2</a_x></R>"),
        ({"": "x"}, "<R><_>x</_></R>"),
        ({"a": "\ud800\x0b\ufffe"}, "<R><a>\ufffd\ufffd\ufffd</a></R>"),
        ({"名": "推荐"}, "<R><名>推荐</名></R>"),
    ],
)
def test_bodies_in_xml(body, text):
    assert xml_writer("R")(body).decode().partition("\n")[2] == text


def test_members_come_as_the_record_has_them():
    record = {"Note": {"b": 1, "a": 2}, "Locks": {"x": 1}, "Vpc": {"z": 1, "y": 2}, "Created": 5}
    members = ("Created", "Ends", "Vpc.y", "Vpc.z", "Id", "Locks.x", "Note.a", "Note.b")
    item = written(record, members=members, blank=frozenset({"Ends", "Created"}))
    assert list(item) == ["Id", "Note", "Locks", "Vpc", "Created", "Ends"]
    assert list(item["Note"]) == ["b", "a"]
    assert list(written({}, members=members, blank=PLAIN.times)) == ["Id", "Created", "Ends"]


def test_names_in_xml_are_names_and_differ():
    letters = [
        "a",
        "_",
        "x0020",
        "x",
        " ",
        ":",
        "1",
        "-",
        ".",
        "²",
        "é",
        "e\u0301",
        "名",
        "\n",
        "😀",
    ]
    names = {"".join(one) for count in (1, 2, 3) for one in product(letters, repeat=count)}
    body = xml_writer("R")(dict.fromkeys(names, 1))
    tags = [element.tag for element in ET.fromstring(body)]  # noqa: S314 - our own
    assert len(tags) == len(set(tags)) == len(names)


def test_every_name_is_one_of_an_element():
    letters = [chr(code) for code in (*range(0x3000), *range(0x9F00, 0xA100), 0x4E00, 0x10400)]
    body = {name: "" for letter in letters for name in (letter, f"a{letter}")}
    tree = ET.fromstring(xml_writer("R")(body))  # noqa: S314 - it is our own
    assert len(tree) == len(body)
    assert xml_writer("R")({"é实-1": 1}).endswith("<R><é实-1>1</é实-1></R>".encode())


def test_what_is_no_time_within_a_member_stays():
    """Zero and false too, as at the top."""
    envelope = replace(PLAIN, members=("a", "b"), times=frozenset({"a.x", "b"}))
    given = [{"a": {"x": value}, "b": value} for value in (0, False, [])]
    assert envelope.items([dict(one) for one in given]) == given
