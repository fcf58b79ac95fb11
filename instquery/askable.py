"""What the fields of a schema can be asked: orders, facets, histograms; leaves as they are."""

from collections.abc import Collection, Mapping

from instquery.errors import Code, InstqueryError, QueryError, SchemaError
from instquery.fields import Field, unknown_field
from instquery.options import check_kind
from instquery.orders import Order
from instquery.predicates import Contains, Eq, Has, Like, Predicate

__all__ = ["as_asked", "check_histogram", "check_order", "facet_fields"]

_COMBINED = 4
"""Fields by whose combinations records are counted, at the most."""


def as_asked(field: Field) -> tuple[type[Predicate], ...]:
    """Return the classes of leaves that are terms as they are; of values, but for fractions."""
    if field.many or field.kind.bind is not None:
        return ()
    return tuple([one for one in (Eq, Contains, Like, Has) if one in field.kind.answers])


def check_order(
    fields: Mapping[str, Field],
    key: str,
    order: Order,
    error: type[SchemaError] | type[QueryError],
    texts: Collection[str],
) -> None:
    """Refuse an order by a field that has none. Raises the error.

    `texts` are the text fields that are ordered by.
    """
    declared = fields.get(order.field)
    if declared is None:
        reason = f"the order must be by a field: {unknown_field(order.field, fields)}"
        raise error(reason, field=order.field, **_coded(error, "query.field"))

    kind = declared.kind
    if declared.many:
        reason = "the order must be by one value, and this field has many"
        raise error(reason, field=order.field, **_coded(error, "query.kind"))
    if kind.is_instant or kind.has_order or order.field == key:
        return
    if kind.is_text and order.field in texts:
        return
    reason = (
        f"the order must be by an instant, a number, a keyword or the key, not by {kind.phrase}"
    )
    if kind.is_text:
        reason += f": declare Schema(orders=[{order}]) for it"
    raise error(reason, field=order.field, **_coded(error, "query.kind"))


def facet_fields(
    fields: Mapping[str, Field], field: str | tuple[str, ...], key: str | None = None
) -> tuple[str, ...]:
    """Return the fields by which records are counted.

    Raises `QueryError` for a field whose values are not counted: all but keywords and tags; for
    tags among several fields; and for a key of anything but tags.
    """
    what = f"the name of a field, or a tuple of up to {_COMBINED}"
    check_kind("field", field, (str, tuple), what, QueryError)
    names = field if isinstance(field, tuple) else (field,)
    if not 1 <= len(names) <= _COMBINED:
        raise QueryError(f"facets are counted by 1 to {_COMBINED} fields, not {len(names)}")

    for name in names:
        check_kind("field", name, str, what, QueryError)
        declared = fields.get(name)
        if declared is None or not declared.kind.is_counted:
            reason = "facets are counted for keyword and tags fields: declare it keyword()"
            raise _not_counted(fields, name, reason)
        if declared.kind.has_pairs and isinstance(field, tuple):
            reason = "tags are counted by themselves, not together with other fields"
            raise _not_counted(fields, name, reason)
        if key is not None and not declared.kind.has_pairs:
            raise _not_counted(fields, name, "key= is for facets of a tags field")
    if key is not None:
        check_kind("key", key, str, "the key of a tag", QueryError)
    return names


def check_histogram(fields: Mapping[str, Field], field: str) -> None:
    """Refuse a field that has no bins: all but instants, with a `QueryError`."""
    check_kind("field", field, str, "the name of a field", QueryError)
    declared = fields.get(field)
    if declared is None or not declared.kind.is_instant:
        raise _not_counted(
            fields, field, "a histogram is of an instant field: declare it instant()"
        )


def _not_counted(fields: Mapping[str, Field], field: str, reason: str) -> QueryError:
    """Return the error for a field that cannot be counted by; the reason, if it is declared."""
    if field in fields:
        return QueryError(reason, field=field, code="query.kind")
    return QueryError(unknown_field(field, fields), field=field, code="query.field")


def _coded(error: type[InstqueryError], code: Code) -> dict[str, Code]:
    """Return the code of an error of a query; one of a schema has its own."""
    return {"code": code} if error is QueryError else {}
