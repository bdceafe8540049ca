"""Reads where the data of a sparse file lie: GNU tar's own form, and the three that it writes with PAX headers. Pure.

A map lists pieces of data in the order of their offsets; all between them, up to the file's whole size, are zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.images.unpacker.tarfields import BadTar
from sandbox.images.unpacker.tarfields import number as field_number

BLOCK = 512
LARGEST_MAP = 1 << 20
MAJOR, MINOR, MAP = b"GNU.sparse.major", b"GNU.sparse.minor", b"GNU.sparse.map"
NAME, SIZES = b"GNU.sparse.name", (b"GNU.sparse.realsize", b"GNU.sparse.size")
# version 0.0 has a record for each number, and so many of one name
LISTED = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")
# GNU's own form: entries of two numbers each in the header, and then in blocks of their own
_IN_HEADER, _IN_BLOCK, _NUMBER, _REAL_SIZE = (386, 4), (0, 21), 12, slice(483, 495)
Pieces = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Sparse:
    """A file of `size` bytes, of which only the `pieces`, each an offset and a length, are in the archive."""

    size: int
    pieces: Pieces


def is_described(records: Mapping[bytes, bytes]) -> bool:
    """Whether PAX records say that a file is sparse."""
    return any(name.startswith(b"GNU.sparse.") for name in records)


def from_records(records: Mapping[bytes, bytes], stored: int, block: Callable[[], bytes]) -> Sparse:
    """Return what PAX records say of a file of which `stored` bytes are in the archive; `block` gives the next block of
    those, which a map of version 1.0 comes in. BadTar for what is none."""
    version = (records.get(MAJOR), records.get(MINOR))
    size = next((_number(records[name]) for name in SIZES if name in records), stored)
    if version == (b"1", b"0"):
        pieces, blocks = _map_in_data(block)
        return _checked(size, pieces, stored - blocks * BLOCK)
    if MAP not in records or version not in ((None, None), (b"0", b"0"), (b"0", b"1")):
        raise BadTar("a sparse entry of an unknown kind")
    return _checked(size, _paired(records[MAP].split(b",") if records[MAP] else []), stored)


def from_header(header: bytes, stored: int, block: Callable[[], bytes]) -> Sparse:
    """Return what GNU's own header says; `block` gives the next block of the archive. BadTar for what is no map."""
    pieces, more = _in_fields(header, *_IN_HEADER), header[482]
    while more:
        if len(pieces) * 2 * _NUMBER > LARGEST_MAP:
            raise BadTar("a sparse entry of too many pieces")
        following = block()
        pieces += _in_fields(following, *_IN_BLOCK)
        more = following[504]
    return _checked(field_number(header[_REAL_SIZE]), pieces, stored)


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise BadTar("a sparse entry whose numbers are none")
    return int(text)


def _in_fields(block: bytes, start: int, most: int) -> Pieces:
    pieces = []
    for at in range(start, start + most * 2 * _NUMBER, 2 * _NUMBER):
        offset, length = block[at : at + _NUMBER], block[at + _NUMBER : at + 2 * _NUMBER]
        if not offset[0]:
            break
        pieces.append((field_number(offset), field_number(length)))
    return pieces


def _map_in_data(block: Callable[[], bytes]) -> tuple[Pieces, int]:
    """Read a map as lines of decimal numbers, how many pieces it has first; also how many blocks it takes."""
    text, lines, wanted = bytearray(), 0, 1
    while lines < wanted:
        if len(text) >= LARGEST_MAP:
            raise BadTar("a sparse entry of too many pieces")
        text += (following := block())
        lines += following.count(b"\n")
        if wanted == 1 and lines:
            wanted += 2 * _number(bytes(text[: text.index(b"\n")]))
    return _paired(bytes(text).split(b"\n")[1:wanted]), len(text) // BLOCK


def _paired(words: Sequence[bytes]) -> Pieces:
    numbers = [_number(word) for word in words]
    if len(numbers) % 2:
        raise BadTar("a sparse entry whose map is cut")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _checked(size: int, pieces: Pieces, stored: int) -> Sparse:
    end = 0
    for offset, length in pieces:
        if offset < end:
            raise BadTar("a sparse entry whose pieces overlap")
        end = offset + length
    if end > size or sum(length for _, length in pieces) != stored:
        raise BadTar("a sparse entry of another size than its map")
    return Sparse(size, pieces)
