"""Values that fit: what a key and a keyword can be, so that cursors and indexes have bounds."""

from instquery.errors import RecordError

__all__ = ["LARGEST", "LONGEST", "SMALLEST", "check_key", "check_keyword", "fits"]

LONGEST = 4_096
"""Code points of the longest key and the longest keyword value."""

SMALLEST = -(1 << 63)
LARGEST = (1 << 64) - 1


def fits(value: str | int) -> bool:
    """Tell whether a keyword field can hold a value. Nothing equals one that it cannot hold."""
    if isinstance(value, str):
        return len(value) <= LONGEST
    return SMALLEST <= value <= LARGEST


def check_keyword(value: object, field: str) -> None:
    """Refuse what a keyword field cannot hold. Raises `RecordError` that names field and bound."""
    if not isinstance(value, str | int):
        kind = type(value).__name__
        raise RecordError(f"must be text, an integer or a bool, not {kind}", field=field)

    if fits(value):
        return

    if isinstance(value, str):
        bound = f"must have at most {LONGEST:,} characters, not {len(value):,}"
        reason = f"{bound}: a text() field takes longer ones"
    else:
        reason = "must be an integer from -2^63 to 2^64 - 1: larger ones can be kept as text"
    raise RecordError(reason, field=field)


def check_key(value: object, field: str) -> str:
    """Return the value of a key field. Raises `RecordError` for what names no record."""
    if value is None:
        reason = "the key is missing: each record needs one, as text that is not empty"
        raise RecordError(reason, field=field, code="record.key")
    if not isinstance(value, str) or not value:
        raise RecordError("the key must be text that is not empty", field=field, code="record.key")

    if len(value) > LONGEST:
        bound = f"at most {LONGEST:,} characters, not {len(value):,}"
        raise RecordError(f"the key must have {bound}", field=field, code="record.key")
    return value
