"""The pytest plugin: the fixture `instquery_double`.

It needs the extra `testing`, but only when it is used.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from instquery.testing import Double

__all__ = ["instquery_double"]


@pytest.fixture
def instquery_double() -> Iterator["Double"]:
    """Both APIs on a free port, with empty stores; see `instquery.testing.Double`."""
    # Not at the top: pytest loads plugins of everything that is installed, the extra or not.
    with import_module("instquery.testing").Double() as double:
        yield double
