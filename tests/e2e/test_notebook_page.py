"""The notebook's page: where it works, how it looks and sounds, and what is there without Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.cells import PATIENCE, Cell
from support import axe, static_host
from support.backend import Backend
from support.browser import SHIFTS

pytestmark = pytest.mark.live
STRICT = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)
MISFITS = """() => [...document.querySelectorAll(".notebook-code textarea")]
    .filter(one => one.scrollHeight > one.clientHeight || one.scrollWidth > one.clientWidth).map(one => one.value)"""


@pytest.fixture
def host(site: Path) -> Iterator[str]:
    """The site on a host that has no backend and is as strict as a host may be; its address."""
    with static_host.serving(site, "/under/", STRICT) as address:
        yield address


def test_the_keyboard_runs_a_cell_and_can_leave_it(page: Page, notebook: Callable[[int], Cell]) -> None:
    cell = notebook(1)
    for keys, word in (("Control+Enter", "하나"), ("Shift+Enter", "둘")):
        cell.code.fill(f"print('{word}')")
        cell.code.press(keys)
        expect(cell.output).to_have_text(word, timeout=PATIENCE)
        cell.says("잘 끝났어요")
    cell.code.press("Enter")
    assert cell.code.input_value() == "print('둘')\n"
    page.keyboard.press("Tab")
    expect(cell.code).not_to_be_focused()


def test_a_screen_reader_hears_which_cell_began_and_how_it_ended(page: Page, notebook: Callable[[int], Cell]) -> None:
    spoken = page.locator(".notebook-tools").get_by_role("status")
    spoken.evaluate(
        """e => { window.said = [];
        new MutationObserver(() => window.said.push(e.textContent)).observe(e, {childList: true}); }"""
    )
    notebook(1).run()
    began, ended = page.evaluate("window.said")
    assert began == "Python 칸 1: 실행하고 있어요."
    assert re.fullmatch(r"Python 칸 1: 잘 끝났어요\. [\d.]+(초| ms)", ended)


def test_a_questions_output_is_folded_until_it_is_run(page: Page, notebook: Callable[[int], Cell]) -> None:
    cell = notebook(page.locator(".notebook-cell").count())
    expect(cell.output).to_be_hidden()
    assert cell.run() == "bin\n"


def test_it_works_on_a_static_host_below_a_path_whose_policy_allows_wasm_and_our_own_worker_only(
    page: Page, host: str
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
    page.goto(f"{host}/class-and-instance/")
    assert Cell(page, 1).run("1 + 1") == "2\n"
    assert refused == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_text_field_lies_exactly_on_the_coloured_code(
    page: Page, notebook: Callable[[int], Cell], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate(MISFITS) == []
    notebook(1).code.fill("x = '" + "가나다 abc " * 30 + "'\n\n\n")
    assert page.evaluate(MISFITS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_before_and_after_an_error_nor_in_an_old_output(
    page: Page, live: Backend, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live.url}/class-and-instance/")
    assert axe.findings(page) == []
    Cell(page, 1).run("# 주석\nx = f'{1 + 1}' if True else 3.5\n1 / 0", says="오류로 끝났어요")
    assert axe.findings(page) == []
    Cell(page, 1).code.fill("while True: pass")
    Cell(page, 1).button("실행").click()
    Cell(page, 1).says("실행하고 있어요")
    expect(Cell(page, 1).state).to_have_attribute("data-old", "위는 앞선 출력이에요.")
    assert axe.findings(page) == []


def test_nothing_jumps_when_a_cell_runs_as_it_stands(page: Page, notebook: Callable[[int], Cell]) -> None:
    notebook(3).button("실행").scroll_into_view_if_needed()
    page.evaluate(SHIFTS)
    # so that the click does not excuse what moves
    notebook(3).button("실행").evaluate("e => e.click()")
    notebook(3).says("잘 끝났어요")
    page.wait_for_timeout(100)
    assert page.evaluate("window.shift") <= 0.01


def test_without_javascript_every_output_is_there_and_no_button_that_does_nothing(
    browser: Browser, live: Backend
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live.url}/class-and-instance/")
    expect(Cell(page, 7).output).to_contain_text("one 2")
    expect(page.locator(".notebook-bar button:visible")).to_have_count(0)
    context.close()
