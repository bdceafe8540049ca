"""The first screen of the home page: what it is in a few words, one button, the harbour, and the way in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from docker_run import pages
from support.built_site import DOCS, Built
from support.home import LAPTOP, PHONE, box, harbour, kept, opened, press_run
from support.visits import visiting

# px
FOLD = 420
# the home page's list, and the pages that a part of the navigation names
LISTED = re.findall(r"^(\d+)\. \[.*?\]\((.+?)\)", (DOCS / "index.md").read_text(), re.M)
NAMED = re.compile(r"(\S+\.(?:md|ipynb))$", re.M)
# how much of the harbour is on the screen, below the page's head
SEEN = """() => { const {top, bottom, height} = document.querySelector(".harbour").getBoundingClientRect();
    return (Math.min(bottom, innerHeight) - Math.max(top, 48)) / height; }"""
WATCH = f"""document.addEventListener("docker-run:event", () => {{
    window.least = Math.min(window.least ?? 1, ({SEEN})());
}})"""


def test_on_a_phone_everything_down_to_run_stands_above_the_fold(home: Page) -> None:
    run = box(home.get_by_role("button", name="실행", exact=True))
    assert run["y"] + run["height"] <= FOLD
    assert run["height"] >= 44
    assert run["width"] > 300
    expect(home.get_by_role("heading", level=1)).to_contain_text("진짜 컨테이너를, 바로 여기서")
    expect(home.get_by_text("설치도 가입도 없이 Docker를 배워요.", exact=True)).to_be_visible()
    # one button to press; the other one unfolds
    assert [one.inner_text() for one in home.locator("#first .buttons button").all() if one.is_visible()] == [
        "실행",
        "지난 기록",
    ]


def test_what_a_run_leaves_can_be_copied_and_undone(home: Page) -> None:
    buttons = [home.locator("#first").get_by_role("button", name=name, exact=True) for name in ("복사", "되돌리기")]
    for button in buttons:
        expect(button).to_be_hidden()
    press_run(home)
    for button in buttons:
        expect(button).to_be_visible()
    buttons[1].focus()
    buttons[1].press("Enter")
    expect(home.locator("#first")).to_have_attribute("state", "idle")
    expect(buttons[1]).to_be_focused()


def test_after_an_undo_the_harbour_is_as_it_was(home: Page) -> None:
    boxes = ".harbour .cargo, .harbour .slot, .harbour .trolley"
    places = f"""(() => {{
        const {{x, y}} = document.querySelector(".harbour").getBoundingClientRect();
        const around = [...document.querySelectorAll("{boxes}")].map(one => one.getBoundingClientRect());
        return around.map(one => [one.x - x, one.y - y, one.width, one.height].map(Math.round));
    }})()"""
    before = home.evaluate(places), " ".join(harbour(home).locator("text").all_text_contents())
    for _ in range(3):
        press_run(home)
    assert len(kept(home)) == 2
    home.locator("#first").get_by_role("button", name="되돌리기").click()
    expect(home.locator("#first .result")).to_contain_text("되돌렸어요")
    assert kept(home) == []
    assert (home.evaluate(places), " ".join(harbour(home).locator("text").all_text_contents())) == before
    press_run(home)
    assert kept(home) == []


def test_a_second_press_at_the_same_place_is_none_of_another_button(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as home:
        home.set_viewport_size(LAPTOP)
        pressed = box(home.get_by_role("button", name="실행", exact=True))
        press_run(home)
        middle = [pressed["x"] + pressed["width"] / 2, pressed["y"] + pressed["height"] / 2]
        there = "([x, y]) => document.elementFromPoint(x, y).closest('button')?.className"
        assert home.evaluate(there, middle) == "run"


@pytest.mark.parametrize(
    ("size", "touch"), [(PHONE, True), (PHONE, False), (LAPTOP, False)], ids=["phone", "small window", "laptop"]
)
def test_the_harbour_is_in_view_while_the_first_run_moves_it(
    chromium: Browser, address: str, size: ViewportSize, touch: bool
) -> None:
    with opened(chromium, address, touch=touch) as home:
        home.set_viewport_size(size)
        home.evaluate(WATCH)
        press_run(home)
        assert home.evaluate("window.least") >= 0.8
        assert home.evaluate(SEEN) >= 0.8
        assert home.evaluate("matchMedia('(pointer: coarse)').matches") == touch


def test_the_harbour_stands_beneath_the_command_on_a_phone_and_beside_it_on_a_wide_screen(home: Page) -> None:
    command, figure = home.locator("#first"), harbour(home)
    assert box(figure)["y"] >= box(command)["y"] + box(command)["height"]
    assert box(figure)["y"] + box(figure)["height"] <= PHONE["height"]
    home.set_viewport_size(LAPTOP)
    assert box(figure)["x"] >= box(command)["x"] + box(command)["width"]
    assert box(figure)["y"] < box(command)["y"]
    for part in (figure, home.get_by_role("link", name="1장 시작하기 →"), home.locator(".numbers")):
        assert box(part)["y"] + box(part)["height"] <= LAPTOP["height"]


def test_the_numbers_are_those_of_the_list_and_of_all_demos(built: Built) -> None:
    demos = [demo for page in built.pages().values() for demo in page.all("docker-run") if "follows" not in demo]
    said = re.search(r"모두 (\d+)장이고, 눌러 볼 명령은 (\d+)개예요", built.page("index.html").source)
    assert said
    assert (int(said[1]), int(said[2])) == (len(LISTED), len(demos))
    assert len(demos) > len(pages.demos(DOCS))


def test_the_list_is_the_book_in_the_order_of_the_navigation() -> None:
    book = re.search(r"^  - 읽고 눌러 보기:\n((?:      .*\n)+)", (DOCS.parent / "mkdocs.yml").read_text(), re.M)
    assert book
    # the glossary is looked up, not read
    assert [path for _, path in LISTED] == [one for one in NAMED.findall(book[1]) if one != "glossary.md"]
    assert [int(number) for number, _ in LISTED] == [*range(1, len(LISTED) + 1)]


def test_home_loads_nothing_that_another_page_does_not(chromium: Browser, address: str) -> None:
    asked = []
    for path in ("", "glossary/"):
        with visiting(chromium, f"{address}/{path}") as visit:
            asked.append({request.url for request in visit.requests} - {visit.page.url})
    assert asked[0] <= asked[1]


def test_the_way_in_leads_to_the_first_chapter(home: Page) -> None:
    home.get_by_role("link", name="1장 시작하기 →").click()
    home.wait_for_url("**/why/")


def test_the_field_has_one_mark_of_the_focus_its_own_line(home: Page) -> None:
    line = home.locator("#first").get_by_role("textbox")
    colour = "one => getComputedStyle(one.parentElement).borderBottomColor"
    before = line.evaluate(colour)
    line.focus()
    expect(line).to_have_css("outline-style", "none")
    assert line.evaluate(colour) != before
