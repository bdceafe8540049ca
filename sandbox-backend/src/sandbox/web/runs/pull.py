"""Whether an image is there, and the pull when it is not: the runner's lines out, with what docker's client prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.docker import messages
from sandbox.docker.cli import Pull, Run
from sandbox.model import image as images
from sandbox.model.events import Image as ImageEvent
from sandbox.model.events import Output, Pulled, Queued, Stream
from sandbox.model.events import Pull as PullEvent
from sandbox.model.image import Image
from sandbox.model.reference import Reference
from sandbox.web.runs.docker_hosts import Host
from sandbox.web.runs.queue import Queue
from sandbox.web.runs.runner_client import RunnerClient, RunnerLost, decoded
from sandbox.web.runs.stream import Sink


class Refused(Exception):
    """Docker would end here: what it prints on stderr and its exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.text, self.code = text, code


class Broken(Exception):
    """Our fault, in the runner's words for the reader."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


@dataclass(slots=True)
class Want:
    """One pull: who speaks (`stream` for progress), how a refusal is worded, what the host had before.

    `same` once it is known that the host has this very image: docker then tells of no layer.
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

    def __init__(self, client: RunnerClient, queue: Queue, patience: float, host: Host, sink: Sink) -> None:
        self._client, self._queue, self._patience, self._host, self._sink = client, queue, patience, host, sink

    async def for_run(self, run: Run, reference: Reference) -> Image:
        """The image that `docker run` starts from, as its `--pull` says. Refused, Broken or RunnerLost."""
        held = self._host.find(run.image, reference, run.platform)
        if run.pull == "never" and held is None:
            await self._sink.event(ImageEvent(reference.familiar, "missing"))
            raise Refused(messages.daemon_error(messages.no_such_image(reference)), 125)
        if held is not None and run.pull != "always":
            await self._sink.event(ImageEvent(reference.familiar, "present", held.provenance))
            return held
        if run.pull == "missing" and not run.quiet:
            await self._print("stderr", messages.unable_to_find(reference))
        want = Want(reference, run.platform, "stderr", run.quiet, held)
        try:
            return await self._pull(want)
        except _Answer as answer:
            raise Refused(messages.daemon_error(answer.message), 125) from None

    async def for_pull(self, pull: Pull, reference: Reference) -> None:
        """All of `docker pull`. Refused, Broken or RunnerLost."""
        held = self._host.find(pull.image, reference, pull.platform)
        if not pull.quiet and _names_no_tag(pull.image, reference):
            await self._print("stdout", messages.default_tag())
        try:
            await self._pull(Want(reference, pull.platform, "stdout", pull.quiet, held))
        except _Answer as answer:
            raise Refused(messages.pull_error(answer.message), 1) from None
        await self._print("stdout", messages.canonical(reference) + "\n")

    async def _pull(self, want: Want) -> Image:
        have = self._host.blobs()
        request = {
            "op": "pull",
            "reference": want.reference.familiar,
            "platform": want.platform,
            "have": have,
            "received": self._sink.received,
        }
        async with (
            self._queue.place(self._host.address, self._queued),
            self._client.operation(request, self._patience) as operation,
        ):
            async for block in operation.blocks():
                for line in block:
                    image = await self._step(want, line)
                    if image is not None:
                        return await self._arrived(want, image, frozenset(have))
        raise RunnerLost("a pull without an end")

    async def _step(self, want: Want, line: bytes) -> Image | None:
        value = decoded(line)
        match value.get("type"):
            case "resolved":
                await self._resolved(want, value)
            case "pull":
                await self._progress(want, value)
            case "image":
                return _image(value.get("image"))
            case "refused":
                if not want.resolved:
                    await self._sink.event(ImageEvent(want.reference.familiar, "present" if want.held else "missing"))
                raise _Answer(str(value.get("message")))
            case "failed":
                raise Broken(str(value.get("code")), str(value.get("text")))
        return None

    async def _progress(self, want: Want, value: dict[str, Any]) -> None:
        # told anew instead of relayed, so that our own lines and the runner's keep one order of time
        step = PullEvent(value.get("layer"), str(value.get("status")), value.get("current"), value.get("total"))
        await self._sink.event(step)
        text = messages.pull_status(step.layer, step.status) if step.layer else None
        if text and not want.quiet and not want.same:
            await self._print(want.stream, text)

    async def _resolved(self, want: Want, value: dict[str, Any]) -> None:
        want.resolved = True
        want.same = want.held is not None and want.held.digest == value.get("digest")
        provenance = value.get("provenance")
        await self._sink.event(ImageEvent(want.reference.familiar, "present" if want.same else "missing", provenance))
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


class _Answer(Exception):
    """The daemon's own words for why there is no image."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def _image(value: object) -> Image:
    try:
        return images.decode(value)
    except ValueError as error:
        raise RunnerLost(str(error)) from error


def _names_no_tag(text: str, reference: Reference) -> bool:
    return reference.digest is None and not text.endswith(f":{reference.tag}")
