"""One option decides how much is tried.

The gate's second run finds whatever the first has cut short.
"""

from pathlib import Path


def test_what_is_cut_short_by_default_is_marked(request):
    for item in request.session.items:
        is_random = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_random or "tries" in getattr(item, "fixturenames", ()):
            assert item.get_closest_marker("long"), item.nodeid


def test_no_test_says_by_itself_how_many_examples_it_tries():
    for path in Path(__file__).parent.glob("*.py"):
        if path.name not in ("effort.py", "test_effort.py"):
            assert "max_examples" not in path.read_text("utf-8"), (
                f"{path.name}: ask effort.examples instead"
            )
