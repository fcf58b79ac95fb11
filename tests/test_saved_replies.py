"""Saved replies: every form in which people have them, and what is told of those that hold none."""

import io
import json
import pickle
import re
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from effort import examples
from instquery import Schema, Store, instant, keyword, tags, text
from instquery.apis import airec, bss, documents, ecs, rds, recognition, tablestore
from instquery.apis.catalog import CATALOG
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.inventory import InventoryError, Reader
from instquery.apis.replies import Failures
from instquery.cli.app import app
from test_inventory import dumped

ONE = {"InstanceID": "rm-1", "OwnerId": "181", "EndTime": "2025-04-19T16:00:00Z"}
TWO = {"InstanceID": "rm-2", "CreateTime": "2018-04-19T10:17:00Z", "Status": "Normal"}
BOTH = [ONE, TWO]


def body(items, **others):
    data = {"PageNum": 1, "PageSize": 20, "TotalCount": 51, "InstanceList": items}
    reply = {"Code": "Success", "Message": "Successful!", "RequestId": "X", "Success": True}
    return {**reply, "Data": data, **others}


def refused(code, message="No.", **others):
    return {"Code": code, "Message": message, "RequestId": "X", "Success": False, **others}


def response(held):
    return {"headers": {"date": "x"}, "statusCode": 200, "body": held}


def respelled(value, spell):
    """Spell the names of all members in another way."""
    if isinstance(value, list):
        return [respelled(item, spell) for item in value]
    if not isinstance(value, dict):
        return value
    return {spell(name): respelled(inner, spell) for name, inner in value.items()}


def camel(name):
    return name[0].lower() + name[1:]


def snake(name):
    return {
        "InstanceID": "instance_id",
        "InstanceList": "instance_list",
        "OwnerId": "owner_id",
    }.get(name, camel(name))


def read(value, reader=bss.read, **options):
    text = value if isinstance(value, str) else dumped(value)
    return reader(io.StringIO(text), **options)


def loaded(value, reader=bss.read):
    text = value if isinstance(value, str) else dumped(value)
    return reader.load(io.StringIO(text))


def said(value, reader=bss.read):
    """Return what is told of an inventory, line by line."""
    with pytest.raises(InventoryError) as caught:
        read(value, reader)
    return str(caught.value).splitlines()


FORMS = {
    "a reply": body(BOTH),
    "replies in an array": [body([ONE]), body([TWO])],
    "arrays in an array": [[ONE], [TWO]],
    "a response of an SDK": response(body(BOTH)),
    "a response of the Go SDK": {"Headers": {}, "StatusCode": 200, "Body": body(BOTH)},
    "responses in an array": [response(body([ONE])), response(body([TWO]))],
    "a body by itself": {"body": body(BOTH)},
    "the Data object": body(BOTH)["Data"],
    "the list by its name": {"InstanceList": BOTH},
    "a wrapped list": body({"Instance": BOTH}),
    "a reply as JavaScript spells it": respelled(body(BOTH), camel),
    "a reply as Python spells it": respelled(response(body(BOTH)), snake),
    "records as another API spells the key": [
        {("InstanceId" if name == "InstanceID" else name): value for name, value in record.items()}
        for record in BOTH
    ],
    "a list and an empty page": [body(BOTH), body([])],
    "a list and an empty page of null": [body(BOTH), body(None)],
    "a list and a page without list": [body(BOTH), body([], Data={"PageNum": 9})],
    "a list and a page without data": [body(BOTH), body([], Data=None)],
    "a list and a reply that has nothing else": [body(BOTH), {"RequestId": "X"}],
    "an empty page with a code of success": [body(BOTH), body([], Code="200")],
    "a code of failure beside records": body(BOTH, Code="InternalError"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("indent", [None, 2])
def test_the_same_records_come_out_of_every_form(form, indent):
    assert read(json.dumps(FORMS[form], indent=indent)) == BOTH


def test_a_lone_record_needs_no_list():
    assert read(body({"Instance": ONE})) == [ONE]
    assert read(body(ONE)) == [ONE]
    assert read({"result": {"instanceId": "a"}}, airec.read) == [{"instanceId": "a"}]


def test_a_record_keeps_its_members_as_they_are_spelled():
    """Only where the key itself is spelled otherwise, as SDKs do, are members renamed."""
    record = {"InstanceID": "i", "status": "x", "body": {"Data": 1}, "InstanceList": [1]}
    assert read(record) == [record]
    other = {"instanceID": "i", "status": "x", "Status": "y", "more": 1}
    assert read(other) == [{"InstanceID": "i", "status": "x", "Status": "y", "more": 1}]


def snaked(name):
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


NESTED = {
    "InstanceId": "i-1",
    "OSType": "linux",
    "CpuOptions": {"CoreCount": 2},
    "SecurityGroupIds": {"SecurityGroupId": ["sg-1"]},
    "VpcAttributes": {"VpcId": "vpc-1", "PrivateIpAddress": {"IpAddress": ["10.0.0.1"]}},
    "Tags": {"Tag": [{"TagKey": "env", "TagValue": "prod"}, {"TagKey": "Tier", "TagValue": "a"}]},
    "NetworkInterfaces": {
        "NetworkInterface": [{"Type": "Primary", "Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": "::1"}]}}]
    },
}


