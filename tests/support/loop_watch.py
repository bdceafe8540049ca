"""Says on standard error when an event loop's turn took too long; a `support.python_copy` executes it at its start.

A turn is what is done between two looks at the descriptors. Time in which the process could have run, and the kernel
had no processor for it, is not the loop's fault and does not count. A process that does not see /proc, where that is
told, is watched for the time that it computes alone.
"""

import contextlib
import os
import selectors
import sys
import threading
import time

LONGEST = 0.05
SLOW = "slow turn of the event loop"


class Watch(threading.local):
    """Measures the turns of the calling thread's loop."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._delays = -1
        with contextlib.suppress(OSError):
            self._delays = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)

    def begin(self) -> None:
        """A turn begins."""
        self._begun = self._seconds()

    def end(self) -> None:
        """The turn is over."""
        if self._begun is not None and (took := self._seconds() - self._begun) > LONGEST:
            os.write(2, f"{SLOW}: {took:.3f} s, {' '.join(sys.orig_argv[:4])}\n".encode())

    def _seconds(self) -> float:
        """A clock that stands still while this thread waits for a processor (man 5 proc, schedstat)."""
        if self._delays < 0:
            return time.thread_time()
        return time.monotonic() - int(os.pread(self._delays, 128, 0).split()[1]) / 1e9


def install() -> None:
    """Watch the loops that this process will have."""
    watch, look = Watch(), selectors.EpollSelector.select

    def select(
        selector: selectors.EpollSelector, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        watch.end()
        found = look(selector, timeout)
        watch.begin()
        return found

    selectors.EpollSelector.select = select  # type: ignore[assignment]


if __name__ != "support.loop_watch":
    install()
