"""PostgreSQL servers for tests, on free ports of this machine.

Each has a folder of its own, which is removed afterwards.
"""

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from instquery.sql import SqlStore

SHARDS = 3

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # a test's data need not survive the machine
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_connections": "40",
    "enable_partitionwise_aggregate": "on",
}


def programs():
    """Return the folder of PostgreSQL's programs; `None` where it is not installed."""
    found = shutil.which("initdb")
    folders = [
        *([Path(found).resolve().parent] if found else []),
        *Path("/usr/lib/postgresql").glob("*/bin"),
    ]
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def someone_else():
    """Return a user that PostgreSQL agrees to run as: it refuses root."""
    if os.geteuid():
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def folder_of(user):
    """Make a folder for what belongs to a server."""
    folder = Path(tempfile.mkdtemp(prefix="instquery-postgresql-"))
    if user:
        shutil.chown(folder, user)
    return folder


@cache
def new_data():
    """Return the data folder of a new server.

    It is made once a run: a copy takes a quarter of initdb's time.
    """
    user = someone_else()
    folder = folder_of(user)
    atexit.register(shutil.rmtree, folder)
    options = "--no-sync", "--auth=trust", "--username=tests", "--encoding=UTF8", "--locale=C.UTF-8"
    command = [programs() / "initdb", f"--pgdata={folder / 'data'}", *options]
    subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    return folder / "data"


class Server:
    """One server: its address, and whatever happens to it."""

    def __init__(self, folder):
        self._programs, self._user, self._folder = programs(), someone_else(), folder
        subprocess.run(["cp", "-a", new_data(), folder], user=self._user, check=True)  # noqa: S603, S607 - our own
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    @property
    def url(self):
        return f"postgresql+psycopg://tests@127.0.0.1:{self.port}/postgres"

    def start(self):
        options = " ".join(
            f"-c {name}='{value}'" for name, value in (SETTINGS | {"port": str(self.port)}).items()
        )
        self._run(
            "pg_ctl",
            "start",
            "--wait",
            "--silent",
            f"--log={self._folder / 'log'}",
            f"--options={options}",
        )

    def stop(self, mode="fast"):
        """Stop; `immediate` is as if the machine had lost power."""
        self._run("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}")

    def is_running(self):
        return (self._folder / "data" / "postmaster.pid").exists()

    def _run(self, program, *arguments):
        command = [self._programs / program, f"--pgdata={self._folder / 'data'}", *arguments]
        told = self._folder / "told"
        with told.open("w") as out:  # not a pipe: a server started from here would keep it open
            done = subprocess.run(  # noqa: S603 - our own command
                command, stdout=out, stderr=out, user=self._user, cwd=self._folder, check=False
            )
        if done.returncode:
            log = self._folder / "log"
            raise RuntimeError(told.read_text() + (log.read_text() if log.exists() else ""))


@contextmanager
def server():
    """Run one server for a while."""
    folder = folder_of(someone_else())
    running = None
    try:
        running = Server(folder)
        yield running
    finally:
        if running is not None and running.is_running():
            running.stop("immediate")
        shutil.rmtree(folder)


@contextmanager
def cluster():
    """Run a coordinator and its shards; yield them."""
    with ExitStack() as stack:
        coordinator, *shards = (stack.enter_context(server()) for _ in range(1 + SHARDS))
        engine = sa.create_engine(coordinator.url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE EXTENSION postgres_fdw")
            for number, shard in enumerate(shards):
                connection.exec_driver_sql(
                    f"CREATE SERVER shard{number} FOREIGN DATA WRAPPER postgres_fdw"
                    f" OPTIONS (host '127.0.0.1', port '{shard.port}', dbname 'postgres',"
                    " fetch_size '1000', batch_size '1000',"
                    " use_remote_estimate 'true')"
                )
                connection.exec_driver_sql(
                    f"CREATE USER MAPPING FOR tests SERVER shard{number}"
                    " OPTIONS (user 'tests', password_required 'false')"
                )
        engine.dispose()
        yield coordinator, shards


def spread(coordinator, shards, store):
    """Make the table of a store on every shard, and one on the coordinator.

    The coordinator's table stands for them all, partitioned by the key's hash.
    """
    for shard in shards:
        engine = sa.create_engine(shard.url)
        SqlStore(engine, store.schema, store.table.name).create()
        engine.dispose()
    name, key = store.table.name, store.schema.key
    columns = [
        sa.Column(column.name, column.type, nullable=column.nullable)
        for column in store.table.columns
    ]
    engine = sa.create_engine(coordinator.url)
    with engine.begin() as connection:
        sa.Table(name, sa.MetaData(), *columns, postgresql_partition_by=f'HASH ("{key}")').create(
            connection
        )
        for number in range(len(shards)):
            connection.exec_driver_sql(
                f'CREATE FOREIGN TABLE "{name}_{number}" PARTITION OF "{name}"'
                f" FOR VALUES WITH (MODULUS {len(shards)},"
                f" REMAINDER {number}) SERVER shard{number} OPTIONS (table_name '{name}')"
            )
    engine.dispose()
