"""The command line, behind the extra `cli`."""

import sys
from collections.abc import Callable
from io import TextIOWrapper

from instquery.extras import cure

__all__ = ["main"]

_run: Callable[[], object]
try:
    from instquery.cli.app import app

    _run = app
except ModuleNotFoundError as missing:
    if missing.name not in ("rich", "typer"):
        raise
    _advice = f"error: the command line needs {missing.name}: {cure('cli')}"

    def _advise() -> None:
        print(_advice, file=sys.stderr)  # noqa: T201 - there is nothing else to say it with
        sys.exit(2)

    _run = _advise


def main() -> None:
    """Run the command line.

    What an output cannot show, such as a lone surrogate, is written as an escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    _run()
