"""The benchmarks' own requests, and those of the drawer of an API without any here."""

from dataclasses import replace

import pytest

from benchmarks.questions import questions_of
from instquery.apis import catalog


def test_an_api_without_requests_of_its_own_is_asked_what_its_drawer_suggests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = catalog.CATALOG["airec"]
    records = list(api.samples(50))
    monkeypatch.setitem(catalog.CATALOG, "another", replace(api, columns=()))
    assert "substring, common" in questions_of("airec", records)
    assert "Nothing has this name" in questions_of("another", records)
