"""Volumes: the grams of many segments in one table, so that a gram is looked up once for all.

Theory of operation
===================

Segments that are built together have much the same grams. Each segment keeps the rows of all its
grams side by side, in the order of the grams. A volume says where in these the rows of each gram
begin and end, in any of its segments. It is a table with a line for each gram and a *slot* for each
segment:

    gram   slot 0   slot 1   slot 2
    "abc"       0        0        0     where its rows begin, by slot ...
    "abd"      12        9        0     ... and end, as the next one's begin; in slot 2 it has none
               20       17        4     behind the last gram

So one search tells where the rows of a gram are in all segments. Grams that begin with a shorter
one lie side by side, and so do their rows in each slot.

A place takes 4 bytes, whether or not the gram is in that slot, and a gram 4. A segment alone is a
volume of one slot, which takes 8 a gram. So only grams in more than half of the segments are put
into the volume, which is never larger than the segments' own tables were. The others stay in a
table of one slot for each segment.

A volume is never changed. What is written later is not in it.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, compress, pairwise
from operator import not_
from typing import NamedTuple, Self, TypeAlias

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.rowsets import POSITION_CODE, Position
from instquery.folding import GRAM

__all__ = ["NO_GRAMS", "Built", "Grams", "Numbers", "Span", "Volume", "joined"]

_BYTE = 8

_PORTIONS = 16  # in which grams are counted

_SLOTS = 64  # segments of a volume: a gram in few of more segments would be told for all of them

Numbers: TypeAlias = tuple[int, int]
"""The numbers of all grams that begin with a piece: the lowest, and one more than the highest."""

Span: TypeAlias = tuple[int, int]
"""Where rows begin and end."""


class Grams:
    """A table of grams, ascending, and where the rows of each begin and end, by slot."""

    __slots__ = ("_ends", "_numbers", "width")

    def __init__(self, numbers: "array[int]", ends: "array[int]", width: int = 1) -> None:
        self._numbers = numbers
        self._ends = ends
        self.width = width

    @classmethod
    def of(cls, numbers: "array[int]", lengths: Iterable[int], before: int = 0) -> Self:
        """Make a table of one slot, of grams that have so many rows, behind others."""
        return cls(numbers, array("I", accumulate(lengths, initial=before)))

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def numbers(self) -> "array[int]":
        """The grams, ascending; a gram is its characters' numbers as bytes, the first highest."""
        return self._numbers

    def lengths(self) -> list[int]:
        """List how many rows each gram has, in a table of one slot."""
        return [end - first for first, end in pairwise(self._ends)]

    def span(self, numbers: Numbers, slot: int) -> Span:
        """Return where the rows of grams begin and end in one slot; empty where it has none."""
        first, end = self._lines(numbers)
        return self._ends[first * self.width + slot], self._ends[end * self.width + slot]

    def spans(self, numbers: Numbers) -> "tuple[array[int], array[int]]":
        """Return where the rows of grams begin, by slot, and where they end. Costs 1 µs."""
        first, end = self._lines(numbers)
        width, ends = self.width, self._ends
        return ends[first * width : (first + 1) * width], ends[end * width : (end + 1) * width]

    def _lines(self, numbers: Numbers) -> tuple[int, int]:
        """Return the first line of these grams, and the one behind the last of them."""
        low, high = numbers
        first = bisect_left(self._numbers, low)
        if high - low > 1:
            return first, bisect_left(self._numbers, high, first)
        is_there = first < len(self._numbers) and self._numbers[first] == low
        return first, first + is_there


NO_GRAMS = Grams.of(array("I"), ())
"""The table without a gram."""


class Volume:
    """Grams that many of some segments have, in the alphabet of all their texts.

    Attributes:
        alphabet: of the segments' texts.
        grams: the table, with a slot for each segment.
        unlisted: grams whose rows are not all listed, in some of the segments.

    """

    __slots__ = ("alphabet", "grams", "unlisted")

    def __init__(self, alphabet: Alphabet, grams: Grams, unlisted: frozenset[str]) -> None:
        self.alphabet = alphabet
        self.grams = grams
        self.unlisted = unlisted

    def numbers(self, gram: str) -> Numbers | None:
        """Return the numbers of the grams that begin with a piece; `None` if no text has it."""
        low = 0
        for number in map(self.alphabet.number, gram):
            if not number:
                return None
            low = low << _BYTE | number

        missing = _BYTE * (GRAM - len(gram))
        if missing < 0:  # longer than what is listed
            return None
        return low << missing, (low + 1) << missing

    def texts(self, grams: Iterable[int]) -> set[str] | None:
        """Return grams as text, but for the ends of texts; `None` where characters share a number.

        Costs 0.5 µs a gram.
        """
        if self.alphabet.shares:
            return None

        texts: set[str] = set()
        for number in grams:
            gram = number.to_bytes(GRAM, "big")
            text = None if 0 in gram else self.alphabet.decode(gram)
            if text is not None:
                texts.add(text)
        return texts


