"""The browser, and the page of examples with a scripted backend behind it."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e import recorded_page
from e2e.cells import Notebook, begun
from e2e.compared import BY_DEMO
from e2e.pages import Demo
from e2e.sent import Chapter, opened
from support import guest, needs, pace
from support.backend import Backend, running
from support.browser import launching
from support.built_site import REPOSITORY, Built
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
    """Nothing moves but where that is what a test looks at: each frame that is drawn takes a processor's time."""
    return {"locale": "ko-KR", "viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}


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
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site: a copy of the one that set-up has built before `make test`, or one that is built now."""
    if needs.must_run():
        folder = Path(shutil.copytree(REPOSITORY / "site", tmp_path_factory.mktemp("site") / "site"))
    else:
        built: Built = request.getfixturevalue("built")
        assert built.returncode == 0, built.log
        folder = built.folder
    for path in (*folder.parents, folder):
        # pytest keeps its folders to root; the web process, which is nobody, has to see the site
        if "pytest" in str(path):
            path.chmod(0o755)
    return folder


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


@pytest.fixture(scope="module")
def visited(browser: Browser, browser_context_args: dict[str, Any], live: Backend) -> Iterator[Chapter]:
    """Chapters of the site, each opened once for the tests of a file whose demos leave each other alone."""
    context = browser.new_context(**browser_context_args)
    context.add_init_script(BY_DEMO)
    yield functools.cache(lambda name: opened(context.new_page(), live, name))
    context.close()


@pytest.fixture(scope="session")
def python(browser: Browser, browser_context_args: dict[str, Any], live: Backend) -> Iterator[Notebook]:
    """The notebook, visited once, because Python takes seconds of a processor to start."""
    context = browser.new_context(**browser_context_args)
    yield begun(context.new_page(), f"{live.url}/class-and-instance/")
    context.close()


@pytest.fixture
def notebook(python: Notebook) -> Iterator[Notebook]:
    """The same with its code and outputs as they were built; the page must not throw."""
    python.restore()
    yield python
    assert python.thrown == []


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
