"""Reports whether containers can be started, from the runner's own state, which is asked for every few seconds."""

from __future__ import annotations

import asyncio
import time

from sandbox.model.errors import ServiceError
from sandbox.model.isolations import PROFILES
from sandbox.model.protocol import Status
from sandbox.runner_client import RunnerClient
from sandbox.settings import Settings
from sandbox.turns import Queue
from sandbox.web.api.answers import Health

STATUS_SECONDS = 5.0
FRESH_SECONDS = 5.0
AWAY = Status("the runner does not answer")


class RunnerStatus:
    """Keeps the runner's last state, and asks for it once at a time."""

    def __init__(self, client: RunnerClient) -> None:
        self._client = client
        self._status: Status | None = None
        self._asked = 0.0
        self._asking = asyncio.Lock()

    async def get(self) -> Status:
        """Return the runner's state, at most FRESH_SECONDS old; `AWAY` when it does not answer."""
        async with self._asking:
            if self._status is None or time.monotonic() - self._asked > FRESH_SECONDS:
                self._status = await self._ask()
                self._asked = time.monotonic()
            return self._status

    async def _ask(self) -> Status:
        try:
            return await self._client.status(STATUS_SECONDS)
        except ServiceError:
            return AWAY


def health(status: Status, runs: Queue, settings: Settings) -> Health:
    """Return the answer of `GET /v1/health`: ok means that the runner has really started a container lately."""
    return Health(
        "ok" if status.reason is None else "unavailable",
        isolations=tuple(one.name for one in PROFILES.values() if one.name in status.isolations),
        running=runs.taken,
        slots=runs.slots,
        queued=runs.waiting,
        emulated=settings.emulated,
        reason=status.reason,
        registry=None if status.registry is None else ("unreachable" if status.registry else "ok"),
        run_ms=status.run_ms if settings.emulated else None,
    )
