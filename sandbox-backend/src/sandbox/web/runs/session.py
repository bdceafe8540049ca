"""Keeps one run of the web process: registered on its host, stoppable from outside, exactly one last event."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sandbox.model.errors import ServiceError
from sandbox.model.events import Exited, Failed
from sandbox.web.runs.docker_hosts import DockerHost, new_id
from sandbox.web.runs.run import Execution, Services
from sandbox.web.runs.stream import Sink, Stalled

log = logging.getLogger(__name__)
CANCELLED: Final = Exited(code=137, reason="cancelled", signal="SIGKILL")
STOPPING: Final = Failed("stopping", "서버가 꺼져서 여기서 멈췄어요. 잠시 뒤에 다시 실행해 보세요.")
INTERNAL: Final = Failed("internal", "서버에 문제가 생겼어요. 잠시 뒤에 다시 실행해 보세요.")
# how long the runner may take to end a run that is to stop, before the web process ends it by itself
STOP_SECONDS = 0.8


class Session:
    """One command line on one host. Everything that it holds is given back when `carry_out` ends, however it ends."""

    def __init__(self, services: Services, host: DockerHost, line: str, isolation: str) -> None:
        self.id, self._services, self._host, self._line, self._isolation = new_id(), services, host, line, isolation
        self._execution: Execution | None = None
        self._task: asyncio.Task[None] | None = None
        self._last: Exited | Failed | None = None

    def stop(self, last: Exited | Failed = CANCELLED) -> None:
        """End it: `last` becomes its last event, unless the runner sends one itself in time. Returns at once."""
        if self._last is not None:
            return
        self._last = last
        if self._task is None or self._execution is None:
            return
        if self._execution.operation is not None and last is CANCELLED:
            self._execution.operation.cancel()
            asyncio.get_running_loop().call_later(STOP_SECONDS, self._task.cancel)
        else:
            self._task.cancel()

    async def carry_out(self, sink: Sink) -> None:
        """Send all events through `sink`. Stalled when the reader does not read; a cancellation means that the reader
        has left."""
        self._task = asyncio.current_task()
        self._execution = Execution(self._services, self._host, self.id, self._line, self._isolation, sink)
        self._host.runs[self.id] = self
        try:
            await self._guarded(self._execution)
        except (asyncio.CancelledError, Stalled):
            self._services.metrics.left()
            raise
        finally:
            self._host.runs.pop(self.id, None)
            self._host.containers.pop(self.id, None)

    async def _guarded(self, execution: Execution) -> None:
        try:
            await execution.carry_out()
        except asyncio.CancelledError:
            if self._last is None or self._task is None:
                raise
            self._task.uncancel()
            await execution.end(self._last)
        except ServiceError as error:
            if self._last is None:
                log.warning("run %s: %s: %r", self.id, error.code, error.detail)
            await execution.end(self._last or Failed(error.code, error.text))
        except Stalled:
            raise
        except Exception:
            log.exception("run %s", self.id)
            await execution.end(INTERNAL)
