"""The browser, and the page of examples with a scripted backend behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e import recorded_page
from e2e.cells import Cell
from e2e.pages import Demo
from support import guest, needs, pace
from support.backend import Backend, running
from support.browser import launching
from support.built_site import Built
from support.canned_backend import Canned, serving

HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These tests run last: as soon as the browser's plugin has started, an event loop runs in the main thread for
    the rest of the session, and a test that is a coroutine could not have one."""
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """What a test expects of a page comes when this machine is ready for it."""
    expect.set_options(timeout=pace.seconds(5) * 1000)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return launching()


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"locale": "ko-KR", "viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def canned() -> Iterator[Canned]:
    """A backend that does what the test's script says."""
    with serving() as backend:
        yield backend


@pytest.fixture
def example(page: Page, canned: Canned) -> Page:
    """The page of examples; it must not throw."""
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{canned.url}/example.html")
    return page


@pytest.fixture(scope="session")
def site(built: Built) -> Path:
    """The folder of the built site."""
    assert built.returncode == 0, built.log
    for path in (*built.folder.parents, built.folder):
        # pytest keeps its folders to root; the web process, which is nobody, has to see the site
        if "pytest" in str(path):
            path.chmod(0o755)
    return built.folder


@pytest.fixture(scope="session")
def live(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A backend that serves the site: of this machine, or in a guest where that is the way that it goes."""
    if needs.way() == "guest":
        with guest.running() as backend:
            guest.until_live(backend)
            yield backend
    else:
        with running(site=request.getfixturevalue("site"), vm=True) as backend:
            yield backend


@pytest.fixture
def asked(page: Page) -> list[str]:
    """The addresses of all requests."""
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    return urls


@pytest.fixture
def notebook(page: Page, asked: list[str], live: Backend) -> Callable[[int], Cell]:
    """The page; a cell of it by its number. The page must not throw."""
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{live.url}/class-and-instance/")
    return lambda number: Cell(page, number)


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Canned]:
    """The backend of the page with recordings."""
    with recorded_page.served(tmp_path) as backend:
        yield backend


@pytest.fixture
def recorded(page: Page, scripted: Canned) -> Demo:
    """A demo with a recording; its page must not throw."""
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{scripted.url}/page.html")
    return Demo(page, "first")


@pytest.fixture
def demo(example: Page) -> Demo:
    """The first demo of the page of examples."""
    return Demo(example, "first")
