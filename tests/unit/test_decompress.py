"""A layer's blob is decompressed by what its bytes are, in any form that builders write."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

import pytest
import zstandard

from sandbox.images.unpacker.decompress import CHUNK, LARGEST_WINDOW, decompressed
from support import oci

DATA = b"".join(b"%d " % number for number in range(200_000))
PACK, ZSTD = oci.PACKERS["gzip"], oci.PACKERS["zstd"]


def skippable(data: bytes, number: int = 0) -> bytes:
    """A frame that is passed over (RFC 8878, 3.1.2)."""
    return bytes((0x50 + number,)) + b"\x2a\x4d\x18" + len(data).to_bytes(4, "little") + data


def windowed(data: bytes, log: int) -> bytes:
    options = zstandard.ZstdCompressionParameters.from_level(3, window_log=log, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=options).compressobj()
    return packer.compress(data) + packer.flush()


def unpacked(folder: Path, blob: bytes, size: int = CHUNK) -> bytes:
    (folder / "blob").write_bytes(blob)
    with (folder / "blob").open("rb", CHUNK) as file:
        assert isinstance(file, io.BufferedReader)
        reader, pieces = decompressed(file), list[bytes]()
        while piece := reader.read(size):
            assert len(piece) <= size
            pieces.append(piece)
    return b"".join(pieces)


HALF = len(DATA) // 2
TWO = DATA[:HALF], DATA[HALF:]


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(DATA, id="plain"),
        pytest.param(PACK(DATA), id="gzip"),
        pytest.param(b"".join(map(PACK, TWO)), id="two members"),
        pytest.param(PACK(b"") + PACK(DATA) + PACK(b""), id="empty members"),
        pytest.param(
            b"".join(map(PACK, (DATA[at : at + 5000] for at in range(0, len(DATA), 5000)))), id="many members"
        ),
        pytest.param(PACK(DATA) + b"and more", id="bytes behind"),
        pytest.param(PACK(DATA) + b"\x1f", id="one byte behind"),
        pytest.param(PACK(DATA) + bytes(3 * CHUNK), id="zeros behind"),
        pytest.param(ZSTD(DATA), id="zstd"),
        pytest.param(b"".join(map(ZSTD, TWO)), id="two frames"),
        pytest.param(skippable(b"note") + ZSTD(DATA), id="a note before"),
        pytest.param(skippable(b"", 15) + skippable(b"x" * 70_000, 7) + ZSTD(DATA), id="notes before"),
        pytest.param(ZSTD(TWO[0]) + skippable(b"note") + ZSTD(TWO[1]) + skippable(b"end"), id="notes between"),
        pytest.param(windowed(DATA, 27), id="the largest window"),
    ],
)
@pytest.mark.parametrize("size", [777, CHUNK])
def test_what_was_packed_comes_out(tmp_path: Path, blob: bytes, size: int) -> None:
    assert unpacked(tmp_path, blob, size) == DATA


def test_a_member_may_have_a_name_and_a_comment(tmp_path: Path) -> None:
    made = io.BytesIO()
    with gzip.GzipFile("layer.tar", "wb", fileobj=made, mtime=0) as file:
        file.write(DATA)
    assert unpacked(tmp_path, made.getvalue()) == DATA


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(PACK(DATA)[:-1], id="cut sum"),
        pytest.param(PACK(DATA)[:5000], id="cut"),
        pytest.param(PACK(DATA)[:4], id="cut header"),
        pytest.param(PACK(DATA)[:-8] + b"\0" * 8, id="wrong sum"),
        pytest.param(PACK(DATA) + b"\x1f\x8b and no more", id="another one that is none"),
        pytest.param(PACK(DATA) + PACK(DATA)[:-9], id="another one that is cut"),
        pytest.param(windowed(DATA, 28), id="a larger window"),
        pytest.param(b"\x28\xb5\x2f\xfd" + b"x" * 50, id="no frame"),
        pytest.param(skippable(b"note") + b"x" * 50, id="no frame behind a note"),
    ],
)
def test_what_is_broken_or_takes_too_much_memory_is_said(tmp_path: Path, blob: bytes) -> None:
    with pytest.raises((EOFError, zlib.error, zstandard.ZstdError)):
        unpacked(tmp_path, blob)


def test_the_largest_window_is_what_the_highest_level_takes() -> None:
    highest = zstandard.ZstdCompressionParameters.from_level(22)
    assert 1 << highest.window_log == LARGEST_WINDOW
