"""Copies one official image, all its platforms, into the local registry, in a process that can be ended.

`python -m sandbox.local_registry.hub HUB IMAGE DIGEST [REGISTRY TAG…]`: without a registry it only asks whether the
image is there. 0 when all went well, else 1 and the reason.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import BaseHTTPResponse

from sandbox.images import manifest
from sandbox.images.manifest import BadImage, Index
from sandbox.images.puller.registry import Registry, read
from sandbox.images.puller.trouble import RegistryError
from sandbox.local_registry import server
from sandbox.local_registry.push import Document, Repository, digest_of
from sandbox.model import platform as platforms

LARGEST_BLOB = 256 << 20


@dataclass(frozen=True, slots=True)
class Original:
    """An image at its hub. What comes is what its digest names, or BadImage."""

    registry: Registry
    name: str

    def document(self, digest: str) -> Document:
        with self.registry.manifest(self.name, digest, manifest.ACCEPT) as answer:
            data = _whole(answer, digest, manifest.LARGEST_DOCUMENT)
            return Document(answer.headers.get("Content-Type", "").partition(";")[0], data)

    def blob(self, digest: str) -> bytes:
        with self.registry.blob(self.name, digest) as answer:
            return _whole(answer, digest, LARGEST_BLOB)


def _whole(answer: BaseHTTPResponse, digest: str, most: int) -> bytes:
    pieces: list[bytes] = []
    size = read(answer, most, pieces.append)
    data = b"".join(pieces)
    if size > most or digest_of(data) != digest:
        raise BadImage(f"{digest}: {size} bytes came, and they are others")
    return data


def copy(original: Original, digest: str, target: Repository) -> Document:
    """Copy what `digest` names with all that it needs, itself last, so that it keeps its digest."""
    document = original.document(digest)
    content = manifest.parse_document(document.data, document.media_type)
    if isinstance(content, Index):
        for entry in content.entries:
            copy(original, entry.digest, target)
    else:
        for part in (content.config, *content.layers):
            target.put_blob(original.blob(part.digest))
    target.put_manifest(document)
    return document


def _copy_index(original: Original, digest: str, target: Repository, tags: Sequence[str]) -> None:
    document = copy(original, digest, target)
    content, here = manifest.parse_document(document.data, document.media_type), platforms.parse(platform.machine())
    if isinstance(content, Index) and manifest.choose(content, here) is None:
        raise BadImage(f"{original.name}: nothing for {here}")
    for tag in tags:
        target.put_manifest(document, tag)


def _proxy(url: str) -> str:
    """The proxy that the environment names for an address, as for the other programs of set-up; empty for none."""
    parts = urlsplit(url)
    return "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="sandbox.local_registry.hub")
    for name in ("hub", "image", "digest"):
        parser.add_argument(name)
    parser.add_argument("registry", nargs="?")
    parser.add_argument("tags", nargs="*")
    options = parser.parse_args(argv)
    # Docker Hub sends us to hosts that change with the years; whatever they answer has to have the digest
    original = Original(Registry(options.hub, (), anywhere=True, proxy=_proxy(options.hub)), options.image)
    try:
        if options.registry:
            _copy_index(original, options.digest, Repository(options.registry, options.image), options.tags)
        else:
            original.document(options.digest)
    except (RegistryError, server.RegistryError, BadImage) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
