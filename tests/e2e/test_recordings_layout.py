"""How a demo with a recording looks: nothing jumps, every reader can read it, and paper has it whole."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from e2e.pages import Demo
from e2e.recorded_page import COMMAND, LABEL, SLOW, to_state
from support import axe
from support.browser import SHIFTS
from support.canned_backend import Canned


@pytest.mark.parametrize("state", ["idle", "replayed", "live"])
def test_axe_finds_nothing(recorded: Demo, scripted: Canned, state: str) -> None:
    to_state(recorded, scripted, state)
    assert axe.in_light_and_dark(recorded.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_a_recording_plays(recorded: Demo, scripted: Canned, scheme: Any) -> None:
    recorded.page.emulate_media(color_scheme=scheme)
    to_state(recorded, scripted, "replaying")
    assert axe.findings(recorded.page) == []


@pytest.mark.parametrize("state", ["live", "replayed"])
@pytest.mark.parametrize("width", [1280, 768, 360])
def test_nothing_jumps_but_for_the_click_that_makes_the_room(
    recorded: Demo, scripted: Canned, width: int, state: str
) -> None:
    page, below = recorded.page, recorded.page.locator("#after")
    page.emulate_media(reduced_motion="no-preference")
    page.set_viewport_size({"width": width, "height": 900})
    before: list[object] = []

    def look() -> None:
        before[:] = [below.bounding_box()]
        page.evaluate(SHIFTS)

    def stayed() -> bool:
        page.wait_for_timeout(100)
        assert page.evaluate("window.shift") <= 0.01
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        return [below.bounding_box()] == before

    look()
    assert stayed()
    to_state(recorded, scripted, "live" if state == "live" else "replaying", look)
    assert stayed()
    if state == "replayed":
        recorded.wait_for("ended")
        assert stayed()


@pytest.mark.parametrize("width", [1280, 360])
def test_the_place_is_kept_before_the_script_has_come_and_the_output_can_be_read(recorded: Demo, width: int) -> None:
    recorded.page.set_viewport_size({"width": width, "height": 900})
    box = recorded.root.bounding_box()
    recorded.page.route("**/element.js", lambda route: route.abort())
    recorded.page.reload()
    assert recorded.root.bounding_box() == box
    expect(recorded.root.locator("samp")).to_be_visible()


def test_paper_has_the_whole_recording_and_no_buttons(recorded: Demo) -> None:
    recorded.page.emulate_media(media="print")
    expect(recorded.root).to_have_text(
        f"{COMMAND} first error last 종료 코드 3 {SLOW.events[-1]['hint']} {LABEL}", use_inner_text=True
    )
    expect(recorded.button("실행")).to_be_hidden()
    expect(Demo(recorded.page, "question").root.locator("samp")).to_be_hidden()


def test_paper_has_what_was_run_live_when_something_was(recorded: Demo, scripted: Canned) -> None:
    to_state(recorded, scripted, "live")
    recorded.page.emulate_media(media="print")
    expect(recorded.output).to_be_visible()
    expect(recorded.root.locator("samp")).to_be_hidden()
    expect(recorded.button("실행")).to_be_hidden()
