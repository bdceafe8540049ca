"""What is made for a container is made, and goes, where the event loop does not wait for it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from sandbox.model.image import Config, Image
from sandbox.model.plan import Limits, Plan, Throttle
from sandbox.runner.cleanup import DeferredCleanup
from sandbox.runner.container import lifetime
from sandbox.runner.container.contents import NotStarted
from sandbox.runner.environment import Environment
from sandbox.runner.kernel import cgroup, rootfs
from sandbox.runner.kernel.id_ranges import IdRange
from support import pace

IMAGE = Image("a:latest", "", "", "", (), Config(), 0, 0, "stand-in")
LOOP = "/dev/loop0"


class Container:
    """A container of which nothing is there."""

    made = 0
    erased: ClassVar[list[threading.Thread]] = []

    def __init__(self, *_: object) -> None:
        type(self).made += 1
        self.id = "0" * 64

    def begin(self) -> None:
        """Nothing is started."""

    async def end(self) -> None:
        """Nothing is killed."""

    def erase(self) -> bool:
        """Nothing is on a disk."""
        self.erased.append(threading.current_thread())
        return True

    def forget(self) -> bool:
        """Nothing is left."""
        return True


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[threading.Thread, object]]:
    """Which thread has made a root file system, on which disks, and which one has removed it."""
    found: dict[str, tuple[threading.Thread, object]] = {}

    def make(*arguments: Any) -> None:
        found["make"] = threading.current_thread(), arguments[-1]

    def removed(_: Path) -> bool:
        found["removed"] = threading.current_thread(), None
        return True

    monkeypatch.setattr(rootfs, "make", make)
    monkeypatch.setattr(rootfs, "removed", removed)
    monkeypatch.setattr(lifetime, "Container", Container)
    monkeypatch.setattr(Container, "made", 0)
    monkeypatch.setattr(Container, "erased", [])
    return found


async def lived(plan: Plan, disks: object) -> None:
    cleanup, gone = DeferredCleanup(), asyncio.Event()
    prestarter = SimpleNamespace(refill=gone.set)
    made = SimpleNamespace(
        cleanup=cleanup, prestarter=prestarter, disks=disks, runs=Path("/runs"), init_layer=Path("/init")
    )
    async with lifetime.prepared(cast("Environment", made), IdRange(0, 0), IMAGE, plan, []):
        pass
    async with asyncio.timeout(pace.seconds(5)):
        await gone.wait()


@pytest.mark.parametrize("rates", [(), (Throttle(LOOP, 0),), (Throttle(LOOP, 0), Throttle(LOOP, 5))])
async def test_a_disk_is_made_in_a_thread_and_every_file_system_goes_in_one(
    rates: tuple[Throttle, ...], calls: dict[str, tuple[threading.Thread, object]]
) -> None:
    disks, slowed, loop = object(), any(rate.rate for rate in rates), threading.current_thread()
    await lived(Plan("a", read_bps=rates[:1], write_bps=rates[1:]), disks)
    thread, used = calls["make"]
    assert used is (disks if slowed else None)
    assert (thread is not loop) == slowed
    assert calls["removed"][0] is not loop
    # where its folders are, is a disk perhaps
    assert [thread is loop for thread in Container.erased] == [False]


async def test_the_image_of_a_virtual_machine_goes_in_a_thread_too(
    calls: dict[str, tuple[threading.Thread, object]],
) -> None:
    async with rootfs.mounted(Path("/image"), [], 0, 0, Limits()):
        assert "removed" not in calls
    assert calls["removed"][0] is not threading.current_thread()


@pytest.mark.parametrize(
    ("rate", "there", "message"),
    [
        (Throttle("/dev/nosuch", 5), True, "stat /dev/nosuch: no such file or directory"),
        (Throttle("/dev/nosuch", 0), True, "stat /dev/nosuch: no such file or directory"),
        (Throttle(LOOP, 5), False, "is not available on this host"),
        (Throttle(LOOP, 1), True, "the slowest"),
    ],
)
async def test_nothing_is_made_for_a_rate_that_cannot_be_set(
    rate: Throttle,
    there: bool,
    message: str,
    calls: dict[str, tuple[threading.Thread, object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(cgroup.here()), "slowest_rate", 2)
    with pytest.raises(NotStarted, match=message):
        await lived(Plan("a", read_bps=(rate,)), object() if there else None)
    assert (calls, Container.made) == ({}, 0)