@pytest.mark.parametrize("spell", [camel, snaked])
def test_members_within_members_are_read_as_sdks_spell_them(spell):
    """Those that no field leads to as well, as they are in replies."""
    reply = {"RequestId": "X", "Instances": {"Instance": [NESTED, NESTED | {"InstanceId": "i-2"}]}}
    assert read(respelled(reply, spell), ecs.read) == reply["Instances"]["Instance"]
    assert read(reply, ecs.read) == reply["Instances"]["Instance"]


def test_what_has_names_of_its_own_is_not_renamed():
    given = {
        "dbInstanceId": "rm-1",
        "tags": {"key": "a", "create_time": "b"},
        "readOnlyDBInstanceIds": {"readOnlyDBInstanceId": [{"dbInstanceId": "r", "own_x": 1}]},
    }
    assert read(given, rds.read) == [
        {
            "DBInstanceId": "rm-1",
            "Tags": {"key": "a", "create_time": "b"},
            "ReadOnlyDBInstanceIds": {"ReadOnlyDBInstanceId": [{"DBInstanceId": "r", "own_x": 1}]},
        }
    ]


def test_the_documents_own_sample_of_airec_is_a_reply_with_records():
    item = {"instanceId": "airec-cn-****", "gmtCreate": "2018-12-06T06:14:01.000Z"}
    sample = {
        "result": [item],
        "code": "InternalServerError",
        "requestId": "8F81A922",
        "message": "An internal server error occurred",
    }
    assert read(sample, airec.read) == [item]
    assert read({"RequestId": "X", "Result": [item]}, airec.read) == [item]
    assert read({"result": None, "code": "", "message": ""}, airec.read) == []


@pytest.mark.parametrize("name", CATALOG)
def test_the_last_page_of_every_api_is_a_reply_without_records(name):
    api = CATALOG[name]
    reply = api.operation(Store(api.operation.schema), {"RegionId": "cn-hangzhou"})
    assert reply.status == 200
    assert read(reply.body, api.read) == []


@pytest.mark.parametrize("layout", [None, 1])
def test_failure_replies_are_told_with_their_code(layout):
    page = json.dumps(refused("NotApplicable", "Not for you."), indent=layout)
    inventory = loaded("\n".join([dumped(body([ONE])), page, dumped(body([TWO]))]))
    assert inventory.records == BOTH
    (bad,) = inventory.bad
    assert inventory.bad_count == 1
    assert bad.number == 2
    assert bad.unit == ("record" if layout else "line")
    assert bad.reason == "is a failure reply and holds no records, NotApplicable: Not for you."


