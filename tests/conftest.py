"""Shared by test files: how much is tried, the engines under test, the Node clients."""

import os
import shutil
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack

import pytest

import effort
from engines import DATABASES, MEMORY, Databases
from guards import KEYS, small_stores
from instquery.asgi import create_app
from node_clients import PACKAGE, NodeClients

# Of how many cases the default run has one. Files whose tests repeat one thing over very many cases
# are `heavy`: the gate's run of what is long leaves the rest of them out, and `--long` has it.
HEAVY = {
    "test_border.py": 16,
    "test_connections.py": 24,
    "test_damage.py": 6,
    "test_faults.py": 32,
    "test_file_owner.py": 24,
    "test_forgeries.py": 2,
    "test_forks.py": 4,
    "test_interrupts.py": 40,
    "test_places.py": 6,
    "test_saved_replies.py": 4,
    "test_sql_use.py": 8,
    "test_updates.py": 10,
    "test_upgrade.py": 24,
}

# The same of files that start many processes, servers or databases, or fill many stores; and the
# databases on which nothing is run by default. The gate's run of what is long has all of it.
SLOW = {
    "test_airec2018.py": 2,
    "test_cli.py": 12,
    "test_clients.py": 6,
    "test_copy.py": 16,
    "test_declared.py": 6,
    "test_double.py": 12,
    "test_ecs.py": 8,
    "test_durable.py": 3,
    "test_examples.py": 3,
    "test_foreign.py": 3,
    "test_http_hostile.py": 2,
    "test_operating.py": 2,
    "test_orders.py": 6,
    "test_own_api.py": 9,
    "test_own_requests.py": 2,
    "test_pages.py": 5,
    "test_params.py": 4,
    "test_rds.py": 8,
    "test_rows.py": 6,
    "test_search.py": 3,
    "test_serve.py": 12,
    "test_served.py": 3,
    "test_shapes.py": 3,
    "test_sizes.py": 3,
    "test_sql.py": 6,
    "test_sql_trees.py": 5,
    "test_tablestore.py": 3,
    "test_tokens.py": 2,
    "test_trees.py": 3,
    "test_verify.py": 8,
}
SLOW_DATABASES = {"chdb", "shards"}


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="try everything, where a part is tried by default"
    )


def pytest_configure(config):
    effort.choose(is_long=config.getoption("--long"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items, config):
    """Mark what takes long, and leave it out unless `--long` is given.

    Tests of random examples, and those that ask `tries`, try less by themselves. Of heavy and slow
    files one case of several is run; of files that are named on the command line all are.
    """
    is_all = effort.is_full() or any(".py" in argument for argument in config.args)
    kept, left_out, seen = [], [], Counter()
    for item in items:
        share, group = _share(item)
        is_random = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        is_short = is_random or "tries" in item.fixturenames
        if item.get_closest_marker("long") and not is_short and not effort.is_full():
            item.add_marker(pytest.mark.skip(reason="takes long: --long"))
        if is_random or share != 1:
            item.add_marker("long")
        if item.path.name in HEAVY:
            item.add_marker("heavy")
        is_kept = is_all or (share > 0 and seen[group] % share == 0)
        seen[group] += 1 if share else 0
        (kept if is_kept else left_out).append(item)

    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def _share(item):
    """Return of how many cases of its file one is run by default (0: none), and the file."""
    name = item.path.name
    if "node_clients" in item.fixturenames:  # installing the clients takes longer than their tests
        return 0, name
    given = getattr(item, "callspec", None)
    values = [] if given is None else [one for one in given.params.values() if isinstance(one, str)]
    if not SLOW_DATABASES.isdisjoint(values):
        return 0, name
    return HEAVY.get(name) or SLOW.get(name, 1), name


@pytest.fixture(scope="session")
def tries():
    """What tells a long test how often to try: `tries(1000, quick=50)`."""
    return effort.tries


def pytest_sessionstart():
    """Unwind when told to terminate, as after Ctrl-C, so that no server outlives the tests."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated"))


@pytest.fixture(scope="session")
def node_clients(tmp_path_factory):
    """The official Node clients, installed from the registry and started once a run."""
    # Where they must be there, a skip would hide what is not tested.
    is_expected = "INSTQUERY_EXPECT_NODE" in os.environ
    if shutil.which("node") is None or shutil.which("npm") is None:
        (pytest.fail if is_expected else pytest.skip)("needs Node and npm")
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(PACKAGE, folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]
    made = subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    if made.returncode and not is_expected:
        pytest.skip(f"npm cannot install the clients: {made.stderr[-300:]}")
    assert made.returncode == 0, made.stderr
    with NodeClients(folder) as clients:
        yield clients


@pytest.fixture(scope="module")
def stores():
    """Return a store of each API, with one record."""
    return small_stores()


@pytest.fixture(scope="module")
def guarded(stores):
    """Return an application that checks signatures."""
    return create_app(*stores, keys=KEYS)


@pytest.fixture(scope="module")
def plain(stores):
    """Return an application that does not."""
    return create_app(*stores)


@pytest.fixture(scope="session")
def databases(tmp_path_factory):
    """The databases of this run: nothing is left running or on disk."""
    with ExitStack() as stack:
        yield Databases(stack, tmp_path_factory.mktemp("databases"))


def pytest_generate_tests(metafunc):
    """Run the tests of a module that uses `engine` on every engine.

    Tests marked as about the engine in memory run on that one alone.
    """
    if "engine" in metafunc.fixturenames:
        engines = [MEMORY, *DATABASES]
        if metafunc.definition.get_closest_marker("memory"):
            engines = [MEMORY]
        elif metafunc.definition.get_closest_marker("one_server"):
            engines.remove("shards")
        metafunc.parametrize("engine", engines, indirect=True, scope="module")


@pytest.fixture(scope="module")
def engine(request):
    """What stands for `Store` in the module's tests."""
    if request.param == MEMORY:
        yield
        return
    tables = request.getfixturevalue("databases").tables(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request.module, "Store", tables.store)
        yield
