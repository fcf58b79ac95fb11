"""Pages as tables of other libraries, each of which an extra of its name brings.

One column a member, in order of first appearance; values are as they are, a missing one is null.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from instquery.errors import InstqueryError
from instquery.extras import needing

__all__ = ["to_arrow", "to_pandas", "to_polars"]

_Items = Sequence[dict[str, Any]]


def to_arrow(items: _Items) -> Any:
    """Return a `pyarrow.Table`.

    Raises:
        ModuleNotFoundError: an `ImportError`, without pyarrow.
        InstqueryError: for a member of unlike values, which no column of Arrow holds.

    """
    arrow = _library("pyarrow", "arrow", "to_arrow()")
    columns: dict[str, Any] = {}
    for name, values in _columns(items).items():
        try:
            columns[name] = arrow.array([_listed(value) for value in values])
        except (arrow.ArrowException, OverflowError, TypeError, ValueError) as error:
            cure = "leave it out by Query(fields=...), or take to_pandas()"
            reason = f"{name}: has values that no column of Arrow holds ({error}): {cure}"
            raise InstqueryError(reason) from None
    return arrow.table(columns)


def to_pandas(items: _Items) -> Any:
    """Return a `pandas.DataFrame`, its columns of Python's own objects.

    Raises `ModuleNotFoundError`, an `ImportError`, without pandas.
    """
    pandas = _library("pandas", "pandas", "to_pandas()")
    columns = _columns(items)
    made = {name: pandas.Series(values, dtype=object) for name, values in columns.items()}
    return pandas.DataFrame(made, index=range(len(items)))


def to_polars(items: _Items) -> Any:
    """Return a `polars.DataFrame`; a column of unlike values holds Python's own objects.

    Raises `ModuleNotFoundError`, an `ImportError`, without polars.
    """
    polars = _library("polars", "polars", "to_polars()")
    made: list[Any] = []
    for name, values in _columns(items).items():
        try:
            made.append(polars.Series(name, [_listed(value) for value in values]))
        except Exception:  # polars has no class for all of its refusals
            made.append(polars.Series(name, values, dtype=polars.Object))
    return polars.DataFrame(made)


def _library(name: str, extra: str, purpose: str) -> Any:
    with needing(extra, purpose):
        return import_module(name)


def _columns(items: _Items) -> dict[str, list[Any]]:
    names = dict.fromkeys([name for item in items for name in item])
    return {name: [item.get(name) for item in items] for name in names}


def _listed(value: Any) -> Any:
    """Return sets and tuples, which tables have no type for, as lists; at any depth."""
    given: object = value
    if isinstance(given, dict):
        return {name: _listed(held) for name, held in value.items()}
    if isinstance(given, set | frozenset):
        return sorted(map(_listed, value), key=repr)
    return list(map(_listed, value)) if isinstance(given, list | tuple) else value
