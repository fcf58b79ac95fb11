"""The pytest plugin: the fixture `instquery_double`, and the option that makes it strict.

It stands beside the package and not in it, as pytest loads it in every run on a machine where the
package is installed. A module of the package would have each of them import the engine.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from instquery.testing import Double

__all__ = ["instquery_double"]

_STRICT = "instquery_strict"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare `--instquery-strict`, and `instquery_strict` in the file of settings."""
    text = "have the fixture instquery_double refuse parameters that an operation does not declare"
    parser.getgroup("instquery").addoption(
        "--instquery-strict", action="store_true", dest=_STRICT, help=text
    )
    parser.addini(_STRICT, text, type="bool", default=False)


@pytest.fixture
def instquery_double(pytestconfig: pytest.Config) -> Iterator["Double"]:
    """All APIs on a free port, with empty stores; see `instquery.testing.Double`."""
    try:
        testing = import_module("instquery.testing")
    except ModuleNotFoundError as missing:
        name = missing.name or ""
        if name.partition(".")[0] == "instquery":
            raise
        cure = import_module("instquery.extras").cure("testing")
        pytest.fail(f"the fixture instquery_double needs {name}: {cure}", pytrace=False)
    with testing.Double(strict=_is_strict(pytestconfig)) as double:
        yield double


def _is_strict(config: pytest.Config) -> bool:
    """Tell whether the run is strict; it is not where this plugin was kept from declaring that."""
    try:
        return bool(config.getoption(_STRICT) or config.getini(_STRICT))
    except ValueError:
        return False
