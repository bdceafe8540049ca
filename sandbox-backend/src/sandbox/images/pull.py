"""Carries one pull out, from reference to image: fetches and unpacks its parts, and checks them against each other."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import IO

from sandbox.images import errors, resolve, threads
from sandbox.images.puller.messages import Fetch, Progress, Retrying
from sandbox.images.questions import Waiting
from sandbox.images.resolve import Found, Tools, Wish
from sandbox.images.store import Held
from sandbox.images.unpacker.client import Budget, UnpackError, unpack
from sandbox.images.visit import Visit
from sandbox.model.events import Notice, Pull
from sandbox.model.image import Image, Layer
from sandbox.model.platform import Platform
from sandbox.model.protocol import Resolved
from sandbox.model.reference import Reference

DOWNLOADS_AT_ONCE = 3  # as many as Docker's daemon, unless it is set otherwise
SHORT_ID = 12
# whoever hears nothing for minutes takes the runner for lost
AGAIN_SECONDS = 10.0
# nobody wonders about so short a pause
UNTOLD_SECONDS = 1.0
BUSY = "레지스트리가 지금은 답하지 못해서 {seconds}초 뒤에 다시 물어봐요. 몇 번은 저절로 다시 물어보니 기다려 주세요."
MANY = "이 주소에서 레지스트리에 많이 물어봐서 {seconds}초 기다렸다가 이어서 받아요."

Report = Callable[[Resolved | Pull | Notice], None]


class Pulling:
    """A pull for a visitor whose Docker host has the blobs `have`; `report` is called with what happens.

    The platform is `wanted` because the reader has `asked` for it, or because it is the machine's.
    """

    def __init__(
        self,
        tools: Tools,
        reference: Reference,
        wanted: Platform,
        have: frozenset[str],
        report: Report,
        visit: Visit,
        *,
        asked: bool,
    ) -> None:
        self._tools, self._reference, self._visit = tools, reference, visit
        self._wish = Wish(reference, wanted, asked, visit, partial(self._told, None))
        self._have, self._report = have, report
        self._said: set[str] = set()
        self._downloads = asyncio.Semaphore(DOWNLOADS_AT_ONCE)

    async def image(self) -> Image:
        """Pull it: its layers are then in the store. PullError, FetchError or UnpackError when there is none."""
        found = await resolve.find(self._tools, self._wish)
        self._report(Resolved(found.digest, found.config.provenance))
        if found.config_digest not in self._have:
            self._report(_event(found.config_digest, "Download complete"))
        with self._tools.store.using(found.layers):
            return await self._made(found)

    async def _made(self, found: Found) -> Image:
        held = await self._layers(found.layers)
        image = Image(
            reference=self._reference.familiar,
            digest=found.digest,
            id=found.identity,
            architecture=found.config.platform.architecture,
            layers=found.layers,
            config=found.config.config,
            content_bytes=found.content_bytes,
            root_bytes=sum(layer.bytes for layer in held),
            provenance=found.config.provenance,
            created=found.config.created,
        )
        await self._tools.store.save(image)
        return image

    async def _layers(self, layers: Sequence[Layer]) -> list[Held]:
        """Download the layers side by side and unpack them in order, as Docker does."""
        held: list[Held] = []
        blobs: list[asyncio.Task[IO[bytes] | None]] = []
        try:
            async with asyncio.TaskGroup() as group:
                blobs += [group.create_task(self._download(layer)) for layer in layers]
                for layer, blob in zip(layers, blobs, strict=True):
                    held.append(await self._stored(layer, await blob, self._budget(held)))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        finally:
            for task in blobs:
                if task.done() and not task.cancelled() and task.exception() is None and (made := task.result()):
                    threads.close(made)
        return held

    def _budget(self, held: Sequence[Held]) -> Budget:
        settings = self._tools.settings
        return Budget(
            settings.image_bytes - sum(layer.bytes for layer in held),
            settings.image_files - sum(layer.files for layer in held),
        )

    async def _download(self, layer: Layer) -> IO[bytes] | None:
        """Return the layer's blob; None when the visitor's host has it already."""
        if layer.digest in self._have and self._tools.store.layer(layer.digest) is not None:
            self._report(_event(layer.digest, "Already exists"))
            return None
        self._report(_event(layer.digest, "Pulling fs layer"))
        async with self._downloads:
            blob = self._tools.store.spool()
            try:
                await self._download_into(blob, layer)
            except BaseException:
                threads.close(blob)
                raise
        self._report(_event(layer.digest, "Download complete"))
        return blob

    async def _download_into(self, blob: IO[bytes], layer: Layer) -> None:
        wish = Fetch("blob", self._reference.path, layer.digest, layer.size)
        with resolve.copied():
            await self._tools.questions.blob(wish, blob, self._visit, partial(self._told, layer))

    def _told(self, layer: Layer | None, news: Progress | Retrying | Waiting) -> None:
        """Report what is said of a layer, or of a document."""
        if isinstance(news, Retrying):
            self._report_retry(layer, math.ceil(news.seconds))
        elif isinstance(news, Waiting):
            if news.seconds > UNTOLD_SECONDS:
                self._report_once("registry-turn", MANY, math.ceil(news.seconds))
        elif layer:
            self._report(_event(layer.digest, "Downloading", min(news.bytes, layer.size), layer.size))

    def _report_retry(self, layer: Layer | None, seconds: int) -> None:
        status = f"Retrying in {seconds} second{'' if seconds == 1 else 's'}"
        self._report(_event(layer.digest, status) if layer else Pull(None, status))
        self._report_once("registry-busy", BUSY, seconds)

    def _report_once(self, code: str, text: str, seconds: int) -> None:
        if code not in self._said:
            self._said.add(code)
            self._report(Notice(code, text.format(seconds=seconds)))

    async def _stored(self, layer: Layer, blob: IO[bytes] | None, budget: Budget) -> Held:
        """Have the layer in the store, unpacked now or earlier. Two pulls of one layer unpack it once."""
        if blob is not None:
            self._report(_extracting(layer))
        try:
            held = await self._unpacked(layer, blob, budget)
        except UnpackError as error:
            if error.code in errors.OURS:
                raise
            raise errors.not_extracted(layer.diff_id, error.code, error.text) from error
        if held.bytes > budget.bytes or held.files > budget.files:
            raise errors.too_large(self._tools.settings.image_bytes)
        if blob is not None:
            self._report(_event(layer.digest, "Pull complete"))
        return held

    async def _unpacked(self, layer: Layer, blob: IO[bytes] | None, budget: Budget) -> Held:
        store = self._tools.store
        with store.lock(layer.digest) as lock:
            held = store.layer(layer.digest)
            while held is None and blob is not None:
                if lock.locked():
                    held = await self._awaited(lock, layer)
                else:
                    held = await self._unpacked_in_turn(lock, layer, blob, budget)
        if held is None or held.diff_id != layer.diff_id:
            raise UnpackError("digest-mismatch", f"wrong diff id, expected {layer.diff_id}")
        return held

    async def _awaited(self, lock: asyncio.Lock, layer: Layer) -> Held | None:
        """Wait for another pull to unpack the layer: it has a turn, which is enough for both. None when it failed."""
        async with self._waiting(layer), lock:
            return self._tools.store.layer(layer.digest)

    async def _unpacked_in_turn(self, lock: asyncio.Lock, layer: Layer, blob: IO[bytes], budget: Budget) -> Held | None:
        """Unpack a layer when the turn for it comes; None when another pull does so by then."""
        settings, store = self._tools.settings, self._tools.store
        async with AsyncExitStack() as held:
            async with self._waiting(layer):
                await held.enter_async_context(self._tools.unpacks.turn(self._visit.address))
            if lock.locked():
                return None
            async with lock:
                return store.layer(layer.digest) or await unpack(settings, store, layer, blob, budget)

    @asynccontextmanager
    async def _waiting(self, layer: Layer) -> AsyncIterator[None]:
        """Wait in the block behind others: whoever reads hears now and then that it goes on."""
        telling = asyncio.create_task(self._tell_again(layer))
        try:
            with self._visit.waiting():
                yield
        finally:
            telling.cancel()

    async def _tell_again(self, layer: Layer) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            self._report(_extracting(layer))


def _event(digest: str, status: str, current: int | None = None, total: int | None = None) -> Pull:
    return Pull(digest.partition(":")[2][:SHORT_ID], status, current, total)


def _extracting(layer: Layer) -> Pull:
    return _event(layer.digest, "Extracting", layer.size, layer.size)
