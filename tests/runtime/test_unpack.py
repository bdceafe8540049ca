"""A layer's tar becomes a folder for overlayfs, in a confined child."""

from __future__ import annotations

import os
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from support import oci
from support.layers import Made, refusal, unpacked
from support.oci import File, Folder, Link, Node, Tree
from support.pulls import store_in

pytestmark = pytest.mark.container


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("form", ["gzip", "zstd", ""])
async def test_files_folders_and_links_come_out_as_they_went_in(made: Made, form: str) -> None:
    tree: Tree = {
        "bin": Folder(0o555),
        "bin/tool": File(b"#!", 0o4755, 5, 6, mtime=1_600_000_000),
        "bin/again": Link("bin/tool", hard=True),
        "bin/link": Link("../etc/passwd"),
        "a/b/c": b"made without its folders",
    }
    data = oci.tar(tree)
    root = await unpacked(made, data, oci.PACKERS[form](data))
    first = made[0].store_uid
    status = (root / "bin/tool").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o4755, first + 5, first + 6)
    assert (status.st_mtime, status.st_nlink) == (1_600_000_000, 2)
    assert str((root / "bin/link").readlink()) == "../etc/passwd"
    assert (root / "a/b/c").read_bytes() == b"made without its folders"
    assert stat.S_IMODE((root / "bin").stat().st_mode) == 0o555
    assert (root / "bin").stat().st_mtime == 1_700_000_000


async def test_concatenated_gzip_members_are_one_layer(made: Made) -> None:
    data = oci.tar({"a": b"1" * 2000})
    pack = oci.PACKERS["gzip"]
    root = await unpacked(made, data, pack(data[:700]) + pack(data[700:]))
    assert (root / "a").read_bytes() == b"1" * 2000


async def test_a_later_entry_takes_the_place_of_an_earlier_one(made: Made) -> None:
    tree: Tree = [("a", b"1"), ("a", b"2"), ("b/c", b"3"), ("b", b"file"), ("d", Link("a"))]
    root = await unpacked(made, tree)
    assert ((root / "a").read_bytes(), (root / "b").read_bytes()) == (b"2", b"file")


@pytest.mark.parametrize("depth", [120, 256])
async def test_a_folder_as_deep_as_there_may_be_can_be_filled_and_replaced(made: Made, depth: int) -> None:
    deep = "/".join("d" * depth)
    root = await unpacked(made, {deep[:-2] + "/file": b"here"})
    assert (root / (deep[:-2] + "/file")).read_bytes() == b"here"
    root = await unpacked(made, [(deep, Folder()), ("d", b"file")])
    assert (root / "d").read_bytes() == b"file"


async def test_what_lies_below_a_link_lands_where_the_link_leads(made: Made) -> None:
    store = "node_modules/.pnpm/left-pad@1.3.0/node_modules/left-pad"
    tree: Tree = [
        ("usr/lib", Folder(0o750)),
        ("lib", Link("usr/lib")),
        ("lib/libc.so", b"1"),
        ("lib/sub", Folder(0o700)),
        ("lib/sub/deep", b"2"),
        (store, Folder()),
        ("node_modules/left-pad", Link(f"../{store}")),
        ("node_modules/left-pad/index.js", b"3"),
        ("ab", Link("/opt/made/here")),
        ("ab/x", b"4"),
        ("lib/again", Link("lib/libc.so", hard=True)),
        ("lib/.wh.gone", b""),
        ("usr/lib64", Link("lib")),
        ("usr/lib64/.wh..wh..opq", b""),
    ]
    root = await unpacked(made, tree)
    files = {"usr/lib/libc.so": b"1", "usr/lib/sub/deep": b"2", f"{store}/index.js": b"3", "opt/made/here/x": b"4"}
    assert {name: (root / name).read_bytes() for name in files} == files
    assert all((root / name).is_symlink() for name in ("lib", "ab", "usr/lib64", "node_modules/left-pad"))
    assert (root / "usr/lib/libc.so").stat().st_nlink == 2
    assert stat.S_ISCHR((root / "usr/lib/gone").lstat().st_mode)
    assert os.getxattr(root / "usr/lib", "user.overlay.opaque") == b"y"
    assert [stat.S_IMODE((root / name).stat().st_mode) for name in ("usr/lib", "usr/lib/sub")] == [0o750, 0o700]


@pytest.mark.parametrize(
    ("tree", "where"),
    [
        ([("l", Link("/etc")), ("l/x", b"1")], "etc/x"),
        ([("l", Link("..")), ("l/x", b"1")], "x"),
        ([("l", Link("../../../../etc")), ("l/x", b"1")], "etc/x"),
        ([("a/l", Link("/")), ("a/l/a/x", b"1")], "a/x"),
        ([("l", Link("/etc")), ("etc/x", b"1"), ("h", Link("l/x", hard=True))], "h"),
        ({"/etc/x": b"1"}, "etc/x"),
        ({"//a/./b/../x": b"1"}, "a/x"),
        ([("f", b"1"), ("h", Link("/f", hard=True))], "h"),
    ],
)
async def test_nothing_leads_out_of_the_layer_however_it_is_written(made: Made, tree: Tree, where: str) -> None:
    before = sorted(os.listdir("/etc"))  # noqa: PTH208 - the machine's own
    root = await unpacked(made, tree)
    assert (root / where).read_bytes() == b"1"
    assert sorted(os.listdir("/etc")) == before  # noqa: PTH208


async def test_an_owner_whom_no_container_has_is_nobody(made: Made) -> None:
    big = {"uid": "1000620000", "gid": "-2"}
    tree: Tree = {"a": File(uid=65_535, gid=65_536), "b": File(pax=big), "d": Folder(uid=70_000)}
    root = await unpacked(made, tree)
    first = made[0].store_uid
    owners = [((root / name).stat().st_uid - first, (root / name).stat().st_gid - first) for name in "abd"]
    assert owners == [(65_535, 65_534), (65_534, 65_534), (65_534, 0)]


