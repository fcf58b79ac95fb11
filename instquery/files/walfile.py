"""The write-ahead log that a killed process leaves: whether writes in it are lost.

SQLite takes a log up to the first frame whose checksum differs, and drops the rest without a word:
it may be the torn end of a write that has not returned. It may indeed, if it is one write. Where
another write follows, the first had returned. Then the log is damaged.

The form is documented with SQLite: https://www.sqlite.org/walformat.html
"""

import sys
from pathlib import Path
from struct import unpack

__all__ = ["has_lost_writes"]

_MAGIC = (0x377F0682, 0x377F0683)  # checksums of little-endian and of big-endian words
_HEADER = 32
_FRAME = 24
_LAST_FRAME = slice(16, 20)  # in the index that SQLite makes of the log: the last one it takes


def has_lost_writes(log: Path, index: Path) -> bool:
    """Tell whether a log holds writes that have returned, and that SQLite drops.

    `index` is the file that SQLite makes of the log, and keeps as long as it reads.
    """
    size = log.stat().st_size
    with log.open("rb") as file:
        header = file.read(_HEADER)
        if size < _HEADER or not any(header):  # nothing was ever synchronised
            return False
        if not _is_whole(header):
            return True

        page_size = int.from_bytes(header[8:12], "big")
        salt = header[16:24]
        taken = int.from_bytes(index.read_bytes()[_LAST_FRAME], sys.byteorder)
        has_commit = False
        for start in range(_HEADER + taken * (_FRAME + page_size), size, _FRAME + page_size):
            file.seek(start)
            frame = file.read(_FRAME)
            if frame[8:16] == salt:  # else it is of an older log in this file
                if has_commit:
                    return True
                has_commit = any(frame[4:8])
    return False


def _is_whole(header: bytes) -> bool:
    """Tell whether the checksum of a log's header is right."""
    magic = int.from_bytes(header[:4], "big")
    if magic not in _MAGIC:
        return False

    words = unpack("<6I" if magic == _MAGIC[0] else ">6I", header[:24])
    first = second = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) % (1 << 32)
        second = (second + odd + first) % (1 << 32)
    return unpack(">2I", header[24:]) == (first, second)
