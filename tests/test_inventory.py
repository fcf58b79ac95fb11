"""Reading inventories: every form they come in, and every way they are broken."""

import io
import json
import sys

import pytest

from instquery import Order, RecordError, Schema, Store, instant, tags, text
from instquery.apis import airec, bss
from instquery.apis.inventory import InventoryError, Reader

ONE = {"instanceId": "airec-cn-****", "name": "实例1", "gmtCreate": "2018-12-06T06:14:01.000Z"}
TWO = {
    "instanceId": "b",
    "gmtCreate": "2999-09-08T16:00:00Z",
    "expiredTime": "2016-11-07T16:00:00Z",
    "type": "Odd",
}
BOTH = [ONE, TWO]


def dumped(value, **how):
    return json.dumps(value, ensure_ascii=False, **how)


FORMS = {
    "JSON lines": "\n".join(map(dumped, BOTH)),
    "with a last line break, blank lines and Windows line ends": "\r\n\r\n".join(map(dumped, BOTH))
    + "\r\n",
    "an array": dumped(BOTH),
    "an array over many lines": dumped(BOTH, indent=2),
    "an array with a record a line": "[\n" + ",\n".join(map(dumped, BOTH)) + "\n]",
    "a saved reply": dumped({"requestId": "R", "code": "", "message": "", "result": BOTH}),
    "a saved reply over many lines": dumped({"result": BOTH}, indent=4),
    "saved replies, a line each": "\n".join(dumped({"result": [record]}) for record in BOTH),
    "saved replies, one after the other": "\n".join(
        dumped({"result": [record]}, indent=1) for record in BOTH
    ),
    "escaped letters": "\n".join(map(json.dumps, BOTH)),
    "an empty last page": dumped({"result": BOTH}) + "\n" + dumped({"result": []}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_from_every_source(form, tmp_path, monkeypatch):
    text = FORMS[form]
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode()):
        path = tmp_path / "inventory"
        path.write_bytes(data)
        assert airec.read(path) == BOTH
        assert airec.read(str(path)) == BOTH
        assert airec.read(io.BytesIO(data)) == BOTH
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert airec.read("-") == BOTH
    assert airec.read(io.StringIO(text)) == BOTH
    with path.open(encoding="utf-8-sig") as file:
        assert airec.read(file) == BOTH


@pytest.mark.parametrize("text", ["", "\n \n", "[]", '{"result": []}', "\ufeff"])
def test_nothing_is_an_empty_inventory(text):
    assert airec.read(io.StringIO(text)) == []


def test_the_replies_of_the_other_api_and_its_spelling_of_the_owner():
    reply = {
        "Data": {"TotalCount": 2, "InstanceList": [{"InstanceID": "i-1", "OwnerID": 181}]},
        "Success": True,
    }
    assert bss.read(io.StringIO(dumped(reply))) == [{"InstanceID": "i-1", "OwnerId": "181"}]


def test_a_record_with_a_member_called_like_the_list_of_a_reply_is_a_record():
    record = {"instanceId": "a", "result": ["x"]}
    assert airec.read(io.StringIO(dumped(record))) == [record]


BROKEN = b"\n".join(
    [
        dumped(ONE).encode(),
        b'{"instanceId": "b", "gmtCreate": "soon"}',
        b'{"instanceId": "c", "name": 5}',
        b'{"name": "no key"}',
        b"{broken",
        b'{"instanceId": "\xff"}',
        b'{"instanceId": "d", "instanceId": "e"}',
        b'{"instanceId": "f", "size": NaN}',
        b'{"instanceId": "g", "size": ' + b"9" * 5000 + b"}",
        b'{"instanceId": "h", "deep": ' + b"[" * 200_000 + b"}",
        b"[1, null]",
        dumped(TWO).encode(),
    ]
)


def test_all_bad_lines_are_told_with_number_and_field_and_nothing_is_loaded():
    with pytest.raises(InventoryError) as caught:
        airec.read(io.BytesIO(BROKEN))
    assert [(bad.number, bad.field) for bad in caught.value.bad] == [
        *((2, "gmtCreate"), (3, "name"), (4, "instanceId"), (5, None), (6, None), (7, None)),
        *((8, None), (9, None), (10, None), (11, None), (11, None)),
    ]
    assert caught.value.count == 11
    said = str(caught.value).splitlines()
    assert said[0] == "line 2: gmtCreate: is not an ISO 8601 time: 'soon'"
    assert said[3].startswith("line 5: is not JSON: Expecting property name")
    assert said[4] == "line 6: is not UTF-8: byte 17"
    assert said[5] == "line 7: is not usable JSON: the member instanceId is given twice"
    assert said[6] == "line 8: is not usable JSON: NaN is not a number of JSON"
    assert said[8] == "line 10: is nested too deeply"
    assert said[9] == "line 11: a record must be a mapping, not int"
    assert isinstance(caught.value, RecordError)


def test_bad_lines_are_left_out_on_request():
    assert airec.read(io.BytesIO(BROKEN), skip_bad=True) == BOTH
    inventory = airec.read.load(io.BytesIO(BROKEN))
    assert (len(inventory.records), inventory.bad_count) == (2, 11)


def test_the_report_is_bounded():
    with pytest.raises(InventoryError) as caught:
        airec.read(io.StringIO('{"name": "x"}\n' * 1000))
    assert caught.value.count == 1000
    assert len(caught.value.bad) == 20
    assert str(caught.value).endswith("… and 980 more")


def test_records_of_an_array_are_told_by_their_number():
    with pytest.raises(InventoryError) as caught:
        airec.read(io.StringIO(dumped([ONE, {"instanceId": ""}, TWO], indent=2)))
    assert str(caught.value) == "record 2: instanceId: the key must be text that is not empty"


def test_a_broken_document_says_where():
    with pytest.raises(InventoryError, match=r"record 1: is not JSON: .* at line 3 column"):
        airec.read(io.StringIO('[\n {"instanceId": "a"},\n oops\n]'))


def test_lines_whose_first_is_broken_are_lines_all_the_same():
    inventory = airec.read.load(io.StringIO('{"instanceId": "a"\n' + dumped(TWO)))
    assert inventory.records == [TWO]
    assert [bad.number for bad in inventory.bad] == [1]


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "latin"
    path.write_bytes('{"instanceId": "é"}'.encode("latin-1"))
    with pytest.raises(InventoryError, match="line 1: is not UTF-8"):
        airec.read(path)
    with (
        path.open(encoding="utf-8") as file,
        pytest.raises(RecordError, match="the file is not utf-8"),
    ):
        airec.read(file)


def test_a_file_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        airec.read("no such file")


def test_lone_surrogates_of_json_are_kept():
    (record,) = airec.read(io.StringIO('{"instanceId": "\\ud800"}'))
    assert Store(airec.SCHEMA, [record]).get("\ud800") == {"instanceId": "\ud800"}


def test_progress_is_told_line_by_line():
    seen = []
    airec.read.load(
        io.StringIO(FORMS["JSON lines"]),
        watch=lambda lines: (seen.append(line) or line for line in lines),
    )
    assert len(seen) == 2


@pytest.mark.parametrize("form", ["reply", "lines", "array"])
def test_records_with_members_within_members_are_read_whole(form):
    schema = Schema(
        key="id",
        order=Order("at"),
        fields={
            "id": text(path="meta.uid"),
            "at": instant(path="meta.at"),
            "ended": instant(path="status.ended"),
            "labels": tags(path="meta.labels"),
        },
    )
    given = [
        {"meta": {"uid": f"u{n}", "at": 1_700_000_000_000 + n, "labels": {"a": "b"}}, "x": [n]}
        for n in range(3)
    ]
    given[0]["status"] = {"ended": "", "phase": "Running"}
    lines = "\n".join(map(json.dumps, given))
    source = {"reply": json.dumps({"items": given}), "lines": lines, "array": json.dumps(given)}

    read = Reader(schema, ("items",), integers="milliseconds")
    records = read(io.StringIO(source[form]))
    for n, record in enumerate(given):
        record["meta"]["at"] = f"2023-11-14T22:13:20{f'.00{n}' if n else ''}Z"
    del given[0]["status"]["ended"]
    assert records == given
    assert [*Store(schema, records)] == given[::-1]

    with pytest.raises(InventoryError, match="at: an integer does not say its unit"):
        Reader(schema, ("items",))(io.StringIO(lines.replace("u1", "u9")))
