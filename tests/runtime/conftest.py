"""What more than one file shares."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runtime.doctor import Examined, examined
from sandbox.local_registry import fill
from sandbox.settings import Settings
from support.backend import STATE
from support.fake_registry import FakeRegistry

if TYPE_CHECKING:
    from support.layers import Made
    from support.pulls import Bench

IMAGES = Path(__file__).parents[2] / "demos/images"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose state folder holds a registry filled without the internet."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("state"))
    fill.fill(IMAGES, settings, lambda _: None, offline=True)
    return settings


@pytest.fixture(scope="session")
def doctors(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    """Asked once, as the doctor tries a virtual machine."""
    state = tmp_path_factory.mktemp("doctor") / "state"
    for made in ("registry", "vm"):
        if (STATE / made).exists():
            shutil.copytree(STATE / made, state / made, symlinks=True)
    return Examined(state, examined((), state))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A store of a test's own."""
    # what runs in a guest reads no more than it needs
    from support.pulls import store_in

    return store_in(tmp_path)


@pytest.fixture
def stocked(fake: FakeRegistry) -> FakeRegistry:
    """The registry, with an image."""
    from support import oci
    from support.pulls import LAYERS

    oci.hold(fake, "library/alpine:latest", oci.build(LAYERS, {"Cmd": ["/bin/sh"]}))
    return fake


@pytest.fixture
async def watched(tmp_path: Path, stocked: FakeRegistry) -> AsyncIterator[Bench]:
    """Pulls from that registry, which tells what it was asked."""
    from support.pulls import pulling

    async with pulling(tmp_path, stocked.url) as bench:
        yield bench
