"""What parameters can declare: families, JSON, bools, corrected sizes, own codes, other names."""

from dataclasses import replace
from decimal import Decimal

import pytest

from instquery import (
    Eq,
    In,
    Order,
    Query,
    Range,
    Schema,
    SchemaError,
    Store,
    instant,
    keyword,
    number,
    stored,
    tags,
    text,
)
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.operation import Operation, Refusal
from instquery.apis.params import (
    Param,
    boolean,
    contains,
    exact,
    expiring_until,
    json_list,
    listed,
    not_after,
    not_before,
    one_of,
    page_number,
    page_size,
    page_token,
    repeated,
    search_key,
)
from instquery.apis.spelling import undeclared

SCHEMA = Schema(
    key="Id",
    order=Order("Created"),
    fields={
        "Id": text(),
        "Name": text(),
        "Zone": keyword(),
        "Public": keyword(),
        "Created": instant(),
    },
)
ENVELOPE = Envelope(
    members=("Id",),
    times=frozenset(),
    timespec="seconds",
    success=lambda answer: {"found": [item["Id"] for item in answer.items]},
    failure=lambda refused: {"code": refused.code, "message": refused.message},
)
RECORDS = [
    {"Id": "a", "Zone": "1", "Public": True},
    {"Id": "b", "Zone": 1, "Public": "true"},
    {"Id": "c", "Zone": "2", "Public": "False"},
    {"Id": "d", "Zone": "x", "Public": False},
    {"Id": "e"},
]
STORE = Store(SCHEMA, RECORDS)


def taking(*params, **parts):
    if all(param.role != "size" for param in params):
        params = (*params, page_size("Size", default=50, most=50))
    return Operation(
        name="List",
        version="1",
        schema=SCHEMA,
        params=params,
        envelope=ENVELOPE,
        errors={
            "Invalid": Fault("{parameter} {reason}"),
            "Own": Fault("own: {parameter} {reason}", 404),
            "Missing": Fault("{parameter} is mandatory"),
            "Internal": Fault("ours", 500),
        },
        invalid="Invalid",
        internal="Internal",
        **parts,
    )


def found(operation, **given):
    reply = operation(STORE, given)
    assert reply.status == 200, reply
    return "".join(reply.body["found"])


def told(operation, given=None, **more):
    reply = operation(STORE, {**(given or {}), **more})
    assert reply.status != 200, reply
    return reply.body["message"]


# common to all

EVERY = {
    "exact": lambda **how: exact("X", "Zone", **how),
    "one_of": lambda **how: one_of("X", ("1",), "Zone", **how),
    "contains": lambda **how: contains("X", "Name", **how),
    "search_key": lambda **how: search_key("X", "Id", "Name", **how),
    "listed": lambda **how: listed("X", "Zone", most=2, **how),
    "json_list": lambda **how: json_list("X", "Zone", most=2, **how),
    "json_list of its own": lambda **how: json_list("X", most=2, read=lambda *_: (), **how),
    "boolean": lambda **how: boolean("X", "Public", **how),
    "boolean of its own": lambda **how: boolean("X", read=lambda *_: (), **how),
    "repeated": lambda **how: repeated("X", most=2, read=lambda *_: (), **how),
    "not_before": lambda **how: not_before("X", "Created", **how),
    "not_after": lambda **how: not_after("X", "Created", **how),
    "expiring_until": lambda **how: expiring_until("X", "Created", **how),
    "page_number": lambda **how: page_number("X", **how),
    "page_size": lambda **how: page_size("X", default=10, most=50, **how),
    "page_token": lambda **how: page_token("X", **how),
}
WRONG = {
    "contains": True,
    "search_key": True,
    "repeated": {"X.1": "a", "X.2": "a", "X.3": "a"},
    "page_token": "no token",
    "json_list of its own": "{",
}


