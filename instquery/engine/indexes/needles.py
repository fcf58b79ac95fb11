"""Needles: what is known of the pieces that a needle is made of."""

from collections.abc import Container

from instquery.folding import GRAM

__all__ = ["longest_known"]


def longest_known(needle: str, *known: Container[str]) -> list[str]:
    """List the longest pieces of a needle, of more than a gram, that one of the containers holds.

    A piece within another is left out. A piece is found if its beginnings and ends are known too,
    as they are where pieces have grown character by character. Costs 0.2 µs a character.

    >>> longest_known("abcdefg", {"abcd", "bcde", "abcde"}, {"defg"})
    ['abcde', 'defg']
    """
    pieces: list[str] = []
    end = 0
    for first in range(len(needle) - GRAM):
        before = end
        shortest = first + GRAM + 1
        end = max(end, shortest - 1)  # up to there the piece that begins here is known, or a gram
        while end < len(needle) and any(needle[first : end + 1] in some for some in known):
            end += 1
        if end >= shortest and end > before:
            pieces.append(needle[first:end])
    return pieces
