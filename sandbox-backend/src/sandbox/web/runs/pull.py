"""Finds an image on a Docker host or pulls it there, and sends what docker's client would print meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.docker import messages
from sandbox.docker.cli import Pull, Run
from sandbox.docker.errors import DockerError
from sandbox.model import events
from sandbox.model.errors import ServiceError
from sandbox.model.events import Event, ImageState, Output, Pulled, Queued, Stream
from sandbox.model.image import Image
from sandbox.model.protocol import Fetched, NoImage, PullRequest, Reply, Resolved
from sandbox.model.reference import Reference
from sandbox.runner_client import RunnerClient, lost
from sandbox.turns import Queue
from sandbox.web.runs.docker_hosts import DockerHost
from sandbox.web.runs.stream import Sink


@dataclass(slots=True)
class Want:
    """One pull: `stream` is where its progress is printed, `held` the image that the host had under that name.

    `resolved` once the registry has answered, and `same` once it is known that the host has this very image: docker
    then prints no layer.
    """

    reference: Reference
    platform: str | None
    stream: Stream
    quiet: bool
    held: Image | None
    resolved: bool = False
    same: bool = False


class Fetcher:
    """Finds images on `host` or pulls them there."""

    def __init__(self, client: RunnerClient, queue: Queue, patience: float, host: DockerHost, sink: Sink) -> None:
        self._client, self._queue, self._patience, self._host, self._sink = client, queue, patience, host, sink

    async def for_run(self, run: Run, reference: Reference) -> Image:
        """Return the image that `docker run` starts from, as its `--pull` says. DockerError or ServiceError."""
        held = self._host.find(run.image, reference, run.platform)
        if run.pull == "never" and held is None:
            await self._sink.event(events.Image(reference.familiar, "missing"))
            raise DockerError(messages.daemon_error(messages.no_such_image(reference)), 125)
        if held is not None and run.pull != "always":
            await self._sink.event(events.Image(reference.familiar, "present", held.provenance))
            return held
        if run.pull == "missing" and not run.quiet:
            await self._print("stderr", messages.unable_to_find(reference))
        try:
            return await self._pull(Want(reference, run.platform, "stderr", run.quiet, held))
        except DockerError as error:
            raise DockerError(messages.client_error(error.stderr.removesuffix("\n")), 125) from None

    async def for_pull(self, pull: Pull, reference: Reference) -> None:
        """Carry out all of `docker pull`. DockerError or ServiceError."""
        held = self._host.find(pull.image, reference, pull.platform)
        if not pull.quiet and _names_no_tag(pull.image, reference):
            await self._print("stdout", messages.default_tag())
        await self._pull(Want(reference, pull.platform, "stdout", pull.quiet, held))
        await self._print("stdout", messages.canonical(reference) + "\n")

    async def _pull(self, want: Want) -> Image:
        have = tuple(self._host.blobs())
        address = self._host.address
        request = PullRequest(want.reference.familiar, want.platform, have, self._sink.received, address)
        async with (
            self._queue.turn(address, self._queued),
            self._client.operation(request, self._patience) as operation,
        ):
            async for message in operation.messages():
                if isinstance(message, Fetched):
                    return await self._arrived(want, message.image, frozenset(have))
                await self._step(want, message)
        raise lost("a pull without an end")

    async def _step(self, want: Want, message: Reply | Event) -> None:
        match message:
            case Resolved():
                await self._resolved(want, message)
            case events.Pull():
                await self._progress(want, message)
            case events.Notice():
                await self._sink.event(message)
            case NoImage():
                if not want.resolved:
                    state: ImageState = "present" if want.held else "missing"
                    await self._sink.event(events.Image(want.reference.familiar, state))
                raise DockerError(message.stderr, message.code)
            case events.Failed():
                raise ServiceError(message.code, message.text)

    async def _progress(self, want: Want, step: events.Pull) -> None:
        # sent anew instead of relayed, so that our own lines and the runner's keep one order of time
        await self._sink.event(step)
        text = messages.pull_status(step.layer, step.status) if step.layer else None
        if text and not want.quiet and not want.same:
            await self._print(want.stream, text)

    async def _resolved(self, want: Want, found: Resolved) -> None:
        want.resolved = True
        want.same = want.held is not None and want.held.digest == found.digest
        state: ImageState = "present" if want.same else "missing"
        await self._sink.event(events.Image(want.reference.familiar, state, found.provenance))
        if not want.quiet:
            await self._print(want.stream, messages.pulling(want.reference))

    async def _arrived(self, want: Want, image: Image, had: frozenset[str]) -> Image:
        self._host.add(image, want.reference)
        crossed = image.content_bytes - sum(layer.size for layer in image.layers if layer.digest in had)
        await self._sink.event(Pulled(image.digest, max(0, crossed)))
        if not want.quiet:
            newer = want.held is None or want.held.digest != image.digest
            await self._print(want.stream, messages.pull_end(want.reference, image.digest, newer))
        return image

    async def _queued(self, position: int, retry_seconds: float) -> None:
        await self._sink.event(Queued(position, retry_seconds))

    async def _print(self, stream: Stream, text: str) -> None:
        await self._sink.event(Output(stream, text))


def _names_no_tag(text: str, reference: Reference) -> bool:
    return reference.digest is None and not text.endswith(f":{reference.tag}")
