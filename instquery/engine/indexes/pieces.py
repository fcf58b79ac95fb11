"""Pieces of text that many rows hold: grams, and longer ones that grow from them."""

from collections import defaultdict
from collections.abc import Sequence

from instquery.engine.indexes.matrix import Matrix
from instquery.engine.rowsets import RowSet
from instquery.folding import GRAM

__all__ = ["LONGEST", "frequent_pieces"]

LONGEST = 24
"""Characters of the longest piece."""

# A rare candidate is kept where its halves have so many times the rows of a frequent piece in
# common: to look at fewer costs 0.1 ms.
_DEAR = 2

# Rare candidates that are kept. Names made of words have some ten, texts of hundreds of characters
# any number.
_REFUTED = 512


def frequent_pieces(
    texts: Sequence[bytes], grams: Sequence[bytes], least: int, least_of_two: int
) -> dict[bytes, RowSet]:
    """Return the pieces that at least `least` texts hold, with the rows of those texts.

    A piece of two characters must be in `least_of_two`.

    These are some of the grams, and all longer pieces that grow from them character by character:
    two frequent ones that overlap make a candidate, as in frequent item sets. A candidate that is
    found to be rare or nowhere is returned too, as it is what a needle of frequent pieces would be
    looked for in all of their rows (see `_closed`). Equal row sets are kept once. Costs 1 to 2 µs a
    text.
    """
    matrix = Matrix(texts)
    rows_by_piece: dict[bytes, RowSet] = {}
    for size in range(1, GRAM + 1):
        asked = matrix.rows_with([gram for gram in grams if len(gram) == size])
        rows_by_piece |= _frequent(asked, least_of_two if size == GRAM - 1 else least)

    stage = {piece: rows for piece, rows in rows_by_piece.items() if len(piece) == GRAM}
    refuted = 0
    while stage and len(next(iter(stage))) < LONGEST:
        asked = matrix.rows_with(_overlaps(stage, least))
        rare = _closed(stage, asked, least)
        refuted += len(rare)
        if refuted <= _REFUTED:
            rows_by_piece |= rare
        stage = _frequent(asked, least)
        rows_by_piece |= stage

    once: dict[RowSet, RowSet] = {}
    return {piece: once.setdefault(rows, rows) for piece, rows in rows_by_piece.items()}


def _frequent(asked: dict[bytes, RowSet], least: int) -> dict[bytes, RowSet]:
    """Return those of the pieces that at least `least` texts hold."""
    return {piece: rows for piece, rows in asked.items() if rows.bit_count() >= least}


def _closed(
    stage: dict[bytes, RowSet], asked: dict[bytes, RowSet], least: int
) -> dict[bytes, RowSet]:
    """Return the candidates that are not frequent and that a search would pay dearly for.

    Those that are in few of the rows that hold both of their halves, which are many.
    """
    rare: dict[bytes, RowSet] = {}
    for piece, rows in asked.items():
        both = (stage[piece[:-1]] & stage[piece[1:]]).bit_count()
        if rows.bit_count() < least and (not rows or both >= _DEAR * least):
            rare[piece] = rows
    return rare


def _overlaps(stage: dict[bytes, RowSet], least: int) -> list[bytes]:
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
