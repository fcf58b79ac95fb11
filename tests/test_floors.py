"""Imports go only down: proved from the code's own imports."""

import ast
from pathlib import Path

import pytest

import instquery

ROOT = Path(instquery.__file__).parent

# From the bottom up; what stands on one line does not import each other, unless the line says in which order.
FLOORS = [
    ["errors", "folding", "instants", "engine.rowsets", "engine.sizes"],
    ["options", "values"],
    ["bounds"],
    ["ranges"],
    ["predicates"],
    ["query", "kinds"],
    ["fields"],
    ["intake", "bodies"],
    ["schema"],
    ["contract"],
    ["engine.indexes.index"],
    ["engine.indexes.blocks", "engine.indexes.alphabet", "engine.indexes.matrix"],
    ["engine.indexes.postings", "engine.indexes.pieces"],
    ["engine.indexes.grams"],
    ["engine.indexes.frequent"],
    ["engine.indexes.keyword", "engine.indexes.order", "engine.indexes.instant", "engine.indexes.text"],
    ["engine.segment"],
    ["engine.directory", "leases", "engine.history", "engine.cursors"],
    ["engine.version"],
    ["engine.census"],
    ["engine.plan"],
    ["engine.search", "engine.writer", "engine.verify", "watch"],
    ["engine.view"],
    ["engine.prepared"],
    ["engine.current", "engine.diff"],
    ["snapshot"],
    ["store"],
    [""],  # the engine's front door
    ["durable", "sql.values"],
    ["sql.clickhouse"],
    ["sql.layout"],
    ["sql.statements", "sql.refusals"],
    ["sql.ways"],
    ["sql.store"],
    ["sql"],
    ["apis.values"],
    ["apis.params", "apis.envelope", "apis.inventory", "apis.walks"],
    ["apis.rules"],
    ["apis.checks"],
    ["apis.asking"],
    ["apis.operation"],
    ["apis.airec", "apis.bss"],
    ["apis.catalog"],
    ["asgi.keys", "asgi.openapi"],
    ["asgi.signing"],
    ["asgi.app", "asgi.server"],
    ["asgi"],
    ["testing"],
    ["pytest_plugin"],
    ["estate"],
    ["cli.show", "cli.questions"],
    ["cli.bench", "cli.copy", "cli.serve"],
    ["cli.demo"],
    ["cli.app"],
    ["cli"],
    ["cli.__main__"],
    ["engine", "engine.indexes", "apis"],  # packages that hold nothing but their own first line
]
FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}

ENGINE = FLOORS[: FLOORS.index([""]) + 1]
ALLOWED_IN_ENGINE = {"dateutil", "sortedcontainers"}
NEEDS_A_CLOCK_OR_IO = {"time", "os", "io", "socket", "sys.stdin", "pathlib", "logging", "subprocess"}
EXCEPT = {("leases", "time")}  # no answer depends on it: it tells how long a state is kept, if the host gives no clock


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield name.removesuffix("__init__").rstrip("."), path


def imports(path):
    """Yield (imported module, whether at the top of the file)."""
    tree = ast.parse(path.read_text("utf-8"))
    top = {id(node) for statement in tree.body for node in [statement, *getattr(statement, "body", [])]}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT.parent / Path(*inner.split("."))).with_suffix(".py").exists()
                yield (inner if is_module else node.module), id(node) in top


@pytest.mark.parametrize(
    ("name", "path"), list(modules()), ids=lambda value: str(value) if isinstance(value, str) else ""
)
def test_imports_go_only_down_and_stand_at_the_top(name, path):
    assert name in FLOOR, f"{name} has no floor yet"
    for imported, at_top in imports(path):
        assert at_top, f"{name} imports {imported} inside a function"
        if imported.split(".")[0] == "instquery":
            other = imported.removeprefix("instquery").removeprefix(".")
            assert FLOOR[other] < FLOOR[name], f"{name} imports {other}, which is not below it"


def test_the_engine_imports_no_clock_no_io_and_no_extra():
    names = {name for floor in ENGINE for name in floor}
    standard = __import__("sys").stdlib_module_names
    for name, path in modules():
        if name in names:
            for imported, _ in imports(path):
                root = imported.split(".")[0]
                assert root in standard | ALLOWED_IN_ENGINE | {"instquery"}, f"{name} imports {imported}"
                assert root not in NEEDS_A_CLOCK_OR_IO or (name, root) in EXCEPT, f"{name} imports {imported}"


def test_the_engine_knows_no_vendor():
    names = {name for floor in ENGINE for name in floor}
    for name, path in modules():
        if name in names:
            text = path.read_text("utf-8").lower()
            assert not any(word in text for word in ("airec", "alibaba", "aliyun", "bss")), name


def test_no_file_is_much_over_300_lines_and_no_function_over_40():
    for name, path in modules():
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= 320, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 41, f"{name}.{node.name}"
