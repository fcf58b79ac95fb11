"""SQLite."""

import sqlalchemy as sa

from instquery.sql.dialect import Dialect

__all__ = ["SQLITE"]


def _begin_read(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")  # its driver begins nothing for a read


def _begin_write(connection: sa.Connection, _: int) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # its driver would begin at the first change


SQLITE = Dialect(name="sqlite", begin_read=_begin_read, begin_write=_begin_write)
