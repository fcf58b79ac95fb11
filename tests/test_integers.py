"""Integers in files: of the unit that a reader or a command is told, never of a guessed one."""

import io
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from instquery import InstqueryError, Order, Schema, SchemaError, Store, instant, text
from instquery.apis import airec, bss, tablestore
from instquery.apis.inventory import InventoryError, Reader
from instquery.cli.app import app
from instquery.cli.options import Integers
from instquery.instants import MICROS

RECORD = {"InstanceID": "i", "EndTime": 1745078400000, "CreateTime": "2018-04-19T10:17:00Z"}


def read(record, reader=bss.read, **options):
    (found,) = reader(io.StringIO(json.dumps(record)), **options)
    return found


@pytest.mark.parametrize(
    ("unit", "number", "written"),
    [
        ("seconds", 1745078400, "2025-04-19T16:00:00Z"),
        ("milliseconds", 1745078400000, "2025-04-19T16:00:00Z"),
        ("milliseconds", 1745078400001, "2025-04-19T16:00:00.001Z"),
        ("microseconds", 1745078400000001, "2025-04-19T16:00:00.000001Z"),
        ("seconds", 0, "1970-01-01T00:00:00Z"),
        ("seconds", -1, "1969-12-31T23:59:59Z"),
        ("seconds", 253402300799, "9999-12-31T23:59:59Z"),
    ],
)
def test_an_integer_is_handed_back_as_the_text_of_its_time(unit, number, written):
    found = read(RECORD | {"EndTime": number, "RenewalDuration": 12}, integers=unit)
    assert found == RECORD | {"EndTime": written, "RenewalDuration": 12}
    assert len(Store(bss.SCHEMA, [found])) == 1
    assert read(RECORD | {"EndTime": number}, Reader(bss.SCHEMA, (), integers=unit)) == (
        RECORD | {"EndTime": written}
    )


def test_a_call_overrules_its_reader():
    reader = Reader.of(tablestore.list_instances, ("Instances",), integers="milliseconds")
    record = {"InstanceName": "a", "CreateTime": 1745078400}
    assert read(record, reader)["CreateTime"].startswith("1970-")
    assert read(record, reader, integers="seconds")["CreateTime"] == "2025-04-19T16:00:00Z"
    inventory = reader.load(io.StringIO(json.dumps(record)), integers="seconds")
    assert inventory.records[0]["CreateTime"] == "2025-04-19T16:00:00Z"


def test_without_a_unit_the_message_names_where_to_say_it():
    for field in ("EndTime", "CreateTime"):  # the second is the order
        with pytest.raises(InventoryError) as caught:
            read(RECORD | {"CreateTime": None, "EndTime": None, field: 1745078400000})
        said = str(caught.value)
        assert said.startswith(f"line 1: {field}: an integer does not say its unit")
        assert "--integers seconds, milliseconds or microseconds" in said
        assert "integers= of Reader" in said


@pytest.mark.parametrize("value", [1745078400.0, "1745078400", True, 10**17, -(10**17)])
def test_what_is_no_integer_or_no_time_is_refused_as_ever(value):
    with pytest.raises(InventoryError) as caught:
        read(RECORD | {"EndTime": value}, integers="seconds")
    assert caught.value.bad[0].field == "EndTime"
    assert "--integers" not in str(caught.value)


def test_a_field_keeps_the_unit_that_it_declares():
    schema = Schema(
        key="id",
        order=Order("at"),
        fields={
            "id": text(),
            "at": instant(aliases=("AT",)),
            "own": instant(integers="microseconds"),
        },
    )
    reader = Reader(schema, ())
    own = 1745078400000000  # no year that there is, as milliseconds
    found = read({"id": "a", "AT": 1000, "own": own}, reader, integers="milliseconds")
    assert found == {"id": "a", "at": "1970-01-01T00:00:01Z", "own": own}
    assert len(Store(schema, [found])) == 1
    with pytest.raises(InventoryError, match=r"at: an integer does not say its unit"):
        read({"id": "a", "AT": 1000}, reader)


@pytest.mark.parametrize("unit", ["minutes", "", 1, ["seconds"], True])
def test_another_unit_is_refused(unit):
    with pytest.raises(SchemaError, match="integers must be one of seconds, milliseconds"):
        Reader(bss.SCHEMA, (), integers=unit)
    with pytest.raises(InstqueryError, match="integers must be one of seconds, milliseconds"):
        airec.read(io.StringIO("[]"), integers=unit)


def test_the_commands_know_the_same_units():
    assert [one.unit for one in Integers] == list(MICROS)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "saved.json"
    path.write_text(json.dumps({"Data": {"InstanceList": [RECORD]}}), "utf-8")
    return str(path)


@pytest.mark.parametrize("command", ["query", "bench"])
def test_every_command_that_reads_a_file_takes_the_unit(command, file):
    arguments = [command, "bss", file, "--now", "2020-01-01"]
    arguments += ["--json"] if command == "query" else ["--rounds", "1"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "--integers" in result.stderr
    result = CliRunner().invoke(app, [*arguments, "--integers", "milliseconds"])
    assert result.exit_code == 0
    if command == "query":
        assert '"EndTime": "2025-04-19T16:00:00Z"' in result.stdout
    result = CliRunner().invoke(app, [*arguments, "--integers", "minutes"])
    assert result.exit_code == 2


def test_copying_takes_it_too(file, tmp_path):
    target = tmp_path / "out.jsonl"
    result = CliRunner().invoke(app, ["copy", file, str(target), "--integers", "milliseconds"])
    assert result.exit_code == 0, result.output
    assert json.loads(target.read_text("utf-8"))["EndTime"] == "2025-04-19T16:00:00Z"


def test_serving_takes_it_too(file):
    command = [sys.executable, "-m", "instquery.cli", "serve", "--bss", file, "--port", "0"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert told.returncode == 2
    assert "--integers" in told.stderr
    with subprocess.Popen(  # noqa: S603
        [*command, "--integers", "milliseconds"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert "serving 1 bss records" in process.stdout.readline()
        finally:
            process.terminate()


def test_a_unit_that_does_not_fit_is_told_with_the_number():
    said = (
        "EndTime: must lie within the years 1 to 9999, and 1745078400000 seconds do not: name the"
    )
    with pytest.raises(InventoryError, match=said):
        read(RECORD, integers="seconds")


def test_an_unknown_unit_is_told_once_a_file_and_field():
    lines = "".join(f'{{"InstanceID": "i{n}", "EndTime": 1}}\n' for n in range(1000))
    with pytest.raises(InventoryError) as caught:
        bss.read(io.StringIO(lines))
    assert [bad.number for bad in caught.value.bad] == [1]
    assert str(caught.value).endswith("… and 999 more")


def test_the_first_second_of_1970_is_a_time():
    """Also of a field that takes no blank text, and is looked at for one."""
    schema = Schema(key="id", order=Order("at"), fields={"id": text(), "at": instant()})
    reader = Reader(schema, ("list",), integers="seconds")
    given = io.StringIO('{"id": "a", "at": 0}\n{"id": "b", "at": ""}')
    assert reader(given) == [{"id": "a", "at": "1970-01-01T00:00:00Z"}, {"id": "b"}]
