"""One web server with a fake runner for each test file that does not need its own settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.web_server import Web, serving


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A server with the default settings."""
    with serving(tmp_path_factory.mktemp("web")) as server:
        yield server