FAILURES = {
    "without a list": (bss.read, refused("NotApplicable")),
    "of the gateway": (bss.read, refused("Throttling.User", Recommend="https://x", HostId="y")),
    "with an empty list": (bss.read, refused("InternalError", Data={"InstanceList": []})),
    "with a list of null": (bss.read, refused("Throttling", Data={"InstanceList": None})),
    "in a response": (bss.read, response(refused("NotApplicable"))),
    "in an array": (bss.read, [refused("NotApplicable")]),
    "of an SDK's exception": (bss.read, {"code": "Throttling", "message": "No.", "data": {}}),
    "in lower case": (bss.read, respelled(refused("NotApplicable"), camel)),
    "of Airec": (
        airec.read,
        {"requestId": "R", "code": "ValidationError", "message": "No.", "result": []},
    ),
    "of a user's API": (
        tablestore.read,
        {"RequestId": "R", "Code": "InvalidParameter", "Message": "No.", "Instances": []},
    ),
    "of an API whose errors are not known": (
        Reader(tablestore.SCHEMA, ("Instances",)),
        {"RequestId": "R", "Code": "InvalidParameter", "Message": "No."},
    ),
}


@pytest.mark.parametrize("form", FAILURES)
def test_every_failure_reply_is_one(form):
    reader, reply = FAILURES[form]
    (line,) = said(reply, reader)
    code = "NotApplicable InvalidParameter ValidationError InternalError Throttling.User"
    assert any(
        f"failure reply and holds no records, {one}: No." in line for one in code.split()
    ) or ("Throttling: No." in line)
    assert read(reply, reader, skip_bad=True) == []


def test_a_code_that_is_not_the_apis_beside_an_empty_list_is_an_empty_page():
    assert read(body([], Code="OK.")) == []
    assert read({"result": [], "code": "None", "message": ""}, airec.read) == []


def test_where_failures_are_is_read_off_the_bodies_that_an_operation_makes():
    told = Failures.of(bss.query_available_instances)
    assert (told.request_id, told.code, told.message) == (("RequestId",), ("Code",), ("Message",))
    assert "ProductNotFind" in told.codes

    class Own:
        schema = tablestore.SCHEMA
        errors: ClassVar = {"E1": Fault("No.")}
        envelope = Envelope(
            members=(),
            times=frozenset(),
            timespec="seconds",
            success=lambda answer: {"list": answer.items, "error": {"kind": "Fine"}},
            failure=lambda refused: {"error": {"kind": refused.code, "text": refused.message}},
        )

    reader = Reader.of(Own, ("list",))
    assert read({"error": {"kind": "Fine", "text": "x"}}, reader) == []
    assert said({"list": [], "error": {"kind": "E1", "text": "No."}}, reader) == [
        "line 1: is a failure reply and holds no records, E1: No."
    ]
    assert said({"error": {"kind": "E2", "text": "Why."}}, reader) == [
        "line 1: is a failure reply and holds no records, E2: Why."
    ]

    class Odd(Own):
        envelope = Envelope((), frozenset(), "seconds", success=len, failure=len)

    assert Failures.of(Odd) == Failures(codes=frozenset({"E1"}))


def test_a_reply_of_an_api_that_is_not_known_is_no_empty_page():
    item = {"DiskId": "d", "DiskName": "x", "Device": "/dev/xvda", "Size": 1, "Category": "x"}
    disks = {"RequestId": "R", "Disks": {"Disk": [item]}}
    for reader in (airec.read, bss.read):
        (line,) = said(disks, reader)
        assert "is a reply without the list" in line
    assert "Data.InstanceList" in said(body([], Data={"Instances": [{"a": 1}]}))[0]


def test_a_response_without_a_body_is_told():
    (line,) = said({"headers": {}, "statusCode": 502, "body": None})
    assert line == "line 1: is a response with no body"
    assert "save the body alone" in said({"headers": {}, "statusCode": 200, "body": "{}"})[0]
    (line,) = said({"body": 1})
    assert line.startswith("line 1: InstanceID: the key is missing: each record needs one")


