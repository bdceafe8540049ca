"""Class and instance beside image and container: Python in the reader's browser, and real containers beside it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.pages import finished
from support import axe, built_site
from support.backend import Backend
from support.browser import SHIFTS

pytestmark = pytest.mark.container
# Python is 11 MB, and this machine may be busy
PATIENCE = 60_000
STRICT = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)
MISFITS = """() => [...document.querySelectorAll(".notebook-code textarea")]
    .filter(one => one.scrollHeight > one.clientHeight || one.scrollWidth > one.clientWidth).map(one => one.value)"""


class Cell:
    """One code cell by its number."""

    def __init__(self, page: Page, number: int) -> None:
        self.root = page.locator(f".notebook-cell[data-cell='{number}']")
        self.code, self.output = self.root.get_by_role("textbox"), self.root.locator(".notebook-output")
        self.state = self.root.locator(".notebook-state")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name)

    def says(self, words: str) -> None:
        expect(self.state).to_contain_text(words, timeout=PATIENCE)

    def run(self, source: str | None = None, says: str = "잘 끝났어요") -> str:
        """Run it, with other code if some is given, to its end; what it put out."""
        if source is not None:
            self.code.fill(source)
        self.button("실행").click()
        expect(self.root).not_to_have_attribute("data-busy", "", timeout=PATIENCE)
        self.says(says)
        return self.output.inner_text() if self.output.is_visible() else ""


class Static(SimpleHTTPRequestHandler):
    """Files below /under/, as strictly as a host may be."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/under") if path.startswith("/under/") else "/nowhere")

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", STRICT)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def static_host(tmp_path: Path) -> Iterator[str]:
    """The site on a host that has no backend; its address."""
    made = built_site.build(tmp_path)
    assert made.returncode == 0, made.log
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Static, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/under"
    server.shutdown()
    server.server_close()


@pytest.fixture
def asked(page: Page) -> list[str]:
    """The addresses of all requests."""
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    return urls


@pytest.fixture
def notebook(page: Page, asked: list[str], live: Backend) -> Callable[[int], Cell]:
    """The page; a cell of it by its number. The page must not throw."""
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{live.url}/class-and-instance/")
    return lambda number: Cell(page, number)


@pytest.mark.claim("C7")
def test_two_instances_of_one_class_have_a_state_of_their_own(notebook: Callable[[int], Cell]) -> None:
    cell = notebook(6)
    assert cell.run().split("\n")[:3] == ["K5: 모두 100 km", "K5: 모두 150 km", "모닝: 모두 7 km"]
    changed = cell.code.input_value().replace("k5.drive(50)", "k5.drive(1)")
    assert cell.run(changed).split("\n")[:3] == ["K5: 모두 100 km", "K5: 모두 101 km", "모닝: 모두 7 km"]


@pytest.mark.claim("C7")
def test_two_paper_containers_of_one_image_have_a_state_of_their_own(notebook: Callable[[int], Cell]) -> None:
    cell = notebook(7)
    assert cell.run().split("\n")[:3] == ["one 1", "one 2", "two 1"]
    assert cell.run("print(alpine.create('count').start().output)").strip() == "1"


@pytest.mark.claim("C7")
def test_two_real_containers_of_one_image_have_a_state_of_their_own(page: Page, notebook: Any) -> None:
    assert finished(page, "pull").code == 0
    for _ in range(2):
        demo = finished(page, "count")
        assert demo.code == 0
        assert demo.output.inner_text().split("\n") == ["한 줄", ""] or demo.output.inner_text() == "한 줄"


@pytest.mark.claim("C7")
def test_what_a_real_container_deletes_is_still_in_its_image(page: Page, notebook: Any) -> None:
    gone = finished(page, "remove")
    expect(gone.output).to_contain_text("No such file or directory")
    assert gone.code == 1
    still = finished(page, "still-there")
    expect(still.output).to_contain_text("NAME=")
    assert still.code == 0


@pytest.mark.claim("C7")
def test_a_class_can_be_changed_and_an_image_cannot(notebook: Callable[[int], Cell]) -> None:
    assert notebook(9).run().split("\n")[:2] == [
        "K5의 바퀴 3",
        "이미지는 고칠 수 없어요: cannot assign to field 'cmd'",
    ]


def test_every_cell_puts_out_in_the_browser_what_it_put_out_at_build(
    page: Page, notebook: Callable[[int], Cell]
) -> None:
    outputs = page.locator(".notebook-output")
    before = outputs.all_text_contents()
    cells = page.locator(".notebook-cell").count()
    notebook(cells).run()
    assert [text.rstrip() for text in outputs.all_text_contents()] == before


def test_nothing_of_python_is_asked_for_before_the_first_run(
    page: Page, notebook: Callable[[int], Cell], asked: list[str], live: Backend
) -> None:
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if re.search("pyodide|worker.js$|whl$|python", url.split("assets/javascripts")[0])]
    notebook(1).run()
    fetched = {url.rsplit("/", 1)[1] for url in asked if "/pyodide/" in url}
    assert {"pyodide.asm.wasm", "python_stdlib.zip"} <= fetched
    assert [url for url in asked if not url.startswith((live.url, "data:", "blob:"))] == []


