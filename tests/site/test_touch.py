"""A word of a command and what stands for it in a figure light each other: by pointer, caret and button."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from docker_run import pages
from support.built_site import DOCS
from support.figures import look_at
from support.readers import Readers
from support.visits import Walk

# For every figure with every demo that moves it: the parts of the command of which the figure has a button, and those
# that light something in it when the caret is there.
CARET = """async () => {
    const found = {}, names = all => [...new Set([...all].map(one => one.className))].sort();
    for (const group of document.querySelectorAll(".words")) {
        const svg = group.closest(".figure").querySelector("svg");
        for (const id of group.dataset.demos.split(" ")) {
            const demo = document.getElementById(id), field = demo.querySelector("textarea");
            if (!field.checkVisibility()) continue;
            const ids = [demo, ...document.querySelectorAll(`docker-run[follows="${id}"]`)].map(one => one.id);
            const lights = [];
            let end = 0;
            for (const piece of demo.querySelector(".mirror").childNodes) {
                end += piece.textContent.length;
                if (!piece.className) continue;
                field.focus();
                field.setSelectionRange(end - 1, end - 1);
                await new Promise(next => setTimeout(next, 20));
                const own = [...svg.querySelectorAll("[data-touched]")];
                const owners = own.map(one => one.closest("[data-demo]")?.dataset.demo.split(" ") ?? ids);
                const words = names(demo.querySelectorAll(".mirror [data-touched]"));
                const right = owners.every(some => some.some(one => ids.includes(one))) && words.length === 1;
                if (own.length && right && piece.hasAttribute("data-touched")) lights.push(piece);
            }
            const there = names(demo.querySelectorAll(".mirror span"));
            const buttons = [...group.querySelectorAll("button")].map(one => one.dataset.word);
            found[`${svg.classList[0]} ${id}`] = [there.filter(one => buttons.includes(one)), names(lights)];
        }
    }
    return found;
}"""


@pytest.fixture
def chapter(walk: Walk, address: str) -> Iterator[Page]:
    """The chapter on the four runs, on a wide screen."""
    visit = walk.to(f"{address}/run/", {"width": 1440, "height": 900})
    yield visit.page
    assert visit.errors == []


def touched(page: Page, where: str) -> Locator:
    return page.locator(f"{where} [data-touched]")


def card(demo: str, figure: str = "p10") -> str:
    return f"svg.{figure} [data-demo={demo}]"


def caret(page: Page, demo: str, offset: int) -> None:
    field = page.locator(f"docker-run#{demo} textarea")
    field.focus()
    field.evaluate("(field, at) => field.setSelectionRange(at, at)", offset)


def test_the_caret_in_a_word_lights_its_part_in_every_figure_of_every_demo(readers: Readers, address: str) -> None:
    urls = [f"{address}/{source.rsplit('.', 1)[0]}/".replace("/index/", "/") for source in pages.demos(DOCS)]
    seen: list[dict[str, Any]] = readers.walk(
        urls, lambda visit: visit.page.evaluate(CARET), viewport={"width": 1440, "height": 900}
    )
    found = {pair: one for page in seen for pair, one in page.items()}
    assert len(found) >= 26
    assert {pair: one for pair, one in found.items() if one[0] != one[1] or not one[0]} == {}


def test_the_caret_lights_the_part_of_its_own_demo_and_no_other(chapter: Page) -> None:
    look_at(chapter, "p10")
    caret(chapter, "alpine-ls", len("docker run al"))
    expect(touched(chapter, card("alpine-ls")).first).to_be_attached()
    assert touched(chapter, card("alpine-ls")).evaluate_all(
        "all => all.every(one => /image/.test(one.className.baseVal))"
    )
    for other in ("alpine", "hello-world", "hello-world-ls"):
        assert touched(chapter, card(other)).count() == 0
    expect(touched(chapter, "docker-run#alpine-ls .mirror")).to_have_text("alpine")
    assert touched(chapter, "docker-run#alpine .mirror").count() == 0
    # nor that of the next section, where the same line has a demo of its own
    assert touched(chapter, "svg.p11").count() == 0


def test_the_arrow_keys_walk_through_the_words_and_leaving_the_field_ends_it(chapter: Page) -> None:
    caret(chapter, "alpine-ls", 0)
    expect(touched(chapter, "docker-run#alpine-ls .mirror")).to_have_text("docker run")
    chapter.keyboard.press("End")
    expect(touched(chapter, "docker-run#alpine-ls .mirror")).to_have_text("ls")
    chapter.keyboard.press("Tab")
    expect(chapter.locator("svg [data-touched], .mirror [data-touched]")).to_have_count(0)


def test_what_is_typed_stays_lit(chapter: Page) -> None:
    caret(chapter, "alpine-ls", len("docker run alpine ls"))
    chapter.keyboard.type(" -l")
    expect(touched(chapter, "docker-run#alpine-ls .mirror")).to_have_text(["ls", "-l"])


def test_a_word_under_the_pointer_lights_its_part(chapter: Page) -> None:
    chapter.locator("docker-run#alpine").scroll_into_view_if_needed()
    box = chapter.locator("docker-run#alpine .mirror .image").bounding_box()
    assert box
    chapter.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(touched(chapter, card("alpine")).first).to_be_attached()
    chapter.mouse.move(5, 5)
    expect(touched(chapter, card("alpine"))).to_have_count(0)


def test_a_part_of_a_figure_lights_the_word_until_the_next_click_elsewhere(chapter: Page) -> None:
    look_at(chapter, "p10")
    chapter.locator(f"{card('alpine-ls')} text.is-process").first.click()
    expect(touched(chapter, "docker-run#alpine-ls .mirror")).to_have_text("ls")
    chapter.mouse.move(5, 5)
    expect(touched(chapter, "docker-run#alpine-ls .mirror")).to_have_text("ls")
    chapter.locator("#c30").click()
    expect(touched(chapter, "docker-run#alpine-ls .mirror")).to_have_count(0)


def test_a_button_lights_all_words_of_its_figures_demos_and_says_them(chapter: Page) -> None:
    words = chapter.locator("#p10-figure .words")
    button = words.get_by_role("button", name="이미지", exact=True)
    button.focus()
    chapter.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(words.locator("output")).to_have_text("명령에서는 hello-world, alpine")
    for demo in ("hello-world", "alpine", "hello-world-ls", "alpine-ls"):
        expect(touched(chapter, f"docker-run#{demo} .mirror")).to_have_count(1)
    chapter.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(words.locator("output")).to_be_empty()
    expect(chapter.locator("svg [data-touched], .mirror [data-touched]")).to_have_count(0)


def test_what_a_command_does_not_have_is_said(chapter: Page) -> None:
    look_at(chapter, "p10")
    chapter.locator(f"{card('alpine')} text.is-process").first.click()
    expect(chapter.locator("#p10-figure .words-said")).to_have_text("명령에는 적지 않았어요")


def test_what_is_lit_differs_in_more_than_its_colour(chapter: Page) -> None:
    caret(chapter, "alpine-ls", len("docker run al"))
    shape, text = (chapter.locator(f"{card('alpine-ls')} {kind}[data-touched]").first for kind in ("rect", "text"))
    expect(shape).to_have_css("stroke-width", "5px")
    assert "underline" in str(text.evaluate("one => getComputedStyle(one).textDecorationLine"))


@pytest.mark.parametrize(
    ("at", "style"), [("docker r", "solid"), ("docker run al", "double"), ("docker run alpine l", "dashed")]
)
def test_each_kind_of_word_has_a_line_of_its_own_in_the_command_and_in_its_figure(
    chapter: Page, at: str, style: str
) -> None:
    caret(chapter, "alpine-ls", len(at))
    expect(touched(chapter, "docker-run#alpine-ls .mirror")).to_have_css("outline-style", style)
    # the card has the command, too
    word = chapter.locator(f"{card('alpine-ls')} text.mono.bold tspan[data-touched]")
    expect(word).to_have_css("text-decoration-style", style)


def test_what_belongs_together_stands_in_one_card(chapter: Page) -> None:
    chapter.locator("#p10-figure .words").get_by_role("button", name="이미지", exact=True).click()
    for demo, image in (("hello-world", "hello-world"), ("alpine", "alpine")):
        expect(chapter.locator(f"{card(demo)} text.mono.bold tspan[data-touched]")).to_have_text(image)
