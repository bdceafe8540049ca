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


def ready() -> None:
    """Start the first thread, which does all when the machine has no others to give. They are in the mount namespace of
    whoever starts them, so that has to be the one in which they shall work. RuntimeError when there is none to give."""
    _THREADS.submit(int).result()


def begun(work: Callable[[], T]) -> Future[T]:
    """Begin `work`, which may have to wait for its turn."""
    return queued(_THREADS, work)


def queued(threads: ThreadPoolExecutor, work: Callable[[], T]) -> Future[T]:
    """Hand `work` to those `threads` that there are, when no more can be started."""
    done: Future[T] = Future()

    def carry_out() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            # whatever it is, it is for who waits
            done.set_exception(error)

    # what says that no thread can be started has queued it before
    with contextlib.suppress(RuntimeError):
        threads.submit(carry_out)
    return done


async def done(work: Callable[[], T]) -> T:
    """Wait for `work` to be done, even when the caller is cancelled: what comes next finds it done, or failed."""
    doing = asyncio.wrap_future(begun(work))
    try:
        return await asyncio.shield(doing)
    finally:
        while not doing.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([doing])
