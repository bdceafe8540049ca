"""A demo and its recording: there before the first run, played where no backend answers, never taken for a live run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from docker_run import fence
from docker_run.plugin import ASSETS
from e2e.pages import Demo
from e2e.test_access import whole_story
from support import axe
from support.browser import SHIFTS
from support.canned_backend import Canned, serving
from support.recorded import output, recording

LABEL = "2026-01-31에 실행한 기록이에요. (sandbox 1 · crun 1)"
REPLAYED = f"실행 서버에 닿지 못해 기록을 보여 드려요. {LABEL}"
COMMAND = "docker run alpine slow"
PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>기록</title><link rel="stylesheet" href="assets/docker-run.css">
<script type="module" src="assets/element.js"></script><style>:root {{ color-scheme: light dark; }}</style></head>
<body><main><h1>기록</h1>{}<p id="after">다음 문단이에요.</p>{}</main></body></html>"""


def at(seconds: float, **fields: Any) -> dict[str, Any]:
    return {"at": seconds, **fields}


SLOW = recording(
    output("first\n") | at(0.1),
    output("error\n", "stderr") | at(0.2),
    output("last\n") | at(1.5),
    command=COMMAND,
    code=3,
    hint="이 이미지에는 ls 파일이 없어요. docker run alpine ls 를 실행해 보세요.",
)


def element(**options: str) -> str:
    return fence.fence(COMMAND, "", "", options, None, recordings={options["id"]: SLOW})


@pytest.fixture
def canned(tmp_path: Path) -> Iterator[Canned]:
    """A scripted backend that serves a page with a recorded demo and a recorded question."""
    shutil.copytree(ASSETS, tmp_path / "assets")
    demos = element(id="first"), element(id="question", predict="yes")
    (tmp_path / "page.html").write_text(PAGE.format(*demos))
    with serving(tmp_path) as backend:
        backend.script = whole_story
        yield backend


@pytest.fixture
def demo(page: Page, canned: Canned) -> Demo:
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{canned.url}/page.html")
    return Demo(page, "first")


def gone(demo: Demo) -> None:
    """From now on no backend answers."""
    demo.page.route("**/v1/**", lambda route: route.abort())


def text(demo: Demo) -> str:
    return str(demo.output.evaluate("e => e.textContent"))


def test_the_recorded_output_is_there_before_the_first_run_and_says_what_it_is(demo: Demo) -> None:
    assert text(demo) == "first\nerror\nlast\n"
    expect(demo.output.get_by_role("group", name="표준 오류")).to_have_text("error")
    expect(demo.result).to_have_text("종료 코드 3. 프로그램이 남긴 숫자예요.")
    expect(demo.source).to_have_text(LABEL)
    assert (demo.state, demo.code, demo.steps) == ("idle", None, ["이미지 있음 (대역)", "종료 3 · 9.1 ms"])
    expect(demo.status).to_be_empty()
    expect(demo.root.locator("samp")).to_be_hidden()


def test_a_question_shows_nothing_of_its_answer_before_it_is_run(demo: Demo) -> None:
    question = Demo(demo.page, "question")
    assert text(question) == ""
    expect(question.result).to_be_empty()
    expect(question.source).to_be_empty()
    assert question.steps == []
    assert "last" not in question.root.inner_text()
    gone(demo)
    question.run()
    question.wait_for_end()
    expect(question.output).to_contain_text("last")


def test_a_live_run_takes_the_place_of_the_recording(demo: Demo, canned: Canned) -> None:
    canned.open("start")
    canned.open("end")
    demo.run()
    demo.wait_for_end()
    assert "last" not in text(demo)
    expect(demo.source).to_be_empty()
    assert demo.root.get_attribute("shown") is None


def test_without_a_backend_the_recording_plays_and_says_so(demo: Demo) -> None:
    gone(demo)
    demo.run()
    demo.wait_for("replaying")
    expect(demo.source).to_have_text(REPLAYED)
    expect(demo.status).to_have_text(REPLAYED)
    expect(demo.output).to_have_text("first error")
    assert (demo.state, demo.code) == ("replaying", None)
    demo.wait_for("ended")
    assert (demo.code, text(demo)) == (3, "first\nerror\nlast\n")
    expect(demo.source).to_have_text(REPLAYED)
    # who listens is told at the end, too, what it was
    expect(demo.status).to_contain_text("종료 코드 3")
    expect(demo.status).to_contain_text(REPLAYED)
    expect(demo.button("실행")).to_be_focused()


def test_a_replay_sends_the_same_dom_events_as_the_run_did(demo: Demo) -> None:
    demo.page.evaluate(
        "window.seen = []; document.addEventListener('docker-run:event', e => window.seen.push(e.detail))"
    )
    gone(demo)
    demo.run()
    demo.wait_for("ended")
    assert demo.page.evaluate("window.seen") == SLOW.events


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
def test_a_host_that_only_serves_pages_makes_the_recording_play(demo: Demo, host: Any) -> None:
    demo.page.route("**/v1/**", host)
    demo.run()
    demo.wait_for("replaying")


def test_a_network_that_swallows_the_question_is_not_waited_for(demo: Demo) -> None:
    demo.page.evaluate(
        "() => { const soon = AbortSignal.timeout; AbortSignal.timeout = ms => soon.call(AbortSignal, ms / 20); }"
    )
    demo.page.route("**/v1/hosts", lambda _: None)
    demo.run()
    demo.wait_for("replaying")


def test_a_backend_that_refuses_is_heard_and_nothing_is_replayed(demo: Demo, canned: Canned) -> None:
    canned.refuse(503, "full", "지금은 자리가 없어요.")
    demo.run()
    demo.wait_for("failed")
    expect(demo.result).to_have_text("지금은 자리가 없어요.")
    assert text(demo) == ""


