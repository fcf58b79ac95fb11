"""Settings of a store: its options, refused before anything is made of them."""

from instquery.engine.writer import SEGMENT_ROWS
from instquery.errors import InstqueryError, SchemaError
from instquery.leases import Leases
from instquery.options import check_callable, check_kind, check_whole
from instquery.query import system_clock
from instquery.schema import Schema

__all__ = ["check_options"]


def check_options(
    schema: object,
    *,
    leases: object = None,
    cursor_key: object = None,
    history: object = 0,
    clock: object = system_clock,
    segment_rows: object = SEGMENT_ROWS,
) -> None:
    """Refuse options that a store cannot keep to, before anything is made of them.

    Raises `SchemaError` for what is no schema, `InstqueryError` for any other option.
    """
    check_kind("schema", schema, Schema, "a Schema", SchemaError)
    if leases is not None:
        check_kind("leases", leases, Leases, "an instance of Leases")
    if cursor_key is not None:
        check_kind("cursor_key", cursor_key, bytes, "bytes, such as secrets.token_bytes(32)")
        if not cursor_key:
            raise InstqueryError("cursor_key must not be empty: take secrets.token_bytes(32)")
    check_whole("history", history)
    check_callable("clock", clock, "a datetime")
    check_whole("segment_rows", segment_rows, least=1, most=SEGMENT_ROWS)
