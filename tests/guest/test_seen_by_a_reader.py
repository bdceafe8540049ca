"""The site of a guest as its reader sees it: runs are live and said to be emulated, and what a guest does not offer
plays its recording with the reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.pages import Demo
from e2e.sent import opened
from guest.asked import Served
from support import browser, pace

pytestmark = pytest.mark.guest


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser of the module's own: while one runs, no test that is a coroutine can."""
    expect.set_options(timeout=pace.seconds(5) * 1000)
    with browser.chromium() as found:
        yield found


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    with chromium.new_context(locale="ko-KR") as context:
        yield context.new_page()


def test_other_walls_play_their_recordings_with_the_reason_beside_a_live_run(tab: Page, served: Served) -> None:
    opened(tab, served.backend, "vm")
    lead, others = Demo(tab, "isolations"), [Demo(tab, "isolations-gvisor"), Demo(tab, "isolations-vm")]
    lead.run()
    for demo in (lead, *others):
        demo.wait_for_end()
    assert lead.code == 0
    expect(lead.source).to_be_empty()
    for other in others:
        expect(other.source).to_contain_text("이 서버에는 이 방식이 없어서 기록을 보여 드려요.")
        assert other.root.get_attribute("absent") is not None


def test_the_page_says_that_runs_are_emulated_and_how_long_one_takes(tab: Page, served: Served) -> None:
    tab.goto(f"{served.url}/run/")
    said = tab.get_by_role("status").filter(has_text="여기서는 흉내 낸 기계에서 명령을 실행해요.")
    expect(said).to_be_visible()
    expect(said).to_contain_text("초쯤 걸려요.")
