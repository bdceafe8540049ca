"""Does in threads what the kernel may take long for, so that the event loop does not wait: making a disk, or letting
go of a file system that a stranger has filled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
# what keeps one of them waits for a disk, and not for a processor
_THREADS = ThreadPoolExecutor(8, "aside")


def begun(work: Callable[[], T]) -> Future[T]:
    """Begin `work`, which may have to wait for its turn. RuntimeError when no thread can be started."""
    return _THREADS.submit(work)


async def done(work: Callable[[], T]) -> T:
    """Wait for `work` to be done, even when the caller is cancelled: what comes next finds it done, or failed."""
    doing = asyncio.wrap_future(begun(work))
    try:
        return await asyncio.shield(doing)
    finally:
        while not doing.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([doing])
