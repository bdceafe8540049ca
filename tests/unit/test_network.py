"""Who has which address on a bridge, and when the bridge goes; what the machine does of it is taken for done."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.linux import namespaces
from sandbox.runner.kernel import bridge
from sandbox.runner.kernel.bridge import ADDRESSES, Bridges


class VirtualMachine:
    """What iproute2 is asked to do, and the descriptors that stand for namespaces."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failing: str | None = None
        self.opened: list[int] = []

    def namespace(self) -> int:
        self.opened.append(os.open("/dev/null", os.O_RDONLY))
        return self.opened[-1]

    async def batch(self, namespace: str, program: str, *lines: str) -> None:
        await asyncio.sleep(0)
        for line in lines:
            self.lines.append(line)
            if self.failing and self.failing in line:
                raise OSError(line)

    @property
    def left_open(self) -> list[int]:
        return [one for one in self.opened if Path(f"/proc/self/fd/{one}").exists()]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualMachine]:
    made = VirtualMachine()
    monkeypatch.setattr(bridge, "_batch", made.batch)
    monkeypatch.setattr(namespaces, "network_namespace", made.namespace)
    yield made
    assert made.left_open == []


async def test_the_next_one_keeps_its_address_when_the_one_before_is_cleaned_up(machine: VirtualMachine) -> None:
    bridges = Bridges(8)
    async with contextlib.AsyncExitStack() as first, contextlib.AsyncExitStack() as second:
        one = await first.enter_async_context(bridges.member("host"))
        await one.attach(os.getpid())
        await one.leave()
        two = await second.enter_async_context(bridges.member("host"))
        await two.attach(os.getpid())
        assert two.address == one.address == ADDRESSES[0]
        machine.lines.clear()
        await first.aclose()
        assert machine.lines == []
        async with bridges.member("host") as three:
            assert three.address == ADDRESSES[1]
    await asyncio.sleep(0)


async def test_two_that_have_left_early_are_no_trouble(machine: VirtualMachine) -> None:
    bridges = Bridges(8)
    async with bridges.member("host") as one, bridges.member("host") as two:
        await one.attach(os.getpid())
        await one.leave()
        await two.leave()
        assert len(machine.opened) == 1
    await asyncio.sleep(0)


async def test_a_bridge_that_could_not_be_made_is_tried_again(machine: VirtualMachine) -> None:
    bridges = Bridges(8)
    machine.failing = "docker0"
    async with bridges.member("host") as one:
        with pytest.raises(OSError, match="docker0"):
            await one.attach(os.getpid())
        assert machine.left_open == []
        machine.failing = None
        await one.attach(os.getpid())
        assert "link add docker0" in " ".join(machine.lines)
    await asyncio.sleep(0)


async def test_whoever_is_cancelled_leaves_to_the_end(machine: VirtualMachine) -> None:
    bridges = Bridges(8)
    attached = asyncio.Event()

    async def stay() -> None:
        async with bridges.member("host") as one:
            await one.attach(os.getpid())
            attached.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(stay())
    await attached.wait()
    task.cancel()
    # once more, in the middle of its leaving
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(5):
        await asyncio.sleep(0)
    assert machine.lines[-1] == "link delete veth2"


async def test_a_full_bridge_says_so_and_each_visitor_has_their_own(machine: VirtualMachine) -> None:
    bridges = Bridges(8)
    async with contextlib.AsyncExitStack() as held:
        for address in ADDRESSES:
            assert (await held.enter_async_context(bridges.member("host"))).address == address
        with pytest.raises(OSError, match="assign"):
            await held.enter_async_context(bridges.member("host"))
        assert (await held.enter_async_context(bridges.member("other"))).address == ADDRESSES[0]
