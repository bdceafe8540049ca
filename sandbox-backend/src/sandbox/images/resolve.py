"""Fetches the documents that a reference leads to: index, manifest and configuration, each checked against the last."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Literal

from sandbox.images import config as imageconfig
from sandbox.images import errors, manifest
from sandbox.images.config import ImageConfig
from sandbox.images.errors import PullError
from sandbox.images.manifest import BadImage, Descriptor, Index, Manifest
from sandbox.images.puller.client import FetchError, Puller
from sandbox.images.puller.messages import Fetch, Fetched
from sandbox.images.store import Store
from sandbox.model.image import Layer
from sandbox.model.platform import Platform
from sandbox.model.reference import Reference
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Tools:
    """What every pull works with; `unpacks` bounds the layers that are unpacked at one time."""

    settings: Settings
    store: Store
    puller: Puller
    unpacks: asyncio.Semaphore

    async def fetch(self, wish: Fetch, into: IO[bytes], progress: Callable[[int], None] = lambda _: None) -> Fetched:
        """Fetch a part of a known image. PullError when the registry does not give it; FetchError when we fail."""
        try:
            return await self.puller.fetch(wish, into, progress)
        except FetchError as error:
            if error.code in errors.OURS:
                raise
            raise errors.not_copied(error.code, error.text) from error


@dataclass(frozen=True, slots=True)
class Found:
    """An image's documents in agreement. `digest` is what the reference names, `identity` the manifest's own."""

    digest: str
    identity: str
    config: ImageConfig
    config_digest: str
    layers: tuple[Layer, ...]
    content_bytes: int


@dataclass(frozen=True, slots=True)
class _Document:
    data: bytes
    media_type: str
    digest: str


async def find(tools: Tools, reference: Reference, wanted: Platform) -> Found:
    """Find the image that `reference` names, for the platform `wanted`. PullError when there is none."""
    try:
        return await _find(tools, reference, wanted)
    except BadImage as error:
        raise PullError("bad-image", str(error)) from error


async def _find(tools: Tools, reference: Reference, wanted: Platform) -> Found:
    top = await _resolve(tools, reference)
    digest, document = top.digest, manifest.parse_document(top.data, top.media_type)
    if isinstance(document, Index):
        entry = manifest.choose(document, wanted)
        if entry is None:
            raise errors.no_platform(wanted)
        top = await _document(tools, reference, "manifest", entry)
        document = manifest.parse_document(top.data, top.media_type)
    if not isinstance(document, Manifest):
        raise BadImage("an index within an index")
    size = sum(part.size for part in (document.config, *document.layers))
    if size > tools.settings.image_bytes:
        raise errors.too_large(tools.settings.image_bytes)
    config = imageconfig.parse((await _document(tools, reference, "blob", document.config)).data)
    if not config.platform.offers(wanted):
        raise errors.no_platform(wanted)
    layers = _layers(document, config)
    return Found(digest, top.digest, config, document.config.digest, layers, size + len(top.data))


async def _resolve(tools: Tools, reference: Reference) -> _Document:
    """Fetch what the reference names; docker has a message of its own when this call fails."""
    wish = Fetch("manifest", reference.path, reference.asked, manifest.LARGEST_DOCUMENT)
    with tools.store.spool() as file:
        try:
            fetched = await tools.puller.fetch(wish, file)
        except FetchError as error:
            if error.code in errors.OURS:
                raise
            raise errors.unresolved(reference, error.code, error.text) from error
        return _read(file, wish, fetched)


async def _document(
    tools: Tools, reference: Reference, kind: Literal["manifest", "blob"], descriptor: Descriptor
) -> _Document:
    if descriptor.size > manifest.LARGEST_DOCUMENT:
        raise BadImage(f"a document of {descriptor.size} bytes is larger than {manifest.LARGEST_DOCUMENT}")
    wish = Fetch(kind, reference.path, descriptor.digest, descriptor.size)
    with tools.store.spool() as file:
        return _read(file, wish, await tools.fetch(wish, file))


def _read(file: IO[bytes], wish: Fetch, fetched: Fetched) -> _Document:
    """Read what was fetched and hash it once more: the puller is not trusted with digests."""
    file.seek(0)
    data = file.read(wish.most + 1)
    algorithm, colon, _ = wish.reference.partition(":")
    digest = _digest(algorithm if colon else "sha256", data)
    if colon and digest != wish.reference:
        raise BadImage(f"unexpected commit digest {digest}, expected {wish.reference}: failed precondition")
    return _Document(data, fetched.media_type, digest)


def _digest(algorithm: str, data: bytes) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def _layers(document: Manifest, config: ImageConfig) -> tuple[Layer, ...]:
    """Pair blobs and diff ids, lowest first. Of a layer that is there twice only the upper one is kept, as overlayfs
    takes no folder twice."""
    if len(config.diff_ids) != len(document.layers):
        raise BadImage("mismatched image rootfs and manifest layers")
    pairs = zip(document.layers, config.diff_ids, strict=True)
    every = [Layer(blob.digest, diff_id, blob.size) for blob, diff_id in pairs]
    unique = {layer.digest: layer for layer in reversed(every)}
    return tuple(reversed(unique.values()))
