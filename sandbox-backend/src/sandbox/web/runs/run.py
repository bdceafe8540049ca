"""Carries one command line out: parse, decide, find or pull the image, run, relay the runner's events, end."""

from __future__ import annotations

import dataclasses
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox import awake, policy
from sandbox.docker import cli, messages
from sandbox.docker.cli import Command, Images, Printed, Pull, Run, wording
from sandbox.docker.errors import DockerError
from sandbox.loop_turns import Turns
from sandbox.model import events, platform
from sandbox.model import reference as references
from sandbox.model.errors import IMAGE_GONE, ImageGoneError
from sandbox.model.events import Accepted, Created, Exited, Failed, Notice, Output, Queued, Reason
from sandbox.model.image import Image
from sandbox.model.isolations import VM
from sandbox.model.plan import Join, Plan
from sandbox.model.protocol import RunRequest, Script
from sandbox.model.reference import InvalidReferenceError
from sandbox.runner_client import Operation, RunnerClient, decoded, lost, type_of
from sandbox.settings import Settings
from sandbox.turns import Queue
from sandbox.web.api.metrics import Metrics
from sandbox.web.runs import listing
from sandbox.web.runs.advice import Advisor
from sandbox.web.runs.docker_hosts import Container, DockerHost
from sandbox.web.runs.head_starts import HeadStarts
from sandbox.web.runs.pull import Fetcher
from sandbox.web.runs.stream import Sink, Stalled

# what the runner may need beyond a run's own time: to create the container and to end it
PATIENCE = 10.0
CODE = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Services:
    """What all runs share."""

    settings: Settings
    client: RunnerClient
    runs: Queue
    pulls: Queue
    metrics: Metrics
    vms: Queue
    turns: Turns
    head_starts: HeadStarts

    @property
    def are_wanted(self) -> bool:
        """Return whether anybody waits for a place, of whatever kind it is."""
        return any(queue.waiting for queue in (self.runs, self.pulls, self.vms))


