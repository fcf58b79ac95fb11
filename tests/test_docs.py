"""Every example of the documents runs, and what it shows is what comes out."""

import doctest
import re
import runpy
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from instquery.apis import values
from instquery.asgi import app as app_room
from instquery.asgi import claims, parser, server, signing, wire
from instquery.cli.app import app

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parent.parent

# Whatever page is added is tested like the others.
DOCUMENTS = [
    path.relative_to(ROOT).as_posix()
    for folder in (ROOT, ROOT / "docs", ROOT / "examples")
    for path in sorted(folder.glob("*.md"))
]
SHOWN = {"docs/command-line.md": ("推荐", "3 of ", "p99 µs", "the target holds the same")}
DOCUMENTS.append(".github/pull_request_template.md")
PAGES = [document for document in DOCUMENTS if document.startswith("docs/")]


def text_of(document):
    return (ROOT / document).read_text("utf-8")


VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(document), re.DOTALL | re.MULTILINE)


def sessions(document):
    """The blocks that a reader would type at a prompt."""
    return [block for block in blocks(document, "python") if ">>> " in block]


def programs(document):
    """The blocks that a reader would put into a file."""
    return [block for block in blocks(document, "python") if ">>> " not in block]


def commands(document, language):
    lines = "".join(blocks(document, language)).splitlines()
    return [
        line.removeprefix("$ ")
        for line in lines
        if line.removeprefix("$ ").startswith("instquery ")
    ]


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if sessions(document)])
def test_the_examples_of_a_page_run(document, monkeypatch, tmp_path):
    """In one session from top to bottom, as a reader would type it."""
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(
        "\n".join(sessions(document)), {}, document, document, 0
    )
    runner = doctest.DocTestRunner()
    told = []
    runner.run(test, out=told.append)
    assert runner.failures == 0, "".join(told)


def test_most_pages_have_examples():
    shown = {document: len(sessions(document)) for document in DOCUMENTS}
    topics = ("engine", "live", "durable", "apis", "own-api", "http", "double", "databases")
    assert [topic for topic in topics if not shown[f"docs/{topic}.md"]] == []
    assert shown["README.md"] >= 1
    assert sum(shown.values()) > 20


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if programs(document)])
def test_the_programs_of_a_page_run(document, pytester):
    for code in programs(document):
        if "def test_" in code:
            pytester.makepyfile(code)
            outcome = pytester.runpytest_subprocess(
                "-p", "no:cacheprovider", "-p", "no:schemathesis"
            )
            outcome.assert_outcomes(passed=code.count("def test_"))
        else:
            program = pytester.path / "program.py"
            program.write_text(code, "utf-8")
            runpy.run_path(str(program))


def test_the_newcomers_test_is_short():
    (code,) = [block for block in programs("docs/double.md") if "def test_" in block]
    assert len(code.splitlines()) <= 15


@pytest.mark.parametrize(
    "document", [document for document in DOCUMENTS if blocks(document, "console")]
)
def test_the_commands_of_a_page_run(document, monkeypatch, tmp_path):
    """One after the other, in one folder."""
    monkeypatch.chdir(tmp_path)
    told = ""
    for line in commands(document, "console"):
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        assert result.exit_code == 0, result.output
        told += result.stdout
    for expected in SHOWN.get(document, ()):
        assert expected in told


def test_the_command_line_has_a_page_of_commands():
    shown = [shlex.split(line)[1] for line in commands("docs/command-line.md", "console")]
    assert shown == ["generate", "query", "bench", "copy"]


@pytest.mark.parametrize(
    "document", [document for document in DOCUMENTS if commands(document, "text")]
)
def test_commands_that_need_a_server_are_spelled_as_the_command_line_takes_them(document):
    known = typer.main.get_command(app)
    for line in commands(document, "text"):
        name, *arguments = shlex.split(line)[1:]
        known.commands[name].make_context(name, arguments)


def test_the_readme_has_two_commands_and_the_gate_runs_them():
    demo, tests = blocks("README.md", "sh")
    assert demo.strip().endswith("instquery demo")
    assert tests.strip().endswith("-m pytest")
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    assert 'bash -euc "$(readme_command 1)"' in gate
    assert 'bash -euc "$(readme_command 2)"' in gate
    assert '-m pytest --long -m "long and not heavy"' in gate  # what the second tries in part


def test_the_readme_is_a_front_page():
    lines = text_of("README.md").splitlines()
    assert lines.index("```python") < 20
    assert len(lines) <= 120


def test_the_readme_names_every_page():
    front = text_of("README.md")
    assert [page for page in PAGES if f"({page})" not in front] == []


