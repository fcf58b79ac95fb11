"""Imports go only down, and through no wall: proved from the code's own imports."""

import ast
import re
from pathlib import Path

import pytest

import instquery
from instquery.apis.catalog import CATALOG, fact_names

ROOT = Path(instquery.__file__).parent

# From the bottom up; what stands on one line does not import each other, unless the line says in
# which order.
FLOORS = [
    ["errors", "extras", "folding", "forks", "instants", "engine.rowsets", "engine.sizes"],
    ["engine.opening", "options", "values"],
    ["engine.slices"],
    ["frames", "numbers", "patterns", "shapes"],
    ["rows"],
    ["paths"],
    ["engine.column", "engine.keycodes"],
    ["contents", "readers", "orders"],
    ["bounds"],
    ["nodes"],
    ["trees"],
    ["ranges"],
    ["leaves"],
    ["predicates"],
    ["canonical", "truths"],
    ["formreader", "terms"],
    ["query", "kinds"],
    ["bins", "fields", "pages", "orderings"],
    ["askable", "drawing", "bodies"],
    ["intake"],
    ["schema"],
    ["contract", "updates"],
    ["engine.indexes.index", "engine.keylist"],
    [
        "engine.indexes.blocks",
        "engine.indexes.alphabet",
        "engine.indexes.matrix",
        "engine.indexes.needles",
        "engine.indexes.scan",
        "engine.indexes.shifts",
    ],
    ["engine.indexes.rare", "engine.indexes.volume"],
    ["engine.indexes.postings", "engine.indexes.pieces"],
    ["engine.indexes.runs"],
    ["engine.indexes.grams", "engine.indexes.repeats"],
    ["engine.indexes.frequent"],
    ["engine.indexes.narrowing"],
    ["engine.indexes.textrows"],
    [
        "engine.indexes.spellings",
        "engine.indexes.number",
        "engine.indexes.order",
        "engine.indexes.instant",
        "engine.indexes.text",
    ],
    ["engine.indexes.valuerows", "engine.indexes.manytext", "engine.indexes.sought"],
    ["engine.indexes.keyword", "engine.indexes.many"],
    ["engine.indexes.tag"],
    ["engine.segment", "engine.books", "engine.forms", "engine.passing"],
    ["engine.match", "engine.stretches", "engine.bykey"],
    ["engine.ordered", "engine.tallies"],
    ["engine.directory", "leases", "engine.history", "engine.journal", "engine.cursors"],
    ["engine.manybooks"],
    ["engine.census"],
    ["engine.version"],
    ["engine.placed", "engine.weighing", "engine.found"],
    ["engine.plan"],
    ["engine.search", "engine.writer", "engine.verify", "watch"],
    ["engine.selection"],
    ["engine.view"],
    ["engine.prepared", "engine.published"],
    ["engine.current", "engine.diff"],
    ["reading"],
    ["snapshot", "settings"],
    ["store"],
    [""],  # the engine's front door
    ["files.refusals", "files.progress", "files.walfile"],
    ["files.place"],
    ["files.filelock", "files.layout", "files.notes"],
    ["files.reading"],
    ["files.footing"],
    ["files.live", "files.claim"],
    ["durable", "sql.values"],
    ["sql.dialect"],
    ["sql.names", "sql.transactions"],
    ["sql.clickhouse", "sql.postgresql", "sql.sqlite", "sql.table"],
    ["sql.layout", "sql.dialects"],
    ["sql.bindings"],
    ["sql.statements", "sql.refusals", "sql.walk", "sql.later"],
    ["sql.planner", "sql.writer"],
    ["sql.store"],
    ["sql"],
    ["apis.values", "apis.rules", "apis.nesting", "apis.markup", "apis.plainjson"],
    ["apis.param", "apis.envelope", "apis.walks", "apis.facts", "apis.documents", "apis.taking"],
    ["apis.families", "apis.pagination", "apis.jsontext", "apis.texts"],
    ["apis.tagging"],
    ["apis.params"],
    ["apis.replies"],
    ["apis.respelling"],
    ["apis.recognition"],
    ["apis.inventory"],
    ["apis.checks", "apis.requests"],
    ["apis.asking", "apis.answering"],
    ["apis.operation"],
    ["apis.served"],
    ["apis.samples", "apis.questions", "apis.spelling"],
    ["apis.synthetic"],
    ["apis.generic"],
    ["apis.row", "apis.alibaba"],
    ["apis.airec.literal", "apis.airec.samples", "apis.airec.questions"],
    ["apis.airec2018.literal", "apis.airec2018.samples", "apis.airec2018.questions"],
    ["apis.bss.literal", "apis.bss.samples", "apis.bss.questions"],
    ["apis.ecs.members"],
    ["apis.ecs.literal", "apis.ecs.samples", "apis.ecs.questions"],
    ["apis.rds.literal", "apis.rds.samples", "apis.rds.questions"],
    ["apis.tablestore.literal", "apis.tablestore.samples", "apis.tablestore.questions"],
    ["apis.airec", "apis.airec2018", "apis.bss", "apis.bss.facts"],
    ["apis.ecs", "apis.rds", "apis.tablestore"],
    ["apis.airec.row", "apis.airec2018.row", "apis.bss.row"],
    ["apis.ecs.row", "apis.rds.row", "apis.tablestore.row"],
    ["apis.catalog"],
    ["asgi.keys", "asgi.openapi", "asgi.refusals", "asgi.connections"],
    ["asgi.system", "asgi.wire", "asgi.nonces"],
    ["asgi.claims", "asgi.parser", "asgi.routes"],
    ["asgi.signing", "asgi.server", "asgi.access"],
    ["asgi.metrics", "asgi.tracing"],
    ["asgi.service"],
    ["asgi.arguments"],
    ["asgi.app"],
    ["asgi"],
    ["faults"],
    ["testing"],
    ["pytest_plugin"],
    ["cli.show", "cli.rooms"],
    ["cli.failures", "cli.options", "cli.places", "cli.writing"],
    ["cli.groups"],
    ["cli.databases"],
    ["cli.reading"],
    ["cli.answers", "cli.bench", "cli.copy", "cli.serve"],
    ["cli.demo", "cli.generate", "cli.serving"],
    ["cli.app"],
    ["cli"],
    ["cli.__main__", "__main__"],
    [
        "engine",
        "engine.indexes",
        "files",
        "apis",
    ],  # packages that hold nothing but their own first line
]
FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}

