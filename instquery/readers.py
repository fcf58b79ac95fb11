"""Readers: how the instants of a field are read, as its declaration says."""

from collections.abc import Callable
from functools import partial

from instquery.instants import MICROS, Unit, checked, to_micros
from instquery.options import brief

__all__ = ["reader"]


def reader(
    integers: Unit | None = None, *, blank_is_missing: bool = False
) -> Callable[[object], int | None]:
    """Return the function that reads a field's instants, `None` where there is none.

    Args:
        integers: the unit of an integer. Without it an integer is refused.
        blank_is_missing: whether `""` is no value.

    >>> reader("seconds")(1), reader("milliseconds")(1), reader(blank_is_missing=True)("")
    (1000000, 1000, None)

    """
    # Named functions or a partial of one, no closure: plans which hold it can be pickled.
    if integers is None:
        return _read_or_blank if blank_is_missing else _read_time
    return partial(_read, MICROS[integers], blank_is_missing=blank_is_missing)


def _read_time(value: object) -> int | None:
    """Read a field's instant, where an integer says no unit."""
    if type(value) is str and value:  # nearly every one
        return to_micros(value)
    return _read(None, value, blank_is_missing=False)


def _read_or_blank(value: object) -> int | None:
    """Read a field's instant, where an integer says no unit and a blank is no value."""
    if type(value) is str and value:
        return to_micros(value)
    return _read(None, value, blank_is_missing=True)


def _read(scale: int | None, value: object, *, blank_is_missing: bool) -> int | None:
    """Read a field's instant; `scale` is how many microseconds an integer counts."""
    if type(value) is str and value:  # nearly every one
        return to_micros(value)
    if value is None or (blank_is_missing and value == ""):
        return None
    if isinstance(value, str) and not value:
        raise ValueError(
            "is blank, which is no time: leave the member out, "
            "or declare instant(blank_is_missing=True)"
        )
    if not isinstance(value, int) or isinstance(value, bool):
        return to_micros(value)
    if scale is None:
        raise ValueError(
            "must be a datetime or ISO 8601 text, as an integer does not say its unit: "
            'declare it, such as instant(integers="seconds")'
        )
    try:
        return checked(int(value) * scale)
    except ValueError as error:
        unit = next(unit for unit, micros in MICROS.items() if micros == scale)
        reason = f"{error}, and {brief(int(value))} {unit} do not: name the unit that it counts"
        raise ValueError(reason) from None
