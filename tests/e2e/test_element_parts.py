"""The parts of the element around the output: copying, hints, the progress of a pull, the turn."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from e2e.pages import Demo
from support.canned_backend import Canned, Run


def test_copy_copies_the_line_and_says_so(demo: Demo) -> None:
    demo.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    demo.line.fill("docker run busybox")
    demo.button("복사").click()
    expect(demo.status).to_have_text("명령을 복사했어요.")
    # to the eye, too, however often it is pressed
    demo.button("복사").click()
    expect(demo.root.locator(".outcome").get_by_text("명령을 복사했어요.")).to_have_count(1)
    assert demo.page.evaluate("navigator.clipboard.readText()") == "docker run busybox"


def test_copy_works_without_a_clipboard_as_on_plain_http(demo: Demo) -> None:
    demo.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    demo.button("복사").click()
    expect(demo.status).to_contain_text("복사했어요")


def test_the_hints_button_puts_the_corrected_line_in_place(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.exit(127, "not-started", hint="dokcer 가 아니에요. docker run alpine ls -l 를 실행해 보세요.")

    canned.script = script
    demo.run("dokcer run alpine ls -l")
    demo.wait_for_end()
    expect(demo.hint.locator("code")).to_have_text("docker run alpine ls -l")
    # in a place of its own, below the text
    button, around = demo.button("이 줄로 바꾸기").bounding_box(), demo.hint.bounding_box()
    words = demo.hint.locator("code").bounding_box()
    assert button
    assert around
    assert words
    assert button["x"] == pytest.approx(around["x"], abs=1)
    assert button["y"] >= words["y"] + words["height"]
    demo.button("이 줄로 바꾸기").click()
    expect(demo.line).to_have_value("docker run alpine ls -l")
    expect(demo.line).to_be_focused()


def test_a_notice_offers_the_line_that_means_the_same_everywhere(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        text = "내 컴퓨터의 셸은 $A 를 먼저 바꿔요. docker run alpine echo '$A' 를 실행해 보세요."
        run.send("notice", code="shell-expansion", text=text)
        run.exit(0)

    canned.script = script
    demo.run()
    demo.wait_for_end()
    expect(demo.hint.locator("code")).to_have_text("docker run alpine echo '$A'")
    demo.hint.locator("button").click()
    expect(demo.line).to_have_value("docker run alpine echo '$A'")


def test_the_pull_shows_its_progress_and_then_its_size(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.begin(pulls=True)
        for layer in ("aa", "bb"):
            run.send("pull", layer=layer, status="Downloading", current=1_000_000, total=2_000_000)
        run.until("pulled")
        run.send("pulled", digest="sha256:", bytes=4_000_000)
        run.exit()

    canned.script = script
    demo.run()
    expect(demo.root.locator(".done")).to_have_text(["이미지 2.0/4.0 MB"])
    assert demo.state == "pulling"
    canned.open("pulled")
    demo.wait_for_end()
    assert demo.steps[0] == "이미지 받음 4.0 MB"


@pytest.mark.parametrize(("missing", "said"), [(False, "이미 최신"), (True, "받음 2.2 kB")])
def test_an_image_that_was_there_and_got_no_new_layer_is_the_newest(
    demo: Demo, canned: Canned, missing: bool, said: str
) -> None:
    def script(run: Run) -> None:
        run.begin(pulls=missing)
        run.send("pull", layer="c0", status="Download complete")
        run.send("pull", layer="aa", status="Already exists")
        run.send("pulled", digest="sha256:", bytes=2202)
        run.start()
        run.exit()

    canned.script = script
    demo.run()
    demo.wait_for_end()
    assert demo.steps[0] == f"이미지 {said}"


def test_the_place_in_line_is_shown(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.send("queued", position=3, retry_seconds=2.0)
        run.until("end")
        run.exit()

    canned.script = script
    demo.run()
    expect(demo.result).to_contain_text("3번째")
    assert demo.state == "queued"
    canned.open("end")
    demo.wait_for_end()


def pulling(run: Run) -> None:
    run.begin(pulls=True)
    run.output("Unable to find image 'alpine:latest' locally\nlatest: Pulling from library/alpine\n", "stderr")
    run.until("pulled")
    run.send("pulled", digest="sha256:", bytes=4_000_000)
    run.start()
    run.output("one line\n")
    run.exit()


# whether what docker says has the colour of Stop beside it
RED = """said => getComputedStyle(said.querySelector(".stderr")).boxShadow
    .includes(getComputedStyle(said.closest("docker-run").querySelector(".stop")).color)"""


def test_what_docker_says_while_it_pulls_is_folded_and_the_program_comes_first(demo: Demo, canned: Canned) -> None:
    canned.script = pulling
    demo.run()
    fold = demo.root.locator(".fold")
    expect(fold).to_have_text("docker의 말 2줄")
    canned.open("pulled")
    demo.wait_for_end()
    expect(demo.output).to_have_text("one line")
    expect(demo.docker).to_be_hidden()
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(demo.docker).to_contain_text("Pulling from library/alpine")
    assert not demo.docker.evaluate(RED)
    # a new run folds them again
    demo.run()
    expect(demo.docker).to_be_hidden()


def test_where_there_was_no_container_what_docker_says_is_the_answer(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.output("docker: Error response from daemon: No such image\n", "stderr")
        run.exit(125, "not-started")

    canned.script = script
    demo.run()
    demo.wait_for_end()
    expect(demo.docker).to_be_visible()
    expect(demo.output).to_be_hidden()
    assert demo.docker.evaluate(RED)
    expect(demo.result).to_have_text("종료 코드 125. docker가 이 명령을 실행하지 않았어요.")


def test_a_run_says_how_long_it_takes_and_then_that_it_was_one(demo: Demo, canned: Canned) -> None:
    canned.script = pulling
    demo.run()
    expect(demo.badge).to_have_text(re.compile(r"실행 중 \d\.\d초"))
    canned.open("pulled")
    demo.wait_for_end()
    expect(demo.badge).to_have_text("방금 실행")


BAR = """demo => {
    const answer = demo.querySelector(".answer");
    const {backgroundPositionX, backgroundImage} = getComputedStyle(answer, "::before");
    const moving = answer.getAnimations({subtree: true}).filter(one => one.playState === "running").length;
    return {at: backgroundPositionX, moving, shown: backgroundImage !== "none"};
}"""


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_bar_shows_that_a_program_which_says_nothing_runs(demo: Demo, canned: Canned, motion: Any) -> None:
    def sleeping(run: Run) -> None:
        run.begin()
        run.start()
        run.until("end")
        run.exit()

    canned.script = sleeping
    demo.page.emulate_media(reduced_motion=motion)
    demo.run()
    demo.wait_for("running")
    first = demo.root.evaluate(BAR)
    demo.page.wait_for_timeout(200)
    second = demo.root.evaluate(BAR)
    moves = motion == "no-preference"
    assert (first["shown"], first["moving"]) == (True, int(moves))
    assert (first["at"] != second["at"]) is moves
    canned.open("end")
    demo.wait_for_end()
    assert demo.root.evaluate(BAR) | {"at": ""} == {"at": "", "moving": 0, "shown": False}


def colours(demo: Demo) -> list[str]:
    found: list[str] = demo.root.locator(".mirror").evaluate(
        "e => [...e.children].map(one => `${one.className} ${one.textContent}`)"
    )
    return found


def test_the_words_of_the_command_are_told_apart_as_they_are_typed_and_undone(demo: Demo) -> None:
    assert colours(demo) == ["verb docker run", "image alpine", "cmd ls"]
    demo.line.press("End")
    demo.page.keyboard.insert_text(" -l")
    assert colours(demo)[-1] == "cmd -l"
    demo.line.press("Control+z")
    expect(demo.line).to_have_value("docker run alpine ls")
    assert colours(demo) == ["verb docker run", "image alpine", "cmd ls"]


def test_a_long_command_is_whole_and_the_arrows_go_through_its_lines(demo: Demo) -> None:
    demo.page.set_viewport_size({"width": 320, "height": 800})
    demo.run("docker run one")
    demo.wait_for_end()
    demo.line.fill("docker run alpine sh -c 'echo a long command that needs more than one line'")
    assert demo.line.evaluate("e => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth]") == [0, 0]
    assert demo.line.evaluate("e => e.clientHeight") > 60
    demo.line.evaluate("e => e.setSelectionRange(40, 40)")
    demo.line.press("ArrowUp")
    assert 0 < int(demo.line.evaluate("e => e.selectionStart")) < 40
    demo.line.press("Control+End")
    demo.line.press("ArrowUp")
    expect(demo.line).to_have_value("docker run one")


def test_what_is_dropped_in_several_lines_becomes_one(demo: Demo) -> None:
    demo.line.evaluate(
        "e => { e.value = 'docker run\\n  alpine'; e.dispatchEvent(new InputEvent('input', {bubbles: true})); }"
    )
    expect(demo.line).to_have_value("docker run alpine")


def test_a_keyboard_that_names_no_key_runs_the_line_with_its_line_break(demo: Demo, canned: Canned) -> None:
    event = "new InputEvent('beforeinput', {inputType: 'insertLineBreak', bubbles: true, cancelable: true})"
    assert demo.line.evaluate(f"e => e.dispatchEvent({event})") is False
    demo.wait_for_end()
    assert canned.commands == ["docker run alpine ls"]


def test_a_finger_gets_the_keyboard_out_of_the_answers_way(browser: Browser, canned: Canned) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{canned.url}/example.html")
    demo = Demo(page, "first")
    demo.line.press("Enter")
    demo.wait_for_end()
    expect(demo.line).not_to_be_focused()
    context.close()


def test_in_forced_colours_the_command_itself_is_shown(demo: Demo) -> None:
    demo.page.emulate_media(forced_colors="active")
    expect(demo.root.locator(".mirror")).to_have_css("visibility", "hidden")
    assert demo.line.evaluate("e => getComputedStyle(e).color") != "rgba(0, 0, 0, 0)"
