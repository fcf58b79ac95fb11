"""Fold text, so that two spellings of the same letters compare as equal.

Normalisation sorts each run of combining characters by insertion, so a run costs the square of its
length. Folding stays linear, because no long run reaches normalisation unsorted:

- Of a run of characters with a combining class other than 0, the first 30 count (as in the
  stream-safe text format of UAX #15). The others are left out.
- Five characters have class 0 and still decompose into combining characters alone. They end a run
  that is counted, but not one that is sorted. A run that is long because of them is decomposed and
  sorted here, by counting, which changes nothing in the result.

Case folding adds at most two combining characters behind a letter, in front of a run that is
sorted.
"""

import re
from collections import defaultdict
from itertools import chain
from unicodedata import combining, normalize

__all__ = ["GRAM", "fold", "needle_grams"]

GRAM = 3
"""Characters of the longest gram that texts are indexed by."""

_MOST = 64  # grams that a needle is looked up by; more would not narrow the search down any further

_RUN = 30  # combining characters of a run that count: the most that stream-safe text has in a row

# Characters of class 0 that decompose into combining characters alone; a test looks for others.
_LATE = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")

_BEYOND = re.compile("([^{0}]{{{1}}})[^{0}]+".format("".join(sorted(_LATE)), _RUN))


def fold(text: str) -> str:
    """Fold `text` for matching: NFKC, then case folding, then NFKC again.

    The second NFKC is needed because case folding can leave text that is no longer normal. Of a run
    of combining characters (class other than 0) the first 30 count. Costs about 0.1 µs for ASCII
    text and 0.3 µs for a short name in another script, and grows with the length of the text alone,
    whatever the text. Never fails: a lone surrogate is a character like any other.

    >>> fold("ＰＲＯＤ-Straße"), fold("推荐①")
    ('prod-strasse', '推荐1')
    >>> len(fold("x" + "\u0301" * 50_000))
    31
    """
    if text.isascii():  # where NFKC changes nothing and case folding is lower-casing
        return text.lower()

    if len(text) > _RUN and _may_hold_a_long_run(text):
        text = _with_short_runs(text)
    return normalize("NFKC", normalize("NFKC", text).casefold())


def needle_grams(folded: str) -> tuple[str, ...]:
    """Return the grams that a folded needle is looked up by, the last first.

    The tails of IDs tell them apart.

    Those that share no character come before those that do, as they rule out more.

    >>> needle_grams("prod"), needle_grams("推荐"), needle_grams("")
    (('rod', 'pro'), ('推荐',), ())
    """
    if len(folded) <= GRAM:
        return (folded,) if folded else ()
    ends = range(len(folded), GRAM - 1, -1)[:_MOST]
    grams = [folded[end - GRAM : end] for end in ends]
    apart = [gram for first in range(GRAM) for gram in grams[first::GRAM]]
    return tuple(dict.fromkeys(apart))


def _may_hold_a_long_run(text: str) -> bool:
    """Tell whether a run of marks may be longer than `_RUN`.

    Such a run covers one of the places that are looked at.
    """
    looked_at = text[_RUN :: _RUN + 1]
    return any(map(combining, looked_at)) or not _LATE.isdisjoint(looked_at)


def _with_short_runs(text: str) -> str:
    """Return text that folds alike, with no run that normalisation would sort for long."""
    pieces: list[str] = []
    done = 0
    for place in range(_RUN, len(text), _RUN + 1):
        if place < done or not _is_combined(text[place]):
            continue

        first, end = place, place + 1
        while first and _is_combined(text[first - 1]):
            first -= 1
        while end < len(text) and _is_combined(text[end]):
            end += 1

        if end - first > _RUN:
            pieces += (text[done:first], _shortened(text[first:end]))
            done = end
    return "".join([*pieces, text[done:]])


def _shortened(run: str) -> str:
    """Leave out what does not count in a run; sort the run if it is long all the same."""
    counted = _BEYOND.sub(r"\1", run)
    if len(counted) <= _RUN:
        return counted

    by_class: defaultdict[int, list[str]] = defaultdict(list)
    for character in counted:  # one by one, as normalisation would sort them together
        for mark in normalize("NFKD", character):
            by_class[combining(mark)].append(mark)
    return "".join(chain.from_iterable(by_class[number] for number in sorted(by_class)))


def _is_combined(character: str) -> bool:
    """Tell whether normalisation may move a character among its neighbours.

    Or one of those that it decomposes into.
    """
    return combining(character) != 0 or character in _LATE