def test_contributing_shows_an_api_as_it_is():
    (shown,) = blocks("CONTRIBUTING.md", "python")
    assert (ROOT / "instquery/apis/tablestore/literal.py").read_text("utf-8").endswith(shown)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_documents_point_to_is_there(document):
    text = text_of(document)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)]+)\)", prose):
        if target.startswith("https://"):
            continue
        name, _, heading = target.partition("#")
        path = (ROOT / document).parent / name if name else ROOT / document
        assert path.exists(), target
        assert not heading or heading in headings(path.read_text("utf-8")), target
    for path in re.findall(
        r"`((?:instquery|tests|benchmarks|docs|examples)/[\w/-]+(?:\.(?:py|md|json))?)`", text
    ):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_documents_say_is_in_a_file_is_in_it(document):
    prose = " ".join(text_of(document).split())
    for name, path in re.findall(
        r"`(\w+)`(?: [\w-]+)? (?:in|of) `((?:instquery|tests)/[\w/]+\.py)`", prose
    ):
        assert re.search(rf"\b{name}\b", (ROOT / path).read_text("utf-8")), f"{name} in {path}"


def headings(text):
    """Where a link can point to within a page, spelled as GitHub does."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_rows_of_a_table_have_its_columns(document):
    for table in re.findall(r"(?:^\|.*\n)+", text_of(document), re.MULTILINE):
        widths = [len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()]
        assert set(widths) == {widths[0]}, table


def test_architecture_names_every_room():
    """Nothing that is not there, and nothing that is there but not named."""
    (table,) = re.findall(r"^\| room \|.*\n(?:\|.*\n)+", text_of("ARCHITECTURE.md"), re.MULTILINE)
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    package = ROOT / "instquery"
    rooms = {path.relative_to(package).with_suffix("").as_posix() for path in package.rglob("*.py")}
    rooms = {room for room in rooms if not room.endswith(("__init__", "__main__"))}

    def holds(name, room):
        return room.startswith(name) if name.endswith("/") else room == name

    assert [name for name in named if not any(holds(name, room) for room in rooms)] == []
    assert [room for room in sorted(rooms) if not any(holds(name, room) for name in named)] == []


def test_the_glossary_is_short():
    glossary = text_of("ARCHITECTURE.md").split("## Glossary", 1)[1].split("\n## ", 1)[0]
    rows = glossary.count("\n| ") - 2  # its head and the line below
    assert 5 < rows <= 15


def test_every_example_is_listed():
    (table,) = re.findall(
        r"(?:^\|.*\n)+", (ROOT / "examples/README.md").read_text("utf-8"), re.MULTILINE
    )
    listed = re.findall(r"^\| \[(\w+\.py)\]\(\1\)", table, re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))
    for document in ("README.md", "CONTRIBUTING.md"):
        assert "](examples/README.md)" in (ROOT / document).read_text("utf-8")


def test_the_page_on_security_states_the_limits_in_force():
    text = " ".join((ROOT / "SECURITY.md").read_text("utf-8").split())
    minutes = signing._SKEW // 60
    assert app_room._PATIENCE == server._PATIENCE
    for stated in (
        f"within {minutes} minutes of its timestamp",
        f"Its nonce has at most {claims._NONCE} characters",
        f"a memory of {signing._MOST:,} nonces",
        f"| body | {wire.MOST_BYTES:,} bytes |",
        f"| path and query string together | {wire.MOST_BYTES:,} bytes |",
        f"| headers together | {wire.MOST_BYTES:,} bytes |",
        f"| a needle (`name`, `instanceId`) | {values.LONGEST:,} characters |",
        f"| request line | {parser._TARGET // 1024} KB, {parser._ESCAPES:,} escapes in the path |",
        f"| request line and headers together | {parser._HEAD // 1024} KB |",
        f"| lines of a head | {parser._HEADER_LINES} |",
        f"| lines of a chunked body that arrive at once | {parser._CHUNK_LINES:,} |",
        f"larger than {app_room._LIGHT // 1024} KB is decoded",
        f"| time for a body to arrive | {app_room._PATIENCE} seconds |",
        f"| time for a head to arrive | {server._PATIENCE:.0f} seconds |",
        f"and of the form | {wire._PARAMETERS:,} each |",
        f"| headers | {wire._HEADERS} |",
        f"({VERSION}, unreleased)",
    ):
        assert stated in text, stated


def test_the_top_level_holds_what_it_should():
    known = {
        *(
            "README.md",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "LICENSE",
            "ARCHITECTURE.md",
            "SECURITY.md",
        ),
        *(
            "instquery",
            "_instquery_pytest.py",
            "tests",
            "benchmarks",
            "docs",
            "examples",
            ".ci",
            ".git",
            ".gitignore",
            ".github",
        ),
        *(
            "pyproject.toml",
            "noxfile.py",
            ".editorconfig",
            ".git-blame-ignore-revs",
            ".pre-commit-config.yaml",
        ),
        "PKG-INFO",  # in a source archive
    }
    ignored = {line.strip("/ ") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()}
    extra = {path.name for path in ROOT.iterdir()} - known - ignored
    assert not {name for name in extra if not name.endswith(".egg-info")}
