"""The command line, behind the extra `cli`."""

import os
import sys
from io import TextIOWrapper

from instquery.cli.rooms import room
from instquery.errors import InstqueryError

__all__ = ["main"]

_UNUSABLE = 2
_INTERRUPTED = 130


def main() -> None:
    """Run the command line.

    What an output cannot show, such as a lone surrogate, is written as an escape.
    """
    if not os.environ.get("COLUMNS", "").strip("0"):
        os.environ.pop("COLUMNS", None)  # of no columns nothing would be seen
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    # It is imported here, as to import all that it needs takes long enough to be interrupted.
    try:
        run = room("instquery.cli.app", purpose="the command line", extra="cli").app
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except InstqueryError as missing:
        print(f"error: {missing}", file=sys.stderr)  # noqa: T201 - what says it else is missing
        sys.exit(_UNUSABLE)
    run()
