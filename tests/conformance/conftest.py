"""One registry that both a real Docker Engine and a backend pull from, and the two sides themselves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.sides import BackendSide, EngineSide
from support import backend, engine, oci, registry
from support.oci import File, Link

BUSYBOX = Path("/bin/busybox")


def _probe() -> dict[str, oci.Entry]:
    """The files of the images that are here for the odd lines only."""
    program = BUSYBOX.read_bytes()
    return {
        "bin/busybox": File(program, 0o755),
        **{f"bin/{name}": Link("busybox") for name in ("cat", "echo", "env", "id", "ls", "pwd", "sh")},
        "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nguest:x:405:100:guest:/home/guest:/bin/sh\n",
        "garbage": File(b"\x7fELFgarbage", 0o755),
        "script": File(b'#!/bin/sh\necho "$0" "$@"\n', 0o755),
        "bad-script": File(b"#!/no/such\n", 0o755),
        "dangling": Link("/nowhere"),
    }


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry with the teaching images and two more."""
    filled = backend.STATE / "registry" / "storage"
    assert filled.is_dir(), f"{filled}: `make serve` and `make test` fill it"
    folder = tmp_path_factory.mktemp("registry")
    shutil.copytree(filled, folder / "data")
    settings = {
        "Entrypoint": ["/bin/echo", "entry"],
        "Cmd": ["cmd", "default"],
        "Env": ["PATH=/bin", "FIRST=1", "SECOND=2"],
        "WorkingDir": "/srv/app",
    }
    with registry.running(folder) as address:
        oci.push_image(address, "library/probe:latest", [_probe()], settings)
        oci.push_image(address, "library/bare:latest", [_probe()])
        yield address


@pytest.fixture(scope="session")
def docker_engine(images: str) -> Iterator[EngineSide]:
    with engine.running(images) as started:
        yield EngineSide(started)


@pytest.fixture(scope="session")
def here(images: str) -> Iterator[BackendSide]:
    with backend.running(environ={"SANDBOX_REGISTRY": images}) as started:
        yield BackendSide(started.url)
