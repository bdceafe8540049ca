"""Builds a teaching image, in memory and without any privilege, from the steps of its Dockerfile and their files.

The same inputs give the same bytes whoever builds: every file belongs to root and carries one time, whatever it does
on disk. The forms are those of the OCI image specification 1.1; the history is worded as Docker's first builder did.
"""

from __future__ import annotations

import datetime
import gzip
import io
import json
import platform
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.local_registry.dockerfile import DockerfileError, Step
from sandbox.local_registry.push import Document, digest_of
from sandbox.model import platform as platforms

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
# what BuildKit gives an image that starts from nothing
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Image:
    """An image's configuration and layers; its manifest, and an index around it for this machine's architecture."""

    blobs: tuple[bytes, ...]
    manifest: Document
    index: Document


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes images of the files in `context` that say that they were made at the time `created`."""

    context: Path
    created: datetime.datetime

    def build(self, steps: Sequence[Step]) -> Image:
        """The image that the steps make. DockerfileError when a step's source is not there or is no tar."""
        layers = [self._layer(step) if step.source else b"" for step in steps]
        tars = [layer for layer in layers if layer]
        here = {"architecture": platforms.parse(platform.machine()).architecture, "os": "linux"}
        configuration = {
            "created": self._time,
            **here,
            "config": _settings(steps),
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in tars]},
            "history": [self._history(step, layer) for step, layer in zip(steps, layers, strict=True)],
        }
        blobs = (_json(configuration), *(gzip.compress(tar, compresslevel=6, mtime=0) for tar in tars))
        first, *rest = (
            _descriptor(kind, blob) for kind, blob in zip((CONFIG, *[LAYER] * len(tars)), blobs, strict=True)
        )
        image = _document(MANIFEST, config=first, layers=rest)
        entry = {**_descriptor(MANIFEST, image.data), "platform": here}
        return Image(blobs, image, _document(INDEX, manifests=[entry]))

    @property
    def _time(self) -> str:
        return self.created.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _history(self, step: Step, layer: bytes) -> dict[str, Any]:
        at, text, empty = step.instruction, step.instruction.text, {"empty_layer": True}
        if layer:
            kind = "dir" if (self.context / step.source).is_dir() else "file"
            text, empty = f"{kind}:{digest_of(layer).removeprefix('sha256:')} in / ", {}
        return {"created": self._time, "created_by": f"/bin/sh -c #(nop) {at.keyword} {text}", **empty}

    def _layer(self, step: Step) -> bytes:
        """The tar of one ADD or COPY into `/`, never empty."""
        source, packed = self.context / step.source, io.BytesIO()
        try:
            with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as layer:
                if step.extract:
                    self._repack(source, layer)
                else:
                    # add() goes through a folder by name
                    for path in sorted(source.iterdir()) if source.is_dir() else [source]:
                        layer.add(path, path.name, filter=self._cleaned)
        except (OSError, tarfile.TarError) as error:
            raise DockerfileError(step.instruction, f"{step.source}: {error}") from error
        return packed.getvalue()

    def _repack(self, source: Path, layer: tarfile.TarFile) -> None:
        with tarfile.open(source) as archive:
            for member in archive:
                if member.name != ".":
                    data = archive.extractfile(member) if member.isreg() else None
                    layer.addfile(self._cleaned(member), data)

    def _cleaned(self, member: tarfile.TarInfo) -> tarfile.TarInfo:
        """The entry as root's, with the image's time and without what depends on the machine."""
        member.name = member.name.removeprefix("./")
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = int(self.created.timestamp())
        member.pax_headers = {}
        if member.islnk():
            member.linkname = member.linkname.removeprefix("./")
        return member


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def _document(media_type: str, **value: object) -> Document:
    return Document(media_type, _json({"schemaVersion": 2, "mediaType": media_type, **value}))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _settings(steps: Sequence[Step]) -> dict[str, Any]:
    """The part of the configuration that containers are made from; the last CMD counts."""
    env = {"PATH": DEFAULT_PATH}
    labels: dict[str, str] = {}
    cmd: tuple[str, ...] = ()
    for step in steps:
        env |= step.env
        labels |= step.labels
        cmd = step.cmd if step.cmd is not None else cmd
    return {"Env": [f"{name}={value}" for name, value in env.items()], "Cmd": list(cmd), "Labels": labels}
