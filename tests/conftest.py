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


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="try everything, where a part is tried by default"
    )


def pytest_configure(config):
    effort.choose(is_long=config.getoption("--long"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests of random examples as long.

    Without `--long` leave out the long ones that cannot be cut short.
    """
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("long")
        elif (
            item.get_closest_marker("long")
            and "tries" not in item.fixturenames
            and not effort.is_full()
        ):
            item.add_marker(pytest.mark.skip(reason="takes long: --long"))


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