def test_the_loading_is_told_in_words_and_bytes(page: Page, notebook: Callable[[int], Cell]) -> None:
    cell = notebook(1)
    cell.state.evaluate(
        """e => { window.said = [];
        new MutationObserver(() => window.said.push(e.textContent)).observe(e, {childList: true}); }"""
    )
    cell.run()
    said = page.evaluate("window.said")
    loaded = [float(found[1]) for text in said if (found := re.search(r"받고 있어요\. ([\d.]+) / 11\.4 MB", text))]
    assert len(loaded) > 2
    assert loaded == sorted(loaded)
    assert "파이썬을 다 받았어요. 켜고 있어요." in said


def test_an_error_is_shown_as_python_shows_it_and_the_names_stay(notebook: Callable[[int], Cell]) -> None:
    cell = notebook(4)
    shown = cell.run("kept = Car('K5')\nkept.drive()", says="오류로 끝났어요")
    assert shown.startswith("Traceback (most recent call last):\n")
    assert 'File "<칸 4>", line 2, in <module>' in shown
    assert "TypeError: Car.drive() missing 1 required positional argument: 'km'" in shown
    assert cell.run("print(kept.km)") == "0\n"


def test_a_cell_is_not_run_when_one_above_it_fails(notebook: Callable[[int], Cell]) -> None:
    notebook(2).code.fill("class Car\n  pass")
    cell = notebook(4)
    before = cell.output.inner_text()
    cell.run(says="위의 칸 2에서 오류가 나서")
    assert "SyntaxError" in notebook(2).output.inner_text()
    assert cell.output.inner_text() == before


def test_stop_ends_a_loop_without_end_and_says_what_is_lost(page: Page, notebook: Callable[[int], Cell]) -> None:
    def threads() -> int:
        return sum("/notebook/" in worker.url for worker in page.workers)

    cell = notebook(1)
    cell.code.fill("kept = 1\nwhile True:\n    print('돌아요')")
    cell.button("실행").click()
    expect(cell.output).to_contain_text("돌아요", timeout=PATIENCE)
    expect(notebook(2).button("실행")).to_be_disabled()
    assert threads() == 1
    cell.button("멈춤").click()
    cell.says("지금까지 칸들이 만든 것은 모두 사라졌어요")
    for _ in range(100):  # a browser gives a busy thread a moment
        page.wait_for_timeout(50)
        if threads() == 0:
            break
    assert threads() == 0
    expect(cell.button("실행")).to_be_focused()
    shown = cell.run("kept", says="오류로 끝났어요")
    assert "NameError: name 'kept' is not defined" in shown


def test_an_output_of_an_earlier_run_is_told_from_one_of_this_run(page: Page, notebook: Callable[[int], Cell]) -> None:
    notebook(1).run("print(0)")
    notebook(2).run("print(0)")
    notebook(1).code.fill("while True: pass")
    cell = notebook(2)
    cell.button("실행").click()
    cell.says("먼저 위의 칸 1번을")
    old = "위는 앞선 출력이에요."
    expect(cell.state).to_have_attribute("data-old", old)
    expect(notebook(1).state).to_have_attribute("data-old", old)
    cell.button("멈춤").click()
    cell.says("사라졌어요")
    shown = "[...document.querySelectorAll('[data-old]')].map(e => getComputedStyle(e, '::after').content)"
    assert page.evaluate(shown) == [f'" {old}"'] * 2
    notebook(1).code.fill("print(1)")
    cell.run("print(2)")
    expect(page.locator("[data-old]")).to_have_count(0)


def test_reset_brings_the_code_and_its_output_back(notebook: Callable[[int], Cell]) -> None:
    cell = notebook(6)
    code, output = cell.code.input_value(), cell.output.inner_text()
    cell.run("print('다른 것')")
    cell.button("처음부터").click()
    expect(cell.code).to_have_value(code)
    expect(cell.output).to_have_text(output)
    cell.says("처음의 코드와 출력으로 돌아왔어요")


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


def test_python_that_cannot_be_loaded_is_said_so_and_can_be_tried_again(
    page: Page, notebook: Callable[[int], Cell]
) -> None:
    cell = notebook(1)
    cell.run()
    notebook(2).code.fill("while True: pass")
    notebook(2).button("실행").click()
    notebook(2).button("멈춤").click()
    page.context.set_offline(True)
    cell.run(says="파이썬을 켜지 못했어요")
    page.context.set_offline(False)
    cell.run("print('이제 돼요')")
    expect(cell.output).to_have_text("이제 돼요")


def test_it_works_on_a_static_host_below_a_path_whose_policy_allows_wasm_and_our_own_worker_only(
    page: Page, static_host: str
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
    page.goto(f"{static_host}/class-and-instance/")
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
