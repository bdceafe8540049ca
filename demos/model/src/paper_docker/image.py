"""An image is data: a stack of layers and a configuration. Nothing runs in it, and nothing changes it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from paper_docker.container import Container, Result
from paper_docker.layer import File, Layer, union

SEARCHED = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


@dataclass(frozen=True)
class Image:
    """Layers from the bottom up, and a configuration; `entrypoint` and `cmd` are the two halves of the command."""

    layers: Sequence[Layer]
    cmd: Sequence[str] = ()
    entrypoint: Sequence[str] = ()
    path: Sequence[str] = SEARCHED

    def __post_init__(self) -> None:
        for name in ("layers", "cmd", "entrypoint", "path"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def files(self) -> dict[str, File]:
        """Return the file system that every container of this image starts with."""
        return union(self.layers)

    @property
    def digest(self) -> str:
        """Return a fingerprint of layers and configuration: an image with another one is another image."""
        parts = ([layer.digest for layer in self.layers], self.cmd, self.entrypoint, self.path)
        return "sha256:" + hashlib.sha256(repr(parts).encode()).hexdigest()

    def add(self, layer: Layer) -> Image:
        """Return a new image with one more layer on top, as a line of a Dockerfile makes one; the others are shared."""
        return replace(self, layers=(*self.layers, layer))

    def create(self, *cmd: str, entrypoint: Sequence[str] | None = None) -> Container:
        """Return a new container that is not started yet, as `docker create` does.

        Arguments given here replace the image's `cmd`. Another `entrypoint` replaces the image's, and then the image's
        `cmd`, which was meant for the old one, is dropped as well.
        """
        first = self.entrypoint if entrypoint is None else entrypoint
        rest = cmd or (self.cmd if entrypoint is None else ())
        return Container(self, (*first, *rest))

    def run(self, *cmd: str, entrypoint: Sequence[str] | None = None) -> Result:
        """Create a container and start it, as `docker run` does."""
        return self.create(*cmd, entrypoint=entrypoint).start()
