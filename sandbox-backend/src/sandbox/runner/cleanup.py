"""Takes ended containers apart at moments when nobody waits for it.

A container's clean-up costs the event loop one to two milliseconds of kernel calls. While another run waits for the
OCI runtime they are free; when no run comes, they are done a moment later anyway.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack

log = logging.getLogger(__name__)
LATEST_SECONDS = 0.05


class DeferredCleanup:
    """Holds the clean-ups that are still to be done, each an exit stack."""

    def __init__(self) -> None:
        self._waiting: dict[ExitStack, asyncio.TimerHandle] = {}

    def later(self, work: ExitStack) -> None:
        """Take a clean-up over; it is done within LATEST_SECONDS."""
        self._waiting[work] = asyncio.get_running_loop().call_later(LATEST_SECONDS, self._do, work)

    def do_next(self) -> None:
        """Do the clean-up that has waited longest, if there is one."""
        if self._waiting:
            self._do(next(iter(self._waiting)))

    def finish(self) -> None:
        """Do all that are left, now."""
        for work in list(self._waiting):
            self._do(work)

    def _do(self, work: ExitStack) -> None:
        timer = self._waiting.pop(work, None)
        if timer is None:
            return
        timer.cancel()
        try:
            work.close()
        except OSError:
            log.exception("a clean-up failed")
