"""The chips below some demos: one click writes the changed line, and runs nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from docker_run import pages, tries
from docker_run.fence import Fence
from support.built_site import DOCS
from support.visits import Walk

CHOSEN = [
    pytest.param(source.removesuffix(".md"), demo, id=f"{source}-{demo.id}")
    for source, demos in pages.demos(DOCS).items()
    for demo in demos
    if "try" in demo.options
]


def test_some_demos_have_chips() -> None:
    assert len(CHOSEN) >= 5


@pytest.mark.parametrize(("path", "fence"), CHOSEN)
def test_a_chip_writes_its_line_and_runs_nothing(walk: Walk, address: str, path: str, fence: Fence) -> None:
    visit = walk.to(f"{address}/{path}/")
    demo = visit.page.locator(f"docker-run#{fence.id}")
    field, group = demo.get_by_role("textbox"), demo.locator("xpath=..").get_by_role("group", name="고쳐 보기")
    lines = fence.options["try"].split(tries.BETWEEN)
    expect(group.get_by_role("button")).to_have_count(len(lines))
    for line in lines:
        chip = group.get_by_role("button", name=tries.changed(fence.command, line), exact=True)
        chip.click()
        expect(field).to_have_value(line)
        expect(field).to_be_focused()
        expect(demo.locator(".mirror")).to_have_text(line)
        assert demo.get_attribute("state") == "idle"
    demo.get_by_role("button", name="실행", exact=True).click()
    expect(demo.locator(".result")).to_contain_text("실행 서버가 있어야")
    assert visit.thrown == []


def test_a_finger_opens_no_keyboard_and_finds_the_chip(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/run/")
    chip = page.get_by_role("button", name="busybox", exact=True)
    box = chip.bounding_box()
    assert box
    assert box["height"] >= 44
    chip.tap()
    demo = page.locator("docker-run#alpine-ls")
    expect(demo.get_by_role("textbox")).to_have_value("docker run busybox ls")
    expect(demo.get_by_role("button", name="실행", exact=True)).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_without_javascript_and_on_paper_there_are_none(chromium: Browser, walk: Walk, address: str) -> None:
    visit = walk.to(f"{address}/run/")
    seen = visit.page.locator(".tries:visible")
    expect(seen.first).to_be_visible()
    visit.page.emulate_media(media="print")
    expect(seen).to_have_count(0)
    assert visit.thrown == []
    context = chromium.new_context(java_script_enabled=False)
    without = context.new_page()
    without.goto(f"{address}/run/")
    expect(without.locator(".tries").first).to_be_attached()
    expect(without.locator(".tries:visible")).to_have_count(0)
    context.close()
