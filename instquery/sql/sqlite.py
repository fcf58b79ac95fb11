"""SQLite."""

import json
import re
from typing import Any

import sqlalchemy as sa

from instquery.sql.dialect import Column, Dialect
from instquery.sql.values import Listed, Word

__all__ = ["SQLITE"]

# SQLite reads JSON text up to its first NUL, so in lists NUL is spelled: as a mark and "0", and the
# mark as itself and "1".
_MARK = "\ue000"


def _begin_read(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")  # its driver begins nothing for a read


def _begin_write(connection: sa.Connection, _: int) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # its driver would begin at the first change


def _is_apart(connection: sa.Connection) -> bool:
    """Tell whether the database is in memory, and in no cache that connections share."""
    url = connection.engine.url
    if "shared" in url.query.get("cache", ()) or "cache=shared" in (url.database or ""):
        return False

    # By the driver itself: SQLAlchemy would take it for the beginning of a transaction.
    cursor = connection.connection.cursor()
    files = {name: file for _, name, file in cursor.execute("PRAGMA database_list")}
    cursor.close()
    return not files["main"]


def _may_be_missing(error: BaseException) -> bool:
    return "no such table" in str(error)


def _among(column: Column, name: str) -> sa.ColumnElement[bool]:
    """Compare with a list in JSON: one parameter, as a statement has 32,766 at the most."""
    is_plain_text = not isinstance(column.type, Word) and column.type.python_type is str
    pack = _spelled_json if is_plain_text else _json
    listed = sa.bindparam(name, type_=Listed(column.type, pack))

    value: Column = sa.func.json_each(listed).table_valued("value").c["value"]
    if is_plain_text:
        value = sa.func.replace(value, f"{_MARK}0", sa.func.char(0))
        value = sa.func.replace(value, f"{_MARK}1", _MARK)
    return column.in_(sa.select(value))


def _json(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _spelled_json(texts: list[str]) -> str:
    spelled = [text.replace(_MARK, f"{_MARK}1").replace("\0", f"{_MARK}0") for text in texts]
    return _json(spelled)


SQLITE = Dialect(
    name="sqlite",
    own_names=re.compile("rowid|oid|_rowid_", re.IGNORECASE),
    own_tables=re.compile("sqlite_.*", re.IGNORECASE | re.DOTALL),
    begin_read=_begin_read,
    begin_write=_begin_write,
    may_be_missing=_may_be_missing,
    is_apart=_is_apart,
    among=_among,
)