@pytest.mark.parametrize("kind", EVERY)
def test_every_parameter_may_be_required(kind):
    param = EVERY[kind](required=True)
    assert told(taking(param)) == "X must be given"
    assert told(taking(param), X="") == "X must be given"
    assert told(taking(param, missing="Missing"), X=None) == "X is mandatory"
    assert taking(param, missing="Missing")(STORE, {"Y": "1"}).body["code"] == "Missing"


@pytest.mark.parametrize("kind", EVERY)
def test_every_parameter_may_have_a_code_of_its_own(kind):
    operation = taking(EVERY[kind](code="Own"))
    wrong = WRONG.get(kind, "no such")
    given = wrong if isinstance(wrong, dict) else {"X": wrong}
    if kind == "exact":
        given = {"X": 1.5}
    if kind == "listed":
        given = {"X": "1,2,3"}
    reply = operation(STORE, given)
    assert (reply.status, reply.body["code"]) == (404, "Own")
    assert reply.body["message"].startswith("own: X ")
    assert taking(EVERY[kind]())(STORE, given).body["code"] == "Invalid"


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind != "repeated"])
def test_every_parameter_may_have_other_names(kind):
    param = EVERY[kind](names=("x", "ex"), code="Own")
    wrong = {"exact": 1.5, "listed": "1,2,3"}.get(kind, WRONG.get(kind, "no such"))
    for given in ({"x": wrong}, {"ex": wrong}, {"X": "", "ex": wrong}, {"X": wrong, "x": ""}):
        assert taking(param)(STORE, given).body["code"] == "Own"
    assert undeclared(taking(param), ["X", "x", "ex"]) is None
    assert "xx is no parameter" in undeclared(taking(param), ["xx"])


def test_ones_own_name_counts_before_others_and_they_in_their_order():
    operation = taking(exact("Zone", names=("zone", "ZONE")))
    assert found(operation, ZONE="x", zone="2", Zone="1") == "ab"
    assert found(operation, ZONE="x", zone="2") == "c"
    assert found(operation, ZONE="x") == "d"


def test_a_long_needle_under_another_name_is_refused_too():
    operation = taking(contains("Name", names=("name",), code="Own"))
    for name in ("Name", "name"):
        asking = operation.prepare(STORE, {name: "x" * 1025}, is_remote=True)
        assert asking.reply().body["code"] == "Own"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: taking(exact("Zone", code="Gone")), "refuses with 'Gone', which is not in errors"),
        (lambda: taking(page_token("T", expired="Gone")), "refuses with 'Gone'"),
        (lambda: taking(page_token("T", invalid="Gone")), "refuses with 'Gone'"),
        (lambda: taking(missing="Gone"), "missing: 'Gone' is not in errors"),
        (lambda: taking(exact("Zone"), exact("Id", names=("Zone",))), "Zone is declared twice"),
        (lambda: taking(page_token("A"), page_token("B")), "both tell the token"),
        (lambda: taking(page_size("A", default=1, most=2, by_token=True)), "needs page_token"),
        (lambda: exact("Zone", names="zone"), "names must be a tuple"),
        (lambda: exact("Zone", names=("",)), "names must be a tuple"),
        (lambda: exact("Zone", required="yes"), "required must be True or False"),
        (lambda: page_size("A", default=1, most=2, least=3), "least must be an integer from 0"),
        (lambda: json_list("A", most=0), "most must be an integer from 1"),
        (lambda: repeated("A", most=True, read=print), "most must be an integer from 1"),
        (lambda: repeated("A", "Key", most=1, read=print), "parts must be a tuple"),
        (lambda: taking(json_list("A", "Created", most=1)), "does not answer In"),
        (lambda: search_key("A"), "name at least one text field"),
        (lambda: search_key("A", "Id", ""), "name at least one text field"),
        (lambda: search_key("A", "Id", ["Name"]), "name at least one text field"),
        (lambda: taking(search_key("A", "Id", "Zone")), "A: asks for Zone with Contains: "),
        (lambda: taking(search_key("A", "Id", "Nam")), "A: asks for Nam with Contains: "),
        (lambda: taking(boolean("A", "Name")), ""),
    ],
)
def test_what_contradicts_itself_is_refused_when_it_is_declared(make, said):
    if not said:
        make()
        return
    with pytest.raises(SchemaError) as caught:
        make()
    assert said in str(caught.value)


