"""An in-memory query engine for inventories of instances.

Declare a `Schema`, put records into a `Store`, ask a `Query`, get a `Page` with an exact total.
"""

from instquery.engine.plan import Plan
from instquery.errors import (
    CursorExpired,
    CursorInvalid,
    HistoryGap,
    InstqueryError,
    QueryError,
    RecordError,
    SchemaError,
)
from instquery.leases import Leases
from instquery.predicates import Contains, Eq, In, Range
from instquery.query import Order, Page, Query
from instquery.schema import Schema, instant, keyword, stored, text
from instquery.store import Snapshot, Store

__all__ = [
    "Contains",
    "CursorExpired",
    "CursorInvalid",
    "Eq",
    "HistoryGap",
    "In",
    "InstqueryError",
    "Leases",
    "Order",
    "Page",
    "Plan",
    "Query",
    "QueryError",
    "Range",
    "RecordError",
    "Schema",
    "SchemaError",
    "Snapshot",
    "Store",
    "instant",
    "keyword",
    "stored",
    "text",
]
