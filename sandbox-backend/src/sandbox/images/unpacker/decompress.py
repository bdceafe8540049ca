"""Decompresses a layer's blob by what its bytes are, as containerd does, not by what the registry calls them."""

from __future__ import annotations

import io
import zlib
from typing import Protocol

import zstandard

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# a frame that decoders pass over; its first byte has sixteen values (RFC 8878, 3.1.2)
SKIPPABLE, SKIPPABLE_FIRST = b"\x2a\x4d\x18", range(0x50, 0x60)
# as much as `zstd --ultra -22` looks back, and as every decoder's own limit: a quarter of the memory that there is
LARGEST_WINDOW = 128 << 20
CHUNK = 1 << 18
# of a stream with a header and a sum of its own (zlib.h, inflateInit2)
GZIP_BITS = 16 + zlib.MAX_WBITS


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Gzip:
    """The members of a gzip stream, one after the other. What comes behind the last one is none of it and is passed
    over, as gzip(1) does; EOFError where a member has no end."""

    def __init__(self, source: io.BufferedReader[io.FileIO]) -> None:
        self._source, self._held = source, b""
        self._member = zlib.decompressobj(GZIP_BITS)

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, and none at the end."""
        while not self._member.eof or self._begins_another():
            piece = self._member.decompress(self._held, size)
            self._held = self._member.unconsumed_tail
            if piece:
                return piece
            if not self._held and not self._member.eof:
                self._held = self._source.read(CHUNK)
                if not self._held:
                    raise EOFError("unexpected EOF")
        return b""

    def _begins_another(self) -> bool:
        rest = self._member.unused_data
        if len(rest) < len(GZIP):
            rest += self._source.read(CHUNK)
        if not rest.startswith(GZIP):
            return False
        self._member, self._held = zlib.decompressobj(GZIP_BITS), rest
        return True


def decompressed(source: io.BufferedReader[io.FileIO]) -> Readable:
    """Return what reads the bytes behind `source`, decompressed if need be."""
    start = source.peek(4)[:4]
    if start.startswith(GZIP):
        return Gzip(source)
    if start == ZSTD or (start[1:] == SKIPPABLE and start[0] in SKIPPABLE_FIRST):
        return zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW).stream_reader(
            source, read_across_frames=True, closefd=False
        )
    return source
