"""What is pasted, dropped and taken over in several lines: the field holds the command, whole."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from e2e.pages import Demo
from support.built_site import REPOSITORY
from support.canned_backend import Canned, Run

CASES = json.loads((REPOSITORY / "tests/unit/cases/pasted.json").read_text())
PASTE = """(line, text) => { const clipboardData = new DataTransfer(); clipboardData.setData("text/plain", text);
    line.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true})); }"""
LINES = "docker run alpine sh -c '\necho a\necho b\n'"


def paste(demo: Demo, text: str) -> None:
    """Paste over what the field holds."""
    demo.line.select_text()
    demo.line.evaluate(PASTE, text)


def test_the_field_holds_the_first_command_of_what_is_pasted(demo: Demo) -> None:
    for name, text, taken in CASES:
        if taken is not None:
            paste(demo, text)
            expect(demo.line, name).to_have_value(taken)


def test_a_paste_can_be_undone(demo: Demo) -> None:
    paste(demo, "# comment\n$ docker run busybox\n")
    expect(demo.line).to_have_value("docker run busybox")
    demo.line.press("Control+z")
    expect(demo.line).to_have_value("docker run alpine ls")


def test_a_paste_without_a_command_goes_where_the_caret_is(demo: Demo) -> None:
    demo.line.press("End")
    demo.line.evaluate(PASTE, " -l\n")
    expect(demo.line).to_have_value("docker run alpine ls -l ")
    demo.line.fill("docker run alpine sh -c ''")
    demo.line.evaluate("e => e.setSelectionRange(25, 25)")
    demo.line.evaluate(PASTE, "echo a\necho b")
    expect(demo.line).to_have_value("docker run alpine sh -c 'echo a\necho b'")


def test_that_a_second_command_is_left_out_is_said_and_that_output_is_is_not(demo: Demo) -> None:
    said = demo.root.locator(".outcome").get_by_text("첫 줄만 넣었어요")
    paste(demo, "$ docker run alpine ls\nbin\n")
    expect(demo.line).to_have_value("docker run alpine ls")
    expect(said).to_have_count(0)
    paste(demo, "docker pull alpine\ndocker run alpine")
    expect(demo.line).to_have_value("docker pull alpine")
    expect(said).to_have_count(1)


def test_a_command_of_several_lines_is_seen_and_run_and_edited_whole(demo: Demo, canned: Canned) -> None:
    paste(demo, f"```console\n$ {LINES}\na\nb\n```\n")
    expect(demo.line).to_have_value(LINES)
    assert demo.root.locator(".mirror").evaluate("e => e.textContent") == LINES
    assert demo.line.evaluate("e => e.scrollHeight - e.clientHeight") == 0
    assert demo.line.evaluate("e => e.clientHeight") >= 4 * 26
    demo.line.press("Enter")
    demo.wait_for_end()
    assert canned.commands == [LINES]
    demo.line.evaluate("e => e.setSelectionRange(31, 31)")
    demo.page.keyboard.insert_text("-n ")
    expect(demo.line).to_have_value(LINES.replace("echo a", "echo -n a"))


def test_a_hint_of_several_lines_is_taken_over_whole(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.exit(127, "not-started", hint=f"맨 앞의 프롬프트 기호는 빼고 입력해요. {LINES} 를 실행해 보세요.")

    canned.script = script
    demo.run("$ " + LINES)
    demo.wait_for_end()
    assert demo.hint.locator("code").inner_text() == LINES
    demo.button("이 줄로 바꾸기").click()
    expect(demo.line).to_have_value(LINES)


def test_an_empty_last_line_has_its_room(demo: Demo) -> None:
    demo.line.fill("docker run alpine sh -c 'echo a\n")
    assert demo.line.evaluate("e => e.scrollHeight - e.clientHeight") == 0
