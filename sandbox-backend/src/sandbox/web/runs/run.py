"""What happens to one command line, told as events: parse, decide, find or pull the image, run, relay, end."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox import policy
from sandbox.docker import cli, messages
from sandbox.docker.cli import Images, Printed, Pull, Run, hints, wording
from sandbox.model import events, plan
from sandbox.model import reference as references
from sandbox.model.events import Accepted, Exited, Failed, Output, Queued
from sandbox.model.image import Image
from sandbox.model.isolations import VM
from sandbox.model.plan import Join, Plan
from sandbox.model.reference import InvalidReferenceError
from sandbox.settings import Settings
from sandbox.web.api.metrics import Metrics
from sandbox.web.runs import listing
from sandbox.web.runs.docker_hosts import Container, Host
from sandbox.web.runs.pull import Fetcher, Refused
from sandbox.web.runs.queue import Queue
from sandbox.web.runs.runner_client import Operation, RunnerClient, RunnerLost, decoded, kind_of
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


class Story:
    """One command line on one host, up to its last event."""

    def __init__(self, services: Services, host: Host, run: str, line: str, isolation: str, sink: Sink) -> None:
        self._services, self._host, self._run_id, self._line, self._sink = services, host, run, line, sink
        self._isolation = isolation
        self._begun = time.monotonic()
        self._kind = "unknown"
        self.operation: Operation | None = None

    async def tell(self) -> None:
        """Everything from `accepted` on. Broken, RunnerLost, Stalled and bugs are left to the caller."""
        asked = cli.parse(self._line)
        self._kind = asked.name
        # what the client prints by itself follows as output: no need to send it twice
        shown = {"name": asked.name} if isinstance(asked, Printed) else cli.as_dict(asked)
        await self._sink.event(Accepted(self._run_id, self._host.id, shown, self._isolation))
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
            await self._fetcher().for_pull(asked, references.parse(asked.image))
        except InvalidReferenceError as error:
            await self._print(Printed(stderr=f"{error}\n", code=1))
        except Refused as refused:
            await self._print(Printed(stderr=refused.text, code=refused.code))
        else:
            await self.end(Exited(0, "exit"))

    async def _run(self, asked: Run) -> None:
        if asked.interactive and asked.tty:
            # there is no terminal at the other end of a stream of events, as there is none when a script runs docker
            await self._print(Printed(stderr=messages.NO_TERMINAL, code=1), asked)
            return
        decision = policy.decide(asked, self._services.settings.limits)
        if isinstance(decision, Printed):
            await self._print(decision)
            return
        try:
            image = await self._fetcher().for_run(asked, references.parse(asked.image))
        except InvalidReferenceError as error:
            await self._print(Printed(stderr=messages.client_error(str(error)), code=125), asked)
        except Refused as refused:
            await self._print(Printed(stderr=refused.text, code=refused.code), asked)
        else:
            await self._start(asked, decision, image)

    async def _start(self, asked: Run, decision: Plan, image: Image) -> None:
        if refused := policy.refused(self._isolation, decision):
            await self._print(refused, asked)
            return
        joins = {join: self._host.container(join.container) for join in decision.joins}
        for join, found in joins.items():
            if found is None:
                text = messages.daemon_error(messages.no_such_container(join.kind, join.container))
                await self._print(Printed(stderr=text, code=125, hint=wording.NOT_RUNNING), asked)
                return
        ids = tuple(Join(join.kind, found.id) for join, found in joins.items() if found)
        await self._operate(asked, dataclasses.replace(decision, joins=ids), image)

    async def _operate(self, asked: Run, decision: Plan, image: Image) -> None:
        request = {
            "op": "run",
            "run": self._run_id,
            "host": self._host.id,
            "received": self._sink.received,
            "image": image.id,
            "reference": image.reference,
            "plan": plan.encode(decision),
            "isolation": self._isolation,
        }
        seconds = self._services.settings.vm_seconds if self._isolation == VM.name else decision.limits.seconds
        patience = seconds + PATIENCE
        try:
            async with (
                self._place(),
                asyncio.timeout(patience + 2 * self._services.settings.stalled_seconds),
                self._services.client.operation(request, patience) as self.operation,
            ):
                await self._relay(self.operation, asked, image)
        except TimeoutError:
            # the runner has its own, shorter clock: what is slow here is the reader
            raise Stalled from None

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """A place on the machine; a virtual machine also waits for the visitor's own one before it."""
        async with AsyncExitStack() as held:
            if self._isolation == VM.name:
                for queue in (self._host.vms, self._services.vms):
                    await held.enter_async_context(queue.place(self._host.address, self._queued))
            await held.enter_async_context(self._services.runs.place(self._host.address, self._queued))
            yield

    async def _relay(self, operation: Operation, asked: Run, image: Image) -> None:
        async for block in operation.blocks():
            for number, line in enumerate(block):
                kind = kind_of(line)
                if kind == events.Created.type:
                    self._note_container(line, asked, image)
                elif kind in events.LAST_TYPES:
                    last, encoded = _last(line, asked, image)
                    await self._sink.write(b"".join(block[:number]) + encoded, last=True)
                    self._count(last)
                    return
            await self._sink.write(b"".join(block))
        raise RunnerLost("a run without an end")

    def _note_container(self, line: bytes, asked: Run, image: Image) -> None:
        name = str(decoded(line).get("container"))
        self._host.containers[self._run_id] = Container(name, image.reference, self._run_id, asked.container_name)

    async def _print(self, printed: Printed, asked: Run | None = None) -> None:
        """What docker's client prints by itself, and its end."""
        for output in (Output("stdout", printed.stdout), Output("stderr", printed.stderr)):
            if output.text:
                await self._sink.event(output)
        message = printed.stderr.rstrip("\n") if printed.code else None
        exited = Exited(
            printed.code, "not-started" if printed.code else "exit", message=message or None, hint=printed.hint
        )
        if asked is not None and exited.hint is None:
            exited = dataclasses.replace(exited, hint=hints.for_result(asked, exited, None))
        await self.end(exited)

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


def _last(line: bytes, asked: Run, image: Image) -> tuple[Exited | Failed, bytes]:
    """The runner's last event, and its line with a hint where there is one."""
    value = decoded(line)
    try:
        kind, at = value.pop("type"), float(value.pop("at"))
        if kind == Failed.type:
            return Failed(**value), line
        exited = Exited(**value)
    except (KeyError, TypeError, ValueError) as error:
        raise RunnerLost("not a last event") from error
    hint = hints.for_result(asked, exited, image)
    return exited, events.encode(dataclasses.replace(exited, hint=hint), at) if hint else line
