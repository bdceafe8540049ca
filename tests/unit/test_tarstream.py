"""The tar reader takes what builders write and stops at the first thing that is wrong."""

from __future__ import annotations

import io
import tarfile

import pytest

from sandbox.images.unpacker.layer import BadLayer, split
from sandbox.images.unpacker.tarstream import BadTar, Entry, Tar
from support import oci


def read(data: bytes) -> list[tuple[Entry, bytes]]:
    tar = Tar(io.BytesIO(data).read)
    return [(entry, b"".join(tar.content())) for entry in tar.entries()]


def header(**fields: bytes) -> bytes:
    """A header block with some fields overwritten and the checksum made right again."""
    places = {"name": 0, "size": 124, "mtime": 136, "type": 156, "link": 157}
    block = bytearray(oci.tar({"a": b""})[:512])
    for name, value in fields.items():
        block[places[name] : places[name] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(record: bytes) -> bytes:
    size = b"%011o\0" % len(record)
    return header(type=b"x", size=size) + record.ljust(-(-len(record) // 512) * 512, b"\0")


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_common_form_is_read(form: int) -> None:
    out = io.BytesIO()
    long = "d" * 40 + "/" + "e" * 90 + ("" if form == tarfile.USTAR_FORMAT else "/" + "한" * 70)
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        info = tarfile.TarInfo(long)
        info.size, info.mode, info.uid, info.gid, info.mtime = 700, 0o4755, 5, 6, 1_600_000_000
        archive.addfile(info, io.BytesIO(b"x" * 700))
        link = tarfile.TarInfo("l")
        link.type, link.linkname = tarfile.SYMTYPE, "t" * (100 if form == tarfile.USTAR_FORMAT else 300)
        archive.addfile(link)
    (file, content), (found, _) = read(out.getvalue())
    assert (file.name.decode(), content, file.mode, file.uid, file.gid) == (long, b"x" * 700, 0o4755, 5, 6)
    assert file.mtime == 1_600_000_000
    assert found.link == link.linkname.encode()


def test_an_empty_archive_has_no_entries() -> None:
    assert read(bytes(1024)) == []


def test_unread_content_is_passed_over() -> None:
    tar = Tar(io.BytesIO(oci.tar({"a": b"x" * 5000, "b": b"y"})).read)
    assert [entry.name for entry in tar.entries()] == [b"a", b"b"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"x" * 512, id="no header"),
        pytest.param(oci.tar({"a": b"x" * 600})[:700], id="cut in the content"),
        pytest.param(oci.tar({"a": b"x"})[:300], id="cut in the header"),
        pytest.param(oci.tar({"a": b"x"})[:1024] + b"junk" * 128, id="junk where a header should be"),
        pytest.param(header(size=b"\xff" * 12), id="negative size"),
        pytest.param(header(size=b"99999999999\0"), id="size is not octal"),
        pytest.param(header(size=b"-0000000001\0"), id="size with a sign"),
        pytest.param(header(type=b"x", size=b"77777777777\0"), id="extended header of eight gibibytes"),
        pytest.param(header(type=b"x", size=b"%011o\0" % 0) * 20, id="extended headers without end"),
        pytest.param(header(type=b"L", size=b"%011o\0" % 0), id="long name of nothing"),
        pytest.param(pax(b"0 a=b\n") + header(), id="record of no length"),
        pytest.param(pax(b"99 a=b\n") + header(), id="record past its end"),
        pytest.param(pax(b"12 size=-12\n") + header(), id="negative size in a record"),
        pytest.param(pax(b"13 mtime=abc\n") + header(), id="time that is none"),
        pytest.param(pax(b"22 GNU.sparse.major=1\n") + header(), id="sparse by record"),
        pytest.param(header(type=b"S"), id="sparse by type"),
    ],
)
def test_a_broken_or_hostile_archive_is_refused(data: bytes) -> None:
    with pytest.raises(BadTar):
        read(data)


@pytest.mark.parametrize("name", [b"../a", b"a/../b", b"/a", b"//a", b"a/..", b"a\0b", b"x" * 256, b"a/" * 101 + b"b"])
def test_a_name_that_leads_out_or_cannot_exist_is_refused(name: bytes) -> None:
    with pytest.raises(BadLayer):
        split(name)


def test_dots_and_slashes_that_mean_nothing_are_dropped() -> None:
    assert split(b"./a//b/./c/") == (b"a", b"b", b"c")
    assert split(b"./") == split(b"/") == split(b"") == ()
