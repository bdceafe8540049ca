"""Reads and closes, in threads, what a stranger has the other end of.

While something is written to a pipe the kernel holds the pipe's lock (fs/pipe.c), and its writer can make that last: by
a page that has to come from a slow disk, or by having no processor. Meanwhile whoever reads the pipe, asks how much it
holds or closes it has to wait, also where it is said not to block.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sys
import termios
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from sandbox.runner import aside

CHUNK = 65_536
# what the kernel keeps of a terminal that nobody reads (TTYB_DEFAULT_MEM_LIMIT, drivers/tty/tty_buffer.c)
TERMINAL_BYTES = 640 * 1024
# one for each process that may keep one waiting
_THREADS = ThreadPoolExecutor(1024, "sources")
# what was read, and whether nothing comes after it
Taken = tuple[bytes, bool]


class Source:
    """Owns a descriptor. What it reads is handed to `came`, in the loop, and with it whether nothing comes any more."""

    def __init__(self, descriptor: int, came: Callable[[bytes, bool], None]) -> None:
        self._descriptor, self._came = descriptor, came
        self._loop = asyncio.get_running_loop()
        self._reading = self._ending = self._closed = False

    def resume(self) -> None:
        """Take a chunk once there is one."""
        if not (self._reading or self._ending or self._closed):
            self._loop.add_reader(self._descriptor, self._read, _chunk)

    def pause(self) -> None:
        """Take none for now."""
        self._loop.remove_reader(self._descriptor)

    def end(self) -> None:
        """Take what it holds now, after which nothing comes."""
        self._ending = True
        if not self._reading:
            self._read(_rest)

    def close(self) -> None:
        """Let go of it; nothing comes any more."""
        if not self._closed:
            self._closed = True
            self.pause()
            if not self._reading:
                self._let_go()

    def _read(self, how: Callable[[int], Taken]) -> None:
        self.pause()
        self._reading = True
        aside.queued(_THREADS, partial(how, self._descriptor)).add_done_callback(self._done)

    def _done(self, taken: Future[Taken]) -> None:
        # the loop may be over
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._take, taken)

    def _take(self, taken: Future[Taken]) -> None:
        self._reading = False
        data, over = taken.result()
        if self._closed:
            self._let_go()
            return
        if self._ending and not over:
            self._read(_rest)
        self._came(data, over)

    def _let_go(self) -> None:
        aside.queued(_THREADS, partial(os.close, self._descriptor))


def ready() -> None:
    """Start the first thread, which does all when the machine has no others to give. RuntimeError when it has none."""
    _THREADS.submit(int).result()


def _chunk(descriptor: int) -> Taken:
    """One chunk; empty when there is none for now."""
    try:
        data = os.read(descriptor, CHUNK)
    except BlockingIOError:
        return b"", False
    except OSError:
        # a terminal whose other end is closed answers EIO, where a pipe would say end of file
        return b"", True
    return data, not data


def _rest(descriptor: int) -> Taken:
    """What it holds now and no more: what others of its pid namespace go on writing could go on for ever."""
    found = []
    with contextlib.suppress(OSError):
        left = _held(descriptor)
        while left > 0 and (data := os.read(descriptor, min(left, CHUNK))):
            found.append(data)
            left -= len(data)
    return b"".join(found), True


def _held(descriptor: int) -> int:
    """How many bytes can be read at once: of a pipe those that it holds, of a terminal as many as it ever holds."""
    if os.isatty(descriptor):
        return TERMINAL_BYTES
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)
