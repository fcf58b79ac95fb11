"""Parameters of patterns, tags, expiry and several fields; families in other spellings."""

import pytest

from instquery import Order, Query, Schema, SchemaError, Store, instant, keyword, tags, text
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.operation import Operation, Refusal
from instquery.apis.params import (
    boolean,
    exact,
    expired,
    ignored,
    json_list,
    listed,
    page_size,
    repeated,
    tag_family,
    tag_list,
    tag_map,
    wildcard,
)
from instquery.apis.spelling import undeclared
from instquery.predicates import In

NOW = "2026-06-01T00:00:00Z"
SCHEMA = Schema(
    key="Id",
    order=Order("Id", descending=False),
    fields={
        "Id": keyword(),
        "Name": text(),
        "Zone": keyword(),
        "Other": keyword(),
        "Ends": instant(),
        "Tags": tags(),
    },
)
RECORDS = [
    {"Id": "a", "Name": "web?1", "Zone": 1, "Other": "x", "Ends": NOW, "Tags": {"k": "v"}},
    {"Id": "b", "Name": "web-1", "Zone": "x", "Other": True, "Tags": {"k": ""}},
    {"Id": "c", "Name": "db\\1", "Zone": "true", "Ends": "2027-01-01", "Tags": {"K": "v", "m": ""}},
]


def answers(*params):
    """Return what asks an operation with these parameters: the keys, or the code of a refusal."""
    operation = Operation(
        name="List",
        version="1",
        schema=SCHEMA,
        params=(*params, page_size("Size", default=9, most=9)),
        envelope=Envelope(
            members=("Id",),
            times=frozenset(),
            timespec="seconds",
            success=lambda answer: {"ids": [item["Id"] for item in answer.items]},
            failure=lambda refused: {"code": f"{refused.code} {refused.parameter}"},
        ),
        errors={code: Fault("{parameter} {reason}") for code in ("No", "Odd", "Ours", "Many")},
        invalid="No",
        internal="Ours",
    )
    store = Store(SCHEMA, RECORDS)

    def ask(given=None, **more):
        body = operation(store, {**(given or {}), **more}, now=NOW).body
        return "".join(body["ids"]) if "ids" in body else body["code"]

    return ask


def test_patterns():
    ask = answers(wildcard("Name"), wildcard("Star", "Name", stars_only=True))
    assert ask(Name="WEB?1") == "ab"
    assert ask(Name=r"web\?1") == "a"
    assert ask(Name="*1") == "abc"
    assert ask(Name="web") == ""
    assert ask(Name="web\\") == "No Name"
    assert ask(Star="ＷＥＢ?1") == "a"
    assert ask(Star="*\\*") == "c"
    assert ask(Star="db\\") == ""
    assert wildcard("Id").examples[0].fields == {"Id"}
    assert wildcard("Name").longest == 1_024


def test_one_of_several_fields():
    ask = answers(exact("Place", ("Zone", "Other")), exact("Zone"))
    assert ask(Place="x") == "ab"
    assert ask(Place="1") == "ab"  # as 1 and True are one value
    assert ask(Place="true") == "abc"
    assert ask(Place="y") == ""
    assert exact("Place", ("Zone", "Other")).fields == {"Zone", "Other"}


def test_expiry_and_the_spellings_of_bools():
    ask = answers(expired("Over", "Ends"), expired("Expired", "Ends", words=("True", "False")))
    assert (ask(Over="TRUE"), ask(Over="false")) == ("a", "bc")
    assert (ask(Expired="True"), ask(Expired="False")) == ("a", "bc")
    assert (ask(Expired=True), ask(Expired=False)) == ("a", "bc")
    assert ask(Expired="true") == "No Expired"
    assert boolean("Flag", "Zone", words=("yes", "no")).choices == ("yes", "no")


def test_what_is_ignored_is_known():
    param = ignored("More")
    ask = answers(param, exact("Id"))
    assert ask({"More": object(), "More.1": "x", "More.N": "y"}, Id="a") == "a"
    operation = Operation(
        name="List",
        version="1",
        schema=SCHEMA,
        params=(param,),
        envelope=Envelope((), frozenset(), "seconds", success=dict, failure=dict),
        errors={"No": Fault("")},
        invalid="No",
        internal="No",
    )
    assert undeclared(operation, ["More", "More.7"]) is None
    assert undeclared(operation, ["Moreover"]) is not None


def test_any_number_of_values_and_a_bare_one():
    ask = answers(listed("Ids", "Id", most=None), json_list("Zones", "Zone", most=2, bare=True))
    assert ask(Ids=",".join(["a", "c", *map(str, range(5_000))])) == "ac"
    assert ask(Ids=" , ") == "No Ids"
    assert ask(Zones="x") == "b"
    assert ask(Zones=' ["x", "true"]') == "abc"  # as 1 and True are one value
    assert ask(Zones="[x") == "No Zones"
    assert ask(Zones=["x", "y"]) == "b"
    assert ask(Zones='["a", "b", "c"]') == "No Zones"