def test_a_run_that_is_cut_off_is_not_mixed_with_its_recording(demo: Demo, canned: Canned) -> None:
    def script(run: Any) -> None:
        run.output("half\n")
        run.until("cut")
        raise BrokenPipeError

    canned.script = script
    demo.run()
    expect(demo.output).to_have_text("half")
    canned.open("cut")
    demo.wait_for("failed")
    assert text(demo) == "half\n"


def test_a_changed_command_is_told_that_it_needs_a_backend(demo: Demo) -> None:
    gone(demo)
    demo.run("docker run alpine other")
    demo.wait_for("offline")
    expect(demo.result).to_have_text(
        "고친 명령은 실행 서버가 있어야 실행돼요. 처음부터를 누르면 기록이 있는 명령으로 돌아가요."
    )
    assert text(demo) == ""
    demo.button("처음부터").click()
    demo.wait_for("idle")
    expect(demo.line).to_have_value(COMMAND)
    assert text(demo) == "first\nerror\nlast\n"
    expect(demo.source).to_have_text(LABEL)


def test_spaces_around_the_line_do_not_make_it_another(demo: Demo) -> None:
    gone(demo)
    demo.run(f"  {COMMAND} ")
    demo.wait_for("replaying")


@pytest.mark.parametrize("way", ["멈춤", "Escape"])
def test_a_replay_can_be_stopped(demo: Demo, way: str) -> None:
    gone(demo)
    demo.run()
    expect(demo.output).to_have_text("first error")
    demo.page.on("request", lambda asked: pytest.fail(f"no backend has this run: {asked.method} {asked.url}"))
    if way == "Escape":
        demo.line.press(way)
    else:
        demo.button(way).click()
    demo.wait_for("idle")
    expect(demo.result).to_have_text("멈췄어요.")
    demo.page.wait_for_timeout(1500)
    assert (text(demo), demo.code) == ("first\nerror\n", None)
    expect(demo.source).to_have_text(REPLAYED)


def test_reset_in_the_middle_of_a_replay_leaves_the_recording_as_it_was(demo: Demo) -> None:
    gone(demo)
    demo.run()
    demo.wait_for("replaying")
    demo.button("처음부터").click()
    demo.wait_for("idle")
    demo.page.wait_for_timeout(1700)
    assert (text(demo), demo.state) == ("first\nerror\nlast\n", "idle")
    expect(demo.source).to_have_text(LABEL)


def test_a_backend_that_is_back_is_used_again(demo: Demo, canned: Canned) -> None:
    gone(demo)
    demo.run()
    demo.wait_for("ended")
    demo.page.unroute("**/v1/**")
    canned.open("start")
    canned.open("end")
    demo.run()
    expect(demo.root).to_have_attribute("code", "127")
    expect(demo.source).to_be_empty()


def to_state(demo: Demo, canned: Canned, state: str) -> None:
    """Idle with the recording, replaying, replayed to its end, or ended live."""
    if state == "live":
        canned.open("start")
        canned.open("end")
    elif state != "idle":
        gone(demo)
    if state != "idle":
        demo.root.evaluate("e => void e.run()")
        demo.wait_for("replaying" if state == "replaying" else "ended")


STATES = ["idle", "replaying", "replayed", "live"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(demo: Demo, canned: Canned, scheme: Any, state: str) -> None:
    demo.page.emulate_media(color_scheme=scheme)
    to_state(demo, canned, state)
    assert axe.findings(demo.page) == []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("width", [1280, 768, 360])
def test_nothing_jumps_when_run_takes_the_recordings_place(demo: Demo, canned: Canned, width: int, state: str) -> None:
    demo.page.set_viewport_size({"width": width, "height": 900})
    below = demo.page.locator("#after")
    before = below.bounding_box()
    demo.page.evaluate(SHIFTS)
    to_state(demo, canned, state)
    demo.page.wait_for_timeout(100)
    assert below.bounding_box() == before
    assert demo.page.evaluate("window.shift") <= 0.01
    assert demo.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 360])
def test_the_place_is_kept_before_the_script_has_come_and_the_output_can_be_read_in_it(demo: Demo, width: int) -> None:
    demo.page.set_viewport_size({"width": width, "height": 900})
    box = demo.root.bounding_box()
    demo.page.route("**/element.js", lambda route: route.abort())
    demo.page.reload()
    assert demo.root.bounding_box() == box
    expect(demo.root.locator("samp")).to_be_visible()


def test_paper_has_the_whole_recording_and_no_buttons(demo: Demo) -> None:
    demo.page.emulate_media(media="print")
    expect(demo.root).to_have_text(
        f"{COMMAND} first error last 종료 코드 3 {SLOW.events[-1]['hint']} {LABEL}", use_inner_text=True
    )
    expect(demo.button("실행")).to_be_hidden()
    expect(Demo(demo.page, "question").root.locator("samp")).to_be_hidden()


def test_paper_has_what_was_run_live_when_something_was(demo: Demo, canned: Canned) -> None:
    to_state(demo, canned, "live")
    demo.page.emulate_media(media="print")
    expect(demo.output).to_be_visible()
    expect(demo.root.locator("samp")).to_be_hidden()
    expect(demo.button("실행")).to_be_hidden()


def test_an_aborted_route_is_what_a_stopped_backend_looks_like(demo: Demo) -> None:
    asked: list[str] = []

    def abort(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    demo.page.route("**/v1/**", abort)
    demo.run()
    demo.wait_for("replaying")
    assert [url.split("/v1/")[1] for url in asked] == ["hosts"]
