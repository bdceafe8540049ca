"""What kind of machine this is: each answer against another program's, or against a machine made up of files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.linux import machine
from support import reachable

ASK = "from sandbox.linux import machine; print(machine.may_have_capability(21), machine.has_capability(21))"


@pytest.mark.parametrize(
    ("what", "marked", "own_processes", "root", "container"),
    [
        ("Docker", True, True, "overlay", True),
        ("Docker with --pid=host", True, False, "overlay", True),
        ("Docker on ZFS", True, True, "zfs", True),
        ("Kubernetes", False, True, "overlay", True),
        ("a host", False, False, "ext4", False),
        ("a virtual machine made of a container's image", True, False, "ext4", False),
        ("a live stick", False, False, "overlay", False),
        ("unshare --pid on a host", False, True, "ext4", False),
    ],
)
@pytest.mark.parametrize("sign", ["file", "environment"])
def test_a_container_is_known_by_two_signs_of_three(
    what: str,
    marked: bool,
    own_processes: bool,
    root: str,
    container: bool,
    sign: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_file, by_environment = marked and sign == "file", marked and sign == "environment"
    monkeypatch.setattr(machine, "MARKS", (tmp_path / "gone", tmp_path if by_file else tmp_path / "gone"))
    monkeypatch.setattr(machine, "_read", lambda _: "HOME=/\0container=lxc\0" if by_environment else "HOME=/\0")
    monkeypatch.setattr(machine, "in_first_pid_namespace", lambda: not own_processes)
    monkeypatch.setattr(machine, "file_system", lambda _: root)
    assert machine.in_container() is container, what


@pytest.mark.container
def test_another_pid_namespace_is_known_as_such() -> None:
    ask = [sys.executable, "-c", "from sandbox.linux import machine; print(machine.in_first_pid_namespace())"]
    inside = subprocess.run(["unshare", "--pid", "--fork", *ask], capture_output=True, text=True, check=True)
    assert inside.stdout == "False\n"


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


@pytest.mark.container
def test_a_capability_that_is_out_of_the_bounding_set_never_comes_back() -> None:
    def asked(*options: str) -> list[str]:
        words = [*reachable.checkout(), "setpriv", *options, sys.executable, "-c", ASK]
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
