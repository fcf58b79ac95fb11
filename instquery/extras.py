"""Extras: what to say where something needs one that is not installed."""

from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["cure", "is_ours", "needing"]


def cure(extra: str) -> str:
    """Return how an extra is installed, as an advice at the end of a sentence.

    The package is not published: PyPI has none of this name, so a checkout comes first.

    >>> cure("sql")
    "pip install '.[sql]' in a checkout (once it is published: pip install 'instquery[sql]')"
    """
    published = f"pip install 'instquery[{extra}]'"
    return f"pip install '.[{extra}]' in a checkout (once it is published: {published})"


@contextmanager
def needing(extra: str, purpose: str) -> Generator[None]:
    """Import what an extra brings; where it is missing, say so, and how it is installed.

    Args:
        extra: what brings all that is imported within.
        purpose: what it is for, as a subject of "needs".

    Raises:
        ModuleNotFoundError: an `ImportError`, which names module and extra.

    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if is_ours(missing):
            raise
        module = str(missing.name).partition(".")[0]
        raise ModuleNotFoundError(f"{purpose} needs {module}: {cure(extra)}", name=module) from None


def is_ours(missing: ModuleNotFoundError) -> bool:
    """Tell whether a module of the package itself is missing, which no extra brings."""
    return (missing.name or "").partition(".")[0] in ("", "instquery")
