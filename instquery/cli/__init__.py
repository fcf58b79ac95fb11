"""The command line, behind the extra `cli`."""

import sys

try:
    from instquery.cli.app import app
except ModuleNotFoundError as error:
    if error.name not in ("rich", "typer"):
        raise
    sys.exit(f"the command line needs {error.name}: pip install 'instquery[cli]'")

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; what an output cannot show, such as a lone surrogate, is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app()
