"""Shared by test files: how much is tried, the engines under test, the Node clients."""

import os
import shutil
import signal
import subprocess
from contextlib import ExitStack

import pytest

import effort
from engines import DATABASES, MEMORY, Databases
from node_clients import PACKAGE, NodeClients

# Files whose tests repeat one thing over many cases, and how many cases each default run has: one
# of so many. They are `heavy` too: the gate's run of what is long leaves them out.
HEAVY = {
    "test_border.py": 8,
    "test_connections.py": 6,
    "test_damage.py": 3,
    "test_faults.py": 8,
    "test_file_owner.py": 6,
    "test_forgeries.py": 2,
    "test_forks.py": 3,
    "test_interrupts.py": 20,
    "test_places.py": 6,
    "test_saved_replies.py": 4,
    "test_sql_use.py": 8,
    "test_updates.py": 5,
    "test_upgrade.py": 6,
}


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="try everything, where a part is tried by default"
    )


def pytest_configure(config):
    effort.choose(is_long=config.getoption("--long"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items, config):
    """Mark tests of random examples as long, and heavy files; leave out what takes long.

    Without `--long` that is: long tests that cannot be cut short, and of heavy files all cases but
    one of several. Files that are named on the command line are run with all of their cases.
    """
    _thin_out(items, config)
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("long")
        elif (
            item.get_closest_marker("long")
            and not item.get_closest_marker("heavy")
            and "tries" not in item.fixturenames
            and not effort.is_full()
        ):
            item.add_marker(pytest.mark.skip(reason="takes long: --long"))


def _thin_out(items, config):
    """Mark the tests of heavy files, and keep a part of them."""
    is_all = effort.is_full() or any(".py" in argument for argument in config.args)
    kept, left_out, seen = [], [], dict.fromkeys(HEAVY, 0)
    for item in items:
        name = item.path.name
        if name in HEAVY:
            item.add_marker("long")
            item.add_marker("heavy")
            seen[name] += 1
            if not is_all and (seen[name] - 1) % HEAVY[name]:
                left_out.append(item)
                continue
        kept.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


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
