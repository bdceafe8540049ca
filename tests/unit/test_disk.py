"""A disk that cannot be made is told apart: never here, or not now."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sandbox.model.events import Failed
from sandbox.model.image import Config, Image
from sandbox.model.plan import MIB, Limits, Plan
from sandbox.runner.container import lifetime
from sandbox.runner.container.events import BROKEN, NO_SPACE
from sandbox.runner.container.run import Run
from sandbox.runner.environment import Environment
from sandbox.runner.job import Job, Message
from sandbox.runner.kernel import disk
from sandbox.runner.kernel.id_ranges import IdRange

SMALL = Limits(disk=8 * MIB, inodes=800)
IMAGE = Image("a:latest", "", "", "", (), Config(), 0, 0, "stand-in")


def raising(error: Exception) -> object:
    def call(*_: object, **__: object) -> None:
        raise error

    return call


def test_an_empty_disk_is_a_whole_file_system(tmp_path: Path) -> None:
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(disk._size(SMALL))
        for offset, data in disk._formatted(disk._size(SMALL), SMALL.inodes):
            file.seek(offset)
            file.write(data)
    checked = subprocess.run(["/usr/sbin/e2fsck", "-f", "-n", image], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("error", [FileNotFoundError("mkfs.ext4"), subprocess.CalledProcessError(1, "mkfs.ext4")])
def test_without_its_program_there_are_no_disks(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(disk, "_formatted", raising(error))
    assert disk.usable(tmp_path, SMALL, tmp_path) is None
    assert "mkfs.ext4" in caplog.text


def test_a_folder_that_is_full_today_may_have_room_tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "posix_fallocate", raising(OSError(errno.ENOSPC, "No space left on device")))
    assert disk.usable(tmp_path, SMALL, tmp_path) is not None
    monkeypatch.setattr(os, "posix_fallocate", raising(OSError(errno.EIO, "Input/output error")))
    assert disk.usable(tmp_path, SMALL, tmp_path) is None


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.ENOSPC, Failed("no-space", NO_SPACE)), (errno.EIO, Failed("sandbox-failed", BROKEN))],
)
def test_a_run_without_room_on_the_machine_says_so(number: int, told: Failed, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def prepared(*_: object) -> AsyncIterator[None]:
        raise OSError(number, "said the kernel")
        yield

    said: list[Message] = []

    async def note(event: Message) -> None:
        said.append(event)

    async def carry_out() -> None:
        run = Run(Job(IMAGE, [], Plan("a")), note, asyncio.Event())
        await run.carry_out(object.__new__(Environment), IdRange(0, 0))

    monkeypatch.setattr(lifetime, "prepared", prepared)
    asyncio.run(carry_out())
    assert said == [told]
