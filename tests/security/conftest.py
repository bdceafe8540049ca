"""A web server, a registry that a test may let do what it likes, and a puller that has to do with it; and the arena."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from security.raw_requests import LISTED
from support import arena as arenas
from support.backend import Backend
from support.fake_registry import FakeRegistry
from support.pulls import Bench, pulling
from support.web_server import Web, serving


@pytest.fixture
async def bench(tmp_path: Path, fake: FakeRegistry) -> AsyncIterator[Bench]:
    async with pulling(tmp_path, fake.url, unpack_seconds=5.0) as made:
        yield made


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A server that one other site may use."""
    with serving(tmp_path_factory.mktemp("web"), origins=(LISTED,), allowed_hosts=("sandbox.example",)) as server:
        yield server


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A backend whose images hold the program that attacks."""
    with arenas.opened(tmp_path_factory.mktemp("arena")) as backend:
        yield backend
