"""Cursors: signed text that says where a walk has come to, in which query, in which version."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

from instquery.canonical import mark_of
from instquery.errors import CursorInvalid
from instquery.instants import TrustedMicros
from instquery.options import told
from instquery.orderings import Place, Sortable
from instquery.predicates import Predicate
from instquery.query import Order, Query
from instquery.schema import Schema

__all__ = ["Bookmark", "Signer", "fingerprint"]

_SIGNATURE = 16  # bytes

_ORDER = 16
"""Characters of a fingerprint that tell its order."""

# A key of 4,096 code points of four bytes each makes a cursor of 44,000 characters.
_LONGEST = 1 << 20  # characters

_FORM = b"instquery cursor 4\n"
"""Signed with every bookmark: a cursor of another form is refused, not misread."""


class Bookmark(NamedTuple):
    """Where a walk has come to: behind a record with these values of the order, and this key.

    A cursor holds the members in this sequence. Who changes them raises the number in `_FORM`.
    """

    values: tuple[Sortable, ...]
    key: str

    query: str
    """The fingerprint of what is asked."""

    now: TrustedMicros | None
    """The moment that the query's bounds are counted from."""

    epoch: str
    """The name of the version, among all versions of all stores."""

    total: int | None
    """The number of all matches in that version, if it was counted."""

    came: int
    """How many matches came before, in the versions that the walk has read."""

    @property
    def place(self) -> Place:
        """The place in the order."""
        return Place(self.values, self.key)


class Signer:
    """Signs bookmarks with a key (HMAC-SHA256), so that nobody else can make or change a cursor."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes | None = None) -> None:
        """Sign with a key of one's own, or with the host's, which a later process may know too."""
        self._key = token_bytes(32) if key is None else key

    def write(self, bookmark: Bookmark) -> str:
        """Return the cursor of a bookmark. Costs 10 µs."""
        values = [_to_hex(one) if isinstance(one, str) else one for one in bookmark.values]
        exact = (values, _to_hex(bookmark.key), *bookmark[2:])
        body = json.dumps(exact, separators=(",", ":")).encode()
        return _encoded(self._sign(body) + body)

    def read(self, cursor: str) -> Bookmark:
        """Return the bookmark that a cursor stands for.

        Raises `CursorInvalid` for any text but our own.
        """
        signed = _decoded(cursor)
        signature = signed[:_SIGNATURE]
        body = signed[_SIGNATURE:]
        if not body:
            raise CursorInvalid(
                f"the cursor must be that of a page, as page.cursor has it, not {told(cursor)}"
            )
        is_ours = hmac.compare_digest(signature, self._sign(body))
        if not is_ours or _encoded(signed) != cursor:  # decoding passes over what does not belong
            raise CursorInvalid(
                "the cursor was issued by another store or process (share cursor_key, and go on "
                "with live=True), or has been changed"
            )

        bookmark = Bookmark(*json.loads(body))
        now = None if bookmark.now is None else TrustedMicros(bookmark.now)
        values = [_from_hex(one) if isinstance(one, str) else one for one in bookmark.values]
        key = _from_hex(bookmark.key)
        return bookmark._replace(values=tuple(values), key=key, now=now)

    def open(self, cursor: str, query: Query, schema: Schema) -> Bookmark:
        """Return the bookmark of a cursor for this query.

        Raises `CursorInvalid` if it is for other predicates or another order.
        """
        bookmark = self.read(cursor)
        asked = fingerprint(query.where, schema, query.order)
        if bookmark.query == asked:
            return bookmark
        if bookmark.query[:_ORDER] != asked[:_ORDER]:
            raise CursorInvalid(
                "the cursor was issued in another order, or by another key: "
                "ask in the order of its first page"
            )
        raise CursorInvalid(
            "the cursor was issued for another query: ask with the predicates of its first page; "
            "if a window is made from the clock, count its bounds from now, such as "
            "Range(field, within=timedelta(days=7)), or make it from Store.moment(cursor)"
        )

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, _FORM + body, "sha256")[:_SIGNATURE]


def _decoded(cursor: object) -> bytes:
    """Return the octets of a cursor; none of what is no text of them."""
    if not isinstance(cursor, str) or len(cursor) > _LONGEST:
        return b""
    try:
        return urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (UnicodeEncodeError, NotBase64):
        return b""


def _encoded(signed: bytes) -> str:
    return urlsafe_b64encode(signed).decode().rstrip("=")


def _to_hex(text: str) -> str:
    """Write text so that JSON carries it exactly: else it joins the halves of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass").hex()


def _from_hex(octets: str) -> str:
    return bytes.fromhex(octets).decode("utf-8", "surrogatepass")


def fingerprint(where: Sequence[Predicate], schema: Schema, order: tuple[Order, ...] = ()) -> str:
    """Return a short text that is the same for predicates of one canonical form.

    It is another one for another key, or another order once the schema has resolved it: its first
    characters tell.
    """
    return _digest(schema.ordering_of(order).written, _ORDER // 2) + _digest(mark_of(where), 12)


def _digest(text: str, size: int) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=size).hexdigest()
