"""The same queries on databases: PostgreSQL and its kin, ClickHouse, SQLite."""

from instquery.extras import needing

with needing("sql", "a store on a database"):
    from instquery.sql.planner import AccessPath
    from instquery.sql.store import SqlStore

__all__ = ["AccessPath", "SqlStore"]
