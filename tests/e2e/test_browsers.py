"""Browsers of two years ago, faults of the page, tabs that are copied, and pages that embed the site."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import Demo
from support import static_host, web_server
from support.canned_backend import Canned, Run

# what is newer than Chrome 115, Firefox 115 and Safari 17.0
NEWER = {
    "AbortSignal": ["any"],
    "Promise": ["withResolvers", "try"],
    "Object": ["groupBy"],
    "Map": ["groupBy", "prototype.getOrInsert"],
    "Array": ["fromAsync"],
    "ArrayBuffer": ["prototype.transfer"],
    "URL": ["parse", "canParse"],
    "RegExp": ["escape"],
    "Set": [f"prototype.{name}" for name in ("union", "intersection", "difference", "isSubsetOf", "isDisjointFrom")],
    "Iterator": ["from", "prototype.map", "prototype.filter", "prototype.toArray", "prototype.take"],
    "String": ["prototype.isWellFormed", "prototype.toWellFormed"],
    "Element": ["prototype.checkVisibility", "prototype.setHTMLUnsafe", "prototype.currentCSSZoom"],
    "Response": ["prototype.bytes"],
    "Blob": ["prototype.bytes"],
    "Document": ["parseHTMLUnsafe", "prototype.startViewTransition"],
}
TAKE_AWAY = """names => { for (const [name, all] of Object.entries(names)) for (const one of all) {
    const path = one.split("."), last = path.pop();
    const of = path.reduce((object, part) => object?.[part], globalThis[name]);
    if (of) delete of[last]; } }"""


def drawing(run: Run) -> None:
    run.begin()
    run.start()
    run.output("\x1b[31m10%\r20%\x1b[m\n")
    run.exit()


def test_a_browser_of_two_years_ago_runs_it(page: Page, canned: Canned) -> None:
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto("about:blank")
    names = str(NEWER).replace("'", '"')
    page.add_init_script(f"({TAKE_AWAY})({names})")
    page.goto(f"{canned.url}/example.html")
    demo = Demo(page, "first")
    assert page.evaluate("[typeof AbortSignal.any, typeof Promise.withResolvers]") == ["undefined", "undefined"]
    canned.script = drawing
    demo.run()
    demo.wait_for_end()
    assert (demo.state, demo.code) == ("ended", 0)
    assert demo.output.inner_text().strip() == "20%"


BROKEN = {
    "before the call": "window.matchMedia = undefined",
    "in the stream": "window.TextDecoder = undefined",
    "while it is drawn": "window.Text = undefined",
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_a_fault_of_the_page_is_not_told_as_no_server(recorded: Demo, scripted: Canned, script: str) -> None:
    scripted.open("start")
    scripted.open("end")
    recorded.page.evaluate(f"() => {{ {script}; }}")
    recorded.run()
    recorded.wait_for_end()
    assert recorded.state == "failed"
    expect(recorded.result).to_contain_text("페이지에 문제가 생겼어요")
    expect(recorded.source).to_be_empty()
    expect(recorded.button("실행")).to_be_visible()


def running(run: Run) -> None:
    run.begin()
    run.start()
    run.output("first\n")
    run.until("end")
    run.exit()


def test_a_copied_tab_has_a_docker_host_of_its_own(demo: Demo, canned: Canned) -> None:
    canned.script = running
    demo.run()
    expect(demo.output).to_have_text("first")
    with demo.page.expect_popup() as opened:
        demo.page.evaluate("void open(location.href)")
    copy = Demo(opened.value, "first")
    copy.button("되돌리기").click()
    expect(copy.result).to_contain_text("되돌렸어요")
    assert not [path for method, path in canned.asked if method == "DELETE"]
    canned.open("end")
    demo.wait_for_end()
    assert demo.code == 0
    copy.run()
    copy.wait_for_end()
    copy.button("되돌리기").click()
    expect(copy.result).to_contain_text("되돌렸어요")
    demo.run()
    demo.wait_for_end()
    assert canned.asked.count(("POST", "/v1/hosts")) == 2


def test_a_tab_keeps_its_docker_host_from_page_to_page(demo: Demo, canned: Canned) -> None:
    demo.run()
    demo.wait_for_end()
    demo.page.reload()
    demo.run()
    demo.wait_for_end()
    demo.page.goto(f"{canned.url}/example.html?other")
    demo.run()
    demo.wait_for_end()
    demo.page.go_back()
    demo.run()
    demo.wait_for_end()
    assert canned.asked.count(("POST", "/v1/hosts")) == 1


def test_who_is_named_may_embed_the_site_and_nobody_else(page: Page, tmp_path: Path) -> None:
    site, course = tmp_path / "site", tmp_path / "course"
    for folder in (site, course):
        folder.mkdir()
    (site / "index.html").write_text("<!doctype html><title>t</title><p>안녕하세요")
    with (
        static_host.serving(course) as named,
        static_host.serving(course) as other,
        web_server.serving(tmp_path, site=site, frame_ancestors=(named,)) as web,
    ):
        (course / "index.html").write_text(f'<!doctype html><title>t</title><iframe src="{web.url}"></iframe>')
        page.goto(named)
        expect(page.frame_locator("iframe").get_by_text("안녕하세요")).to_be_visible()
        assert page.frames[1].evaluate("fetch('/v1/health').then(answer => answer.status)") == 200
        page.goto(other)
        page.wait_for_timeout(300)
        assert "chrome-error" in page.frames[1].url
