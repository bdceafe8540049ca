"""Pulls images for the web process: each pull is a stream of messages that ends with exactly one outcome."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

from sandbox.images import errors
from sandbox.images.errors import PullError
from sandbox.images.programs import Programs
from sandbox.images.pull import Pulling, Report
from sandbox.images.puller.client import FetchError, Puller
from sandbox.images.puller.registry_watch import RegistryWatch
from sandbox.images.questions import Questions
from sandbox.images.resolve import Tools
from sandbox.images.store import Store, UnknownImageError
from sandbox.images.unpacker.client import UnpackError
from sandbox.images.visit import Visit
from sandbox.model import events, platform, reference
from sandbox.model.image import Config, Image
from sandbox.model.protocol import Fetched, NoImage, PullRequest, Resolved
from sandbox.model.reference import InvalidReferenceError, Reference
from sandbox.settings import Settings
from sandbox.turns import Queue

log = logging.getLogger(__name__)
# of layers, and of those that one address pulls: there is always one for somebody else
UNPACKS_AT_ONCE, UNPACKS_OF_ONE = 2, 1
MOST_WORDS, LONGEST_WORD = 16, 256
BROKEN = "이미지를 받다가 서버에 문제가 생겼어요. 잠시 뒤에 다시 해 보세요."
NO_SPACE = "서버의 디스크에 이 이미지를 받을 자리가 없어요. 잠시 뒤에 다시 해 보세요."
# what is wrong with an image, and not with a reader's line
BROKEN_IMAGES = frozenset({"bad-image", "digest-mismatch", "image-too-large", "unpack-timeout"})
Outcome = Fetched | NoImage | events.Failed
Message = Resolved | events.Pull | events.Notice | Outcome


class Pulls:
    """Pulls from the operator's registry into one store."""

    def __init__(self, settings: Settings, store: Store, puller: Puller) -> None:
        self.puller, self.registry = puller, RegistryWatch(puller)
        self._settings = settings
        questions, unpacks = Questions(settings, store, puller), Queue(UNPACKS_AT_ONCE, UNPACKS_OF_ONE)
        self._tools, self._programs = Tools(settings, store, questions, unpacks), Programs()

    @classmethod
    @asynccontextmanager
    async def start(cls, settings: Settings, store: Store) -> AsyncIterator[Pulls]:
        """Start a puller of its own, for as long as the context lasts."""
        async with Puller.start(settings) as puller:
            yield cls(settings, store, puller)

    async def pull(self, request: PullRequest) -> AsyncGenerator[Message, None]:
        """Yield what happens, the outcome last. Closing the generator ends the pull."""
        messages: asyncio.Queue[Message | None] = asyncio.Queue()

        async def work() -> None:
            try:
                messages.put_nowait(await self._outcome(request, messages.put_nowait))
            finally:
                messages.put_nowait(None)
                # also after a pull that failed or was given up, as it may have left layers
                self._make_room()

        task = asyncio.create_task(work())
        try:
            while (message := await messages.get()) is not None:
                yield message
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _outcome(self, request: PullRequest, report: Report) -> Outcome:
        try:
            image = await self._image(request, report)
            return Fetched(replace(_shown(image), programs=await self._programs_of(image)))
        except PullError as error:
            if error.reason in BROKEN_IMAGES:
                # what the operator's registry holds is the operator's affair; the text is all there is
                log.warning("pull of %r: %s: %s", request.reference, error.reason, str(error).strip())
            return _no_image(error)
        except InvalidReferenceError as error:
            return _no_image(PullError("invalid-reference", str(error)))
        except TimeoutError:
            return _no_image(errors.too_slow())
        except (FetchError, UnpackError) as error:
            # the text is all there is
            log.error("pull of %r: %s: %s", request.reference, error.code, error.text)  # noqa: TRY400
            return _failed(error.code)
        except OSError as error:
            log.exception("pull of %r", request.reference)
            return _failed("no-space" if error.errno == errno.ENOSPC else "store-failed")

    async def _programs_of(self, image: Image) -> tuple[str, ...] | None:
        """Return what programs the image has, for hints; None when that cannot be found out."""
        try:
            layers = [self._tools.store.layer_path(layer) for layer in image.layers]
            return await self._programs.of(image.id, layers)
        except (OSError, RuntimeError, UnknownImageError):  # it was removed meanwhile, or there is no thread to be had
            return None

    def _make_room(self) -> None:
        try:
            if self._tools.store.make_room():
                asyncio.get_running_loop().call_soon(self._make_room)
        except (OSError, RuntimeError):  # a disk in trouble, or no thread to be had
            log.exception("making room")

    async def _image(self, request: PullRequest, report: Report) -> Image:
        named = self._reachable(reference.parse(request.reference))
        wanted, asked = platform.parse(request.platform or os.uname().machine), bool(request.platform)
        async with asyncio.timeout(self._settings.pull_seconds) as bound:
            visit, have = Visit(request.address, bound), frozenset(request.have)
            return await Pulling(self._tools, named, wanted, have, report, visit, asked=asked).image()

    def _reachable(self, named: Reference) -> Reference:
        """Refuse any other registry: Docker Hub's names and the registry's own are both asked from the one registry."""
        if named.domain not in (None, urlsplit(self._settings.registry).netloc):
            raise errors.unreachable(named)
        return named


def _shown(image: Image) -> Image:
    """Return what the web process keeps of an image for every visitor who has it: `docker images` shows its names and
    sizes, hints look at the beginning of its command line. What a container is made from stays in the store."""
    config = image.config
    return replace(image, config=Config(_beginning(config.entrypoint), _beginning(config.cmd)))


def _beginning(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word[:LONGEST_WORD] for word in words[:MOST_WORDS])


def _failed(code: str) -> events.Failed:
    return events.Failed(code, NO_SPACE if code == "no-space" else BROKEN)


def _no_image(error: PullError) -> NoImage:
    return NoImage(error.stderr, error.code, error.reason)
