"""A layer's tar becomes a folder for overlayfs, in a confined child, within its budgets."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from sandbox.images.store import Store
from sandbox.images.unpacker.client import Budget, UnpackError, unpack
from sandbox.model.image import Layer
from sandbox.settings import Settings
from support import oci
from support.files import children, text_of
from support.oci import File, Folder, Link, Node, Tree
from support.pulls import store_in

pytestmark = pytest.mark.container
Made = tuple[Settings, Store]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return store_in(tmp_path)


async def unpacked(made: Made, tree: Tree | bytes, blob: bytes | None = None, **lies: Any) -> Path:
    """The folder that a layer becomes; `lies` replace fields of what is known about it."""
    settings, store = made
    data = tree if isinstance(tree, bytes) else oci.tar(tree)
    blob = oci.PACKERS["gzip"](data) if blob is None else blob
    known: dict[str, Any] = {"digest": oci.digest_of(blob), "diff_id": oci.digest_of(data), "size": len(blob)} | lies
    layer = Layer(**known)
    with store.spool() as file:
        file.write(blob)
        await unpack(settings, store, layer, file, Budget(settings.image_bytes, settings.image_files))
    return store.layer_path(layer)


async def refusal(made: Made, tree: Tree | bytes, blob: bytes | None = None, **lies: Any) -> UnpackError:
    """The error that a layer ends with; nothing of it is left on disk."""
    with pytest.raises(UnpackError) as caught:
        await unpacked(made, tree, blob, **lies)
    state = made[0].data_dir
    assert list(state.glob("*/*")) == []
    return caught.value


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
    blob = windowed(data, 27)
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


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param({"../up": b""}, id="parent"),
        pytest.param({"a/../../up": b""}, id="parent further in"),
        pytest.param({"/../up": b""}, id="parent of the root"),
        pytest.param([("a", Link("b")), ("b", Link("a")), ("a/x", b"")], id="links in a circle"),
        pytest.param([("l", Link("d/" * 200)), ("l/" + "d/" * 100, Folder())], id="links deeper and deeper"),
        pytest.param([("l", Link(".wh.d")), ("l/x", b"")], id="a whiteout as a folder by a link"),
        pytest.param([("l", Link("/")), ("l/dev", Link("/etc"))], id="dev is a link by a link"),
        pytest.param([("l", Link("/")), ("l/f", b""), ("l/f", Link("f", hard=True))], id="itself by a link"),
        pytest.param([("l", Link("/")), ("l/d/f", b""), ("d", Link("l/d/f", hard=True))], id="into itself by a link"),
        pytest.param([("l", Link("/etc")), ("h", Link("l/passwd", hard=True))], id="hard link through a link"),
        pytest.param({"h": Link("../../etc/passwd", hard=True)}, id="hard link out"),
        pytest.param({"h": Link("/etc/passwd", hard=True)}, id="absolute hard link"),
        pytest.param({"h": Link("nosuch", hard=True)}, id="hard link to nothing"),
        pytest.param([("d", Folder()), ("h", Link("d", hard=True))], id="hard link to a folder"),
        pytest.param([("f", b""), ("f", Link("f", hard=True))], id="hard link to itself"),
        pytest.param([(".wh.w", b""), ("h", Link("w", hard=True))], id="hard link to a whiteout"),
        pytest.param([("d/f", b""), ("d", Link("d/f", hard=True))], id="hard link into the folder that it replaces"),
        pytest.param([("f", b""), ("f/x", b"")], id="file as a folder"),
        pytest.param({".": Link("/etc")}, id="root is a link"),
        pytest.param({".": b""}, id="root is a file"),
        pytest.param({"dev": Link("/etc")}, id="dev is a link"),
        pytest.param({"./proc": Link("x")}, id="proc is a link"),
        pytest.param([("f", b""), ("sys", Link("f", hard=True))], id="sys is a hard link"),
        pytest.param({".wh...": b""}, id="whiteout of the parent"),
        pytest.param({"a/.wh..": b""}, id="whiteout of the folder itself"),
        pytest.param({".wh.": b""}, id="whiteout of nothing"),
        pytest.param({".wh.a/b": b""}, id="whiteout as a folder"),
        pytest.param({"/".join("d" * 257): b""}, id="very deep"),
        pytest.param({f"f{number}": b"" for number in range(301)}, id="too many files"),
        pytest.param({f"d{number}/a/b": b"" for number in range(150)}, id="too many folders on the way"),
    ],
)
async def test_a_hostile_layer_is_refused_and_leaves_nothing(made: Made, tree: Tree) -> None:
    assert (await refusal(made, tree)).code == "bad-image"


async def test_a_bomb_is_stopped_at_its_byte_budget(made: Made) -> None:
    data = oci.tar({"zeros": bytes(40 << 20)})
    error = await refusal(made, data)
    assert error.code == "image-too-large"


async def test_a_bomb_after_the_archive_s_end_is_stopped_too(made: Made) -> None:
    assert (await refusal(made, bytes(40 << 20))).code == "image-too-large"


async def test_what_is_unpacked_takes_little_memory_however_much_it_becomes(tmp_path: Path) -> None:
    made = store_in(tmp_path, image_bytes=256 << 20)
    data = oci.tar({"f": b"1"}) + bytes(160 << 20)
    unpacking, most = asyncio.create_task(unpacked(made, data)), 0
    while not unpacking.done():
        most = max(most, *(highest(pid) for pid in unpackers()), 0)
        await asyncio.sleep(0.002)
    assert (unpacking.result() / "f").read_bytes() == b"1"
    assert 0 < most < 96 << 20


def unpackers() -> list[int]:
    """The processes that unpack, and those that wait for them."""
    ours = [pid for pid in children(os.getpid()) if "unpacker" in text_of(Path(f"/proc/{pid}/cmdline"))]
    return [*ours, *(below for pid in ours for below in children(pid))]


def highest(pid: int) -> int:
    """The most memory that a process has had, in bytes; 0 of one that has ended."""
    found = re.search(r"VmHWM:\s+(\d+)", text_of(Path(f"/proc/{pid}/status")))
    return int(found[1]) << 10 if found else 0


def windowed(data: bytes, log: int) -> bytes:
    """A zstd frame that says that it looks back so far."""
    options = zstandard.ZstdCompressionParameters.from_level(3, window_log=log, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=options).compressobj()
    return packer.compress(data) + packer.flush()


async def test_a_huge_zstd_window_is_refused(made: Made) -> None:
    data = oci.tar({"f": os.urandom(100)})
    error = await refusal(made, data, windowed(data, 28))
    assert error.code == "bad-image"
    assert "too much memory" in error.text


@pytest.mark.parametrize("blob", [b"\x1f\x8b" + b"x" * 50, b"\x28\xb5\x2f\xfd" + b"x" * 50, b"x" * 50])
async def test_a_broken_blob_is_refused(made: Made, blob: bytes) -> None:
    assert (await refusal(made, b"", blob)).code == "bad-image"


async def test_a_cut_gzip_stream_is_refused(made: Made) -> None:
    data = oci.tar({"f": os.urandom(5000)})
    assert (await refusal(made, data, oci.PACKERS["gzip"](data)[:-200])).code == "bad-image"


async def test_a_blob_of_another_digest_gets_no_name(made: Made) -> None:
    error = await refusal(made, {"f": b"poison"}, digest="sha256:" + "a" * 64)
    assert error.code == "digest-mismatch"


async def test_a_layer_of_another_diff_id_gets_no_name(made: Made) -> None:
    error = await refusal(made, {"f": b"poison"}, diff_id="sha256:" + "a" * 64)
    assert error.code == "digest-mismatch"


def command_lines() -> str:
    """Those of all processes."""
    return "".join(text_of(line) for line in Path("/proc").glob("[0-9]*/cmdline"))


async def test_unpacking_is_boxed_in_time_and_leaves_no_process(tmp_path: Path) -> None:
    made = store_in(tmp_path, unpack_seconds=0.08, image_bytes=2 << 30)
    data = oci.tar({"f": bytes(300 << 20)})
    assert (await refusal(made, data)).code == "unpack-timeout"
    assert str(tmp_path) not in command_lines()
