"""The runner's pulls: each a stream of lines for the web process, ended by exactly one that says what came of it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from sandbox.images import errors, manifest
from sandbox.images.errors import Refused
from sandbox.images.pull import Pulling, Resolved
from sandbox.images.puller.client import FetchError, Puller
from sandbox.images.puller.registry_watch import RegistryWatch
from sandbox.images.resolve import Tools
from sandbox.images.store import Store
from sandbox.images.unpacker.client import UnpackError
from sandbox.model import events, image, reference
from sandbox.model.reference import InvalidReferenceError, Reference
from sandbox.settings import Settings

log = logging.getLogger(__name__)
UNPACKS_AT_ONCE = 2
Say = Callable[[Resolved | events.Pull], None]
BROKEN = "이미지를 받다가 서버에 문제가 생겼어요. 잠시 뒤에 다시 해 보세요."


class Pulls:
    """Pulls from the operator's registry into one store."""

    def __init__(self, settings: Settings, store: Store, puller: Puller) -> None:
        self.puller, self.registry = puller, RegistryWatch(puller)
        self._settings = settings
        self._tools = Tools(settings, store, puller, asyncio.Semaphore(UNPACKS_AT_ONCE))

    @classmethod
    @asynccontextmanager
    async def start(cls, settings: Settings, store: Store) -> AsyncIterator[Pulls]:
        """With a puller of its own, for as long as the context lasts."""
        async with Puller.start(settings) as puller:
            yield cls(settings, store, puller)

    async def pull(
        self, *, reference: str, platform: str | None, have: frozenset[str], received: float
    ) -> AsyncGenerator[bytes, None]:
        """Lines as the runner sends them: `resolved`, `pull` …, then one of `image`, `refused` and `failed`.

        `received` is the monotonic time that `at` counts from. Closing the generator ends the pull.
        """
        lines: asyncio.Queue[bytes | None] = asyncio.Queue()

        def say(record: Resolved | events.Pull) -> None:
            lines.put_nowait(_line(record, time.monotonic() - received))

        async def work() -> None:
            try:
                lines.put_nowait(await self._outcome(reference, platform, have, say))
            finally:
                lines.put_nowait(None)

        task = asyncio.create_task(work())
        try:
            while (line := await lines.get()) is not None:
                yield line
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _outcome(self, text: str, platform: str | None, have: frozenset[str], say: Say) -> bytes:
        try:
            named = self._reachable(reference.parse(text))
            wanted = manifest.platform(platform or os.uname().machine)
            async with asyncio.timeout(self._settings.pull_seconds):
                made = await Pulling(self._tools, named, wanted, have, say).image()
            return _json({"type": "image", "image": image.encode(made)})
        except Refused as error:
            return _refused(error)
        except InvalidReferenceError as error:
            return _refused(Refused("invalid-reference", str(error)))
        except TimeoutError:
            return _refused(errors.too_slow())
        except (FetchError, UnpackError) as error:
            log.error("pull of %r: %s: %s", text, error.code, error.text)  # noqa: TRY400  # the text is all there is
            return _json({"type": "failed", "code": error.code, "text": BROKEN})
        except OSError:
            log.exception("pull of %r", text)
            return _json({"type": "failed", "code": "store-failed", "text": BROKEN})

    def _reachable(self, named: Reference) -> Reference:
        """Docker Hub's names and the registry's own are both asked from the one registry; no other is asked at all."""
        if named.domain not in (None, urlsplit(self._settings.registry).netloc):
            raise errors.unreachable(named)
        return named


def _line(record: Resolved | events.Pull, at: float) -> bytes:
    if isinstance(record, Resolved):
        return _json({"type": "resolved", "digest": record.digest, "provenance": record.provenance})
    return events.encode(record, at)


def _refused(error: Refused) -> bytes:
    return _json({"type": "refused", "code": error.code, "message": error.message})


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
