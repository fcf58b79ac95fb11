"""What is imported without its extra says which one it needs."""

import subprocess
import sys

import pytest

from instquery.extras import cure, needing

CASES = [
    ("instquery.sql", "sqlalchemy", "sql", "a store on a database"),
    ("instquery.asgi", "starlette", "server", "HTTP"),
    ("instquery.asgi", "uvicorn", "server", "HTTP"),
    ("instquery.asgi", "orjson", "server", "HTTP"),
    ("instquery.testing", "httpx", "testing", "the double"),
    ("instquery.testing", "starlette", "testing", "the double"),
    ("instquery.testing", "uvicorn", "testing", "the double"),
]

# One process for all, in which each is imported anew.
WITHOUT = f"""
import sys
from importlib import import_module
for room, missing, *_ in {CASES!r}:
    for name in list(sys.modules):
        if name.partition(".")[0] in ("instquery", missing):
            del sys.modules[name]
    sys.modules[missing] = None
    try:
        import_module(room)
    except ImportError as refused:
        print(refused.name, refused)
    del sys.modules[missing]
"""


def test_a_room_names_module_and_extra():
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == [
        f"{missing} {purpose} needs {missing}: {cure(extra)}"
        for _, missing, extra, purpose in CASES
    ]


def test_a_module_of_ours_that_is_missing_is_no_extra():
    own = ModuleNotFoundError("gone", name="instquery.nothing")
    with pytest.raises(ModuleNotFoundError, match=r"^gone$"), needing("sql", "it"):
        raise own
