"""What the tests with real images share."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.local_registry import fill
from sandbox.settings import Settings

IMAGES = Path(__file__).parents[2] / "demos/images"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose state folder holds a registry filled without the internet."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("state"))
    fill.fill(IMAGES, settings, lambda _: None, offline=True)
    return settings
