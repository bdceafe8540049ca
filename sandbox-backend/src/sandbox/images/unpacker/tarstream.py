"""Reads tar streams and trusts no field: ustar, PAX and GNU long names, once from front to end.

Pure but for the `read` that it is given. The standard library's reader ends silently at a broken header, holds a
whole extended header in memory and has looped on negative sizes (CVE-2019-20907, CVE-2025-8194); every step here
either takes bytes from the stream or fails. Names stay bytes, as the file system has them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK = 512
LARGEST_EXTENSION = 1 << 20
MOST_EXTENSIONS = 8  # headers that describe one entry: PAX, GNU long name, GNU long link, with some to spare
REGULAR, HARD_LINK, SYMBOLIC_LINK, FOLDER = b"0", b"1", b"2", b"5"
_LONG_LINK, _LONG_NAME, _PAX, _PAX_GLOBAL = b"K", b"L", b"x", b"g"
_ALSO_REGULAR = (b"\0", b"7")
_WITHOUT_DATA = (HARD_LINK, SYMBOLIC_LINK, b"3", b"4", FOLDER, b"6")
_ZEROS = bytes(BLOCK)
Read = Callable[[int], bytes]


class BadTar(ValueError):
    """A stream that is no tar, or one that this host does not unpack; the text says why."""


@dataclass(slots=True)
class Entry:
    """One member; `mtime` in seconds. Its content has to be read from `Tar.content` before the next entry."""

    kind: bytes
    name: bytes
    link: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: float


class Tar:
    """The entries of the stream behind `read`, which gives at most as many bytes as asked and b"" at the end."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._left = self._padding = 0

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
            self._expect(entry.size)
            yield entry
            for _ in self.content():
                pass

    def content(self) -> Iterator[bytes]:
        """Yield what is left of the present entry's bytes, in pieces."""
        while self._left:
            piece = self._read(min(self._left, 1 << 18))
            if not piece:
                raise BadTar("unexpected EOF")
            self._left -= len(piece)
            yield piece
        self._exactly(self._padding)
        self._padding = 0

    def _expect(self, size: int) -> None:
        self._left, self._padding = size, -size % BLOCK

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
        first = self._read(BLOCK)
        if not first:
            return None
        block = first + self._exactly(BLOCK - len(first))
        if block == _ZEROS:
            return None
        if sum(block) - sum(block[148:156]) + 8 * 32 != _number(block[148:156]):
            raise BadTar("invalid tar header")
        return block

    def _extend(self, extensions: dict[bytes, bytes], block: bytes) -> None:
        size = _number(block[124:136])
        if size > LARGEST_EXTENSION:
            raise BadTar("an extended header is too large")
        self._expect(size)
        data, kind = b"".join(self.content()), block[156:157]
        if kind == _PAX:
            extensions.update(_records(data))
        elif kind in (_LONG_NAME, _LONG_LINK):
            extensions[b"path" if kind == _LONG_NAME else b"linkpath"] = data.rstrip(b"\0")


def _missing() -> bytes:
    raise BadTar("unexpected EOF")


def _entry(block: bytes, extensions: dict[bytes, bytes]) -> Entry:
    if block[156:157] == b"S" or any(key.startswith(b"GNU.sparse") for key in extensions):
        raise BadTar("sparse entries are not supported")
    kind = block[156:157]
    name = extensions.get(b"path", _name(block))
    if kind in _ALSO_REGULAR or kind == REGULAR:
        # before ustar a folder was a file whose name ends so
        kind = FOLDER if name.endswith(b"/") and kind != b"7" else REGULAR
    size = _decimal(extensions, b"size", _number(block[124:136]))
    return Entry(
        kind,
        name,
        extensions.get(b"linkpath", _text(block[157:257])),
        _number(block[100:108]) & 0o7777,
        _decimal(extensions, b"uid", _number(block[108:116])),
        _decimal(extensions, b"gid", _number(block[116:124])),
        0 if kind in _WITHOUT_DATA else size,
        _time(extensions, _number(block[136:148])),
    )


def _name(block: bytes) -> bytes:
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + _text(block[:100]) if prefix else _text(block[:100])


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes) -> int:
    """Parse octal digits, or GNU's base 256 for what they cannot hold; nothing in a tar is less than zero."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise BadTar("invalid tar header")
    return int(digits, 8)


def _decimal(extensions: dict[bytes, bytes], key: bytes, otherwise: int) -> int:
    text = extensions.get(key)
    if text is None:
        return otherwise
    if not text.isdigit() or len(text) > 19:
        raise BadTar("invalid PAX record")
    return int(text)


def _time(extensions: dict[bytes, bytes], otherwise: int) -> float:
    try:
        value = float(extensions.get(b"mtime", otherwise))
    except ValueError as error:
        raise BadTar("invalid PAX record") from error
    # the range that every file system holds
    return 0.0 if math.isnan(value) else min(max(value, 0.0), 2.0**31 - 1)


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """`<length> <key>=<value>\\n`, where the length counts the whole record."""
    at = 0
    while at < len(data):
        length, space, _ = data[at : at + 8].partition(b" ")
        end = at + int(length) if space and length.isdigit() else 0
        key, equals, value = data[at + len(length) + 1 : max(end - 1, 0)].partition(b"=")
        if not equals or data[end - 1 : end] != b"\n":
            raise BadTar("invalid PAX record")
        yield key, value
        at = end
