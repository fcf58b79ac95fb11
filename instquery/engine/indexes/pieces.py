"""Pieces of text that many rows hold: grams, and longer ones that grow from them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

from instquery.engine.indexes.matrix import Matrix
from instquery.engine.rowsets import RowSet
from instquery.folding import GRAM

__all__ = ["LONGEST", "frequent_pieces"]

LONGEST = 24
"""Characters of the longest piece.

What a longer needle leaves of texts that share more than these has to be looked at. With 64, an add
of a text that shares 30 characters with all others takes three times as long.
"""

# A rare candidate is kept where its halves have so many times the rows of a frequent piece in
# common: to look at fewer costs 0.1 ms.
_DEAR = 2

# Rare candidates that are kept. Names made of words have some ten, texts of hundreds of characters
# any number.
_REFUTED = 512

# Pieces that are listed: names have some 100, IDs 250, texts of random letters of a small alphabet
# any number. The list of one has two bytes a row, of a 64th of the rows.
_LISTED = 1024

_Pieces: TypeAlias = dict[bytes, RowSet]


def frequent_pieces(
    texts: Sequence[bytes],
    grams: Sequence[bytes],
    least: int,
    least_of_two: int,
    least_listed: int,
) -> tuple[dict[bytes, RowSet], dict[bytes, RowSet]]:
    """Return the pieces that at least `least` texts hold, with the rows of those texts.

    A piece of two characters must be in `least_of_two`.

    These are some of the grams, and all longer pieces that grow from them character by character:
    two that overlap and have `least_listed` rows in common make a candidate, as in frequent item
    sets. A candidate that is found to be rare or nowhere is returned too, as a needle with it would
    be looked for in all rows of its halves: with the frequent pieces where it is worth a row set
    (see `_closed`), else in a second dictionary, of the pieces to be listed. Equal row sets are
    kept once. Costs 1 to 2 µs a text.
    """
    matrix = Matrix(texts)
    frequent: _Pieces = {}
    listed: _Pieces = {}
    stage: _Pieces = {}
    for size in range(1, GRAM + 1):
        stage = matrix.rows_with([gram for gram in grams if len(gram) == size])
        frequent |= _of_many(stage, least_of_two if size == GRAM - 1 else least)

    refuted = 0
    while (stage := _of_many(stage, least_listed)) and len(next(iter(stage))) < LONGEST:
        asked = matrix.rows_with(_overlaps(stage, least_listed))
        rare = _closed(stage, asked, least)
        refuted += len(rare)
        frequent |= _of_many(asked, least) | (rare if refuted <= _REFUTED else {})
        others = {piece: rows for piece, rows in asked.items() if piece not in frequent}
        if len(listed) + len(others) <= _LISTED:
            listed |= others
        else:
            least_listed = least  # these would grow into any number of longer ones
        stage = asked

    once: dict[RowSet, RowSet] = {}
    return _shared(frequent, once), _shared(listed, once)


def _of_many(asked: _Pieces, least: int) -> _Pieces:
    """Return those of the pieces that at least `least` texts hold."""
    return {piece: rows for piece, rows in asked.items() if rows.bit_count() >= least}


def _shared(pieces: _Pieces, once: dict[RowSet, RowSet]) -> _Pieces:
    """Return the pieces with one object for all row sets that are equal."""
    return {piece: once.setdefault(rows, rows) for piece, rows in pieces.items()}


def _closed(stage: _Pieces, asked: _Pieces, least: int) -> _Pieces:
    """Return the candidates that are not frequent and that a search would pay dearly for.

    Those that are in few of the rows that hold both of their halves, which are many.
    """
    rare: _Pieces = {}
    for piece, rows in asked.items():
        both = (stage[piece[:-1]] & stage[piece[1:]]).bit_count()
        if rows.bit_count() < least and both >= (_DEAR * least if rows else least):
            rare[piece] = rows
    return rare


def _overlaps(stage: _Pieces, least: int) -> list[bytes]:
    """List the pieces one character longer that at least `least` texts may hold."""
    heads: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for piece in stage:
        heads[piece[:-1]].append(piece)

    longer: list[bytes] = []
    for piece, rows in stage.items():
        followers = heads.get(piece[1:], ())
        likely = [one for one in followers if (rows & stage[one]).bit_count() >= least]
        longer += [piece + follower[-1:] for follower in likely]
    return longer
