"""For every reader: screen readers, keyboards, phones, both colour schemes, and nothing that jumps."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.pages import Demo
from support import axe
from support.browser import SHIFTS
from support.canned_backend import HINT, Canned, whole_run


def reach(demo: Demo, canned: Canned, state: str) -> None:
    """Bring the demo to a state."""
    if state == "failed":
        canned.refuse(503, "full", "지금은 자리가 없어요.")
    canned.script = whole_run
    if state != "idle":
        demo.run()
    if state in ("running", "ended"):
        canned.open("start")
    if state == "ended":
        canned.open("end")
    demo.wait_for(state)


INSIDE = """e => [...e.querySelectorAll('.frame *')].filter(p => !p.closest('.screen, .spoken, svg') &&
    p.getBoundingClientRect().right > e.getBoundingClientRect().right).length"""


@pytest.mark.parametrize("state", ["idle", "pulling", "running", "ended", "failed"])
def test_axe_finds_nothing_and_nothing_overflows_a_phone(example: Page, canned: Canned, state: str) -> None:
    demo = Demo(example, "first")
    reach(demo, canned, state)
    assert axe.in_light_and_dark(example) == []
    example.set_viewport_size({"width": 360, "height": 780})
    assert example.evaluate("document.documentElement.scrollWidth") <= 360
    assert demo.root.evaluate(INSIDE) == 0


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_jumps_from_click_to_end(example: Page, canned: Canned, width: int) -> None:
    example.emulate_media(reduced_motion="no-preference")
    example.set_viewport_size({"width": width, "height": 900})
    demo = Demo(example, "first")
    below = example.locator("#after")
    # the click itself makes the room
    demo.root.evaluate("e => void e.run()")
    before = below.bounding_box()
    example.evaluate(SHIFTS)
    demo.wait_for("pulling")
    for gate, state in (("start", "running"), ("end", "ended")):
        canned.open(gate)
        demo.wait_for(state)
        example.wait_for_timeout(100)
    assert below.bounding_box() == before
    assert example.evaluate("window.shift") <= 0.01


@pytest.fixture(autouse=True)
def _whole_run(canned: Canned) -> None:
    canned.script = whole_run


def test_the_place_is_kept_before_the_script_has_come(example: Page) -> None:
    box = Demo(example, "first").root.bounding_box()
    example.route("**/element.js", lambda route: route.abort())
    example.reload()
    assert Demo(example, "first").root.bounding_box() == box


def test_without_javascript_the_line_is_there(browser: Browser, canned: Canned) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{canned.url}/example.html")
    expect(page.locator("#first")).to_have_text("docker run alpine ls")
    context.close()


def test_a_screen_reader_hears_the_start_and_the_end_only(example: Page, canned: Canned) -> None:
    demo = Demo(example, "first")
    demo.status.evaluate(
        """e => { window.said = [];
        new MutationObserver(() => window.said.push(e.textContent)).observe(e, {childList: true}); }"""
    )
    reach(demo, canned, "ended")
    assert example.evaluate("window.said.filter(Boolean).map(text => text.trim())") == [
        "실행을 시작했어요.",
        f"종료 코드 127. 컨테이너는 만들었지만 실행할 파일을 찾지 못했어요. {HINT}",
    ]


def test_everything_can_be_reached_with_the_keyboard_in_order(example: Page, canned: Canned) -> None:
    demo = Demo(example, "first")
    reach(demo, canned, "ended")
    demo.line.focus()
    seen = []
    for _ in range(6):
        example.keyboard.press("Tab")
        seen.append(example.evaluate("document.activeElement.className"))
    assert seen == ["run", "copy", "reset", "use", "fold", "screen"]


def test_buttons_are_44_px_for_a_finger(browser: Browser, canned: Canned) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{canned.url}/example.html")
    reach(Demo(page, "first"), canned, "ended")
    for button in Demo(page, "first").root.get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
    context.close()
