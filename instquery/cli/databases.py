"""Tables of databases that commands read and write; needs the extra `sql`."""

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, Engine, create_engine, inspect, make_url
from sqlalchemy.exc import NoSuchModuleError, NoSuchTableError, SAWarning, SQLAlchemyError

from instquery.cli.places import Place, PlaceError, folder_error, masked
from instquery.errors import InstqueryError
from instquery.extras import cure
from instquery.schema import Schema
from instquery.sql import SqlStore

__all__ = ["Table", "column_names", "opened"]

_EXTRAS = {
    "psycopg": "postgresql",
    "clickhouse_connect": "clickhouse",
    "clickhousedb": "clickhouse",
}
"""The extra that brings a driver, or what reads a URL's scheme."""

# It logs what it raises as well, which is said by us.
logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())


def column_names(place: Place, table: str) -> set[str]:
    """Return the names of a table's columns. Raises `InstqueryError` where there is no table."""
    _check_name(table)
    if place.path is not None and place.path.is_dir():
        raise folder_error(place)
    if not place.is_there():  # to connect would make the file
        raise InstqueryError(
            f"{place.shown}: there is no such file, so the database has no table {table}"
        )
    with _said_plainly(place), _connected(place) as engine:
        return {column["name"] for column in inspect(engine).get_columns(table)}


@contextmanager
def opened(place: Place, schema: Schema, table: str) -> Generator[SqlStore]:
    """Open a table with the records of a schema.

    Raises:
        InstqueryError: where there is no such table, and for whatever the database refuses.

    """
    if schema.key not in column_names(place, table):
        raise InstqueryError(
            f"{place.shown}: its table {table} has no column {schema.key}: name another by --table"
        )
    with _said_plainly(place), _connected(place) as engine:
        yield SqlStore(engine, schema, table)


class Table:
    """A table that records are copied to; made if it is not there.

    Attributes:
        is_new: whether there was no such table.

    """

    def __init__(self, place: Place, schema: Schema, table: str) -> None:
        _check_name(table)
        self._place = place
        self._schema = schema
        self._table = table
        self._has_new_file = not place.is_there()
        self.is_new = self._has_new_file
        if not self.is_new:
            with _said_plainly(place), _connected(place) as engine:
                self.is_new = not inspect(engine).has_table(table)

    @contextmanager
    def opened(self) -> Generator[SqlStore]:
        """Open the table, made if it is not there. Raises `PlaceError` for what is refused."""
        with _said_plainly(self._place), _connected(self._place) as engine:
            store = SqlStore(engine, self._schema, self._table)
            store.create()
            yield store

    def is_empty(self) -> bool:
        """Tell whether it holds nothing; false where that cannot be told."""
        with suppress(SQLAlchemyError, InstqueryError), _connected(self._place) as engine:
            is_made = inspect(engine).has_table(self._table)
            return not is_made or not len(SqlStore(engine, self._schema, self._table))
        return False

    def remove(self) -> None:
        """Remove what was made, as far as it can be."""
        with suppress(SQLAlchemyError, InstqueryError), _connected(self._place) as engine:
            SqlStore(engine, self._schema, self._table).table.drop(engine, checkfirst=True)
        path = self._place.path
        if self._has_new_file and path is not None:
            path.unlink(missing_ok=True)


def _check_name(table: str) -> None:
    """Refuse a name that no table can have."""
    if not table or "\0" in table:
        raise InstqueryError("must be the name of a table", field="--table")


@contextmanager
def _connected(place: Place) -> Generator[Engine]:
    """Connect to a database, and close every connection in the end, also when it fails."""
    engine = _engine_of(place)
    try:
        yield engine
    finally:
        engine.dispose()


def _engine_of(place: Place) -> Engine:
    """Make the engine of a URL. Raises `InstqueryError` for what no engine can be made of."""
    url = _url_of(place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)  # such as of options that would be ignored
            return create_engine(url)
    except ModuleNotFoundError as missing:
        raise InstqueryError(f"{place.shown}: {_advice(str(missing.name))}") from None
    except (SAWarning, ValueError, TypeError) as error:
        told = masked(str(error)).partition(" (Background")[0]
        raise InstqueryError(f"{place.shown}: {told}") from None


def _url_of(place: Place) -> URL:
    """Read a URL. Raises `InstqueryError` for one that cannot be meant."""
    url: URL | None = None
    with suppress(ValueError):  # of the port, which is not told, as it may end a password
        url = make_url(place.name)
    if url is None or "@" in (url.host or ""):
        raise InstqueryError(
            f"{place.shown}: its host or port cannot be: write @ : / in a name or password as "
            "%40 %3A %2F"
        )
    if url.get_backend_name() == "sqlite" and _is_in_memory(url):
        raise InstqueryError(
            f"{place.shown}: a database in memory is empty, and gone when the command ends: "
            "name a file, such as sqlite:///inventory.sqlite"
        )
    return url


def _is_in_memory(url: URL) -> bool:
    database = url.database or ":memory:"
    return database in (":memory:", "file:") or (
        database.startswith("file:") and (":memory:" in database or "memory" in url.query.values())
    )


@contextmanager
def _said_plainly(place: Place) -> Generator[None]:
    """Say in a line what a database refuses."""
    try:
        yield
    except NoSuchTableError as error:
        raise PlaceError(f"{place.shown}: the database has no table {error}") from None
    except NoSuchModuleError:
        scheme = place.name.partition("://")[0].partition("+")[0]
        advice = _advice(scheme) if scheme in _EXTRAS else f"SQLAlchemy knows no database {scheme}"
        if scheme == "postgres":
            advice += ": write postgresql+psycopg://"
        raise PlaceError(f"{place.shown}: {advice}") from None
    except SQLAlchemyError as error:
        told = " ".join(str(getattr(error, "orig", None) or error).split())
        raise PlaceError(f"{place.shown}: {masked(told)}") from error


def _advice(missing: str) -> str:
    """Say how a driver is installed."""
    extra = _EXTRAS.get(missing)
    how = "install the package that brings it" if extra is None else cure(extra)
    return f"this database needs {missing}: {how}"