def test_tags_in_a_family():
    parts = (("Key", "key"), ("Value", "value"))
    ask = answers(
        tag_family("Tag", "Tags", most=2, parts=parts, mismatch="Odd", code="Many", names=("tag",))
    )
    assert ask({"Tag.1.Key": "k"}) == "ab"
    assert ask({"Tag.1.Key": "k", "Tag.1.Value": "v"}) == "a"
    assert ask({"Tag.1.Key": "k", "Tag.1.Value": ""}) == "ab"
    assert ask({"Tag.1.key": "K", "Tag.2.Key": "m"}) == "c"
    assert ask({"Tag.1.Key": "k", "Tag.1.key": "m"}) == "ab"
    assert ask({"tag.1.Key": "m", "Tag.1.Key": "k"}) == "ab"
    assert ask({"tag.1.Key": "m"}) == "c"
    assert ask({"Tag.1.Value": "v"}) == "Odd Tag"
    assert ask({f"Tag.{n}.Key": "k" for n in (1, 2, 3)}) == "Many Tag"
    assert ask(Tag=[{"key": "K", "value": "v"}]) == "c"
    assert ask(tag=[{"Key": "k"}]) == "ab"
    assert ask(Tag=[]) == "abc"
    assert ask(Tag=["k"]) == "Many Tag"
    assert answers(tag_family("T", "Tags", most=1))({"T.1.Value": "v"}) == "No T"


def test_tags_in_a_list():
    ask = answers(tag_list("Tags", "Tags", most=2, parts=("k", "v")))
    assert ask(Tags='[{"k": "k"}, {}]') == "ab"
    assert ask(Tags='[{"k": "k", "v": "v", "more": 1}]') == "a"
    assert ask(Tags='[{"k": "m", "v": ""}, {"k": "K"}]') == "c"
    assert ask(Tags="[]") == "abc"
    assert ask(Tags=[]) == "abc"
    for wrong in ('[{"v": "x"}]', '["k"]', "{}", "x", '[{"k": []}]', '[{"k":1},{"k":2},{"k":3}]'):
        assert ask(Tags=wrong) == "No Tags", wrong


def test_tags_in_an_object():
    ask = answers(tag_map("Tags", "Tags", most=2))
    assert ask(Tags='{"k": "v", "m": ""}') == "ac"
    assert ask(Tags='{"k": ""}') == "b"
    assert ask(Tags="{}") == ""
    assert ask(Tags={"K": "v"}) == "c"
    wrongs = ('{"": "v"}', '{"k": null}', '{"k": ["v"]}', "[]", "x", '{"k": "v", "k": "w"}')
    for wrong in (*wrongs, '{"a": "", "b": "", "c": ""}', {1: "v"}):
        assert ask(Tags=wrong) == "No Tags", wrong


def test_parts_that_are_numbered_have_other_spellings_too():
    def read(items, _now):
        for name, values in items:
            if name is None:
                raise Refusal("Odd")
            yield In(name, values or ())

    parts = (("Name", "name"), ("Value.N", "value.N"))
    ask = answers(repeated("Filter", parts, most=5, read=read, names=("filter",)))
    given = {"Filter.1.name": "Id", "filter.1.value.2": "a", "Filter.1.Value.7": "b"}
    assert ask(given) == "ab"
    assert ask({**given, "Filter.1.Value.2": "c"}) == "bc"
    assert ask(Filter=[{"name": "Id", "value": ["a", "c"]}]) == "ac"
    assert ask({"filter.1.value.1": "a"}) == "Odd Filter"


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (lambda: answers(tag_list("T", "Name", most=1)), "text field does not answer Has"),
        (lambda: answers(tag_map("T", "Name", most=1)), "text field does not answer Has"),
        (lambda: answers(tag_family("T", "Zone", most=1)), "keyword field does not answer Has"),
        (lambda: answers(wildcard("Ends")), "instant field does not answer Like"),
        (lambda: answers(expired("X", "Zone")), "keyword field does not answer Range"),
        (lambda: answers(exact("X", ("Zone", "Gone"))), "asks for Gone"),
        (lambda: tag_list("T", "Tags", most=0), "most must be an integer from 1"),
        (lambda: tag_map("T", "Tags", most=True), "most must be an integer from 1"),
        (lambda: listed("T", "Zone", most=-1), "from 1, or None"),
        (lambda: repeated("T", (("A", "B.N"),), most=1, read=lambda *_: ()), "parts must be"),
        (lambda: repeated("T", ((),), most=1, read=lambda *_: ()), "parts must be"),
    ],
)
def test_what_contradicts_itself_is_refused_when_it_is_declared(declare, told):
    with pytest.raises(SchemaError, match=told):
        declare()


def test_an_answer_has_the_version_of_its_state():
    seen = []

    def success(answer):
        seen.append(answer.version)
        return {}

    envelope = Envelope(("Id",), frozenset(), "seconds", success=success, failure=dict)
    operation = Operation(
        name="List",
        version="1",
        schema=SCHEMA,
        params=(exact("Id"),),
        envelope=envelope,
        errors={"No": Fault("")},
        invalid="No",
        internal="No",
    )
    store = Store(SCHEMA, RECORDS)
    operation(store, {})
    store.discard("a")
    operation(store, {"Id": "b"})
    assert seen == [store.page(Query()).version - 1, store.page(Query()).version]
