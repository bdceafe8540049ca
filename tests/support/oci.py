"""Small images made by hand: layers, configuration, manifest, index; for a real registry or the hostile one.

push_image(url, "library/alpine:latest", layers=[{"bin/sh": File(data, 0o755), "sh": Link("bin/sh")}],
           config={"Cmd": ["/bin/sh"]}, labels={"io.docker-run.provenance": "stand-in"})
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import zstandard

from support.fake_registry import FakeRegistry

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class File:
    data: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 1_700_000_000
    pax: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Folder:
    mode: int = 0o755
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Link:
    """A symbolic link to `target`, or with `hard` another name of the layer's file `target`."""

    target: str
    hard: bool = False


@dataclass(frozen=True)
class Node:
    """A device, FIFO or any other odd entry, by its tar type."""

    kind: bytes = tarfile.CHRTYPE
    major: int = 1
    minor: int = 3


Entry = bytes | File | Folder | Link | Node
Tree = Mapping[str, Entry] | Sequence[tuple[str, Entry]]
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "gzip": lambda data: gzip.compress(data, 6, mtime=0),
    "zstd": lambda data: zstandard.ZstdCompressor(3).compress(data),
}


@dataclass(frozen=True)
class Built:
    """An image's parts. `digest` is what a tag should name: the index's when there is one."""

    blobs: dict[str, bytes]
    manifests: tuple[tuple[bytes, str], ...]
    digest: str
    layer_digests: tuple[str, ...]


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(tree: Tree) -> bytes:
    """A tar of the entries, in order; a path ending in `/` or a Folder is a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, entry in tree.items() if isinstance(tree, Mapping) else tree:
            info, data = _member(path, entry)
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return out.getvalue()


def _member(path: str, entry: Entry) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(path)
    info.mtime = 1_700_000_000
    if isinstance(entry, bytes):
        entry = File(entry)
    if isinstance(entry, Link):
        info.type, info.linkname = tarfile.LNKTYPE if entry.hard else tarfile.SYMTYPE, entry.target
        return info, b""
    if isinstance(entry, Node):
        info.type, info.devmajor, info.devminor = entry.kind, entry.major, entry.minor
        return info, b""
    info.mode, info.uid, info.gid = entry.mode, entry.uid, entry.gid
    if isinstance(entry, Folder):
        info.type = tarfile.DIRTYPE
        return info, b""
    info.mtime, info.size, info.pax_headers = entry.mtime, len(entry.data), dict(entry.pax)
    return info, entry.data


def build(
    layers: Sequence[Tree | bytes],
    config: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    compression: str = "gzip",
    architecture: str = "amd64",
    index: bool = False,
    diff_ids: Sequence[str] | None = None,
) -> Built:
    """An image of `layers` (trees, or ready tar bytes); `diff_ids` lets a test lie about what is in them."""
    tars = [layer if isinstance(layer, bytes) else tar(layer) for layer in layers]
    packed = [PACKERS[compression](data) for data in tars]
    settings = {**(config or {}), **({"Labels": dict(labels)} if labels else {})}
    document = {
        "architecture": architecture,
        "os": "linux",
        "created": "2024-01-01T00:00:00Z",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids or map(digest_of, tars))},
    }
    kind = LAYER + (f"+{compression}" if compression else "")
    return assemble(json.dumps(document).encode(), packed, kind, architecture if index else None)


def assemble(config: bytes, packed: Sequence[bytes], layer_type: str = LAYER, platform: str | None = None) -> Built:
    """An image from a ready configuration and ready blobs; with `platform` there is an index around it."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(config, CONFIG),
        "layers": [descriptor(blob, layer_type) for blob in packed],
    }
    data = json.dumps(manifest).encode()
    manifests = [(data, MANIFEST)]
    if platform is not None:
        manifests.append((index_of([(data, platform)]), INDEX))
    blobs = {digest_of(blob): blob for blob in (config, *packed)}
    return Built(blobs, tuple(manifests), digest_of(manifests[-1][0]), tuple(map(digest_of, packed)))


def rewritten(built: Built, **changes: Any) -> bytes:
    """An image's manifest with some fields of it changed."""
    return json.dumps(json.loads(built.manifests[0][0]) | changes).encode()


def descriptor(data: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def index_of(manifests: Sequence[tuple[bytes, str]]) -> bytes:
    """An index of manifests, each with its architecture."""
    entries = [
        {**descriptor(data, MANIFEST), "platform": {"os": "linux", "architecture": architecture}}
        for data, architecture in manifests
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()


def hold(registry: FakeRegistry, name: str, built: Built) -> str:
    """Put an image into the hostile registry; the digest of its tag."""
    repository, _, tag = name.rpartition(":")
    for digest, data in built.blobs.items():
        registry.blob(data, digest)
    for data, media_type in built.manifests:
        registry.manifest(repository, tag, data, media_type)
    return built.digest


def push(url: str, name: str, built: Built) -> str:
    """Put an image into a real registry over its HTTP API; the digest of its tag."""
    repository, _, tag = name.rpartition(":")
    for digest, data in built.blobs.items():
        location = _send("POST", f"{url}/v2/{repository}/blobs/uploads/", b"", {})["Location"]
        at = location if location.startswith("http") else url + location
        _send("PUT", f"{at}{'&' if '?' in at else '?'}digest={digest}", data, {})
    for number, (data, media_type) in enumerate(built.manifests, start=1):
        reference = tag if number == len(built.manifests) else digest_of(data)
        _send("PUT", f"{url}/v2/{repository}/manifests/{reference}", data, {"Content-Type": media_type})
    return built.digest


def push_image(
    registry_url: str,
    name: str,
    layers: Sequence[Tree | bytes],
    config: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    compression: str = "gzip",
    architecture: str = "amd64",
    index: bool = False,
) -> str:
    """Build an image and push it as `name` (`library/alpine:latest`); the digest of its tag."""
    built = build(layers, config, labels, compression=compression, architecture=architecture, index=index)
    return push(registry_url, name, built)


def _send(method: str, url: str, data: bytes, headers: dict[str, str]) -> dict[str, str]:
    headers = {"Content-Type": "application/octet-stream", **headers}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(answer.headers)


def windowed(data: bytes, log: int) -> bytes:
    """A zstd frame that says that it looks back so far."""
    options = zstandard.ZstdCompressionParameters.from_level(3, window_log=log, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=options).compressobj()
    return packer.compress(data) + packer.flush()
