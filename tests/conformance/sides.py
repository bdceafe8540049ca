"""The two sides that a line is run on, each with the images that the line expects."""

from __future__ import annotations

from dataclasses import dataclass, field

from support import client
from support.engine import Answer, Engine

IMAGES = ("alpine", "busybox", "hello-world", "greeter:1", "probe", "bare")


@dataclass
class EngineSide:
    """The real engine: images are pulled once, and all gone for a fresh line."""

    engine: Engine
    present: bool = field(default=False)

    def run(self, line: str, fresh: bool = False, first: str | None = None) -> Answer:
        if fresh:
            self.engine.empty()
        elif not self.present:
            for image in IMAGES:
                self.engine.must("pull", "-q", image)
        self.present = not fresh
        if first:
            self.engine.run(first)
        return self.engine.run(line)


@dataclass
class BackendSide:
    """This backend: one visitor's host that has the images, and a new host for a fresh line."""

    base: str
    host: str = ""

    def run(self, line: str, fresh: bool = False, first: str | None = None) -> Answer:
        host = client.new_host(self.base) if fresh else self._host_with_images()
        if first:
            client.run(self.base, first, host)
        result = client.run(self.base, line, host)
        return Answer(result.stdout, result.stderr, result.code)

    def _host_with_images(self) -> str:
        if not self.host:
            self.host = client.new_host(self.base)
            for image in IMAGES:
                pulled = client.run(self.base, f"docker pull -q {image}", self.host)
                assert pulled.code == 0, pulled
        return self.host
