"""Has threads of their own for what pulls wait for: strangers decide how long that takes, and asyncio's own threads are
needed for small steps of everybody's.

Each kind has its own, too: who looks through folders, or waits for a disk, does not hold up who hashes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TypeVar

T = TypeVar("T")
HASHING, DISK = ThreadPoolExecutor(2, "hashing"), ThreadPoolExecutor(8, "disk")
LOOKING = ThreadPoolExecutor(1, "looking")


async def done(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    """Return what `work` does in one of these threads. RuntimeError when there is none to be had."""
    return await asyncio.get_running_loop().run_in_executor(threads, work)


def close(file: IO[bytes]) -> None:
    """Close a file without a name, in a thread: with its last descriptor it goes, which can take the disk's time."""
    # what says that no thread can be started has queued it before
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop().run_in_executor(DISK, file.close)
