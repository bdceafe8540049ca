"""What the backend's own processes may do: the web process nothing, the puller next to nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support import pace
from support.backend import Backend

pytestmark = pytest.mark.container


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def inside(pid: int, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in the mount namespace of a process, as its own user."""
    uid = status(pid)["Uid"].split()[0]
    # the program is opened before the namespace is entered, since the process sees next to nothing of the machine
    enter = ["nsenter", "-t", str(pid), "-m", "-S", uid, "-G", uid, "--", *command]
    return subprocess.run(enter, capture_output=True, text=True, check=False, timeout=pace.seconds(10))


@pytest.mark.parametrize("name", ["web", "puller"])
def test_no_capability_is_held_or_can_be_gained(backend: Backend, name: str) -> None:
    told = status(backend.pid_of(name))
    assert int(told["Uid"].split()[0]) > 1_000_000_000
    assert told["Groups"].strip() == ""
    for held in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(told[held], 16) == 0
    assert told["NoNewPrivs"] == "1"


@pytest.mark.parametrize("name", ["web", "puller"])
def test_nothing_outside_its_own_folder_can_be_written(backend: Backend, name: str) -> None:
    pid = backend.pid_of(name)
    for folder in ("/", "/usr", "/usr/bin", "/etc/ssl", "/tmp", str(backend.state), str(backend.runtime / "web")):
        attempt = inside(pid, "/bin/touch", f"{folder}/written-by-{name}")
        assert attempt.returncode != 0, f"{name} wrote into {folder}"
        assert not Path(folder, f"written-by-{name}").exists()


def test_the_web_process_has_no_network_of_its_own(backend: Backend) -> None:
    devices = Path(f"/proc/{backend.pid_of('web')}/net/dev").read_text()
    assert [line.split(":")[0].strip() for line in devices.splitlines() if ":" in line] == ["lo"]


def test_nobody_else_can_open_the_runners_socket(backend: Backend) -> None:
    mode = (backend.runtime / "web/runner.sock").stat()
    assert mode.st_mode & 0o777 == 0o660
    assert mode.st_uid == 0
    assert mode.st_gid > 1_000_000_000
