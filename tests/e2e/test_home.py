"""The home page with a backend: the reader's own containers come to the harbour, and the chips' lines run."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from docker_run import pages, tries
from docker_run.fence import Fence
from e2e.sent import Chapter, Sent, opened, run
from support.backend import Backend
from support.built_site import DOCS

pytestmark = pytest.mark.live

LINES = [
    pytest.param(source.removesuffix(".md"), demo, line, id=f"{demo.id}: {tries.changed(demo.command, line)}")
    for source, demos in pages.demos(DOCS).items()
    for demo in demos
    if "try" in demo.options
    for line in demo.options["try"].split(tries.BETWEEN)
]


@pytest.fixture
def home(page: Page, live: Backend) -> Page:
    return opened(page, live, "")


def short(sent: Sent) -> str:
    return f"{sent.one('created')['container'][:12]}…"


def test_each_run_brings_the_readers_own_container_to_the_ship(home: Page) -> None:
    first = run(home, "first")
    cargo, kept = (home.locator(f"svg.harbour .{name}") for name in ("cargo", "kept"))
    expect(cargo).to_contain_text(short(first))
    expect(cargo).to_contain_text("종료 코드 0")
    second = run(home, "first", "docker run hello-world ls")
    expect(cargo).to_contain_text(short(second))
    expect(cargo).to_contain_text("종료 코드 127")
    expect(kept).to_have_count(1)
    expect(kept).to_contain_text(short(first))
    expect(home.locator("footer")).to_contain_text("지금까지 컨테이너 2개를 만들었어요.")


@pytest.mark.parametrize(("path", "fence", "line"), LINES)
def test_every_line_to_try_is_one_that_runs(visited: Chapter, path: str, fence: Fence, line: str) -> None:
    page = visited(path)
    demo = page.locator(f"docker-run#{fence.id}")
    demo.locator("xpath=..").get_by_role("button", name=tries.changed(fence.command, line), exact=True).click()
    assert demo.get_by_role("textbox").input_value() == line
    sent = run(page, fence.id)
    assert sent.one("started")
    assert sent.one("exited")["reason"] in ("exit", "oom")
