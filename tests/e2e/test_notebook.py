"""Class and instance beside image and container: Python in the reader's browser, and real containers beside it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from e2e.cells import PATIENCE, Notebook
from e2e.pages import finished
from support import axe
from support.backend import Backend

pytestmark = pytest.mark.live


@pytest.mark.claim("C7")
def test_two_instances_of_one_class_have_a_state_of_their_own(notebook: Notebook) -> None:
    cell = notebook(6)
    assert cell.run().split("\n")[:3] == ["K5: 모두 100 km", "K5: 모두 150 km", "모닝: 모두 7 km"]
    changed = cell.code.input_value().replace("k5.drive(50)", "k5.drive(1)")
    assert cell.run(changed).split("\n")[:3] == ["K5: 모두 100 km", "K5: 모두 101 km", "모닝: 모두 7 km"]


@pytest.mark.claim("C7")
def test_two_paper_containers_of_one_image_have_a_state_of_their_own(notebook: Notebook) -> None:
    cell = notebook(7)
    assert cell.run().split("\n")[:3] == ["one 1", "one 2", "two 1"]
    assert cell.run("print(alpine.create('count').start().output)").strip() == "1"


@pytest.mark.claim("C7")
def test_two_real_containers_of_one_image_have_a_state_of_their_own(notebook: Notebook) -> None:
    assert finished(notebook.page, "pull").code == 0
    for _ in range(2):
        demo = finished(notebook.page, "count")
        assert demo.code == 0
        assert demo.output.inner_text().split("\n") == ["한 줄", ""] or demo.output.inner_text() == "한 줄"


@pytest.mark.claim("C7")
def test_what_a_real_container_deletes_is_still_in_its_image(notebook: Notebook) -> None:
    gone = finished(notebook.page, "remove")
    expect(gone.output).to_contain_text("No such file or directory")
    assert gone.code == 1
    still = finished(notebook.page, "still-there")
    expect(still.output).to_contain_text("NAME=")
    assert still.code == 0


@pytest.mark.claim("C7")
def test_a_class_can_be_changed_and_an_image_cannot(notebook: Notebook) -> None:
    assert notebook(9).run().split("\n")[:2] == [
        "K5의 바퀴 3",
        "이미지는 고칠 수 없어요: cannot assign to field 'cmd'",
    ]


def test_every_cell_puts_out_in_the_browser_what_it_put_out_at_build(notebook: Notebook) -> None:
    outputs = notebook.page.locator(".notebook-output")
    before = outputs.all_text_contents()
    notebook(notebook.count).run()
    assert [text.rstrip() for text in outputs.all_text_contents()] == before


def test_nothing_of_python_is_asked_for_before_the_first_run(notebook: Notebook, live: Backend) -> None:
    python = "pyodide|worker.js$|whl$|python"
    assert not [url for url in notebook.before if re.search(python, url.split("assets/javascripts")[0])]
    fetched = {url.rsplit("/", 1)[1] for url in notebook.asked if "/pyodide/" in url}
    assert {"pyodide.asm.wasm", "python_stdlib.zip"} <= fetched
    assert [url for url in notebook.asked if not url.startswith((live.url, "data:", "blob:"))] == []


def test_the_loading_is_told_in_words_and_bytes(notebook: Notebook) -> None:
    told = [re.search(r"받고 있어요\. ([\d.]+) / 11\.4 MB", text) for text in notebook.said]
    loaded = [float(found[1]) for found in told if found]
    assert len(loaded) > 2
    assert loaded == sorted(loaded)
    assert "파이썬을 다 받았어요. 켜고 있어요." in notebook.said


def test_an_error_is_shown_as_python_shows_it_and_the_names_stay(notebook: Notebook) -> None:
    cell = notebook(4)
    shown = cell.run("kept = Car('K5')\nkept.drive()", says="오류로 끝났어요")
    assert shown.startswith("Traceback (most recent call last):\n")
    assert 'File "<칸 4>", line 2, in <module>' in shown
    assert "TypeError: Car.drive() missing 1 required positional argument: 'km'" in shown
    assert cell.run("print(kept.km)") == "0\n"


def test_a_cell_is_not_run_when_one_above_it_fails(notebook: Notebook) -> None:
    notebook(2).code.fill("class Car\n  pass")
    cell = notebook(4)
    before = cell.output.inner_text()
    cell.run(says="위의 칸 2에서 오류가 나서")
    assert "SyntaxError" in notebook(2).output.inner_text()
    assert cell.output.inner_text() == before


def threads(notebook: Notebook) -> int:
    return sum("/notebook/" in worker.url for worker in notebook.page.workers)


def test_stop_ends_a_loop_without_end_and_says_what_is_lost(notebook: Notebook) -> None:
    cell = notebook(1)
    cell.code.fill("kept = 1\nwhile True:\n    print('돌아요')")
    cell.button("실행").click()
    expect(cell.output).to_contain_text("돌아요", timeout=PATIENCE)
    expect(notebook(2).button("실행")).to_be_disabled()
    assert threads(notebook) == 1
    cell.button("멈춤").click()
    cell.says("지금까지 칸들이 만든 것은 모두 사라졌어요")
    for _ in range(100):  # a browser gives a busy thread a moment
        notebook.page.wait_for_timeout(50)
        if threads(notebook) == 0:
            break
    assert threads(notebook) == 0
    expect(cell.button("실행")).to_be_focused()


def test_python_that_cannot_be_loaded_is_said_so_and_can_be_tried_again(notebook: Notebook) -> None:
    stopped(notebook)
    notebook.page.context.set_offline(True)
    notebook(1).run(says="파이썬을 켜지 못했어요")
    notebook.page.context.set_offline(False)
    # and in the new one there is nothing of the old
    shown = notebook(1).run("kept", says="오류로 끝났어요")
    assert "NameError: name 'kept' is not defined" in shown


def stopped(notebook: Notebook) -> None:
    """End Python, whether it runs or not."""
    notebook(1).code.fill("kept = 1\nwhile True: pass")
    notebook(1).button("실행").click()
    notebook(1).button("멈춤").click()
    notebook(1).says("사라졌어요")


def test_an_output_of_an_earlier_run_is_told_from_one_of_this_run_and_axe_finds_nothing(notebook: Notebook) -> None:
    notebook(4).run("# 주석\nx = f'{1 + 1}' if True else 3.5\n1 / 0", says="오류로 끝났어요")
    notebook(1).run("print(0)")
    notebook(2).run("print(0)")
    notebook(1).code.fill("while True: pass")
    cell = notebook(2)
    cell.button("실행").click()
    cell.says("먼저 위의 칸 1번을")
    old = "위는 앞선 출력이에요."
    expect(cell.state).to_have_attribute("data-old", old)
    expect(notebook(1).state).to_have_attribute("data-old", old)
    assert axe.in_both_schemes(notebook.page, ".notebook-cell") == []
    cell.button("멈춤").click()
    cell.says("사라졌어요")
    shown = "[...document.querySelectorAll('[data-old]')].map(e => getComputedStyle(e, '::after').content)"
    assert notebook.page.evaluate(shown) == [f'" {old}"'] * 2
    notebook(1).code.fill("print(1)")
    cell.run("print(2)")
    expect(notebook.page.locator("[data-old]")).to_have_count(0)


def test_reset_brings_the_code_and_its_output_back(notebook: Notebook) -> None:
    cell = notebook(6)
    code, output = cell.code.input_value(), cell.output.inner_text()
    cell.run("print('다른 것')")
    cell.button("되돌리기").click()
    expect(cell.code).to_have_value(code)
    expect(cell.output).to_have_text(output)
    cell.says("처음의 코드와 출력으로 돌아왔어요")
