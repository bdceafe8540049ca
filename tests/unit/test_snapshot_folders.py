"""The folders that a container's configuration names are made in its root file system, one step each."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sandbox.linux import files
from sandbox.model.plan import MOST_FOLDERS
from sandbox.runner.kernel.rootfs import Snapshot


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    root = tmp_path / "rootfs"
    (root / "usr/share").mkdir(parents=True)
    (root / "file").touch()
    for name, target in {
        "share": "/usr/share",
        "up": "../../..",
        "loop": "loop",
        "nowhere": "/not/there",
        "far": "nowhere",
    }.items():
        (root / name).symlink_to(target)
    (root / "usr/share/out").symlink_to("../../../../gone")
    (root / "below").symlink_to("/file/x")
    (root / "many").mkdir()
    for number in range(50):
        (root / f"many/{number}").symlink_to(f"{number + 1}")
    return Snapshot(tmp_path, root, os.getuid())


@pytest.mark.parametrize(
    ("path", "true"),
    [
        ("/", "/"),
        ("/usr", "/usr"),
        ("/usr/./share//x/../y", "/usr/share/y"),
        ("/new/and/deep", "/new/and/deep"),
        ("relative", "/relative"),
        ("/share/in/it", "/usr/share/in/it"),
        ("/up/up/usr/new", "/usr/new"),
        ("../../above", "/above"),
        ("/nowhere", "/not/there"),
        ("/far/x", "/not/there/x"),
        ("/usr/share/out/x", "/gone/x"),
    ],
)
def test_a_folder_is_made_where_a_process_in_there_would_find_it(snapshot: Snapshot, path: str, true: str) -> None:
    outside = sorted(snapshot.folder.parent.iterdir())
    assert snapshot.make_folder(path) == true
    assert (snapshot.root / true[1:]).is_dir()
    assert sorted(snapshot.folder.parent.iterdir()) == outside


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/file/x", errno.ENOTDIR),
        ("/below", errno.ENOTDIR),
        ("/many/0", errno.ELOOP),
        ("/loop/x", errno.ELOOP),
        ("/" + "x" * 256, errno.ENAMETOOLONG),
        ("/x" * (MOST_FOLDERS + 1), errno.ENAMETOOLONG),
    ],
)
def test_what_is_in_the_way_is_said_and_no_descriptor_stays(snapshot: Snapshot, path: str, number: int) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match=r".") as found:
        snapshot.make_folder(path)
    assert found.value.errno == number
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_no_step_begins_at_the_root_again(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    opened = files.open_in_root

    def noted(root: int, path: str, flags: int) -> int:
        asked.append(path)
        return opened(root, path, flags)

    monkeypatch.setattr(files, "open_in_root", noted)
    deep = "/share" + "/x" * (MOST_FOLDERS - 1)
    for _ in range(2):
        assert snapshot.make_folder(deep) == deep.replace("/share", "/usr/share")
    # but for a link, which may lead to anywhere in it
    assert asked == ["//share"] * 2
