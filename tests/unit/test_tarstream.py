"""The tar reader takes what builders write and stops at the first thing that is wrong."""

from __future__ import annotations

import io
import tarfile

import pytest

from sandbox.images.unpacker.folders import BadLayer
from sandbox.images.unpacker.layer import split
from sandbox.images.unpacker.tarfields import BadTar
from sandbox.images.unpacker.tarstream import Entry, Tar
from support import oci


def read(data: bytes) -> list[tuple[Entry, bytes]]:
    tar = Tar(io.BytesIO(data).read)
    return [(entry, b"".join(map(whole, tar.content()))) for entry in tar.entries()]


def whole(piece: bytes | int) -> bytes:
    return bytes(piece) if isinstance(piece, int) else piece


def header(**fields: bytes) -> bytes:
    """A header block with some fields overwritten and the checksum made right again."""
    places = {"name": 0, "uid": 108, "size": 124, "mtime": 136, "type": 156, "link": 157, "magic": 257, "map": 386}
    places |= {"more": 482, "real": 483}
    block = bytearray(oci.tar({"a": b""})[:512])
    for name, value in fields.items():
        block[places[name] : places[name] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(record: bytes) -> bytes:
    return header(type=b"x", size=octal(len(record))) + filled(record)


def said(*listed: tuple[str, object], **values: str) -> bytes:
    """A PAX header of records; `_` in a name is a dot."""
    records = b""
    for name, value in (*listed, *values.items()):
        record = f" {name.replace('_', '.')}={value}\n".encode()
        length = next(n for n in range(len(record), len(record) + 5) if n == len(record) + len(str(n)))
        records += str(length).encode() + record
    return pax(records)


def octal(number: int) -> bytes:
    return b"%011o\0" % number


def filled(data: bytes) -> bytes:
    return data.ljust(-(-len(data) // 512) * 512, b"\0")


def stored(data: bytes, name: bytes = b"f\0", **fields: bytes) -> bytes:
    return header(name=name, size=octal(len(data)), **fields) + filled(data)


SPARSE = {"GNU_sparse_major": "1", "GNU_sparse_minor": "0"}


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
        pytest.param(header(type=b"S", real=octal(9), map=octal(0) + octal(9)), id="sparse without its data"),
        pytest.param(header(uid=b"\x80\0\0\0\0\0\0\0", size=b"\xc0" + b"\0" * 11), id="size below zero in base 256"),
        pytest.param(said(**SPARSE, GNU_sparse_realsize="9") + stored(filled(b"1\n0\n")), id="a map that is cut"),
        pytest.param(said(**SPARSE, GNU_sparse_realsize="9") + stored(filled(b"-1\n")), id="a map of minus one"),
        pytest.param(
            said(**SPARSE, GNU_sparse_realsize="9") + stored(filled(b"2\n5\n1\n4\n1\n") + b"ab"), id="overlap"
        ),
        pytest.param(said(**SPARSE, GNU_sparse_realsize="4") + stored(filled(b"1\n4\n1\n") + b"a"), id="past its size"),
        pytest.param(
            said(**SPARSE, GNU_sparse_realsize="9") + stored(filled(b"1\n0\n2\n") + b"a"), id="less than said"
        ),
        pytest.param(said(**SPARSE, GNU_sparse_realsize="9") + stored(b"1" * (1 << 21)), id="a map without end"),
        pytest.param(said(GNU_sparse_map="0,1,5", GNU_sparse_size="9") + stored(b"a"), id="half a piece"),
        pytest.param(said(GNU_sparse_numbytes="1", GNU_sparse_offset="0") + stored(b"a"), id="numbers the wrong way"),
        pytest.param(said(GNU_sparse_map="0,1", GNU_sparse_size="x") + stored(b"a"), id="a size that is none"),
    ],
)
def test_a_broken_or_hostile_archive_is_refused(data: bytes) -> None:
    with pytest.raises(BadTar):
        read(data)


@pytest.mark.parametrize("offset", [-1, -(2**31), -(2**40)])
def test_a_time_before_1970_is_its_first_moment(offset: int) -> None:
    before, after = header(mtime=offset.to_bytes(12, "big", signed=True)), said(mtime=f"{offset}.5") + header()
    assert [entry.mtime for entry, _ in read(before + after)] == [0, 0]


def test_an_empty_record_takes_a_time_back() -> None:
    (entry,) = (entry for entry, _ in read(said(("mtime", 5), ("mtime", "")) + header(mtime=b"00000000007\0")))
    assert entry.mtime == 7


def test_a_time_after_2038_is_kept_and_one_after_all_times_is_the_last() -> None:
    late = said(mtime="4102444800") + header() + said(mtime="1e999") + header()
    assert [entry.mtime for entry, _ in read(late)] == [4_102_444_800, 9_223_372_036]


def test_a_number_above_what_octal_digits_hold_is_read() -> None:
    (entry, _), = read(header(uid=b"\x80" + (2**40).to_bytes(7, "big")))  # fmt: skip
    assert entry.uid == 2**40
    (entry, _), = read(header(uid=(-2).to_bytes(8, "big", signed=True)))  # fmt: skip
    assert entry.uid == -2


# the same file in each form that GNU tar has: two bytes, a hole, three bytes, a hole
HELD, WHOLE = b"abcde", b"ab" + bytes(1022) + b"cde" + bytes(1021)
FIELDS = {"GNU_sparse_size": "2048", "GNU_sparse_numblocks": "2"}
FORMS = {
    "1.0": said(**SPARSE, GNU_sparse_name="held", GNU_sparse_realsize="2048")
    + stored(filled(b"2\n0\n2\n1024\n3\n") + HELD, b"GNUSparseFile.0/held\0"),
    "0.1": said(**FIELDS, GNU_sparse_name="held", GNU_sparse_map="0,2,1024,3") + stored(HELD),
    "0.0": said(
        *(("GNU_sparse_offset", 0), ("GNU_sparse_numbytes", 2)),
        *(("GNU_sparse_offset", 1024), ("GNU_sparse_numbytes", 3)),
        **FIELDS,
    )
    + stored(HELD, b"held\0"),
    "gnu": stored(
        HELD, b"held\0", type=b"S", magic=b"ustar  \0", real=octal(2048),
        map=octal(0) + octal(2) + octal(1024) + octal(3) + octal(2048) + octal(0),
    ),
    "gnu, more of it": header(
        name=b"held\0", size=octal(len(HELD)), type=b"S", magic=b"ustar  \0", real=octal(2048), more=b"\1",
        map=octal(0) + octal(2),
    )
    + filled(octal(1024) + octal(3)) + filled(HELD),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_sparse_file_is_read_in_every_form(form: str) -> None:
    spent: list[int] = []
    tar = Tar(io.BytesIO(FORMS[form] + stored(b"next", b"next\0")).read, spent.append)
    found = [(entry.name, entry.kind, b"".join(map(whole, tar.content()))) for entry in tar.entries()]
    assert found == [(b"held", b"0", WHOLE), (b"next", b"0", b"next")]
    assert spent == [1022, 1021]


def test_a_sparse_file_that_nobody_reads_is_passed_over() -> None:
    for form in FORMS.values():
        tar = Tar(io.BytesIO(form + stored(b"next", b"next\0")).read)
        assert [entry.name for entry in tar.entries()] == [b"held", b"next"]


@pytest.mark.parametrize(
    "name", [b"../a", b"a/../../b", b"/..", b"a/b/../../..", b"a\0b", b"x" * 256, b"a/" * 256 + b"b"]
)
def test_a_name_that_leads_out_or_cannot_exist_is_refused(name: bytes) -> None:
    with pytest.raises(BadLayer):
        split(name)


def test_dots_and_slashes_that_mean_nothing_are_dropped() -> None:
    assert split(b"./a//b/./c/") == split(b"/a/b/c") == split(b"//a/x/../b/c") == (b"a", b"b", b"c")
    assert split(b"./") == split(b"/") == split(b"") == ()