def test_arrays_within_arrays_without_end_are_no_records():
    deep = "[" * 300 + "]" * 300
    assert said(deep) == ["record 1: a record must be a mapping, not list"]


@pytest.mark.parametrize("wrap", [lambda held: [held], response], ids=["arrays", "responses"])
def test_eight_layers_are_read_and_no_more(wrap):
    held = dict(ONE)
    for layers in range(1, 9):
        held = wrap(held)
        assert [item["InstanceID"] for item in read(held)] == ["rm-1"], layers
    assert said(wrap(held)), "it is no record, and not passed over"


def test_a_long_message_of_a_failure_is_cut():
    (line,) = said(refused("ProductNotFind", "x" * 5_000))
    assert len(line) < 350


def test_a_list_among_others_is_not_guessed():
    (line,) = said(body({"A": BOTH, "B": [TWO]}))
    assert "is a reply without the list Data.InstanceList" in line


def test_an_empty_part_of_a_reply_is_an_empty_page():
    for part in ({"Data": {"TotalCount": 0}}, {"InstanceList": None}, body(None, Tags=["a", 5])):
        assert read(part) == []


# Of another API.

A = {"instanceId": "airec-1", "name": "x", "regionId": "cn", "gmtCreate": "2018-12-06T06:14:01Z"}
OF_AIREC = {
    "records": "\n".join(dumped(A | {"instanceId": f"a-{n}"}) for n in range(300)),
    "an array": [A] * 300,
    "a reply": {"requestId": "X", "code": "", "message": "", "result": [A] * 300},
    "a response": response({"requestId": "X", "code": "", "message": "", "result": [A] * 300}),
    "replies": [{"requestId": "X", "code": "", "message": "", "result": [A] * 100}] * 3,
}


@pytest.mark.parametrize("form", OF_AIREC)
def test_records_of_the_other_api_are_told_once(form):
    lines = said(OF_AIREC[form])
    assert len(lines) == 2
    assert "these look like records of airec, not of bss: instquery query airec" in lines[0]
    assert lines[1] == "… and 299 more"
    assert loaded(OF_AIREC[form]).bad_count == 300


def test_among_ones_own_they_are_told_too():
    inventory = loaded("\n".join([dumped(ONE), dumped(A), dumped(A), dumped(TWO)]))
    assert inventory.records == BOTH
    assert [(bad.number, bad.reason[:34]) for bad in inventory.bad] == [
        (2, "these look like records of airec, ")
    ]
    assert inventory.bad_count == 2


@pytest.mark.parametrize(
    ("reader", "value", "api"),
    [
        (airec.read, ONE, "bss"),
        (airec.read, {"InstanceID": "i"}, "bss"),
        (airec.read, body([ONE]), "bss"),
        (airec.read, body([]), "bss"),
        (airec.read, body([ONE])["Data"], "bss"),
        (bss.read, {"instanceId": "a"}, "airec"),
        (tablestore.read, A, "airec"),
        (tablestore.read, body([ONE]), "bss"),
        (bss.read, {"InstanceName": "a"}, "tablestore"),
        (bss.read, {"RequestId": "R", "Instances": [{"InstanceName": "a"}]}, "tablestore"),
        (Reader(tablestore.SCHEMA, ("Instances",)), A, "airec"),
    ],
)
def test_each_api_knows_the_others(reader, value, api):
    (line,) = said(value, reader)
    assert f"these look like records of {api}" in line
    assert f"instquery query {api} (in Python {api}.read)" in line


def test_what_is_wrong_with_ones_own_records_is_told_as_such():
    assert said({"InstanceID": "i", "EndTime": "-"}) == [
        "line 1: EndTime: is not an ISO 8601 time: '-'"
    ]
    (line,) = said({"ProductCode": "ecs"})
    assert line.startswith("line 1: InstanceID: the key is missing: each record needs one")