@pytest.mark.parametrize(
    "form", ["--format=gnu", *(f"--format=posix --sparse-version={n}" for n in ("0.0", "0.1", "1.0"))]
)
async def test_a_sparse_file_of_gnu_tar_keeps_its_holes(made: Made, tmp_path: Path, form: str) -> None:
    file, size = tmp_path / "held", 4 << 20
    with file.open("wb") as writing:
        for number in range(40):
            writing.seek(number * 100_000)
            writing.write(b"piece %d" % number)
        writing.truncate(size)
    archive = tmp_path / "archive.tar"
    output(
        "tar",
        "--create",
        "--sparse",
        "--hole-detection=raw",
        *form.split(),
        "-C",
        str(tmp_path),
        "-f",
        str(archive),
        "held",
    )
    assert archive.stat().st_size < size
    root = await unpacked(made, archive.read_bytes())
    assert (root / "held").read_bytes() == file.read_bytes()
    assert (root / "held").stat().st_blocks * 512 < size


async def test_holes_count_as_what_they_are(made: Made, tmp_path: Path) -> None:
    file, archive = tmp_path / "held", tmp_path / "archive.tar"
    file.touch()
    os.truncate(file, 1 << 40)
    output("tar", "--create", "--sparse", "--format=posix", "-C", str(tmp_path), "-f", str(archive), "held")
    assert archive.stat().st_size < 1 << 20
    assert (await refusal(made, archive.read_bytes())).code == "image-too-large"


async def test_times_before_1970_are_its_first_moment(made: Made, tmp_path: Path) -> None:
    for name in ("gnu", "posix"):
        (tmp_path / name).write_bytes(b"1")
        archive = tmp_path / f"{name}.tar"
        output("tar", "--create", f"--format={name}", "--mtime=@-1000", "-C", str(tmp_path), "-f", str(archive), name)
        root = await unpacked(made, archive.read_bytes())
        assert (root / name).stat().st_mtime == 0


async def test_a_time_that_no_file_system_has_is_no_reason_to_refuse(made: Made) -> None:
    times = {"late": "4102444800", "later": "9000000000", "latest": "1e30"}
    root = await unpacked(made, {name: File(b"1", pax={"mtime": time}) for name, time in times.items()})
    assert [(root / name).read_bytes() for name in times] == [b"1"] * 3


async def test_bytes_behind_a_gzip_stream_are_part_of_the_blob_alone(made: Made) -> None:
    data = oci.tar({"a": b"1" * 2000})
    for behind in (b"signature", bytes(700_000), os.urandom(700_000)):
        root = await unpacked(made, data, oci.PACKERS["gzip"](data) + behind)
        assert (root / "a").read_bytes() == b"1" * 2000


async def test_a_layer_that_looks_back_128_mebibytes_is_unpacked(tmp_path: Path) -> None:
    made = store_in(tmp_path, image_bytes=400 << 20, unpack_seconds=60.0)
    block = os.urandom(1 << 20)
    data = oci.tar({"f": b"".join((block, bytes(120 << 20), block, block))})
    blob = oci.windowed(data, 27)
    # what comes again was found so far back
    assert len(blob) < 1.5 * len(block)
    root = await unpacked(made, data, blob)
    assert (root / "f").read_bytes() == b"".join((block, bytes(120 << 20), block, block))


async def test_whiteouts_are_what_overlayfs_understands(made: Made) -> None:
    lower = await unpacked(made, {"etc/old": b"1", "etc/kept": b"2", "var/x": b"3", "opt/a/b": b"4"})
    upper = await unpacked(
        made, [("etc/.wh.old", b""), ("var/.wh..wh..opq", b""), ("var/y", b"5"), (".wh.opt", b""), ("opt", Folder())]
    )
    script = f"mount -t overlay overlay -o lowerdir={upper}:{lower},userxattr /mnt && cd /mnt && find . -type f"
    assert sorted(output("unshare", "--mount", "sh", "-ec", script).split()) == ["./etc/kept", "./var/y"]


async def test_a_whiteout_leaves_what_the_same_layer_has(made: Made) -> None:
    root = await unpacked(made, [("a", b"1"), (".wh.a", b""), (".wh.b", b""), ("b", b"2")])
    assert [(root / name).read_bytes() for name in "ab"] == [b"1", b"2"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
async def test_an_opaque_marker_of_an_odd_kind_affects_its_own_folder_only(made: Made, kind: bytes) -> None:
    root = await unpacked(made, [("v/x", b""), ("v/.wh..wh..opq", Node(kind))])
    assert os.getxattr(root / "v", "user.overlay.opaque") == b"y"
    assert names(root) == ["v"]
    assert names(root / "v") == ["x"]


async def test_devices_fifos_and_bookkeeping_are_skipped(made: Made) -> None:
    tree: dict[str, oci.Entry] = {"null": Node(), "disk": Node(tarfile.BLKTYPE, 8, 0), "pipe": Node(tarfile.FIFOTYPE)}
    root = await unpacked(made, {**tree, ".wh..wh.aufs": b"", "file": b""})
    assert names(root) == ["file"]


async def test_attributes_and_file_capabilities_are_dropped(made: Made) -> None:
    names = ("security.capability", "trusted.overlay.opaque", "user.overlay.opaque", "user.mine")
    pax = {f"SCHILY.xattr.{name}": "y" for name in names}
    root = await unpacked(made, {"file": File(b"", pax=pax)})
    assert os.listxattr(root / "file") == []