def test_what_no_parameter_takes_is_a_mistake_of_python():
    with pytest.raises(TypeError):
        exact("Zone", mandatory=True)


# several predicates


@pytest.mark.parametrize("nothing", [None, (), []])
def test_a_parameter_may_ask_for_nothing(nothing):
    for param in (
        Param("X", "filter", lambda value, now: nothing, "x"),
        json_list("X", most=1, read=lambda items, now: nothing),
        repeated("X", most=1, read=lambda items, now: nothing),
    ):
        assert found(taking(param), X=["1"]) == "abcde"


def test_a_parameter_may_yield_any_number_of_predicates():
    def read(value, now):
        return [Eq("Zone", word) for word in value.split()]

    operation = taking(Param("Own", "filter", read, "own"), exact("Id"))
    assert operation.query({"Own": "a b", "Id": "c"}).where == (
        Eq("Zone", "a"),
        Eq("Zone", "b"),
        Eq("Id", "c"),
    )
    assert operation.query({"Own": " "}).where == ()
    seen = []
    replace(operation, rules=(lambda asked: seen.append(asked.filters) or (),)).query({"Own": "a"})
    assert seen == [{"Own": (Eq("Zone", "a"),)}]
    broken = taking(Param("Own", "filter", lambda *_: ["Zone"], "own"))
    assert broken(STORE, {"Own": "x"}).status == 500


def test_a_generator_of_predicates_refuses_as_a_function_does():
    def read(value, now):
        if value == "none":
            raise Refusal("Own")
        if value == "odd":
            raise ValueError("must be even")
        yield Eq("Zone", value)

    operation = taking(Param("Own", "filter", read, "own"))
    assert found(operation, Own="x") == "d"
    assert told(operation, Own="none") == "own: Own Own"
    assert told(operation, Own="odd") == "Own must be even"


# a search of several fields


def test_a_search_key_is_a_part_of_any_of_its_fields():
    operation = taking(search_key("Key", "Id", "Name", names=("key",)))
    held = Store(SCHEMA, [{"Id": "web-1"}, {"Id": "b", "Name": "My WEB"}, {"Id": "c", "Name": "x"}])
    assert operation(held, {"Key": "web"}).body["found"] == ["b", "web-1"]
    assert operation(held, {"key": "WEB-"}).body["found"] == ["web-1"]
    assert operation(held, {"Key": "wwb"}).body["found"] == []
    assert operation(held, {"Key": ""}).body["found"] == ["b", "c", "web-1"]
    assert operation(held, {"Key": True}).body["code"] == "Invalid"
    asking = operation.prepare(held, {"Key": "x" * 1025}, is_remote=True)
    assert asking.reply().body["message"] == "Key must have at most 1,024 characters"
    assert operation.params[0].fields == {"Id", "Name"}
    assert operation.params[0].about == "part of Id or Name, any case"


# now, and the key


def test_what_expires_is_later_than_now():
    operation = taking(expiring_until("Until", "Created"))
    now = 1_780_000_000
    for until, status in ((now - 1, 400), (now, 400), (now + 1, 200)):
        assert operation(STORE, {"Until": str(until)}, now=now * 1_000_000).status == status


def test_the_key_is_text_even_where_it_is_a_keyword():
    schema = replace(SCHEMA, fields={**SCHEMA.fields, "Id": keyword()})
    operation = replace(taking(exact("Id"), exact("Zone")), schema=schema)
    asked = operation.query({"Id": "1", "Zone": "1"}).where
    assert asked == (Eq("Id", "1"), In("Zone", ("1", 1)))


