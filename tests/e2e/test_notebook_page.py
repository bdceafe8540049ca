"""The notebook's page: where it works, how it looks and sounds, and what is there without Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.cells import PATIENCE, Cell, Notebook
from support import static_host
from support.backend import Backend

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


def test_the_keyboard_runs_a_cell_and_can_leave_it(notebook: Notebook) -> None:
    cell = notebook(1)
    for keys, word in (("Control+Enter", "하나"), ("Shift+Enter", "둘")):
        cell.code.fill(f"print('{word}')")
        cell.code.press(keys)
        expect(cell.output).to_have_text(word, timeout=PATIENCE)
        cell.says("잘 끝났어요")
    cell.code.press("Enter")
    assert cell.code.input_value() == "print('둘')\n"
    notebook.page.keyboard.press("Tab")
    expect(cell.code).not_to_be_focused()


def test_a_screen_reader_hears_which_cell_began_and_how_it_ended(notebook: Notebook) -> None:
    began, *ended = notebook.spoken
    assert began == "Python 칸 3: 실행하고 있어요."
    # those above it are run first
    assert len(ended) == 3
    for number, words in enumerate(ended, start=1):
        assert re.fullmatch(rf"Python 칸 {number}: 잘 끝났어요\. [\d.]+(초| ms)", words)


def test_a_questions_output_is_folded_until_it_is_run(notebook: Notebook) -> None:
    cell = notebook(notebook.count)
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
def test_the_text_field_lies_exactly_on_the_coloured_code(notebook: Notebook, width: int) -> None:
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate(MISFITS) == []
    notebook(1).code.fill("x = '" + "가나다 abc " * 30 + "'\n\n\n")
    assert page.evaluate(MISFITS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_jumps_when_a_cell_runs_as_it_stands(notebook: Notebook) -> None:
    assert notebook.shift <= 0.01


def test_without_javascript_every_output_is_there_and_no_button_that_does_nothing(
    browser: Browser, live: Backend
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live.url}/class-and-instance/")
    expect(Cell(page, 7).output).to_contain_text("one 2")
    expect(page.locator(".notebook-bar button:visible")).to_have_count(0)
    context.close()
