"""Pages as tables of other libraries, each of which an extra of its name brings.

One column a member, in order of first appearance; values are as they are, a missing one is null.

Libraries guess the type of a column from its first values, and make the others fit: they cut off
fractions and times of day, leave out members, and take numbers for times. So columns are made alike
here first, and what no column can be of is told from what can:

| values | become |
| --- | --- |
| tuples, sets | lists |
| mappings of several names | mappings of all names, `None` where a member is absent |
| ints beside floats | floats, if each int is exactly one |
| anything else of unlike types | no column: a `ValueError` here |
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, cast

from instquery.errors import InstqueryError
from instquery.extras import needing

__all__ = ["to_arrow", "to_pandas", "to_polars"]

_Items = Sequence[dict[str, Any]]

_MOST_SIGNED = (1 << 63) - 1


def to_arrow(items: _Items) -> Any:
    """Return a `pyarrow.Table`.

    Raises:
        ModuleNotFoundError: an `ImportError`, without pyarrow.
        InstqueryError: for a member of unlike values, which no column of Arrow holds.

    """
    arrow = _library("pyarrow", "arrow", "to_arrow()")

    def array(values: list[Any]) -> Any:
        return arrow.array(values, arrow.uint64() if _are_unsigned(values) else None)

    columns: dict[str, Any] = {}
    for name, values in _columns(items).items():
        try:
            columns[_checked(name)] = _kept(values, array, _of_arrow)
        except (arrow.ArrowException, OverflowError, TypeError, ValueError) as error:
            cure = "leave it out by Query(fields=...), or take to_pandas()"
            reason = f"{_told(name)}: has values that no column of Arrow holds ({error}): {cure}"
            raise InstqueryError(reason) from None
    return arrow.table(columns)


def to_pandas(items: _Items) -> Any:
    """Return a `pandas.DataFrame`, its columns of Python's own objects.

    Raises `ModuleNotFoundError`, an `ImportError`, without pandas.
    """
    pandas = _library("pandas", "pandas", "to_pandas()")
    columns = _columns(items)
    made = [pandas.Series(values, dtype=object) for values in columns.values()]
    frame = pandas.DataFrame(dict(enumerate(made)), index=range(len(items)))
    # Its own index of names refuses lone surrogates.
    frame.columns = pandas.Index([*columns], dtype=object)
    return frame


def to_polars(items: _Items) -> Any:
    """Return a `polars.DataFrame`; a column of unlike values holds Python's own objects.

    Raises:
        ModuleNotFoundError: an `ImportError`, without polars.
        InstqueryError: for a member whose name is no UTF-8.

    """
    polars = _library("polars", "polars", "to_polars()")
    made: list[Any] = []
    for name, values in _columns(items).items():
        try:
            _checked(name)
        except ValueError as error:
            reason = f"{_told(name)}: no column of Polars has such a name ({error}): "
            raise InstqueryError(f"{reason}leave it out by Query(fields=...)") from None
        try:
            made.append(_kept(values, lambda alike: polars.Series(name, alike), _of_polars))  # noqa: B023 - called at once
        except Exception:  # polars has no class for all of its refusals
            made.append(polars.Series(name, values, dtype=polars.Object))
    return polars.DataFrame(made)


def _library(name: str, extra: str, purpose: str) -> Any:
    with needing(extra, purpose):
        return import_module(name)


def _columns(items: _Items) -> dict[str, list[Any]]:
    names = dict.fromkeys([name for item in items for name in item])
    return {name: [item.get(name) for item in items] for name in names}


def _told(name: str) -> str:
    """Return the name of a member for an error text."""
    return name[:80].encode(errors="backslashreplace").decode()


def _are_unsigned(values: list[Any]) -> bool:
    """Tell whether integers fit 64 bits only without a sign."""
    if {*map(type, values)} - {type(None)} != {int}:
        return False
    present: list[int] = [value for value in values if value is not None]
    highest = max(present)
    return highest > _MOST_SIGNED and min(present) >= 0


def _checked(name: str) -> str:
    """Return a name that is UTF-8. Raises `ValueError` for another one."""
    name.encode()
    return name


def _of_arrow(column: Any) -> list[Any]:
    return cast(list[Any], column.to_pylist())


def _of_polars(column: Any) -> list[Any]:
    return cast(list[Any], column.to_list())


def _kept(
    values: list[Any], make: Callable[[list[Any]], Any], back: Callable[[Any], list[Any]]
) -> Any:
    """Return the column of values. Raises `ValueError` where they would not come back."""
    alike = _alike(values)
    column = make(alike)
    if {type(value) for value in values} <= _EXACT:
        return column
    if back(column) != alike:
        raise ValueError("they would not come back as they are")
    return column


# Types of values that every library keeps as they are, if all are of one type.
_EXACT = frozenset({str, int, bool, type(None)})


def _alike(values: list[Any]) -> list[Any]:
    """Return the values of a column, made alike. Raises `ValueError` where that cannot be."""
    kinds = {_kind(value) for value in values} - {type(None)}
    if kinds == {int, float}:
        return _floats(values)
    if len(kinds) > 1:
        names = sorted([_name_of(kind) for kind in kinds])
        raise ValueError(f"they are of the types {', '.join(names)}")
    if kinds == {dict}:
        return _mappings(values)
    return _lists(values) if kinds == {list} else values


def _kind(value: object) -> object:
    """Return what the values of one column share; times with a zone are others than without."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return list
    if isinstance(value, datetime):
        return kind, value.tzinfo is not None
    return kind


def _name_of(kind: object) -> str:
    if isinstance(kind, type):
        return kind.__name__
    return f"datetime {'with' if kind == (datetime, True) else 'without'} a zone"


def _floats(values: list[Any]) -> list[Any]:
    floats = [None if value is None else float(value) for value in values]
    if floats != values:  # compared exactly
        raise ValueError("they are floats, and integers that no float is")
    return floats


def _mappings(values: list[Any]) -> list[Any]:
    """Give every mapping all names of any, and make the members of each name alike."""
    present: list[dict[str, Any]] = [value for value in values if value is not None]
    names = dict.fromkeys([name for mapping in present for name in mapping])
    columns = [_alike([mapping.get(name) for mapping in present]) for name in names]
    rows = zip(*columns, strict=True) if columns else [()] * len(present)
    return _again(values, [dict(zip(names, row, strict=True)) for row in rows])


def _lists(values: list[Any]) -> list[Any]:
    """Make the items of all lists alike, together."""
    listed = [_listed(value) for value in values if value is not None]
    items = iter(_alike([item for items in listed for item in items]))
    return _again(values, [[next(items) for _ in one] for one in listed])


def _again(values: list[Any], made: Iterable[Any]) -> list[Any]:
    """Return what was made in the places of the values, and `None` where there was none."""
    left = iter(made)
    return [None if value is None else next(left) for value in values]


def _listed(value: Any) -> list[Any]:
    """Return a list of items; those of a set in an order that does not hang on hashes."""
    given: object = value
    return sorted(value, key=repr) if isinstance(given, set | frozenset) else list(value)
