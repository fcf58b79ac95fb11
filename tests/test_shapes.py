"""All shapes of fields: nested members, many values, tags, numbers."""

import shape_checks
import worn
from effort import tries
from many_checks import check_many


def test_many_random_checks(monkeypatch):
    worn.have_small_numbers(monkeypatch)
    check_many(tries(2_000, quick=500), kind=shape_checks.ShapeChecks)
