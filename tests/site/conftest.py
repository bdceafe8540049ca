"""The built site as our web server serves it, and the browser that reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from support import browser, static_host
from support.built_site import Built
from support.home import opened
from support.web_server import serving


@pytest.fixture(scope="session")
def served(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site as our own web server serves it."""
    with serving(tmp_path_factory.mktemp("web"), site=built.folder, runner=False) as web:
        yield web.url


@pytest.fixture(scope="module")
def address(built: Built) -> Iterator[str]:
    """The address of the site on a host that has its files alone: nothing answers what a demo asks."""
    with static_host.serving(built.folder) as address:
        yield address


@pytest.fixture
def home(chromium: Browser, address: str) -> Iterator[Page]:
    """The home page there, on a phone."""
    with opened(chromium, address) as page:
        yield page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser of the module's own: while one runs, no test that is a coroutine can."""
    with browser.chromium() as found:
        yield found
