"""Reads tar streams and trusts no field: ustar, PAX, GNU long names and sparse files, once from front to end.

Pure but for the `read` that it is given. The standard library's reader ends silently at a broken header, holds a
whole extended header in memory and has looped on negative sizes (CVE-2019-20907, CVE-2025-8194); every step here
either takes bytes from the stream or fails. Names stay bytes, as the file system has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.images.unpacker import sparse
from sandbox.images.unpacker.sparse import Sparse
from sandbox.images.unpacker.tarfields import BadTar, decimal, number, records, signed, text, time

BLOCK = 512
PIECE = 1 << 18
LARGEST_EXTENSION = 1 << 20
MOST_EXTENSIONS = 8  # headers that describe one entry: PAX, GNU long name, GNU long link, with some to spare
REGULAR, HARD_LINK, SYMBOLIC_LINK, FOLDER = b"0", b"1", b"2", b"5"
_LONG_LINK, _LONG_NAME, _PAX, _PAX_GLOBAL = b"K", b"L", b"x", b"g"
_SPARSE = b"S"
_ALSO_REGULAR = (b"\0", b"7", _SPARSE)
_WITHOUT_DATA = (HARD_LINK, SYMBOLIC_LINK, b"3", b"4", FOLDER, b"6")
_ZEROS = bytes(BLOCK)
Read = Callable[[int], bytes]
Spend = Callable[[int], None]


@dataclass(slots=True)
class Entry:
    """One member; `mtime` in seconds. Its content has to be read from `Tar.content` before the next entry.

    Only `size` is known not to be below zero.
    """

    kind: bytes
    name: bytes
    link: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: float


class Tar:
    """The entries of the stream behind `read`, which gives at most as many bytes as asked and b"" at the end.

    `spend` is called with the bytes of each hole, which no bytes of the stream stand for, and `step` with how many
    headers, records and pieces there are to be read.
    """

    def __init__(self, read: Read, spend: Spend = lambda _: None, step: Spend = lambda _: None) -> None:
        self._read, self._spend, self._step = read, spend, step
        self._left = self._padding = 0
        self._sparse = Sparse(0, [])

    def entries(self) -> Iterator[Entry]:
        """Yield every entry in order. BadTar at the first thing that is wrong."""
        while (block := self._header()) is not None:
            extensions: dict[bytes, bytes] = {}
            for _ in range(MOST_EXTENSIONS):
                if block[156:157] not in (_LONG_LINK, _LONG_NAME, _PAX, _PAX_GLOBAL):
                    break
                self._extend(extensions, block)
                block = self._header() or _missing()
            entry = _entry(block, extensions)
            self._open(entry, block, extensions)
            yield entry
            self._pass()

    def content(self) -> Iterator[bytes | int]:
        """Yield the present entry's bytes in pieces, once; a number is that of the zeros of a hole."""
        at = 0
        self._step(len(self._sparse.pieces))
        for offset, length in (*self._sparse.pieces, (self._sparse.size, 0)):
            if offset > at:
                self._spend(offset - at)
                yield offset - at
            yield from self._pieces(length)
            at = offset + length

    def _open(self, entry: Entry, block: bytes, extensions: dict[bytes, bytes]) -> None:
        """Find out where the entry's content lies."""
        stored = entry.size
        self._sparse = Sparse(stored, [(0, stored)])
        if block[156:157] == _SPARSE:
            # its map stands before what is counted
            self._sparse = sparse.from_header(block, stored, lambda: self._exactly(BLOCK))
        self._expect(stored)
        if block[156:157] != _SPARSE and entry.kind == REGULAR and sparse.is_described(extensions):
            self._sparse = sparse.from_records(extensions, stored, self._block)

    def _expect(self, stored: int) -> None:
        self._left, self._padding = stored, -stored % BLOCK

    def _block(self) -> bytes:
        """Return the next block of the present entry's content."""
        if self._left < BLOCK:
            raise BadTar("unexpected EOF")
        return b"".join(self._pieces(BLOCK))

    def _pieces(self, count: int) -> Iterator[bytes]:
        """Yield the next `count` bytes of the present entry."""
        while count:
            piece = self._read(min(count, PIECE))
            if not piece:
                raise BadTar("unexpected EOF")
            count -= len(piece)
            self._left -= len(piece)
            yield piece

    def _pass(self) -> None:
        """Pass over what is left of the present entry."""
        for _ in self._pieces(self._left):
            pass
        self._exactly(self._padding)
        self._padding = 0

    def _exactly(self, count: int) -> bytes:
        parts = []
        while count:
            piece = self._read(count)
            if not piece:
                raise BadTar("unexpected EOF")
            parts.append(piece)
            count -= len(piece)
        return b"".join(parts)

    def _header(self) -> bytes | None:
        """Return the next header, or None at the end: a block of zeros, or just no more bytes."""
        self._step(1)
        first = self._read(BLOCK)
        if not first:
            return None
        block = first + self._exactly(BLOCK - len(first))
        if block == _ZEROS:
            return None
        if sum(block) - sum(block[148:156]) + 8 * 32 != number(block[148:156]):
            raise BadTar("invalid tar header")
        return block

    def _extend(self, extensions: dict[bytes, bytes], block: bytes) -> None:
        size = number(block[124:136])
        if size > LARGEST_EXTENSION:
            raise BadTar("an extended header is too large")
        self._expect(size)
        data, kind = b"".join(self._pieces(size)), block[156:157]
        self._pass()
        if kind == _PAX:
            # each record ends with a line
            self._step(data.count(b"\n"))
            _extend(extensions, data)
        elif kind in (_LONG_NAME, _LONG_LINK):
            extensions[b"path" if kind == _LONG_NAME else b"linkpath"] = data.rstrip(b"\0")


def _missing() -> bytes:
    raise BadTar("unexpected EOF")


def _entry(block: bytes, extensions: dict[bytes, bytes]) -> Entry:
    kind = block[156:157]
    name = extensions.get(sparse.NAME) or extensions.get(b"path", _name(block))
    if kind in _ALSO_REGULAR or kind == REGULAR:
        # before ustar a folder was a file whose name ends so
        kind = FOLDER if name.endswith(b"/") and kind not in (b"7", _SPARSE) else REGULAR
    size = decimal(extensions, b"size", number(block[124:136]))
    return Entry(
        kind,
        name,
        extensions.get(b"linkpath", text(block[157:257])),
        number(block[100:108]) & 0o7777,
        decimal(extensions, b"uid", signed(block[108:116]), below_zero=True),
        decimal(extensions, b"gid", signed(block[116:124]), below_zero=True),
        0 if kind in _WITHOUT_DATA else size,
        time(extensions, signed(block[136:148])),
    )


def _name(block: bytes) -> bytes:
    prefix = text(block[345:500]) if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + text(block[:100]) if prefix else text(block[:100])


def _extend(extensions: dict[bytes, bytes], data: bytes) -> None:
    """Take up PAX records: a later one replaces an earlier one, but those that list the pieces of a sparse file."""
    listed: list[bytes] = []
    for key, value in records(data):
        if key in sparse.LISTED:
            if key != sparse.LISTED[len(listed) % 2]:
                raise BadTar("invalid PAX record")
            listed.append(value)
        else:
            extensions[key] = value
    if listed:
        extensions[sparse.MAP] = b",".join(listed)
