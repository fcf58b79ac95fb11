"""The same queries on databases: PostgreSQL and its kin, ClickHouse, SQLite."""

from instquery.sql.planner import AccessPath
from instquery.sql.store import SqlStore

__all__ = ["AccessPath", "SqlStore"]