def test_a_reader_without_a_name_is_not_known(monkeypatch):
    monkeypatch.setattr(recognition, "_known", {})
    assert "the key is missing" in said({"Thing": "a"}, airec.read)[0]
    Reader(tablestore.SCHEMA, ("Instances",))
    assert recognition._known == {}
    Reader(tablestore.SCHEMA, ("Instances",), name="own")
    assert "records of own" in said({"InstanceName": "a"}, airec.read)[0]


def test_a_reader_can_be_pickled_compared_and_changed():
    again = pickle.loads(pickle.dumps(bss.read))
    assert again == bss.read
    assert hash(again) == hash(bss.read)
    assert read(body([ONE]), again) == [ONE]
    changed = replace(bss.read, integers="seconds")
    assert changed != bss.read
    assert read({"InstanceID": "i", "EndTime": 0}, changed)[0]["EndTime"] == "1970-01-01T00:00:00Z"
    assert said(refused("NotApplicable"), changed) == said(refused("NotApplicable"))


@pytest.mark.parametrize("api", CATALOG)
def test_every_row_of_the_catalog_is_known_by_its_own_name(api):
    assert CATALOG[api].read.name == api
    assert CATALOG[api].read.failures == Failures.of(CATALOG[api].operation)


def test_the_command_says_whose_records_they_are(tmp_path):
    path = tmp_path / "airec.jsonl"
    path.write_text(OF_AIREC["records"], "utf-8")
    result = CliRunner().invoke(app, ["query", "bss", str(path)])
    assert result.exit_code == 2
    assert result.stderr.count("these look like records of airec") == 1
    assert "instquery query airec" in result.stderr


# Mixtures.


@st.composite
def laid_out(draw):
    """Draw records, and a text that holds them in a mixture of forms, one after the other."""
    records, parts = [], []
    for number in range(draw(st.integers(0, 6))):
        count = draw(st.integers(0, 3))
        items = [
            {"InstanceID": f"i-{number}-{item}", "Status": draw(st.text(max_size=3))}
            for item in range(count)
        ]
        records += items
        if count == 1 and draw(st.booleans()):
            value = items[0]
        else:
            value = draw(
                st.sampled_from(
                    [
                        items,
                        body(items),
                        body(items)["Data"],
                        response(body(items)),
                        [body(items)],
                        [body([item]) for item in items],
                        respelled(body(items), camel),
                    ]
                )
            )
        indent = draw(st.sampled_from([None, 0, 1, 4]))
        parts.append(json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans())))
        parts.append(draw(st.sampled_from(["\n", "\r\n", "", " ", "\n\n\t"])))
    return records, "".join(parts)


@given(laid_out(), st.booleans())
@examples(400)
def test_any_mixture_of_forms_gives_the_records_in_order(case, has_mark):
    records, text = case
    assert read(("\ufeff" if has_mark else "") + text) == records


@given(laid_out(), st.lists(st.sampled_from(["{broken", "text", '{"a": 1', '[1, "x', "{'a': 1}"])))
@examples(200)
def test_what_is_broken_among_them_costs_no_other_document(case, broken):
    """Each stands on lines of its own: nothing before or behind them is lost.

    What lacks its end may take the lines behind it along, up to the next document.
    """
    records, text = case
    parts = ["\n", *(f"{one}\n" for one in broken)]
    inventory = loaded(text + "".join(parts) + text)
    assert inventory.records == records * 2
    assert bool(broken) <= inventory.bad_count <= len(broken)


# What is wrong with a file.


