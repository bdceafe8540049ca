"""Does in threads what the kernel may take long for, so that the event loop does not wait: making a disk, letting go of
a file system that a stranger has filled, or looking at a file in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
# what keeps one of them waits for the kernel, and not for a processor; and for a slow disk those that have one wait,
# not all others
_THREADS, _DISKS = ThreadPoolExecutor(8, "aside"), ThreadPoolExecutor(2, "disks")
# no look at what is a stranger's takes a thread of those that make and remove things: it may never come back
_LOOKS = ThreadPoolExecutor(16, "looks")


def ready() -> None:
    """Start the first threads, which do all when the machine has no others to give. They are in the mount namespace of
    whoever starts them, so that has to be the one in which they shall work. RuntimeError when there is none to give."""
    for threads in (_THREADS, _DISKS, _LOOKS):
        threads.submit(int).result()


def begun(work: Callable[[], T], *, disk: bool = False) -> Future[T]:
    """Begin `work`, which may have to wait for its turn, and for a disk."""
    return queued(_DISKS if disk else _THREADS, work)


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


async def done(work: Callable[[], T], *, disk: bool = False) -> T:
    """Wait for `work` to be done, even when the caller is cancelled: what comes next finds it done, or failed."""
    doing = asyncio.wrap_future(begun(work, disk=disk))
    try:
        return await asyncio.shield(doing)
    finally:
        while not doing.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([doing])


def looking(work: Callable[[], T]) -> Future[T]:
    """Begin `work`, which the kernel may never let come back, as it has to do with what is a stranger's: it takes
    nothing that others wait for."""
    return queued(_LOOKS, work)


async def looked(seconds: float, work: Callable[[], T]) -> T:
    """What `work` sees, which looks at files of a stranger's and does nothing else. TimeoutError when it has not done
    so in `seconds`: nobody waits for it any more, and it keeps its thread for as long as the kernel keeps it."""
    # not by wait_for(), which in Python 3.11 may forget that it was cancelled
    async with asyncio.timeout(seconds):
        return await asyncio.wrap_future(looking(work))
