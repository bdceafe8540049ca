"""Reads what a container's process writes, as `output` events: decoded, gathered, limited, at the reader's pace."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import fcntl
import os
import sys
import termios
from collections.abc import AsyncIterator, Mapping

from sandbox.model.events import Output, Stream

CHUNK = 65_536
MOST_PENDING = 4 * CHUNK
FRAME_SECONDS = 1 / 60
# what the kernel keeps of a terminal that nobody reads (TTYB_DEFAULT_MEM_LIMIT, drivers/tty/tty_buffer.c)
TERMINAL_BYTES = 640 * 1024


class Outputs:
    """Reads descriptors (which it owns and closes) and gives their text as events, at most 60 times a second.

    Reading pauses while a quarter megabyte waits to be sent, so that a slow reader slows the program down.
    `over` is set when more than `limit` bytes came; what is beyond them is dropped.
    """

    def __init__(self, sources: Mapping[int, Stream], limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._decoders = {fd: codecs.getincrementaldecoder("utf-8")("replace") for fd in sources}
        self._sources = dict(sources)
        self._left = limit
        self._pending: list[tuple[Stream, str]] = []
        self._size = 0
        self._news = asyncio.Event()
        self._finished = asyncio.Event()
        self.over = asyncio.Event()
        try:
            for fd in sources:
                os.set_blocking(fd, False)
            self._resume()
        except BaseException:
            self.close()
            raise

    async def __aiter__(self) -> AsyncIterator[Output]:
        while True:
            await self._news.wait()
            self._news.clear()
            finished, pending = self._finished.is_set(), self._take()
            for stream, text in _joined(pending):
                yield Output(stream, text)
            if finished:
                return
            self._resume()
            if pending and not self._news.is_set():
                # whatever comes within a frame goes together; the end waits for nothing
                with contextlib.suppress(TimeoutError):
                    # not by wait_for(), which in Python 3.11 may forget that it was cancelled
                    async with asyncio.timeout(FRAME_SECONDS):
                        await self._finished.wait()

    def finish(self) -> None:
        """The program has ended: take what the pipes hold now, and let the iteration end.

        What others of its pid namespace go on writing is not read: that could go on for ever.
        """
        for fd in list(self._decoders):
            left = _held(fd)
            while left > 0 and fd in self._decoders and (taken := self._read(fd, left)):
                left -= taken
        self.close()
        self._finished.set()
        self._news.set()

    def close(self) -> None:
        """Let go of the descriptors."""
        for fd in list(self._decoders):
            self._end(fd)

    def _resume(self) -> None:
        for fd in self._decoders:
            self._loop.add_reader(fd, self._read, fd)

    def _take(self) -> list[tuple[Stream, str]]:
        pending, self._pending, self._size = self._pending, [], 0
        return pending

    def _read(self, fd: int, most: int = CHUNK) -> int:
        """Take one chunk of `most` bytes; how many were taken, 0 when there are none for now or ever."""
        try:
            data = os.read(fd, min(most, CHUNK))
        except BlockingIOError:
            return 0
        except OSError:
            # a terminal whose other end is closed answers EIO, where a pipe would say end of file
            data = b""
        if not data:
            self._end(fd)
        else:
            self._add(fd, data)
        return len(data)

    def _add(self, fd: int, data: bytes) -> None:
        if len(data) > self._left:
            self.over.set()
        kept, self._left = data[: self._left], max(0, self._left - len(data))
        self._note(self._sources[fd], self._decoders[fd].decode(kept))
        if self._size > MOST_PENDING:
            for other in self._decoders:
                self._loop.remove_reader(other)

    def _end(self, fd: int) -> None:
        self._loop.remove_reader(fd)
        self._note(self._sources[fd], self._decoders.pop(fd).decode(b"", final=True))
        os.close(fd)

    def _note(self, stream: Stream, text: str) -> None:
        if text:
            self._pending.append((stream, text))
            self._size += len(text)
            self._news.set()


def _held(fd: int) -> int:
    """How many bytes can be read at once: of a pipe those that it holds, of a terminal as many as it ever holds."""
    if os.isatty(fd):
        return TERMINAL_BYTES
    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)


def _joined(pending: list[tuple[Stream, str]]) -> list[tuple[Stream, str]]:
    """Neighbours of one stream as one."""
    joined: list[tuple[Stream, str]] = []
    for stream, text in pending:
        if joined and joined[-1][0] == stream:
            joined[-1] = (stream, joined[-1][1] + text)
        else:
            joined.append((stream, text))
    return joined
