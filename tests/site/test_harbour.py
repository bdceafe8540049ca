"""The harbour of the home page: complete at rest, and moved by each run, whose container it keeps."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FloatRect, Page, expect

from support.home import PLACES, SEND, begun, box, cargo, harbour, kept, made, ran
from support.visits import drawn

# every text of the harbour that can be seen, with the size of its type and whether it is on the page's width
TEXTS = """() => [...document.querySelectorAll(".harbour text")].map(text => [text, text.getBoundingClientRect()])
    .filter(([, box]) => box.width).map(([text, box]) => ({
        words: text.textContent, size: parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a,
        inside: box.left >= 0 && box.right <= document.documentElement.clientWidth,
    }))"""

# waits until the box moves; the page's policy keeps Playwright's own waiting from reading a condition
MOVES = """() => new Promise(moves => {
    const look = () => document.querySelector(".cargo").getAnimations().length ? moves() : requestAnimationFrame(look);
    look();
})"""


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1220, 1440])
def test_the_harbour_can_be_read_and_nothing_overflows(home: Page, width: int) -> None:
    home.set_viewport_size({"width": width, "height": 900})
    texts = home.evaluate(TEXTS)
    assert {"이미지", "컨테이너", "docker run hello-world "} <= {text["words"] for text in texts}
    # at 320 px every figure is drawn a little smaller
    assert [text for text in texts if text["size"] < (13 if width >= 360 else 11)] == []
    assert [text for text in texts if not text["inside"]] == []
    assert home.evaluate("document.documentElement.scrollWidth") <= width


def test_the_still_picture_is_complete(home: Page) -> None:
    expect(cargo(home, "container")).to_have_text(re.compile("[0-9a-f]{12}…"))
    expect(cargo(home, "code")).to_have_text("0")
    for part in harbour(home).locator(".cargo, .cargo text, .cargo tspan").all():
        expect(part).to_have_css("opacity", "1")
        expect(part).to_have_css("visibility", "visible")
    assert kept(home) == []


def test_the_harbour_follows_the_colours_of_the_page(home: Page) -> None:
    fill = "getComputedStyle(document.querySelector('.harbour .container')).fill"
    light = home.evaluate(fill)
    home.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    assert home.evaluate(fill) != light


def test_a_run_lowers_a_box_with_its_own_id_and_then_its_exit_code(home: Page) -> None:
    still = box(harbour(home).locator(".cargo"))
    home.evaluate(SEND, begun())
    assert box(harbour(home).locator(".cargo"))["y"] < still["y"] - 100
    expect(harbour(home).locator(".cargo")).to_have_css("opacity", "0")
    expect(harbour(home)).to_contain_text("docker run alpine ls")
    home.evaluate(SEND, made(0xA)[1:])
    assert box(harbour(home).locator(".cargo")) == still
    expect(harbour(home).locator(".cargo")).to_have_css("opacity", "1")
    expect(cargo(home, "container")).to_have_text("aaaaaaaaaaaa…")
    expect(cargo(home, "code")).to_have_css("visibility", "hidden")
    home.evaluate(SEND, ran(0xA, 127)[2:])
    expect(cargo(home, "code")).to_have_css("visibility", "visible")
    expect(cargo(home, "code")).to_have_text("127")


def test_where_motion_is_wanted_the_box_comes_down_while_the_reader_looks(home: Page) -> None:
    home.emulate_media(reduced_motion="no-preference")
    home.reload()
    lit = "(document.querySelector('.cargo').dataset.lit ?? null)"
    assert home.evaluate(f"events => {{ ({SEND})(events); return {lit}; }}", ran(1, 3)) is None
    home.evaluate(MOVES)
    assert home.evaluate(lit) == "created"
    expect(cargo(home, "code")).to_have_text("3")


def test_a_second_run_stacks_another_box(home: Page) -> None:
    home.evaluate(SEND, ran(1))
    first = box(harbour(home).locator(".cargo"))
    home.evaluate(SEND, ran(2, 127))
    assert kept(home) == ["111111111111… 종료 코드 0"]
    assert box(harbour(home).locator(".kept")) == first
    assert box(harbour(home).locator(".cargo"))["y"] <= first["y"] - first["height"]
    expect(cargo(home, "container")).to_have_text("222222222222…")
    expect(cargo(home, "code")).to_have_text("127")


def test_no_box_lies_on_another_and_all_are_on_the_ship(home: Page) -> None:
    for width in (390, 1440):
        home.set_viewport_size({"width": width, "height": 900})
        home.reload()
        drawn(home)
        for number in range(PLACES):
            home.evaluate(SEND, ran(number + 1))
        around = box(harbour(home))
        boxes = [box(one) for one in harbour(home).locator(":is(.kept, .cargo) > rect").all()]
        assert len({(round(one["x"]), round(one["y"])) for one in boxes}) == PLACES
        for one in boxes:
            assert around["x"] <= one["x"]
            assert one["x"] + one["width"] <= around["x"] + around["width"]
            assert [other for other in boxes if other is not one and overlap(one, other)] == []


def overlap(one: FloatRect, other: FloatRect) -> bool:
    return abs(one["x"] - other["x"]) < one["width"] and abs(one["y"] - other["y"]) < one["height"]


def test_when_the_ship_is_full_an_empty_one_takes_the_next_box(home: Page) -> None:
    home.evaluate(SEND, ran(1))
    first = box(harbour(home).locator(".cargo"))
    for number in range(1, PLACES):
        home.evaluate(SEND, ran(number + 1))
    assert len(kept(home)) == PLACES - 1
    home.evaluate(SEND, ran(9))
    assert kept(home) == []
    assert box(harbour(home).locator(".cargo")) == first


def test_a_run_that_made_no_container_leaves_no_box(home: Page) -> None:
    home.evaluate(SEND, ran(1))
    home.evaluate(SEND, [*begun(), {"type": "exited", "code": 125, "reason": "not-started"}])
    home.evaluate(SEND, ran(2))
    assert kept(home) == ["111111111111… 종료 코드 0"]


def test_a_run_that_has_not_ended_is_kept_without_an_exit_code(home: Page) -> None:
    home.evaluate(SEND, made(1))
    home.evaluate(SEND, begun())
    expect(harbour(home).locator(".kept .bold.value").last).to_have_css("visibility", "hidden")
