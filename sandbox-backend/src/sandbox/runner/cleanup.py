"""Takes ended containers apart at moments when nobody waits for it, and not before the kernel has let go of them.

A container's clean-up costs the event loop one to two milliseconds of kernel calls. While another run waits for the
OCI runtime they are free; when no run comes, they are done a moment later anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from sandbox.runner import aside

log = logging.getLogger(__name__)
LATEST_SECONDS = 0.05
# how long after a try that came too early, or failed, the next one comes, at most
LONGEST_SECONDS = 2.0
Work = Callable[[], bool]


def in_order(*steps: Work) -> Work:
    """One clean-up of several, each of which is begun when the one before it is done; it goes on where it stopped."""
    left = list(steps)

    def work() -> bool:
        while left and left[0]():
            left.pop(0)
        return not left

    return work


class DeferredCleanup:
    """Holds the clean-ups that are still to be done: each is a function that says whether it is done, and is called
    again when it is not.

    It comes too early as long as a process of its container lives, such as one that waits for a disk; and it fails as
    long as the machine lacks what it needs, such as a descriptor.
    """

    def __init__(self) -> None:
        self._waiting: dict[Work, asyncio.TimerHandle] = {}
        self._early: dict[Work, asyncio.TimerHandle] = {}
        # those of which it is told already
        self._failed: set[Work] = set()
        self._trying: Work = bool
        self._finishing = False

    def aside(self, step: Work, *, disk: bool = False) -> Work:
        """The same as a step that a thread does: until that is done it is too early for the next one, which then comes
        at once. It may have to wait for a `disk`."""
        begun: list[Future[bool]] = []

        def work() -> bool:
            if not begun:
                begun.append(aside.begun(step, disk=disk))
                again = partial(self._again, asyncio.get_running_loop(), self._trying)
                begun[0].add_done_callback(again)
            if not begun[0].done() and not self._finishing:
                return False
            return begun.pop().result()

        return work

    def _again(self, loop: asyncio.AbstractEventLoop, work: Work, _: object) -> None:
        # the loop may be over
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._at_once, work)

    def _at_once(self, work: Work) -> None:
        if work in self._early and self._done(work):
            self._early.pop(work).cancel()

    def later(self, work: Work) -> None:
        """Take a clean-up over; it is tried within LATEST_SECONDS."""
        self._waiting[work] = asyncio.get_running_loop().call_later(LATEST_SECONDS, self._first, work)

    def now(self, work: Work) -> None:
        """Do a clean-up at once, and again later if that is too early."""
        self._try(work, LATEST_SECONDS)

    def do_next(self) -> None:
        """Do the clean-up that has waited longest, if there is one."""
        if self._waiting:
            self._first(next(iter(self._waiting)))

    def finish(self) -> None:
        """Do all that are left, now."""
        self._finishing = True
        for held in (self._waiting, self._early):
            for work, timer in held.items():
                timer.cancel()
                self._done(work)
            held.clear()

    def _first(self, work: Work) -> None:
        self._waiting.pop(work).cancel()
        self._try(work, LATEST_SECONDS)

    def _try(self, work: Work, pause: float) -> None:
        self._early.pop(work, None)
        if not self._done(work):
            longer = min(2 * pause, LONGEST_SECONDS)
            self._early[work] = asyncio.get_running_loop().call_later(pause, self._try, work, longer)

    def _done(self, work: Work) -> bool:
        self._trying = work
        try:
            done = work()
        except Exception:
            if work not in self._failed:
                log.exception("a clean-up failed")
            self._failed.add(work)
            return False
        if done:
            self._failed.discard(work)
        return done
