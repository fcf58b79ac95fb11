"""The same queries on databases: PostgreSQL and its kin, ClickHouse, SQLite."""

from instquery.sql.store import SqlStore
from instquery.sql.ways import Way

__all__ = ["SqlStore", "Way"]
