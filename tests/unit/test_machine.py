"""What kind of machine this is: each answer against another program's, or against a machine made up of files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import machine

ASK = "from sandbox import machine; print(machine.may_have_capability(21), machine.has_capability(21))"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing tells of a container."""
    monkeypatch.setattr(machine, "MARKS", ())
    monkeypatch.setattr(machine, "file_system", lambda _: "ext4")
    monkeypatch.setattr(machine, "_read", lambda _: "HOME=/\0TERM=linux\0")


@pytest.mark.usefixtures("host")
def test_a_container_is_known_by_its_engines_file_by_its_first_process_or_by_its_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not machine.in_container()
    with monkeypatch.context() as once:
        once.setattr(machine, "MARKS", (tmp_path / "gone", tmp_path))
        assert machine.in_container()
    with monkeypatch.context() as once:
        once.setattr(machine, "_read", lambda _: "HOME=/\0container=lxc\0")
        assert machine.in_container()
    with monkeypatch.context() as once:
        once.setattr(machine, "file_system", lambda _: "overlay")
        assert machine.in_container()


@pytest.mark.parametrize("folder", ["/", "/proc", "/proc/self", "/sys"])
def test_a_file_system_has_the_name_that_findmnt_gives_it(folder: str) -> None:
    said = subprocess.run(["findmnt", "-no", "FSTYPE", "-T", folder], capture_output=True, text=True, check=True)
    assert machine.file_system(Path(folder)) == said.stdout.split()[-1]


def test_a_mount_point_with_a_space_and_one_over_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "a b"
    place.mkdir()
    told = str(place).replace(" ", "\\040")
    lines = [
        "1 0 0:1 / / rw - ext4 a rw",
        f"2 1 0:2 / {told} rw - xfs b rw",
        f"3 2 0:3 / {told} rw shared:1 - tmpfs c rw",
    ]
    monkeypatch.setattr(machine, "_read", lambda _: "\n".join(lines))
    assert machine.file_system(place / "below") == "tmpfs"
    assert machine.file_system(tmp_path) == "ext4"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a capability up")
def test_a_capability_that_is_out_of_the_bounding_set_never_comes_back() -> None:
    def asked(*options: str) -> list[str]:
        words = ["setpriv", *options, sys.executable, "-c", ASK]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()

    assert asked() == ["True", "True"]
    assert asked("--reuid=12345", "--clear-groups") == ["True", "False"]
    assert asked("--reuid=12345", "--clear-groups", "--no-new-privs") == ["False", "False"]
    assert asked("--bounding-set=-sys_admin") == ["False", "False"]


@pytest.mark.parametrize(
    ("groups", "limit", "used"),
    [("0::/\n", "memory.max", "memory.current"), ("5:memory:/docker/1\n", "memory/{}", "memory/{}")],
)
def test_a_control_group_leaves_less_than_the_machine_has(
    groups: str, limit: str, used: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = machine.available_memory()
    assert before > 4 << 20
    (tmp_path / "memory").mkdir()
    (tmp_path / limit.format("memory.limit_in_bytes")).write_text(f"{5 << 20}\n")
    (tmp_path / used.format("memory.usage_in_bytes")).write_text(f"{2 << 20}\n")
    read = machine._read
    monkeypatch.setattr(machine, "_read", lambda path: groups if path == "/proc/self/cgroup" else read(path))
    monkeypatch.setattr(machine, "CGROUPS", tmp_path)
    assert machine.available_memory() == 3 << 20
