"""An in-memory query engine for inventories of instances.

Declare a `Schema`, put records into a `Store`, ask a `Query`, get a `Page` with an exact total.
"""

from instquery.contract import Change, Changes
from instquery.engine.plan import Plan
from instquery.errors import (
    Conflict,
    CursorExpired,
    CursorInvalid,
    HistoryGap,
    InstqueryError,
    QueryError,
    RecordError,
    SchemaError,
)
from instquery.leases import Leases
from instquery.pages import Page
from instquery.predicates import (
    And,
    Contains,
    Eq,
    Has,
    In,
    Like,
    Missing,
    Not,
    Or,
    Predicate,
    Range,
)
from instquery.query import Order, Query, Record
from instquery.schema import Schema, instant, keyword, number, stored, tags, text
from instquery.snapshot import Snapshot
from instquery.store import Store
from instquery.watch import Events, Watch

__version__ = "0.1.0"

__all__ = [
    "And",
    "Change",
    "Changes",
    "Conflict",
    "Contains",
    "CursorExpired",
    "CursorInvalid",
    "Eq",
    "Events",
    "Has",
    "HistoryGap",
    "In",
    "InstqueryError",
    "Leases",
    "Like",
    "Missing",
    "Not",
    "Or",
    "Order",
    "Page",
    "Plan",
    "Predicate",
    "Query",
    "QueryError",
    "Range",
    "Record",
    "RecordError",
    "Schema",
    "SchemaError",
    "Snapshot",
    "Store",
    "Watch",
    "instant",
    "keyword",
    "number",
    "stored",
    "tags",
    "text",
]