# families


def pairs(items, now):
    for key, value in items:
        if key is None:
            raise Refusal("Own", "Tag", "has no key")
        yield Eq("Zone", key if value is None else value)


TAGS = repeated("Tag", ("Key", "Value"), most=3, read=pairs)


@pytest.mark.parametrize(
    ("given", "items"),
    [
        ({"Tag.1.Key": "a"}, (("a", None),)),
        ({"Tag.2.Value": "v", "Tag.2.Key": "a"}, (("a", "v"),)),
        ({"Tag.10.Key": "z", "Tag.9.Key": "b", "Tag.100.Key": "c"}, tuple("bzc")),
        ({"Tag.1.Key": "", "Tag.2.Key": None, "Tag.3.Key": "a"}, (("a", None),)),
        ({"Tag.1.Key": 5, "Tag.1.Value": True}, (("5", "true"),)),
        ({"Tag": [{"Key": "a"}, {"Value": "v", "Key": "b"}]}, (("a", None), ("b", "v"))),
        ({"Tag.1.key": "a"}, None),
        ({"Tag.0.Key": "a"}, None),
        ({"Tag.01.Key": "a"}, None),
        ({"Tag.-1.Key": "a"}, None),
        ({"Tag.１.Key": "a"}, None),
        ({"Tag.1": "a"}, None),
        ({"Tag.1.Key.": "a"}, None),
        ({"Tag.1.Other": "a"}, None),
        ({"xTag.1.Key": "a"}, None),
        ({"Tag..Key": "a"}, None),
        ({"Tag.99999999999.Key": "a"}, None),
        ({"Tag": ""}, None),
        ({"Tag": None}, None),
        ({"Tag": []}, None),
        ({}, None),
    ],
)
def test_a_family_is_gathered_in_the_order_of_its_numbers(given, items):
    expected = items
    if items is not None and isinstance(items[0], str):
        expected = tuple((key, None) for key in items)
    assert TAGS.found(given) == expected


def test_a_family_without_parts_is_texts():
    ids = repeated("InstanceId", most=3, read=lambda texts, now: In("Id", texts))
    operation = taking(ids)
    assert found(operation, **{"InstanceId.7": "a", "InstanceId.2": "c"}) == "ac"
    assert found(operation, InstanceId=["b", "d"]) == "bd"
    assert found(operation) == "abcde"
    many = {f"InstanceId.{n}": "a" for n in range(1, 5)}
    assert told(operation, many) == "InstanceId must have at most 3 items"


def test_a_part_may_be_numbered_itself():
    filters = repeated("Filter", ("Key", "Value.N"), most=2, read=lambda *_: ())
    given = {
        "Filter.1.Key": "z",
        "Filter.1.Value.2": "b",
        "Filter.1.Value.1": "a",
        "Filter.1.Value.11": "c",
        "Filter.2.Value.1": "d",
        "Filter.2.Value": "e",
    }
    assert filters.found(given) == (("z", ("a", "b", "c")), (None, ("d",)))
    assert filters.found({"Filter": [{"Key": "k", "Value": ["a", "b"]}, {"Value": "c"}]}) == (
        ("k", ("a", "b")),
        (None, ("c",)),
    )
    assert filters.about == "Filter.N.Key, Filter.N.Value.N: up to 2"


def test_a_family_refuses_as_any_parameter_does():
    operation = taking(TAGS)
    assert told(operation, {"Tag.1.Value": "x"}) == "own: Tag has no key"
    assert told(operation, {"Tag.1.Key": ["x"]}) == "Tag must be text"
    assert told(operation, {"Tag": ["x"]}) == "Tag must hold objects with Key, Value"
    assert found(operation, **{"Tag.1.Key": "1", "Tag.2.Key": "1"}) == "a"
    assert undeclared(operation, ["Tag.1.Key", "Tag.20.Value"]) is None
    assert "Tag.1.Kye is no parameter" in undeclared(operation, ["Tag.1.Kye"])
    assert "Tag is no parameter" in undeclared(operation, ["Tag"])  # its parts alone are read


