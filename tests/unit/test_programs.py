"""The paths of an image's programs, from the folders of its layers."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sandbox.images import programs


def layer(root: Path, *files: str, mode: int = 0o755) -> Path:
    """A layer with these files."""
    for name in files:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
        file.chmod(mode)
    return root


def test_what_can_be_executed_in_a_folder_of_programs_is_one(tmp_path: Path) -> None:
    one = layer(tmp_path / "1", "bin/ls", "usr/local/bin/tool", "etc/passwd", "opt/other")
    layer(one, "bin/notes", mode=0o644)
    (one / "bin/sh").symlink_to("/bin/busybox")
    (one / "bin/dir").mkdir()
    assert programs.listed([one]) == ("/usr/local/bin/tool", "/bin/ls", "/bin/sh")


def test_layers_add_up_and_hide_what_is_below(tmp_path: Path) -> None:
    one, two = layer(tmp_path / "1", "bin/ls", "bin/cat", "usr/bin/env"), layer(tmp_path / "2", "bin/dog")
    os.mknod(two / "bin/cat", stat.S_IFCHR | 0o600, os.makedev(0, 0))
    assert programs.listed([one, two]) == ("/usr/bin/env", "/bin/dog", "/bin/ls")
    three = layer(tmp_path / "3", "bin/only")
    os.setxattr(three / "bin", "user.overlay.opaque", b"y")
    assert programs.listed([one, two, three]) == ("/usr/bin/env", "/bin/only")


def test_a_link_never_leads_out_of_its_layer(tmp_path: Path) -> None:
    outside = layer(tmp_path / "outside", "secret")
    one = layer(tmp_path / "1", "usr/bin/ls")
    (one / "bin").symlink_to("usr/bin")
    (one / "sbin").symlink_to(outside)
    (one / "usr/sbin").symlink_to("../../outside")
    assert programs.listed([one]) == ("/usr/bin/ls", "/bin/ls")


def test_too_many_are_not_kept_and_odd_names_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = layer(tmp_path / "1", "bin/a b", "bin/파일", "bin/" + "x" * 65, "bin/ok")
    assert programs.listed([one]) == ("/bin/ok",)
    monkeypatch.setattr(programs, "MOST", 1)
    assert programs.listed([layer(one, "bin/second")]) is None
    monkeypatch.setattr(programs, "MOST_SEEN", 1)
    assert programs.listed([one]) is None
    assert programs.listed([]) == ()


def test_attack_69_what_is_looked_at_is_counted_over_all_layers_and_a_folder_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = [layer(tmp_path / str(number), f"usr/bin/a{number}", f"usr/bin/b{number}") for number in range(3)]
    for one in layers:
        for name, target in (("bin", "usr/bin"), ("sbin", "usr/bin"), ("usr/sbin", "bin")):
            (one / name).symlink_to(target)
    monkeypatch.setattr(programs, "MOST_SEEN", 6)
    found = programs.listed(layers)
    assert found is not None
    assert len(found) == 4 * 6
    monkeypatch.setattr(programs, "MOST_SEEN", 5)
    assert programs.listed(layers) is None
