"""Which dialect an engine of SQLAlchemy speaks."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from instquery.sql.dialect import Dialect
from instquery.sql.postgresql import POSTGRESQL
from instquery.sql.sqlite import SQLITE

try:
    from instquery.sql import clickhouse
except ModuleNotFoundError as missing:
    # Without the extra `clickhouse` no engine speaks it. Where types are checked it is installed.
    if TYPE_CHECKING or missing.name != "clickhouse_connect":
        raise

__all__ = ["dialect_of"]


def dialect_of(engine: sa.Engine) -> Dialect:
    """Return how the database of an engine is asked."""
    name = engine.dialect.name
    if name == "clickhousedb":
        return clickhouse.CLICKHOUSE
    return {"postgresql": POSTGRESQL, "sqlite": SQLITE}.get(name) or Dialect(name=name)
