"""Starts programs and watches them through pidfds.

No thread waits for one, as asyncio has it before Python 3.12, and no start is left half done: a program that cannot be
watched is killed at once, where asyncio would lose sight of it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Sequence
from typing import Any


class Program:
    """A program that was started with the `options` of subprocess.Popen. OSError when it could not be."""

    def __init__(self, argv: Sequence[str], **options: Any) -> None:
        self._process = subprocess.Popen(argv, **options)
        try:
            self._pidfd = os.pidfd_open(self._process.pid)
        except BaseException:
            # nobody else knows of it
            self._process.kill()
            self._process.wait()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end; its exit code, or the negative number of the signal that killed it.

        One waiter at a time.
        """
        while self._process.poll() is None:
            await self._news()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        return int(self._process.returncode)

    async def end(self) -> int:
        """Kill it if it lives, and wait for its end."""
        self._process.kill()
        return await self.wait()

    async def _news(self) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._pidfd, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._pidfd)
