"""Reads a registry's documents about an image with distrust: index, manifest and their JSON.

Pure. The forms are those of the OCI image specification 1.1 and of Docker's schema 2, which share their field names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.model.platform import Platform, normalised

# reading one takes time of the loop that all runs need; an index of all platforms has tens of thousands of bytes
LARGEST_DOCUMENT = 512 << 10
DEEPEST = 32
MOST_VALUES = 20_000
# official images have a dozen platforms, each with a second entry about how it was built
MOST_ENTRIES = 1000
MOST_LAYERS = 127  # as many as Docker builds; overlay takes its options in one page, and each layer is a path in it
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))
# of an image's configuration; the last ones, and none at all, are what older registries and builders have written
# (moby, daemon/internal/distribution/registry.go)
_CONFIG_TYPES = frozenset(
    (
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        "application/octet-stream",
        "application/json",
        "text/html",
        "",
    )
)
_LAYER_TYPE = re.compile(
    r"application/vnd\.oci\.image\.layer\.(nondistributable\.)?v1\.tar(\+gzip|\+zstd)?"
    r"|application/vnd\.docker\.image\.rootfs\.(foreign\.)?diff\.tar(\.gzip|\.zstd)?|"
)
UNSUPPORTED = "unsupported media type"
_PRINTABLE = re.compile(r"[ -~]*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


class BadImage(ValueError):
    """A document that this host does not accept; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer to content by its digest; `size` in bytes, `platform` None where the document says nothing of it."""

    digest: str
    size: int
    platform: Platform | None = None
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    entries: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    config: Descriptor
    layers: tuple[Descriptor, ...]


def check_spelling(text: object) -> str:
    """Return `text` when it is a sha256 or sha512 digest in its one canonical spelling, else BadImage."""
    if not isinstance(text, str) or not _DIGEST.fullmatch(text):
        raise BadImage(f"invalid checksum digest format: {str(text)[:80]!r}")
    return text


def parse_json(data: bytes, most: int = LARGEST_DOCUMENT) -> dict[str, Any]:
    """Return the object in `data`, refused when it is too large, too deep or has too many parts to be looked at."""
    if len(data) > most:
        raise BadImage(f"a document of {len(data)} bytes is larger than {most}")
    # counted before parsing, because each part costs some fifty bytes of memory and as little as two on the wire
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise BadImage("the document has too many parts")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadImage(f"not a JSON document: {type(error).__name__}") from error
    if not isinstance(value, dict):
        raise BadImage("the document is not an object")
    _check_depth(value)
    return value


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [below for item in level for below in _children(item)]
        if not level:
            return
    raise BadImage(f"the document is nested deeper than {DEEPEST}")


def _children(item: object) -> Iterator[object]:
    if isinstance(item, dict):
        yield from item.values()
    elif isinstance(item, list):
        yield from item


def parse_document(data: bytes, media_type: str) -> Index | Manifest:
    """Return the index or manifest in `data`, which the registry has sent as `media_type`.

    BadImage for what is both, or says it is one and looks like the other (containerd's GHSA-xmmx-7jpf-fx42), or is
    of another kind.
    """
    document = parse_json(data)
    stated = document.get("mediaType")
    if not isinstance(stated, str | None):
        raise BadImage("the document's media type is not a text")
    kinds = {kind for kind in (stated, media_type or None) if kind is not None}
    if len(kinds) > 1:
        raise BadImage("the document's media type is not the one that the registry has given it")
    if document.get("schemaVersion") != 2:
        raise BadImage("only manifests of schema version 2 are supported")
    kind = kinds.pop() if kinds else ""
    is_index, is_manifest = "manifests" in document, bool({"config", "layers", "fsLayers"} & document.keys())
    if is_index and is_manifest:
        raise BadImage("the document is an index and a manifest at once")
    if is_index and kind in ("", *INDEX_TYPES):
        return Index(_descriptors(document, "manifests", MOST_ENTRIES))
    if is_manifest and kind in ("", *MANIFEST_TYPES):
        return _manifest(document)
    raise BadImage(f"unsupported manifest media type: {str(kind)[:100]!r}")


def _manifest(document: Mapping[str, Any]) -> Manifest:
    layers = _descriptors(document, "layers", MOST_LAYERS)
    return Manifest(_descriptor(document.get("config")), layers)


def check_image(document: Manifest) -> None:
    """Check that a manifest is an image's, and not of something else that registries hold: a chart, a model, a
    signature. BadImage when it is not."""
    if document.config.media_type not in _CONFIG_TYPES:
        raise BadImage(f"{UNSUPPORTED} {document.config.media_type[:100]}")
    for layer in document.layers:
        if not _LAYER_TYPE.fullmatch(layer.media_type):
            raise BadImage(f"{UNSUPPORTED} {layer.media_type[:100]}")


def _descriptors(document: Mapping[str, Any], name: str, most: int) -> tuple[Descriptor, ...]:
    value = document.get(name)
    if not isinstance(value, list):
        raise BadImage(f"{name} is not a list")
    if len(value) > most:
        raise BadImage(f"more than {most} {name}")
    return tuple(map(_descriptor, value))


def _descriptor(value: object) -> Descriptor:
    """Read a descriptor, but not its `urls`: content comes from the operator's registry or not at all."""
    if not isinstance(value, dict):
        raise BadImage("a descriptor is not an object")
    size = value.get("size")
    if type(size) is not int or size < 0:
        raise BadImage("a descriptor's size is not a number of bytes")
    media_type = "" if (stated := value.get("mediaType")) is None else stated
    if not isinstance(media_type, str) or not _PRINTABLE.fullmatch(media_type):
        raise BadImage("a descriptor's media type is not a text")
    return Descriptor(check_spelling(value.get("digest")), size, _platform(value.get("platform")), media_type)


def _platform(value: object) -> Platform | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadImage("a platform is not an object")
    parts = [value.get(name) or "" for name in ("os", "architecture", "variant")]
    if not all(isinstance(part, str) for part in parts):
        raise BadImage("a platform is not made of words")
    return normalised(parts[0] or "linux", *parts[1:])


def choose(index: Index, wanted: Platform) -> Descriptor | None:
    """Return the entry for `wanted`, the best one and the first of those, as with containerd; else the first one that
    says nothing of its platform, of which its configuration tells. None when there is none."""
    # looked up once: an index may list thousands of platforms, and a reader ask for one that takes hundreds
    ranks = {platform: rank for rank, platform in enumerate(wanted.taken)}
    fitting = [
        (ranks[whole], entry) for entry in index.entries if entry.platform and (whole := entry.platform.whole) in ranks
    ]
    if fitting:
        return min(fitting, key=lambda one: one[0])[1]
    return next((entry for entry in index.entries if entry.platform is None), None)
