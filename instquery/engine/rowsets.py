"""Row sets (bitmaps): sets of rows of one segment, each held as one Python integer.

Bit p of the integer says whether the row at position p is in the set. AND is `&`, OR is `|`, a
count is `int.bit_count()`: about 20 rows a nanosecond. Within a segment the newest row has the
highest position, so the head of an answer is the highest bits.

Row sets are immutable, as integers are. Any number of indexes, segments and threads may share one.
"""

from array import array
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import TypeAlias

__all__ = [
    "EVERY_POSITION",
    "MOST_ROWS",
    "POSITION_CODE",
    "Position",
    "RowSet",
    "among",
    "count_all",
    "everything",
    "flags_of",
    "newest",
    "positions",
    "set_of",
    "set_of_bits",
    "set_of_flags",
]

RowSet: TypeAlias = int
"""A set of rows of one segment: bit p for the row at position p."""

Position: TypeAlias = int
"""The place of a row in its segment, from 0. The highest is the newest, which is answered first."""

POSITION_CODE = "H"
"""The type code of arrays of positions, and of block numbers, which are fewer: two bytes each."""

MOST_ROWS = 1 << 8 * array(POSITION_CODE).itemsize
"""The most rows that a segment ever has, vacant ones included: as many as positions can number.

Whoever enters a row makes sure of it before anything is changed: `Writer` splits a segment first.
"""

EVERY_POSITION = array(POSITION_CODE, range(MOST_ROWS))
"""All positions there can be: what it costs least to cut a stretch of them from."""

# With fewer than one row in this many, looking for each byte that is not zero costs least; with
# fewer than one in that many, looking at each of them; else passing over all rows.
_SPARSE = 256
_DENSE = 3

# How many bits are looked at in one go when the head of a set is wanted, at the least.
_WINDOW = 128

_FLAG_TO_DIGIT = bytes.maketrans(b"\x00\x01", b"01")
_DIGIT_TO_FLAG = bytes.maketrans(b"01", b"\x00\x01")
_NOT_ZERO = bytes([0]) + bytes([1]) * 255

# For every byte: the bits that are set, highest first.
_BITS = tuple([bit for bit in range(7, -1, -1) if byte >> bit & 1] for byte in range(256))

# The first position of every byte of a set, highest first.
_FIRSTS = tuple(range(MOST_ROWS - 8, -1, -8))

# For bit b of a byte: the digit "0" or "1" of that bit, for every byte.
_BIT_TO_DIGIT = tuple(bytes(48 + (byte >> bit & 1) for byte in range(256)) for bit in range(8))


def count_all(sets: Iterable[RowSet]) -> int:
    """Count the members of many sets together. For thirty sets, costs 60 % of their popcounts.

    A popcount costs as much as ten operations of 32,768 bits. So three sets at a time go through a
    full adder: five operations, which leave a set of ones and a set of twos. Only one set for each
    power of two is counted.

    >>> count_all([0b111, 0b101, 0b001])
    6
    """
    total = 0
    weight = 1
    left = list(sets)

    while len(left) > 2:
        ones = left[0]
        twos: list[RowSet] = []
        for second, third in zip(left[1::2], left[2::2]):  # noqa: B905 - an even one out: below
            differ = second ^ third
            twos.append((second & third) | (differ & ones))
            ones ^= differ

        rest = left[-1] if len(left) % 2 == 0 else 0
        total += weight * (ones.bit_count() + rest.bit_count())
        weight *= 2
        left = twos

    return total + weight * sum(map(int.bit_count, left))


def among(rows: RowSet, places: Sequence[Position]) -> list[Position]:
    """Return those of some positions that are in a set, in the order given.

    Costs 3 µs and 50 ns a position, where a set of the positions costs 60 ns each, and to list it
    again 0.2 µs.

    >>> among(0b1001, [3, 2, 0])
    [3, 0]
    """
    octets = rows.to_bytes((max(places, default=0) >> 3) + 1 + (rows.bit_length() >> 3), "little")
    return [place for place in places if octets[place >> 3] >> (place & 7) & 1]


def everything(count: int) -> RowSet:
    """Return the set of rows 0 to `count` - 1."""
    return (1 << count) - 1


