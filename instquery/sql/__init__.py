"""The same queries on an engine made for more than one machine: PostgreSQL and its kin, ClickHouse, SQLite."""

from instquery.sql.store import SqlStore
from instquery.sql.ways import Way

__all__ = ["SqlStore", "Way"]
