"""Extras: what to say where something needs one that is not installed."""

__all__ = ["cure"]


def cure(extra: str) -> str:
    """Return how an extra is installed, as an advice at the end of a sentence.

    The package is not published: PyPI has none of this name, so a checkout comes first.

    >>> cure("sql")
    "pip install '.[sql]' in a checkout (once it is published: pip install 'instquery[sql]')"
    """
    published = f"pip install 'instquery[{extra}]'"
    return f"pip install '.[{extra}]' in a checkout (once it is published: {published})"
