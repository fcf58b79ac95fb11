"""The command list: `python -m nox --list` shows it, `python -m nox -s lint types` runs some of it.

Everything runs in the environment that nox itself runs in, which has the extra `dev`; no other is
made. What stands behind `--` goes to the command: `python -m nox -s fast -- -k cursor`.
"""

import sys

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "fast"]


@nox.session
def fast(session: nox.Session) -> None:
    """Run the tests; of what takes long, a part."""
    run(session, "pytest", *session.posargs)


@nox.session(name="all")
def everything(session: nox.Session) -> None:
    """Run all tests, each as long as it takes."""
    run(session, "pytest", "--long", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `-- --fix` mends what can be mended."""
    if "--fix" in session.posargs:
        run(session, "ruff", "check", "--fix", ".")
        run(session, "ruff", "format", ".")
        return

    run(session, "ruff", "check", ".")
    run(session, "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, by mypy and by pyright."""
    run(session, "mypy")
    session.env["PYRIGHT_PYTHON_IGNORE_WARNINGS"] = "1"  # it would look for a later release
    run(session, "pyright", "--pythonpath", sys.executable)


@nox.session
def documents(session: nox.Session) -> None:
    """Run the documents, the docstrings and the examples."""
    tests = ["tests/test_docs.py", "tests/test_examples.py", "instquery"]
    run(session, "pytest", *tests, *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks, small; installs the group `bench`. What it prints is no measurement."""
    project = nox.project.load_toml("pyproject.toml")
    run(session, "pip", "install", "--quiet", *nox.project.dependency_groups(project, "bench"))

    brief = ["min-rounds=1", "max-time=0.001", "warmup=off", "columns=median"]
    options = ["--count", "2000", "--cold", "200", *(f"--benchmark-{option}" for option in brief)]
    run(session, "pytest", "benchmarks", *options, *session.posargs)


def run(session: nox.Session, module: str, *arguments: str) -> None:
    """Run a module by the Python that runs nox, whatever the PATH is."""
    session.run(sys.executable, "-m", module, *arguments, external=True)
