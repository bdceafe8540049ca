"""The engine of these tests: it comes, runs a container and goes without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import engine
from support.files import text_of


@pytest.mark.engine
def test_an_engine_leaves_no_file_mount_process_or_cgroup(images: str) -> None:
    with engine.running(images) as started:
        folder = Path(started.environ["DOCKER_CONFIG"]).parent
        assert started.run("docker run --rm hello-world").code == 0
        started.must("run", "-d", "--stop-signal=KILL", "alpine", "sleep", "600")
        assert _traces(folder)
    assert not folder.exists()
    assert _traces(folder) == []


def _traces(folder: Path) -> list[str]:
    mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if folder.name in line]
    groups = [str(group) for group in Path("/sys/fs/cgroup").rglob(folder.name)]
    return [*mounts, *groups, *filter(lambda words: folder.name in words, _command_lines())]


def _command_lines() -> list[str]:
    return [text_of(process / "cmdline") for process in Path("/proc").glob("[0-9]*")]