def test_a_document_that_is_cut_off_is_told_where_it_ends():
    whole = json.dumps(body(BOTH), indent=2)
    cut = whole[: len(whole) * 2 // 3]
    (line,) = said(cut)
    assert line.endswith("where the file ends: is it cut off?")
    first, more = said(cut.rstrip() + "\n" + whole), loaded(cut + "\n" + whole)
    assert len(first) == 1
    assert more.records == BOTH


def test_a_missing_end_is_told_at_the_end():
    assert said('{"InstanceID": "a"\n{"InstanceID": "b"}') == [
        "line 1: is not JSON: Expecting ',' delimiter at column 19"
    ]


def test_a_fault_in_a_printed_document_is_told_by_the_line_of_the_file():
    text = f"{dumped(ONE)}\n" + '{\n "InstanceID": "b",\n oops\n}\n' + dumped(TWO)
    inventory = loaded(text)
    assert inventory.records == BOTH
    assert [str(bad) for bad in inventory.bad] == [
        "record 2: is not JSON: Expecting property name enclosed in double quotes "
        "at line 4 column 2"
    ]
    twice = '{\n "InstanceID": "b",\n "InstanceID": "c"\n}'
    inventory = loaded(f"{twice}{dumped(ONE)}\n{dumped(TWO)}")
    assert inventory.records == BOTH
    assert inventory.bad[0].reason == "is not usable JSON: the member InstanceID is given twice"


def test_a_broken_array_is_told_once():
    assert said('[\n{"InstanceID": "a"},\n{"InstanceID": oops}\n]') == [
        "record 1: is not JSON: Expecting value at line 3 column 16"
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_other_encodings_are_named(encoding, mark, tmp_path):
    path = tmp_path / "file"
    path.write_bytes((mark + dumped(body(BOTH))).encode(encoding))
    for options in ({}, {"skip_bad": True}):  # nothing of it is any good
        with pytest.raises(InventoryError) as caught:
            bss.read(path, **options)
        name = encoding.upper().replace("-LE", "LE").replace("-BE", "BE")
        assert f"the file is {name}, not UTF-8" in str(caught.value)
        assert f"iconv -f {name}" in str(caught.value)
    with path.open(encoding=encoding) as file:
        if not mark:
            assert bss.read(file) == BOTH


FAULTS = {
    "a second mark": ("\ufeff\ufeff{}", 1, "byte order mark"),
    "marks of files that were joined": (
        f"\ufeff{dumped(ONE)}\n\ufeff{dumped(TWO)}\n",
        2,
        "byte order mark (U+FEFF) stands inside the file",
    ),
    "a mark without a line break": (f"{dumped(ONE)}\ufeff{dumped(TWO)}", 1, "byte order mark"),
    "a mark within": (f'{{"InstanceID":\n\ufeff"a"}}\n{dumped(BOTH)}', 1, "byte order mark"),
    "commas between lines": (f"{dumped(ONE)},\n{dumped(TWO)},\n" * 30, 1, "a comma follows"),
    "commas between printed ones": (
        ",\n".join(json.dumps(record, indent=1) for record in BOTH),
        None,
        "put the whole in [ and ]",
    ),
    "a comma on its own line": (f"{dumped(ONE)}\n,\n{dumped(TWO)}", 2, "a comma follows"),
    "Python's notation": (str(BOTH), 1, "save json.dumps("),
    "Python's notation, printed": ("[{'InstanceID':\n  None}]", 1, "Python's own notation"),
    "Python's constants": ('{"InstanceID": None}', 1, "Python's own notation"),
    "Python's bytes": (str(dumped(BOTH).encode()), 1, "save json.dumps("),
    "text before": (f"WARNING: old\n{dumped(body(BOTH))}", 1, "'WARNING: old': delete it"),
    "text before a printed reply": (
        f"WARNING: old\n{json.dumps(body(BOTH), indent=1)}",
        1,
        "is text, not JSON",
    ),
    "a table": ("InstanceID | Status\nrm-1 | Normal\n" * 50, 1, "is text, not JSON"),
    "CSV": ("InstanceID,Status\nrm-1,Normal\n" * 50, 1, "a table (CSV) is taken as JSON lines"),
    "a page of a proxy": ("<html>\n<body>Denied</body></html>", 1, "is XML or HTML, not JSON"),
}


@pytest.mark.parametrize("form", FAULTS)
def test_faults_of_files_are_named_once_with_their_cure(form):
    text, number, words = FAULTS[form]
    lines = said(text)
    assert words in lines[0]
    assert number is None or lines[0].startswith(("line ", "record "))
    assert number is None or int(lines[0].split()[1].rstrip(":")) == number
    assert sum(words in line for line in lines) == 1
    assert all("the key is missing" in line or "… and" in line for line in lines[1:])


@pytest.mark.parametrize(
    "form", ["text before", "text before a printed reply", "marks of files that were joined"]
)
def test_what_follows_a_fault_of_a_file_is_read(form):
    assert loaded(FAULTS[form][0]).records == BOTH


def test_scalars_are_no_records():
    assert said('5\n"x"\nnull') == [
        f"line {number}: a record must be a mapping, not {kind}"
        for number, kind in ((1, "int"), (2, "str"), (3, "NoneType"))
    ]


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_a_file_that_is_empty_is_told(data, tmp_path, monkeypatch):
    """A download that failed leaves one; a file object was opened by the caller."""
    path = tmp_path / "empty"
    path.write_bytes(data)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    for source in (path, str(path), "-"):
        with pytest.raises(InventoryError, match=r"the file is empty.*or \[\] for an inventory"):
            bss.read(source)
    assert bss.read(io.BytesIO(data)) == []
    path.write_text("[]", "utf-8")
    assert bss.read(path) == []


class Counting:
    """A decoder that counts the characters that it reads."""

    def __init__(self, decoder):
        self.decoder, self.count = decoder, 0
        self.decode = decoder.decode

    def raw_decode(self, text, at):
        try:
            value, end = self.decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            self.count += error.pos - at + 1
            raise
        except (RecursionError, ValueError):
            self.count += len(text) - at
            raise
        self.count += end - at
        return value, end


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}' * 3000,
        '{"a":1\n' * 3000,
        "[\n" * 3000,
        "[1,\n" * 3000,
        "[\n" + '{"a":1},\n' * 3000,
        "[\n" * 500 + '{"a":1,"a":1},\n' * 3000,
        '{"a": "\n' * 3000,
        "[\n" * 900 + "1,\n" * 3000 + "NaN",
        json.dumps([{"a": 1}] * 3000, indent=1),
        (json.dumps([{"a": 1}] * 10, indent=1) + "\n") * 300,
        json.dumps([{"a": 1}] * 1000, indent=1) + '\n{"a":1' * 3000,
        '{\n"\udcff\n' * 3000,
        "{\n}" * 3000,
        "{\n" + "[\n" * 50 + "1,\n" * 3000,
    ],
)
def test_every_character_is_read_a_bounded_number_of_times(text, monkeypatch):
    counting = Counting(documents._DECODER)
    again = Counting(documents._LENIENT)
    monkeypatch.setattr(documents, "_DECODER", counting)
    monkeypatch.setattr(documents, "_LENIENT", again)
    lines = text.encode("utf-8", "surrogateescape").split(b"\n")
    assert list(documents.documents(lines))
    assert counting.count + again.count < 12 * len(text)


