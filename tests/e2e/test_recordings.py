"""A demo and its recording: there before the first run, played where no backend answers, never taken for a live run."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from e2e.pages import Demo
from e2e.recorded_page import COMMAND, LABEL, REPLAYED, SLOW, gone, text
from support.canned_backend import Canned


def test_the_recorded_output_is_folded_before_the_first_run_and_says_what_it_is(recorded: Demo) -> None:
    kept = recorded.root.locator(".recorded")
    expect(kept).to_be_hidden()
    expect(recorded.output).to_be_hidden()
    recorded.button("지난 기록").click()
    expect(recorded.button("지난 기록")).to_have_attribute("aria-expanded", "true")
    assert kept.locator("samp").evaluate("e => e.textContent") == "first\nerror\nlast\n"
    expect(kept.get_by_role("group", name="표준 오류")).to_have_text("error")
    for words in ("종료 코드 3", LABEL):
        expect(kept.get_by_text(words, exact=True)).to_be_visible()
    assert (recorded.state, recorded.code, recorded.steps) == ("idle", None, [])
    expect(recorded.status).to_be_empty()
    recorded.button("지난 기록").click()
    expect(kept).to_be_hidden()


def test_a_run_folds_the_recording_and_takes_its_place(recorded: Demo, scripted: Canned) -> None:
    recorded.button("지난 기록").click()
    recorded.run()
    expect(recorded.root.locator(".recorded")).to_be_hidden()
    expect(recorded.button("지난 기록")).to_be_hidden()
    scripted.open("start")
    scripted.open("end")
    recorded.wait_for_end()
    expect(recorded.badge).to_have_text("방금 실행")


def test_a_question_shows_nothing_of_its_answer_before_it_is_run(recorded: Demo) -> None:
    question = Demo(recorded.page, "question")
    expect(question.button("지난 기록")).to_be_hidden()
    assert text(question) == ""
    expect(question.result).to_be_empty()
    expect(question.source).to_be_empty()
    assert question.steps == []
    assert "last" not in question.root.inner_text()
    gone(recorded)
    question.run()
    question.wait_for_end()
    expect(question.output).to_contain_text("last")


def test_a_live_run_takes_the_place_of_the_recording(recorded: Demo, scripted: Canned) -> None:
    scripted.open("start")
    scripted.open("end")
    recorded.run()
    recorded.wait_for_end()
    assert "last" not in text(recorded)
    expect(recorded.source).to_be_empty()
    assert recorded.root.get_attribute("shown") is None


def test_without_a_backend_the_recording_plays_and_says_so(recorded: Demo) -> None:
    gone(recorded)
    recorded.run()
    recorded.wait_for("replaying")
    expect(recorded.source).to_have_text(REPLAYED)
    expect(recorded.status).to_have_text(REPLAYED)
    expect(recorded.output).to_have_text("first error")
    assert (recorded.state, recorded.code) == ("replaying", None)
    recorded.wait_for("ended")
    assert (recorded.code, text(recorded)) == (3, "first\nerror\nlast\n")
    expect(recorded.badge).to_have_text("기록")
    expect(recorded.source).to_have_text(REPLAYED)
    # who listens is told at the end, too, what it was
    expect(recorded.status).to_contain_text("종료 코드 3")
    expect(recorded.status).to_contain_text(REPLAYED)
    expect(recorded.button("실행")).to_be_focused()


def test_a_replay_sends_the_same_dom_events_as_the_run_did(recorded: Demo) -> None:
    recorded.page.evaluate(
        "window.seen = []; document.addEventListener('docker-run:event', e => window.seen.push(e.detail))"
    )
    gone(recorded)
    recorded.run()
    recorded.wait_for("ended")
    assert recorded.page.evaluate("window.seen") == SLOW.events


def answer(status: int, body: str = "<h1>no</h1>", kind: str = "text/html") -> Any:
    return lambda route: route.fulfill(status=status, body=body, content_type=kind)


ABSENT = {
    "GitHub Pages": answer(405),
    "a plain file server": answer(501),
    "an unknown path": answer(404),
    "a page for every path": answer(200),
    "a proxy without its backend": answer(502),
    "a CDN that is asked too much": lambda route: route.fulfill(status=503, headers={"Retry-After": "9"}),
}


@pytest.mark.parametrize("host", ABSENT.values(), ids=ABSENT.keys())
def test_a_host_that_only_serves_pages_makes_the_recording_play(recorded: Demo, host: Any) -> None:
    recorded.page.route("**/v1/**", host)
    recorded.run()
    recorded.wait_for("replaying")


def test_a_network_that_swallows_the_question_is_not_waited_for(recorded: Demo) -> None:
    recorded.page.evaluate(
        "() => { const soon = AbortSignal.timeout; AbortSignal.timeout = ms => soon.call(AbortSignal, ms / 20); }"
    )
    recorded.page.route("**/v1/hosts", lambda _: None)
    recorded.run()
    recorded.wait_for("replaying")


def test_a_backend_that_refuses_is_heard_and_nothing_is_replayed(recorded: Demo, scripted: Canned) -> None:
    scripted.refuse(503, "full", "지금은 자리가 없어요.")
    recorded.run()
    recorded.wait_for("failed")
    expect(recorded.result).to_have_text("지금은 자리가 없어요.")
    assert text(recorded) == ""


def test_a_run_that_is_cut_off_is_not_mixed_with_its_recording(recorded: Demo, scripted: Canned) -> None:
    def script(run: Any) -> None:
        run.output("half\n")
        run.until("cut")
        raise BrokenPipeError

    scripted.script = script
    recorded.run()
    expect(recorded.output).to_have_text("half")
    scripted.open("cut")
    recorded.wait_for("failed")
    assert text(recorded) == "half\n"


def test_a_changed_command_is_told_that_it_needs_a_backend(recorded: Demo) -> None:
    gone(recorded)
    recorded.run("docker run alpine other")
    recorded.wait_for("offline")
    expect(recorded.result).to_have_text(
        "고친 명령은 실행 서버가 있어야 해요. 되돌리기를 누르면 기록이 있는 명령으로 돌아가요."
    )
    assert text(recorded) == ""
    recorded.button("되돌리기").click()
    recorded.wait_for("idle")
    expect(recorded.line).to_have_value(COMMAND)
    expect(recorded.button("지난 기록")).to_be_visible()


def test_spaces_around_the_line_do_not_make_it_another(recorded: Demo) -> None:
    gone(recorded)
    recorded.run(f"  {COMMAND} ")
    recorded.wait_for("replaying")


@pytest.mark.parametrize("way", ["멈춤", "Escape"])
def test_a_replay_can_be_stopped(recorded: Demo, way: str) -> None:
    gone(recorded)
    recorded.run()
    expect(recorded.output).to_have_text("first error")
    recorded.page.on("request", lambda asked: pytest.fail(f"no backend has this run: {asked.method} {asked.url}"))
    if way == "Escape":
        recorded.line.press(way)
    else:
        recorded.button(way).click()
    recorded.wait_for("idle")
    expect(recorded.result).to_have_text("멈췄어요.")
    recorded.page.wait_for_timeout(1500)
    assert (text(recorded), recorded.code) == ("first\nerror\n", None)
    expect(recorded.source).to_have_text(REPLAYED)


def test_reset_in_the_middle_of_a_replay_leaves_the_recording_as_it_was(recorded: Demo) -> None:
    gone(recorded)
    recorded.run()
    recorded.wait_for("replaying")
    recorded.button("되돌리기").click()
    recorded.wait_for("idle")
    recorded.page.wait_for_timeout(1700)
    assert (text(recorded), recorded.state, recorded.steps) == ("", "idle", [])
    expect(recorded.button("지난 기록")).to_be_visible()


def test_a_backend_that_is_back_is_used_again(recorded: Demo, scripted: Canned) -> None:
    gone(recorded)
    recorded.run()
    recorded.wait_for("ended")
    recorded.page.unroute("**/v1/**")
    scripted.open("start")
    scripted.open("end")
    recorded.run()
    expect(recorded.root).to_have_attribute("code", "127")
    expect(recorded.source).to_be_empty()


def test_an_aborted_route_is_what_a_stopped_backend_looks_like(recorded: Demo) -> None:
    asked: list[str] = []

    def abort(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    recorded.page.route("**/v1/**", abort)
    recorded.run()
    recorded.wait_for("replaying")
    assert [url.split("/v1/")[1] for url in asked] == ["hosts"]