# The wings, each by the rooms it begins with: the longest beginning counts, and a room that is in
# no list stands alone.
WINGS = {
    "values": [
        "errors",
        "extras",
        "folding",
        "forks",
        "frames",
        "instants",
        "leases",
        "numbers",
        "options",
        "paths",
        "patterns",
        "readers",
        "rows",
        "shapes",
        "values",
    ],
    "words": [
        "askable",
        "bins",
        "bodies",
        "bounds",
        "canonical",
        "formreader",
        "contents",
        "drawing",
        "fields",
        "intake",
        "kinds",
        "leaves",
        "nodes",
        "orderings",
        "orders",
        "pages",
        "predicates",
        "query",
        "ranges",
        "schema",
        "terms",
        "truths",
        "trees",
        "updates",
    ],
    "contract": ["contract"],
    "engine": ["engine"],
    "stores": ["", "durable", "files", "reading", "settings", "snapshot", "store", "watch"],
    "sql": ["sql"],
    "apis": ["apis"],
    "drawers": [
        "apis.airec",
        "apis.airec2018",
        "apis.bss",
        "apis.ecs",
        "apis.rds",
        "apis.tablestore",
    ],
    "catalog": ["apis.catalog"],
    "asgi": ["asgi"],
    "edges": ["__main__", "cli", "faults", "pytest_plugin", "testing"],
}

# Whom a wing may import beside itself.
MAY_IMPORT = {
    "values": set(),
    "words": {"values"},
    "contract": {"values", "words"},
    "engine": {"values", "words", "contract"},
    "stores": {"values", "words", "contract", "engine"},
    "sql": {"values", "words", "contract"},
    "apis": {"values", "words", "contract"},
    "drawers": {"values", "words", "contract", "apis"},
    "catalog": {"values", "words", "contract", "apis", "drawers"},
    "asgi": {"values", "words", "contract", "apis", "catalog"},
    "advice": set(),
    "edges": {"advice", "values", "words", "contract", "stores", "sql", "apis", "catalog", "asgi"},
}

# Walls that are crossed as yet; nothing is added here.
STILL_CROSSED: set[tuple[str, str]] = set()

ENGINE = FLOORS[: FLOORS.index([""]) + 1]
ALLOWED_IN_ENGINE = {"dateutil", "sortedcontainers"}
NEEDS_A_CLOCK_OR_IO = {
    "time",
    "os",
    "io",
    "socket",
    "sys.stdin",
    "pathlib",
    "logging",
    "subprocess",
}
EXCEPT = {
    ("leases", "time"),
    ("forks", "os"),
}  # no answer depends on it: it tells how long a state is kept, if the host gives no clock


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield name.removesuffix("__init__").rstrip("."), path