def test_items_of_python_without_parts_are_none():
    """As those that come over a network with empty parts."""
    family = repeated("F", ("Key", "Value.N"), most=2, read=lambda items, now: ())
    given = [{}, {"Key": ""}, {"Other": 1}, {"Value": ["", None]}, {"Key": "a", "Value": ["", "b"]}]
    assert family.found({"F": given}) == (("a", ("b",)),)
    assert family.found({"F": [{}]}) is None
    plain = repeated("Id", most=2, read=lambda items, now: ())
    assert plain.found({"Id": ["", None, "a"]}) == ("a",)
    assert plain.found({"Id": [""]}) is None


@pytest.mark.parametrize("given", ["x", {"a": "b"}, {"a"}, 5, {}])
def test_what_is_no_list_under_the_name_of_a_family_is_refused(given):
    operation = taking(TAGS, repeated("Id", most=3, read=lambda ids, now: In("Id", ids)))
    cure = "or come in numbered parts"
    assert told(operation, Tag=given) == f"Tag must be a list of objects with Key, Value, {cure}"
    assert told(operation, Id=given) == f"Id must be a list of texts, {cure}"
    remote = operation.prepare(STORE, {"Tag": str(given), "Id": "a"}, is_remote=True).reply()
    assert remote.status == 200


@pytest.mark.parametrize("name", ["Tag", "Tag.0.Key", "Tag.01.Key", "Tag.1", "Tag.1.key"])
def test_other_names_of_a_family_are_not_declared(name):
    operation = taking(TAGS, exact("Zone"))
    assert undeclared(operation, [name]).startswith(
        f"{name} is no parameter of List: did you mean Tag.1.Key"
    )
    assert undeclared(operation, ["x"]).endswith("it takes Tag.N.Key, Tag.N.Value, Zone, Size")


# JSON


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ('["1"]', "ab"),
        ("[1]", "ab"),
        ('["x", "2", "x"]', "cd"),
        ("[]", ""),
        (' [ "x" ] ', "d"),
        (["x", "2"], "cd"),
        (("x",), "d"),
        ('["1 "]', ""),
    ],
)
def test_a_json_array_is_any_of_its_values(given, ids):
    assert found(taking(json_list("Zones", "Zone", most=3)), Zones=given) == ids


@pytest.mark.parametrize(
    "given",
    [
        *("x", "{}", '"x"', "[", '["x",]', "1", "null", "[1.5]", "[null]", '[["x"]]', "[NaN]"),
        *('[{"a": 1}]', '["a", "b", "c", "d"]', "[" * 50_000, f"[{'9' * 5000}]", 5, True),
        ["a", "b", "c", "d"],
    ],
)
def test_what_is_no_array_of_texts_is_refused(given):
    operation = taking(json_list("Zones", "Zone", most=3))
    assert told(operation, Zones=given).startswith("Zones must ")


def test_arrays_of_the_same_values_have_one_value():
    param = json_list("Zones", "Zone", most=3)
    assert param.value('["x", 1, "x"]') == param.value(["1", "x"]) == ("1", "x")


def test_a_json_array_may_be_read_in_ones_own_way():
    def read(items, now):
        return [Eq("Zone", item["Value"]) for item in items]

    operation = taking(json_list("Tags", most=2, read=read))
    assert found(operation, Tags='[{"Key": "k", "Value": "x"}]') == "d"
    assert found(operation, Tags="[]") == "abcde"
    assert told(operation, Tags='[{"Key": "k", "Key": "x"}]') == "Tags must be a JSON array"
    assert told(operation, Tags="[{},{},{}]") == "Tags must hold at most 2 values"


