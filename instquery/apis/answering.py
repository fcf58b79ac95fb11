"""Answers: the page that a request means, and the facts of the reply to it."""

from instquery.apis.envelope import Answer
from instquery.apis.requests import Meant
from instquery.contract import Prepared, prepare
from instquery.errors import CursorInvalid
from instquery.pages import Page
from instquery.query import Record

__all__ = ["answer_of", "page_of", "prepared_of"]


def page_of(meant: Meant) -> Page:
    """Return the page that a request means. Raises as `prepared_of` does."""
    store, query, _, token, _ = meant
    if token is not None:
        return prepared_of(meant).page()
    assert store is not None  # noqa: S101 - whoever asks knows it
    return store.page(query)


def prepared_of(meant: Meant) -> Prepared:
    """Prepare the page that a request means.

    Raises:
        CursorInvalid: for a token where the store has no cursors.

    """
    store, query, _, token, _ = meant
    assert store is not None  # noqa: S101 - whoever asks knows it
    if token is None:
        return prepare(store, query)
    own = getattr(store, "prepare", None)
    if own is None:
        raise CursorInvalid("the store has no cursors")
    # One that keeps no states goes on in the present one.
    keeps = callable(getattr(store, "snapshot", None))
    prepared: Prepared = own(query, token, live=not keeps)
    return prepared


def answer_of(meant: Meant, page: Page, items: list[Record], request_id: str) -> Answer:
    """Return the facts of a success: what was asked, and what follows."""
    _, query, asked, token, is_walked = meant
    offset, size = query.offset, query.limit
    came = offset if token is None else page.came
    following = page.cursor if is_walked else None
    number = offset // size + 1
    total, version = page.total, page.version
    facts = (request_id, items, number, size, total, following, came, asked, version)
    # At a third of what a call of the class costs.
    return tuple.__new__(Answer, facts)  # pyright: ignore[reportUnknownMemberType]
