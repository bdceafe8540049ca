"""Defines the bodies of requests and plain answers; the OpenAPI document is derived from them.

A field that is None by default is left out while it is None. An annotation's dictionary is added to its JSON schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from starlette.responses import Response

from sandbox.docker.messages import short
from sandbox.model import plain
from sandbox.model.events import Provenance
from sandbox.model.isolations import CONTAINER, Name
from sandbox.web.runs.docker_hosts import DockerHost

NO_STORE = {"Cache-Control": "no-store"}
PATTERN = "^[0-9a-f]{32}$"
Id = Annotated[str, {"pattern": PATTERN, "description": "128 random bits"}]
Count = Annotated[int, {"minimum": 0}]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The body of `POST /v1/runs`."""

    command: Annotated[str, {"description": "one docker command line"}]
    host: Annotated[
        str | None, {"pattern": PATTERN, "description": "where to run it; without it, on a host that ends with the run"}
    ] = None
    isolation: Name = CONTAINER.name


@dataclass(frozen=True, slots=True)
class Nothing:
    """The body of a call that takes none."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether containers can be started, and how busy the service is."""

    status: Literal["ok", "unavailable"]
    isolations: tuple[Name, ...]
    running: Count
    slots: Count
    queued: Count
    emulated: Annotated[bool, {"description": "whether the machine itself is software"}]
    reason: Annotated[str | None, {"description": "only when unavailable"}] = None
    registry: Annotated[
        Literal["ok", "unreachable"] | None, {"description": "where images come from, when that is known"}
    ] = None
    run_ms: Annotated[float | None, {"description": "only when emulated: how long a run takes that does nothing"}] = (
        None
    )


@dataclass(frozen=True, slots=True)
class NewHost:
    """A new, empty Docker host, which is forgotten when nobody uses it for `idle_seconds`."""

    host: Id
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class Image:
    """An image on a Docker host."""

    reference: str
    id: str
    digest: str
    provenance: Provenance
    layers: Count
    content_bytes: Count
    root_bytes: Count


@dataclass(frozen=True, slots=True)
class Container:
    """A running container on a Docker host."""

    container: str
    image: str
    run: Id
    name: str | None
    state: Literal["running"] = "running"


@dataclass(frozen=True, slots=True)
class Host:
    """What is on a Docker host."""

    host: Id
    images: tuple[Image, ...]
    containers: tuple[Container, ...]


def answer(body: Any, status: int = 200) -> Response:
    """Return one of these bodies as an answer that no cache keeps."""
    return Response(plain.line(plain.encode(body)), status, headers=NO_STORE, media_type="application/json")


def describe(host: DockerHost) -> Host:
    """Return what is on a Docker host."""
    images = (
        Image(
            reference,
            short(image.digest),
            image.digest,
            image.provenance,
            len(image.layers),
            image.content_bytes,
            image.root_bytes,
        )
        for reference, image in host.images.items()
    )
    containers = (Container(one.id, one.image, one.run, one.name) for one in host.containers.values())
    return Host(host.id, tuple(images), tuple(containers))
