"""The files that tools and people work by agree with each other and with what there is."""

import ast
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

import instquery

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]


def run(*command):
    """Run a command at the top of the project."""
    options = {"cwd": ROOT, "capture_output": True, "text": True, "check": False}
    return subprocess.run(command, **options)  # noqa: S603, PLW1510


def read(path):
    return (ROOT / path).read_text("utf-8")


def names(requirements):
    """Return what is imported of requirements, as far as it is called like them."""
    return {re.split(r"[\[>=]", need)[0].replace("-", "_") for need in requirements}


def test_contributing_lists_the_commands_that_there_are():
    told = run(sys.executable, "-m", "nox", "--list").stdout
    listed = re.findall(r"^\| `(\w+)` \|", read("CONTRIBUTING.md"), re.MULTILINE)
    assert listed == re.findall(r"^[*-] (\w+) ->", told, re.MULTILINE)
    assert len(listed) >= 6


def test_what_a_report_of_a_fault_begins_with_runs():
    form = yaml.safe_load(read(".github/ISSUE_TEMPLATE/fault.yml"))
    (shown,) = [part for part in form["body"] if part.get("id") == "input"]
    told = run(sys.executable, "-c", shown["attributes"]["placeholder"])
    assert told.stdout.startswith("[{'id': 'i-1'"), told.stderr


def test_blame_passes_over_commits_that_there_are():
    """Each with its subject above it, so that a reader knows what is passed over."""
    if run("git", "rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("needs the whole history")
    listed = re.findall(r"^# (.+)\n([0-9a-f]+)$", read(".git-blame-ignore-revs"), re.MULTILINE)
    assert len(listed) >= 3
    for subject, commit in listed:
        told = run("git", "show", "--no-patch", "--format=%H %s", commit).stdout
        assert told.strip() == f"{commit} {subject}"
        assert run("git", "merge-base", "--is-ancestor", commit, "HEAD").returncode == 0, subject


def test_hooks_are_local_and_ruff_is_that_of_the_gate():
    """Nothing but PyPI is needed."""
    (hooks,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert hooks["repo"] == "local"
    needed = {need for hook in hooks["hooks"] for need in hook["additional_dependencies"]}
    assert {need for need in needed if need.startswith("ruff")} <= set(EXTRAS["dev"])


def test_the_benchmarks_are_a_group_of_which_the_tests_need_nothing():
    """Except what the extra `dev` has too: README's second command knows no dependency groups."""
    assert "bench" not in EXTRAS
    assert not [need for need in EXTRAS["dev"] if re.search(r"\[.*bench.*\]", need)]
    assert "--group bench" in read(".ci/run")

    imported = set()
    for folder in ("tests", "examples", "instquery"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(node.module.partition(".")[0])
    assert "pytest" in imported
    assert "benchmarks" not in imported

    allowed = names(EXTRAS["dev"] + EXTRAS["testing"])
    assert imported & names(PROJECT["dependency-groups"]["bench"]) <= allowed


def test_the_wheel_holds_the_package_and_its_plugin_and_the_source_archive_all_there_is():
    """Nothing else: the plugin stands beside the package so that pytest does not import both."""
    targets = PROJECT["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"] == {"packages": ["instquery", "_instquery_pytest.py"]}

    added = {".gitignore", "pyproject.toml"}  # by the builder
    patterns = [pattern.removeprefix("/") for pattern in targets["sdist"]["include"]]
    for path in {path.partition("/")[0] for path in run("git", "ls-files").stdout.splitlines()}:
        assert path in added or any(fnmatchcase(path, pattern) for pattern in patterns), path


def test_the_version_is_one():
    assert instquery.__version__ == PROJECT["project"]["version"]


def test_an_extra_brings_what_its_commands_need():
    for extra in ("server", "sql"):
        assert "instquery[cli]" in EXTRAS[extra]
