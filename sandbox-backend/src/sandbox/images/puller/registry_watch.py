"""Watches whether the registry that images come from answers, by asking it through the puller."""

from __future__ import annotations

import asyncio
import logging
import time

from sandbox.images.puller.client import FetchError, Puller

log = logging.getLogger(__name__)
FRESH_SECONDS = 5.0
ANSWER_SECONDS = 20.0
PATIENCE_SECONDS = 1.0


class RegistryWatch:
    """Keeps the last answer, and asks anew, so that it heals; never twice at once or within a few seconds."""

    def __init__(self, puller: Puller) -> None:
        self._puller = puller
        self._reason: str | None = None
        self._asked = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def reason(self) -> str | None:
        """Empty when the registry answered last, else why it did not; None when that is not known yet.

        Waits a moment for a new answer, and gives the last one rather than wait for a registry that is silent.
        """
        if self._asking is None or (self._asking.done() and time.monotonic() - self._asked > FRESH_SECONDS):
            self._asking = asyncio.create_task(self._ask())
        await asyncio.wait({self._asking}, timeout=PATIENCE_SECONDS)
        return self._reason

    async def _ask(self) -> None:
        reason = ""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._puller.check()
        except FetchError as error:
            reason = error.text or error.code
        except TimeoutError:
            reason = f"no answer within {ANSWER_SECONDS:.0f} s"
        # the supervisor prints the first answer
        if self._reason is not None and bool(reason) != bool(self._reason):
            log.warning("%s", f"the registry does not answer: {reason}" if reason else "the registry answers again")
        self._reason, self._asked = reason, time.monotonic()
