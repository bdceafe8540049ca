"""Defines an image: the part of the OCI image configuration that a container is made from."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.model.events import Provenance


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: `digest` names the registry's blob, `diff_id` the tar within; `size` is the blob's, in bytes."""

    digest: str
    diff_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Config:
    """OCI image-spec `config`: what `docker run` starts from; `volumes` are the folders that VOLUME names."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    workdir: str = ""
    user: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Image:
    """An image: `digest` is what the tag points at (index or manifest), `id` the manifest's digest.

    `content_bytes` is what crossed the wire, `root_bytes` the unpacked files, `created` an RFC 3339 time or empty.
    `programs` are the paths in the folders where programs are looked for; None where nobody has looked.
    """

    reference: str
    digest: str
    id: str
    architecture: str
    layers: tuple[Layer, ...]
    config: Config
    content_bytes: int
    root_bytes: int
    provenance: Provenance
    created: str = ""
    programs: tuple[str, ...] | None = None