def test_a_page_without_a_size_is_as_long_as_that_of_a_query():
    many = Store(SCHEMA, [{"Id": f"{n:03}"} for n in range(120)])
    operation = replace(taking(), params=(page_number("Page"),))
    assert len(operation(many).body["found"]) == Query().limit == 50
    assert len(operation(many, {"Page": "3"}).body["found"]) == 20


NESTED = {"Id": text(), "kind": keyword(path="spec.kind"), "Tags": tags(path="Tags.Tag")}


@pytest.mark.parametrize(
    ("member", "more", "said"),
    [
        (
            "kind",
            {},
            "the field kind is drawn from spec.kind, and is no member of a record: "
            'name spec.kind in its place, and declare "spec": stored()',
        ),
        (
            "spec.kind",
            {"spec.kind": stored()},
            "the member spec.kind is no field of the schema, and no record has spec: "
            'declare "spec": stored()',
        ),
        ("kind.x", {}, 'declare "kind": stored()'),
        ("spec.kind", {"spec": stored()}, None),
        ("Tags", {}, None),
        ("Tags.Tag", {}, None),
    ],
)
def test_a_member_of_an_item_is_one_of_a_record(member, more, said):
    schema = Schema(key="Id", fields=NESTED | more)
    parts = {"schema": schema, "params": (), "envelope": replace(ENVELOPE, members=("Id", member))}
    if said is None:
        replace(taking(exact("Id")), **parts)
        return
    with pytest.raises(SchemaError) as caught:
        replace(taking(exact("Id")), **parts)
    assert said in str(caught.value)


# numbers

COUNTED = Schema(
    key="Id", fields={"Id": text(), "Size": number(), "Zone": keyword(), "Name": text()}
)
SIZES = Store(
    COUNTED,
    [
        {"Id": "a", "Size": 5, "Zone": "5"},
        {"Id": "b", "Size": 0.1},
        {"Id": "c", "Size": Decimal("0.1"), "Name": "5"},
        {"Id": "d", "Size": -2.5e30},
        {"Id": "e", "Size": 0},
        {"Id": "f", "Size": 2**64 - 1},
        {"Id": "g", "Size": float("inf")},
    ],
)
PAGE = page_size("Page", default=50, most=50)


def counting(*params):
    return replace(taking(exact("Id")), schema=COUNTED, params=(*params, PAGE))


EXACT = exact("X", "Size")
LISTED = listed("X", "Size", most=3)
ARRAY = json_list("X", "Size", most=3, bare=True)
CHOSEN = one_of("X", (5, "0.1"), "Size")
EITHER = exact("X", ("Size", "Zone", "Name"))


@pytest.mark.parametrize(
    ("param", "given", "ids"),
    [
        *((EXACT, given, "a") for given in ("5", 5, "5.0", 5.0, "05", Decimal(5), "50e-1")),
        *((EXACT, given, "bc") for given in ("0.1", 0.1, "1e-1", Decimal("0.10"))),
        *((EXACT, given, "d") for given in (-2.5e30, "-2.5e30", "-25" + "0" * 29)),
        *((EXACT, given, "e") for given in ("0", "-0", 0.0)),
        *((EXACT, given, "") for given in ("1e-400", "1e400", "7")),
        (EXACT, str(2**64 - 1), "f"),
        *((LISTED, given, "abc") for given in ("5,0.1", " 0.1 ,5,", "5,0.1,0.10")),
        (LISTED, 5, "a"),
        *((ARRAY, given, "abc") for given in ("[5, 0.1]", '["5", 0.1]', [5, 0.1])),
        *((ARRAY, given, "a") for given in ("5", "5.0")),
        (ARRAY, "[]", ""),
        (CHOSEN, "5", "a"),
        (CHOSEN, "0.1", "bc"),
        (EITHER, "5", "ac"),
        (EITHER, "x", ""),
    ],
)
def test_a_number_field_is_asked_by_numbers(param, given, ids):
    reply = counting(param)(SIZES, {"X": given})
    assert reply.status == 200, reply
    assert sorted(reply.body["found"]) == list(ids)


