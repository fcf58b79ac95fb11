"""How much the tests try: a part by default, all of it with `--long`.

`HYPOTHESIS_PROFILE=thorough` tries far more.

Whatever takes long asks here how often it is to try, so that one option decides for all. A number
of examples that is given elsewhere would escape it: `tests/test_effort.py` finds such.
"""

import os

from hypothesis import HealthCheck, settings

_FULL = 100  # examples of a test that names no number: Hypothesis' own

settings.register_profile(
    "quick", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=_FULL // 16
)
settings.register_profile("full", parent=settings.get_profile("quick"), max_examples=_FULL)
settings.register_profile("thorough", parent=settings.get_profile("full"), max_examples=20 * _FULL)


def choose(*, is_long):
    """Decide how much is tried from now on.

    To be called before tests are loaded, as they ask while they load.
    """
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("full" if is_long else "quick"))


def is_full():
    """Tell whether all is tried that the gate tries."""
    return settings.default.max_examples >= _FULL


def examples(full, *, quick=None, **others):
    """Make the settings of a test that tries this many random examples in full.

    By default it tries a sixteenth of them.
    """
    share = max(1, full * settings.default.max_examples // _FULL)
    return settings(max_examples=share if quick is None or is_full() else quick, **others)


def tries(full, *, quick):
    """Return how often a test of another kind is to try."""
    return full if is_full() else quick