class Execution:
    """Carries one command line out on one Docker host, up to its last event."""

    def __init__(self, services: Services, host: DockerHost, run: str, line: str, isolation: str, sink: Sink) -> None:
        self._services, self._host, self._run_id, self._line, self._sink = services, host, run, line, sink
        self._isolation = isolation
        self._begun, self._kind = time.monotonic(), "unknown"
        self._advisor = Advisor(services.settings, host, isolation, line)
        self._script: Script | None = None
        self.operation: Operation | None = None

    async def carry_out(self) -> None:
        """Send everything from `accepted` on. ServiceError, Stalled and bugs are left to the caller."""
        asked, notice = await self._read()
        self._kind = asked.name
        # what the client prints by itself follows as output: no need to send it twice
        shown = {"name": asked.name} if isinstance(asked, Printed) else cli.as_dict(asked)
        await self._sink.event(Accepted(self._run_id, self._host.id, shown, self._isolation))
        if notice is not None:
            await self._sink.event(notice)
        try:
            match asked:
                case Printed():
                    await self._print(asked)
                case Images():
                    used = (container.image for container in self._host.containers.values())
                    await self._print(Printed(stdout=listing.table(asked, self._host.images, used, datetime.now(UTC))))
                case Pull():
                    await self._pull(asked)
                case Run():
                    await self._run(asked)
        except DockerError as error:
            hint = self._advisor.of_error(asked, error) if isinstance(asked, Run | Pull) else error.hint
            await self._print(Printed(stderr=error.stderr, code=error.code, hint=hint))

    async def _read(self) -> tuple[Command, Notice | None]:
        """Return what the line asks for, with what is to be told of it."""
        await self._services.turns.turn()
        asked = cli.parse(self._line)
        notice = self._advisor.notice(asked)
        if isinstance(asked, Printed):
            asked = dataclasses.replace(asked, hint=self._advisor.of_printed(asked))
        return asked, notice

    async def end(self, last: Exited | Failed) -> None:
        """Send the last event, an exit with the time that it took, unless there was one already."""
        if self._sink.ended:
            return
        if isinstance(last, Exited):
            last = dataclasses.replace(last, wall_ms=round((time.monotonic() - self._begun) * 1000, 3))
        await self._sink.event(last)
        self._count(last)

    async def _pull(self, asked: Pull) -> None:
        try:
            reference = references.parse(asked.image)
        except InvalidReferenceError as error:
            raise DockerError(f"{error}\n", 1) from error
        await self._fetcher().for_pull(asked, reference)
        await self.end(Exited(0, "exit"))

    async def _run(self, asked: Run) -> None:
        if asked.interactive and asked.tty:
            # there is no terminal at the other end of a stream of events, as there is none when a script runs docker
            raise DockerError(messages.NO_TERMINAL, 1)
        decision = policy.decide(asked, self._services.settings.limits)
        reference = references.parse(asked.image)
        if said := policy.without_swap(asked, self._services.settings.limits):
            await self._sink.event(Notice("no-swap", said))
        image = await self._fetcher().for_run(asked, reference)
        policy.check(self._isolation, decision)
        await self._warn_of_platform(asked, image)
        try:
            await self._operate(asked, decision, image)
        except ImageGoneError:
            self._host.forget(image)
            await self._operate(asked, decision, await self._fetcher().for_run(asked, reference))

    async def _warn_of_platform(self, asked: Run, image: Image) -> None:
        """Say as docker does that an image is made for another processor, when the line has not asked for that one."""
        machine = platform.parse(os.uname().machine)
        made_for = platform.parse(f"linux/{image.architecture}")
        if image.architecture and asked.platform is None and not made_for.offers(machine):
            text = messages.OTHER_PLATFORM.format(image=made_for, machine=machine)
            await self._sink.event(Output("stderr", text))

    def _joined(self, join: Join) -> Container:
        """Return the running container whose namespace is to be shared."""
        found = self._host.container(join.container)
        if found is None:
            text = messages.daemon_error(messages.no_such_container(join.kind, join.container))
            raise DockerError(text, 125, wording.NOT_RUNNING)
        return found

    async def _operate(self, asked: Run, decision: Plan, image: Image) -> None:
        joins = tuple(Join(join.kind, self._joined(join).id) for join in decision.joins)
        decision = dataclasses.replace(decision, joins=joins)
        seconds = self._services.settings.vm_seconds if self._isolation == VM.name else decision.limits.seconds
        patience = seconds + PATIENCE
        try:
            async with (
                self._turn(),
                awake.timeout(patience + 2 * self._services.settings.stalled_seconds),
                self._services.client.operation(self._request(decision, image), patience) as self.operation,
            ):
                await self._relay(self.operation, asked, image)
        except TimeoutError:
            # the runner has its own, shorter clock: what is slow here is the reader
            raise Stalled from None

    def _request(self, decision: Plan, image: Image) -> RunRequest:
        """Return what is asked of the runner, with what holds as the turn has come."""
        head_start = self._services.head_starts.take(self._host.address)
        return RunRequest(image.id, decision, self._isolation, self._host.id, self._sink.received, head_start)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a turn on the machine; a virtual machine first waits for the visitor's own one before it."""
        async with AsyncExitStack() as held:
            if self._isolation == VM.name:
                for queue in (self._host.vms, self._services.vms):
                    await held.enter_async_context(queue.turn(self._host.address, self._queued))
            await held.enter_async_context(self._services.runs.turn(self._host.address, self._queued))
            yield

    async def _relay(self, operation: Operation, asked: Run, image: Image) -> None:
        async for block in operation.blocks():
            for number, line in enumerate(block):
                kind = type_of(line)
                if kind == Created.type:
                    self._note_container(line, asked, image)
                elif kind == Script.type:
                    # for us alone
                    self._note_script(line)
                    block[number] = b""
                elif kind in events.LAST_TYPES:
                    if number:
                        await self._sink.write(b"".join(block[:number]))
                    await self._relay_last(line, asked, image)
                    return
            await self._sink.write(b"".join(block))
        raise lost("a run without an end")

    async def _relay_last(self, line: bytes, asked: Run, image: Image) -> None:
        """Send the runner's last event, with a hint where there is one."""
        last = decoded(line)
        if isinstance(last, Exited):
            script = self._script
            hint = self._advisor.of_script(script) if script else self._advisor.of_result(asked, last, image)
            last = dataclasses.replace(last, hint=hint) if hint else last
        if not isinstance(last, Exited | Failed):
            raise lost("not a last event")
        if isinstance(last, Failed) and last.code == IMAGE_GONE:
            raise ImageGoneError(last.code, last.text)
        await self._sink.event(last)
        self._count(last)

    def _note_container(self, line: bytes, asked: Run, image: Image) -> None:
        created = decoded(line)
        if isinstance(created, Created):
            container = Container(created.container, image.reference, self._run_id, asked.container_name)
            self._host.containers[self._run_id] = container

    def _note_script(self, line: bytes) -> None:
        script = decoded(line)
        self._script = script if isinstance(script, Script) else None

    async def _print(self, printed: Printed) -> None:
        """Send what docker's client prints by itself, and its end."""
        for output in (Output("stdout", printed.stdout), Output("stderr", printed.stderr)):
            if output.text:
                await self._sink.event(output)
        message = printed.stderr.rstrip("\n") if printed.code else None
        reason: Reason = "not-started" if printed.code else "exit"
        await self.end(Exited(printed.code, reason, message=message or None, hint=printed.hint))

    async def _queued(self, position: int, retry_seconds: float) -> None:
        await self._sink.event(Queued(position, retry_seconds))

    def _count(self, last: Exited | Failed) -> None:
        outcome = last.reason if isinstance(last, Exited) else last.code
        seconds = time.monotonic() - self._sink.received
        self._services.metrics.ended(self._kind, outcome if CODE.fullmatch(outcome) else "other", seconds)

    def _fetcher(self) -> Fetcher:
        services = self._services
        patience = services.settings.pull_seconds + services.settings.unpack_seconds + PATIENCE
        return Fetcher(services.client, services.pulls, patience, self._host, self._sink)
