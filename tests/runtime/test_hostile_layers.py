"""A layer that would do harm is refused, and nothing of it is left: what leads out of it, is more than it may become,
or is not what was asked for."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from support import oci
from support.files import children, text_of
from support.layers import Made, refusal, unpacked
from support.oci import Folder, Link, Tree
from support.pulls import store_in

pytestmark = pytest.mark.container


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


async def test_a_huge_zstd_window_is_refused(made: Made) -> None:
    data = oci.tar({"f": os.urandom(100)})
    error = await refusal(made, data, oci.windowed(data, 28))
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
