"""Ends what is due in a thread of its own, so that a deadline is kept whatever the event loop is doing."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


@dataclass(order=True, slots=True)
class Deadline:
    """A moment of the monotonic clock, in seconds, and what is done then; `passed` says that it was done."""

    at: float
    number: int
    action: Callable[[], None] = field(compare=False)
    passed: bool = field(default=False, compare=False)
    withdrawn: bool = field(default=False, compare=False)


class Deadlines:
    """Holds the deadlines of all runs. Its thread starts with the first one, and ends with the process."""

    def __init__(self) -> None:
        self._waiting: list[Deadline] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def after(self, seconds: float, action: Callable[[], None]) -> Iterator[Deadline]:
        """Do `action` in the thread in `seconds`, unless the block has ended by then; it may go on for a moment after
        that. RuntimeError when there is no thread yet, and none can be started."""
        due = Deadline(time.monotonic() + seconds, next(self._numbers), action)
        with self._changed:
            self._start()
            heapq.heappush(self._waiting, due)
            self._changed.notify()
        try:
            yield due
        finally:
            with self._changed:
                due.withdrawn = True

    def _start(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._keep, name="deadlines", daemon=True)
            thread.start()
            self._thread = thread

    def _keep(self) -> None:
        while True:
            # not with the lock, for which the loop would wait as long as the kernel takes
            _pass(self._next())

    def _next(self) -> Deadline:
        """Wait for one that is due."""
        with self._changed:
            while True:
                while self._waiting and (self._waiting[0].withdrawn or self._waiting[0].at <= time.monotonic()):
                    due = heapq.heappop(self._waiting)
                    if not due.withdrawn:
                        return due
                self._changed.wait(self._waiting[0].at - time.monotonic() if self._waiting else None)


def _pass(due: Deadline) -> None:
    due.passed = True
    try:
        due.action()
    except Exception:
        # the others shall be kept
        log.exception("what was due failed")
