"""Every exception class of the package can be pickled and copied."""

import copy
import importlib
import multiprocessing
import pickle
import pkgutil
from concurrent.futures import ProcessPoolExecutor

import pytest

import instquery
from instquery import InstqueryError, RecordError, Store
from instquery.apis import airec
from instquery.apis.inventory import BadRecord, InventoryError
from instquery.apis.operation import Refusal
from instquery.asgi.refusals import Wrong
from instquery.asgi.signing import Denied

BAD = (
    BadRecord("line", 3, "name", "must be text"),
    BadRecord("line", 4, None, "is not JSON: \ud800"),
)

MADE = {
    Wrong: lambda: Wrong(403, "Denied.Here", "says who: nobody"),
    Denied: lambda: Denied("SignatureDoesNotMatch", "The signature does not match."),
    Refusal: lambda: Refusal("InvalidParameter", "size", "must be an integer"),
    InventoryError: lambda: InventoryError(BAD, 25),
}
"""How errors are made whose class takes something else than a reason and a field."""


def modules():
    for found in pkgutil.walk_packages(instquery.__path__, "instquery."):
        if not found.name.endswith("__main__"):  # which runs the command line
            yield importlib.import_module(found.name)


def classes():
    """Every exception class that a module of the package defines."""
    found = {
        thing
        for module in modules()
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, BaseException)
        and thing.__module__.startswith("instquery")
    }
    return sorted(found, key=lambda kind: kind.__name__)


def errors():
    for kind in classes():
        if kind in MADE:
            yield MADE[kind]()
        else:
            yield kind("must be text, not int: 推荐\ud800", field="name")
            yield kind("the query is too deep")


class Odd(RecordError):
    """A class of a user's own, made of something else, with a fact of its own."""

    def __init__(self, *, number):
        super().__init__(f"number {number} is odd", field="number")
        self.number = number
        self.seen = [number]


def facts(error):
    return type(error), error.args, str(error), repr(error), error.reason, error.field, vars(error)


WAYS = {
    **{
        f"pickle {protocol}": lambda error, protocol=protocol: pickle.loads(
            pickle.dumps(error, protocol)
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def test_all_errors_are_of_one_family():
    found = classes()
    assert {InstqueryError, Wrong, Denied, Refusal, InventoryError} <= set(found)
    assert [kind for kind in found if not issubclass(kind, InstqueryError)] == []


@pytest.mark.parametrize("way", WAYS)
def test_every_error_can_be_pickled_and_copied_and_keeps_its_facts(way):
    for error in [*errors(), Odd(number=3)]:
        error.add_note("while the file was read")
        error.added_later = {"a": [1]}
        twin = WAYS[way](WAYS[way](error))
        assert twin is not error
        assert facts(twin) == facts(error)
        with pytest.raises(type(error)) as caught:
            raise twin
        assert caught.value is twin
    assert twin.number == 3


def load(key):
    return len(Store(airec.SCHEMA, [{"instanceId": key}]))


def test_an_error_in_a_process_pool_reaches_the_caller_and_the_pool_goes_on():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(RecordError) as caught:
            pool.submit(load, 5).result(timeout=60)
        assert (caught.value.field, caught.value.reason) == (
            "instanceId",
            "must be text, not int (record 1 of the batch)",
        )
        assert pool.submit(load, "i").result(timeout=60) == 1