class Built(NamedTuple):
    """What a segment has of its grams: a slot of a volume, a table of its own, and the rows."""

    volume: Volume
    slot: int

    own: Grams
    """Those that few segments have. Its rows come behind those of the volume."""

    rows: "array[Position]"


def joined(several: Sequence[Built]) -> list[Built]:
    """Join segments that are built together: each comes as a volume of one slot.

    Segments whose alphabets are together too large for a byte are parted, and one in whose own
    alphabet characters share a number stays alone: it means other ones by it. What is given must
    not be used any more. Costs 0.4 µs a gram and segment.
    """
    together: list[Built] = []
    group: list[Built] = []
    characters: set[str] = set()
    for one in several:
        alphabet = one.volume.alphabet
        more = characters.union(alphabet.characters)
        is_apart = alphabet.shares or not Alphabet.has_room(more) or len(group) == _SLOTS
        if group and (is_apart or group[-1].volume.alphabet.shares):
            together += _joined(group, characters)
            group, more = [], set(alphabet.characters)
        group.append(one)
        characters = more
    return together + _joined(group, characters)


def _joined(group: Sequence[Built], characters: Iterable[str]) -> list[Built]:
    """Join segments whose texts together are of these characters."""
    if len(group) < 2:
        return list(group)

    alphabet = Alphabet(sorted(characters), shares=False)
    tables = [_translated(one.volume, alphabet) for one in group]
    numbers = _common(tables)
    shared = frozenset(numbers)

    width = len(group)
    ends = array("I", bytes(numbers.itemsize * width * (len(numbers) + 1)))
    owned: list[Grams] = []
    for slot, (one, table) in enumerate(zip(group, tables, strict=True)):
        lengths = one.volume.grams.lengths()
        flags = bytes(map(shared.__contains__, table))
        length_of = dict(zip(compress(table, flags), compress(lengths, flags), strict=True))
        found = [length_of.get(number, 0) for number in numbers]
        ends[slot::width] = array("I", accumulate(found, initial=0))
        owned.append(_divided(table, lengths, flags, one.rows))

    unlisted = frozenset[str]().union(*[one.volume.unlisted for one in group])
    volume = Volume(alphabet, Grams(numbers, ends, width), unlisted)
    return [
        Built(volume, slot, own, one.rows)
        for slot, (one, own) in enumerate(zip(group, owned, strict=True))
    ]


def _common(tables: Sequence["array[int]"]) -> "array[int]":
    """Return the grams that are in more than half of the tables, ascending.

    They are counted portion by portion: a count takes a hundred bytes, and memory that was taken
    for a moment among what stays is not given back.
    """
    numbers = array("I")
    firsts = [0] * len(tables)
    step = len(tables[0]) // _PORTIONS + 1
    for cut in [*tables[0][step::step], None]:
        ends = [len(one) if cut is None else bisect_left(one, cut) for one in tables]
        spans = zip(tables, firsts, ends, strict=True)
        counts = Counter(chain.from_iterable([one[first:end] for one, first, end in spans]))
        numbers.extend(sorted(gram for gram, many in counts.items() if 2 * many > len(tables)))
        firsts = ends
    return numbers


def _translated(volume: Volume, alphabet: Alphabet) -> "array[int]":
    """Return the grams of a volume in a larger alphabet, in the same order."""
    numbers = volume.grams.numbers
    octets = numbers.tobytes().translate(volume.alphabet.numbers_in(alphabet))
    return array(numbers.typecode, octets)


def _divided(
    table: "array[int]", lengths: Sequence[int], flags: bytes, rows: "array[Position]"
) -> Grams:
    """Return the grams that are not flagged, and put the rows of flagged ones before theirs.

    That is done in their place. Copies would leave holes in memory as large as all rows.
    """
    if 0 not in flags:
        return NO_GRAMS

    ends = [*accumulate(lengths, initial=0)]
    parts: tuple[array[Position], array[Position]] = (array(POSITION_CODE), array(POSITION_CODE))
    first = 0
    while first < len(flags):
        flag = flags[first]
        end = flags.find(1 - flag, first)
        end = len(flags) if end < 0 else end
        parts[flag].extend(rows[ends[first] : ends[end]])
        first = end

    others, flagged = parts
    is_other = [*map(not_, flags)]
    numbers = array(table.typecode, compress(table, is_other))
    rows[:] = flagged + others
    return Grams.of(numbers, compress(lengths, is_other), len(flagged))
