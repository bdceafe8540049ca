"""Fetches the documents that a reference leads to: index, manifest and configuration, each checked against the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from sandbox.images import config as imageconfig
from sandbox.images import errors, manifest
from sandbox.images.config import ImageConfig
from sandbox.images.errors import PullError
from sandbox.images.manifest import BadImage, Descriptor, Index, Manifest
from sandbox.images.puller.client import FetchError
from sandbox.images.puller.messages import Fetch
from sandbox.images.questions import Document, Questions, Told
from sandbox.images.store import Store
from sandbox.images.visit import Visit
from sandbox.model.image import Layer
from sandbox.model.platform import Platform
from sandbox.model.reference import Reference
from sandbox.settings import Settings
from sandbox.turns import Queue

# containerd goes into as many as there are; whoever copies an image from index to index makes two
MOST_INDEXES = 4


@dataclass(frozen=True, slots=True)
class Tools:
    """What every pull works with; `unpacks` are the turns of the layers that are unpacked at one time."""

    settings: Settings
    store: Store
    questions: Questions
    unpacks: Queue


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
class Wish:
    """What is to be found: an image for the platform `wanted`, which the reader has `asked` for or the machine has;
    it is for `visit`, and `told` hears of what comes and when the registry is asked again."""

    reference: Reference
    wanted: Platform
    asked: bool
    visit: Visit
    told: Told


async def find(tools: Tools, wish: Wish) -> Found:
    """Find the image that is wished for. PullError when there is none."""
    try:
        return await _find(tools, wish)
    except BadImage as error:
        raise PullError("bad-image", str(error)) from error


async def _find(tools: Tools, wish: Wish) -> Found:
    top = await _resolve(tools, wish)
    digest, document, entry = top.digest, manifest.parse_document(top.data, top.media_type), None
    for _ in range(MOST_INDEXES):
        if isinstance(document, Index):
            entry = manifest.choose(document, wish.wanted)
            if entry is None:
                raise errors.no_platform(wish.wanted)
            top = await _document(tools, wish, "manifest", entry)
            document = manifest.parse_document(top.data, top.media_type)
    if not isinstance(document, Manifest):
        raise BadImage(f"more than {MOST_INDEXES} indexes within each other")
    manifest.check_image(document)
    size = sum(part.size for part in (document.config, *document.layers))
    if size > tools.settings.image_bytes:
        raise errors.too_large(tools.settings.image_bytes)
    config = imageconfig.parse((await _document(tools, wish, "blob", document.config)).data)
    _check_platform(wish, entry, config.platform)
    layers = _layers(document, config)
    return Found(digest, top.digest, config, document.config.digest, layers, size + len(top.data))


def _check_platform(wish: Wish, entry: Descriptor | None, offered: Platform) -> None:
    """Check the configuration's platform as far as Docker does: not where an index has said what its entry is for, and
    of an image without an index only what the reader has asked for. What says nothing is for any."""
    if offered.os != "linux":
        raise errors.other_system(offered)
    if not offered.architecture or offered.offers(wish.wanted) or (entry and entry.platform):
        return
    if entry:
        raise errors.no_platform(wish.wanted)
    if wish.asked:
        raise errors.not_provided(wish.reference, wish.wanted)


async def _resolve(tools: Tools, what: Wish) -> Document:
    """Fetch what the reference names; docker has a message of its own when this call fails."""
    reference = what.reference
    wish = Fetch("manifest", reference.path, reference.asked, manifest.LARGEST_DOCUMENT)
    try:
        return await tools.questions.document(wish, what.visit, what.told)
    except FetchError as error:
        if error.code in errors.OURS:
            raise
        raise errors.unresolved(reference, error.code, error.text) from error


async def _document(tools: Tools, what: Wish, kind: Literal["manifest", "blob"], descriptor: Descriptor) -> Document:
    most = manifest.LARGEST_DOCUMENT if kind == "manifest" else imageconfig.LARGEST_CONFIG
    if descriptor.size > most:
        raise BadImage(f"a document of {descriptor.size} bytes is larger than {most}")
    wish = Fetch(kind, what.reference.path, descriptor.digest, descriptor.size)
    with copied():
        return await tools.questions.document(wish, what.visit, what.told)


@contextmanager
def copied() -> Iterator[None]:
    """Make a PullError of what the registry does not give of a known image; FetchError stays when we fail."""
    try:
        yield
    except FetchError as error:
        if error.code in errors.OURS:
            raise
        raise errors.not_copied(error.code, error.text) from error


def _layers(document: Manifest, config: ImageConfig) -> tuple[Layer, ...]:
    """Pair blobs and diff ids, lowest first. Of a layer that is there twice only the upper one is kept, as overlayfs
    takes no folder twice."""
    if len(config.diff_ids) != len(document.layers):
        raise BadImage("mismatched image rootfs and manifest layers")
    pairs = zip(document.layers, config.diff_ids, strict=True)
    every = [Layer(blob.digest, diff_id, blob.size) for blob, diff_id in pairs]
    unique = {layer.digest: layer for layer in reversed(every)}
    return tuple(reversed(unique.values()))