def test_progress_is_told_for_every_line_of_any_form():
    for content in (
        "\n\n{}\n\n",
        json.dumps(body(BOTH), indent=1),
        "{}{}\n{\n}{}\n",
        "{broken\n\n",
    ):
        lines = content.encode().split(b"\n")
        seen = []

        def watch(given, seen=seen):
            for line in given:
                seen.append(line)
                yield line

        list(documents.documents(lines, watch))
        assert seen == lines


def test_blank_times_are_no_times_for_any_api():
    record = {"InstanceName": "a", "CreateTime": "", "InstanceStatus": ""}
    fields = {"InstanceName": text(), "InstanceStatus": keyword(), "CreateTime": instant()}
    schema = Schema(key="InstanceName", fields=fields)
    (read_back,) = read([record], Reader(schema, ("Instances",)))
    assert read_back == {"InstanceName": "a", "InstanceStatus": ""}
    assert Store(schema, [read_back]).get("a") == read_back


def test_times_of_records_within_records_are_taken_in_where_they_are():
    fields = {"id": text(), "at": instant(path="meta.at"), "tag": tags(path="meta.tags")}
    reader = Reader(Schema(key="id", fields=fields), (), integers="seconds")
    record = {"id": "a", "meta": {"at": 86_400, "tags": {"k": "v"}, "more": [1]}}
    written = {**record, "meta": {**record["meta"], "at": "1970-01-02T00:00:00Z"}}
    assert read(record, reader) == [written]
    assert read({"id": "a", "meta": {"at": ""}}, reader) == [{"id": "a", "meta": {}}]
    assert read({"id": "a", "meta": None}, reader) == [{"id": "a", "meta": None}]
    (line,) = said(record, replace(reader, integers=None))
    assert "at: an integer does not say its unit" in line


