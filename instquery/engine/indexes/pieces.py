"""Pieces of text that many rows hold: grams, and longer ones that grow from them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from instquery.engine.indexes.matrix import Matrix
from instquery.engine.rowsets import RowSet
from instquery.folding import GRAM

__all__ = ["LONGEST", "frequent_pieces"]

LONGEST = 12
"""Characters of the longest piece."""


def frequent_pieces(
    texts: Sequence[bytes], grams: Sequence[bytes], least: int
) -> dict[bytes, RowSet]:
    """Return the pieces that at least `least` texts hold, with the rows of those texts.

    These are some of the grams, and all longer pieces that grow from them character by character:
    two frequent ones that overlap make a candidate, as in frequent item sets. Equal row sets are
    kept once. Costs 1 to 2 µs a text.
    """
    matrix = Matrix(texts)
    rows_by_piece: dict[bytes, RowSet] = {}
    for size in range(1, GRAM + 1):
        rows_by_piece |= _frequent(matrix, [gram for gram in grams if len(gram) == size], least)

    stage = {piece: rows for piece, rows in rows_by_piece.items() if len(piece) == GRAM}
    while stage and len(next(iter(stage))) < LONGEST:
        stage = _frequent(matrix, _overlaps(stage, least), least)
        rows_by_piece |= stage

    once: dict[RowSet, RowSet] = {}
    return {piece: once.setdefault(rows, rows) for piece, rows in rows_by_piece.items()}


def _frequent(matrix: Matrix, pieces: Iterable[bytes], least: int) -> dict[bytes, RowSet]:
    """Return those of the pieces that at least `least` texts hold, with their row sets."""
    rows_with = matrix.rows_with(pieces)
    return {piece: rows for piece, rows in rows_with.items() if rows.bit_count() >= least}


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
