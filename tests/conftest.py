"""What several test files share: hypothesis settings, and one generic schema."""

import os
import signal
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from engines import DATABASES, MEMORY, Databases

settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("quick"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_sessionstart():
    """Unwind when told to terminate, as after Ctrl-C, so that no server outlives the tests."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated"))


@pytest.fixture(scope="session")
def databases(tmp_path_factory):
    """The databases of this run: nothing is left running or on disk."""
    with ExitStack() as stack:
        yield Databases(stack, tmp_path_factory.mktemp("databases"))


def pytest_generate_tests(metafunc):
    """Run the tests of a module that uses `engine` on every one, but those marked as about the engine in memory."""
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