def set_of(members: Iterable[Position], width: int) -> RowSet:
    """Return the set of the given positions, all of them below `width`. Costs 60 ns a position.

    >>> bin(set_of([0, 3], width=8))
    '0b1001'
    """
    octets = bytearray((width >> 3) + 1)
    for position in members:
        octets[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(octets, "little")


def set_of_flags(flags: Sequence[bool] | Sequence[int] | bytes) -> RowSet:
    """Return the set of the positions whose flag is 1 or true, not 0. Costs 4 ns a flag.

    >>> set_of_flags([True, False, False, True]) == set_of([0, 3], width=4)
    True
    """
    digits = bytes(flags)[::-1].translate(_FLAG_TO_DIGIT)
    return int(digits or b"0", 2)


def flags_of(rows: RowSet, width: int) -> bytes:
    """Return a byte for each of `width` rows: 1 if it is in the set, else 0. Costs 4 ns a row.

    >>> flags_of(0b1001, width=5) == bytes([1, 0, 0, 1, 0])
    True
    """
    return f"{rows:0{width}b}".encode()[::-1].translate(_DIGIT_TO_FLAG) if width else b""


def set_of_bits(octets: bytes, bit: int) -> RowSet:
    """Return the set of the positions whose byte has this bit (0 to 7). Costs 5 ns a byte.

    >>> set_of_bits(bytes([0b10, 0b01, 0b11]), bit=1) == set_of([0, 2], width=3)
    True
    """
    digits = octets[::-1].translate(_BIT_TO_DIGIT[bit])
    return int(digits or b"0", 2)


def positions(rows: RowSet) -> list[Position]:
    """List the positions of a set, newest (highest) first.

    Costs 0.2 ns a bit between the lowest and the highest and 0.3 µs a row where rows are sparse, 1
    ns a bit and 60 ns a row in between, 20 ns a bit where they are dense.

    >>> positions(0b1001)
    [3, 0]
    """
    lowest = ((rows & -rows).bit_length() - 1) & -8  # members often lie close together
    if lowest > 0:
        rows >>= lowest
    lowest = max(lowest, 0)
    count, width = rows.bit_count(), rows.bit_length()
    if count * _SPARSE < width:
        return _sparse(rows, lowest)
    if count * _DENSE < width:
        return _by_octets(rows, lowest)

    digits = bin(rows)[2:]
    flags = digits.encode().translate(_DIGIT_TO_FLAG)
    highest = lowest + len(digits) - 1
    return list(compress(range(highest, lowest - 1, -1), flags))


def newest(rows: RowSet, skip: int, take: int) -> list[Position]:
    """List up to `take` positions of a set, newest first, after passing over the `skip` newest.

    Costs 2 µs and 0.1 µs a position. Passing over rows costs 10 µs more: the set is halved until
    the place is found.

    >>> newest(0b101101, skip=1, take=2)
    [3, 2]
    """
    if skip:
        rows, skip = _pass_over(rows, skip)

    found: list[Position] = []
    wanted = skip + take
    window = _WINDOW + 2 * wanted

    while rows and wanted:
        base = max(0, rows.bit_length() - window)
        digits = bin(rows >> base)
        last = base + len(digits) - 1  # a digit's number from here is its position

        at = 2  # behind "0b", where the highest bit is always set
        while at > 0 and len(found) < wanted:
            found.append(last - at)
            at = digits.find("1", at + 1)

        if len(found) == wanted:
            break
        rows &= (1 << base) - 1
        window *= 2

    return found[skip:wanted]


def _sparse(rows: RowSet, lowest: Position) -> list[Position]:
    """List the positions, each plus `lowest`, by the few bytes of the set that are not zero."""
    octets = rows.to_bytes((rows.bit_length() + 7) >> 3, "big")
    flags = octets.translate(_NOT_ZERO)
    last = lowest + 8 * (len(octets) - 1)

    found: list[Position] = []
    at = flags.find(1)
    while at >= 0:
        first = last - 8 * at
        found += [first + bit for bit in _BITS[octets[at]]]
        at = flags.find(1, at + 1)
    return found


def _by_octets(rows: RowSet, lowest: Position) -> list[Position]:
    """List the positions, each plus `lowest`, a multiple of 8, by the bytes that are not zero."""
    octets = rows.to_bytes((rows.bit_length() + 7) >> 3, "big")
    top = (MOST_ROWS - lowest) // 8 - len(octets)
    firsts = compress(_FIRSTS[top : top + len(octets)], octets)
    present = zip(firsts, octets.translate(None, b"\0"), strict=True)
    return [first + bit for first, octet in present for bit in _BITS[octet]]


def _pass_over(rows: RowSet, skip: int) -> tuple[RowSet, int]:
    """Drop newest rows by halving, until fewer than a window's worth of them is left to skip."""
    while skip and (width := rows.bit_length()) > _WINDOW:
        half = width >> 1
        upper = rows >> half
        count = upper.bit_count()
        if count > skip:
            rest = rows ^ (upper << half)
            upper, skip = _pass_over(upper, skip)
            return (upper << half) | rest, skip

        rows ^= upper << half
        skip -= count
    return rows, skip
