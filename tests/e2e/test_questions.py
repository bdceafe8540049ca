"""A question: a choice before the run, what was expected beside what happened after it, and nothing that is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, expect

from e2e.pages import Demo
from e2e.recorded_page import COMMAND, gone
from support import axe
from support.browser import SHIFTS
from support.canned_backend import Canned, Run

RIGHT, WRONG = "3으로 끝나요", "0으로 끝나요"


def as_recorded(run: Run) -> None:
    """A run that ends as the recorded one did, once the gate `end` is open."""
    run.begin()
    run.start()
    run.output("first\nlast\n")
    run.until("end")
    run.exit(3)


@pytest.fixture
def question(recorded: Demo, scripted: Canned) -> Demo:
    scripted.script = as_recorded
    return Demo(recorded.page, "question")


def choice(question: Demo, text: str) -> Locator:
    return question.page.get_by_role("radio", name=text)


def asked(question: Demo, legend: str = "내 예상을 먼저 골라 보세요.") -> Locator:
    return question.page.get_by_role("group", name=legend, exact=True)


def solution(question: Demo) -> Locator:
    return question.page.get_by_text("셋이에요.")


def rows(question: Demo) -> list[str]:
    return [" ".join(text.split()) for text in question.verdict.locator("dl div").all_inner_texts()]


def answered(question: Demo, scripted: Canned, text: str) -> None:
    """Make a choice and run to the end."""
    scripted.open("end")
    choice(question, text).check()
    question.run()
    question.wait_for("ended")


def test_run_waits_for_a_choice_and_leads_to_it(question: Demo, scripted: Canned) -> None:
    question.button("실행").click()
    expect(asked(question, "실행하기 전에 하나를 골라 주세요.")).to_be_visible()
    expect(asked(question, "실행하기 전에 하나를 골라 주세요.")).to_have_accessible_description("다음 문단이에요.")
    expect(choice(question, WRONG)).to_be_focused()
    question.line.press("Enter")
    expect(choice(question, WRONG)).to_be_focused()
    assert (question.state, scripted.commands) == ("idle", [])
    expect(question.verdict).to_be_hidden()
    choice(question, RIGHT).check()
    expect(asked(question)).to_be_visible()


def test_a_right_guess_stands_beside_what_happened_and_the_solution_unfolds(question: Demo, scripted: Canned) -> None:
    expect(solution(question)).to_be_hidden()
    choice(question, RIGHT).check()
    question.run()
    question.wait_for("running")
    assert rows(question) == [f"내 예상 {RIGHT}"]
    expect(choice(question, WRONG)).to_be_disabled()
    expect(solution(question)).to_be_hidden()
    scripted.open("end")
    question.wait_for("ended")
    assert rows(question) == [f"내 예상 {RIGHT}", "실제 종료 코드 3 · 첫 줄 first (모두 2줄)"]
    expect(question.verdict.get_by_role("status")).to_contain_text("맞았어요.")
    expect(question.verdict.get_by_role("button")).to_be_hidden()
    expect(solution(question)).to_be_visible()


def test_a_wrong_guess_gets_a_kind_line_and_the_steps_again(question: Demo, scripted: Canned) -> None:
    question.page.emulate_media(reduced_motion="no-preference")
    answered(question, scripted, WRONG)
    assert rows(question) == [
        f"내 예상 {WRONG}",
        f"맞는 답 {RIGHT}",
        "실제 종료 코드 3 · 첫 줄 first (모두 2줄)",
    ]
    expect(question.verdict.get_by_role("status")).to_contain_text("괜찮아요.")
    question.verdict.get_by_role("button", name="한 걸음씩 다시 보기").click()
    steps = question.verdict.get_by_role("listitem")
    expect(steps).to_have_count(5)
    expect(steps.nth(1)).to_contain_text('argv: ["ls"]')
    expect(steps.last).to_have_text("끝났어요. 종료 코드: 3")


def test_the_steps_are_there_at_once_for_who_wants_no_motion(question: Demo, scripted: Canned) -> None:
    answered(question, scripted, WRONG)
    question.verdict.get_by_role("button").click()
    assert question.verdict.get_by_role("listitem").count() == 5


def test_reset_starts_over(question: Demo, scripted: Canned) -> None:
    answered(question, scripted, WRONG)
    question.button("되돌리기").click()
    question.wait_for("idle")
    expect(question.verdict).to_be_hidden()
    expect(solution(question)).to_be_hidden()
    assert question.chosen == ""
    answered(question, scripted, RIGHT)
    expect(question.verdict).to_contain_text("맞았어요.")


def test_nothing_survives_a_reload(question: Demo, scripted: Canned) -> None:
    answered(question, scripted, WRONG)
    question.page.reload()
    assert question.chosen == ""
    expect(choice(question, WRONG)).to_be_enabled()
    assert question.page.evaluate("Object.keys({...localStorage})") == []


def test_the_keyboard_is_enough(question: Demo, scripted: Canned) -> None:
    scripted.open("end")
    choice(question, WRONG).focus()
    question.page.keyboard.press("ArrowDown")
    assert question.chosen == RIGHT
    question.page.keyboard.press("Enter")
    question.wait_for("ended")
    expect(question.button("실행")).to_be_focused()
    expect(question.verdict).to_contain_text("맞았어요.")


def test_a_changed_line_is_not_asked_about(question: Demo, scripted: Canned) -> None:
    scripted.open("end")
    question.run("docker run alpine other")
    question.wait_for("ended")
    assert scripted.commands == ["docker run alpine other"]
    expect(question.verdict).to_be_hidden()
    expect(solution(question)).to_be_hidden()
    question.line.fill(COMMAND)
    question.button("실행").click()
    expect(choice(question, WRONG)).to_be_focused()


def test_a_run_that_ends_otherwise_than_the_recorded_one_is_not_judged(question: Demo, scripted: Canned) -> None:
    scripted.script = lambda run: run.exit(0)
    answered(question, scripted, RIGHT)
    assert rows(question) == [f"내 예상 {RIGHT}", "실제 종료 코드 0 · 출력 없음"]
    expect(question.verdict).to_contain_text("기록과 다르게 끝나서")
    expect(question.verdict.get_by_role("button")).to_be_hidden()


def test_after_a_refusal_or_a_stop_the_reader_may_choose_anew(question: Demo, scripted: Canned) -> None:
    scripted.refuse(503, "full", "지금은 자리가 없어요.")
    choice(question, WRONG).check()
    question.run()
    question.wait_for("failed")
    for _ in range(2):
        expect(question.verdict).to_be_hidden()
        expect(solution(question)).to_be_hidden()
        choice(question, RIGHT).check()
        question.run()
        question.wait_for("running")
        question.button("멈춤").click()
        question.wait_for("ended")
    expect(choice(question, RIGHT)).to_be_enabled()


def test_what_docker_says_of_an_image_is_no_answer_of_a_silent_program(question: Demo, scripted: Canned) -> None:
    def script(run: Run) -> None:
        run.output("Unable to find image 'alpine:latest' locally\n", "stderr")
        run.begin()
        run.start()
        run.exit(3)

    scripted.script = script
    answered(question, scripted, RIGHT)
    assert rows(question)[-1] == "실제 종료 코드 3 · 출력 없음"


def test_a_recording_is_judged_like_a_run(question: Demo) -> None:
    gone(question)
    choice(question, RIGHT).check()
    question.run()
    question.wait_for("ended")
    assert rows(question)[-1] == "실제 종료 코드 3 · 첫 줄 first (모두 2줄)"
    expect(question.verdict).to_contain_text("맞았어요.")


@pytest.mark.parametrize("text", [RIGHT, WRONG])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_after_the_click(question: Demo, scripted: Canned, width: int, text: str) -> None:
    question.page.emulate_media(reduced_motion="no-preference")
    question.page.set_viewport_size({"width": width, "height": 900})
    later = question.page.locator("#later")
    choice(question, text).check()
    question.root.evaluate("e => void e.run()")
    before = later.bounding_box()
    question.page.evaluate(SHIFTS)
    scripted.open("end")
    question.wait_for("ended")
    question.page.wait_for_timeout(100)
    assert later.bounding_box() == before
    assert question.page.evaluate("window.shift") <= 0.01
    assert question.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("state", ["asked", "missing", "answered"])
def test_axe_finds_nothing(question: Demo, scripted: Canned, state: str) -> None:
    if state == "missing":
        question.button("실행").click()
    elif state == "answered":
        answered(question, scripted, WRONG)
        question.verdict.get_by_role("button").click()
    assert axe.in_light_and_dark(question.page) == []


def test_a_choice_is_44_px_for_a_finger(question: Demo) -> None:
    question.page.set_viewport_size({"width": 360, "height": 780})
    for one in question.choices.all():
        box = one.locator("xpath=..").bounding_box()
        assert box
        assert box["height"] >= 44


def test_without_javascript_and_on_paper_the_choices_are_read_and_the_answer_is_folded(
    browser: Browser, scripted: Canned
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{scripted.url}/page.html")
    question = Demo(page, "question")
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        expect(asked(question)).to_contain_text("0으로 끝나요 3으로 끝나요 127로 끝나요", use_inner_text=True)
        expect(solution(question)).to_be_hidden()
        expect(question.root.locator("samp")).to_be_hidden()
    address = page.url
    page.emulate_media(media="screen")
    choice(question, RIGHT).check()
    choice(question, RIGHT).press("Enter")
    assert page.url == address
    context.close()