def test_both_spellings_of_an_owner_say_the_same():
    assert read({"InstanceID": "i", "OwnerId": 5, "OwnerID": "5"}) == [
        {"InstanceID": "i", "OwnerId": "5"}
    ]
    assert read({"InstanceID": "i", "OwnerId": None, "OwnerID": 5}) == [
        {"InstanceID": "i", "OwnerId": "5"}
    ]
    assert read({"InstanceID": "i", "OwnerID": None}) == [{"InstanceID": "i", "OwnerId": None}]
    (line,) = said({"InstanceID": "i", "OwnerId": 5, "OwnerID": 6})
    assert "given again, with another value, as OwnerID" in line


@pytest.mark.parametrize(
    ("reply", "reader", "name", "kind"),
    [
        ({"requestId": "R", "result": '[{"instanceId": "a"}]'}, airec.read, "result", "text"),
        ({"requestId": "R", "result": 5}, airec.read, "result", "int"),
        ({"requestId": "R", "Result": True}, airec.read, "result", "bool"),
        (body(BOTH, Data=json.dumps({"InstanceList": BOTH})), bss.read, "Data", "text"),
        (body(json.dumps(BOTH)), bss.read, "InstanceList", "text"),
        ({"InstanceList": "[]"}, bss.read, "InstanceList", "text"),
    ],
)
def test_what_stands_in_the_place_of_the_list_is_no_empty_page(reply, reader, name, kind):
    (told,) = said(reply, reader)
    assert told == (
        f"line 1: is a reply in which {name} is {kind} and holds no list: save JSON alone"
    )


@pytest.mark.parametrize("nothing", [None, "", {}, [], False])
def test_what_is_empty_in_the_place_of_the_list_is_an_empty_page(nothing):
    assert read({"requestId": "R", "result": nothing}, airec.read) == []
    assert read(body([], Data=nothing)) == []


@pytest.mark.parametrize("success", [False, "false"])
@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"Code": None, "Message": None, "Data": None}, ""),
        ({"Code": "", "Message": "no"}, ": no"),
        ({"Code": "Throttling.User", "Message": "slow down"}, ", Throttling.User: slow down"),
    ],
)
def test_a_reply_that_says_it_failed_is_no_empty_page(success, more, told):
    reply = body([], Success=success, **more)
    assert said(reply) == [f"line 1: is a failure reply and holds no records{told}"]
    assert read(body(BOTH, Success=success)) == BOTH  # what has records is one


def test_an_api_without_such_a_flag_has_none():
    assert bss.read.failures.flag == ("Success",)
    assert airec.read.failures.flag is None
    assert read({"requestId": "R", "success": False}, airec.read) == []


def test_an_empty_body_is_none():
    (told,) = said(response({}))
    assert told == "line 1: is a response with no body"
    assert read(response([])) == []


def test_a_broken_line_does_not_take_the_next_one_along():
    assert loaded('{"InstanceID": "a", bad}\n  {"InstanceID": "b"}\n').records == [
        {"InstanceID": "b"}
    ]


def test_a_document_that_begins_where_another_is_wrong_is_read():
    text = '[{"InstanceID": "a"\n} {"InstanceID": "b"}]'
    assert loaded(text).records == [{"InstanceID": "b"}]


def test_half_of_a_surrogate_pair_in_a_text_file_is_told():
    (told,) = said('{"InstanceID": "a", "Name": "\ud800"}')
    assert told.startswith("line 1: is not UTF-8: byte ")
