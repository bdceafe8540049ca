"""What every suite shares: the must-run switch. A test that needs containers skips on a machine that has none, and
fails instead where SANDBOX_MUST_RUN=1 is set, as `make test` does: a skip can then never look like a pass."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from support import narrow as narrow_limits
from support import temporary
from support.backend import Backend, running
from support.client import Docker

NEEDS = {"container": ("crun", "docker-registry"), "engine": ("dockerd",)}


FOLDER = pytest.StashKey[temporary.Folder]()


def pytest_configure(config: pytest.Config) -> None:
    """Before any test makes a folder."""
    config.stash[FOLDER] = temporary.Folder()


def pytest_report_header(config: pytest.Config) -> str:
    """Where the tests make their folders, if that is not as usual."""
    return config.stash[FOLDER].told


def pytest_unconfigure(config: pytest.Config) -> None:
    """After the last test."""
    config.stash[FOLDER].remove()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, unless it must."""
    if os.environ.get("SANDBOX_MUST_RUN") == "1":
        return
    for item in items:
        for marker, programs in NEEDS.items():
            lacking = [name for name in programs if not shutil.which(name)]
            if item.get_closest_marker(marker) and (lacking or os.geteuid() != 0):
                item.add_marker(pytest.mark.skip(reason=f"needs root and {', '.join(programs)}"))


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    """A real backend with the default settings and all lanes."""
    with running(vm=True) as started:
        yield started


@pytest.fixture
def docker(backend: Backend) -> Docker:
    """`docker("docker run …")` on a host of this test's own."""
    return Docker(backend.url, backend.state)


@pytest.fixture(scope="session")
def narrow_backend() -> Iterator[Backend]:
    """A real backend whose limits are soon reached."""
    with running({"limits": narrow_limits.limits()}) as started:
        yield started


@pytest.fixture
def narrow(narrow_backend: Backend) -> Docker:
    """`docker`, on the backend whose limits are soon reached."""
    return Docker(narrow_backend.url, narrow_backend.state)
