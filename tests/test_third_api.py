"""A third API, written by a user in a file of their own: Tablestore's ListInstances.

It has its own status, name and page size.
"""

import inspect

import pytest

import tablestore
from instquery import Store

pytestmark = pytest.mark.usefixtures("engine")

RECORDS = [
    {
        "InstanceName": "feature-store",
        "Status": "normal",
        "CreateTime": "2024-05-01T08:00:00Z",
        "Extra": 1,
    },
    {
        "InstanceName": "Session-Cache",
        "Status": "normal",
        "CreateTime": "2024-06-01T08:00:00+08:00",
    },
    {"InstanceName": "old-store", "Status": "forbidden", "CreateTime": "2020-01-01T00:00:00Z"},
]


def names(**params):
    reply = tablestore.list_instances(Store(tablestore.SCHEMA, RECORDS), params, request_id="R")
    assert reply.status == 200
    return [item["InstanceName"] for item in reply.body["Instances"]], reply.body["TotalCount"]


def test_it_answers():
    assert names() == (["Session-Cache", "feature-store", "old-store"], 3)
    assert names(InstanceName="STORE") == (["feature-store", "old-store"], 2)
    assert names(InstanceName="store", Status="normal") == (["feature-store"], 1)
    assert names(MaxResults="1") == (["Session-Cache"], 3)


def test_it_refuses():
    reply = tablestore.list_instances(Store(tablestore.SCHEMA), {"Status": "gone"}, request_id="R")
    assert (reply.status, reply.body["Code"]) == (400, "OTSParameterInvalid")
    assert "Status" in reply.body["Message"]


def test_it_reads_saved_replies(tmp_path):
    path = tmp_path / "saved.json"
    path.write_text('{"RequestId": "R", "Instances": [{"InstanceName": "a"}]}', "utf-8")
    assert tablestore.read(path) == [{"InstanceName": "a"}]


def test_it_takes_less_than_sixty_lines_of_its_own():
    assert len(inspect.getsource(tablestore).splitlines()) < 60
