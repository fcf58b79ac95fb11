"""Walks by token: one state and one moment, whatever is written and asked meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from instquery import Order, Page, Schema, Store, instant, keyword, text
from instquery.apis.envelope import Answer, Envelope, Fault
from instquery.apis.operation import Operation, Refusal
from instquery.apis.params import (
    contains,
    exact,
    expiring_until,
    page_number,
    page_size,
    page_token,
)
from instquery.apis.walks import Walks
from instquery.durable import DurableStore
from instquery.leases import Leases

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SCHEMA = Schema(
    key="Id",
    order=Order("Created"),
    fields={"Id": text(), "Zone": keyword(), "Created": instant(), "Ends": instant()},
)
LIST = Operation(
    name="List",
    version="1",
    schema=SCHEMA,
    params=(
        exact("Zone"),
        contains("Id"),
        expiring_until("Ends", "Ends"),
        page_number("Page"),
        page_size("Max", default=3, most=10),
        page_token("Token", invalid="BadToken", expired="OldToken"),
    ),
    envelope=Envelope(
        members=("Id",),
        times=frozenset(),
        timespec="seconds",
        success=lambda answer: {
            "ids": "".join(item["Id"] for item in answer.items),
            "next": answer.next,
            "total": answer.total,
            "remaining": answer.remaining,
            "number": answer.number,
        },
        failure=lambda refused: {"code": refused.code, "message": refused.message},
    ),
    errors={
        "Invalid": Fault("{parameter} {reason}"),
        "BadToken": Fault("The specified {parameter} {reason}."),
        "OldToken": Fault("The specified {parameter} {reason}.", 410),
        "Internal": Fault("ours", 500),
    },
    invalid="Invalid",
    internal="Internal",
)
BOTH = replace(
    LIST,
    params=(
        *LIST.params[:4],
        page_size("Size", default=2, most=10),
        page_size("Max", default=3, most=10, by_token=True),
        LIST.params[-1],
    ),
)


def record(number, **members):
    ends = (NOW + timedelta(days=number)).isoformat()
    return {
        "Id": "abcdefghij"[number],
        "Created": f"2026-01-{number + 1:02}",
        "Ends": ends,
    } | members


def store(count=7, **options):
    return Store(SCHEMA, map(record, range(count)), **options)


def ask(held, operation=LIST, now=NOW, **given):
    reply = operation(held, given, now=now)
    assert reply.status == 200, reply
    return reply.body


def refused(held, operation=LIST, now=NOW, **given):
    reply = operation(held, given, now=now)
    assert reply.answer is None
    return reply.status, reply.body["code"], reply.body["message"]


@pytest.fixture(params=["Store", "DurableStore", "Walks"])
def held(request, tmp_path):
    """Every store that keeps states, and what changes it."""
    if request.param == "DurableStore":
        with DurableStore.open(tmp_path / "kept.db", SCHEMA) as durable:
            durable.put_many(map(record, range(7)))
            yield durable, durable
    else:
        plain = store()
        yield (Walks(plain) if request.param == "Walks" else plain), plain


def test_a_walk_sees_one_state(held):
    asked, written = held
    first = ask(asked)
    assert (first["ids"], first["total"], first["remaining"]) == ("gfe", 7, 4)
    written.put(record(9))
    written.discard("d")
    second = ask(asked, Token=first["next"])
    assert (second["ids"], second["total"], second["remaining"]) == ("dcb", 7, 1)
    third = ask(asked, Token=second["next"])
    assert (third["ids"], third["next"], third["remaining"]) == ("a", None, 0)
    assert ask(asked, Token=second["next"])["ids"] == "a"  # as often as it is asked
    assert ask(asked)["ids"] == "jgf"


def test_another_size_is_fine_and_the_number_does_not_count():
    asked = store()
    token = ask(asked, Max=2)["next"]
    page = ask(asked, Token=token, Max=4, Page=9)
    assert (page["ids"], page["number"], page["remaining"]) == ("edcb", 1, 1)
    assert ask(asked, Token=token, Page="no number")["ids"] == "edc"
    assert refused(asked, Page="no number")[1] == "Invalid"


def test_a_full_last_page_has_no_token():
    page = ask(store(3))
    assert (page["ids"], page["next"], page["remaining"]) == ("cba", None, 0)
    assert ask(store(0))["next"] is None


def test_a_walk_may_begin_at_any_page():
    asked = store()
    page = ask(asked, Page=2, Max=2)
    assert (page["ids"], page["remaining"], page["number"]) == ("ed", 3, 2)
    page = ask(asked, Token=page["next"], Max=2)
    assert (page["ids"], page["remaining"]) == ("cb", 1)


def test_a_request_is_read_by_the_moment_of_its_walk(held):
    asked, _ = held
    ends = int((NOW + timedelta(days=5)).timestamp())
    first = ask(asked, Ends=ends, Max=2)
    assert first["ids"] == "fe"
    later = NOW + timedelta(days=4)
    assert ask(asked, now=later, Ends=ends)["ids"] == "f"
    second = ask(asked, now=later, Ends=ends, Max=2, Token=first["next"])
    assert (second["ids"], second["remaining"]) == ("dc", 1)
    much_later = NOW + timedelta(days=99)  # by which the window itself would be refused
    assert refused(asked, now=much_later, Ends=ends)[1] == "Invalid"
    assert ask(asked, now=much_later, Ends=ends, Max=2, Token=second["next"])["ids"] == "b"


def test_rules_see_the_moment_of_the_walk_and_what_was_asked():
    seen = []
    operation = replace(LIST, rules=(lambda asked: seen.append(asked) or (),))
    asked = store()
    token = ask(asked, operation)["next"]
    ask(asked, operation, now=NOW + timedelta(days=1), Token=token, Zone="", Other="x")
    assert seen[0].now == seen[1].now
    assert seen[1].given == {"Token": token, "Zone": "", "Other": "x"}
    assert seen[1].values == {}


def test_a_token_is_of_its_filters():
    asked = store()
    token = ask(asked, Max=2)["next"]
    for given in ({"Zone": "x"}, {"Id": "a"}, {"Ends": 4_000_000_000}):
        assert refused(asked, Token=token, **given) == (
            400,
            "BadToken",
            "The specified Token is invalid.",
        )


def test_a_changed_token_is_refused():
    asked = store()
    token = ask(asked)["next"]
    changed = [
        token[:at] + letter + token[at + 1 :]
        for at in range(len(token))
        for letter in ("A" if token[at] != "A" else "B", ".", "", "é")
        if letter or at
    ]
    changed += [
        "x",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "a.1.c",
        token + "A",
        token + ".",
        5,
        "推荐",
        "\ud800",
    ]
    for one in changed:
        if one != token:
            assert refused(asked, Token=one)[:2] == (400, "BadToken"), one
    assert refused(store(), Token=token)[1] == "BadToken"  # of another store


def test_a_token_is_the_stores_own_cursor():
    asked = store()
    cursor = asked.page(LIST.query({}, now=NOW)).cursor
    page = ask(asked, Token=cursor)
    assert (page["ids"], page["remaining"]) == ("dcb", 1)
    assert asked.page(LIST.query({}, now=NOW), page["next"])[0]["Id"] == "a"


def test_a_snapshot_tells_the_moment_of_a_walk_too():
    asked = store().snapshot()
    ends = int((NOW + timedelta(days=5)).timestamp())
    first = ask(asked, Ends=ends, Max=2)
    later = NOW + timedelta(days=4)
    second = ask(asked, now=later, Ends=ends, Max=2, Token=first["next"])
    assert (second["ids"], second["remaining"]) == ("dc", 1)
    assert refused(asked, Token="x")[1] == "BadToken"  # noqa: S106


def test_what_came_before_is_not_known_where_the_store_does_not_tell_it():
    class Silent:
        def __init__(self, inner):
            self.moment, self._inner = inner.moment, inner

        def page(self, query):
            page = self._inner.page(query)
            return Page(page.items, page.total, page.cursor)

        def prepare(self, query, cursor=None, *, live=False):
            page = self._inner.page(query, cursor)
            return SimpleNamespace(page=lambda: Page(page.items, page.total, page.cursor))

    asked = Silent(store())
    first = ask(asked)
    assert first["remaining"] == 4
    assert ask(asked, Token=first["next"])["remaining"] is None


def test_an_expired_token_is_told_apart():
    asked = store(leases=Leases(count=1))
    token = ask(asked)["next"]
    asked.put(record(8))
    ask(asked)
    assert refused(asked, Token=token) == (410, "OldToken", "The specified Token has expired.")
    one_code = replace(LIST, params=(*LIST.params[:-1], page_token("Token", invalid="BadToken")))
    assert refused(asked, one_code, Token=token) == (
        400,
        "BadToken",
        "The specified Token has expired.",
    )


def test_a_token_is_looked_at_before_all_else():
    assert refused(store(), Token="x", Max="y", Page="z")[1] == "BadToken"  # noqa: S106


def test_a_store_that_keeps_no_states_goes_on_in_the_present_one():
    class Present:
        """A store without snapshots: it hands on what it is asked."""

        def __init__(self, inner):
            self.page, self.prepare, self.moment = inner.page, inner.prepare, inner.moment

    inner = store(leases=Leases(count=0))
    asked = Present(inner)
    token = ask(asked)["next"]
    inner.put(record(9))
    inner.discard("d")
    assert ask(asked, Token=token)["ids"] == "cba"
    assert refused(inner, Token=token)[1] == "OldToken"


def test_a_store_without_cursors_refuses_every_token():
    class Bare:
        def __init__(self, inner):
            self.page = inner.page

    inner = store()
    token = ask(inner)["next"]
    assert refused(Bare(inner), Token=token)[1] == "BadToken"


def test_prepared_requests_are_walked_too():
    asked = store()
    first = LIST.prepare(asked, {}, now=NOW).reply().body
    second = LIST.prepare(asked, {"Token": first["next"]}, now=NOW)
    assert second.plan is not None
    assert second.reply().body["ids"] == "dcb"
    assert LIST.prepare(asked, {"Token": "x"}, now=NOW).reply().status == 400


# two sizes


def test_numbered_pages_have_no_token_where_another_size_is_for_tokens():
    asked = store()
    page = ask(asked, BOTH, Page=2)
    assert (page["ids"], page["next"], page["number"], page["remaining"]) == ("ed", None, 2, 3)
    page = ask(asked, BOTH, Max=3, Page="x", Size="y")  # which do not count
    assert (page["ids"], page["number"], page["remaining"]) == ("gfe", 1, 4)
    page = ask(asked, BOTH, Token=page["next"], Page="x", Size="y")
    assert (page["ids"], page["remaining"]) == ("dcb", 1)
    assert ask(asked, BOTH, Token=page["next"], Max=1)["ids"] == "a"
    assert refused(asked, BOTH, Max="x")[1] == "Invalid"
    assert refused(asked, BOTH, Size="x")[1] == "Invalid"


def test_numbered_pages_beside_tokens_are_pinned_and_tokens_are_not():
    plain = store()
    asked = Walks(plain)

    def page(number):
        return BOTH(asked, {"Page": number}, now=NOW, walker="ann").body["ids"]

    assert page(1) == "gf"
    token = BOTH(asked, {"Max": 2}, now=NOW, walker="ann").body["next"]
    plain.put(record(9))
    assert page(2) == "ed"
    assert BOTH(asked, {"Max": 2, "Token": token}, now=NOW, walker="ann").body["ids"] == "ed"


def test_asking_makes_no_cursor_where_no_token_is_told():
    held = store()
    ask(held, BOTH, Page=1)
    assert held.holdings.leases == 0
    ask(held, BOTH, Max=2)
    assert held.holdings.leases == 1


# what replies are made of


def test_the_facts_of_an_answer():
    answer = Answer("R", [{}, {}], 1, 2, 10, came=4)
    assert answer.remaining == 4
    assert Answer("R", [], 1, 2, None).remaining is None
    assert Answer("R", [], 1, 2, 5, came=None).remaining is None
    assert Answer("R", [{}], 1, 2, 5, came=9).remaining == 0
    assert Answer("R", [], 1, 2, 5).asked.values == {}
    reply = LIST(store(), {"Max": "2", "Zone": "", "Other": "x"}, now=NOW)
    assert reply.answer.asked.given == {"Max": "2", "Zone": "", "Other": "x"}
    assert reply.answer.asked.values == {"Max": 2}


def test_a_refusal_says_its_status_and_parameter():
    def failure(refused):
        return {"status": refused.status, "about": refused.parameter}

    def rule(asked):
        raise Refusal("OldToken", "Zone")

    operation = replace(LIST, envelope=replace(LIST.envelope, failure=failure))
    assert operation(store(), {"Max": "x"}).body == {"status": 400, "about": "Max"}
    assert replace(operation, rules=(rule,))(store()).body == {"status": 410, "about": "Zone"}
    assert operation.refuse("Any", "text", 418, "R").body == {"status": 418, "about": None}
