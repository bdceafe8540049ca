"""The life of one run in the web process: registered on its host, stoppable from outside, exactly one last event."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sandbox.model.events import Exited, Failed
from sandbox.web.runs.docker_hosts import Host, new_id
from sandbox.web.runs.pull import Broken
from sandbox.web.runs.run import Services, Story
from sandbox.web.runs.runner_client import RunnerLost
from sandbox.web.runs.stream import Sink, Stalled

log = logging.getLogger(__name__)
CANCELLED: Final = Exited(code=137, reason="cancelled", signal="SIGKILL")
STOPPING: Final = Failed("stopping", "서버가 꺼져서 여기서 멈췄어요. 잠시 뒤에 다시 실행해 보세요.")
LOST: Final = Failed("runner-lost", "실행기와 연결이 끊겼어요. 잠시 뒤에 다시 실행해 보세요.")
INTERNAL: Final = Failed("internal", "서버에 문제가 생겼어요. 잠시 뒤에 다시 실행해 보세요.")
# how long the runner may take to end a run that is to stop, before we say so ourselves
STOP_SECONDS = 0.8


class Session:
    """One command line on one host. Everything that it holds is given back when `carry_out` ends, however it ends."""

    def __init__(self, services: Services, host: Host, line: str, isolation: str) -> None:
        self.id, self._services, self._host, self._line, self._isolation = new_id(), services, host, line, isolation
        self._story: Story | None = None
        self._task: asyncio.Task[None] | None = None
        self._last: Exited | Failed | None = None

    def stop(self, last: Exited | Failed = CANCELLED) -> None:
        """End it: `last` becomes its last event, unless the runner tells the end itself in time. Returns at once."""
        if self._last is not None:
            return
        self._last = last
        if self._task is None or self._story is None:
            return
        if self._story.operation is not None and last is CANCELLED:
            self._story.operation.cancel()
            asyncio.get_running_loop().call_later(STOP_SECONDS, self._task.cancel)
        else:
            self._task.cancel()

    async def carry_out(self, sink: Sink) -> None:
        """Tell the whole story through `sink`. Stalled when the reader does not read; being cancelled means that the
        reader has left."""
        self._task = asyncio.current_task()
        self._story = Story(self._services, self._host, self.id, self._line, self._isolation, sink)
        self._host.runs[self.id] = self
        try:
            await self._guarded(self._story)
        except (asyncio.CancelledError, Stalled):
            self._services.metrics.left()
            raise
        finally:
            self._host.runs.pop(self.id, None)
            self._host.containers.pop(self.id, None)

    async def _guarded(self, story: Story) -> None:
        try:
            await story.tell()
        except asyncio.CancelledError:
            if self._last is None or self._task is None:
                raise
            self._task.uncancel()
            await story.end(self._last)
        except RunnerLost as error:
            if self._last is None:
                log.warning("run %s: runner lost: %r", self.id, str(error))
            await story.end(self._last or LOST)
        except Broken as error:
            await story.end(Failed(error.code, error.text))
        except Stalled:
            raise
        except Exception:
            log.exception("run %s", self.id)
            await story.end(INTERNAL)
