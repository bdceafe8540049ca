"""What stands below a command after its run: no blank room, tables that are whole or can be seen to go on, and a bar
while it runs."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from docker_run.recording.file import path_of, read
from support.browser import SHIFTS
from support.built_site import REPOSITORY
from support.colours import farthest
from support.visits import visiting

PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
RUN = """async id => {
    const demo = document.getElementById(id), screen = demo.querySelector(".screen");
    const done = demo.run(), answer = demo.querySelector(".answer").getBoundingClientRect();
    await done;
    await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    const range = document.createRange();
    range.selectNodeContents(screen);
    const end = Math.min(range.getBoundingClientRect().bottom, screen.getBoundingClientRect().bottom);
    const {bottom, height} = demo.querySelector(".answer").getBoundingClientRect();
    return {
        blank: bottom - end, grown: height - answer.height,
        wide: screen.scrollWidth - screen.clientWidth, high: screen.scrollHeight - screen.clientHeight,
    };
}"""
# px of an output's own edge, and of the line that a terminal leaves empty at its end
EDGE = 12
# of the shade on an edge against the paper: it is seen, and no bar
SEEN, CALM = 1.2, 2


def ran(page: Page, demo: str) -> dict[str, float]:
    found: dict[str, float] = page.evaluate(RUN, demo)
    return found


def answer_with(page: Page, name: str) -> None:
    """Let a backend answer every run with what was recorded of another demo."""
    kept = read(path_of(REPOSITORY / "demos/recordings", *name.split("#")))
    assert kept
    body = "".join(f"{line}\n" for line in kept.lines)

    def answer(route: Route) -> None:
        if route.request.url.endswith("/v1/runs"):
            route.fulfill(content_type="application/x-ndjson", body=body)
        else:
            route.fulfill(content_type="application/json", body='{"host": "00"}')

    page.route("**/v1/**", answer)


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_where_the_image_is_there_the_room_for_dockers_words_is_the_programs(
    chromium: Browser, address: str, size: dict[str, int]
) -> None:
    with visiting(chromium, f"{address}/scenario/", viewport=size) as visit:
        answer_with(visit.page, "scenario.md#hello-present")
        visit.page.evaluate(SHIFTS)
        seen = ran(visit.page, "hello-missing")
        expect(visit.page.locator("#hello-missing .done").first).to_contain_text("있음")
        assert seen["blank"] <= EDGE
        assert seen["grown"] == 0


def test_where_docker_says_something_both_have_their_room(chromium: Browser, address: str) -> None:
    with visiting(chromium, f"{address}/scenario/", viewport=WIDE) as visit:
        seen = ran(visit.page, "hello-missing")
        assert seen["blank"] <= EDGE
        assert seen["grown"] == 0
        said = visit.page.locator("#hello-missing .said")
        expect(said).to_be_visible()
        expect(visit.page.locator("#hello-missing .screen")).to_contain_text("Hello from Docker!")


@pytest.mark.parametrize(("page", "demo"), [("scenario", "images"), ("container", "same-format")])
def test_the_list_of_images_is_whole_on_a_wide_screen(chromium: Browser, address: str, page: str, demo: str) -> None:
    with visiting(chromium, f"{address}/{page}/", viewport=WIDE) as visit:
        assert ran(visit.page, demo)["wide"] == 0


TO_THE_END = """screen => {
    screen.scrollTop = screen.scrollHeight;
    screen.scrollLeft = screen.scrollWidth;
    screen.blur();
    screen.scrollIntoView({block: "center"});
}"""


def corner(page: Page, demo: str, where: str) -> bytes:
    """A few pixels of an output's right edge, above its first line or below its last, where no letter stands."""
    box = page.locator(f"#{demo} .screen").bounding_box()
    assert box
    top = box["y"] + 1 if where == "top" else box["y"] + box["height"] - 4
    clip: Any = {"x": box["x"] + box["width"] - 8, "y": top, "width": 6, "height": 3}
    return page.screenshot(clip=clip)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "demo", "where", "key", "way"),
    [("scenario/", "images", "top", "ArrowRight", "scrollLeft"), ("", "first", "bottom", "End", "scrollTop")],
    ids=["wide", "long"],
)
def test_what_goes_on_beyond_its_edge_says_so_there_and_is_reached_by_the_keyboard(
    chromium: Browser, address: str, path: str, demo: str, where: str, key: str, way: str, scheme: Any
) -> None:
    with visiting(chromium, f"{address}/{path}", viewport=PHONE, color_scheme=scheme) as visit:
        page, screen = visit.page, visit.page.locator(f"#{demo} .screen")
        seen = ran(page, demo)
        assert max(seen["wide"], seen["high"]) > 10
        screen.evaluate("one => one.scrollIntoView({block: 'center'})")
        before = corner(page, demo, where)
        screen.focus()
        page.evaluate("document.activeElement.blur()")
        assert corner(page, demo, where) == before
        screen.focus()
        page.keyboard.press(key)
        expect(screen).not_to_have_js_property(way, 0)
        screen.evaluate(TO_THE_END)
        assert SEEN <= farthest(chromium, before, corner(page, demo, where)) <= CALM


def test_what_docker_says_is_reached_by_the_keyboard(chromium: Browser, address: str) -> None:
    with visiting(chromium, f"{address}/scenario/", viewport=PHONE) as visit:
        ran(visit.page, "hello-missing")
        said = visit.page.locator("#hello-missing .said")
        assert said.evaluate("one => one.scrollHeight > one.clientHeight")
        visit.page.locator("#hello-missing .fold").focus()
        visit.page.keyboard.press("Tab")
        expect(said).to_be_focused()


BAR = """id => {
    const demo = document.getElementById(id), bar = () => getComputedStyle(demo.querySelector(".answer"), "::before");
    demo.querySelector(".frame").removeAttribute("rest");
    demo.toggleAttribute("busy", true);
    const {height, backgroundImage, animationName} = bar();
    demo.toggleAttribute("busy", false);
    return [height, backgroundImage !== "none", animationName !== "none", bar().backgroundImage !== "none"];
}"""


@pytest.mark.parametrize("demo", ["start-time", "stacks", "isolations"])
def test_every_kind_of_demo_shows_that_it_runs(chromium: Browser, address: str, demo: str) -> None:
    with visiting(chromium, f"{address}/vm/", viewport=PHONE) as visit:
        assert visit.page.evaluate(BAR, demo) == ["3px", True, True, False]
        visit.page.emulate_media(reduced_motion="reduce")
        assert visit.page.evaluate(BAR, demo) == ["3px", True, False, False]
