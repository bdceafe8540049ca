"""Sends the events of one run that every isolation has: that it is created, and its one last event."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Awaitable

from sandbox.docker import outcome
from sandbox.docker.errors import DockerError
from sandbox.model.events import Created, Exited, Failed, Output, Reason
from sandbox.oci import process
from sandbox.runner.container.contents import NotStarted
from sandbox.runner.job import Job, Send
from sandbox.runner.kernel.cgroup import Usage

log = logging.getLogger(__name__)
NO_SPACE = "서버의 디스크에 이 실행이 쓸 자리가 없어요. 잠시 뒤에 다시 실행해 보세요."
BROKEN = "실행 환경에 문제가 생겼어요. 잠시 뒤에 다시 실행해 보세요."


class RunEvents:
    """Sends the events of `job`, with times in milliseconds since this was made; `send` sends any other event."""

    def __init__(self, job: Job, send: Send) -> None:
        self._image, self.send = job.image, send
        self._argv, self._source = process.argv(job.plan, job.image.config)
        self._begun = time.monotonic()
        self._ended = False
        # a file that the kernel could not execute
        self.not_executed: str | None = None

    async def guarded(self, work: Awaitable[bool]) -> bool:
        """Do `work`, which gives whether a program was started; what stops it is sent as the last event.

        What goes wrong on our side is sent as `failed`, and its detail is logged.
        """
        try:
            return await work
        except NotStarted as error:
            await self.not_started(error.message)
        except ConnectionError:
            # the web process has gone, so nobody is there to send it to
            raise
        except OSError as error:
            log.exception("a run of %s", self._image.reference)
            if not self._ended:
                full = error.errno == errno.ENOSPC
                await self._end(Failed("no-space", NO_SPACE) if full else Failed("sandbox-failed", BROKEN))
        return False

    async def created(self, container: str, system_bytes: int | None, network_bps: int | None = None) -> None:
        """Send that the container of this id is made."""
        event = Created(
            container=container,
            image_digest=self._image.digest,
            argv=self._argv,
            argv_source=self._source,
            layers=len(self._image.layers),
            root_bytes=self._image.root_bytes,
            created_ms=self._elapsed(),
            system_bytes=system_bytes,
            network_bps=network_bps,
        )
        await self.send(event)

    async def not_started(self, message: str) -> None:
        """Send as the end that the daemon refuses with `message`."""
        await self._not_started(outcome.not_created(message))

    async def refused(self, reason: str) -> None:
        """Send as the end that the OCI runtime cannot start the program, for a `reason` in crun's words."""
        await self._not_started(outcome.not_executed(reason, self._argv[0] if self._argv else ""))

    async def _not_started(self, error: DockerError) -> None:
        await self.send(Output("stderr", error.stderr))
        message = error.stderr.rstrip("\n")
        await self._end(Exited(error.code, "not-started", message=message, wall_ms=self._elapsed()))

    async def exited(self, code: int, reason: Reason, signal: str | None, usage: Usage) -> None:
        """Send as the end how the program ended and what it has used."""
        cpu, peak = round(usage.cpu_ms, 3), usage.peak_memory_bytes
        await self._end(Exited(code, reason, signal, wall_ms=self._elapsed(), cpu_ms=cpu, peak_memory_bytes=peak))

    async def failed(self, code: str, text: str) -> None:
        """Send as the end a failure of ours."""
        await self._end(Failed(code, text))

    async def _end(self, last: Exited | Failed) -> None:
        self._ended = True
        await self.send(last)

    def _elapsed(self) -> float:
        return round((time.monotonic() - self._begun) * 1000, 3)