def is_module(name):
    place = ROOT.parent / Path(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def is_module_of_ours(value):
    is_name = isinstance(value, str) and re.fullmatch(r"instquery(\.\w+)+", value)
    return bool(is_name) and is_module(value)


def imports(path):
    """Yield (imported module, whether at the top of the file).

    A text that is the name of a module counts: by such a name it is imported later.
    """
    tree = ast.parse(path.read_text("utf-8"))
    top = {
        id(node) for statement in tree.body for node in [statement, *getattr(statement, "body", [])]
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if is_module(inner) else node.module), id(node) in top
        elif isinstance(node, ast.Constant) and is_module_of_ours(node.value):
            yield node.value, True


@pytest.mark.parametrize(
    ("name", "path"),
    list(modules()),
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_imports_go_only_down_and_stand_at_the_top(name, path):
    assert name in FLOOR, f"{name} has no floor yet"
    for imported, at_top in imports(path):
        assert at_top, f"{name} imports {imported} inside a function"
        if imported.split(".")[0] == "instquery":
            other = imported.removeprefix("instquery").removeprefix(".")
            assert FLOOR[other] < FLOOR[name], f"{name} imports {other}, which is not below it"


def wing_of(name):
    """Return the wing that a room belongs to."""
    begins = [(start, wing) for wing, starts in WINGS.items() for start in starts]
    fitting = [
        (start, wing)
        for start, wing in begins
        if name == start or (start and name.startswith(f"{start}."))
    ]
    assert fitting, f"{name} is in no wing yet"
    return max(fitting)[1]


def inner_imports():
    """Yield (room, room that it imports), of the package alone."""
    for name, path in modules():
        for imported, _ in imports(path):
            if imported.split(".")[0] == "instquery":
                yield name, imported.removeprefix("instquery").removeprefix(".")


def crossed():
    """Return the imports that go through a wall; drawers have walls between each other too."""
    found = set()
    for name, other in inner_imports():
        mine, its = wing_of(name), wing_of(other)
        is_own = mine == its and (mine != "drawers" or name.split(".")[:2] == other.split(".")[:2])
        if not is_own and its not in MAY_IMPORT[mine]:
            found.add((name, other))
    return found


def test_no_wall_is_crossed():
    new = crossed() - STILL_CROSSED
    assert not new, f"{sorted(new)}: a wing imports another that it may not"


def test_what_is_listed_as_crossed_still_is():
    gone = STILL_CROSSED - crossed()
    assert not gone, f"{sorted(gone)} is crossed no more: take it off the list"


def test_every_drawer_is_known_as_one():
    drawers = {f"apis.{path.parent.name}" for path in (ROOT / "apis").glob("*/__init__.py")}
    assert drawers == set(WINGS["drawers"])


def names_in(path):
    """Yield every name and every text of a file, but for what documents it."""
    tree = ast.parse(path.read_text("utf-8"))
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documents
        ):
            yield node.value
        elif isinstance(node, ast.Name | ast.Attribute | ast.arg | ast.keyword):
            yield getattr(node, "id", None) or getattr(node, "attr", None) or node.arg or ""


def test_the_edges_and_http_name_no_api():
    words = {
        word
        for name, api in CATALOG.items()
        for word in (name, api.operation.name, api.operation.schema.key)
    }
    words |= {api.path for api in CATALOG.values() if not api.is_rpc} | set(fact_names())
    for name, path in modules():
        if wing_of(name) in ("asgi", "edges"):
            named = {
                word
                for text in names_in(path)
                for word in words
                if re.search(rf"\b{re.escape(word)}\b", text)
            }
            assert not named, f"{name} names {sorted(named)}: read the catalog"


def test_the_engine_imports_no_clock_no_io_and_no_extra():
    names = {name for floor in ENGINE for name in floor}
    standard = __import__("sys").stdlib_module_names
    for name, path in modules():
        if name in names:
            for imported, _ in imports(path):
                root = imported.split(".")[0]
                assert root in standard | ALLOWED_IN_ENGINE | {"instquery"}, (
                    f"{name} imports {imported}"
                )
                assert root not in NEEDS_A_CLOCK_OR_IO or (name, root) in EXCEPT, (
                    f"{name} imports {imported}"
                )


def test_the_engine_knows_no_vendor():
    names = {name for floor in ENGINE for name in floor}
    for name, path in modules():
        if name in names:
            text = path.read_text("utf-8").lower()
            assert not any(word in text for word in ("airec", "alibaba", "aliyun", "bss")), name


def test_no_file_is_much_over_300_lines_and_no_function_over_40():
    for name, path in modules():
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        theory = ast.get_docstring(tree) or ""  # how a room works may be told at any length
        assert len(text.splitlines()) - len(theory.splitlines()) <= 350, name
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 41, f"{name}.{node.name}"


def test_modules_are_imported_by_name_in_one_place():
    """And by what makes tables of libraries that are imported if they are asked for."""
    by_name = {
        name
        for name, path in modules()
        if any(
            imported in ("importlib", "importlib.import_module") for imported, _ in imports(path)
        )
    }
    assert by_name == {"cli.rooms", "frames"}
