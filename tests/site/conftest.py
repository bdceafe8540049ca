"""The built site as our web server serves it, and the browser that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from support import browser, static_host
from support.built_site import Built
from support.home import PHONE
from support.readers import Readers, reading
from support.visits import Walk, walking
from support.web_server import serving

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def served(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site as our own web server serves it."""
    with serving(tmp_path_factory.mktemp("web"), site=built.folder, runner=False) as web:
        yield web.url


@pytest.fixture(scope="session")
def address(built: Built) -> Iterator[str]:
    """The address of the site on a host that has its files alone: nothing answers what a demo asks."""
    with static_host.serving(built.folder) as address:
        yield address


@pytest.fixture(scope="module")
def still_walk(chromium: Browser) -> Iterator[Walk]:
    """A tab on the phone of a reader who wants no motion, for the tests of a module one after another."""
    with walking(chromium, viewport=PHONE, reduced_motion="reduce") as walk:
        yield walk


@pytest.fixture
def home(still_walk: Walk, address: str) -> Iterator[Page]:
    """The home page there, on that phone: every event is shown at once. It must not throw."""
    visit = still_walk.to(address)
    yield visit.page
    assert visit.thrown == []
    still_walk.forget()


@pytest.fixture(scope="module")
def walk(chromium: Browser) -> Iterator[Walk]:
    """A tab on a phone, for the tests of a module one after another."""
    with walking(chromium, viewport=PHONE) as walk:
        yield walk


def as_long(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    """How long a browser stays: while it runs, no test that is a coroutine can, and there is none here."""
    asked = [Path(config.invocation_params.dir, one.partition("::")[0]) for one in config.args]
    return "session" if all(HERE in (one, *one.parents) for one in asked) else "module"


@pytest.fixture(scope=as_long)
def chromium() -> Iterator[Browser]:
    """The browser, which each test opens pages of its own in."""
    with browser.chromium() as found:
        yield found


@pytest.fixture(scope="session")
def readers() -> Iterator[Readers]:
    """Who visits many pages."""
    with reading() as readers:
        yield readers
