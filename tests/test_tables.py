"""Tables of items on a terminal: nested members by their paths, or in brief."""

from io import StringIO

import pytest
from rich.console import Console

import own_api
from instquery import Order, Schema, SchemaError, instant, keyword, stored, text
from instquery.apis.catalog import Api
from instquery.apis.envelope import Envelope
from instquery.apis.operation import Operation
from instquery.cli import show

SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": text(path="meta.id"),
        "meta": stored(),
        "spec": stored(),
        "kind": keyword(path="spec.kind"),
        "network": stored(),
        "zones": keyword(many=True),
        "created": instant(path="meta.created"),
    },
)
ITEMS = [
    {
        "meta": {"id": "i-1", "created": "2026-01-02T03:04:05Z"},
        "spec": {"kind": "vm", "disks": [{"size": 8, "at": "a"}, {"size": 9, "at": "b"}]},
        "network": {"name": "lan", "ips": ["10.0.0.1", "10.0.0.2"]},
        "zones": ["a", "b"],
    },
    {"meta": {"id": "i-2"}, "spec": {}},
]


def row_of(columns=()):
    envelope = own_api.list_things.envelope
    operation = Operation(
        name="ListObjects",
        version="v1",
        schema=SCHEMA,
        params=(),
        envelope=Envelope(
            members=("meta.id", "meta.created", "spec.kind", "spec.disks.size", "network", "zones"),
            times=frozenset({"meta.created"}),
            timespec="seconds",
            success=envelope.success,
            failure=envelope.failure,
        ),
        errors=own_api.list_things.errors,
        invalid="Invalid",
        internal="Internal",
    )
    return Api.of(operation, columns=columns)


def shown(monkeypatch, columns=(), *, items=ITEMS, width=200):
    console = Console(file=StringIO(), width=width)
    monkeypatch.setattr(show, "console", console)
    console.print(show.items_table(row_of(columns), items))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_nested_members_are_columns_by_their_paths(monkeypatch):
    columns = ("meta.id", "meta.created", "spec.kind", "spec.disks.size", "network.name", "zones")
    heads, _, first, second = shown(monkeypatch, columns)
    assert heads.split() == list(columns)
    assert first.split() == ["i-1", "2026-01-02", "vm", "8,", "9", "lan", "a,", "b"]
    assert second.split() == ["i-2"]


def test_members_around_others_are_columns_in_brief(monkeypatch):
    _, _, first, _ = shown(monkeypatch, ("spec", "network.ips"))
    told = "kind: vm, disks: [{size: 8, at: a}, {size: 9, at: b}]  10.0.0.1, 10.0.0.2"
    assert " ".join(first.split()) == " ".join(told.split())


def test_all_members_are_shown_in_brief_without_columns(monkeypatch):
    long = {"meta": {"id": "i-3"}, "network": {"ips": [f"10.0.0.{n}" for n in range(90)]}}
    lines = shown(monkeypatch, items=[*ITEMS, long], width=240)
    assert len(lines) == 5
    assert "id: i-1, created: 2026-01-02T03:04:05Z" in lines[2]
    assert "name: lan, ips: [10.0.0.1, 10.0.0.2]" in lines[2]
    assert lines[4].endswith("…")
    assert not any("'" in line for line in lines)


@pytest.mark.parametrize("column", ["gone", "spec.gone", "met", "kind", "", "spec."])
def test_a_column_that_no_item_has_is_refused(column):
    with pytest.raises(SchemaError, match="is no member of an item"):
        row_of((column,))
