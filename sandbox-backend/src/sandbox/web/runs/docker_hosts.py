"""Keeps visitors' Docker hosts: each has its own images, by reference, and its own running containers.

A host costs some hundred bytes; what is known of an image is kept once for all hosts that have it, and the layers
behind it are the runner's. A host that nobody uses for `idle_seconds` is forgotten; where there are too many, an idle
one gives way to a new one.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.model import platform as platforms
from sandbox.model.image import Image
from sandbox.model.reference import Reference
from sandbox.turns import Queue
from sandbox.web.runs.shared_images import SharedImages

# one address may have this share of all hosts; of who has more, hosts go first where there are too many
SHARE = 10
MOST_IMAGES = 64
HEX = frozenset("0123456789abcdef")


def new_id() -> str:
    """Return 128 random bits as 32 hex digits: nobody guesses another reader's host or run."""
    return secrets.token_hex(16)


class Stoppable(Protocol):
    """A run that its host can end."""

    id: str

    def stop(self) -> None:
        """End it; returns at once."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container that runs: its 64 digits, its image and the run that it belongs to."""

    id: str
    image: str
    run: str
    name: str | None


@dataclass(slots=True)
class DockerHost:
    """One visitor's Docker host; `used` is the monotonic time at which it was last used."""

    id: str
    address: str
    used: float
    shared: SharedImages = field(default_factory=SharedImages, repr=False)
    images: dict[str, Image] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    runs: dict[str, Stoppable] = field(default_factory=dict)
    vms: Queue = field(default_factory=lambda: Queue(1))

    def find(self, text: str, reference: Reference, platform: str | None = None) -> Image | None:
        """Return the image that `reference` names here, or whose id begins with `text`, if it is for `platform`."""
        found = self.images.get(reference.familiar) or self._by_id(text)
        if found is None or platform is None:
            return found
        wanted = platforms.parse(platform)
        return found if (wanted.os, wanted.architecture) == ("linux", found.architecture) else None

    def container(self, text: str) -> Container | None:
        """Return the running container of that name or id, or the only one whose id begins so."""
        running = self.containers.values()
        named = [one for one in running if one.name == text.removeprefix("/") or one.id == text]
        found = named or [one for one in running if text and one.id.startswith(text)]
        return found[0] if len(found) == 1 else None

    def add(self, image: Image, reference: Reference) -> None:
        """Keep an image; the oldest goes when there are too many."""
        self.images.pop(reference.familiar, None)
        self.images[reference.familiar] = self.shared.keep(image)
        while len(self.images) > MOST_IMAGES:
            del self.images[next(iter(self.images))]

    def forget(self, image: Image) -> None:
        """Have an image no more, under whatever names."""
        self.images = {name: one for name, one in self.images.items() if one.id != image.id}

    def blobs(self) -> list[str]:
        """Return the digests of the layers that are here already."""
        return list(dict.fromkeys(layer.digest for image in self.images.values() for layer in image.layers))

    def empty(self) -> None:
        """Empty the host: its runs end, its images go."""
        for run in list(self.runs.values()):
            run.stop()
        self.images.clear()

    def _by_id(self, text: str) -> Image | None:
        digits = text.removeprefix("sha256:")
        if not digits or not HEX.issuperset(digits):
            return None
        matching = {one.digest: one for one in self.images.values() if one.digest[7:].startswith(digits)}
        return next(iter(matching.values())) if len(matching) == 1 else None


class DockerHosts:
    """All Docker hosts of this process, the longest unused first."""

    def __init__(self, most: int, idle_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._idle_seconds, self._clock = most, idle_seconds, clock
        self._hosts: dict[str, DockerHost] = {}
        self._shared = SharedImages()

    def __len__(self) -> int:
        return len(self._hosts)

    def create(self, address: str) -> DockerHost:
        """Make a host for a visitor at `address`; an idle one gives way where there are too many."""
        self._forget_idle()
        while len(self._hosts) >= self._most:
            victim = self._victim(address)
            if victim is None:
                break
            del self._hosts[victim.id]
        return self._put(self._new(address))

    def find(self, name: str) -> DockerHost | None:
        """Return the host of that id, which counts as used now."""
        self._forget_idle()
        host = self._hosts.pop(name, None)
        return None if host is None else self._put(host)

    @contextmanager
    def passing(self, address: str) -> Iterator[DockerHost]:
        """Make a host that lasts as long as the block."""
        host = self._put(self._new(address))
        try:
            yield host
        finally:
            self._hosts.pop(host.id, None)

    def _new(self, address: str) -> DockerHost:
        return DockerHost(new_id(), address, self._clock(), self._shared)

    def _put(self, host: DockerHost) -> DockerHost:
        host.used = self._clock()
        self._hosts[host.id] = host
        return host

    def _forget_idle(self) -> None:
        oldest = self._clock() - self._idle_seconds
        # the dictionary is in the order of use: look no further than the first fresh one
        stale = []
        for host in self._hosts.values():
            if host.used > oldest:
                break
            if not host.runs:
                stale.append(host.id)
        for name in stale:
            del self._hosts[name]

    def _victim(self, address: str) -> DockerHost | None:
        """Return the host that gives way to a new one of `address`: the longest unused of its own or else of others
        that have more than their share, as who came first and uses them all the time would keep everybody else out;
        else the longest unused of all."""
        idle = [host for host in self._hosts.values() if not host.runs]
        had = Counter(host.address for host in self._hosts.values())
        greedy = [host for host in idle if had[host.address] * SHARE > self._most]
        own = [host for host in greedy if host.address == address]
        return next(iter(own or greedy or idle), None)
