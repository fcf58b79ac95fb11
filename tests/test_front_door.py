"""The front door: what it offers, and that it needs no extra."""

import subprocess
import sys

import instquery

OFFERED = {
    "Schema", "keyword", "text", "instant", "number", "tags", "stored",
    "Store", "Snapshot",
    "Query", "Eq", "In", "Contains", "Like", "Range", "Has", "Missing",
    "And", "Or", "Not", "Predicate", "Order",
    "Page", "Plan", "Record",
    "Change", "Changes", "Conflict", "Events", "Watch",
    "InstqueryError", "SchemaError", "RecordError", "QueryError", "CursorInvalid", "CursorExpired",
    "HistoryGap", "Leases",
}  # fmt: skip


def test_the_front_door_offers_exactly_what_is_promised():
    assert set(instquery.__all__) == OFFERED
    assert len(instquery.__all__) == len(OFFERED)
    assert all(getattr(instquery, name).__doc__ for name in OFFERED)


def test_every_module_lists_what_it_offers():
    from test_floors import modules  # noqa: PLC0415 - shared with the test of floors alone

    for name, _ in modules():
        if name not in (
            "engine",
            "engine.indexes",
            "files",
            "apis",
            "cli.__main__",
            "__main__",
        ):  # which offer nothing
            module = __import__(f"instquery.{name}".rstrip("."), fromlist=["__all__"])
            assert all(hasattr(module, offered) for offered in module.__all__), name


def test_the_engine_and_the_apis_run_without_any_extra():
    script = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {
            "typer", "rich", "click", "pytest", "hypothesis", "starlette", "sqlalchemy"
        }:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuse())
import instquery
assert not any(name.startswith(("instquery.apis", "instquery.cli")) for name in sys.modules)
from instquery.apis import airec, bss
reply = airec.list_instance(instquery.Store(airec.SCHEMA), {})
assert reply.status == 200
from instquery.cli import main
main()
"""
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert run.stderr.strip() == (
        "error: the command line needs typer: pip install '.[cli]' in a checkout "
        "(once it is published: pip install 'instquery[cli]')"
    )
