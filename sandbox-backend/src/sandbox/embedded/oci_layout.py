"""Builds a teaching image as an OCI image layout, a folder that skopeo copies from, without any privilege.

The same inputs give the same bytes whoever builds: every file belongs to root and carries one time, whatever it does
on disk. The forms are those of the OCI image specification 1.1; the history is worded as Docker's first builder did.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.embedded.dockerfile import DockerfileError, Step
from sandbox.images import manifest

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
# what BuildKit gives an image that starts from nothing
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Layout:
    """A new OCI image layout in `folder`, whose image says that it was made at the time `created`."""

    folder: Path
    created: datetime.datetime

    def write(self, steps: Sequence[Step], context: Path) -> None:
        """Write the image that the steps make of the files in `context`, with an index around it for this machine's
        architecture. DockerfileError when a step's source is not there or is no tar."""
        layers = [self._layer(step, context) if step.source else b"" for step in steps]
        tars = [layer for layer in layers if layer]
        here = {"architecture": manifest.platform(platform.machine()).architecture, "os": "linux"}
        configuration = {
            "created": self._time,
            **here,
            "config": _settings(steps),
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(tar)}" for tar in tars]},
            "history": [self._history(step, layer, context) for step, layer in zip(steps, layers, strict=True)],
        }
        self._blobs.mkdir(parents=True)
        packed = [self._blob(LAYER, gzip.compress(tar, compresslevel=6, mtime=0)) for tar in tars]
        image = {"config": self._document(CONFIG, configuration), "layers": packed}
        entry = {**self._document(MANIFEST, _versioned(MANIFEST, image)), "platform": here}
        index = self._document(INDEX, _versioned(INDEX, {"manifests": [entry]}))
        (self.folder / "index.json").write_text(json.dumps(_versioned(INDEX, {"manifests": [index]})))
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    @property
    def _blobs(self) -> Path:
        return self.folder / "blobs/sha256"

    @property
    def _time(self) -> str:
        return self.created.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _document(self, media_type: str, value: object) -> dict[str, Any]:
        return self._blob(media_type, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def _blob(self, media_type: str, data: bytes) -> dict[str, Any]:
        """Keep `data` in the layout; its descriptor."""
        (self._blobs / sha256(data)).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{sha256(data)}", "size": len(data)}

    def _history(self, step: Step, layer: bytes, context: Path) -> dict[str, Any]:
        at, text, empty = step.instruction, step.instruction.text, {"empty_layer": True}
        if layer:
            kind = "dir" if (context / step.source).is_dir() else "file"
            text, empty = f"{kind}:{sha256(layer)} in / ", {}
        return {"created": self._time, "created_by": f"/bin/sh -c #(nop) {at.keyword} {text}", **empty}

    def _layer(self, step: Step, context: Path) -> bytes:
        """The tar of one ADD or COPY into `/`, never empty."""
        source, packed = context / step.source, io.BytesIO()
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


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _versioned(media_type: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": media_type, **value}


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