@pytest.mark.parametrize(
    ("param", "given", "said"),
    [
        *((EXACT, given, "must be a number") for given in ("x", True, "1e999", "٣", "inf", "1_0")),
        *((EXACT, given, "must be a number") for given in ("9" * 41, float("nan"), [5], " 5")),
        (LISTED, "5,x", "must be a number"),
        *((ARRAY, given, "must hold numbers") for given in ("[5, null]", "[true]", "[NaN]", "x")),
        (CHOSEN, "6", "must be one of 5, 0.1"),
    ],
)
def test_what_is_no_number_is_refused(param, given, said):
    reply = counting(param)(SIZES, {"X": given})
    assert (reply.status, reply.body["message"]) == (400, f"X {said}")


@pytest.mark.parametrize(
    ("param", "said"),
    [
        (boolean("Size"), "holds no bool: ask for a number; declare the field so"),
        (one_of("Size", ("1", "x")), "'x' is no number, and Size is a number field: give numbers"),
        (contains("Size"), "does not answer Contains"),
    ],
)
def test_what_a_number_field_cannot_be_asked_is_refused_when_it_is_declared(param, said):
    with pytest.raises(SchemaError) as caught:
        counting(param)
    assert said in str(caught.value)


# bools


@pytest.mark.parametrize(
    ("given", "ids"),
    [("true", "ab"), ("TRUE", "ab"), ("True", "ab"), (True, "ab"), ("false", "cd"), (False, "cd")],
)
def test_a_bool_is_read_in_any_case_and_finds_bools_and_texts(given, ids):
    assert found(taking(boolean("Public")), Public=given) == ids


@pytest.mark.parametrize("given", ["yes", "1", 1, "t", " true", 1.5])
def test_what_is_no_bool_is_refused(given):
    assert told(taking(boolean("Public")), Public=given).startswith("Public must be t")


def test_a_bool_may_be_read_in_ones_own_way():
    def read(value, now):
        return Range("Created", until=now) if value else ()

    operation = taking(boolean("Expired", read=read))
    assert operation.query({"Expired": "TRUE"}).where[0].field == "Created"
    assert operation.query({"Expired": "false"}).where == ()


# sizes


@pytest.mark.parametrize(
    ("given", "size"),
    [
        *[("10", 10), ("100", 100), ("55", 55), ("9", 10), ("0", 10), ("-5", 10), ("101", 100)],
        *[("+20", 20), ("0" * 50 + "20", 20), ("9" * 5000, 100), ("-" + "9" * 5000, 10), (7, 10)],
        *[(None, 20), ("", 20)],
    ],
)
def test_a_size_may_be_corrected(given, size):
    operation = taking(page_size("Max", default=20, least=10, most=100, corrected=True))
    assert operation.query({"Max": given}).limit == size


@pytest.mark.parametrize("given", ["abc", "1.5", "1e3", "٣", " 5", "--5", "+", True])
def test_a_corrected_size_is_an_integer_all_the_same(given):
    operation = taking(page_size("Max", default=20, least=10, most=100, corrected=True))
    assert told(operation, Max=given).startswith("Max must be ")


@pytest.mark.parametrize(("given", "size"), [("0", 100), ("1", 1), ("200", 200), ("00", 100)])
def test_a_size_of_0_stands_for_the_default_where_0_is_taken(given, size):
    operation = taking(page_size("Max", default=100, least=0, most=200))
    assert operation.query({"Max": given}).limit == size
    assert told(operation, Max="201") == "Max must be an integer from 0 to 200"
    assert told(operation, Max="-1") == "Max must be an integer from 0 to 200"


def test_a_size_below_the_least_is_refused():
    operation = taking(page_size("Max", default=30, least=30, most=100))
    assert told(operation, Max="29") == "Max must be an integer from 30 to 100"
    assert operation.query({"Max": "30"}).limit == 30
