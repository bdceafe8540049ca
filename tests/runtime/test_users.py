"""Long files of users are read by a process of its own, as strangers make them and all runs need the runner's."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from sandbox.oci import users
from sandbox.oci.users import Identity, UserError
from sandbox.runner.container import identity
from sandbox.runner.kernel.rootfs import Snapshot
from support.files import children, text_of
from support.pulls import until

pytestmark = pytest.mark.container
LONG = "root:x:0:0::/root:\n" + "\n" * identity.SMALL + "late:x:1234:100::/late:\n"


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(LONG)
    return Snapshot(tmp_path, tmp_path, 2_000_000_000)


async def test_attack_66_the_runner_reads_no_long_file_of_users(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snapshot.root / "etc/group").write_text("staff:x:50:late\n")

    def read(*_: object) -> None:
        raise AssertionError("read by the runner")

    monkeypatch.setattr(users, "resolve", read)
    assert await identity.find(snapshot, "late", ()) == Identity(1234, 100, (100, 50), "/late")
    with pytest.raises(UserError, match="unable to find group nosuch: no matching entries in group file"):
        await identity.find(snapshot, "late", ("nosuch",))
    (snapshot.root / "etc/passwd").write_text("late:x:1:2::/:\n")
    with pytest.raises(AssertionError, match="read by the runner"):
        await identity.find(snapshot, "late", ())


async def test_an_image_may_have_no_files_of_users_or_odd_ones(snapshot: Snapshot) -> None:
    assert await identity.find(snapshot, "", ()) == Identity(0, 0, (0,), "/root")
    (snapshot.root / "etc/passwd").unlink()
    os.mkfifo(snapshot.root / "etc/passwd")
    (snapshot.root / "etc/group").mkdir()
    assert await identity.find(snapshot, "7", ()) == Identity(7, 0, (0,), "/")


async def test_who_leaves_while_a_long_file_is_read_leaves_no_process(snapshot: Snapshot) -> None:
    reading = [asyncio.create_task(identity.find(snapshot, "late", ())) for _ in range(3)]
    await until(_readers)
    assert len(_readers()) == 1
    for one in reading:
        one.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    await until(lambda: not _readers())
    assert (await identity.find(snapshot, "late", ())).uid == 1234


def _readers() -> list[int]:
    return [pid for pid in children(os.getpid()) if "users_process" in text_of(Path(f"/proc/{pid}/cmdline"))]
