"""Asks the registry about images, for all visitors: how often it lets itself be asked is one budget of the machine.

What a tag led to, and that something is not there, is remembered for some seconds; a document with a digest as long as
there is room. Each address asks so much a minute, and waits when it has asked more.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from sandbox.images import threads
from sandbox.images.manifest import BadImage
from sandbox.images.puller.client import FetchError, Puller
from sandbox.images.puller.messages import Fetch, Fetched, Progress, Retrying
from sandbox.images.recent import Recent
from sandbox.images.store import Store
from sandbox.images.visit import Visit
from sandbox.settings import Settings

MISSING = frozenset({"no-such-image", "no-such-repository"})
MOST_NAMES, MOST_ADDRESSES, MOST_BYTES = 1000, 1000, 16 << 20
# what a document costs in memory beside its bytes
LEAST = 1 << 10
MINUTE = 60.0
# registries have a limit for manifests, and serve blobs from elsewhere
BLOB = 0.25


@dataclass(frozen=True, slots=True)
class Waiting:
    """The address has asked so much that it waits so many seconds."""

    seconds: float


Told = Callable[[Progress | Retrying | Waiting], None]
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Document:
    """What was fetched, and its digest, which was computed here."""

    data: bytes
    media_type: str
    digest: str


class Allowance:
    """Lets each address ask `most` questions a minute, all at once or one after the other."""

    def __init__(self, most: int) -> None:
        self._pause = MINUTE / most
        # the time up to which each address has asked, if one question comes after every pause
        self._asked: Recent[str, float] = Recent(MOST_ADDRESSES)

    async def spend(self, visit: Visit, questions: float, told: Told) -> None:
        """Wait until the visitor's address may ask so many; `told` hears how long that is."""
        cost, now = questions * self._pause, time.monotonic()
        due = max(self._asked.get(visit.address) or 0.0, now - MINUTE) + cost
        self._asked.put(visit.address, due)
        if due <= now:
            return
        told(Waiting(due - now))
        try:
            with visit.waiting():
                await asyncio.sleep(due - now)
        except BaseException:
            # who leaves has not asked
            self._asked.put(visit.address, (self._asked.get(visit.address) or due) - cost)
            raise


class Questions:
    """Asks a registry through its puller, and remembers what it said."""

    def __init__(self, settings: Settings, store: Store, puller: Puller) -> None:
        self._store, self._puller, self._seconds = store, puller, settings.tag_seconds
        self._allowance = Allowance(settings.registry_questions)
        # what a tag or digest of a repository led to, and until when that is believed
        self._named: Recent[Key, tuple[str | FetchError, float]] = Recent(MOST_NAMES)
        self._documents: Recent[Key, Document] = Recent(MOST_BYTES, _weight)

    async def document(self, wish: Fetch, visit: Visit, told: Told) -> Document:
        """Return a document. FetchError when the registry does not give it, BadImage when it gives something else."""
        known = self._known(wish)
        if known is None:
            await self._allowance.spend(visit, 1 if wish.kind == "manifest" else BLOB, told)
            # who has waited may find that another has asked
            known = self._known(wish)
        return known or await self._asked(wish, told)

    async def blob(self, wish: Fetch, into: IO[bytes], visit: Visit, told: Told) -> Fetched:
        """Have a layer written into a file. FetchError when the registry does not give it."""
        await self._allowance.spend(visit, BLOB, told)
        return await self._puller.fetch(wish, into, told)

    def _known(self, wish: Fetch) -> Document | None:
        led, until = self._named.get(_key(wish, wish.reference)) or (wish.reference, 0.0)
        if time.monotonic() >= until:
            led = wish.reference
        if isinstance(led, FetchError):
            raise FetchError(led.code, led.text)
        known = self._documents.get(_key(wish, led))
        # one of another size than an image says is for the puller to refuse
        if known is None or len(known.data) > wish.most or (wish.kind == "blob" and len(known.data) != wish.most):
            return None
        return known

    async def _asked(self, wish: Fetch, told: Told) -> Document:
        try:
            document = await self._fetched(wish, told)
        except FetchError as error:
            if error.code in MISSING:
                self._remember(wish, FetchError(error.code, error.text))
            raise
        self._remember(wish, document.digest)
        self._documents.put(_key(wish, document.digest), document)
        return document

    def _remember(self, wish: Fetch, led: str | FetchError) -> None:
        self._named.put(_key(wish, wish.reference), (led, time.monotonic() + self._seconds))

    async def _fetched(self, wish: Fetch, told: Told) -> Document:
        file = self._store.spool()
        try:
            return _read(file, wish, await self._puller.fetch(wish, file, told))
        finally:
            threads.close(file)


def _key(wish: Fetch, reference: str) -> Key:
    return wish.kind, wish.repository, reference


def _weight(document: Document) -> int:
    return LEAST + len(document.data)


def _read(file: IO[bytes], wish: Fetch, fetched: Fetched) -> Document:
    """Read what was fetched and hash it once more: the puller is not trusted with digests."""
    file.seek(0)
    data = file.read(wish.most + 1)
    algorithm, colon, _ = wish.reference.partition(":")
    digest = _digest(algorithm if colon else "sha256", data)
    if colon and digest != wish.reference:
        raise BadImage(f"unexpected commit digest {digest}, expected {wish.reference}: failed precondition")
    return Document(data, fetched.media_type, digest)


def _digest(algorithm: str, data: bytes) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
