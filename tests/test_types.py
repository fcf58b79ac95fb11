"""Every Python example of the documents passes mypy and pyright, both as strict as they can be."""

import doctest
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from test_docs import DOCUMENTS, blocks

MYPY = """
[mypy]
strict = true

# The official clients come without types.
[mypy-alibabacloud_bssopenapi20171214.*,alibabacloud_tea_openapi.*]
ignore_missing_imports = true
"""

PYRIGHT = {"include": ["."], "typeCheckingMode": "strict", "pythonVersion": "3.11"}

# In a session the value of an expression is what is shown.
SESSION = "# pyright: reportUnusedExpression=false\n"

# The official clients come without types, and so does what they hand out.
CLIENTS = "# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false\n"

# What shows that the checkers know the package, and do not take all of it for Any.
WRONG = "from instquery import Eq, Query\n\nQuery(where=(Eq('status', 'Ready'),), limit='ten')\n"

# What a user's own functions say of stores, to which every store must be assignable.
STORES = """
from collections.abc import Callable

from instquery import Query, Range, Record, Schema, Snapshot, Store
from instquery.apis.walks import Walks
from instquery.contract import Keeps, Reads, Writes
from instquery.durable import DurableStore
from instquery.sql import SqlStore


def load(store: Writes, records: list[Record]) -> int:
    return store.put_many(records)


def keys(store: Reads, query: Query) -> list[str]:
    return [item[store.schema.key] for item in store.page(query).items]


def stay(store: Keeps) -> Reads:
    return store.snapshot()


def every(memory: Store, durable: DurableStore, table: SqlStore, view: Snapshot) -> None:
    readers: list[Reads] = [memory, durable, table, view]
    writers: list[Writes] = [memory, durable, table]
    keepers: list[Keeps] = [memory, durable]
    walks: list[Walks] = [Walks(memory), Walks(durable)]
    print(readers, writers, keepers, walks, view.page(Query(), live=True))


def again(store: Store, schema: Schema, cursor: str, query: Query) -> bool:
    now = store.moment(cursor)
    window: Callable[[int], Range] = lambda now: Range(
        "expires", since=now, before=now + 86_400_000_000
    )
    store.watch(window).poll(now=query.now)
    return schema.matches(Range("expires", after=now), {}, now=now)
"""


def modules(document):
    """Yield the modules of a document by name.

    Its session is one module; each other example is one by itself.
    """
    name = document.removesuffix(".md").replace("/", "_").lower()
    session = ""
    for number, block in enumerate(blocks(document, "python"), 1):
        if ">>> " in block:
            session += "".join(
                example.source for example in doctest.DocTestParser().get_examples(block)
            )
        else:
            yield f"{name}_{number}", (CLIENTS if "alibabacloud_" in block else "") + block
    if session:
        yield f"{name}_session", SESSION + session


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All examples as modules, and one that is wrong."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "wrong.py").write_text(WRONG)
    (folder / "stores.py").write_text(STORES)
    for document in DOCUMENTS:
        for name, source in modules(document):
            (folder / f"{name}.py").write_text(source, "utf-8")
    assert len(list(folder.iterdir())) > 4
    return folder


def run(*command, folder):
    """Run a checker in the folder; return what it says."""
    quiet = {
        **os.environ,
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
    }  # else it looks for a later release
    command = [sys.executable, "-m", *map(str, command)]
    return subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, check=False, env=quiet
    )


@pytest.mark.long
def test_the_documents_pass_mypy(folder, pytestconfig):
    (folder / "mypy.ini").write_text(MYPY)
    cache = pytestconfig.cache.mkdir("mypy")
    checked = run("mypy", "--output=json", f"--cache-dir={cache}", ".", folder=folder)
    assert checked.stderr == ""
    faults = [json.loads(line) for line in checked.stdout.splitlines()]
    told = [f"{fault['file']}:{fault['line']}: {fault['message']}" for fault in faults]
    assert [fault for fault in told if not fault.startswith("wrong.py:3:")] == []
    assert told


@pytest.mark.long
def test_the_documents_pass_pyright(folder):
    (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT))
    checked = run("pyright", "--outputjson", f"--pythonpath={sys.executable}", folder=folder)
    assert checked.stderr == ""
    faults = json.loads(checked.stdout)["generalDiagnostics"]
    told = [
        f"{Path(fault['file']).name}:{fault['range']['start']['line'] + 1}: {fault['message']}"
        for fault in faults
    ]
    assert [fault for fault in told if not fault.startswith("wrong.py:3:")] == []
    assert told
