"""What more than one file shares."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runtime.doctor import Examined, examined
from sandbox.local_registry import fill
from sandbox.settings import Settings
from support.backend import STATE

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
