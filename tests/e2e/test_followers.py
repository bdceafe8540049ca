"""A leader and the isolations that follow it: its button and words are for all of them, until the last has ended."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import Demo
from support.canned_backend import Canned, Run

FOLLOWER = (
    '<docker-run id="k-{0}" isolation="{0}" follows="k" lines="3">'
    "<pre><code>docker run alpine</code></pre></docker-run>"
)
PAGE = (
    """<!doctype html><html lang="ko"><title>나란히</title>
<link rel="stylesheet" href="src/docker_run/assets/docker-run.css">
<link rel="stylesheet" href="src/docker_run/assets/panels/panels.css">
<script type="module" src="src/docker_run/assets/panels/panels.js"></script>
<script type="module" src="src/docker_run/assets/element.js"></script>
<main><h1>나란히</h1><div class="docker-run isolations">
<docker-run id="k" isolation="container" lines="3"><pre><code>docker run alpine</code></pre></docker-run>"""
    + "".join(map(FOLLOWER.format, ("gvisor", "vm")))
    + "</div><p id=after>다음 글</p></main>"
)


@pytest.fixture
def lead(page: Page, canned: Canned) -> Demo:
    def each_to_its_gate(run: Run) -> None:
        run.begin()
        run.start()
        run.until(run.isolation)
        run.exit()

    canned.script = each_to_its_gate
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.route("**/isolations.html", lambda route: route.fulfill(body=PAGE, content_type="text/html; charset=utf-8"))
    page.goto(f"{canned.url}/isolations.html")
    return Demo(page, "k")


def heights(page: Page) -> list[int]:
    found: list[int] = page.evaluate("[...document.querySelectorAll('docker-run, #after')].map(e => e.offsetTop)")
    return found


@pytest.mark.parametrize("width", [360, 1440])
def test_stop_stays_and_words_say_who_still_runs_until_the_last_isolation_has_ended(
    lead: Demo, canned: Canned, width: int
) -> None:
    lead.page.set_viewport_size({"width": width, "height": 900})
    lead.run()
    before = heights(lead.page)
    for isolation, words in [
        ("container", "gVisor와 가상 머신은 아직 돌고 있어요."),
        ("gvisor", "가상 머신은 아직 돌고 있어요."),
    ]:
        canned.open(isolation)
        expect(lead.result).to_have_text(f"종료 코드 0. 잘 끝났어요. {words}")
        expect(lead.status).to_contain_text(words)
        expect(lead.button("멈춤")).to_be_focused()
        expect(lead.button("실행")).to_be_hidden()
        assert heights(lead.page) == before
    canned.open("vm")
    expect(lead.button("실행")).to_be_focused()
    expect(lead.result).to_have_text("종료 코드 0. 잘 끝났어요.")
    expect(lead.status).not_to_contain_text("아직")
    assert heights(lead.page) == before


def test_stop_after_the_leader_has_ended_stops_what_still_runs(lead: Demo, canned: Canned) -> None:
    lead.run()
    canned.open("container")
    lead.wait_for_end()
    for isolation in ("gvisor", "vm"):
        Demo(lead.page, f"k-{isolation}").wait_for("running")
    lead.button("멈춤").click()
    expect(lead.button("실행")).to_be_visible()
    assert [Demo(lead.page, id).code for id in ("k", "k-gvisor", "k-vm")] == [0, 137, 137]
    expect(lead.result).to_have_text("종료 코드 0. 잘 끝났어요.")


def test_nothing_new_begins_while_an_isolation_still_runs(lead: Demo, canned: Canned) -> None:
    lead.run()
    canned.open("container")
    lead.wait_for_end()
    lead.line.press("Enter")
    expect(lead.result).to_contain_text("아직 돌고 있어요")
    assert len(canned.commands) == 3
