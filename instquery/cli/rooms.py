"""Rooms that need more than the extra `cli`: imported by name, when a command needs them.

It is the one place that does so. An import at the top of a file would have each command pay for
SQLAlchemy and for a web server, and fail where they are not installed.
"""

from importlib import import_module
from typing import Any

from instquery.errors import InstqueryError
from instquery.extras import is_ours, needing

__all__ = ["room"]


def room(name: str, *, purpose: str, extra: str) -> Any:
    """Return a module of the package.

    Args:
        name: its whole name, which the test of floors reads as an import.
        purpose: what it is for, as a subject of "needs".
        extra: what brings all that it imports.

    Raises:
        InstqueryError: that says which module is missing, and how the extra is installed.

    """
    try:
        with needing(extra, purpose):
            return import_module(name)
    except ModuleNotFoundError as missing:
        if is_ours(missing):
            raise
        raise InstqueryError(str(missing)) from None
