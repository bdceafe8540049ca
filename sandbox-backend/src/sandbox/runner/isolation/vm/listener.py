"""Reads what comes out of a virtual machine besides its program's output: the kernel's messages, and the reports of its
first process."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from sandbox.model.events import Notice
from sandbox.runner.container.events import RunEvents
from sandbox.runner.container.output import FRAME_SECONDS
from sandbox.runner.isolation.vm.control import Control, Ended, Refused, Started
from sandbox.runner.isolation.vm.virtual_machine import VirtualMachine

CHUNK = 65_536
# Debian's kernel writes a quarter of that; a program that is root in its guest could go on for ever
MOST_BOOT = 65_536


class Listener:
    """Sends a virtual machine's boot messages, and that its program runs.

    `ready` is set when the program's output may be sent, which is after that, or when there is nothing more to come.
    `running` says whether the program has started, `last` how it ended or why it did not start.
    """

    def __init__(self, vm: VirtualMachine, events: RunEvents) -> None:
        self._vm, self._events = vm, events
        self._control = Control()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._boot_left = MOST_BOOT
        self._over = False
        self.ready = asyncio.Event()
        self.running = False
        self.last: Refused | Ended | None = None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Read for as long as the block lasts, and then what the pipes still hold."""
        reading = [asyncio.create_task(self._read_control()), asyncio.create_task(self._read_boot())]
        try:
            yield
        finally:
            # a task that sends may miss its cancelling
            self._over = True
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
            await self._send_boot(_rest(self._vm.boot))
            await self._take_reports(_rest(self._vm.control))
            self.ready.set()

    async def _read_control(self) -> None:
        async for data in _pieces(self._vm.control):
            await self._take_reports(data)
            if self._over:
                return

    async def _take_reports(self, data: bytes) -> None:
        for report in self._control.feed(data):
            if not isinstance(report, Started):
                self.last = self.last or report
            elif not self.running:
                self.running = True
                await self._events.send(self._vm.started(report))
                self.ready.set()

    async def _read_boot(self) -> None:
        async for data in _pieces(self._vm.boot):
            await self._send_boot(data)
            if self._over:
                return

    async def _send_boot(self, data: bytes) -> None:
        kept, self._boot_left = data[: self._boot_left], max(0, self._boot_left - len(data))
        if text := self._decoder.decode(kept).replace("\r", ""):
            await self._events.send(Notice("boot", text))


async def _pieces(descriptor: int) -> AsyncGenerator[bytes, None]:
    """What comes out of a pipe that has no end, as it comes, and no more than a CHUNK in a frame's time: whoever is
    root in the guest could write to it all the time."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    while True:
        loop.add_reader(descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(descriptor)
        ready.clear()
        yield os.read(descriptor, CHUNK)
        await asyncio.sleep(FRAME_SECONDS)


def _rest(descriptor: int) -> bytes:
    """What a pipe still holds, as far as it is sent."""
    with contextlib.suppress(BlockingIOError):
        return os.read(descriptor, MOST_BOOT)
    return b""
