"""Reads what a container's process writes, as `output` events: decoded, gathered, limited, at the reader's pace."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from functools import partial

from sandbox.model.events import Output, Stream
from sandbox.runner.container.sources import CHUNK, Source

MOST_PENDING = 4 * CHUNK
FRAME_SECONDS = 1 / 60
# how long what the pipes still hold is waited for, when somebody else has their lock
END_SECONDS = 3.0


class Outputs:
    """Reads descriptors (which it owns and closes) and gives their text as events, at most 60 times a second.

    Reading pauses while a quarter megabyte waits to be sent, so that a slow reader slows the program down.
    `over` is set when more than `limit` bytes came; what is beyond them is dropped.
    """

    def __init__(self, sources: Mapping[int, Stream], limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._decoders = {fd: codecs.getincrementaldecoder("utf-8")("replace") for fd in sources}
        self._streams = dict(sources)
        self._sources = {fd: Source(fd, partial(self._came, fd)) for fd in sources}
        self._left = limit
        self._pending: list[tuple[Stream, str]] = []
        self._size = 0
        self._news = asyncio.Event()
        self._finished = asyncio.Event()
        self._patience: asyncio.TimerHandle | None = None
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
        """The program has ended: take what the pipes hold now, and let the iteration end, with that or without it."""
        self._patience = self._loop.call_later(END_SECONDS, self.close)
        for source in self._sources.values():
            source.end()
        self._conclude()

    def close(self) -> None:
        """Let go of the descriptors."""
        for fd in list(self._sources):
            self._end(fd)

    def _resume(self) -> None:
        for source in self._sources.values():
            source.resume()

    def _take(self) -> list[tuple[Stream, str]]:
        pending, self._pending, self._size = self._pending, [], 0
        return pending

    def _came(self, fd: int, data: bytes, over: bool) -> None:
        self._add(fd, data)
        if over:
            self._end(fd)
        elif self._size > MOST_PENDING:
            for source in self._sources.values():
                source.pause()
        else:
            self._sources[fd].resume()

    def _add(self, fd: int, data: bytes) -> None:
        if len(data) > self._left:
            self.over.set()
        kept, self._left = data[: self._left], max(0, self._left - len(data))
        self._note(self._streams[fd], self._decoders[fd].decode(kept))

    def _end(self, fd: int) -> None:
        self._sources.pop(fd).close()
        self._note(self._streams[fd], self._decoders[fd].decode(b"", final=True))
        self._conclude()

    def _conclude(self) -> None:
        if self._patience and not self._sources:
            self._patience.cancel()
            self._finished.set()
            self._news.set()

    def _note(self, stream: Stream, text: str) -> None:
        if text:
            self._pending.append((stream, text))
            self._size += len(text)
            self._news.set()


def _joined(pending: list[tuple[Stream, str]]) -> list[tuple[Stream, str]]:
    """Neighbours of one stream as one."""
    joined: list[tuple[Stream, str]] = []
    for stream, text in pending:
        if joined and joined[-1][0] == stream:
            joined[-1] = (stream, joined[-1][1] + text)
        else:
            joined.append((stream, text))
    return joined
